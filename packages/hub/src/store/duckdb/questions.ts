/**
 * The hub's own questions: strip, event list, process tree, losses, size, retention.
 *
 * Asked through the public views, so that a page and a hunt can never disagree. Values come as parameters
 * or through `filterToSql`, which quotes them. Times are µs since 1970; rows come as JSON cells by column name.
 */
import type { DuckDBInstance, DuckDBValue } from '@duckdb/node-api'
import {
  activityViews,
  eventClassOf,
  views,
  type ActivityRow,
  type ActivityView,
  type EventGroup,
  type ViewName,
} from '@honeyguide/model'
import { filterToSql, groupSql, kindSql, type Filter } from '@honeyguide/model/filter'
import { activityStoreNamed, activityStores } from './activity/index.ts'
import { processKind } from './activity/process.ts'
import { mapError } from './ask.ts'
import { imageKind } from './fact-tables.ts'
import { uidHints, type Equality } from './uid-hints.ts'
import { toCell, type JsonCell } from './values.ts'
import { between, number, onHosts, text, timestamp, type Interval } from './intervals.ts'
import { pickRows } from './picked-rows.ts'
import { processTree, type ProcessTree, type ProcessTreeOptions } from './process-tree.ts'
import { viewSelect } from './view-sql.ts'
import type { Writer } from './writer.ts'

export interface LossRow {
  readonly host: string
  readonly deviceUid: string
  readonly hook: string
  readonly reason: string
  readonly fromUs: number
  readonly toUs: number
  readonly offered: number
  readonly lost: number
}

export interface EventCount {
  /** Host name, hook (exec, fork, tcp ...) and how many events are stored. */
  readonly host: string
  readonly hook: string
  readonly count: number
}

/** How many events of a group there are in bucket `at`; where there are none there is no entry. */
export interface Bucket {
  readonly at: number
  readonly group: EventGroup
  readonly count: number
}

export interface EventsPage {
  readonly rows: readonly ActivityRow[]
  readonly total: number
  readonly facets: Readonly<
    Record<string, readonly { readonly value: string; readonly count: number }[]>
  >
}

export interface StoreSize {
  /** Of the file and its log, as DuckDB counts blocks. */
  readonly bytes: number
  readonly rows: Readonly<Record<ViewName, number>>
  readonly oldestUs: number | null
  readonly newestUs: number | null
  /** Before this, events were removed for want of room; null while none were. */
  readonly trimmedToUs: number | null
}

export interface Questions {
  losses(interval: Interval): Promise<LossRow[]>
  /** How many events are stored per host and hook. */
  counts(interval: Interval): Promise<EventCount[]>
  timeline(interval: Interval & { readonly filter?: Filter }, buckets: number): Promise<Bucket[]>
  /** Newest first. */
  events(
    options: Interval & {
      readonly filter: Filter
      readonly limit: number
      readonly beforeUs?: number
    },
  ): Promise<EventsPage>
  event(uid: string): Promise<ActivityRow | undefined>
  processes(options: ProcessTreeOptions): Promise<ProcessTree>
  size(): Promise<StoreSize>
  /** Removes events, processes that ended, and findings from before. Returns how many facts went. */
  retain(beforeUs: number): Promise<number>
}

/** Words of a condition that may be columns; literals that look like one cost a join, no more. */
function wordsOf(sql: string): Set<string> {
  return new Set(sql.match(/[a-z_]+/g))
}

