/** Ways to become a process that confuse a naive observer: the stored ancestry is the one that happened. */
import type { Acceptance } from './harness/acceptance.ts'
import { runProgram, testProgram } from './harness/program.ts'
import { startStack } from './harness/stack.ts'

const ways = ['double-fork', 'setsid', 'exec-a', 'thread-exec', 'vfork', 'parent-first'] as const

export const acceptances: readonly Acceptance[] = [
  {
    id: 'ancestry',
    promise:
      'Whole ancestry right for double fork, setsid, exec -a, exec by a thread, vfork and exec, a parent that exits first',
    target: `${ways.length} of ${ways.length}`,
    inTests: true,
    needsRoot: true,
    async run({ root, folder, log }) {
      const program = testProgram('ancestry')
      await using stack = await startStack({ root, folder, log })
      const details: string[] = []
      for (const way of ways) {
        const tag = `hg-anc-${process.pid}`
        const { pids } = await runProgram<{ pids: number[] }>(program, [tag, way])
        await stack.settle()
        const { rows } = await stack.hunt(`
          SELECT process_uid, process_pid, process_parent_process_uid AS parent, process_parent_process_pid AS parent_pid
          FROM process_activity WHERE activity_name = 'Launch' AND process_cmd_line LIKE '%${tag}-${way}' AND process_file_path LIKE '%/true'`)
        if (rows.length !== 1) {
          details.push(`${way}: ${rows.length} execs found`)
          continue
        }
        // Who forked whom, from the events themselves: the fork event of each pid names its creator.
        const chain: number[] = []
        let pid = Number(rows[0]?.['process_pid'])
        for (let depth = 0; depth < 6; depth++) {
          chain.unshift(pid)
          if (pid === pids[0]) break
          const forks = await stack.hunt(
            `SELECT process_parent_process_pid AS parent FROM process_activity WHERE activity_name = 'Fork' AND process_pid = ${pid} ORDER BY time DESC LIMIT 1`,
          )
          pid = Number(forks.rows[0]?.['parent'] ?? 0)
          if (pid === 0) break
        }
        // A shell between may fork once more: what matters is that every pid that the program knows is there, in order.
        const known = chain.filter((found) => pids.includes(found))
        if (known.join() !== pids.join())
          details.push(`${way}: ${chain.join(' > ')}, the program says ${pids.join(' > ')}`)
      }
      return {
        measured: `${ways.length - details.length} of ${ways.length}`,
        n: ways.length,
        pass: details.length === 0,
        details,
      }
    },
  },
]
