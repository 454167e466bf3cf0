/** The built-in attack, by many seeds, two at once and by somebody else's manifest: one incident each; ordinary work: none. */
import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseProcessUid, type Incident } from '@honeyguide/model'
import { techniqueTactic } from '../../packages/detect/src/attack/attack.ts'
import type { BenignSummary } from '../../packages/honeyguide/src/demo/benign/run-benign.ts'
import { works } from '../../packages/honeyguide/src/demo/benign/work.ts'
import type { Acceptance } from './harness/acceptance.ts'
import { attack, type Attack } from './harness/demonstration.ts'
import { processOf } from './harness/process-of.ts'
import { startStack, type Stack } from './harness/stack.ts'

const pidOf = (uid: string): number => parseProcessUid(uid)?.pid ?? 0
const quoted = (values: readonly (string | number)[]): string =>
  values.map((value) => (typeof value === 'number' ? value : `'${value}'`)).join(', ')

interface Deed {
  /** Its process. */
  readonly process: string
  /** Of the step that it is shown in. */
  readonly tactic: string
  readonly command: string
  readonly file: string
  /** Address and port for a connection; empty otherwise. */
  readonly endpoint: string
}

/** The stored events behind the steps of an incident. */
async function deedsOf(stack: Stack, incident: Incident): Promise<Deed[]> {
  const tactic = new Map(
    incident.steps.flatMap((step) => step.eventUids.map((uid) => [uid, step.tacticUid] as const)),
  )
  if (tactic.size === 0) return []
  const uids = quoted([...tactic.keys()])
  const execs = await stack.hunt(
    `SELECT event_uid, process_uid, process_cmd_line, process_file_path FROM process_activity WHERE event_uid IN (${uids})`,
  )
  const flows = await stack.hunt(
    `SELECT event_uid, actor_process_uid, dst_endpoint_ip, dst_endpoint_port FROM network_activity WHERE event_uid IN (${uids})`,
  )
  const missing = tactic.size - execs.rows.length - flows.rows.length
  if (missing > 0) throw new Error(`${missing} events of ${incident.uid} are not in the store`)
  return [...execs.rows, ...flows.rows].map((row) => ({
    process: processOf(String(row['process_uid'] ?? row['actor_process_uid'])),
    tactic: tactic.get(String(row['event_uid'])) ?? '',
    command: String(row['process_cmd_line'] ?? ''),
    file: String(row['process_file_path'] ?? ''),
    endpoint:
      row['dst_endpoint_port'] === undefined
        ? ''
        : `${row['dst_endpoint_ip']}:${row['dst_endpoint_port']}`,
  }))
}

/** Those of `processes` that do not descend from `ancestor`, by what was stored of forks and execs. */
async function strangers(
  stack: Stack,
  processes: ReadonlySet<string>,
  ancestor: string,
  since: string,
): Promise<string[]> {
  // Of who was left behind an exec tells init, a fork who it was: any way up is one.
  const parents = new Map<string, Set<string>>()
  let ask = [...processes]
  for (let depth = 0; ask.length > 0 && depth < 24; depth++) {
    for (const one of ask) parents.set(one, new Set())
    const { rows } = await stack.hunt(
      `SELECT DISTINCT process_uid, process_parent_process_uid FROM process_activity WHERE process_pid IN (${quoted([...new Set(ask.map(pidOf))])}) AND time >= '${since}' AND activity_name IN ('Launch', 'Fork')`,
    )
    const above = new Set<string>()
    for (const row of rows) {
      const own = processOf(String(row['process_uid']))
      const parent = processOf(String(row['process_parent_process_uid'] ?? ''))
      if (parent === '' || parent === own || !ask.includes(own)) continue
      parents.get(own)?.add(parent)
      above.add(parent)
    }
    ask = [...above].filter((one) => one !== ancestor && pidOf(one) > 2 && !parents.has(one))
  }
  const descends = (one: string, depth = 0): boolean =>
    one === ancestor ||
    (depth < 24 && [...(parents.get(one) ?? [])].some((above) => descends(above, depth + 1)))
  return [...processes].filter((one) => !descends(one))
}

/** Steps that an incident shows under their own tactic. A removal, or a line of shell, may stand under its neighbour's. */
const stepsOfOwnTactic: ReadonlySet<string> = new Set(['look', 'download', 'run', 'connect'])

