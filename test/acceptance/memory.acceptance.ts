/** What the sensor takes of a machine: memory under a lasting load, CPU when nothing happens. */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Acceptance } from './harness/acceptance.ts'
import { during } from './harness/during.ts'
import { startProgram, testProgram, type Counted } from './harness/program.ts'
import { startStack, type Stack } from './harness/stack.ts'

/** Resident memory of a process, MB. */
async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024
}

/** CPU time of a process in ms (user and system, all threads). */
async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** What a time of rest came to. */
interface Rest {
  /** Of one core, 0 to 1. */
  readonly share: number
  /** Commands that others started meanwhile. */
  readonly launched: number
}

/** What the sensor takes while this script does nothing, and whether anybody else did something. */
async function rest(stack: Stack, sensor: number, idleMs: number): Promise<Rest> {
  await stack.settle()
  await sleep(5000)
  const began = new Date()
  const from = await cpuMs(sensor)
  await sleep(idleMs)
  const share = ((await cpuMs(sensor)) - from) / idleMs
  const ended = new Date()
  await stack.settle()
  const { rows } = await stack.hunt(
    `SELECT count(*) AS n FROM process_activity WHERE activity_name = 'Launch' AND ${during(began, ended)}`,
  )
  return { share, launched: Number(rows[0]?.['n']) }
}

/** How often it is tried to have a minute in which nobody starts a command. */
const maxAttempts = 10

export const acceptances: readonly Acceptance[] = [
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
        const rssMb = await residentMb(sensor)
        // A machine on which a command is started is not idle: its file is hashed and looked up among the packages,
        // and that is paid for on purpose. The sensor itself starts no commands, so none of its own work is excused.
        const details: string[] = []
        for (let attempt = 1; ; attempt++) {
          const { share, launched } = await rest(stack, sensor, size === 'full' ? 60_000 : 10_000)
          const idle = `${(share * 100).toFixed(2)} % of a core`
          if (launched !== 0 && attempt < maxAttempts) {
            details.push(`not idle: ${idle} while ${launched} commands were started`)
            await sleep(size === 'full' ? 30_000 : 0)
            continue
          }
          return {
            measured: `${rssMb.toFixed(1)} MB resident, ${idle} idle`,
            n: 1,
            pass: rssMb <= 120 && (size === 'small' || share <= 0.005),
            isVoid: launched !== 0,
            details,
          }
        }
      } finally {
        if (live.pid) process.kill(-live.pid, 'SIGKILL')
      }
    },
  },
]
