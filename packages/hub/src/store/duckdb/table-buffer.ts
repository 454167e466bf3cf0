/**
 * Rows of one table on their way into DuckDB: typed arrays that are copied in bulk, 2,048 rows at a time.
 *
 * A value at a time through the appender costs ten times as much. Not durable: the spool is.
 */
import duckdb from '@duckdb/node-bindings'
import {
  DuckDBDataChunk,
  type DuckDBAppender,
  type DuckDBType,
  BIGINT,
  INTEGER,
  TIMESTAMP,
  UBIGINT,
  UINTEGER,
  UTINYINT,
  VARCHAR,
} from '@duckdb/node-api'
import type { StoreColumn } from './store-column.ts'

interface ArrayOf {
  u8: Uint8Array<ArrayBuffer>
  i32: Int32Array<ArrayBuffer>
  u32: Uint32Array<ArrayBuffer>
  i64: BigInt64Array<ArrayBuffer>
  u64: BigUint64Array<ArrayBuffer>
  time: BigInt64Array<ArrayBuffer>
  text: string[]
}
type AnyArray = ArrayOf[StoreColumn]

const duckdbTypes: Readonly<Record<StoreColumn, DuckDBType>> = {
  u8: UTINYINT,
  i32: INTEGER,
  u32: UINTEGER,
  i64: BIGINT,
  u64: UBIGINT,
  time: TIMESTAMP,
  text: VARCHAR,
}

function newArray(type: StoreColumn, rows: number): AnyArray {
  switch (type) {
    case 'u8':
      return new Uint8Array(rows)
    case 'i32':
      return new Int32Array(rows)
    case 'u32':
      return new Uint32Array(rows)
    case 'u64':
      return new BigUint64Array(rows)
    case 'i64':
    case 'time':
      return new BigInt64Array(rows)
    case 'text':
      return []
  }
}

const chunkRows = 2048

export interface TableBuffer<Columns extends Record<string, StoreColumn>> {
  readonly rows: number
  /** Arrays to fill at the row that `add` gave; read again after each `add`, as they move when they grow. Unset is 0. */
  readonly columns: { readonly [Name in keyof Columns]: ArrayOf[Columns[Name]] }
  /** A new row of zeros and empty texts. */
  add(): number
  /** Hands all rows to the appender and flushes it. The buffer stays as it is: a failed transaction can be tried again. */
  appendTo(appender: DuckDBAppender): void
  clear(): void
}

export function createTableBuffer<const Columns extends Record<string, StoreColumn>>(
  definition: Columns,
): TableBuffer<Columns> {
  const entries = Object.entries(definition)
  const types = entries.map(([, type]) => duckdbTypes[type])
  let capacity = chunkRows
  let rows = 0
  const columns: Record<string, AnyArray> = {}
  for (const [name, type] of entries) columns[name] = newArray(type, capacity)

  function grow(): void {
    capacity *= 2
    for (const [name, type] of entries) {
      const old = columns[name]
      if (old === undefined || Array.isArray(old)) continue
      const next = newArray(type, capacity) as Uint8Array<ArrayBuffer>
      next.set(old as Uint8Array<ArrayBuffer>)
      columns[name] = next
    }
  }

  return {
    get rows() {
      return rows
    },
    columns: columns as unknown as TableBuffer<Columns>['columns'],
    add() {
      if (rows === capacity) grow()
      return rows++
    },
    appendTo(appender) {
      for (let from = 0; from < rows; from += chunkRows) {
        const count = Math.min(chunkRows, rows - from)
        const chunk = DuckDBDataChunk.create(types, count)
        for (const [at, [name]] of entries.entries()) {
          const vector = duckdb.data_chunk_get_vector(chunk.chunk, at)
          const array = columns[name]
          if (array === undefined) continue
          if (Array.isArray(array)) {
            for (let row = 0; row < count; row++)
              duckdb.vector_assign_string_element(vector, row, array[from + row] ?? '')
          } else {
            const width = array.BYTES_PER_ELEMENT
            duckdb.copy_data_to_vector(vector, 0, array.buffer, from * width, count * width)
          }
        }
        appender.appendDataChunk(chunk)
      }
      appender.flushSync()
    },
    clear() {
      for (const [name] of entries) {
        const array = columns[name]
        if (array === undefined) continue
        if (Array.isArray(array)) array.length = 0
        else new Uint8Array(array.buffer).fill(0, 0, rows * array.BYTES_PER_ELEMENT)
      }
      rows = 0
    },
  }
}
