/**
 * What a set of probes adds to a piece of work, beside auditd in the same interleaving.
 *
 * What is measured is the path of the work itself: CPU time of the generator and of its children, all on a
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
 * - auditd and work done otherwise have their batches in every sixth round, behind these: what a change of audit
 *   rules leaves behind for a while would else be in `none` and not in `again` (measured: 0.6 %).
 */
import { execFile } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  makePinFolder,
  openObject,
  openPinnedMap,
  openPinnedRing,
  takeInventory,
  watchRings,
} from '@honeyguide/bpf'
import { compileBpf } from '@honeyguide/bpf/compile'
import { probes as allProbes } from '../../../packages/sensor/gen/probes.ts'
import { readyPrograms } from '../../../packages/sensor/src/kernel/attach-kernel.ts'
import { mountTestPins, testObjects } from '../../../packages/sensor/src/kernel/kernel-harness.ts'
import { unifiedMount } from '../../../packages/sensor/src/kernel/unified-mount.ts'
import { median, quantile, type Measured, type RunContext } from './acceptance.ts'
import { noAudit, startAuditd } from './auditd.ts'

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
async function loadProbes(names: readonly string[]): Promise<Switch & AsyncDisposable> {
  const probes = allProbes.filter(({ name }) => names.includes(name))
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
      isAtTracepoint: false,
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

/** Programs that do nothing, loaded and not attached. */
async function loadEmpty({
  root,
  folder,
}: Pick<RunContext, 'root' | 'folder'>): Promise<
  Disposable & { attach(names: readonly string[]): void; detach(): void }
> {
  const { object: path } = await compileBpf(
    join(root, 'test/programs/empty.bpf.c'),
    join(folder, 'empty.bpf.o'),
  )
  const cgroup = unifiedMount()
  const object = openObject(path).load()
  const links = new Set<Disposable>()
  const detach = (): void => {
    for (const link of links) link[Symbol.dispose]()
    links.clear()
  }
  return {
    attach(names) {
      for (const name of names)
        links.add(object.attach(name, cgroup === undefined ? {} : { cgroup }))
    },
    detach,
    [Symbol.dispose]() {
      detach()
      object[Symbol.dispose]()
    },
  }
}

/** One batch of work, by its generator's own account. */
export interface CostBatch {
  /** CPU time of one piece of work, µs. */
  readonly cpuUs: number
  /** By the clock, µs. */
  readonly wallUs: number
}

export interface CostOptions {
  /** What a piece of work is, and which probes are attached, in words. */
  readonly title: string
  readonly probesTitle: string
  /** Names of the probes. */
  readonly probes: readonly string[]
  /** One batch; `cpu` is the processor for the generator, as taskset takes it. */
  readonly work: (cpu: string) => Promise<CostBatch>
  /** The same work done otherwise, shown beside it. */
  readonly otherwise?: { readonly name: string; readonly work: (cpu: string) => Promise<CostBatch> }
  /** Pieces of work of a batch: as many events auditd must have. */
  readonly pieces: number
  /** Sets of programs of test/programs/empty.bpf.c on hooks of ours: what these cost, whatever runs there, is shown beside it. */
  readonly hooks?: readonly (readonly string[])[]
  /** What auditd is told, without the key. */
  readonly auditRule: string
  /** Whether auditd must have lost nothing to be a peer: not where it is known to fall behind. */
  readonly isAuditWhole: boolean
  readonly rounds: number
  /** Most that ours may be, as a ratio. */
  readonly limit: number
  /** Most that the same thing may differ from itself; half of what may be added unless the promise says otherwise. */
  readonly selfMargin: number
  /** In place of the ratio: most that is added to one piece, µs. */
  readonly limitUs?: number
}

type Arm = 'none' | 'ours' | 'again' | 'auditd' | 'oursOtherwise' | 'againOtherwise'

const key = 'hg-cost'
/** `enum bpf_prog_type`: kprobe, tracepoint, raw tracepoint, the same writable, tracing, LSM. */
const tracingTypes: ReadonlySet<number> = new Set([2, 5, 17, 24, 26, 29])

/** Runs the interleaving. Throws when somebody else traces this machine. */
export async function measureCost(
  { size, root, folder, log }: Pick<RunContext, 'size' | 'root' | 'folder' | 'log'>,
  options: CostOptions,
): Promise<Measured> {
  const { rounds, limit, limitUs, selfMargin, otherwise, hooks = [] } = options
  const cpus = await allowedCpus()
  const first = Number(/^\d+/.exec(cpus)?.[0])
  const last = /\d+$/.exec(cpus)?.[0] ?? '0'
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

  const batches: Record<Arm, CostBatch[]> = {
    none: [],
    ours: [],
    again: [],
    auditd: [],
    oursOtherwise: [],
    againOtherwise: [],
  }
  const ofHooks: CostBatch[][] = hooks.map(() => [])
  /** What comes after a switch: one batch to get warm, then the measured one. */
  const measure = async (into: CostBatch[]): Promise<void> => {
    await options.work(last)
    into.push(await options.work(last))
  }

  await mkdir(join(folder, 'audit'), { mode: 0o750 })
  await using probing = await loadProbes(options.probes)
  using empty = await loadEmpty({ root, folder })
  await using auditd = await startAuditd(join(folder, 'audit'), first)
  let shown = ''
  await moveSelf(String(first))
  try {
    await auditd.load(noAudit)
    for (let round = 0; round < rounds; round++) {
      await measure(batches.none)
      probing.attach()
      await measure(batches.ours)
      const isSixth = round % 6 === 5
      if (isSixth && otherwise) batches.oursOtherwise.push(await otherwise.work(last))
      probing.detach()
      await measure(batches.again)
      if (isSixth) {
        if (otherwise) batches.againOtherwise.push(await otherwise.work(last))
        for (const [i, names] of hooks.entries()) {
          empty.attach(names)
          await measure(ofHooks[i] as CostBatch[])
          empty.detach()
        }
        await auditd.load([`${options.auditRule} -k ${key}`])
        shown = await auditd.rules()
        await measure(batches.auditd)
        await auditd.load(noAudit)
        await auditd.settle()
        await options.work(last)
      }
      log(
        `round ${round}: ${Object.entries(batches)
          .map(([arm, all]) => `${arm} ${all.at(-1)?.cpuUs.toFixed(3)}`)
          .join(', ')}`,
      )
    }
  } finally {
    await moveSelf(cpus)
  }

  const audited = await auditd.status()
  const events = await auditd.count(key)
  const wanted = batches.auditd.length * 2 * options.pieces
  type Unit = keyof CostBatch
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
    audited.get('enabled') === '1' &&
    (options.isAuditWhole ? events >= wanted && audited.get('lost') === '0' : events > 0)
  const us = (value: number): string =>
    value < 10 ? `${(value * 1000).toFixed(0)} ns` : `${value.toFixed(1)} µs`
  return {
    measured: `ours ${ratio.toFixed(4)}× (${us(added)}), auditd ${auditdRatio('cpuUs')}×, none ${us(median(nothing('cpuUs')))} of CPU`,
    n: rounds,
    spread: `ours ${low.toFixed(3)} to ${high.toFixed(3)}, its median ± ${blur.toFixed(4)}`,
    self: self.toFixed(4),
    // Programs that run make nothing faster: a ratio below that is noise as well.
    isVoid:
      size === 'full' &&
      (Math.abs(self - 1) > selfMargin || blur > selfMargin || ratio < 1 - selfMargin),
    cost: {
      work: options.title,
      probes: options.probesTitle,
      noneUs: median(nothing('cpuUs')),
      oursUs: median(of('ours', 'cpuUs')),
      oursRatio: ratio,
      auditdUs: median(of('auditd', 'cpuUs')),
      auditdRatio: median(each(of('auditd', 'cpuUs'), sixth(nothing('cpuUs')))),
      selfRatio: self,
      rounds,
    },
    pass:
      isPeer && (size === 'small' || (limitUs === undefined ? ratio <= limit : added <= limitUs)),
    details: [
      `by the clock: ours ${median(each(of('ours', 'wallUs'), nothing('wallUs'))).toFixed(3)}×, auditd ${auditdRatio('wallUs')}×, none ${us(median(nothing('wallUs')))}`,
      ...(otherwise
        ? [
            `${otherwise.name}: ours ${median(each(of('oursOtherwise', 'cpuUs'), of('againOtherwise', 'cpuUs'))).toFixed(3)}×, none ${us(median(of('againOtherwise', 'cpuUs')))} of CPU`,
          ]
        : []),
      ...hooks.map((names, i) => {
        const spent = (ofHooks[i] ?? []).map(({ cpuUs }) => cpuUs)
        return `hooks alone, programs that do nothing (${names.join(', ')}): ${median(each(spent, sixth(nothing('cpuUs')))).toFixed(4)}×`
      }),
      `auditd: pid ${audited.get('pid')}, enabled ${audited.get('enabled')}, lost ${audited.get('lost')}, rule ${shown}`,
      `auditd counted ${events} events of ${wanted} in its log`,
      `probes: ${options.probes.join(', ')}`,
      ...(foreign.size > 0 ? [`also in every batch: ${[...foreign].join(', ')}`] : []),
    ],
  }
}
