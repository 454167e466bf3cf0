/**
 * Puts the event rows of a batch in the order in which things happened: by boot time, over all its tables.
 *
 * Rows at the same ns keep the order of the tables: births first, exits last, so that nobody acts before it was
 * born or after it ended. Tables come nearly sorted from the sensor, so this is a merge.
 */
import type { Batch } from '@honeyguide/model'

export const orderedTables = [
  'process',
  'fork',
  'exec',
  'exec_failed',
  'tcp',
  'udp',
  'dns',
  'file',
  'cred',
  'io_uring',
  'memory',
  'exit',
] as const
export type OrderedTable = (typeof orderedTables)[number]

export interface RowOrder {
  readonly length: number
  /** Index into `orderedTables`, per position. */
  readonly table: Uint8Array
  /** Row in that table, per position. */
  readonly row: Uint32Array
}

/** ns since boot as a double: exact for 104 days, then to 2 ns, which is enough for an order. */
function times(column: BigUint64Array, rows: number): Float64Array {
  const halves = new Uint32Array(column.buffer, column.byteOffset, rows * 2)
  const out = new Float64Array(rows)
  for (let row = 0; row < rows; row++)
    out[row] = (halves[row * 2 + 1] ?? 0) * 2 ** 32 + (halves[row * 2] ?? 0)
  return out
}

function isSorted(keys: Float64Array): boolean {
  for (let i = 1; i < keys.length; i++) if ((keys[i] ?? 0) < (keys[i - 1] ?? 0)) return false
  return true
}

export function rowOrder(batch: Batch): RowOrder {
  const keys: Float64Array[] = []
  const rows: (Uint32Array | null)[] = []
  const heads: number[] = []
  let length = 0
  for (const name of orderedTables) {
    const table = batch.table(name)
    const key = table ? times(table.columns.bootNs, table.rows) : new Float64Array(0)
    let order: Uint32Array | null = null
    if (!isSorted(key)) {
      order = Uint32Array.from(key, (_, i) => i).sort(
        (a, b) => (key[a] ?? 0) - (key[b] ?? 0) || a - b,
      )
      keys.push(order.reduce((out, from, to) => ((out[to] = key[from] ?? 0), out), key.slice()))
    } else keys.push(key)
    rows.push(order)
    heads.push(0)
    length += key.length
  }
  const outTable = new Uint8Array(length)
  const outRow = new Uint32Array(length)
  for (let at = 0; at < length; at++) {
    let best = -1
    let bestKey = Infinity
    for (let t = 0; t < keys.length; t++) {
      const key = keys[t]?.[heads[t] ?? 0]
      if (key !== undefined && key < bestKey) {
        best = t
        bestKey = key
      }
    }
    const head = heads[best] ?? 0
    outTable[at] = best
    outRow[at] = rows[best]?.[head] ?? head
    heads[best] = head + 1
  }
  return { length, table: outTable, row: outRow }
}
