/** The built-in attack, by many seeds, two at once and by somebody else's manifest: one incident each; ordinary work: none. */
import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Acceptance } from './harness/acceptance.ts'
import { honeyguide, startStack, type Stack } from './harness/stack.ts'

interface DemoReport {
  readonly ended: string
  readonly steps: readonly {
    readonly technique: string
    readonly pid?: number
    readonly command?: string
  }[]
}

async function waitForIncidents(stack: Stack, count: number, timeoutMs: number) {
  const until = performance.now() + timeoutMs
  for (;;) {
    const incidents = await stack.incidents()
    if (incidents.length >= count || performance.now() > until) return incidents
    await sleep(250)
  }
}

/** Techniques of the chain that the incident does not have. */
async function missingSteps(stack: Stack, uid: string, report: DemoReport): Promise<string[]> {
  const { incident } = await stack.incident(uid)
  const have = new Set(incident.steps.map(({ techniqueUid }) => techniqueUid))
  const parents = new Set([...have].map((technique) => technique.split('.')[0]))
  return report.steps
    .map(({ technique }) => technique)
    .filter(
      (technique) =>
        technique !== '' && !have.has(technique) && !parents.has(technique.split('.')[0]),
    )
}

const attack = async (
  root: string,
  seed: number,
  more: readonly string[] = [],
): Promise<DemoReport> => {
  const { code, stdout, stderr } = await honeyguide(root, [
    'demo',
    'attack',
    '--seed',
    String(seed),
    '--json',
    ...more,
  ])
  if (code !== 0)
    throw new Error(`demo attack --seed ${seed} ended with ${code}: ${stderr.slice(-500)}`)
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as DemoReport
}

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
      await using stack = await startStack({ root, folder, log })
      let right = 0
      for (let seed = 1; seed <= seeds; seed++) {
        const report = await attack(root, seed)
        const incidents = await waitForIncidents(stack, seed, 10_000)
        if (incidents.length !== seed) {
          details.push(`seed ${seed}: ${incidents.length} incidents after 10 s`)
          if (incidents.length < seed) break
        }
        const newest = [...incidents].sort((a, b) => (a.firstTime < b.firstTime ? 1 : -1))[0]
        if (!newest) break
        await sleep(1000)
        const missing = await missingSteps(stack, newest.uid, report)
        if (missing.length > 0) details.push(`seed ${seed}: ${newest.uid} lacks ${missing.join()}`)
        else if (incidents.length === seed) right++
      }
      return { measured: `${right} of ${seeds}`, n: seeds, pass: right === seeds, details }
    },
  },
  {
    id: 'demo-two',
    promise: 'Two attacks at once are two incidents',
    target: '2 incidents, each with all its steps',
    inTests: true,
    needsRoot: true,
    async run({ root, folder, log }) {
      await using stack = await startStack({ root, folder, log })
      const reports = await Promise.all([attack(root, 101), attack(root, 202)])
      await waitForIncidents(stack, 2, 10_000)
      await sleep(2000)
      const incidents = await stack.incidents()
      const details: string[] = []
      for (const { uid } of incidents)
        for (const report of reports.slice(0, 1))
          details.push(
            ...(await missingSteps(stack, uid, report)).map((step) => `${uid} lacks ${step}`),
          )
      return {
        measured: `${incidents.length} incidents`,
        n: 2,
        pass: incidents.length === 2 && details.length === 0,
        details,
      }
    },
  },
  {
    id: 'demo-manifest',
    promise: 'A chain that someone else wrote in the documented manifest is one incident',
    target: '1 incident',
    inTests: true,
    needsRoot: true,
    async run({ root, folder, log }) {
      await using stack = await startStack({ root, folder, log })
      const example = await honeyguide(root, [
        'demo',
        'attack',
        '--print-manifest',
        '--seed',
        '4711',
      ])
      await writeFile(`${folder}/chain.yaml`, example.stdout)
      await attack(root, 1, ['--manifest', `${folder}/chain.yaml`])
      const incidents = await waitForIncidents(stack, 1, 10_000)
      return { measured: `${incidents.length} incident(s)`, n: 1, pass: incidents.length === 1 }
    },
  },
  {
    id: 'demo-benign',
    promise: '`demo benign` for 15 minutes: 0 incidents',
    target: '0 incidents',
    inTests: false,
    needsRoot: true,
    async run({ size, root, folder, log }) {
      await using stack = await startStack({ root, folder, log })
      const minutes = size === 'full' ? 15 : 0.5
      const { code, stdout, stderr } = await honeyguide(
        root,
        ['demo', 'benign', '--minutes', String(minutes)],
        { timeoutMs: (minutes + 5) * 60_000 },
      )
      await sleep(5000)
      const incidents = await stack.incidents()
      const details = incidents.map(
        ({ uid, title }) => `${uid}: ${title.map(({ text }) => text).join('')}`,
      )
      if (code !== 0) details.push(`demo benign ended with ${code}: ${stderr.slice(-500)}`)
      return {
        measured: `${incidents.length} incidents in ${minutes} minutes`,
        n: 1,
        pass: code === 0 && incidents.length === 0,
        details: [...details, ...stdout.split('\n').slice(-5)],
      }
    },
  },
]