export async function createQuestions(
  instance: DuckDBInstance,
  exclusive: <T>(work: () => Promise<T>) => Promise<T>,
  writer: Writer,
): Promise<Questions> {
  // Questions of the hub itself queue on one connection; people's have their own.
  const connection = await instance.connect()

  let turn: Promise<unknown> = Promise.resolve()
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const run = turn.then(work, work)
    turn = run.catch(() => undefined)
    return run
  }
  async function run(sql: string, values: DuckDBValue[] = []): Promise<JsonCell[][]> {
    try {
      const answer = await connection.runAndReadAll(sql, values)
      return answer.getRows().map((row) => row.map(toCell))
    } catch (error) {
      throw mapError(error, false)
    }
  }
  const rows = (sql: string, values?: DuckDBValue[]): Promise<JsonCell[][]> =>
    inTurn(() => run(sql, values))
  const view = (name: ViewName, ...columns: string[]): string =>
    `(${viewSelect(name, columns.length === 0 ? 'all' : new Set(columns))})`
  function activityRow(name: ViewName, cells: readonly JsonCell[]): ActivityRow {
    const row: Record<string, JsonCell> = {}
    for (const [at, column] of Object.keys(views[name]).entries()) {
      const cell = cells[at] ?? null
      if (cell !== null) row[column] = cell
    }
    return row as unknown as ActivityRow
  }

  /** What a filter demands of every event, as far as it is an equality. */
  function equalities(filter: Filter): Equality[] {
    if (filter.kind === 'and') return filter.parts.flatMap(equalities)
    if (filter.kind !== 'compare' || filter.operator !== '=' || typeof filter.value !== 'string')
      return []
    return [{ column: filter.field, value: filter.value }]
  }

  /** Newest whole rows of one view: chosen by the columns of the condition, then put together. */
  function pick(
    name: ActivityView,
    condition: string,
    limit: number,
    equal: readonly Equality[],
  ): Promise<ActivityRow[]> {
    return inTurn(async () => {
      const named = new Set([...wordsOf(condition), 'time', 'event_uid'])
      const picked = await pickRows(
        connection,
        name,
        `SELECT hg_row_number AS r FROM (${viewSelect(name, named, { rowNumber: 'hg_row_number', where: uidHints(name, equal) })})
         WHERE ${condition} ORDER BY time DESC, event_uid DESC LIMIT ${limit}`,
        'all',
      )
      const found = await run(`SELECT * FROM (${picked}) ORDER BY time DESC, event_uid DESC`)
      return found.map((cells) => activityRow(name, cells))
    })
  }

  const questions: Questions = {
    async losses(interval) {
      const found = await rows(
        `SELECT host, device_uid, hook, reason, epoch_us(from_time), epoch_us(to_time), offered, lost FROM ${view('losses')}
         WHERE lost > 0 AND from_time <= ${timestamp(interval.toUs)} AND to_time >= ${timestamp(interval.fromUs)}
         ${onHosts(interval, 'host')} ORDER BY to_time DESC LIMIT 100000`,
      )
      return found.map((row) => ({
        host: text(row[0]),
        deviceUid: text(row[1]),
        hook: text(row[2]),
        reason: text(row[3]),
        fromUs: number(row[4]),
        toUs: number(row[5]),
        offered: number(row[6]),
        lost: number(row[7]),
      }))
    },
    async counts(interval) {
      const found = await rows(
        activityStores
          .map(
            ({ table, hookSql }) =>
              `SELECT o.hostname, f.hook, sum(f.n)
                 FROM (SELECT origin, ${hookSql} AS hook, count(*) n FROM ${table} f WHERE ${between(interval)} GROUP BY ALL) f
                 JOIN origin o ON o.id = f.origin
                WHERE TRUE ${onHosts(interval, 'o.hostname')} GROUP BY ALL`,
          )
          .join(' UNION ALL '),
      )
      return found.map((row) => ({ host: text(row[0]), hook: text(row[1]), count: number(row[2]) }))
    },
    async timeline({ filter = { kind: 'all' }, ...interval }, buckets) {
      const width = Math.max(1, Math.ceil((interval.toUs - interval.fromUs) / buckets))
      // Through the views, as the list of events: the two must agree on what matches.
      const matching = (name: ActivityView): string => {
        const condition = filterToSql(filter, name)
        const group = groupSql(name)
        const named = new Set([...wordsOf(condition), ...wordsOf(group), 'time'])
        if (interval.hosts) named.add('device_hostname')
        return `SELECT (epoch_us(time) - ${Math.round(interval.fromUs)}) // ${width} AS bucket, ${group} AS grp, count(*) AS n
           FROM (${viewSelect(name, named, { where: uidHints(name, equalities(filter)) })})
          WHERE ${between(interval)} ${onHosts(interval)} AND (${condition}) GROUP BY ALL`
      }
      const found = await rows(
        `SELECT bucket, grp, sum(n) FROM (${activityViews
          .filter((name) => filterToSql(filter, name) !== 'FALSE')
          .map(matching)
          .concat(`SELECT 0, '', 0 WHERE FALSE`)
          .join(' UNION ALL ')}) GROUP BY ALL ORDER BY bucket`,
      )
      return found.map((row) => ({
        at: Math.min(number(row[0]), buckets - 1),
        group: text(row[1]) as EventGroup,
        count: number(row[2]),
      }))
    },
    async events({ filter, limit, beforeUs, ...interval }) {
      const most = Math.max(1, Math.min(limit, 1000))
      const bounds = {
        ...interval,
        toUs: beforeUs === undefined ? interval.toUs : Math.min(interval.toUs, beforeUs),
      }
      const names = activityViews
      const conditions = names.map((name) => filterToSql(filter, name))
      const wanted = (at: number): ReadonlySet<string> =>
        wordsOf(conditions[at] ?? '')
          .add('time')
          .add('event_uid')
          .add('device_hostname')
          .add('activity_name')
      const condition = (at: number, span: Interval): string =>
        `${between(span)} ${onHosts(span)} AND (${conditions[at]})`
      let found: ActivityRow[] = []
      // From the end backwards in growing windows: the newest page of a large store must not sort all of it.
      let to = bounds.toUs
      for (let width = 60e6; ; width *= 8) {
        const from = Math.max(bounds.fromUs, to - width)
        const span = { ...bounds, fromUs: from, toUs: to }
        const parts = await Promise.all(
          names.map(async (name, at) =>
            conditions[at] === 'FALSE'
              ? []
              : pick(name, condition(at, span), most - found.length, equalities(filter)),
          ),
        )
        found = [
          ...found,
          ...parts.flat().sort((a, b) => (String(a.time) < String(b.time) ? 1 : -1)),
        ].slice(0, most)
        if (found.length >= most || from <= bounds.fromUs) break
        to = from - 1
      }
      const facetColumns = (name: ActivityView): readonly string[] => {
        const { subject } = eventClassOf(name)
        // By our kinds, as a filter says them: OCSF has one name, Open, for connect and accept.
        return [kindSql(name), 'device_hostname', `${subject}_user_name`, `${subject}_name`]
      }
      const facets: Record<string, { value: string; count: number }[]> = {}
      let total = 0
      const grouped = await rows(
        names
          .map((name, at) => {
            const columns = facetColumns(name)
            const named = new Set([...wanted(at), ...columns, ...wordsOf(kindSql(name))])
            return `SELECT ${columns.map((column, no) => `${column} AS c${no}`).join(', ')}, count(*) AS n FROM (${viewSelect(name, named, { where: uidHints(name, equalities(filter)) })}) WHERE ${condition(at, bounds)} GROUP BY ALL`
          })
          .join(' UNION ALL '),
      )
      for (const [no, facet] of ['type', 'host', 'user', 'process'].entries()) {
        const counts = new Map<string, number>()
        for (const row of grouped) {
          const value = text(row[no])
          if (value !== '') counts.set(value, (counts.get(value) ?? 0) + number(row[4]))
        }
        facets[facet] = [...counts]
          .map(([value, count]) => ({ value, count }))
          .sort((a, b) => b.count - a.count)
          .slice(0, 12)
      }
      for (const row of grouped) total += number(row[4])
      return { rows: found, total, facets }
    },
    async event(uid) {
      const match = /^([0-9a-f]{12}-[0-9a-f]{8})-([ld])([0-9a-z]{1,13})$/.exec(uid)
      if (!match) return undefined
      const [, prefix = '', ring, digits = ''] = match
      let seq = 0n
      for (const digit of digits) seq = seq * 36n + BigInt(parseInt(digit, 36))
      const sequence = BigInt.asUintN(63, seq)
      // The time first, by numbers; then the whole row in that moment.
      const [at] = await rows(
        activityStores
          .filter((store) => typeof store.ring !== 'string' || store.ring === ring)
          .map(
            ({ table, view: name, ring: letter }) =>
              `SELECT '${name}', epoch_us(f.time) FROM ${table} f WHERE f.seq = ${sequence} AND f.origin IN (SELECT id FROM origin WHERE prefix = '${prefix}')${typeof letter === 'string' ? '' : ` AND ${letter.sql} = '${ring}'`}`,
          )
          .join(' UNION ALL ')
          .concat(' LIMIT 1'),
      )
      const name = activityStoreNamed(text(at?.[0]))?.view
      if (!at || name === undefined) return undefined
      const [row] = await pick(
        name,
        `time = ${timestamp(number(at[1]))} AND event_uid = '${uid}'`,
        1,
        [{ column: 'event_uid', value: uid }],
      )
      return row
    },
    processes: (options) => inTurn(() => processTree(run, options)),
    async size() {
      const [blocks] = await rows(
        'SELECT block_size * used_blocks, wal_size FROM pragma_database_size()',
      )
      const tables = activityStores.map(({ table }) => table)
      const counted: readonly (readonly [ViewName, string])[] = [
        ...activityStores.map(({ view: name, table }) => [name, table] as const),
        ['detection_finding', 'finding'],
        ['incident_finding', 'incident'],
        ['losses', 'loss_fact'],
        ['processes', `image WHERE kind <> ${imageKind.attempt}`],
        ['provenance', 'file_origin'],
      ]
      const end = (which: 'min' | 'max'): string =>
        `(SELECT epoch_us(${which}(t)) FROM (${tables.map((table) => `SELECT ${which}(time) t FROM ${table}`).join(' UNION ALL ')}))`
      const [sizes] = await rows(
        `SELECT ${[
          ...counted.map(([, from]) => `(SELECT count(*) FROM ${from})`),
          end('min'),
          end('max'),
          '(SELECT epoch_us(max(trimmed_to)) FROM retention)',
        ].join(', ')}`,
      )
      const time = (no: number): number | null => {
        const value = sizes?.[counted.length + no]
        return value == null ? null : number(value)
      }
      const wal = /^([\d.]+) (bytes|KiB|MiB|GiB)$/.exec(text(blocks?.[1]))
      const units: Record<string, number> = { bytes: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }
      return {
        bytes: number(blocks?.[0]) + (wal ? Number(wal[1]) * (units[wal[2] ?? ''] ?? 0) : 0),
        rows: Object.fromEntries(
          counted.map(([name], no) => [name, number(sizes?.[no])]),
        ) as Record<ViewName, number>,
        oldestUs: time(0),
        newestUs: time(1),
        trimmedToUs: time(2),
      }
    },
    retain: (beforeUs) =>
      exclusive(async () => {
        const before = timestamp(beforeUs)
        let removed = 0
        // Whoever asked asks again after an error: what went by then is no more to be found.
        await writer.transact(async (connection) => {
          const remove = async (sql: string): Promise<number> =>
            (await connection.run(sql)).rowsChanged
          // Images go with their process, unless something that stays refers to them.
          const kept = activityStores.flatMap(({ table, images }) =>
            images.map((column) => `SELECT ${column} FROM ${table} WHERE time >= ${before}`),
          )
          await remove(
            `DELETE FROM image WHERE started < ${before} AND (process IN (SELECT process FROM process_fact WHERE kind = ${processKind.exit} AND time < ${before}) OR kind = ${imageKind.attempt})
               AND id NOT IN (${kept.join(' UNION ')})`,
          )
          await remove(
            `DELETE FROM file_origin WHERE time < ${before} AND NOT EXISTS (SELECT 1 FROM image i WHERE i.inode = file_origin.inode AND i.device = file_origin.device)`,
          )
          for (const { table } of activityStores)
            removed += await remove(`DELETE FROM ${table} WHERE time < ${before}`)
          await remove(`DELETE FROM loss_fact WHERE to_time < ${before}`)
          await remove(`DELETE FROM finding WHERE time < ${before}`)
          await connection.run(
            `UPDATE retention SET trimmed_to = greatest(coalesce(trimmed_to, ${before}), ${before}), rows_removed = rows_removed + ${removed}`,
          )
        })
        // Only a checkpoint gives the blocks back.
        await writer.connection.run('CHECKPOINT')
        return removed
      }),
  }
  return questions
}
