/** The same recording twice, and live against replay: identical incidents. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseProcessUid } from '@honeyguide/model'
import type { Acceptance } from './harness/acceptance.ts'
import { attack } from './harness/demonstration.ts'
import { startStack, type Stack } from './harness/stack.ts'

/** Incidents without what a replay may change: wall times (a replay shifts them) stay relative to the first step. */
async function incidentsOf(stack: Stack, serverPid: number): Promise<string[]> {
  const found: string[] = []
  for (const { uid } of await stack.incidents()) {
    const { incident } = await stack.incident(uid)
    // What others do on this machine may begin before the recording or go on after it.
    if (parseProcessUid(incident.rootProcessUid)?.pid !== serverPid) continue
    const { steps, nodes, edges, reasons, findings, title, severity } = incident
    found.push(
      JSON.stringify({
        uid,
        severity,
        title,
        steps: steps.map(({ time: _, ...step }) => step),
        nodes: nodes.map(({ firstTime: _, ...node }) => node),
        edges: edges.map(({ time: _, ...edge }) => edge),
        reasons,
        findings: findings.map(({ time: _, ...finding }) => finding),
      }),
    )
  }
  return found.sort()
}

async function replay(
  root: string,
  serverPid: number,
  folder: string,
  file: string,
  log: (text: string) => void,
): Promise<string[]> {
  await using stack = await startStack({
    root,
    folder,
    args: ['--replay', file, '--speed', '50'],
    log,
  })
  const until = performance.now() + 60_000
  let last = ''
  let still = 0
  while (performance.now() < until && still < 8) {
    await sleep(500)
    const now = JSON.stringify(await incidentsOf(stack, serverPid))
    still = now === last && now !== '[]' ? still + 1 : 0
    last = now
  }
  // Awaited here: the hub is ended when this function is left.
  return await incidentsOf(stack, serverPid)
}

export const acceptances: readonly Acceptance[] = [
  {
    id: 'replay',
    promise: 'The same recording twice, and live against replay: identical incidents',
    target: 'identical',
    inTests: true,
    needsRoot: true,
    async run({ root, folder, log }) {
      const file = join(folder, 'recording.hgr')
      let live: string[]
      let serverPid: number
      {
        await using stack = await startStack({ root, folder: join(folder, 'live'), log })
        const record = spawn(
          join(root, 'bin/honeyguide'),
          ['record', file, '--state', stack.state],
          { stdio: 'ignore' },
        )
        await sleep(1500)
        const attacked = await attack(root, 31)
        serverPid = attacked.serverPid
        await stack.settle()
        await sleep(2000)
        record.kill('SIGINT')
        await new Promise((resolve) => record.on('close', resolve))
        live = await incidentsOf(stack, serverPid)
      }
      const first = await replay(root, serverPid, join(folder, 'first'), file, log)
      const second = await replay(root, serverPid, join(folder, 'second'), file, log)
      const isSame =
        live.length > 0 &&
        live.join('\n') === first.join('\n') &&
        first.join('\n') === second.join('\n')
      return {
        measured: isSame
          ? `identical (${live.length} incident)`
          : `live ${live.length}, first ${first.length}, second ${second.length}, ${first.join() === second.join() ? 'replays identical' : 'replays differ'}`,
        n: 3,
        pass: isSame,
        details: isSame
          ? []
          : [`live:  ${live.join(' ').slice(0, 4000)}`, `first: ${first.join(' ').slice(0, 4000)}`],
      }
    },
  },
]
