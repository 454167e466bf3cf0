/** What all probes add to single calls: opens that are filtered and told, a call that does nothing, a round trip. */
import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { probes } from '../../packages/sensor/gen/probes.ts'
import type { Acceptance } from './harness/acceptance.ts'
import { measureCost, type CostBatch } from './harness/cost.ts'
import { runProgram, testProgram, type Counted } from './harness/program.ts'

const names = probes.map(({ name }) => name)

/** A batch of `count` calls by hot-calls. */
function calls(
  mode: 'null' | 'read' | 'write' | 'connect' | 'dns',
  count: number,
  path: string,
): (cpu: string) => Promise<CostBatch> {
  const generator = testProgram('hot-calls')
  return async (cpu) => {
    const done = await runProgram<Counted & { cpu_ns: number; failed: number }>('taskset', [
      ...['-c', cpu, generator, mode, count],
      ...(path === '' ? [] : [path]),
    ])
    if (done.failed > 0) throw new Error(`${done.failed} of ${count} opens failed`)
    const ns = Number(BigInt(done.to_ns) - BigInt(done.from_ns))
    return { cpuUs: done.cpu_ns / 1000 / count, wallUs: ns / 1000 / count }
  }
}

/** A batch of round trips of one byte over loopback TCP, both ends on one processor. */
function roundTrips(count: number): (cpu: string) => Promise<CostBatch> {
  const generator = testProgram('round-trip')
  return (cpu) =>
    new Promise((resolve, reject) => {
      const child = spawn('taskset', ['-c', cpu, generator, 'tcp', String(count)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      let out = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
      child.on('error', reject)
      child.on('close', (code) => {
        const [wall, cpuNs] = out.trim().split(' ').map(Number)
        if (code !== 0 || wall === undefined || cpuNs === undefined)
          reject(new Error(`round-trip ended with ${code}: ${out}`))
        else resolve({ cpuUs: cpuNs / 1000 / count, wallUs: wall / 1000 / count })
      })
      child.stdin.end('\n')
    })
}

const shared = { inTests: false, needsRoot: true } as const
const openRule = '-a always,exit -F arch=b64 -S open,openat'
const roundsOf = (size: 'full' | 'small'): number => (size === 'full' ? 120 : 12)

export const acceptances: readonly Acceptance[] = [
  {
    ...shared,
    id: 'cost-open-filtered',
    promise:
      'All probes: open and close of a file that nobody asks about cost ≤ 1.2 times as much; auditd with a rule on opens in the same interleaving',
    target: '≤ 1.2× (self within 1.05)',
    run: (context) =>
      measureCost(context, {
        probes: names,
        probesTitle: 'all',
        title: 'open and close of a file for reading, filtered',
        work: calls('read', 20_000, '/etc/hostname'),
        pieces: 20_000,
        hooks: [['empty_sys_exit']],
        auditRule: openRule,
        isAuditWhole: false,
        rounds: roundsOf(context.size),
        limit: 1.2,
        selfMargin: 0.05,
      }),
  },
  {
    ...shared,
    id: 'cost-open-reported',
    promise:
      'All probes: open and close of a file that is told cost ≤ 1.5 times as much; auditd with a rule on opens in the same interleaving',
    target: '≤ 1.5× (self within 1.05)',
    async run(context) {
      // Each batch is a process of its own, and opens each file once: every open is a row of its own.
      const count = 4096
      const files = join(context.folder, 'files')
      await mkdir(files)
      await runProgram(testProgram('hot-calls'), ['prepare', count, files])
      return measureCost(context, {
        probes: names,
        probesTitle: 'all',
        title: 'open and close of a file for writing, told',
        work: calls('write', count, files),
        pieces: count,
        hooks: [['empty_sys_exit']],
        auditRule: openRule,
        isAuditWhole: false,
        rounds: roundsOf(context.size),
        limit: 1.5,
        selfMargin: 0.05,
      })
    },
  },
  {
    ...shared,
    id: 'cost-syscall',
    promise: 'All probes: a system call that does nothing takes ≤ 220 ns longer',
    target: '≤ 220 ns',
    run: (context) =>
      measureCost(context, {
        probes: names,
        probesTitle: 'all',
        title: 'getppid, a system call that does nothing',
        work: calls('null', 100_000, ''),
        pieces: 100_000,
        // Any rule puts every system call on the slow path, as a program on sys_exit does.
        auditRule: '-a always,exit -F arch=b64 -S execve',
        isAuditWhole: false,
        rounds: roundsOf(context.size),
        limit: Number.POSITIVE_INFINITY,
        limitUs: 0.22,
        selfMargin: 0.05,
      }),
  },
  {
    ...shared,
    id: 'cost-round-trip',
    promise: 'All probes: a round trip over loopback TCP costs ≤ 5 % more',
    target: '≤ 1.05× (self within 1.025)',
    run: (context) =>
      measureCost(context, {
        probes: names,
        probesTitle: 'all',
        title: 'a round trip of one byte over loopback TCP',
        work: roundTrips(5000),
        pieces: 5000,
        hooks: [
          ['empty_sys_exit'],
          ['empty_egress'],
          ['empty_ingress'],
          ['empty_sys_exit', 'empty_egress', 'empty_ingress'],
        ],
        auditRule: '-a always,exit -F arch=b64 -S connect',
        isAuditWhole: false,
        rounds: roundsOf(context.size),
        limit: 1.05,
        selfMargin: 0.025,
      }),
  },
  {
    ...shared,
    id: 'cost-connect',
    promise:
      'All probes: what connect, accept and close over loopback TCP cost, both ends told; auditd with a rule on both in the same interleaving',
    target: '≤ 1.5× (self within 1.05)',
    run: (context) =>
      measureCost(context, {
        probes: names,
        probesTitle: 'all',
        title: 'connect, accept and close over loopback TCP, both ends',
        work: calls('connect', 2000, ''),
        pieces: 2000,
        auditRule: '-a always,exit -F arch=b64 -S connect,accept,accept4',
        isAuditWhole: false,
        rounds: roundsOf(context.size),
        limit: 1.5,
        selfMargin: 0.05,
      }),
  },
  {
    ...shared,
    id: 'cost-dns',
    promise:
      'All probes: what a DNS question and its answer over loopback UDP cost, both told whole; auditd with a rule on both calls in the same interleaving',
    target: '≤ 2× (self within 1.05)',
    run: (context) =>
      measureCost(context, {
        probes: names,
        probesTitle: 'all',
        title: 'a DNS question and its answer over loopback UDP, both ends',
        work: calls('dns', 2000, ''),
        pieces: 2000,
        auditRule: '-a always,exit -F arch=b64 -S sendto,recvfrom',
        isAuditWhole: false,
        rounds: roundsOf(context.size),
        limit: 2,
        selfMargin: 0.05,
      }),
  },
]
