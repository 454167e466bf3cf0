/** More than can be taken: what is stored and what is told as lost add up to what was offered, exactly. */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Acceptance, Measured, RunContext } from './harness/acceptance.ts'
import { type Counted, runProgram, startProgram, testProgram } from './harness/program.ts'
import { startStack, type Stack } from './harness/stack.ts'

/** The kernel's own counts of TCP in this network namespace (RFC 4022): connects, accepts, and open ones. */
async function tcpCounts() {
  const lines = (await readFile('/proc/net/snmp', 'utf8'))
    .split('\n')
    .filter((line) => line.startsWith('Tcp:'))
  const [names = [], values = []] = lines.map((line) => line.split(' '))
  const of = (name: string): number => Number(values[names.indexOf(name)])
  return { opens: of('ActiveOpens') + of('PassiveOpens'), established: of('CurrEstab') }
}

type TcpCounts = Awaited<ReturnType<typeof tcpCounts>>

/**
 * Most events that everybody else's connections can have been: a loss does not say whose it is, so that
 * many may be in the sum beyond what the generator did. An open and a close for each, and a close for each
 * that was there before; and sockets that others begin to listen on, which the kernel does not count.
 */
function othersAtMost(
  before: TcpCounts,
  after: TcpCounts,
  { count, listening }: { readonly count: number; readonly listening: number },
): number {
  return 2 * (after.opens - before.opens - 2 * count) + before.established + listening
}

/** Servers that others start meanwhile: a small run has other suites beside it. */
const mostListening = { full: 0, small: 16 } as const

/** Nothing is missing, and nothing is there that nobody did. */
function addsUp(rest: number, others: number): boolean {
  return rest <= 0 && -rest <= others
}

/** Rows stored of this generator's connections, and what was lost of the network hook meanwhile. */
async function connectSum(stack: Stack, { self, from_ns }: Counted) {
  const from = new Date(Number(BigInt(from_ns) / 1_000_000n) - 1000).toISOString()
  const stored = await stack.hunt(
    `SELECT count(*) AS n FROM network_activity WHERE actor_process_pid = ${self} AND time >= TIMESTAMP '${from.slice(0, -1)}' AND activity_name <> 'Listen'`,
  )
  const lost = await stack.hunt(
    `SELECT coalesce(sum(lost), 0) AS n FROM losses WHERE hook LIKE 'tcp%'`,
  )
  return { stored: Number(stored.rows[0]?.['n']), lost: Number(lost.rows[0]?.['n']) }
}

/** Five runs (one when small), each with a Honeyguide of its own, that `one` puts under load and adds up. */
async function inRuns(
  { size, root, folder, log }: RunContext,
  one: (
    stack: Stack,
    run: number,
  ) => Promise<{ readonly isRight: boolean; readonly shown: string }>,
): Promise<Measured> {
  const runs = size === 'full' ? 5 : 1
  const sums: { readonly isRight: boolean; readonly shown: string }[] = []
  for (let run = 0; run < runs; run++) {
    await using stack = await startStack({ root, folder: `${folder}/${run}`, log })
    sums.push(await one(stack, run))
  }
  const right = sums.filter(({ isRight }) => isRight).length
  return {
    measured: `${right} of ${runs}: ${sums.map(({ shown }) => shown).join('; ')}`,
    n: runs,
    pass: right === runs,
  }
}

