/** A burst of opens in a cgroup of its own: what is stored, counted as repeats and told as lost add up exactly. */
import { mkdir, mkdtemp, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { unifiedMount } from '../../packages/sensor/src/kernel/unified-mount.ts'
import type { Acceptance } from './harness/acceptance.ts'
import { runProgram, testProgram, type Counted } from './harness/program.ts'
import { startStack, type Stack } from './harness/stack.ts'

interface Sum {
  /** Rows, and the events that they tell. */
  readonly rows: number
  readonly told: number
  readonly lost: number
  /** Of exec, fork and exit, whoever's. */
  readonly lifecycleLost: number
}

async function sumOf(stack: Stack, { self }: Counted): Promise<Sum> {
  const stored = await stack.hunt(
    `SELECT count(*) AS n, coalesce(sum(count), 0) AS told FROM file_activity WHERE actor_process_pid = ${self}`,
  )
  const losses = await stack.hunt('SELECT hook, sum(lost) AS n FROM losses GROUP BY hook')
  const lostOf = (...hooks: readonly string[]): number =>
    losses.rows
      .filter((row) => hooks.includes(String(row['hook'])))
      .reduce((sum, row) => sum + Number(row['n']), 0)
  return {
    rows: Number(stored.rows[0]?.['n']),
    told: Number(stored.rows[0]?.['told']),
    lost: lostOf('file'),
    lifecycleLost: lostOf('exec', 'fork', 'exit'),
  }
}

export const acceptances: readonly Acceptance[] = [
  {
    id: 'file-burst',
    promise:
      'A burst of opens, unpaced, 4,096 paths with flags of their own: stored + counted as repeats + lost = what the generator did',
    target:
      'difference 0 in 5 of 5 runs; lost ≤ 5 % with the hub on the host, 0 with the hub away; no lifecycle event lost',
    inTests: true,
    needsRoot: true,
    async run({ size, root, folder, log }) {
      const program = testProgram('file-burst')
      const isFull = size === 'full'
      const [runs, seconds, paths] = isFull ? [5, 10, 4096] : [1, 1, 256]
      const mount = unifiedMount()
      if (mount === undefined)
        return { measured: 'no cgroups of version 2 are mounted', n: 0, pass: false }
      const shown: string[] = []
      let right = 0
      let worst = 0
      for (let run = 0; run < runs; run++) {
        const cgroup = `hg-burst-${process.pid}-${run}`
        await mkdir(join(mount, cgroup))
        const files = await mkdtemp('/tmp/hg-burst-')
        try {
          // Nobody else's events, stored or lost, are in the sum.
          await using stack = await startStack({
            root,
            folder: join(folder, String(run)),
            args: ['--set', `sensor.file.watchWorkloads=["/${cgroup}"]`],
            log,
          })
          const { hub } = await stack.pids()
          const isHubAway = run % 2 === 1
          if (isHubAway && hub) process.kill(hub, 'SIGSTOP')
          const done = await runProgram<Counted>(program, [
            seconds,
            paths,
            files,
            1,
            join(mount, cgroup),
          ])
          if (isHubAway && hub) process.kill(hub, 'SIGCONT')
          await stack.settle(300_000)
          let sum = await sumOf(stack, done)
          const restOf = ({ told, lost }: Sum): number => done.count - told - lost
          // Repeats come in batches of their own, a second after the last of them and in any number.
          for (let tries = 0; tries < 20 && restOf(sum) > 0; tries++) {
            await sleep(500)
            sum = await sumOf(stack, done)
          }
          const { rows, told, lost, lifecycleLost } = sum
          const rest = restOf(sum)
          const share = lost / done.count
          worst = Math.max(worst, share)
          const isFew = !isFull || (isHubAway ? lost === 0 : share <= 0.05)
          if (rest === 0 && isFew && lifecycleLost === 0) right += 1
          const wallS =
            Number(BigInt(done.to_ns) - BigInt(done.from_ns)) / 1e9 || Number.POSITIVE_INFINITY
          shown.push(
            `${done.count} = ${told} in ${rows} rows + ${lost} (${rest}), ${(done.count / wallS / 1000).toFixed(0)} k/s${isHubAway ? ', hub away' : ''}${lifecycleLost > 0 ? `, ${lifecycleLost} lifecycle events lost` : ''}`,
          )
        } finally {
          await rm(files, { recursive: true })
          await rmdir(join(mount, cgroup))
        }
      }
      return {
        measured: `${right} of ${runs}: ${shown.join('; ')}`,
        n: runs,
        spread: `lost at most ${(100 * worst).toFixed(2)} %`,
        pass: right === runs,
      }
    },
  },
]
