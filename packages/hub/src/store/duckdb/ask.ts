/**
 * People's SQL: guarded, on a connection of its own, in a read-only transaction, bounded in time, rows and bytes.
 *
 * The guard looks at the parsed tree on an instance without data. What it lets through still runs under
 * DuckDB's memory limit and, in the store's process, under the ceiling of its data segment.
 */
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { HoneyguideError, type HuntAnswer, type ViewName } from '@honeyguide/model'
import {
  checkTree,
  guardLimits,
  rowNumberColumn,
  type CheckedQuery,
  type Json,
  type RegexpMatch,
  type TimeBound,
} from '../guard/check-tree.ts'
import { SqlRefused } from '../guard/sql-refused.ts'
import { firstLine, isForWantOfMemory } from './duckdb-error.ts'
import { uidHints } from './uid-hints.ts'
import { toCell, type JsonCell } from './values.ts'
import { pickRows } from './picked-rows.ts'
import { viewSelect } from './view-sql.ts'

export const askLimits = {
  timeoutMs: 10_000,
  rows: 10_000,
  /** Of the answer as JSON, roughly. */
  bytes: 16 * 1024 * 1024,
} as const

/** An answer without what the losses say of it. Times in µs since 1970; null where the query sets no bound. */
export interface AskAnswer extends Omit<HuntAnswer, 'evidence' | 'from' | 'to'> {
  readonly fromUs: number | null
  readonly toUs: number | null
  readonly views: readonly string[]
}

/** Throws SqlRefused. */
export async function guard(parser: DuckDBConnection, sql: string): Promise<CheckedQuery> {
  if (sql.trim() === '') throw new SqlRefused('it is empty')
  if (sql.length > guardLimits.sqlLength)
    throw new SqlRefused(`it is longer than ${guardLimits.sqlLength} characters`)
  if (sql.includes('\0')) throw new SqlRefused('it holds a NUL character')
  let open = 0
  for (const [bracket] of sql.matchAll(/[()]/g)) {
    open += bracket === '(' ? 1 : -1
    if (open > guardLimits.brackets)
      throw new SqlRefused(
        `it is nested more than ${guardLimits.brackets} brackets deep; flatten it`,
      )
  }
  let tree: Json
  try {
    const answer = await parser.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)::VARCHAR', [
      sql,
    ])
    tree = JSON.parse(String(answer.getRows()[0]?.[0])) as Json
  } catch (cause) {
    throw new SqlRefused(`it could not be parsed: ${firstLine(cause)}`)
  }
  return checkTree(sql, tree)
}

/** Without places: "none" is 2^64 - 1 there, which JSON's numbers do not carry back. */
function unplaced(value: Json): Json {
  if (Array.isArray(value)) return value.map(unplaced)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      key === 'query_location' ? 0 : unplaced(part),
    ]),
  )
}

/** What the bounds say, in µs; undefined when they cannot be computed. */
async function boundValue(parser: DuckDBConnection, bound: TimeBound): Promise<number | undefined> {
  const select = {
    error: false,
    statements: [
      {
        node: {
          type: 'SELECT_NODE',
          modifiers: [],
          cte_map: { map: [] },
          select_list: [
            {
              class: 'CAST',
              type: 'OPERATOR_CAST',
              alias: '',
              query_location: 0,
              child: unplaced(bound.expression),
              cast_type: { id: 'TIMESTAMP', type_info: null },
              try_cast: false,
            },
          ],
          from_table: { type: 'EMPTY', alias: '', sample: null, query_location: 0 },
          where_clause: null,
          group_expressions: [],
          group_sets: [],
          aggregate_handling: 'STANDARD_HANDLING',
          having: null,
          sample: null,
          qualify: null,
        },
        named_param_map: [],
      },
    ],
  }
  try {
    const sql = (
      await parser.runAndReadAll('SELECT json_deserialize_sql($1::JSON)', [JSON.stringify(select)])
    ).getRows()[0]?.[0]
    const value = (
      await parser.runAndReadAll(`SELECT epoch_us(x) FROM (${String(sql)}) t(x)`)
    ).getRows()[0]?.[0]
    return typeof value === 'bigint' ? Number(value) : undefined
  } catch {
    return undefined
  }
}

/** The interval that the whole query could see: the union over its views of the bounds of each. */
async function seenInterval(
  parser: DuckDBConnection,
  query: CheckedQuery,
): Promise<{ fromUs: number | null; toUs: number | null }> {
  let fromUs: number | null | undefined
  let toUs: number | null | undefined
  for (const bounds of query.times) {
    let from: number | null = null
    let to: number | null = null
    for (const bound of bounds) {
      const value = await boundValue(parser, bound)
      if (value === undefined) continue
      if (bound.side === 'from') from = from === null ? value : Math.max(from, value)
      else to = to === null ? value : Math.min(to, value)
    }
    fromUs =
      fromUs === undefined ? from : fromUs === null || from === null ? null : Math.min(fromUs, from)
    toUs = toUs === undefined ? to : toUs === null || to === null ? null : Math.max(toUs, to)
  }
  return { fromUs: fromUs ?? null, toUs: toUs ?? null }
}

