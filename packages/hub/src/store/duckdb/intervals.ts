/** Intervals and hosts as conditions of SQL, and cells as values. */

export interface Interval {
  /** µs since 1970, both included. */
  readonly fromUs: number
  readonly toUs: number
  /** Host names; all when absent. */
  readonly hosts?: readonly string[]
}

export const number = (value: unknown): number => Number(value ?? 0)
export const text = (value: unknown): string => (typeof value === 'string' ? value : '')

export const timestamp = (us: number): string => `make_timestamp(${Math.round(us)})`

export const between = (interval: Interval, column = 'time'): string =>
  `${column} >= ${timestamp(interval.fromUs)} AND ${column} <= ${timestamp(interval.toUs)}`

/** Empty, or a condition that begins with AND. */
export function onHosts(interval: Interval, column = 'device_hostname'): string {
  if (!interval.hosts) return ''
  if (interval.hosts.length === 0) return ' AND FALSE'
  return ` AND ${column} IN (${interval.hosts.map((host) => `'${host.replaceAll("'", "''").replaceAll('\0', '')}'`).join(', ')})`
}
