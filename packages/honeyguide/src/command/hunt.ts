/** `honeyguide hunt "SELECT ..."`: SQL over what is stored, through the hub's guard. */
import type { HuntAnswer, SchemaAnswer } from '@honeyguide/model'
import { HoneyguideError } from '@honeyguide/model/errors'
import { visible } from '@honeyguide/model/text'
import type { Command } from 'commander'
import { exitCodes } from '../exit-codes.ts'
import { formatTable } from '../terminal/table.ts'
import { createContext, hubOf, withShared, type SharedOptions } from './context.ts'
import { evidenceWords } from './evidence-words.ts'

interface HuntOptions extends SharedOptions {
  readonly limit?: string
  readonly schema?: boolean
  readonly requireComplete?: boolean
}

/** Rows as objects by column name; a name that comes twice gets a number. */
export function rowObjects(
  answer: Pick<HuntAnswer, 'columns' | 'rows'>,
): Record<string, unknown>[] {
  const names: string[] = []
  for (const { name } of answer.columns) {
    let unique = name
    for (let number = 2; names.includes(unique); number++) unique = `${name}_${number}`
    names.push(unique)
  }
  return answer.rows.map((row) =>
    Object.fromEntries(names.map((name, index) => [name, row[index] ?? null])),
  )
}

async function readStandardInput(): Promise<string> {
  const parts: string[] = []
  process.stdin.setEncoding('utf8')
  for await (const part of process.stdin as AsyncIterable<string>) parts.push(part)
  return parts.join('')
}

export function addHunt(program: Command): void {
  withShared(program.command('hunt [sql]'))
    .summary('ask what is stored, with one SELECT')
    .description(
      'Asks with SQL over the views that --schema lists. `-` reads the query from standard input. --json prints one object with `rows` (a list of objects), `complete` and what is known about gaps.',
    )
    .option('--limit <number>', 'most rows, 1 to 10000')
    .option('--schema', 'list views, columns and functions')
    .option('--require-complete', 'exit with 3 when something was lost in the interval asked about')
    .action(async (sql: string | undefined, options: HuntOptions) => {
      const hub = hubOf(createContext(options))
      if (options.schema === true) {
        const schema = await hub.get<SchemaAnswer>('/api/v1/schema')
        if (options.json === true) process.stdout.write(`${JSON.stringify(schema)}\n`)
        else
          for (const view of schema.views)
            process.stdout.write(
              `${view.name}: ${view.doc}\n${formatTable(
                ['  column', 'type', 'what'],
                view.columns.map(({ name, type, doc }) => [`  ${name}`, type, doc]),
                100,
              ).join('\n')}\n\n`,
            )
        return
      }
      if (sql === undefined)
        throw new HoneyguideError(
          'HG_USAGE',
          'a query is needed: honeyguide hunt "SELECT ..."; --schema lists what can be asked.',
        )
      const limit = options.limit === undefined ? undefined : Number(options.limit)
      if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= 10_000))
        throw new HoneyguideError('HG_USAGE', '--limit is a number from 1 to 10000.')
      const text = sql === '-' ? await readStandardInput() : sql
      const answer = await hub.post<HuntAnswer>('/api/v1/hunt', {
        sql: text,
        ...(limit === undefined ? {} : { limit }),
      })
      const { evidence } = answer
      if (options.json === true) {
        const { complete, lost, offered, gaps, gapCount } = evidence
        process.stdout.write(
          `${JSON.stringify({ columns: answer.columns, rows: rowObjects(answer), complete, truncated: answer.truncated, from: answer.from, to: answer.to, elapsedMs: answer.elapsedMs, rowsRead: answer.rowsRead, evidence: { complete, offered, lost, gapCount, gaps } })}\n`,
        )
      } else {
        const lines = formatTable(
          answer.columns.map(({ name }) => name),
          answer.rows,
        )
        lines.push(
          `${answer.rows.length} ${answer.rows.length === 1 ? 'row' : 'rows'}${answer.truncated ? ' (there are more; narrow the query or raise --limit)' : ''} in ${answer.elapsedMs.toFixed(0)} ms. ${evidenceWords(evidence)}`,
        )
        process.stdout.write(`${lines.join('\n')}\n`)
        for (const gap of evidence.gaps.slice(0, 5))
          process.stdout.write(
            `  ${visible(`${gap.from} to ${gap.to}: ${gap.lost} of ${gap.offered} events of ${gap.hook} on ${gap.host} lost (${gap.reason}). ${gap.mayHide}`)}\n`,
          )
      }
      if (options.requireComplete === true && !evidence.complete)
        process.exitCode = exitCodes.incomplete.code
    })
}
