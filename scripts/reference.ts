/**
 * Writes docs/reference from the tables in the code: errors, events, loss reasons, configuration, kernels, and
 * of @honeyguide/bpf from its declarations.
 * `npm run gen` writes, `npm run check` compares. A page that differs means: run gen and commit.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  errorRows,
  eventKindInfo,
  eventKinds,
  lossReasons,
  tables,
  views,
  type OcsfColumn,
  type TableDefinition,
} from '@honeyguide/model'
import { bpfErrors } from '@honeyguide/bpf'
import { bpfReference } from './bpf-reference.ts'
import type { KernelReport } from '../test/vm/kernel-report.ts'

const root = resolve(import.meta.dirname, '..')
const head = (title: string, from: string): string =>
  `# ${title}\n\nGenerated from \`${from}\` by \`npm run gen\`; do not edit.\n`
const row = (...cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`

function errors(): string {
  const table = (
    rows: Readonly<Record<string, { readonly what: string; readonly fix: string }>>,
  ): string[] => [
    row('code', 'what happened', 'what to do'),
    '|---|---|---|',
    ...Object.entries(rows).map(([code, { what, fix }]) => row(`\`${code}\``, what, fix)),
    '',
  ]
  return [
    head('Errors', 'packages/model/src/errors.ts` and `packages/bpf/src/error.ts'),
    ...table(errorRows),
    '## Of the eBPF library\n',
    'What a `BpfError` of `@honeyguide/bpf` carries. The sensor tells them as `HG_BPF_REFUSED` or `HG_BPF_UNAVAILABLE`, with these as the cause in its log.\n',
    ...table(bpfErrors),
  ].join('\n')
}

function reasons(): string {
  return [
    head('Loss reasons', 'packages/model/src/loss-reasons.ts'),
    'Every event that is not there has one of these, with an interval, in the view `losses` and beside every answer over that interval.\n',
    row('reason', 'where', 'what happened', 'what to do'),
    '|---|---|---|---|',
    ...Object.entries(lossReasons).map(([name, { where, what, fix }]) =>
      row(`\`${name}\``, where, what, fix),
    ),
    '',
  ].join('\n')
}

function events(): string {
  const bits = (flags: Readonly<Record<string, number>>): string =>
    Object.entries(flags)
      .map(([name, bit]) => `${Math.log2(bit)} ${name}`)
      .join(', ')
  const view = ([name, columns]: [string, Record<string, OcsfColumn>]): string[] => [
    `### ${name}\n`,
    row('column', 'type', 'what it holds'),
    '|---|---|---|',
    ...Object.entries(columns).map(([column, { type, doc, extension }]) =>
      row(`\`${column}\``, type, doc + (extension ? ' *(not in OCSF)*' : '')),
    ),
    '',
  ]
  const numbers = (
    title: string,
    of: TableDefinition['bits'],
    write: (names: Readonly<Record<string, number>>) => string,
  ): string[] =>
    Object.entries(of ?? {}).map(([column, names]) => `${title} \`${column}\`: ${write(names)}.\n`)
  const table = ([name, { id, ring, doc, columns, bits: flags, values }]: [
    string,
    TableDefinition,
  ]): string[] => [
    `### ${name}\n`,
    `Table ${id}; ring: ${ring}. ${doc}\n`,
    ...numbers('Bits of', flags, bits),
    ...numbers('Values of', values, (names) =>
      Object.entries(names)
        .map(([value, number]) => `${number} ${value}`)
        .join(', '),
    ),
    row('id', 'column', 'kind', 'what it holds'),
    '|---|---|---|---|',
    ...Object.entries(columns).map(([column, definition]) =>
      row(String(definition.id), `\`${column}\``, definition.kind, definition.doc),
    ),
    '',
  ]
  return [
    head('Events', 'packages/model/src/ocsf/activity.ts and packages/model/src/tables'),
    'Two forms of the same thing: **views**, with OCSF names, are what people, rules and exports see; **tables** are what travels between sensor and hub.\n',
    '## Views\n',
    ...Object.entries(views).flatMap(view),
    '## Kinds of events\n',
    'What a filter names by `kind`, finer than an OCSF activity where that says too little.\n',
    row('kind', 'view', 'activity', 'group', 'what it is'),
    '|---|---|---|---|---|',
    ...eventKinds.map((kind) => {
      const { class: of, activity, group, doc } = eventKindInfo(kind)
      return row(`\`${kind}\``, of.view, `${activity.id} ${activity.name}`, group, doc)
    }),
    '',
    '## Tables on the wire\n',
    ...Object.entries(tables).flatMap((entry) => table(entry as [string, TableDefinition])),
  ].join('\n')
}

/** From what each kernel said of itself (test/vm/kernel-report.ts), committed as JSON. */
async function kernels(): Promise<string> {
  const folder = join(root, 'test/vm/kernels')
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
  const reports = await Promise.all(
    names.map(
      async (name) => JSON.parse(await readFile(join(folder, name), 'utf8')) as KernelReport,
    ),
  )
  const parts = ({ version }: KernelReport): number[] => version.split('.').map(Number)
  reports.sort((a, b) => {
    const [x = [], y = []] = [parts(a), parts(b)]
    return (x[0] ?? 0) - (y[0] ?? 0) || (x[1] ?? 0) - (y[1] ?? 0)
  })
  const across = (
    wantedNames: Iterable<string>,
    cell: (report: KernelReport, name: string) => string,
  ) =>
    [...new Set(wantedNames)].map((name) =>
      row(`\`${name}\``, ...reports.map((report) => cell(report, name))),
    )
  const columns = [
    row('', ...reports.map(({ version }) => `Linux ${version}`)),
    `|---|${'---|'.repeat(reports.length)}`,
  ]
  const missing = reports.flatMap(({ version, features }) =>
    Object.entries(features).flatMap(([name, { supported, reason = '', since = '' }]) =>
      supported ? [] : [row(version, `\`${name}\``, reason, since)],
    ),
  )
  return [
    head('Kernels', 'test/vm/kernels/*.json'),
    "What each kernel that the tests run on reported of itself: features are found by using them, and the programs are those that the loader chose and attached. Again: `HONEYGUIDE_WRITE_KERNELS=1 bin/node --test test/vm/kernel-tests.vm.test.ts` for those in QEMU, `bin/node test/vm/kernel-report.ts --write` as root for this machine; then `npm run gen`. Those in QEMU are Debian's, started with `lsm=...,bpf`; 6.18 is a hardened one.\n",
    ...reports.map(({ version, release }) => `- Linux ${version}: \`${release}\``),
    '',
    '## Probes\n',
    ...columns,
    ...across(
      reports.flatMap(({ probes }) => Object.keys(probes)),
      (report, name) =>
        (report.probes[name] ?? [])
          .map(({ program, hook }) => `\`${program}\` on \`${hook}\``)
          .join('<br>') || 'not there',
    ),
    '',
    '## Features\n',
    ...columns,
    ...across(
      reports.flatMap(({ features }) => Object.keys(features)),
      // A feature that was not there yet when a kernel reported itself.
      ({ features }, name) => {
        const feature = features[name]
        return feature === undefined ? 'not asked' : feature.supported ? 'yes' : 'no'
      },
    ),
    '',
    '## What is missing, and why\n',
    row('Linux', 'feature', 'why not', 'in mainline since'),
    '|---|---|---|---|',
    ...missing,
    '',
  ].join('\n')
}

