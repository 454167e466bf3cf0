/**
 * What the lifecycle probes add to fork + exec + exit, beside auditd in the same interleaving.
 *
 * What is measured is the path of the process itself: CPU time of the generator and of its children, all on a
 * processor of their own. Everything else that a sensor does (reading, encoding, storing) has its own promise
 * and would, on two processors, only show as noise here: measured by the clock, with a sensor just started for
 * each batch, lives came out at 1.26 times their length, 150 µs for programs that run for 4. So
 *
 * - programs are loaded once; only their links come and go, in milliseconds, and after every switch (links or
 *   audit rules) one batch is run and not measured;
 * - the rings are watched and given back as the sensor does it under load (a batch each 100 ms), so that wake-ups
 *   cost what they cost, but what is read is dropped;
 * - Node.js and auditd stay on the first processor, the generator and all it starts on the last;
 * - `ours` lies between two batches of nothing in each round and is divided by both: slow drifts cancel;
 * - auditd and lives begun otherwise have their batches in every sixth round, behind these: what a change of audit
 *   rules leaves behind for a while would else be in `none` and not in `again` (measured: 0.6 %).
 *
 * A life is begun by fork(2) and execve(2), as the promise has it: 32 system calls with its end and the wait.
 * glibc's posix_spawn(3) makes 159 of the same life, asking for each signal's action, and pays for a program on
 * sys_exit at each: what comes of that is shown beside it.
 */
import { execFile } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  makePinFolder,
  openPinnedMap,
  openPinnedRing,
  takeInventory,
  watchRings,
} from '@honeyguide/bpf'
import { probes } from '../../packages/sensor/gen/probes.ts'
import { readyPrograms } from '../../packages/sensor/src/kernel/attach-kernel.ts'
import { mountTestPins, testObjects } from '../../packages/sensor/src/kernel/kernel-harness.ts'
import { median, quantile, type Acceptance } from './harness/acceptance.ts'
import { noAudit, startAuditd } from './harness/auditd.ts'
import { runProgram, testProgram, type Counted } from './harness/program.ts'

const run = promisify(execFile)

/** Processors that this process may use, as taskset takes them. */
async function allowedCpus(): Promise<string> {
  return /Cpus_allowed_list:\s+(\S+)/.exec(await readFile('/proc/self/status', 'utf8'))?.[1] ?? '0'
}

/** Moves every thread of this process to these processors. */
async function moveSelf(cpus: string): Promise<void> {
  await run('taskset', ['--all-tasks', '--cpu-list', '--pid', cpus, String(process.pid)])
}

/** As `sensor.batch.delayMs`. */
const batchMs = 100

interface Switch {
  attach(): void
  detach(): void
}

