/**
 * The public views, written out for just the columns that a query names.
 *
 * DuckDB does not drop a LEFT JOIN whose columns nobody reads, and joining every fact with three images
 * costs a hundred times what the facts alone do. So a connection gets its views made to measure: only
 * named columns, and only the joins that these need. Names and types are those of `ocsf/activity.ts`.
 */
import { views, type ColumnType, type OcsfColumn, type ViewName } from '@honeyguide/model'
import type { RegexpMatch } from '../guard/check-tree.ts'

interface Column {
  readonly sql: string
  /** Joins that it reads, by name. */
  readonly joins: readonly string[]
}

interface ViewDefinition {
  readonly from: string
  readonly where?: string
  readonly joins: Readonly<Record<string, { readonly sql: string; readonly after?: string }>>
  readonly columns: Readonly<Record<string, Column>>
}

/** SQL type of each column type. */
export const columnSqlTypes: Readonly<Record<ColumnType, string>> = {
  text: 'VARCHAR',
  integer: 'BIGINT',
  long: 'UBIGINT',
  time: 'TIMESTAMP',
  boolean: 'BOOLEAN',
}

const base36 = (sql: string): string => `lower(to_base(${sql}::BIGINT, 36))`
const col = (sql: string, ...joins: string[]): Column => ({ sql, joins })
const unknownTime = `TIMESTAMP '1970-01-01 00:00:00'`

function imageUidSql(image: string, origin: string): string {
  return `CASE WHEN ${image}.id IS NULL THEN NULL ELSE ${origin}.prefix || '-' || ${base36(`${image}.pid`)} || '-' || ${base36(`${image}.start_ns`)} || '-' || ${base36(`${image}.exec_no`)} END`
}

/** The columns of one process under `prefix`; `fact` are cheaper sources on the fact row, where it has them. */
function processColumns(
  prefix: string,
  image: string,
  fact: {
    readonly pid?: Column
    readonly file?: string
    readonly user?: Column
    readonly uid?: Column
  } = {},
): Record<string, Column> {
  return {
    [`${prefix}_uid`]: col(imageUidSql(image, 'o'), image, 'o'),
    [`${prefix}_pid`]: fact.pid ?? col(`${image}.pid`, image),
    [`${prefix}_name`]: fact.file
      ? col(`nullif(${fact.file}.base, '')`, fact.file)
      : col(`nullif(${image}.name, '')`, image),
    [`${prefix}_cmd_line`]: col(`nullif(${image}.cmd_line, '')`, image),
    [`${prefix}_file_path`]: fact.file
      ? col(`nullif(${fact.file}.value, '')`, fact.file)
      : col(`nullif(${image}.file, '')`, image),
    [`${prefix}_user_uid`]: fact.uid ?? col(`nullif(${image}.uid, 4294967295)`, image),
    [`${prefix}_user_name`]: fact.user ?? col(`nullif(${image}.user_name, '')`, image),
  }
}

function processDetail(image: string): Record<string, Column> {
  const plain: Record<string, string> = {
    process_file_name: 'typed',
    process_interpreter: 'interpreter',
    process_working_directory: 'cwd',
    process_tty: 'tty',
    process_container_uid: 'container',
    process_unit: 'unit',
    process_cgroup: 'cgroup',
    process_namespace_pid: 'ns_pid',
    process_namespace_mnt: 'mount_ns',
    process_namespace_net: 'net_ns',
    process_flags: 'flags',
  }
  return {
    ...Object.fromEntries(
      Object.entries(plain).map(([name, column]) => [
        name,
        col(
          column.endsWith('_ns') || column === 'ns_pid'
            ? `CASE WHEN ${image}.euid = 4294967295 THEN NULL ELSE ${image}.${column} END`
            : `${image}.${column}`,
          image,
        ),
      ]),
    ),
    process_euid: col(`nullif(${image}.euid, 4294967295)`, image),
    process_gid: col(`nullif(${image}.gid, 4294967295)`, image),
    process_cap_effective: col(
      `CASE ${image}.euid WHEN 4294967295 THEN NULL ELSE printf('%016x', ${image}.cap_effective) END`,
      image,
    ),
    process_session_uid: col(
      `CASE WHEN ${image}.euid = 4294967295 THEN NULL WHEN ${image}.session_id = 4294967295 THEN -1 ELSE ${image}.session_id::BIGINT END`,
      image,
    ),
    process_created_time: col(`nullif(${image}.created, ${unknownTime})`, image),
  }
}

const imageJoin = (name: string, on: string) => ({
  sql: `LEFT JOIN image ${name} ON ${name}.id = ${on}`,
})
const textJoin = (name: string, on: string) => ({ sql: `JOIN text ${name} ON ${name}.id = ${on}` })
const originJoin = { sql: 'JOIN origin o ON o.id = f.origin' }

