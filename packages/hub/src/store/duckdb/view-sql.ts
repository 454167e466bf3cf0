/**
 * The public views, written out for just the columns that a query names.
 *
 * DuckDB does not drop a LEFT JOIN whose columns nobody reads, and joining every fact with three images
 * costs a hundred times what the facts alone do. So a connection gets its views made to measure: only
 * named columns, and only the joins that these need. Names and types are those of `ocsf/activity.ts`.
 */
import {
  activityViews,
  views,
  type ActivityView,
  type ColumnType,
  type OcsfColumn,
  type ViewName,
} from '@honeyguide/model'
import type { RegexpMatch } from '../guard/check-tree.ts'
import { activityStoreOf } from './activity/index.ts'
import { executableColumns, executableJoin, provenanceDefinition } from './provenance.ts'
import {
  col,
  imageJoin,
  imageUidSql,
  originJoin,
  processDetailColumns,
  processViewColumns,
  unknownTime,
  type ViewColumn,
  type ViewDefinition,
} from './activity/view-column.ts'

/** SQL type of each column type. */
export const columnSqlTypes: Readonly<Record<ColumnType, string>> = {
  text: 'VARCHAR',
  integer: 'BIGINT',
  long: 'UBIGINT',
  time: 'TIMESTAMP',
  boolean: 'BOOLEAN',
}

const activityDefinitions = Object.fromEntries(
  activityViews.map((view) => [view, activityStoreOf(view).definition]),
) as Readonly<Record<ActivityView, ViewDefinition>>

/** Columns kept as they came, by OCSF name, in the JSON of a derived row. */
function jsonColumns(view: ViewName): Record<string, ViewColumn> {
  return Object.fromEntries(
    Object.entries<OcsfColumn>(views[view]).map(([name, { type }]) => [
      name,
      col(
        type === 'time'
          ? `try_cast(replace(replace(f.data->>'${name}', 'T', ' '), 'Z', '') AS TIMESTAMP)`
          : type === 'text'
            ? `f.data->>'${name}'`
            : `try_cast(f.data->>'${name}' AS ${columnSqlTypes[type]})`,
      ),
    ]),
  )
}

const detection_finding: ViewDefinition = {
  from: 'finding',
  joins: {},
  columns: { ...jsonColumns('detection_finding'), time: col('f.time') },
}

const incident_finding: ViewDefinition = {
  from: 'incident',
  joins: {},
  columns: {
    ...jsonColumns('incident_finding'),
    start_time: col('f.start_time'),
    end_time: col('f.end_time'),
    // Asked when it is read: what a sensor tells late about this interval counts, too.
    complete: col(
      `NOT EXISTS (SELECT 1 FROM loss_fact l JOIN origin lo ON lo.id = l.origin WHERE l.lost > 0 AND l.from_time <= f.end_time AND l.to_time >= f.start_time AND list_contains(string_split(replace(f.data->>'device_hostname', ', ', ','), ','), lo.hostname))`,
    ),
  },
}

const losses: ViewDefinition = {
  from: 'loss_fact',
  joins: { o: originJoin },
  columns: {
    host: col('o.hostname', 'o'),
    device_uid: col('o.device_uid', 'o'),
    hook: col('f.hook'),
    reason: col('f.reason'),
    from_time: col('f.from_time'),
    to_time: col('f.to_time'),
    offered: col('f.offered'),
    seen: col('f.seen'),
    lost: col('f.lost'),
  },
}