/** Every generated page: file name and text. */
export async function referencePages(): Promise<Record<string, string>> {
  const { configReference } = await import('../packages/model/src/config/reference.ts')
  return {
    'errors.md': errors(),
    'events.md': events(),
    'loss-reasons.md': reasons(),
    'config.md': configReference(),
    'kernels.md': await kernels(),
    'bpf.md': bpfReference(
      head('@honeyguide/bpf', 'the declarations and comments of packages/bpf/src'),
    ),
  }
}

/** Writes the pages; with `isCheck` compares only and returns the names of those that differ. */
export async function writeReference(isCheck: boolean): Promise<string[]> {
  const folder = join(root, 'docs/reference')
  await mkdir(folder, { recursive: true })
  const stale: string[] = []
  for (const [name, text] of Object.entries(await referencePages())) {
    const old = await readFile(join(folder, name), 'utf8').catch(() => '')
    if (old === text) continue
    stale.push(name)
    if (!isCheck) await writeFile(join(folder, name), text)
  }
  return stale
}

if (import.meta.main) {
  const isCheck = process.argv.includes('--check')
  const stale = await writeReference(isCheck)
  for (const name of stale)
    console.log(`${isCheck ? 'out of date' : 'written'}: docs/reference/${name}`)
  process.exitCode = isCheck && stale.length > 0 ? 1 : 0
}
