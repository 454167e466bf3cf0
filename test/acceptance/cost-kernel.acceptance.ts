/**
 * What one process life costs in our programs by the kernel's own statistics: for each program that has a part
 * in a life its ns per run, times its runs in one life.
 *
 * The statistics count the runs of the whole machine, so runs are not divided by lives: a program on fork, exec
 * or exit runs once in a life by its nature (and it is checked that it ran that often), the one on sys_exit as
 * often as a life returns from system calls, which is counted exactly beforehand, by ptrace. A life is begun by
 * fork(2) and execve(2); what it would be by posix_spawn(3), which asks for each signal's action, is shown, too.
 *
 * The kernel reads a clock before and after each run and counts the time between, part of that reading included: 20
 * to 65 ns of a program that does nothing, more than ours takes on most system calls. So programs that return at
 * once are attached beside ours, and what is read of them is taken off each run; what it is without that is shown.
 */
import { readdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  enableRunTimeStats,
  openObject,
  openPinnedProgram,
  type PinnedProgram,
} from '@honeyguide/bpf'
import { compileBpf } from '@honeyguide/bpf/compile'
import { probes } from '../../packages/sensor/gen/probes.ts'
import { layout } from '../../packages/sensor/gen/records.ts'
import { dispatcher } from '../../packages/sensor/src/kernel/attach-kernel.ts'
import type { Probe } from '../../packages/sensor/src/probes/probe.ts'
import type { Acceptance, RunContext } from './harness/acceptance.ts'
import { lifecycleProbes } from './harness/lifecycle.ts'
import { runProgram, testProgram, type Counted } from './harness/program.ts'
import { startStack } from './harness/stack.ts'

const all: readonly Probe[] = probes

/** How often each attached program runs in one life of /bin/true; `most once` where it depends on the kernel. */
const runsPerLife: ReadonlyMap<string, 'once' | 'most once' | 'never'> = new Map(
  all.flatMap(({ ring, programs, optionalPrograms = [] }) => [
    ...programs.flat().map((name) => [name, ring === 'lifecycle' ? 'once' : 'never'] as const),
    ...optionalPrograms.map(
      ({ program }) => [program, ring === 'lifecycle' ? 'most once' : 'never'] as const,
    ),
  ]),
)

/**
 * How many system calls of one life return, those of the process that starts it and waits for it included:
 * the difference between two runs of the generator, so that its own beginning and end fall out.
 */
async function syscallsPerLife(generator: string, way: readonly string[]): Promise<number> {
  const few = 5
  const many = 25
  const counts: number[] = []
  for (const lives of [few, many]) {
    const { count, processes } = await runProgram<{ count: number; processes: number }>(
      testProgram('count-syscalls'),
      [generator, lives, 1, 'cost', '/bin/true', ...way],
    )
    if (processes !== lives + 1)
      throw new Error(`${processes} processes were counted in ${lives} lives and their generator`)
    counts.push(count)
  }
  return ((counts[1] ?? 0) - (counts[0] ?? 0)) / (many - few)
}

const emptyPrograms = ['empty_sys_exit', 'empty_exec'] as const

/** The programs of a running sensor, by name, through its pins. */
function openPrograms(pinDir: string, open: DisposableStack): Map<string, PinnedProgram> {
  const folder = join(pinDir, layout.hash)
  return new Map(
    readdirSync(folder)
      .filter((entry) => entry.startsWith('program-'))
      .map((entry) => [
        entry.slice('program-'.length),
        open.use(openPinnedProgram(join(folder, entry))),
      ]),
  )
}

interface LifeCost {
  readonly perLifeNs: number
  /** With what the statistics themselves cost. */
  readonly readPerLifeNs: number
  /** Of the program on sys_exit, for each system call. */
  readonly perSyscallNs: number
  readonly details: readonly string[]
  readonly faults: readonly string[]
  /** Whether hardly anything else ran. */
  readonly isQuiet: boolean
}

