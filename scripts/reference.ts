/**
 * Writes docs/reference from the tables in the code: errors, events, loss reasons, configuration, kernels.
 * `npm run gen` writes, `npm run check` compares. A page that differs means: run gen and commit.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  errorRows,
  imageFlags,
  lossReasons,
  tables,
  tcpFlags,
  tcpOperations,
  views,
  type OcsfColumn,
  type TableDefinition,
} from '@honeyguide/model'

const root = resolve(import.meta.dirname, '..')
const head = (title: string, from: string): string =>
  `# ${title}\n\nGenerated from \`${from}\` by \`npm run gen\`; do not edit.\n`
const row = (...cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`

function errors(): string {
  return [
    head('Errors', 'packages/model/src/errors.ts'),
    row('code', 'what happened', 'what to do'),
    '|---|---|---|',
    ...Object.entries(errorRows).map(([code, { what, fix }]) => row(`\`${code}\``, what, fix)),
    '',
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
  const table = ([name, { id, ring, doc, columns }]: [string, TableDefinition]): string[] => [
    `### ${name}\n`,
    `Table ${id}; ring: ${ring}. ${doc}\n`,
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
    '## Tables on the wire\n',
    `Bits of image \`flags\`: ${bits(imageFlags)}.\n`,
    `Bits of tcp \`flags\`: ${bits(tcpFlags)}. Values of \`operation\`: ${Object.entries(
      tcpOperations,
    )
      .map(([name, value]) => `${value} ${name}`)
      .join(', ')}.\n`,
    ...Object.entries(tables).flatMap((entry) => table(entry as [string, TableDefinition])),
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
