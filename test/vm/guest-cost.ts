/**
 * Runs in a guest that counts instructions, and says what a process life, an open, a round trip and a call that does
 * nothing cost without our programs and with them, and what the sensor itself spends on a process.
 *
 * The clock of such a guest goes on by two ns an instruction, whatever else the machine does: CPU time halved is
 * instructions. Prints `COST {…}`. The sensor is a process of its own, as it is on a host, with no hub to talk to.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { listKernelIds } from '@honeyguide/bpf'
import type { SensorSettings } from '@honeyguide/model/settings'
import { mountTestPins, testObjects } from '../../packages/sensor/src/kernel/kernel-harness.ts'
import { testProgram } from '../../packages/sensor/src/kernel/test-program.ts'

/** Instructions of the guest, per piece of work. */
export interface GuestCost {
  readonly life: number
  readonly openFiltered: number
  readonly openTold: number
  /** One byte there and back over loopback TCP, both ends. */
  readonly roundTrip: number
  readonly nothing: number
}

export interface GuestCosts {
  readonly none: GuestCost
  readonly ours: GuestCost
  /** The same as `none`, after ours are gone. */
  readonly again: GuestCost
  /**
   * What the sensor's threads spent per process that came and went, by what a sensor spends that runs for days: one
   * entry for each window of `processes`. They lie far apart, most likely by when V8 collects; their mean repeats
   * within a fiftieth.
   */
  readonly sensorPerProcess: readonly number[]
  /** The mean of `sensorPerProcess` by name of the thread. */
  readonly byThread: Readonly<Record<string, number>>
  /** The same after `youngAfter` processes: V8 still compiles. */
  readonly youngPerProcess: number
  readonly processes: number
  readonly youngAfter: number
  readonly warmAfter: number
}

const nsPerInstruction = 2
const lives = 1000
const opens = 20_000
const files = 512
const roundTrips = 5000
/** Processes before the first look at what the sensor spends, and between that and the one that counts: V8 has compiled what it compiles then. */
const youngProcesses = 12_000
const moreProcesses = 24_000
const processes = 4000
const windows = 5

const repository = resolve(import.meta.dirname, '../..')
const generator = testProgram('spawn-many')
const calls = testProgram('hot-calls')
const trips = testProgram('round-trip')
const nothing = testProgram('nothing', true)

function run<Answer>(program: string, ...args: (string | number)[]): Answer {
  return JSON.parse(execFileSync(program, args.map(String), { encoding: 'utf8' })) as Answer
}

/** CPU time of both ends of `roundTrips`, ns: the second of two batches. */
function roundTripsNs(): number {
  const [, second = ''] = execFileSync(trips, ['tcp', String(roundTrips)], {
    input: '\n\n',
    encoding: 'utf8',
  }).split('\n')
  const spent = Number(second.split(' ')[1])
  if (!(spent > 0)) throw new Error(`round-trip said nothing of its second batch: ${second}`)
  return spent
}

function measure(folder: string): GuestCost {
  const life = (): number =>
    run<{ cpu_us: number }>(generator, lives, 1, 'cost', nothing).cpu_us * 1000
  const ofCalls = (...args: (string | number)[]): number =>
    run<{ cpu_ns: number }>(calls, ...args).cpu_ns
  // Once to get warm: pages, dentries, the compiled paths of the programs.
  life()
  ofCalls('read', opens, '/etc/passwd')
  return {
    life: life() / nsPerInstruction / lives,
    openFiltered: ofCalls('read', opens, '/etc/passwd') / nsPerInstruction / opens,
    openTold: ofCalls('write', files, folder) / nsPerInstruction / files,
    roundTrip: roundTripsNs() / nsPerInstruction / roundTrips,
    nothing: ofCalls('null', opens) / nsPerInstruction / opens,
  }
}

/** CPU time of a process by name of the thread, ns (the first field of schedstat), without threads that ended. */
function spentNs(pid: number): Record<string, number> {
  const spent: Record<string, number> = {}
  for (const tid of readdirSync(`/proc/${pid}/task`)) {
    const name = readFileSync(`/proc/${pid}/task/${tid}/comm`, 'utf8').trim()
    const [ns] = readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ')
    spent[name] = (spent[name] ?? 0) + Number(ns)
  }
  return spent
}