const process_activity: ViewDefinition = {
  from: 'process_fact',
  joins: {
    o: originJoin,
    i: imageJoin('i', 'f.image'),
    p: imageJoin('p', 'f.parent'),
    a: imageJoin('a', 'f.actor'),
    ft: textJoin('ft', 'f.file'),
    pt: textJoin('pt', 'f.parent_file'),
    aft: textJoin('aft', 'f.actor_file'),
    ut: textJoin('ut', 'f.user_name'),
  },
  columns: {
    time: col('f.time'),
    class_uid: col('1007'),
    activity_id: col('CASE f.kind WHEN 1 THEN 1 WHEN 4 THEN 2 ELSE 99 END'),
    activity_name: col(
      `CASE f.kind WHEN 1 THEN 'Launch' WHEN 4 THEN 'Terminate' WHEN 3 THEN 'Fork' ELSE 'Launch Failed' END`,
    ),
    severity_id: col('1'),
    device_hostname: col('o.hostname', 'o'),
    device_uid: col('o.device_uid', 'o'),
    event_uid: col(`o.prefix || '-l' || ${base36('f.seq')}`, 'o'),
    ...processColumns('process', 'i', {
      pid: col('f.pid'),
      file: 'ft',
      user: col(`nullif(ut.value, '')`, 'ut'),
      uid: col('nullif(f.uid, 4294967295)'),
    }),
    ...processDetail('i'),
    process_flags: col(
      `concat_ws(', ', nullif(i.flags, ''), CASE WHEN f.kind = 4 AND f.flags & 1 > 0 THEN 'core dumped' END)`,
      'i',
    ),
    ...processColumns('process_parent_process', 'p', {
      pid: col('nullif(f.parent_pid, 0)'),
      file: 'pt',
    }),
    ...processColumns('actor_process', 'a', { pid: col('nullif(f.actor_pid, 0)'), file: 'aft' }),
    exit_code: col('CASE f.kind WHEN 4 THEN f.exit_code END'),
    exit_signal: col('nullif(f.signal, 0)'),
    run_ms: col('CASE f.kind WHEN 4 THEN f.run_ms END'),
    cpu_ms: col('CASE f.kind WHEN 4 THEN f.cpu_ms END'),
    peak_rss_bytes: col('CASE f.kind WHEN 4 THEN f.peak_rss END'),
    status_code: col('nullif(f.errno, 0)'),
  },
}

const network_activity: ViewDefinition = {
  from: 'network_fact',
  joins: {
    o: originJoin,
    a: imageJoin('a', 'f.image'),
    ft: textJoin('ft', 'f.file'),
    ut: textJoin('ut', 'f.user_name'),
    st: textJoin('st', 'f.src_ip'),
    dt: textJoin('dt', 'f.dst_ip'),
  },
  columns: {
    time: col('f.time'),
    class_uid: col('4001'),
    activity_id: col(
      'CASE f.kind WHEN 3 THEN CASE WHEN f.flags & 4 > 0 THEN 3 ELSE 2 END WHEN 4 THEN 4 WHEN 5 THEN 7 ELSE 1 END',
    ),
    activity_name: col(
      `CASE f.kind WHEN 3 THEN CASE WHEN f.flags & 4 > 0 THEN 'Reset' ELSE 'Close' END WHEN 4 THEN 'Fail' WHEN 5 THEN 'Listen' ELSE 'Open' END`,
    ),
    severity_id: col('1'),
    device_hostname: col('o.hostname', 'o'),
    device_uid: col('o.device_uid', 'o'),
    event_uid: col(`o.prefix || '-d' || ${base36('f.seq')}`, 'o'),
    ...processColumns('actor_process', 'a', {
      pid: col('nullif(f.pid, 0)'),
      file: 'ft',
      user: col(`nullif(ut.value, '')`, 'ut'),
      uid: col('nullif(f.uid, 4294967295)'),
    }),
    actor_process_container_uid: col('a.container', 'a'),
    actor_process_unit: col('a.unit', 'a'),
    connection_info_uid: col(`o.prefix || '-s' || ${base36('f.socket')}`, 'o'),
    connection_info_direction: col(
      `CASE f.direction WHEN 1 THEN 'Outbound' WHEN 2 THEN 'Inbound' ELSE 'Unknown' END`,
    ),
    connection_info_protocol_name: col(`'tcp'`),
    src_endpoint_ip: col(`nullif(st.value, '')`, 'st'),
    src_endpoint_port: col('CASE WHEN f.src_ip = 0 THEN NULL ELSE f.src_port END'),
    dst_endpoint_ip: col(`nullif(dt.value, '')`, 'dt'),
    dst_endpoint_port: col('CASE WHEN f.dst_ip = 0 THEN NULL ELSE f.dst_port END'),
    traffic_bytes_out: col('CASE f.kind WHEN 3 THEN f.bytes_out END'),
    traffic_bytes_in: col('CASE f.kind WHEN 3 THEN f.bytes_in END'),
    duration_ms: col('CASE f.kind WHEN 3 THEN f.duration_ms END'),
    status_code: col('nullif(f.errno, 0)'),
    connection_flags: col(
      `concat_ws(', ', CASE WHEN f.flags & 1 > 0 THEN 'inherited' END, CASE WHEN f.flags & 2 > 0 THEN 'process uncertain' END, CASE WHEN f.flags & 4 > 0 THEN 'reset' END, CASE WHEN f.flags & 8192 > 0 THEN 'own' END)`,
    ),
  },
}

/** Columns kept as they came, by OCSF name, in the JSON of a derived row. */
function jsonColumns(view: ViewName): Record<string, Column> {
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
    e: { sql: 'LEFT JOIN process_fact e ON e.process = f.process AND e.kind = 4' },
  },
  columns: {
    device_hostname: col('o.hostname', 'o'),
    device_uid: col('o.device_uid', 'o'),
    ...Object.fromEntries(
      Object.entries(processColumns('process', 'f')).map(([name, column]) => [
        name,
        col(column.sql, ...column.joins.filter((join) => join !== 'f')),
      ]),
    ),
    ...Object.fromEntries(
      Object.entries(processDetail('f')).map(([name, column]) => [name, col(column.sql)]),
    ),
    process_parent_process_uid: col(imageUidSql('p', 'o'), 'p', 'o'),
    process_parent_process_pid: col('p.pid', 'p'),
    start_time: col(`nullif(f.started, ${unknownTime})`),
    end_time: col('e.time', 'e'),
  },
}

const definitions: Readonly<Record<ViewName, ViewDefinition>> = {
  process_activity,
  network_activity,
  detection_finding,
  incident_finding,
  losses,
  processes,
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
