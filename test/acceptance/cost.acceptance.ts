/** What the probes cost: in the same interleaving without us, with us, and with auditd; and by the kernel's own count. */
import { execFile, spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { median, quantile, type Acceptance } from './harness/acceptance.ts'
import { type Counted, runProgram, startProgram, testProgram } from './harness/program.ts'
import { openTestKernel } from '../../packages/sensor/src/kernel/kernel-harness.ts'
import { startStack } from './harness/stack.ts'

const run = promisify(execFile)

interface Rss {
  readonly rssMb: number
}

async function residentMb(pid: number): Promise<Rss> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return { rssMb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024 }
}

/** CPU time of a process in ms (user and system, all threads). */
async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

export const acceptances: readonly Acceptance[] = [
  {
    id: 'cost-kernel',
    promise: 'Lifecycle probes cost ≤ 6 µs per process life by the kernel’s own program statistics',
    target: '≤ 6 µs',
    inTests: true,
    needsRoot: true,
    async run({ size, root, folder, log }) {
      const spawnMany = testProgram('spawn-many')
      const count = size === 'full' ? 5000 : 300
      await using stack = await startStack({ root, folder, log })
      const flag = '/proc/sys/kernel/bpf_stats_enabled'
      const before = (await readFile(flag, 'utf8')).trim()
      await writeFile(flag, '1')
      try {
        const read = async () => {
          const { stdout } = await run('bpftool', ['-j', 'prog', 'show'], { maxBuffer: 64 << 20 })
          return (
            JSON.parse(stdout) as {
              id: number
              name?: string
              run_time_ns?: number
              run_cnt?: number
            }[]
          ).filter(({ name }) => name?.startsWith('hg_'))
        }
        const first = new Map((await read()).map((program) => [program.id, program]))
        await runProgram<Counted>(spawnMany, [count, 2, 'cost', '/bin/true'])
        const rows = (await read()).map((program) => ({
          name: program.name ?? '',
          ns: (program.run_time_ns ?? 0) - (first.get(program.id)?.run_time_ns ?? 0),
          runs: (program.run_cnt ?? 0) - (first.get(program.id)?.run_cnt ?? 0),
        }))
        const lifecycle = rows.filter(({ name }) => /exec|fork|exit/.test(name))
        const perLife = lifecycle.reduce((sum, { ns }) => sum + ns, 0) / count / 1000
        await stack.settle()
        return {
          measured: `${perLife.toFixed(2)} µs per process life`,
          n: count,
          pass: lifecycle.length > 0 && (size === 'small' || perLife <= 6),
          details: rows
            .filter(({ runs }) => runs > 0)
            .map(
              ({ name, ns, runs }) =>
                `${name}: ${(ns / runs).toFixed(0)} ns × ${(runs / count).toFixed(2)} per life`,
            ),
        }
      } finally {
        await writeFile(flag, before)
      }
    },
  },
  {
    id: 'cost-exec',
    promise:
      'Lifecycle probes add ≤ 1.5 % to fork + exec + exit; auditd with an execve rule in the same interleaving',
    target: '≤ 1.015× (self within 1.0075)',
    inTests: false,
    needsRoot: true,
    async run() {
      const spawnMany = testProgram('spawn-many')
      const details: string[] = []
      const batch = 60
      const batches = 120
      const auditd = spawn('auditd', ['-n', '-s', 'nochange'], { stdio: 'ignore' })
      auditd.on('error', () => undefined)
      await sleep(1000)
      const rule = ['-a', 'always,exit', '-F', 'arch=b64', '-S', 'execve', '-k', 'hg-cost']
      const one = async (): Promise<number> => {
        const began = process.hrtime.bigint()
        await runProgram<Counted>(spawnMany, [batch, 1, 'cost', '/bin/true'])
        return Number(process.hrtime.bigint() - began) / 1000 / batch
      }
      const times: Record<'none' | 'again' | 'ours' | 'audit', number[]> = {
        none: [],
        again: [],
        ours: [],
        audit: [],
      }
      try {
        for (let i = 0; i < batches; i++) {
          times.none.push(await one())
          times.again.push(await one())
          {
            // Attached the way the sensor attaches, drained after the batch: what is measured is the kernel side.
            await using kernel = await openTestKernel()
            times.ours.push(await one())
            kernel.drain()
          }
          await run('auditctl', rule)
          times.audit.push(await one())
          await run('auditctl', ['-D', '-k', 'hg-cost'])
          if (i === 0)
            details.push(
              `auditd: ${(await run('auditctl', ['-s'])).stdout.split('\n').slice(0, 3).join(', ')}`,
            )
        }
      } finally {
        auditd.kill('SIGTERM')
      }
      const base = median(times.none)
      const self = median(times.again) / base
      const ratio = median(times.ours) / base
      const audit = median(times.audit) / base
      return {
        measured: `ours ${ratio.toFixed(4)}×, auditd ${audit.toFixed(3)}×, none ${base.toFixed(0)} µs`,
        n: batches,
        spread: `ours ${(quantile(times.ours, 0.25) / base).toFixed(3)} to ${(quantile(times.ours, 0.75) / base).toFixed(3)}`,
        self: self.toFixed(4),
        isVoid: Math.abs(self - 1) > 0.0075,
        pass: ratio <= 1.015,
        details,
      }
    },
  },
  {
    id: 'memory',
    promise:
      'Sensor ≤ 120 MB resident, rings included, after 10 minutes at 1,000 events/s with 5,000 live processes; ≤ 0.5 % of a core over 60 idle seconds',
    target: '≤ 120 MB, ≤ 0.5 %',
    inTests: false,
    needsRoot: true,
    async run({ size, root, folder, log }) {
      const connects = testProgram('numbered-connects')
      await using stack = await startStack({ root, folder, log })
      const { sensor } = await stack.pids()
      if (!sensor) throw new Error('status names no sensor')
      const live = spawn(
        'sh',
        [
          '-c',
          `i=0; while [ $i -lt ${size === 'full' ? 5000 : 200} ]; do sleep 100000 & i=$((i+1)); done; echo up; wait`,
        ],
        { stdio: ['ignore', 'pipe', 'ignore'], detached: true },
      )
      try {
        await new Promise((resolve) => live.stdout.once('data', resolve))
        const seconds = size === 'full' ? 600 : 20
        await startProgram<Counted>(connects, [seconds, 250, 0]).answer
        const { rssMb } = await residentMb(sensor)
        await stack.settle()
        await sleep(5000)
        const idleMs = size === 'full' ? 60_000 : 10_000
        const from = await cpuMs(sensor)
        await sleep(idleMs)
        const share = ((await cpuMs(sensor)) - from) / idleMs
        return {
          measured: `${rssMb.toFixed(1)} MB resident, ${(share * 100).toFixed(2)} % of a core idle`,
          n: 1,
          pass: rssMb <= 120 && (size === 'small' || share <= 0.005),
        }
      } finally {
        if (live.pid) process.kill(-live.pid, 'SIGKILL')
      }
    },
  },
]
