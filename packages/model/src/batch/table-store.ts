/**
 * The rows of one table of a batch, in typed arrays that grow: written by name, by who fills rows, and read in words of
 * 32 bits, whatever a column's kind, by who encodes them.
 */
import { tables, type TableName } from '../tables/index.ts'
import type { ColumnDefinition } from '../tables/table.ts'

/** A column as it is read: the memory of its array, in words and in bytes. */
export interface StoredColumn {
  readonly name: string
  readonly id: number
  /** Bytes of a row: 4 or 8. */
  readonly width: number
  words: Uint32Array
  bytes: Uint8Array
  /** Bytes that are written of it, for who encodes to keep. */
  dataBytes: number
}

export interface TableStore {
  /** Id of the table. */
  readonly id: number
  readonly columns: readonly StoredColumn[]
  /** By name, for who writes rows. */
  readonly arrays: Record<string, Uint32Array | BigUint64Array>
  rows: number
  capacity: number
}

const initialRows = 64

/** An array for `capacity` rows, and what it is written from. */
function createArray(width: number, capacity: number) {
  const array = width === 8 ? new BigUint64Array(capacity) : new Uint32Array(capacity)
  return { array, words: new Uint32Array(array.buffer), bytes: new Uint8Array(array.buffer) }
}

/** No rows yet. */
export function createStore(name: TableName): TableStore {
  const { id, columns: definitions } = tables[name]
  const made = Object.entries(definitions as Record<string, ColumnDefinition>).map(
    ([column, { id: columnId, kind }]) => {
      const width = kind === 'u64' ? 8 : 4
      const { array, words, bytes } = createArray(width, initialRows)
      return { array, column: { name: column, id: columnId, width, words, bytes, dataBytes: 0 } }
    },
  )
  return {
    id,
    columns: made.map(({ column }) => column),
    // At once: of an object that gets this many properties one after another V8 makes a hash table, and every
    // field that is written afterwards is looked up in it.
    arrays: Object.fromEntries(made.map(({ array, column }) => [column.name, array])),
    rows: 0,
    capacity: initialRows,
  }
}

/** Room for twice as many rows; `arrays` are others afterwards. */
function grow(store: TableStore): void {
  store.capacity *= 2
  for (const column of store.columns) {
    const { array, words, bytes } = createArray(column.width, store.capacity)
    words.set(column.words)
    column.words = words
    column.bytes = bytes
    store.arrays[column.name] = array
  }
}

/** Appends a row of zeros and gives its index. */
export function addRow(store: TableStore): number {
  if (store.rows === store.capacity) grow(store)
  return store.rows++
}

/** Takes all rows away, and keeps the room. */
export function clearRows(store: TableStore): void {
  if (store.rows === 0) return
  for (const { words, width } of store.columns) words.fill(0, 0, store.rows * (width >>> 2))
  store.rows = 0
}
