/**
 * Builds one batch: rows go into typed arrays, strings into a dictionary that is shared by all tables.
 *
 * Reused from batch to batch (`reset`), so that a quiet sensor allocates nothing per event. Not safe
 * for two writers. Encoding follows `proto/honeyguide/v1/uplink.proto`.
 */
import {
  BatchSchema,
  ColumnSchema,
  RingPositionSchema,
  TableSchema,
} from '../../gen/honeyguide/v1/uplink_pb.ts'
import { tables, type TableName, type Tables } from '../tables/index.ts'
import type { ColumnArrays, ColumnDefinition } from '../tables/table.ts'
import { createDictionary } from './dictionary.ts'
import { batchLimits } from './limits.ts'
import {
  delimitedBytes,
  fixed64Bytes,
  MessageWriter,
  tagOf,
  varintFieldBytes,
  wireTypes,
} from './message-writer.ts'

/** Who a batch is from and which one it is: the four together never repeat. */
export interface BatchIdentity {
  /** 16 bytes. */
  readonly sensor: Uint8Array
  /** 16 bytes. */
  readonly boot: Uint8Array
  readonly run: number
  /** Below 2^53. */
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

/** A column as it is written: whatever its kind, in words of 32 bits. */
interface Column {
  readonly name: string
  readonly id: number
  /** Bytes of a row: 4 or 8. */
  readonly width: number
  words: Uint32Array
  bytes: Uint8Array
  /** Bytes that are written of it, once `measure` has looked. */
  dataBytes: number
}

interface Store {
  /** Id of the table. */
  readonly id: number
  readonly columns: readonly Column[]
  /** By name, for who writes rows. */
  readonly arrays: Record<string, Uint32Array | BigUint64Array>
  rows: number
  capacity: number
}

const initialRows = 64

/** Tags of the fields that are written, as the schema has them. */
const batchTags = {
  sensor: tagOf(BatchSchema.field.sensor, wireTypes.delimited),
  boot: tagOf(BatchSchema.field.boot, wireTypes.delimited),
  run: tagOf(BatchSchema.field.run, wireTypes.varint),
  sequence: tagOf(BatchSchema.field.sequence, wireTypes.varint),
  wallOffsetNs: tagOf(BatchSchema.field.wallOffsetNs, wireTypes.fixed64),
  dictionary: tagOf(BatchSchema.field.dictionary, wireTypes.delimited),
  tables: tagOf(BatchSchema.field.tables, wireTypes.delimited),
  rings: tagOf(BatchSchema.field.rings, wireTypes.delimited),
}
const tableTags = {
  id: tagOf(TableSchema.field.id, wireTypes.varint),
  rows: tagOf(TableSchema.field.rows, wireTypes.varint),
  columns: tagOf(TableSchema.field.columns, wireTypes.delimited),
}
const columnTags = {
  id: tagOf(ColumnSchema.field.id, wireTypes.varint),
  data: tagOf(ColumnSchema.field.data, wireTypes.delimited),
}
const ringTags = {
  ring: tagOf(RingPositionSchema.field.ring, wireTypes.delimited),
  position: tagOf(RingPositionSchema.field.position, wireTypes.fixed64),
}

const encoder = new TextEncoder()

/** An array for `capacity` rows, and what it is written from. */
function createArray(width: number, capacity: number) {
  const array = width === 8 ? new BigUint64Array(capacity) : new Uint32Array(capacity)
  return { array, words: new Uint32Array(array.buffer), bytes: new Uint8Array(array.buffer) }
}

function createStore(name: TableName): Store {
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

function grow(store: Store): void {
  store.capacity *= 2
  for (const column of store.columns) {
    const { array, words, bytes } = createArray(column.width, store.capacity)
    words.set(column.words)
    column.words = words
    column.bytes = bytes
    store.arrays[column.name] = array
  }
}

/** Bytes of a column's data: of one value when every row has the same, 0 when that is 0 and need not be written. */
function dataBytesOf({ width, words }: Column, rows: number): number {
  const low = words[0]
  if (width === 4) {
    for (let row = 1; row < rows; row++) if (words[row] !== low) return 4 * rows
    return low === 0 ? 0 : 4
  }
  const high = words[1]
  for (let word = 2; word < 2 * rows; word += 2)
    if (words[word] !== low || words[word + 1] !== high) return 8 * rows
  return low === 0 && high === 0 ? 0 : 8
}

const columnBytes = ({ id, dataBytes }: Column): number =>
  varintFieldBytes(columnTags.id, id) + delimitedBytes(columnTags.data, dataBytes)

/** Bytes of a table's message. Looks at what there is to write. */
function measure({ id, columns, rows }: Store): number {
  let bytes = varintFieldBytes(tableTags.id, id) + varintFieldBytes(tableTags.rows, rows)
  for (const column of columns) {
    column.dataBytes = dataBytesOf(column, rows)
    if (column.dataBytes > 0) bytes += delimitedBytes(tableTags.columns, columnBytes(column))
  }
  return bytes
}

/** What `measure` has measured. */
function writeTable(writer: MessageWriter, { id, columns, rows }: Store): void {
  writer.varintField(tableTags.id, id)
  writer.varintField(tableTags.rows, rows)
  for (const column of columns) {
    if (column.dataBytes === 0) continue
    writer.begin(tableTags.columns, columnBytes(column))
    writer.varintField(columnTags.id, column.id)
    writer.begin(columnTags.data, column.dataBytes)
    writer.copy(column.bytes, 0, column.dataBytes)
  }
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
      const { sensor, boot, run, sequence } = identity
      const number = Number(sequence)
      const written = [...stores.values()]
        .filter(({ store }) => store.rows > 0)
        .map(({ store }) => ({ store, length: measure(store) }))
      const positions = rings.map(({ ring, position }) => {
        const name = encoder.encode(ring)
        const length = delimitedBytes(ringTags.ring, name.length) + fixed64Bytes(ringTags.position)
        return { name, position, length }
      })
      let length =
        delimitedBytes(batchTags.sensor, sensor.length) +
        delimitedBytes(batchTags.boot, boot.length) +
        varintFieldBytes(batchTags.run, run) +
        varintFieldBytes(batchTags.sequence, number) +
        fixed64Bytes(batchTags.wallOffsetNs)
      for (let id = 1; id <= dictionary.size; id++)
        length += delimitedBytes(
          batchTags.dictionary,
          dictionary.endOf(id) - dictionary.endOf(id - 1),
        )
      for (const table of written) length += delimitedBytes(batchTags.tables, table.length)
      for (const ring of positions) length += delimitedBytes(batchTags.rings, ring.length)

      const writer = new MessageWriter(length)
      writer.delimitedField(batchTags.sensor, sensor)
      writer.delimitedField(batchTags.boot, boot)
      writer.varintField(batchTags.run, run)
      writer.varintField(batchTags.sequence, number)
      // Two's complement: a clock that was not set yet stands before the boot.
      writer.fixed64Field(batchTags.wallOffsetNs, BigInt.asUintN(64, wallOffsetNs))
      for (let id = 1; id <= dictionary.size; id++) {
        const from = dictionary.endOf(id - 1)
        const to = dictionary.endOf(id)
        writer.begin(batchTags.dictionary, to - from)
        writer.copy(dictionary.memory, from, to)
      }
      for (const table of written) {
        writer.begin(batchTags.tables, table.length)
        writeTable(writer, table.store)
      }
      for (const { name, position, length: ringBytes } of positions) {
        writer.begin(batchTags.rings, ringBytes)
        writer.delimitedField(ringTags.ring, name)
        writer.fixed64Field(ringTags.position, position)
      }
      return writer.bytes
    },
    reset() {
      for (const { store } of stores.values()) {
        if (store.rows === 0) continue
        for (const { words, width } of store.columns) words.fill(0, 0, store.rows * (width >>> 2))
        store.rows = 0
      }
      dictionary.reset()
      rows = 0
    },
  }
}