/** What a life of `syscalls` system calls costs under a sensor with these probes. */
async function lifeCost(
  { root, folder, log }: RunContext,
  { names, lives, syscalls }: { names: readonly string[]; lives: number; syscalls: number },
): Promise<LifeCost> {
  const generator = testProgram('spawn-many')
  const config = join(folder, 'honeyguide.yaml')
  await writeFile(config, `sensor:\n  probes: [${names.join(', ')}]\n`)
  await using stack = await startStack({ root, folder, log, args: ['--config', config] })
  using open = new DisposableStack()
  const programs = openPrograms(stack.instance.pinDir, open)
  const { object } = await compileBpf(
    join(root, 'test/programs/empty.bpf.c'),
    join(folder, 'empty.bpf.o'),
  )
  const empty = open.use(openObject(object))
  empty.load()
  for (const name of emptyPrograms) open.use(empty.attach(name))
  open.use(enableRunTimeStats())
  const read = () => new Map([...programs].map(([name, one]) => [name, one.info()] as const))
  const readEmpty = () => emptyPrograms.map((name) => empty.program(name).info())
  // Once unmeasured: the first runs meet cold caches.
  await runProgram<Counted>(generator, [50, 1, 'cost', '/bin/true', 'fork'])
  const before = read()
  const emptyBefore = readEmpty()
  await runProgram<Counted>(generator, [lives, 1, 'cost', '/bin/true', 'fork'])
  const after = read()
  const [sysExitNs = 0, execNs = 0] = readEmpty().map(
    ({ runCount, runTimeNs }, at) =>
      Number(runTimeNs - (emptyBefore[at]?.runTimeNs ?? 0n)) /
      Math.max(1, Number(runCount - (emptyBefore[at]?.runCount ?? 0n))),
  )

  const faults: string[] = []
  const details: string[] = []
  let perLifeNs = 0
  let readPerLifeNs = 0
  let perSyscallNs = 0
  let isQuiet = true
  for (const [name, { runCount, runTimeNs }] of after) {
    const runs = Number(runCount - (before.get(name)?.runCount ?? 0n))
    const ns = Number(runTimeNs - (before.get(name)?.runTimeNs ?? 0n)) / Math.max(1, runs)
    const often = runsPerLife.get(name)
    if (often === undefined && name !== dispatcher)
      faults.push(`nobody says how often ${name} runs in a life`)
    const inLife =
      name === dispatcher
        ? syscalls
        : { once: 1, 'most once': Math.min(1, runs / lives), never: 0 }[often ?? 'never']
    if (runs < inLife * lives) faults.push(`${name} ran ${runs} times in ${lives} lives`)
    // What else ran has other costs (longer arguments): it must not be much of what is averaged.
    if (often === 'once' && runs > 1.25 * lives) isQuiet = false
    const statisticsNs = name === dispatcher ? sysExitNs : execNs
    const ownNs = Math.max(0, ns - statisticsNs)
    perLifeNs += ownNs * inLife
    readPerLifeNs += ns * inLife
    if (name === dispatcher) perSyscallNs = ownNs
    details.push(
      inLife === 0
        ? `${name}: not in a life; ${runs} runs`
        : `${name}: ${ns.toFixed(0)} less ${statisticsNs.toFixed(0)} ns × ${Number(inLife.toFixed(2))} = ${((ownNs * inLife) / 1000).toFixed(2)} µs; ${runs} runs, ${(inLife * lives).toFixed(0)} of them these lives'`,
    )
  }
  for (const { name, ring, programs: wanted } of all.filter((one) => names.includes(one.name)))
    for (const alternatives of ring === 'lifecycle' ? wanted : [])
      if (!alternatives.some((one) => after.has(one)))
        faults.push(`no program of ${name} is attached`)
  if (!after.has(dispatcher)) faults.push(`${dispatcher} is not attached`)
  details.push(
    `a program that does nothing reads ${sysExitNs.toFixed(0)} ns on sys_exit, ${execNs.toFixed(0)} ns on exec; with that a life is ${(readPerLifeNs / 1000).toFixed(2)} µs`,
  )
  return { perLifeNs, readPerLifeNs, perSyscallNs, details, faults, isQuiet }
}

export const acceptances: readonly Acceptance[] = [
  {
    id: 'cost-kernel',
    promise: 'Lifecycle probes cost ≤ 6 µs per process life by the kernel’s own program statistics',
    target: '≤ 6 µs',
    inTests: true,
    needsRoot: true,
    async run(context) {
      const isFull = context.size === 'full'
      const generator = testProgram('spawn-many')
      const lives = isFull ? 5000 : 300
      const syscalls = await syscallsPerLife(generator, ['fork'])
      const bySpawn = await syscallsPerLife(generator, [])
      const ours = await lifeCost(context, { names: lifecycleProbes, lives, syscalls })
      const whole = isFull
        ? await lifeCost(context, { names: all.map(({ name }) => name), lives, syscalls })
        : undefined
      const us = (ns: number): string => (ns / 1000).toFixed(2)
      return {
        measured: `${us(ours.perLifeNs)} µs per process life${whole ? `; of all probes ${us(whole.perLifeNs)} µs` : ''}`,
        n: lives,
        isVoid: isFull && !ours.isQuiet,
        pass: ours.faults.length === 0 && (!isFull || ours.perLifeNs <= 6000),
        details: [
          ...ours.faults,
          ...ours.details,
          `of a life begun by posix_spawn, ${bySpawn} system calls return: ${us(ours.perLifeNs + ours.perSyscallNs * (bySpawn - syscalls))} µs`,
          ...(whole ? [`all probes: ${whole.details.join('; ')}`] : []),
        ],
      }
    },
  },
]