const folder = mkdtempSync('/tmp/cost-')
const opened = join(folder, 'files')
mkdirSync(opened)
run(calls, 'prepare', files, opened)
const programs = listKernelIds('program').length
const none = measure(opened)

using pins = mountTestPins()
const state = join(folder, 'state')
mkdirSync(state, { mode: 0o700 })
const settings: SensorSettings = {
  stateDir: state,
  uplinkSocket: join(folder, 'uplink.sock'),
  observeSocket: join(folder, 'observe', 'observe.sock'),
  objectDir: await testObjects(),
  pinDir: pins.pinDir,
  hostname: 'guest',
  labels: {},
  spoolBytes: 256 << 20,
  rings: { lifecycleBytes: 2 << 20, dataBytes: 8 << 20 },
  batch: { events: 512, delayMs: 100, quietMs: 10, bytes: 1 << 20 },
  cache: { processes: 65_536, exitedMs: 60_000 },
  redaction: { enabled: true, patterns: [] },
  provenance: { enabled: true, maxFileBytes: 32 << 20, cpuPercent: 1 },
  dns: { ports: [53, 5353] },
  probes: [],
  hooks: 'auto',
  file: { watch: [], ignore: [], sensitive: [], watchWorkloads: [], ignoreWorkloads: [] },
  logLevel: 'info',
}
const settingsPath = join(folder, 'settings.json')
writeFileSync(settingsPath, JSON.stringify(settings))
const sensor = spawn(
  process.execPath,
  [
    '--max-semi-space-size=2',
    '--max-old-space-size=64',
    join(repository, 'packages/sensor/src/main.ts'),
    ...['--settings', settingsPath],
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
const pid = sensor.pid
if (pid === undefined) throw new Error('the sensor did not start')
await new Promise<void>((ready, failed) => {
  sensor.stdout.once('data', () => ready())
  sensor.once('exit', (code) => failed(new Error(`the sensor ended with ${code}`)))
})
await delay(3000)
const ours = measure(opened)

/** Instructions of the sensor for each of `processes`, by name of the thread, from now on. */
async function sensorCost(sensorPid: number): Promise<Record<string, number>> {
  const before = spentNs(sensorPid)
  run(generator, processes, 1, 'counted', nothing)
  // Its batches are written by then, and what it does at rest is part of it.
  await delay(3000)
  return Object.fromEntries(
    Object.entries(spentNs(sensorPid)).map(([name, ns]) => [
      name,
      (ns - (before[name] ?? 0)) / nsPerInstruction / processes,
    ]),
  )
}

async function warmUp(count: number): Promise<void> {
  run(generator, count, 1, 'warm', nothing)
  await delay(3000)
}

const total = (byThread: Record<string, number>): number =>
  Object.values(byThread).reduce((sum, count) => sum + count, 0)

await warmUp(youngProcesses)
const young = await sensorCost(pid)
await warmUp(moreProcesses)
const warm: Record<string, number>[] = []
while (warm.length < windows) warm.push(await sensorCost(pid))
const byThread: Record<string, number> = {}
for (const window of warm)
  for (const [name, count] of Object.entries(window))
    byThread[name] = (byThread[name] ?? 0) + count / windows

sensor.kill('SIGTERM')
await new Promise((ended) => sensor.once('exit', ended))
pins[Symbol.dispose]()
// The kernel takes programs off in its own time.
for (let tries = 0; listKernelIds('program').length > programs; tries++) {
  if (tries === 600) throw new Error('programs of the sensor are still there after a minute')
  await delay(100)
}
const again = measure(opened)

const costs: GuestCosts = {
  none,
  ours,
  again,
  sensorPerProcess: warm.map(total),
  byThread,
  youngPerProcess: total(young),
  processes,
  youngAfter: youngProcesses,
  warmAfter: youngProcesses + processes + moreProcesses,
}
process.stdout.write(`COST ${JSON.stringify(costs)}\n`)
// The pins are gone already.
process.exit(0)
