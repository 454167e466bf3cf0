/** 10,000 quick processes: each exec, fork and exit is stored once, with its identity, parent and exit code. */
import type { Acceptance } from './harness/acceptance.ts'
import { type Counted, runProgram, testProgram } from './harness/program.ts'
import { startStack } from './harness/stack.ts'

export const acceptances: readonly Acceptance[] = [
  {
    id: 'processes',
    promise:
      '10,000 quick processes (4 at once): exec, fork and exit each exactly 10,000, distinct, right parent and exit code; nothing lost',
    target: '10,000 / 10,000 / 10,000, lost 0',
    inTests: true,
    needsRoot: true,
    async run({ size, root, folder, log }) {
      const count = size === 'full' ? 10_000 : 500
      const spawnMany = testProgram('spawn-many')
      await using stack = await startStack({ root, folder, log })
      const tag = `hg-many-${process.pid}`
      const done = await runProgram<Counted & { failed: number; wrong_exit: number }>(spawnMany, [
        count,
        4,
        tag,
        '/bin/true',
      ])
      await stack.settle()
      const { rows } = await stack.hunt(`
        WITH mine AS (
          SELECT process_uid, process_pid, exit_code, activity_name, process_cmd_line, process_parent_process_pid AS parent
          FROM process_activity WHERE process_parent_process_pid = ${done.self} OR process_cmd_line LIKE '/bin/true ${tag} %' OR process_cmd_line LIKE 'true ${tag} %')
        SELECT
          count(*) FILTER (WHERE activity_name = 'Launch' AND process_cmd_line LIKE '%${tag} %') AS execs,
          count(DISTINCT process_cmd_line) FILTER (WHERE activity_name = 'Launch' AND process_cmd_line LIKE '%${tag} %') AS numbers,
          count(DISTINCT process_uid) FILTER (WHERE activity_name = 'Launch' AND process_cmd_line LIKE '%${tag} %') AS identities,
          count(*) FILTER (WHERE activity_name = 'Launch' AND parent = ${done.self}) AS parents,
          count(*) FILTER (WHERE activity_name = 'Fork' AND parent = ${done.self}) AS forks,
          count(*) FILTER (WHERE activity_name = 'Terminate' AND process_cmd_line LIKE '%${tag} %') AS exits,
          count(*) FILTER (WHERE activity_name = 'Terminate' AND process_cmd_line LIKE '%${tag} %' AND exit_code = 0) AS zero
        FROM mine`)
      const got = rows[0] ?? {}
      const lost = await stack.hunt('SELECT coalesce(sum(lost), 0) AS lost FROM losses')
      const hosts = await stack.ask<{
        hosts: { hooks: { hook: string; recursionMisses: number }[] }[]
      }>('/api/v1/hosts')
      const misses = hosts.hosts
        .flatMap(({ hooks }) => hooks)
        .reduce((sum, { recursionMisses }) => sum + recursionMisses, 0)
      const isRight =
        done.failed === 0 &&
        ['execs', 'numbers', 'identities', 'parents', 'forks', 'exits', 'zero'].every(
          (name) => Number(got[name]) === count,
        ) &&
        Number(lost.rows[0]?.['lost']) === 0 &&
        misses === 0
      return {
        measured: `exec ${got['execs']}, fork ${got['forks']}, exit ${got['exits']}, distinct ${got['identities']}, right parent ${got['parents']}, exit code 0 ${got['zero']}, lost ${lost.rows[0]?.['lost']}, recursion misses ${misses}`,
        n: count,
        pass: isRight,
      }
    },
  },
]
