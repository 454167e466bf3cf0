/**
 * What probes add to fork + exec + exit: those of process life alone, and all of them.
 *
 * A life is begun by fork(2) and execve(2), as the promise has it: 32 system calls with its end and the wait.
 * glibc's posix_spawn(3) makes 159 of the same life, asking for each signal's action, and pays for a program on
 * sys_exit at each: what comes of that is shown beside it.
 */
import { probes } from '../../packages/sensor/gen/probes.ts'
import type { Acceptance } from './harness/acceptance.ts'
import { measureCost, type CostBatch } from './harness/cost.ts'
import { lifecycleProbes } from './harness/lifecycle.ts'
import { runProgram, testProgram, type Counted } from './harness/program.ts'

const lives = 50

function life(way: readonly string[]): (cpu: string) => Promise<CostBatch> {
  const generator = testProgram('spawn-many')
  return async (cpu) => {
    const done = await runProgram<Counted & { cpu_us: number; failed: number }>('taskset', [
      ...['-c', cpu, generator],
      ...[lives, 1, 'cost', '/bin/true', ...way],
    ])
    if (done.failed > 0) throw new Error(`${done.failed} of ${lives} did not start`)
    const ns = Number(BigInt(done.to_ns) - BigInt(done.from_ns))
    return { cpuUs: done.cpu_us / lives, wallUs: ns / 1000 / lives }
  }
}

const shared = {
  inTests: false,
  needsRoot: true,
} as const

const work = (size: 'full' | 'small') =>
  ({
    title: 'fork, exec of /bin/true, exit and wait',
    work: life(['fork']),
    otherwise: { name: 'by posix_spawn', work: life([]) },
    pieces: lives,
    auditRule: '-a always,exit -F arch=b64 -S execve',
    isAuditWhole: true,
    rounds: size === 'full' ? 600 : 24,
  }) as const

export const acceptances: readonly Acceptance[] = [
  {
    ...shared,
    id: 'cost-exec',
    promise:
      'Lifecycle probes add ≤ 1.5 % to fork + exec + exit; auditd with an execve rule in the same interleaving',
    target: '≤ 1.015× (self within 1.0075)',
    run: (context) =>
      measureCost(context, {
        ...work(context.size),
        probes: lifecycleProbes,
        probesTitle: 'process life and TCP',
        limit: 1.015,
        selfMargin: 0.0075,
      }),
  },
  {
    ...shared,
    id: 'cost-all',
    promise:
      'All probes together add ≤ 5 % to fork + exec + exit; auditd with an execve rule in the same interleaving',
    target: '≤ 1.05× (self within 1.025)',
    run: (context) =>
      measureCost(context, {
        ...work(context.size),
        rounds: context.size === 'full' ? 200 : 24,
        probes: probes.map(({ name }) => name),
        probesTitle: 'all',
        limit: 1.05,
        selfMargin: 0.025,
      }),
  },
]
