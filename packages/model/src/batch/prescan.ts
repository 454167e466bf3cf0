/**
 * Counts what an encoded batch holds, before a decoder allocates anything for it: 4 MiB of empty
 * dictionary entries or columns would become millions of objects.
 */
import { batchLimits } from './limits.ts'

/** Field numbers of `Batch` and `Table` in uplink.proto. */
const dictionaryField = 6
const tablesField = 7
const ringsField = 8
const columnsField = 3
const mostRings = 16

/** What is too many, in words; undefined when every count is within the limits. Malformed bytes are the decoder's to refuse. */
export function findExcess(bytes: Uint8Array): string | undefined {
  let at = 0

  /** The next varint as a number, or -1 when it is cut off or longer than 10 bytes. */
  function varint(end: number): number {
    let value = 0
    for (let i = 0; i < 10; i++) {
      if (at >= end) return -1
      const byte = bytes[at++] ?? 0
      value += (byte & 0x7f) * 2 ** (7 * i)
      if (byte < 0x80) return value
    }
    return -1
  }

  /** Calls `onField` for each field up to `end`; false when the bytes are malformed. */
  function walk(end: number, onField: (field: number, from: number, to: number) => void): boolean {
    while (at < end) {
      const tag = varint(end)
      if (tag < 0) return false
      const wire = tag % 8
      let length = 0
      if (wire === 0) {
        if (varint(end) < 0) return false
      } else if (wire === 1) length = 8
      else if (wire === 5) length = 4
      else if (wire === 2) {
        length = varint(end)
        if (length < 0) return false
      } else return false
      if (length > end - at) return false
      const from = at
      at += length
      onField(Math.floor(tag / 8), from, at)
    }
    return true
  }

  let entries = 0
  let rings = 0
  const tables: [number, number][] = []
  let tableCount = 0
  walk(bytes.length, (field, from, to) => {
    if (field === dictionaryField) entries += 1
    else if (field === ringsField) rings += 1
    else if (field === tablesField) {
      tableCount += 1
      if (tables.length <= batchLimits.tables) tables.push([from, to])
    }
  })
  if (entries > batchLimits.dictionaryEntries) return `${entries} dictionary entries`
  if (rings > mostRings) return `${rings} rings`
  if (tableCount > batchLimits.tables) return `${tableCount} tables`
  for (const [from, to] of tables) {
    let columns = 0
    at = from
    walk(to, (field) => {
      if (field === columnsField) columns += 1
    })
    if (columns > batchLimits.columns) return `${columns} columns in a table`
  }
  return undefined
}