const processes: ViewDefinition = {
  from: 'image',
  where: 'f.kind <> 5',
  joins: {
    o: originJoin,
    p: imageJoin('p', 'f.parent'),
    pv: executableJoin,
    e: { sql: 'LEFT JOIN process_fact e ON e.process = f.process AND e.kind = 4' },
  },
  columns: {
    device_hostname: col('o.hostname', 'o'),
    device_uid: col('o.device_uid', 'o'),
    ...Object.fromEntries(
      Object.entries(processViewColumns('process', 'f')).map(([name, column]) => [
        name,
        col(column.sql, ...column.joins.filter((join) => join !== 'f')),
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(processDetailColumns('f')).map(([name, column]) => [name, col(column.sql)]),
    ),
    process_parent_process_uid: col(imageUidSql('p', 'o'), 'p', 'o'),
    process_parent_process_pid: col('p.pid', 'p'),
    ...executableColumns,
    start_time: col(`nullif(f.started, ${unknownTime})`),
    end_time: col('e.time', 'e'),
  },
}

const definitions: Readonly<Record<ViewName, ViewDefinition>> = {
  ...activityDefinitions,
  detection_finding,
  incident_finding,
  losses,
  processes,
  provenance: provenanceDefinition,
}

/** Table of a view's facts. */
export function viewSource(view: ViewName): string {
  return definitions[view].from
}

export interface ViewOptions {
  /** Adds the fact's row number under this name. */
  readonly rowNumber?: string
  /** A condition on the facts (`f`). */
  readonly where?: string
  /** What must match in every row that is wanted. */
  readonly matches?: readonly RegexpMatch[]
  /** Tables to read instead of the facts and of `image`. */
  readonly facts?: string
  readonly images?: string
}

/**
 * A row without a value does not match, so what it is joined from is there. DuckDB would infer that and look
 * before it joins if the condition were LIKE; of expressions it does neither, and builds its table of all texts.
 */
function matchSql(column: string, match: RegexpMatch): string {
  const texts = match.arguments.map((text) => `'${text.replaceAll("'", "''")}'`)
  return `${match.function}(${[column, ...texts].join(', ')})`
}

/**
 * The SELECT of a view: all columns, or those of `named` (none of which need be a column of it) and `time`.
 */
export function viewSelect(
  view: ViewName,
  named: ReadonlySet<string> | 'all',
  options: ViewOptions = {},
): string {
  const definition = definitions[view]
  const used = new Set<string>()
  const wanted = new Map<string, string[]>()
  const list: string[] = []
  for (const [name, { type }] of Object.entries<OcsfColumn>(views[view])) {
    if (named !== 'all' && !named.has(name) && list.length > 0) continue
    const column = definition.columns[name]
    if (!column) throw new Error(`view ${view} lacks ${name}`)
    for (const join of column.joins) used.add(join)
    list.push(`CAST(${column.sql} AS ${columnSqlTypes[type]}) AS "${name}"`)
    const [only] = column.joins
    if (type !== 'text' || only === undefined || column.joins.length !== 1) continue
    for (const match of options.matches ?? [])
      if (match.column === name)
        wanted.set(only, [...(wanted.get(only) ?? []), matchSql(column.sql, match)])
  }
  const joins = Object.entries(definition.joins)
    .filter(([name]) => used.has(name))
    .map(([name, { sql }]) => {
      const join =
        options.images === undefined
          ? sql
          : sql.replace(/^LEFT JOIN image /, `LEFT JOIN ${options.images} `)
      const conditions = wanted.get(name)
      return conditions
        ? join.replace(
            /^(?:LEFT )?JOIN (\S+) (\S+) ON/,
            (_, table, alias) =>
              `JOIN (SELECT ${alias}.* FROM ${table} ${alias} WHERE ${conditions.join(' AND ')}) ${alias} ON`,
          )
        : join
    })
  if (options.rowNumber !== undefined) list.push(`f.rowid AS "${options.rowNumber}"`)
  const conditions = [definition.where, options.where].filter((condition) => condition)
  return [
    `SELECT ${list.join(', ')}`,
    `FROM ${options.facts ?? viewSource(view)} f`,
    ...joins,
    ...(conditions.length > 0 ? [`WHERE ${conditions.join(' AND ')}`] : []),
  ].join(' ')
}
