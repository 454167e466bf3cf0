/**
 * Runs acceptance scripts: `npm run acceptance -- [id…] [--small] [--json] [--list] [--page]`.
 *
 * Prints id, target, measured, n, spread, self, pass; exits 1 when one falls short; a full run of any writes
 * docs/acceptance.md with kernel, load average and commit. `--page` only writes it again. A void run is repeated, at most five times.
 */
import { execFileSync } from 'node:child_process'
import { glob, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { loadavg, cpus, release, tmpdir, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Acceptance, Measured } from '../test/acceptance/harness/acceptance.ts'
import { benchmarkPage } from './benchmarks.ts'
import { promiseOrder } from '../test/acceptance/harness/promise-order.ts'

const root = resolve(import.meta.dirname, '..')

/** Every script, in the order of the promises. Throws when two have the same id. */
export async function loadAcceptances(): Promise<Acceptance[]> {
  const files = (
    await Array.fromAsync(glob('test/acceptance/*.acceptance.ts', { cwd: root }))
  ).sort()
  const all: Acceptance[] = []
  for (const file of files) {
    const module = (await import(join(root, file))) as { acceptances: readonly Acceptance[] }
    all.push(...module.acceptances)
  }
  const ids = new Set<string>()
  for (const { id } of all) {
    if (ids.has(id)) throw new Error(`two acceptance scripts are named ${id}`)
    ids.add(id)
  }
  const place = ({ id }: Acceptance): number => {
    const at = promiseOrder.indexOf(id)
    return at < 0 ? promiseOrder.length : at
  }
  return all.sort((a, b) => place(a) - place(b) || (a.id < b.id ? -1 : 1))
}

/** Runs one, again while it is void. */
export async function runAcceptance(
  acceptance: Acceptance,
  size: 'full' | 'small',
  log: (text: string) => void,
): Promise<Measured> {
  for (let attempt = 1; ; attempt++) {
    const folder = await mkdtemp(join(tmpdir(), `hg-${acceptance.id}-`))
    const abort = new AbortController()
    try {
      const measured = await acceptance.run({ size, root, folder, log, signal: abort.signal })
      if (!measured.isVoid || attempt === 5)
        return measured.isVoid ? { ...measured, pass: false } : measured
      log(`${acceptance.id}: void (self ${measured.self}), again`)
    } finally {
      abort.abort()
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    }
  }
}

interface Row extends Measured {
  readonly id: string
  readonly promise: string
  readonly target: string
  readonly minutes: number
  readonly load: number
  readonly date: string
  readonly commit: string
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      small: { type: 'boolean' },
      json: { type: 'boolean' },
      list: { type: 'boolean' },
      verbose: { type: 'boolean' },
      page: { type: 'boolean' },
    },
  })
  const all = await loadAcceptances()
  if (values.list) {
    for (const { id, target, promise } of all)
      console.log(`${id.padEnd(20)} ${target}\n${''.padEnd(20)} ${promise}`)
    return
  }
  if (values.page) return writePage(all, [])
  const chosen = positionals.length === 0 ? all : all.filter(({ id }) => positionals.includes(id))
  const unknown = positionals.filter((id) => !all.some((found) => found.id === id))
  if (unknown.length > 0)
    throw new Error(`no acceptance script is named ${unknown.join(', ')}; --list shows them`)
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: root,
    encoding: 'utf8',
  }).trim()
  const rows: Row[] = []
  for (const acceptance of chosen) {
    const { id, promise, target, needsRoot } = acceptance
    const began = performance.now()
    let measured: Measured
    try {
      measured =
        needsRoot && process.getuid?.() !== 0
          ? { measured: 'needs root', n: 0, pass: false }
          : await runAcceptance(
              acceptance,
              values.small ? 'small' : 'full',
              (text) => values.verbose && console.error(text),
            )
    } catch (error) {
      measured = {
        measured: `failed: ${(error as Error).message.slice(0, 2000)}`,
        n: 0,
        pass: false,
      }
    }
    const row: Row = {
      ...measured,
      id,
      promise,
      target,
      minutes: (performance.now() - began) / 60_000,
      load: loadavg()[0] ?? 0,
      date: new Date().toISOString().slice(0, 10),
      commit,
    }
    rows.push(row)
    if (values.json) console.log(JSON.stringify(row))
    else {
      console.log(
        `${row.pass ? 'pass' : 'FAIL'}  ${id}  (${row.minutes.toFixed(1)} min, load ${row.load.toFixed(1)})`,
      )
      console.log(
        `      target   ${target}\n      measured ${row.measured}  n ${row.n}${row.spread ? `  spread ${row.spread}` : ''}${row.self ? `  self ${row.self}` : ''}`,
      )
      for (const detail of row.details ?? []) console.log(`      ${detail}`)
    }
  }
  if (!values.small) await writePage(all, rows)
  const failed = rows.filter(({ pass }) => !pass).length
  if (!values.json) console.log(`${rows.length - failed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}

/**
 * docs/acceptance.md: every script in the order of the promises, with its newest full result. Those that did not
 * run now are kept as they were; those that never did say so; results of scripts that are gone go.
 */
async function writePage(all: readonly Acceptance[], rows: readonly Row[]): Promise<void> {
  const keep = join(root, 'docs/acceptance.json')
  const old = JSON.parse(await readFile(keep, 'utf8').catch(() => '[]')) as Row[]
  const newest = new Map([...old, ...rows].map((row) => [row.id, row]))
  await mkdir(join(root, 'docs'), { recursive: true })
  await writeFile(
    keep,
    `${JSON.stringify(
      all.flatMap(({ id }) => newest.get(id) ?? []),
      null,
      2,
    )}\n`,
  )
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
  const cells = ({ id, promise, target }: Acceptance): readonly string[] => {
    const row = newest.get(id)
    if (!row) return [id, promise, target, 'not run yet', '', '', '', '', '', '']
    return [
      id,
      promise,
      target,
      row.measured,
      String(row.n),
      row.spread ?? '',
      row.self ?? '',
      row.pass ? 'yes' : '**no**',
      row.load.toFixed(1),
      `${row.commit}, ${row.date}`,
    ]
  }
  const lines = [
    '# What was promised and what was measured',
    '',
    `Written by \`npm run acceptance\` on Linux ${release()}, ${cpus().length} processors, ${Math.round(totalmem() / 2 ** 30)} GiB, shared with other work. Each row is the newest full run of its script.`,
    '',
    '| id | promise | target | measured | n | spread | self | pass | load | commit, date |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...all.map((acceptance) => `| ${cells(acceptance).map(cell).join(' | ')} |`),
    '',
  ]
  await writeFile(join(root, 'docs/acceptance.md'), lines.join('\n'))
  await writeFile(
    join(root, 'docs/benchmarks.md'),
    benchmarkPage(
      all.flatMap(({ id }) => newest.get(id) ?? []),
      `Linux ${release()} with ${cpus().length} processors, shared with other work`,
    ),
  )
}

if (import.meta.main) await main()
