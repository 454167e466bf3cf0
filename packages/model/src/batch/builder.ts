/**
 * Builds one batch: rows go into typed arrays, strings into a dictionary that is shared by all tables.
 *
 * Reused from batch to batch (`reset`), so that a quiet sensor allocates nothing per event. Not safe
 * for two writers.
 */
import type { TableName, Tables } from '../tables/index.ts'
import type { ColumnArrays } from '../tables/table.ts'
import { createDictionary } from './dictionary.ts'
import { encodeBatch, type BatchIdentity, type RingPosition } from './encode.ts'
import { batchLimits } from './limits.ts'
import { addRow, clearRows, createStore, type TableStore } from './table-store.ts'

export interface TableWriter<Name extends TableName> {
  /** The arrays to fill at the row that `add` returned. They move when the table grows: read `columns` again after `add`. */
  readonly columns: ColumnArrays<Tables[Name]>
  readonly rows: number
  /** Appends a row of zeros and returns its index. */
  add(): number
}

export interface BatchBuilder {
  table<Name extends TableName>(name: Name): TableWriter<Name>
  /** Dictionary id of the bytes from `from` to `to`, of all by default (0 for none). Copies them the first time; longer than the limit is cut. */
  text(bytes: Uint8Array, from?: number, to?: number): number
  /** The same for a string, as UTF-8. */
  string(value: string): number
  /** Rows in all tables. */
  readonly rows: number
  /** Bytes of dictionary held: a batch should leave at 1 MiB. */
  readonly dictionaryBytes: number
  /** Whether the batch should leave before another row is added: `rows` or `bytes` of its options is reached. */
  readonly full: boolean
  /** Names of the tables that have rows. */
  readonly names: readonly TableName[]
  /** Bytes of a dictionary id that `text` or `string` gave; empty for 0. Do not change them. */
  bytes(id: number): Uint8Array
  /** Encodes what was added. Does not reset. */
  encode(
    identity: BatchIdentity,
    wallOffsetNs: bigint,
    rings: readonly RingPosition[],
  ): Uint8Array<ArrayBuffer>
  reset(): void
}

/** When a batch is full: rows in all tables, bytes of dictionary. */
export interface BatchBounds {
  readonly rows: number
  readonly bytes: number
}

export function createBatchBuilder(
  bounds: BatchBounds = { rows: 512, bytes: 1024 * 1024 },
): BatchBuilder {
  const stores = new Map<TableName, { store: TableStore; writer: TableWriter<TableName> }>()
  const dictionary = createDictionary(batchLimits.entryBytes)
  let rows = 0

  return {
    table<Name extends TableName>(name: Name): TableWriter<Name> {
      let held = stores.get(name)
      if (!held) {
        const store = createStore(name)
        const writer = {
          get columns() {
            return store.arrays
          },
          get rows() {
            return store.rows
          },
          add() {
            rows += 1
            return addRow(store)
          },
        } as unknown as TableWriter<TableName>
        held = { store, writer }
        stores.set(name, held)
      }
      return held.writer as unknown as TableWriter<Name>
    },
    text: (bytes, from, to) => dictionary.text(bytes, from, to),
    string: (value) => dictionary.string(value),
    get rows() {
      return rows
    },
    get dictionaryBytes() {
      return dictionary.heldBytes
    },
    get full() {
      return rows >= bounds.rows || dictionary.heldBytes >= bounds.bytes
    },
    bytes: (id) => dictionary.bytes(id),
    get names() {
      return [...stores].filter(([, held]) => held.store.rows > 0).map(([name]) => name)
    },
    encode(identity, wallOffsetNs, rings) {
      const filled = [...stores.values()].flatMap(({ store }) => (store.rows > 0 ? [store] : []))
      return encodeBatch({ identity, wallOffsetNs, rings, dictionary, tables: filled })
    },
    reset() {
      for (const { store } of stores.values()) clearRows(store)
      dictionary.reset()
      rows = 0
    },
  }
}
