/** How the columns of a view are written over its facts: what the views of several classes share. */

/** A column of a view as SQL over the fact `f` and the joins that it reads. */
export interface ViewColumn {
  readonly sql: string
  /** Joins that it reads, by name. */
  readonly joins: readonly string[]
}

export interface ViewDefinition {
  readonly from: string
  readonly where?: string
  readonly joins: Readonly<Record<string, { readonly sql: string; readonly after?: string }>>
  readonly columns: Readonly<Record<string, ViewColumn>>
}

export const base36 = (sql: string): string => `lower(to_base(${sql}::BIGINT, 36))`
export const col = (sql: string, ...joins: string[]): ViewColumn => ({ sql, joins })
export const unknownTime = `TIMESTAMP '1970-01-01 00:00:00'`

export function imageUidSql(image: string, origin: string): string {
  return `CASE WHEN ${image}.id IS NULL THEN NULL ELSE ${origin}.prefix || '-' || ${base36(`${image}.pid`)} || '-' || ${base36(`${image}.start_ns`)} || '-' || ${base36(`${image}.exec_no`)} END`
}

/** The columns of one process under `prefix`; `fact` are cheaper sources on the fact row, where it has them. */
export function processViewColumns(
  prefix: string,
  image: string,
  fact: {
    readonly pid?: ViewColumn
    readonly file?: string
    readonly user?: ViewColumn
    readonly uid?: ViewColumn
  } = {},
): Record<string, ViewColumn> {
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

export function processDetailColumns(image: string): Record<string, ViewColumn> {
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

export const imageJoin = (name: string, on: string) => ({
  sql: `LEFT JOIN image ${name} ON ${name}.id = ${on}`,
})
export const textJoin = (name: string, on: string) => ({
  sql: `JOIN text ${name} ON ${name}.id = ${on}`,
})
export const originJoin = { sql: 'JOIN origin o ON o.id = f.origin' }

/** Bits of `column` as their words joined by commas, as the live stream has them. */
export function flagWordsSql(
  column: string,
  bits: readonly (readonly [bit: number, word: string])[],
): string {
  const cases = bits.map(([bit, word]) => `CASE WHEN ${column} & ${bit} > 0 THEN '${word}' END`)
  return `concat_ws(', ', ${cases.join(', ')})`
}

/** A number's name, or a word with the number where it has none. */
export function namedSql(
  column: string,
  names: Readonly<Record<number, string>>,
  other: string,
): string {
  const cases = Object.entries(names).map(([number, name]) => `WHEN ${number} THEN '${name}'`)
  return `CASE ${column} ${cases.join(' ')} ELSE '${other}' || (${column})::VARCHAR END`
}

/** What is known of the workload of the image `image`. */
export function workloadColumns(image: string): Record<string, ViewColumn> {
  return {
    actor_process_container_uid: col(`${image}.container`, image),
    actor_process_unit: col(`${image}.unit`, image),
  }
}

/** A process of which a view says only which, and its name. */
export function namedProcessColumns(prefix: string, image: string): Record<string, ViewColumn> {
  return {
    [`${prefix}_uid`]: col(imageUidSql(image, 'o'), image, 'o'),
    [`${prefix}_pid`]: col(`${image}.pid`, image),
    [`${prefix}_name`]: col(`nullif(${image}.name, '')`, image),
  }
}

/** The columns of the process that acted, on facts that begin with `actorColumns`. */
export function actorViewColumns(): Record<string, ViewColumn> {
  return {
    ...processViewColumns('actor_process', 'a', {
      pid: col('nullif(f.pid, 0)'),
      file: 'ft',
      user: col(`nullif(ut.value, '')`, 'ut'),
      uid: col('nullif(f.uid, 4294967295)'),
    }),
    ...workloadColumns('a'),
  }
}

/** The joins that these columns read. */
export const actorJoins = {
  o: originJoin,
  a: imageJoin('a', 'f.image'),
  ft: textJoin('ft', 'f.file'),
  ut: textJoin('ut', 'f.user_name'),
} as const

/** Columns of every event, of a class and a ring; `activity` gives id and name. */
export function eventViewColumns(
  uid: number,
  ring: 'l' | 'd' | { readonly sql: string },
  activity: { readonly id: string; readonly name: string },
): Record<string, ViewColumn> {
  return {
    time: col('f.time'),
    class_uid: col(String(uid)),
    activity_id: col(activity.id),
    activity_name: col(activity.name),
    severity_id: col('1'),
    device_hostname: col('o.hostname', 'o'),
    device_uid: col('o.device_uid', 'o'),
    event_uid: col(
      `o.prefix || '-' || ${typeof ring === 'string' ? `'${ring}'` : ring.sql} || ${base36('f.seq')}`,
      'o',
    ),
  }
}
