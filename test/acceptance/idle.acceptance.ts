/** What a host at rest gives to store: the product does not watch itself, and repeats are counted, not stored. */
import { setTimeout as sleep } from 'node:timers/promises'
import { activityViews } from '@honeyguide/model'
import type { Acceptance } from './harness/acceptance.ts'
import { during } from './harness/during.ts'
import { startStack } from './harness/stack.ts'

const seconds = 60

export const acceptances: readonly Acceptance[] = [
  {
    id: 'idle',
    promise: 'Idle host, all probes: ≤ 5 stored events/s over a minute',
    target: '≤ 5 events/s',
    inTests: false,
    needsRoot: true,
    async run({ root, folder, log }) {
      await using stack = await startStack({ root, folder, log })
      // What comes of its own start is not rest.
      await sleep(20_000)
      await stack.settle()
      const from = new Date()
      await sleep(seconds * 1000)
      const to = new Date()
      await stack.settle()
      const interval = during(from, to)
      const counts: (readonly [string, number])[] = []
      for (const view of activityViews) {
        const { rows } = await stack.hunt(`SELECT count(*) AS n FROM ${view} WHERE ${interval}`)
        counts.push([view, Number(rows[0]?.['n'] ?? 0)])
      }
      const total = counts.reduce((sum, [, count]) => sum + count, 0)
      const { rows: by } = await stack.hunt(
        `SELECT 'file ' || actor_process_name || ' ' || file_path AS what, count(*) AS n FROM file_activity WHERE ${interval} GROUP BY ALL ORDER BY n DESC LIMIT 5`,
      )
      return {
        measured: `${(total / seconds).toFixed(2)} events/s`,
        n: total,
        pass: total / seconds <= 5,
        details: [
          counts.map(([view, count]) => `${view} ${count}`).join(', '),
          ...by.map(({ what, n }) => `${n} × ${what}`),
        ],
      }
    },
  },
]
