import { defineTarget, must, takenOr, withCode } from '../../../../test/fuzz/target.ts'
import { mutateProtobuf } from '../../../../test/fuzz/mutate-protobuf.ts'
import { recordedBatches } from '../../../../test/fuzz/recorded.ts'
import { tables, type TableName } from '../tables/index.ts'
import type { TableDefinition } from '../tables/table.ts'
import { batchLimits } from './limits.ts'
import { decodeBatch } from './reader.ts'

const names = Object.keys(tables) as TableName[]

export const target = defineTarget({
  name: 'batch',
  parser: 'decodeBatch, and every column and text of what it takes',
  seeds: () => recordedBatches(),
  mutator: mutateProtobuf(),
  property:
    'A batch is refused with HG_BATCH_INVALID, or all its columns have as many rows as their table, within the limits, and every id of a text is in the dictionary.',
  open: () => (input) =>
    takenOr(() => {
      const batch = decodeBatch(input)
      must(batch.sensor.length === 16 && batch.boot.length === 16, 'ids have 16 bytes')
      must(batch.sequence > 0n, 'sequences begin at 1')
      for (const name of names) {
        const table = batch.table(name)
        if (!table) continue
        must(table.rows <= batchLimits.rows, 'rows are within the limit')
        const definition: TableDefinition = tables[name]
        const columns = table.columns as unknown as Record<string, Uint32Array | BigUint64Array>
        for (const [column, { kind }] of Object.entries(definition.columns)) {
          const values = columns[column]
          must(values?.length === table.rows, 'a column has as many rows as its table')
          if (kind !== 'text' || table.rows === 0) continue
          const id = Number(values[table.rows - 1])
          must(id === 0 || batch.bytes(id).length <= batchLimits.entryBytes, 'a text is an entry')
          batch.text(id)
        }
      }
    }, withCode('HG_BATCH_INVALID')),
})
