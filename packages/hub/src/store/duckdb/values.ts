/** DuckDB's values as JSON: whole numbers within 2^53 as numbers and beyond as text, times as ISO 8601 UTC. */
import {
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from '@duckdb/node-api'

export type JsonCell = string | number | boolean | null

/** ms when that is exact, else µs; beyond the years of JavaScript's dates, DuckDB's own text. */
function isoTime(micros: bigint, text: () => string): string {
  const ms = micros / 1000n - (micros % 1000n < 0n ? 1n : 0n)
  const rest = Number(micros - ms * 1000n)
  const date = new Date(Number(ms))
  if (Number.isNaN(date.getTime())) return text()
  const iso = date.toISOString()
  return rest === 0 ? iso : `${iso.slice(0, -1)}${String(rest).padStart(3, '0')}Z`
}

/** What nests comes as a structure; `toCell` makes text of it. */
function toJson(value: DuckDBValue): unknown {
  if (value === null || value === undefined) return null
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value : String(value)
    case 'bigint':
      return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
        ? Number(value)
        : String(value)
    default:
      break
  }
  if (value instanceof DuckDBTimestampValue) return isoTime(value.micros, () => String(value))
  if (value instanceof DuckDBTimestampTZValue) return isoTime(value.micros, () => String(value))
  if (value instanceof DuckDBTimestampMillisecondsValue)
    return isoTime(value.millis * 1000n, () => String(value))
  if (value instanceof DuckDBTimestampSecondsValue)
    return isoTime(value.seconds * 1_000_000n, () => String(value))
  if (value instanceof DuckDBTimestampNanosecondsValue)
    return isoTime(value.nanos / 1000n, () => String(value))
  if (value instanceof DuckDBDateValue) return String(value)
  if (value instanceof DuckDBListValue) return value.items.map(toJson)
  if (value instanceof DuckDBStructValue)
    return Object.fromEntries(
      Object.entries(value.entries).map(([key, part]) => [key, toJson(part)]),
    )
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('hex')
  return String(value)
}

export function toCell(value: DuckDBValue): JsonCell {
  const json = toJson(value)
  return typeof json === 'object' && json !== null ? JSON.stringify(json) : (json as JsonCell)
}