/** The sensor's programs, loaded and not attached, and their rings watched until dispose. */
async function loadProbes(): Promise<Switch & AsyncDisposable> {
  await using opened = new AsyncDisposableStack()
  const pins = opened.use(mountTestPins())
  const folder = join(pins.pinDir, 'cost')
  makePinFolder(folder)
  const ready = opened.use(
    readyPrograms({
      folder,
      objectDir: await testObjects(),
      rings: { lifecycleBytes: 2 << 20, dataBytes: 8 << 20 },
      probes: probes.map(({ name }) => name),
      isPlain: false,
      settings: {},
      objectHash: 'cost',
    }),
  )
  for (const probe of probes)
    probe.configure?.((name) => opened.use(openPinnedMap(join(folder, name))), {})
  const rings = ['hg_lifecycle', 'hg_data'].map((name) =>
    opened.use(openPinnedRing(join(folder, name))),
  )
  const stop = new AbortController()
  let committedMs = 0
  const watch = watchRings(
    rings,
    () => {
      const isDue = performance.now() - committedMs >= batchMs
      if (isDue) committedMs = performance.now()
      for (const ring of rings) {
        ring.drain(() => undefined)
        if (isDue) ring.commit()
      }
    },
    { signal: stop.signal },
  )
  opened.defer(() => {
    stop.abort()
    return watch
  })
  let links = new DisposableStack()
  opened.defer(() => links.dispose())
  const held = opened.move()
  return {
    attach() {
      for (const name of ready.names) links.use(ready.attach(name))
    },
    detach() {
      links.dispose()
      links = new DisposableStack()
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

/** `…Spawn`: the same by posix_spawn. */
type Arm = 'none' | 'ours' | 'again' | 'auditd' | 'oursSpawn' | 'againSpawn'

interface Batch {
  /** CPU time of one life, its share of the generator included, µs. */
  readonly cpuUs: number
  /** By the clock, µs. */
  readonly wallUs: number
}

/** Most that the same thing may differ from itself: half of what may be added. */
const selfMargin = 0.0075
const key = 'hg-cost'
/** `enum bpf_prog_type`: kprobe, tracepoint, raw tracepoint, the same writable, tracing, LSM. */
const tracingTypes: ReadonlySet<number> = new Set([2, 5, 17, 24, 26, 29])

export const acceptances: readonly Acceptance[] = [
  {
    id: 'cost-exec',
    promise:
      'Lifecycle probes add ≤ 1.5 % to fork + exec + exit; auditd with an execve rule in the same interleaving',
    target: '≤ 1.015× (self within 1.0075)',
    inTests: false,
    needsRoot: true,
    async run({ size, folder, log }) {
      const rounds = size === 'full' ? 600 : 24
      const lives = 50
      const spawnMany = testProgram('spawn-many')
      const cpus = await allowedCpus()
      const first = Number(/^\d+/.exec(cpus)?.[0])
      const last = Number(/\d+$/.exec(cpus)?.[0])
      // A program of somebody else on such hooks is in every batch: then nothing is what `none` says.
      const foreign = new Set(
        takeInventory()
          .programs.values()
          .filter(({ type }) => tracingTypes.has(type))
          .map(({ name }) => name),
      )
      if (foreign.size > 0 && size === 'full')
        throw new Error(
          `others trace this machine by eBPF (${[...foreign].join(', ')}): end them first`,
        )

      const batches: Record<Arm, Batch[]> = {
        none: [],
        ours: [],
        again: [],
        auditd: [],
        oursSpawn: [],
        againSpawn: [],
      }
      const batch = async (way: readonly string[]): Promise<Batch> => {
        const done = await runProgram<Counted & { cpu_us: number; failed: number }>('taskset', [
          ...['-c', last, spawnMany],
          ...[lives, 1, 'cost', '/bin/true', ...way],
        ])
        if (done.failed > 0) throw new Error(`${done.failed} of ${lives} did not start`)
        const ns = Number(BigInt(done.to_ns) - BigInt(done.from_ns))
        return { cpuUs: done.cpu_us / lives, wallUs: ns / 1000 / lives }
      }
      /** What comes after a switch: one batch to get warm, then the measured one. */
      const measure = async (arm: Arm): Promise<void> => {
        await batch(['fork'])
        batches[arm].push(await batch(['fork']))
      }

      await mkdir(join(folder, 'audit'), { mode: 0o750 })
      await using probing = await loadProbes()
      await using auditd = await startAuditd(join(folder, 'audit'), first)
      let shown = ''
      await moveSelf(String(first))
      try {
        await auditd.load(noAudit)
        for (let round = 0; round < rounds; round++) {
          await measure('none')
          probing.attach()
          await measure('ours')
          const isSixth = round % 6 === 5
          if (isSixth) batches.oursSpawn.push(await batch([]))
          probing.detach()
          await measure('again')
          if (isSixth) {
            batches.againSpawn.push(await batch([]))
            await auditd.load([`-a always,exit -F arch=b64 -S execve -k ${key}`])
            shown = await auditd.rules()
            await measure('auditd')
            await auditd.load(noAudit)
            await auditd.settle()
            await batch(['fork'])
          }
          log(
            `round ${round}: ${Object.entries(batches)
              .map(([arm, all]) => `${arm} ${all.at(-1)?.cpuUs.toFixed(0)}`)
              .join(', ')}`,
          )
        }
      } finally {
        await moveSelf(cpus)
      }

      const audited = await auditd.status()
      const events = await auditd.count(key)
      const execs = batches.auditd.length * 2 * lives
      type Unit = keyof Batch
      const of = (arm: Arm, unit: Unit): number[] => batches[arm].map((one) => one[unit])
      const each = (a: readonly number[], b: readonly number[]): number[] =>
        a.map((value, i) => value / (b[i] ?? Number.NaN))
      /** Nothing, of each round: what lies before and what lies after ours. */
      const nothing = (unit: Unit): number[] =>
        of('none', unit).map((value, i) => (value + (of('again', unit)[i] ?? Number.NaN)) / 2)
      const self = median(each(of('again', 'cpuUs'), of('none', 'cpuUs')))
      const ours = each(of('ours', 'cpuUs'), nothing('cpuUs'))
      const ratio = median(ours)
      const [low, high] = [quantile(ours, 0.25), quantile(ours, 0.75)]
      // Half of the notch of a box plot: about where the median of another such run lies, 19 times of 20. The
      // same thing may be near itself by chance, with batches too wide apart to tell a hundredth.
      const blur = (1.57 * (high - low)) / Math.sqrt(rounds)
      const added = median(
        of('ours', 'cpuUs').map((value, i) => value - (nothing('cpuUs')[i] ?? Number.NaN)),
      )
      const sixth = (all: readonly number[]): number[] => all.filter((_, round) => round % 6 === 5)
      const auditdRatio = (unit: Unit): string =>
        median(each(of('auditd', unit), sixth(nothing(unit)))).toFixed(3)
      // Where auditd did not see what it was to see, it was no peer.
      const isPeer =
        events >= execs && audited.get('enabled') === '1' && audited.get('lost') === '0'
      return {
        measured: `ours ${ratio.toFixed(4)}× (${added.toFixed(1)} µs), auditd ${auditdRatio('cpuUs')}×, none ${median(nothing('cpuUs')).toFixed(0)} µs of CPU`,
        n: rounds,
        spread: `ours ${low.toFixed(3)} to ${high.toFixed(3)}, its median ± ${blur.toFixed(4)}`,
        self: self.toFixed(4),
        // Programs that run make nothing faster: a ratio below that is noise as well.
        isVoid:
          size === 'full' &&
          (Math.abs(self - 1) > selfMargin || blur > selfMargin || ratio < 1 - selfMargin),
        pass: isPeer && (size === 'small' || ratio <= 1.015),
        details: [
          `by the clock: ours ${median(each(of('ours', 'wallUs'), nothing('wallUs'))).toFixed(3)}×, auditd ${auditdRatio('wallUs')}×, none ${median(nothing('wallUs')).toFixed(0)} µs`,
          `by posix_spawn: ours ${median(each(of('oursSpawn', 'cpuUs'), of('againSpawn', 'cpuUs'))).toFixed(3)}×, none ${median(of('againSpawn', 'cpuUs')).toFixed(0)} µs of CPU`,
          `auditd: pid ${audited.get('pid')}, enabled ${audited.get('enabled')}, lost ${audited.get('lost')}, rule ${shown}`,
          `auditd counted ${events} events of ${execs} execs in its log`,
          ...(foreign.size > 0 ? [`also in every batch: ${[...foreign].join(', ')}`] : []),
        ],
      }
    },
  },
]