/** What the demonstration printed and the incident does not show, each in a step of the right tactic. */
function missingOf(attacked: Attack, deeds: readonly Deed[]): string[] {
  const missing: string[] = []
  const [server] = attacked.steps
  for (const { step, technique, what } of attacked.steps) {
    const tactics = [...technique.matchAll(/T\d{4}(\.\d{3})?/g)].map(([uid]) =>
      techniqueTactic(uid),
    )
    const has = (isIt: (deed: Deed) => boolean, tactic: string | undefined): boolean =>
      deeds.some((deed) => (tactic === undefined || deed.tactic === tactic) && isIt(deed))
    const url = /http:\/\/\S+?(?=["'\s]|$)/.exec(what)?.[0] ?? ''
    const endpoint = /\d+\.\d+\.\d+\.\d+:\d+/.exec(what)?.[0] ?? ''
    const file = what.split(' ')[0] ?? ''
    const isShown =
      step === 'look'
        ? has((deed) => deed.command === what, tactics[0])
        : step === 'download'
          ? has((deed) => deed.command.includes(url), tactics[0])
          : step === 'run'
            ? has((deed) => deed.file === file || deed.command.startsWith(file), tactics[0]) &&
              has((deed) => deed.endpoint === endpoint, tactics[1])
            : step === 'connect'
              ? has((deed) => deed.endpoint === endpoint, tactics[0])
              : step === 'remove'
                ? has(
                    (deed) => deed.command.startsWith('rm ') && deed.command.endsWith(what),
                    undefined,
                  )
                : true
    if (!isShown) missing.push(`${step} ${what}`)
  }
  if (
    !server?.what.includes(`pid ${attacked.serverPid} `) &&
    !server?.what.includes(`pid ${attacked.serverPid})`)
  )
    missing.push('the server')
  return missing
}

/** Longest between an attack's last step and its whole incident, s; small runs have no threshold on time. */
const patience = { full: 10, small: 60 } as const

interface Verdict {
  /** Incidents that hold a process of the attack. */
  readonly own: readonly Incident[]
  /** What is wrong with it; empty when all is well. */
  readonly faults: readonly string[]
  /** Between the attack's last step and when the incident was whole. */
  readonly seconds: number
}

/**
 * Waits until the incident of the attack is there with all its steps, `withinS` after the last step at most, and says
 * whether it is one and holds nothing else. Incidents without a process of the attack are somebody else's.
 */
async function judge(stack: Stack, attacked: Attack, withinS: number): Promise<Verdict> {
  const since = new Date(Date.parse(attacked.steps[0]?.time ?? '') - 2000).toISOString()
  const find = async (): Promise<Incident[]> => {
    const found: Incident[] = []
    for (const { uid, lastTime } of await stack.incidents())
      if (lastTime >= since) found.push((await stack.incident(uid)).incident)
    return found
  }
  const isOwn = (incident: Incident): boolean =>
    pidOf(incident.rootProcessUid) === attacked.serverPid ||
    incident.nodes.some(
      ({ processUid, full }) =>
        pidOf(processUid ?? '') === attacked.serverPid || full.includes(attacked.folder),
    )
  // Whole as far as the incident alone tells: the store is asked afterwards, when it has everything.
  const looksWhole = (incident: Incident): boolean => {
    const tactics = new Set(incident.steps.map(({ tacticUid }) => tacticUid))
    return attacked.steps.every(
      ({ step, technique }) =>
        !stepsOfOwnTactic.has(step) ||
        [...technique.matchAll(/T\d{4}(\.\d{3})?/g)].every(([uid]) =>
          tactics.has(techniqueTactic(uid)),
        ),
    )
  }
  let own: Incident[] = []
  let seconds = 0
  do {
    own = (await find()).filter(isOwn)
    seconds = Math.max(0, (Date.now() - attacked.endedMs) / 1000)
    if (own.length === 1 && own.every(looksWhole)) break
    await sleep(100)
  } while (seconds < withinS)
  const faults: string[] = []
  if (own.length !== 1) faults.push(`${own.length} incidents within ${withinS} s`)
  await stack.settle()
  // What came after (there must be no second one, and nothing may have been added) counts, too.
  own = (await find()).filter(isOwn)
  if (own.length !== 1) faults.push(`${own.length} incidents in the end`)
  for (const incident of own) {
    if (pidOf(incident.rootProcessUid) !== attacked.serverPid)
      faults.push(`${incident.uid} begins at ${incident.rootProcessUid}`)
    const deeds = await deedsOf(stack, incident)
    faults.push(...missingOf(attacked, deeds).map((what) => `${incident.uid} lacks ${what}`))
    const processes = new Set([
      ...deeds.map((deed) => deed.process),
      ...incident.nodes.flatMap(({ processUid }) =>
        processUid === null ? [] : [processOf(processUid)],
      ),
    ])
    const server = processOf(incident.rootProcessUid)
    for (const one of await strangers(stack, processes, server, since))
      faults.push(
        `${incident.uid} holds pid ${pidOf(one)}: ${deeds.find((deed) => deed.process === one)?.command ?? ''}`,
      )
  }
  return { own, faults, seconds }
}

/** What `demo benign --json` said: how often each kind of work was done, and what it was in its words. */
function benignWork(stdout: string) {
  const kinds = new Map<string, { readonly times: number; readonly what: string }>()
  let summary: BenignSummary | undefined
  for (const line of stdout.trimEnd().split('\n')) {
    const said = JSON.parse(line) as { name: string; what: string } | { summary: BenignSummary }
    if ('summary' in said) summary = said.summary
    else if (!/^(?:skipped|failed): /.test(said.what))
      kinds.set(said.name, { times: (kinds.get(said.name)?.times ?? 0) + 1, what: said.what })
  }
  if (!summary) throw new Error(`demo benign did not come to its end: ${stdout.slice(-500)}`)
  return { summary, kinds }
}

/** A chain as somebody else writes one: other order, two files, names and pauses of their own. */
const manifest = `honeyguide: demo-chain/1
name: what a colleague wrote
server: { name: quote-service, kind: perl }
mode: requests
folder: zz-inbox
steps:
  - { do: look, commands: [whoami, uname -r, cat /etc/os-release], pauseMs: 700 }
  - { do: download, name: first.part, with: curl, payload: script, pauseMs: 400 }
  - { do: look, commands: [ps ax, ls /var/log] }
  - { do: run, name: first.part, times: 6, everyMs: 700, pauseMs: 900 }
  - { do: download, name: second.part, with: wget, payload: bash }
  - { do: run, name: second.part, times: 5, everyMs: 900, jitter: 0.1 }
  - { do: shell, command: 'echo "a note" > note.txt', technique: T1059.004 }
  - { do: remove, name: first.part }
  - { do: wait, pauseMs: 500 }
`

export const acceptances: readonly Acceptance[] = [
  {
    id: 'demo-attack',
    promise:
      '`demo attack --seed N`: 20 seeds, 20 incidents, each with all its steps and nothing of another, 10 s after its last step at most',
    target: '20 of 20',
    inTests: true,
    needsRoot: true,
    async run({ size, root, folder, log }) {
      const seeds = size === 'full' ? 20 : 2
      const details: string[] = []
      const seconds: number[] = []
      const uids = new Set<string>()
      await using stack = await startStack({ root, folder, log })
      let right = 0
      for (let seed = 1; seed <= seeds; seed++) {
        const verdict = await judge(stack, await attack(root, seed), patience[size])
        for (const { uid } of verdict.own) uids.add(uid)
        details.push(...verdict.faults.map((fault) => `seed ${seed}: ${fault}`))
        if (verdict.faults.length > 0) continue
        right++
        seconds.push(verdict.seconds)
      }
      if (uids.size !== seeds) details.push(`${uids.size} incidents of ${seeds} attacks`)
      return {
        measured: `${right} of ${seeds}, slowest ${Math.max(...seconds).toFixed(1)} s after its last step`,
        n: seeds,
        pass: right === seeds && uids.size === seeds,
        details,
      }
    },
  },
  {
    id: 'demo-two',
    promise: 'Two attacks at once are two incidents',
    target: '2 incidents, each with all steps of one and nothing of the other',
    inTests: true,
    needsRoot: true,
    async run({ size, root, folder, log }) {
      await using stack = await startStack({ root, folder, log })
      const attacks = await Promise.all([attack(root, 101), attack(root, 202)])
      const verdicts: Verdict[] = []
      for (const one of attacks) verdicts.push(await judge(stack, one, patience[size]))
      const uids = new Set(verdicts.flatMap(({ own }) => own.map(({ uid }) => uid)))
      const details = verdicts.flatMap(({ faults }) => faults)
      return {
        measured: `${uids.size} incidents`,
        n: 2,
        pass: uids.size === 2 && details.length === 0,
        details,
      }
    },
  },
  {
    id: 'demo-manifest',
    promise: 'A chain that someone else wrote in the documented manifest is one incident',
    target: '1 incident with all its steps',
    inTests: true,
    needsRoot: true,
    async run({ size, root, folder, log }) {
      await using stack = await startStack({ root, folder, log })
      await writeFile(`${folder}/chain.yaml`, manifest)
      const { own, faults } = await judge(
        stack,
        await attack(root, 1, ['--manifest', `${folder}/chain.yaml`]),
        patience[size],
      )
      return {
        measured: `${own.length} incident(s)`,
        n: 1,
        pass: own.length === 1 && faults.length === 0,
        details: faults,
      }
    },
  },
  {
    id: 'demo-benign',
    promise: '`demo benign` for 15 minutes, each kind of its work really done: 0 incidents',
    target: '0 incidents, nothing skipped, nothing failed',
    inTests: false,
    needsRoot: true,
    async run({ size, root, folder, log }) {
      await using stack = await startStack({ root, folder, log })
      const minutes = size === 'full' ? 15 : 0.5
      const since = new Date(Date.now() - 2000).toISOString()
      const demonstration = spawn(
        join(root, 'bin/honeyguide'),
        ['demo', 'benign', '--minutes', String(minutes), '--json'],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      )
      let stdout = ''
      let stderr = ''
      demonstration.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
      demonstration.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
      const timer = setTimeout(() => demonstration.kill('SIGKILL'), (minutes + 5) * 60_000)
      const code = await new Promise<number | null>((resolve, reject) => {
        demonstration.on('error', reject)
        demonstration.on('close', resolve)
      })
      clearTimeout(timer)
      await stack.settle()
      const { rows: starts } = await stack.hunt(
        `SELECT process_uid FROM process_activity WHERE process_pid = ${demonstration.pid} AND time >= '${since}' AND activity_name = 'Launch' AND process_cmd_line LIKE '% demo benign %'`,
      )
      const demonstrated = processOf(String(starts[0]?.['process_uid'] ?? ''))
      if (demonstrated === '') throw new Error('the demonstration itself is not in the store')
      const incidents: Incident[] = []
      const details: string[] = []
      for (const { uid } of await stack.incidents()) {
        const { incident } = await stack.incident(uid)
        const processes = new Set(
          [incident.rootProcessUid, ...incident.nodes.flatMap((node) => node.processUid ?? [])].map(
            processOf,
          ),
        )
        // What other people do on this machine at the same time is told, but not the demonstration's.
        const foreign = await strangers(stack, processes, demonstrated, since)
        const isOwn = foreign.length < processes.size
        if (isOwn) incidents.push(incident)
        details.push(
          `${uid}${isOwn ? '' : ' (of others on this machine)'}: ${incident.title.map(({ text }) => text).join('')}`,
        )
      }
      const { summary, kinds } = benignWork(stdout)
      const all = works.map(({ name }) => name)
      details.push(
        ...all.flatMap((name) => kinds.get(name)?.what ?? []),
        ...summary.skipped.map(({ name, why }) => `skipped ${name}: ${why}`),
        ...summary.failed.map(({ name, why }) => `failed ${name}: ${why}`),
      )
      if (code !== 0) details.push(`demo benign ended with ${code}: ${stderr.slice(-500)}`)
      // Half a minute is not enough for each, and a machine for tests may lack some.
      const undone = all.filter((name) => !kinds.has(name))
      const isAllDone = size === 'small' || undone.length === 0
      return {
        measured: `${incidents.length} incidents in ${minutes} minutes, ${summary.rounds} rounds: ${[...kinds].map(([name, { times }]) => `${name} ${times}`).join(', ')}${undone.length > 0 ? `; not done: ${undone.join(', ')}` : ''}`,
        n: summary.done,
        pass: code === 0 && incidents.length === 0 && summary.failed.length === 0 && isAllDone,
        details,
      }
    },
  },
]
