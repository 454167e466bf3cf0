/**
 * How the time of an event is written: UTC with six decimals, always, so that texts sort as the times do.
 *
 * `us` is µs since 1970, within the years 0 to 9999.
 */
export function isoMicros(us: number): string {
  const ms = Math.floor(us / 1000)
  const rest = Math.round(us - ms * 1000)
  return `${new Date(ms).toISOString().slice(0, -1)}${String(rest).padStart(3, '0')}Z`
}

/** µs since 1970 of a time with up to six decimals; NaN when it is none. */
export function microsOfIso(iso: string): number {
  const finer = /\.\d{3}(\d{1,3})\d*(?:Z|[+-]\d\d:\d\d)$/.exec(iso)?.[1] ?? ''
  return Date.parse(iso) * 1000 + Number(finer.padEnd(3, '0'))
}
