/**
 * Builds one batch: rows go into typed arrays, strings into a dictionary that is shared by all tables.
 *
 * Reused from batch to batch (`reset`), so that a quiet sensor allocates nothing per event. Not safe
 * for two writers. Encoding follows `proto/honeyguide/v1/uplink.proto`.
 */
import { create, toBinary } from '@bufbuild/protobuf'
import {
  BatchSchema,
  ColumnSchema,
  RingPositionSchema,
  TableSchema,
} from '../../gen/honeyguide/v1/uplink_pb.ts'
import { tables, type TableName, type Tables } from '../tables/index.ts'
import type { ColumnArrays, ColumnDefinition } from '../tables/table.ts'
import { batchLimits } from './limits.ts'

/** Who a batch is from and which one it is: the four together never repeat. */
export interface BatchIdentity {
  /** 16 bytes. */
  readonly sensor: Uint8Array
  /** 16 bytes. */
  readonly boot: Uint8Array
  readonly run: number
  readonly sequence: bigint
}

/** How far a ring had been read, in the ring's own byte position. */
export interface RingPosition {
  readonly ring: string
  readonly position: bigint
}

export interface TableWriter<Name extends TableName> {
  /** The arrays to fill at the row that `add` returned. They move when the table grows: read `columns` again after `add`. */
  readonly columns: ColumnArrays<Tables[Name]>
  readonly rows: number
  /** Appends a row of zeros and returns its index. */
  add(): number
}

export interface BatchBuilder {
  table<Name extends TableName>(name: Name): TableWriter<Name>
  /** Dictionary id of these bytes (0 for none). Copies them the first time; longer than the limit is cut. */
  text(bytes: Uint8Array): number
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
  encode(identity: BatchIdentity, wallOffsetNs: bigint, rings: readonly RingPosition[]): Uint8Array
  reset(): void
}

interface Store {
  readonly definition: { readonly id: number; readonly columns: Record<string, ColumnDefinition> }
  readonly arrays: Record<string, Uint32Array | BigUint64Array>
  rows: number
  capacity: number
}

const initialRows = 64
const empty = new Uint8Array(0)
const latin1 = new TextDecoder('latin1')

function createStore(name: TableName): Store {
  const definition = tables[name]
  const arrays: Record<string, Uint32Array | BigUint64Array> = {}
  for (const [column, { kind }] of Object.entries(definition.columns))
    arrays[column] = kind === 'u64' ? new BigUint64Array(initialRows) : new Uint32Array(initialRows)
  return { definition, arrays, rows: 0, capacity: initialRows }
}

function grow(store: Store): void {
  store.capacity *= 2
  for (const [column, old] of Object.entries(store.arrays)) {
    if (old instanceof BigUint64Array) {
      const next = new BigUint64Array(store.capacity)
      next.set(old)
      store.arrays[column] = next
    } else {
      const next = new Uint32Array(store.capacity)
      next.set(old)
      store.arrays[column] = next
    }
  }
}

/** The column's bytes; one value alone when every row has the same. */
function encodeColumn(array: Uint32Array | BigUint64Array, rows: number): Uint8Array<ArrayBuffer> {
  const width = array.BYTES_PER_ELEMENT
  const first = array[0]
  let same = true
  for (let row = 1; row < rows; row++) {
    if (array[row] !== first) {
      same = false
      break
    }
  }
  const out = new Uint8Array(width * (same ? 1 : rows))
  out.set(new Uint8Array(array.buffer, array.byteOffset, out.length))
  return out
}

/** When a batch is full: rows in all tables, bytes of dictionary. */
export interface BatchBounds {
  readonly rows: number
  readonly bytes: number
}

export function createBatchBuilder(
  bounds: BatchBounds = { rows: 512, bytes: 1024 * 1024 },
): BatchBuilder {
  const stores = new Map<TableName, { store: Store; writer: TableWriter<TableName> }>()
  let ids = new Map<string, number>()
  let entries: Uint8Array<ArrayBuffer>[] = []
  let dictionaryBytes = 0
  let rows = 0
  const encoder = new TextEncoder()

  function intern(bytes: Uint8Array): number {
    if (bytes.length === 0) return 0
    const cut =
      bytes.length > batchLimits.entryBytes ? bytes.subarray(0, batchLimits.entryBytes) : bytes
    // This decoder maps bytes to characters one to one, so different bytes never share a key.
    const key = latin1.decode(cut)
    const known = ids.get(key)
    if (known !== undefined) return known
    const copy = new Uint8Array(cut)
    entries.push(copy)
    dictionaryBytes += copy.length
    ids.set(key, entries.length)
    return entries.length
  }

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
            if (store.rows === store.capacity) grow(store)
            rows += 1
            return store.rows++
          },
        } as unknown as TableWriter<TableName>
        held = { store, writer }
        stores.set(name, held)
      }
      return held.writer as unknown as TableWriter<Name>
    },
    text: intern,
    string: (value) => (value === '' ? 0 : intern(encoder.encode(value))),
    get rows() {
      return rows
    },
    get dictionaryBytes() {
      return dictionaryBytes
    },
    get full() {
      return rows >= bounds.rows || dictionaryBytes >= bounds.bytes
    },
    bytes: (id) => (id === 0 ? empty : (entries[id - 1] ?? empty)),
    get names() {
      return [...stores].filter(([, held]) => held.store.rows > 0).map(([name]) => name)
    },
    encode(identity, wallOffsetNs, rings) {
      const batch = create(BatchSchema, {
        sensor: new Uint8Array(identity.sensor),
        boot: new Uint8Array(identity.boot),
        run: identity.run,
        sequence: identity.sequence,
        // Two's complement: a clock that was not set yet stands before the boot.
        wallOffsetNs: BigInt.asUintN(64, wallOffsetNs),
        dictionary: entries,
        rings: rings.map((ring) =>
          create(RingPositionSchema, { ring: ring.ring, position: ring.position }),
        ),
      })
      for (const { store } of stores.values()) {
        if (store.rows === 0) continue
        const columns = []
        for (const [name, { id }] of Object.entries(store.definition.columns)) {
          const array = store.arrays[name]
          if (!array) continue
          const data = encodeColumn(array, store.rows)
          // A column of zeros reads as zeros when it is absent.
          if (data.length === array.BYTES_PER_ELEMENT && !array[0]) continue
          columns.push(create(ColumnSchema, { id, data }))
        }
        batch.tables.push(
          create(TableSchema, { id: store.definition.id, rows: store.rows, columns }),
        )
      }
      return toBinary(BatchSchema, batch)
    },
    reset() {
      for (const { store } of stores.values()) {
        for (const array of Object.values(store.arrays)) {
          if (array instanceof BigUint64Array) array.fill(0n, 0, store.rows)
          else array.fill(0, 0, store.rows)
        }
        store.rows = 0
      }
      ids = new Map()
      entries = []
      dictionaryBytes = 0
      rows = 0
    },
  }
}
