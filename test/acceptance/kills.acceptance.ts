/** 50 × kill −9 of sensor, hub and store under numbered events: each number is stored once or told as lost. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Acceptance } from './harness/acceptance.ts'
import { type Counted, startProgram, testProgram } from './harness/program.ts'
import { startStack } from './harness/stack.ts'

/** Small deterministic generator, so that a run can be repeated. */
function random(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

export const acceptances: readonly Acceptance[] = [
  {
    id: 'kills',
    promise:
      '50 × kill −9 (25 sensor, 15 hub, 10 store) at random under 2,000 numbered events/s: every number exactly once, or inside a stored loss interval',
    target: 'missing 0, twice 0, loss intervals 0',
    inTests: true,
    needsRoot: true,
    async run({ size, root, folder, log }) {
      const program = testProgram('numbered-connects')
      const plan =
        size === 'full' ? { sensor: 25, hub: 15, store: 10 } : { sensor: 2, hub: 1, store: 1 }
      const victims = Object.entries(plan).flatMap(([name, times]) =>
        Array.from({ length: times }, () => name),
      )
      const next = random(size === 'full' ? 7 : 3)
      victims.sort(() => next() - 0.5)
      const pauseMs = 1500
      await using stack = await startStack({ root, folder, log })
      // 500 connections a second are 2,000 events a second: connect, accept and two closes.
      const seconds = Math.ceil((victims.length * pauseMs * 1.8) / 1000) + 3
      const { answer } = startProgram<Counted>(program, [seconds, 500, 0])
      let killed = 0
      const gone: string[] = []
      for (const victim of victims) {
        await sleep(pauseMs * (0.5 + next()))
        // One that is just being started again is waited for: the plan counts kills, not tries.
        let pid = (await stack.pids())[victim]
        for (let wait = 0; pid === undefined && wait < 40; wait++) {
          await sleep(250)
          pid = (await stack.pids())[victim]
        }
        if (pid === undefined) {
          gone.push(victim)
          continue
        }
        try {
          process.kill(pid, 'SIGKILL')
          killed++
        } catch {
          gone.push(victim)
        }
      }
      const done = await answer
      await stack.settle(180_000)
      const { rows } = await stack.hunt(`
        WITH mine AS (
          SELECT connection_info_direction AS direction, activity_name AS activity, dst_endpoint_ip AS ip, count(*) AS times
          FROM network_activity WHERE actor_process_pid = ${done.self} AND activity_name <> 'Listen' GROUP BY ALL)
        SELECT direction, activity, count(*) AS numbers, sum(times) AS rows, max(times) AS most FROM mine GROUP BY ALL ORDER BY ALL`)
      const losses = await stack.hunt(
        `SELECT count(*) AS intervals, coalesce(sum(lost), 0) AS lost FROM losses`,
      )
      const reasons = await stack.hunt(
        `SELECT hook, reason, count(*) AS intervals, sum(lost) AS lost, min(from_time) AS from_time, max(to_time) AS to_time FROM losses GROUP BY ALL ORDER BY ALL`,
      )
      const intervals = Number(losses.rows[0]?.['intervals'])
      const opened = rows.filter((row) => row['activity'] === 'Open')
      const missing = opened.map((row) => done.count - Number(row['numbers']))
      const total = rows.reduce((sum, row) => sum + Number(row['rows']), 0)
      const twice = opened.reduce(
        (sum, row) => sum + Number(row['rows']) - Number(row['numbers']),
        0,
      )
      const lost = Number(losses.rows[0]?.['lost'])
      const isRight =
        killed === victims.length &&
        opened.length === 2 &&
        twice === 0 &&
        total + lost === done.count * 4 &&
        (intervals > 0 || missing.every((n) => n === 0))
      return {
        measured: `${killed} kills, ${done.count} numbers: missing ${missing.join(' and ')}, twice ${twice}, rows ${total} of ${done.count * 4}, loss intervals ${intervals} (${lost} events)`,
        n: done.count,
        pass: isRight && intervals === 0,
        details: [
          ...rows.map((row) => JSON.stringify(row)),
          ...reasons.rows.map((row) => JSON.stringify(row)),
          ...(gone.length > 0 ? [`not found to kill: ${gone.join()}`] : []),
        ],
      }
    },
  },
]
