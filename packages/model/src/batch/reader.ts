/**
 * Reads a batch that came from outside: every count is checked against `batchLimits` before anything
 * of that size is allocated, and every dictionary id is checked once, so that readers need not.
 */
import { fromBinary } from '@bufbuild/protobuf'
import { BatchSchema } from '../../gen/honeyguide/v1/uplink_pb.ts'
import { HoneyguideError } from '../errors.ts'
import { tables, type TableName, type Tables } from '../tables/index.ts'
import type { ColumnArrays, TableDefinition } from '../tables/table.ts'
import { decodeText } from '../text.ts'
import type { BatchIdentity, RingPosition } from './builder.ts'
import { batchLimits } from './limits.ts'
import { findExcess } from './prescan.ts'

export interface TableReader<Name extends TableName = TableName> {
  readonly name: Name
  readonly rows: number
  readonly columns: ColumnArrays<Tables[Name]>
}

export interface Batch extends BatchIdentity {
  /** Wall clock less boot clock, ns, signed: below 0 where the clock was not set yet. */
  readonly wallOffsetNs: bigint
  readonly rings: readonly RingPosition[]
  /** The table, or undefined when the batch has no row of it. */
  table<Name extends TableName>(name: Name): TableReader<Name> | undefined
  /** Bytes of a dictionary id; empty for 0. Do not change them. */
  bytes(id: number): Uint8Array
  /** Text of a dictionary id by `decodeText`, decoded once. */
  text(id: number): string
}

const empty = new Uint8Array(0)
const byId = new Map<number, TableName>(
  Object.entries(tables).map(([name, table]) => [table.id, name as TableName]),
)

function refuse(what: string): never {
  throw new HoneyguideError('HG_BATCH_INVALID', what)
}

/** Throws HG_BATCH_INVALID, saying what is wrong with it. */
export function decodeBatch(encoded: Uint8Array): Batch {
  if (encoded.length > batchLimits.batchBytes)
    refuse(`${encoded.length} bytes, at most ${batchLimits.batchBytes} are taken`)
  const excess = findExcess(encoded)
  if (excess !== undefined) refuse(excess)
  let message
  try {
    message = fromBinary(BatchSchema, encoded)
  } catch (cause) {
    throw new HoneyguideError('HG_BATCH_INVALID', `not a batch: ${(cause as Error).message}`, {
      cause,
    })
  }
  if (message.sensor.length !== 16) refuse(`sensor id of ${message.sensor.length} bytes, not 16`)
  if (message.boot.length !== 16) refuse(`boot id of ${message.boot.length} bytes, not 16`)
  if (message.sequence === 0n) refuse('sequence 0; sequences begin at 1')
  const { dictionary } = message
  if (dictionary.length > batchLimits.dictionaryEntries)
    refuse(`${dictionary.length} dictionary entries`)
  for (const entry of dictionary)
    if (entry.length > batchLimits.entryBytes) refuse(`a dictionary entry of ${entry.length} bytes`)
  if (message.tables.length > batchLimits.tables) refuse(`${message.tables.length} tables`)

  const read = new Map<TableName, TableReader>()
  for (const table of message.tables) {
    const name = byId.get(table.id)
    if (name === undefined) continue
    if (read.has(name)) refuse(`table ${name} twice`)
    if (table.rows > batchLimits.rows) refuse(`${table.rows} rows in table ${name}`)
    if (table.columns.length > batchLimits.columns)
      refuse(`${table.columns.length} columns in table ${name}`)
    const sent = new Map(table.columns.map((column) => [column.id, column.data]))
    const columns: Record<string, Uint32Array | BigUint64Array> = {}
    const definition: TableDefinition = tables[name]
    for (const [column, { id, kind }] of Object.entries(definition.columns)) {
      const width = kind === 'u64' ? 8 : 4
      const array = kind === 'u64' ? new BigUint64Array(table.rows) : new Uint32Array(table.rows)
      const data = sent.get(id)
      if (data) {
        if (data.length === width && table.rows !== 1) {
          const one = new Uint8Array(width)
          one.set(data)
          if (array instanceof BigUint64Array) array.fill(new BigUint64Array(one.buffer)[0] ?? 0n)
          else array.fill(new Uint32Array(one.buffer)[0] ?? 0)
        } else if (data.length === width * table.rows) {
          new Uint8Array(array.buffer).set(data)
        } else {
          refuse(
            `column ${name}.${column} has ${data.length} bytes for ${table.rows} rows of ${width}`,
          )
        }
        if (kind === 'text') {
          for (const entry of array as Uint32Array)
            if (entry > dictionary.length)
              refuse(`${name}.${column} points to entry ${entry} of ${dictionary.length}`)
        }
      }
      columns[column] = array
    }
    read.set(name, { name, rows: table.rows, columns })
  }

  const texts: (string | undefined)[] = []
  return {
    sensor: message.sensor,
    boot: message.boot,
    run: message.run,
    sequence: message.sequence,
    wallOffsetNs: BigInt.asIntN(64, message.wallOffsetNs),
    rings: message.rings.map(({ ring, position }) => ({ ring, position })),
    table: <Name extends TableName>(name: Name) => read.get(name) as TableReader<Name> | undefined,
    bytes: (id) => (id === 0 ? empty : (dictionary[id - 1] ?? empty)),
    text(id) {
      if (id === 0) return ''
      return (texts[id] ??= decodeText(dictionary[id - 1] ?? empty))
    },
  }
}