/** DuckDB's error as one of ours. */
export function mapError(error: unknown, timedOut: boolean): Error {
  if (error instanceof HoneyguideError) return error
  const message = firstLine(error)
  if (timedOut || /INTERRUPT/i.test(message))
    return new HoneyguideError('HG_SQL_CANCELLED', `It ran for ${askLimits.timeoutMs / 1000} s.`)
  if (isForWantOfMemory(message))
    return new HoneyguideError(
      'HG_SQL_CANCELLED',
      'It needed more memory than there is for one query.',
    )
  return new SqlRefused(message)
}

/** Defines the views that a query reads, on its own connection, with the columns it names. */
export async function defineViews(
  connection: DuckDBConnection,
  names: Iterable<string>,
  columns: ReadonlySet<string> | 'all',
  matches: readonly RegexpMatch[] = [],
): Promise<void> {
  for (const view of names)
    await connection.run(
      `CREATE OR REPLACE TEMP VIEW ${view} AS ${viewSelect(view as ViewName, columns, { matches })}`,
    )
}

/** Few columns are cheap to put together for every row. */
function isSmall(columns: CheckedQuery['columns']): boolean {
  return columns !== 'all' && columns.size <= 3
}

/**
 * Chooses the rows of a row-by-row query first, by what its conditions and order name, and defines its view
 * over these alone. Putting together all columns of all rows to keep a hundred would need gigabytes.
 */
async function choose(
  connection: DuckDBConnection,
  parser: DuckDBConnection,
  view: ViewName,
  query: CheckedQuery,
  choice: NonNullable<CheckedQuery['choice']>,
  most: number,
): Promise<void> {
  await connection.run(
    `CREATE OR REPLACE TEMP VIEW ${view} AS ${viewSelect(view, choice.columns, { rowNumber: rowNumberColumn, where: uidHints(view, choice.equalities), matches: query.matches })}`,
  )
  const narrow = (
    await parser.runAndReadAll('SELECT json_deserialize_sql($1::JSON)', [
      JSON.stringify(unplaced(choice.tree)),
    ])
  ).getRows()[0]?.[0]
  const picked = await pickRows(
    connection,
    view,
    `SELECT r FROM (${String(narrow)}) LIMIT ${most + 1}`,
    query.columns,
  )
  await connection.run(`CREATE OR REPLACE TEMP VIEW ${view} AS ${picked}`)
}

/** Runs one query. Throws HG_SQL_REFUSED (SqlRefused, with the place) or HG_SQL_CANCELLED. */
export async function ask(
  instance: DuckDBInstance,
  parser: DuckDBConnection,
  sql: string,
  limit: number = askLimits.rows,
  timeoutMs: number = askLimits.timeoutMs,
): Promise<AskAnswer> {
  const begun = performance.now()
  const query = await guard(parser, sql)
  const interval = await seenInterval(parser, query)
  const most = Math.max(1, Math.min(Math.floor(limit), askLimits.rows))
  const connection = await instance.connect()
  let timedOut = false
  let timer: NodeJS.Timeout | undefined
  try {
    timer = setTimeout(function interrupt() {
      timedOut = true
      connection.interrupt()
      // Again and again: an interrupt that comes between two steps is forgotten.
      timer = setTimeout(interrupt, 100)
    }, timeoutMs)
    // As time with a zone, `time > now() - ...` would turn every stored time into one and read them all:
    // 1,187 ms instead of 1.2 ms for an hour of eight million rows.
    for (const name of ['now', 'get_current_timestamp'])
      await connection.run(
        `CREATE OR REPLACE TEMP MACRO ${name}() AS transaction_timestamp()::TIMESTAMP`,
      )
    const [view] = query.views
    if (query.choice && view !== undefined && !isSmall(query.columns))
      await choose(connection, parser, view as ViewName, query, query.choice, most)
    else await defineViews(connection, query.views, query.columns, query.matches)
    await connection.run('BEGIN TRANSACTION READ ONLY')
    const result = await connection.stream(sql)
    const columns = result.columnNames().map((name, at) => ({
      name,
      type: result.columnType(at).toString(),
    }))
    const rows: JsonCell[][] = []
    let bytes = 0
    let truncated = false
    for (;;) {
      const chunk = await result.fetchChunk()
      if (!chunk || chunk.rowCount === 0) break
      const values = chunk.getRows()
      for (const row of values) {
        if (rows.length >= most || bytes > askLimits.bytes) {
          truncated = true
          break
        }
        const cells = row.map(toCell)
        for (const cell of cells) bytes += typeof cell === 'string' ? cell.length + 3 : 8
        rows.push(cells)
      }
      if (truncated || timedOut) break
    }
    if (timedOut) throw new HoneyguideError('HG_SQL_CANCELLED', `It ran for ${timeoutMs / 1000} s.`)
    return {
      columns,
      rows,
      truncated,
      elapsedMs: Math.round((performance.now() - begun) * 10) / 10,
      rowsRead: Number(connection.progress.rows_processed),
      views: [...query.views],
      ...interval,
    }
  } catch (error) {
    throw mapError(error, timedOut)
  } finally {
    clearTimeout(timer)
    // Ends a query of which only the first rows were wanted: it would hold its memory, and the checkpoint back, until
    // JavaScript collects its result (DuckDB 1.5.6).
    await connection.run('ROLLBACK').catch(() => undefined)
    connection.closeSync()
  }
}
