/**
 * Writes a batch as a message of `proto/honeyguide/v1/uplink.proto`, into memory of exactly its length: everything is
 * measured first, lengths standing before what they count.
 */
import {
  BatchSchema,
  ColumnSchema,
  RingPositionSchema,
  TableSchema,
} from '../../gen/honeyguide/v1/uplink_pb.ts'
import type { Dictionary } from './dictionary.ts'
import {
  delimitedBytes,
  fixed64Bytes,
  MessageWriter,
  tagOf,
  varintFieldBytes,
  wireTypes,
} from './message-writer.ts'
import type { StoredColumn, TableStore } from './table-store.ts'

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

/** What a batch says. */
export interface BatchContent {
  readonly identity: BatchIdentity
  /** Wall clock less the time since boot, ns; below 0 for a clock that was not set yet. */
  readonly wallOffsetNs: bigint
  readonly rings: readonly RingPosition[]
  readonly dictionary: Dictionary
  /** Those that have rows. */
  readonly tables: readonly TableStore[]
}

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

/** Bytes of a column's data: of one value when every row has the same, 0 when that is 0 and need not be written. */
function dataBytesOf({ width, words }: StoredColumn, rows: number): number {
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

const columnBytes = ({ id, dataBytes }: StoredColumn): number =>
  varintFieldBytes(columnTags.id, id) + delimitedBytes(columnTags.data, dataBytes)

/** Bytes of a table's message. Leaves in each column what is to be written of it: no object for each. */
function measure({ id, columns, rows }: TableStore): number {
  let bytes = varintFieldBytes(tableTags.id, id) + varintFieldBytes(tableTags.rows, rows)
  for (const column of columns) {
    column.dataBytes = dataBytesOf(column, rows)
    if (column.dataBytes > 0) bytes += delimitedBytes(tableTags.columns, columnBytes(column))
  }
  return bytes
}

/** What `measure` has measured. */
function writeTable(writer: MessageWriter, { id, columns, rows }: TableStore): void {
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

/** The message of a batch. */
export function encodeBatch(content: BatchContent): Uint8Array<ArrayBuffer> {
  const { identity, wallOffsetNs, rings, dictionary, tables } = content
  const { sensor, boot, run, sequence } = identity
  const number = Number(sequence)
  const measured = tables.map((store) => ({ store, length: measure(store) }))
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
    length += delimitedBytes(batchTags.dictionary, dictionary.endOf(id) - dictionary.endOf(id - 1))
  for (const table of measured) length += delimitedBytes(batchTags.tables, table.length)
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
  for (const table of measured) {
    writer.begin(batchTags.tables, table.length)
    writeTable(writer, table.store)
  }
  for (const { name, position, length: ringBytes } of positions) {
    writer.begin(batchTags.rings, ringBytes)
    writer.delimitedField(ringTags.ring, name)
    writer.fixed64Field(ringTags.position, position)
  }
  return writer.bytes
}
