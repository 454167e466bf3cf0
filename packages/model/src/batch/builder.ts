/**
 * Builds one batch: rows go into typed arrays, strings into a dictionary that is shared by all tables.
 *
 * Reused from batch to batch (`reset`), so that a quiet sensor allocates nothing per event. Not safe
 * for two writers. Encoding follows `proto/honeyguide/v1/uplink.proto`.
 */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
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

/** Numbers of the fields that are written, as the schema has them. */
const batchFields = {
  sensor: BatchSchema.field.sensor.number,
  boot: BatchSchema.field.boot.number,
  run: BatchSchema.field.run.number,
  sequence: BatchSchema.field.sequence.number,
  wallOffsetNs: BatchSchema.field.wallOffsetNs.number,
  dictionary: BatchSchema.field.dictionary.number,
  tables: BatchSchema.field.tables.number,
  rings: BatchSchema.field.rings.number,
}
const tableFields = {
  id: TableSchema.field.id.number,
  rows: TableSchema.field.rows.number,
  columns: TableSchema.field.columns.number,
}
const columnFields = {
  id: ColumnSchema.field.id.number,
  data: ColumnSchema.field.data.number,
}
const ringFields = {
  ring: RingPositionSchema.field.ring.number,
  position: RingPositionSchema.field.position.number,
}

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

/** The column's bytes where they lie; one value alone when every row has the same. */
function columnBytes(array: Uint32Array | BigUint64Array, rows: number): Uint8Array {
  const first = array[0]
  let row = 1
  while (row < rows && array[row] === first) row++
  const { buffer, byteOffset, BYTES_PER_ELEMENT: width } = array
  return new Uint8Array(buffer, byteOffset, width * (row === rows ? 1 : rows))
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

  /** Field by field what `create` and `toBinary` of the schema would give; by hand, as they take ten times as long. */
  function writeTable(writer: BinaryWriter, { definition, arrays, rows: count }: Store): void {
    writer.tag(tableFields.id, WireType.Varint).uint32(definition.id)
    writer.tag(tableFields.rows, WireType.Varint).uint32(count)
    for (const [name, { id }] of Object.entries(definition.columns)) {
      const array = arrays[name]
      if (!array) continue
      const data = columnBytes(array, count)
      // A column of zeros reads as zeros when it is absent.
      if (data.length === array.BYTES_PER_ELEMENT && !array[0]) continue
      writer.tag(tableFields.columns, WireType.LengthDelimited).fork()
      writer.tag(columnFields.id, WireType.Varint).uint32(id)
      writer.tag(columnFields.data, WireType.LengthDelimited).bytes(data)
      writer.join()
    }
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
    text: (bytes) => dictionary.text(bytes),
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
      const writer = new BinaryWriter()
      writer.tag(batchFields.sensor, WireType.LengthDelimited).bytes(sensor)
      writer.tag(batchFields.boot, WireType.LengthDelimited).bytes(boot)
      writer.tag(batchFields.run, WireType.Varint).uint32(run)
      writer.tag(batchFields.sequence, WireType.Varint).uint64(sequence)
      // Two's complement: a clock that was not set yet stands before the boot.
      writer.tag(batchFields.wallOffsetNs, WireType.Bit64).fixed64(BigInt.asUintN(64, wallOffsetNs))
      for (let id = 1; id <= dictionary.size; id++)
        writer.tag(batchFields.dictionary, WireType.LengthDelimited).bytes(dictionary.bytes(id))
      for (const { store } of stores.values()) {
        if (store.rows === 0) continue
        writer.tag(batchFields.tables, WireType.LengthDelimited).fork()
        writeTable(writer, store)
        writer.join()
      }
      for (const { ring, position } of rings) {
        writer.tag(batchFields.rings, WireType.LengthDelimited).fork()
        writer.tag(ringFields.ring, WireType.LengthDelimited).string(ring)
        writer.tag(ringFields.position, WireType.Bit64).fixed64(position)
        writer.join()
      }
      return writer.finish()
    },
    reset() {
      for (const { store } of stores.values()) {
        for (const array of Object.values(store.arrays)) {
          if (array instanceof BigUint64Array) array.fill(0n, 0, store.rows)
          else array.fill(0, 0, store.rows)
        }
        store.rows = 0
      }
      dictionary.reset()
      rows = 0
    },
  }
}
