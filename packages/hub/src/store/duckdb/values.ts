/** DuckDB's values as JSON: whole numbers within 2^53 as numbers and beyond as text, times as ISO 8601 UTC with µs. */
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

import { isoMicros } from '@honeyguide/model'

export type JsonCell = string | number | boolean | null

/** With µs; beyond the years 0 to 9999, DuckDB's own text. */
function isoTime(micros: bigint, text: () => string): string {
  return micros >= -62_167_219_200_000_000n && micros < 253_402_300_800_000_000n
    ? isoMicros(Number(micros))
    : text()
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