export const acceptances: readonly Acceptance[] = [
  {
    id: 'overload-connects',
    promise:
      'Overload by one unpaced generator of connects: stored + lost (by reason and interval) = what it did, difference 0',
    target: 'difference 0 in 5 of 5 runs',
    inTests: true,
    needsRoot: true,
    async run(context) {
      const program = testProgram('numbered-connects')
      const seconds = context.size === 'full' ? 10 : 1
      return inRuns(context, async (stack) => {
        const before = await tcpCounts()
        const done = await runProgram<Counted>(program, [seconds, 0, 0])
        const others = othersAtMost(before, await tcpCounts(), {
          count: done.count,
          listening: mostListening[context.size],
        })
        await stack.settle(300_000)
        // Each connection is offered four times: connect, accept and two closes.
        const offered = done.count * 4
        const { stored, lost } = await connectSum(stack, done)
        const rest = offered - stored - lost
        return {
          isRight: lost === 0 ? rest === 0 : addsUp(rest, others),
          shown: `${offered} = ${stored} + ${lost} (${rest}, others at most ${others})`,
        }
      })
    },
  },
  {
    id: 'overload-forks',
    promise:
      'Overload by one unpaced generator of forks: stored + lost = what it did; with the hub away no lifecycle event is lost',
    target: 'difference 0 in 5 of 5 runs, lost 0 with the hub away',
    inTests: true,
    needsRoot: true,
    async run(context) {
      const program = testProgram('fork-storm')
      const seconds = context.size === 'full' ? 10 : 1
      return inRuns(context, async (stack, run) => {
        const isHubAway = run % 2 === 0
        const { hub } = await stack.pids()
        if (isHubAway && hub) process.kill(hub, 'SIGSTOP')
        const done = await runProgram<Counted>(program, [seconds, 0])
        if (isHubAway && hub) process.kill(hub, 'SIGCONT')
        await stack.settle(300_000)
        const stored = await stack.hunt(`SELECT
            count(*) FILTER (WHERE activity_name = 'Fork') AS forks, count(*) FILTER (WHERE activity_name = 'Terminate') AS exits
          FROM process_activity WHERE process_parent_process_pid = ${done.self}`)
        const lost = await stack.hunt(
          `SELECT hook, sum(lost) AS n FROM losses WHERE hook IN ('fork', 'exit') GROUP BY hook`,
        )
        const lostOf = (hook: string): number =>
          Number(lost.rows.find((row) => row['hook'] === hook)?.['n'] ?? 0)
        const forks = Number(stored.rows[0]?.['forks'])
        const exits = Number(stored.rows[0]?.['exits'])
        return {
          isRight:
            forks + lostOf('fork') === done.count &&
            exits + lostOf('exit') === done.count &&
            (!isHubAway || lostOf('fork') + lostOf('exit') === 0),
          shown: `${done.count}: fork ${forks} + ${lostOf('fork')}, exit ${exits} + ${lostOf('exit')}${isHubAway ? ' (hub away)' : ''}`,
        }
      })
    },
  },
  {
    id: 'stopped-sensor',
    promise:
      'Sensor stopped (SIGSTOP) for 5 s under load: the sum holds and a hunt over it says that it is incomplete',
    target: 'difference 0; hunt incomplete exactly when something was lost',
    inTests: true,
    needsRoot: true,
    async run({ size, root, folder, log }) {
      const program = testProgram('numbered-connects')
      const seconds = size === 'full' ? 9 : 4
      const stopMs = size === 'full' ? 5000 : 2000
      await using stack = await startStack({ root, folder, log })
      const { sensor } = await stack.pids()
      if (!sensor) throw new Error('status names no sensor')
      const before = await tcpCounts()
      const { answer } = startProgram<Counted>(program, [seconds, 0, 0])
      await sleep(1000)
      process.kill(sensor, 'SIGSTOP')
      await sleep(stopMs)
      process.kill(sensor, 'SIGCONT')
      const done = await answer
      const others = othersAtMost(before, await tcpCounts(), {
        count: done.count,
        listening: mostListening[size],
      })
      await stack.settle(300_000)
      const { stored, lost } = await connectSum(stack, done)
      const hunt = await stack.hunt('SELECT count(*) AS n FROM network_activity')
      const isToldIncomplete = !hunt.answer.evidence.complete
      const rest = done.count * 4 - stored - lost
      return {
        measured: `${done.count * 4} = ${stored} + ${lost} (${rest}, others at most ${others}); hunt ${isToldIncomplete ? 'incomplete' : 'complete'}, ${hunt.answer.evidence.gapCount} gaps`,
        n: 1,
        pass: addsUp(rest, others) && isToldIncomplete === lost > 0 && lost > 0,
      }
    },
  },
]
