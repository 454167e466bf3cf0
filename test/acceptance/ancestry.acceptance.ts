/** Ways to become a process that confuse a naive observer: the stored ancestry is the one that happened. */
import type { Acceptance } from './harness/acceptance.ts'
import { processOf } from './harness/process-of.ts'
import { runProgram, testProgram } from './harness/program.ts'
import { startStack, type Stack } from './harness/stack.ts'

const ways = [
  'double-fork',
  'setsid',
  'exec-a',
  'thread-exec',
  'vfork',
  'parent-first',
  'pid-reuse',
] as const

/** What the generator says that happened. */
interface Happened {
  /** From the generator to the process that runs true. */
  readonly pids: readonly number[]
  /** Of `pid-reuse`: the number of the try in which the pid came again. */
  readonly first: number
}

/** The one process that ran /bin/true with this argument, by identity. Throws unless there is one. */
async function runnerOf(stack: Stack, argument: string): Promise<string> {
  const { rows } = await stack.hunt(
    `SELECT process_uid FROM process_activity WHERE activity_name = 'Launch' AND process_cmd_line LIKE '% ${argument}' AND process_file_path LIKE '%/true'`,
  )
  if (rows.length !== 1) throw new Error(`${rows.length} execs of ${argument} are stored`)
  return processOf(String(rows[0]?.['process_uid']))
}

const pidOf = (uid: string): number => parseInt(uid.split('-')[2] ?? '', 36)

/** Who forked whom, from the events themselves: from `ancestor` down to `process`, as far up as it goes. */
async function chainTo(stack: Stack, process: string, ancestor: number): Promise<string[]> {
  const chain = [process]
  for (let depth = 0; depth < 6 && pidOf(chain[0] ?? '') !== ancestor; depth++) {
    const { rows } = await stack.hunt(
      `SELECT process_parent_process_uid AS parent FROM process_activity WHERE activity_name = 'Fork' AND starts_with(process_uid, '${chain[0]}-')`,
    )
    if (rows.length !== 1)
      throw new Error(`${rows.length} forks of ${chain.join(' > ')} are stored`)
    chain.unshift(processOf(String(rows[0]?.['parent'])))
  }
  return chain
}

/** How often a process is stored to have ended. */
async function endsOf(stack: Stack, process: string): Promise<number> {
  const { rows } = await stack.hunt(
    `SELECT count(*) AS n FROM process_activity WHERE activity_name = 'Terminate' AND starts_with(process_uid, '${process}-')`,
  )
  return Number(rows[0]?.['n'])
}

/** What is stored of one way and did not happen so; empty when all is right. */
async function faultsOf(stack: Stack, argument: string, happened: Happened): Promise<string[]> {
  const { pids, first } = happened
  const [top = 0] = pids
  const faults: string[] = []
  const last = await runnerOf(stack, argument)
  const chain = await chainTo(stack, last, top)
  // A shell between may fork once more: what matters is that every pid that the program knows is there, in order.
  const known = chain.map(pidOf).filter((found) => pids.includes(found))
  if (known.join() !== pids.join())
    faults.push(`${chain.map(pidOf).join(' > ')}, the program says ${pids.join(' > ')}`)
  if (!argument.endsWith('-pid-reuse')) return faults
  const before = await runnerOf(stack, `${argument}-first-${first}`)
  const beforeChain = await chainTo(stack, before, top)
  if (pidOf(before) !== pidOf(last))
    faults.push(`the two have the pids ${pidOf(before)} and ${pidOf(last)}`)
  if (before === last) faults.push(`both lives are ${last}`)
  if (beforeChain.join() !== [chain[0], before].join())
    faults.push(`the first life descends by ${beforeChain.join(' > ')}`)
  for (const life of [before, last]) {
    const ends = await endsOf(stack, life)
    if (ends !== 1) faults.push(`${life} ended ${ends} times`)
  }
  return faults
}

export const acceptances: readonly Acceptance[] = [
  {
    id: 'ancestry',
    promise:
      'Whole ancestry right for double fork, setsid, exec -a, exec by a thread, vfork and exec, a parent that exits first, pid reuse',
    target: `${ways.length} of ${ways.length}`,
    inTests: true,
    needsRoot: true,
    async run({ root, folder, log }) {
      const program = testProgram('ancestry')
      await using stack = await startStack({ root, folder, log })
      const details: string[] = []
      const tag = `hg-anc-${process.pid}`
      let right = 0
      const all = new Map<string, Happened>()
      for (const way of ways) {
        const happened = await runProgram<Happened>(program, [tag, way])
        if (way === 'pid-reuse' && happened.first === 0)
          throw new Error('somebody else took the pid in each of 50 tries')
        all.set(way, happened)
      }
      await stack.settle()
      for (const [way, happened] of all) {
        const faults = await faultsOf(stack, `${tag}-${way}`, happened).catch((error: Error) => [
          error.message,
        ])
        if (faults.length === 0) right++
        details.push(...faults.map((fault) => `${way}: ${fault}`))
      }
      return {
        measured: `${right} of ${ways.length}`,
        n: ways.length,
        pass: right === ways.length,
        details,
      }
    },
  },
]
