/**
 * Gives a wire batch its OCSF names: an `ActivityBatch` that is read in place, over the lineage graph.
 *
 * Feed the batch to the lineage first. Nothing is computed before it is asked for. Rows are in the order in
 * which things happened (`rowOrder`). What each table says is in `tables/`.
 */
import { orderedTables, rowOrder } from '@honeyguide/detect'
import {
  eventKindInfo,
  eventUid,
  hex,
  namePrefix,
  type ActivityBatch,
  type ActivityColumn,
  type ActivityRow,
  type ActivityValue,
  type Batch,
  type EventKind,
  type TableReader,
} from '@honeyguide/model'
import { absent, type ColumnReader } from './column-reader.ts'
import { createContext, wallUs, type NormaliseLineage, type Readers } from './context.ts'
import { createReferences } from './process-reference.ts'
import type { EventTable, TableNormaliser } from './table-normaliser.ts'
import { tableNormalisers } from './tables/index.ts'

export type { NormaliseLineage } from './context.ts'

/** A table of this batch with what is made of it so far. */
interface OpenTable {
  readonly normaliser: TableNormaliser
  readonly table: TableReader<EventTable>
  readonly columns: Map<string, ColumnReader>
  readers: Readers | undefined
}

export function normalise(
  batch: Batch,
  lineage: NormaliseLineage,
  hostname: string,
): ActivityBatch {
  const prefix = namePrefix(batch.sensor, batch.boot)
  const deviceUid = hex(batch.sensor)
  const context = createContext({
    batch,
    prefix,
    deviceUid,
    hostname,
    lineage,
    references: createReferences(prefix, lineage),
  })
  const order = rowOrder(batch)
  const open = orderedTables.map((name): OpenTable | undefined => {
    const table = name === 'process' ? undefined : batch.table(name)
    if (!table) return undefined
    // A normaliser is handed only tables of its own name.
    const normaliser = tableNormalisers[table.name] as unknown as TableNormaliser
    return { normaliser, table, columns: new Map(), readers: undefined }
  })
  const tableOf: OpenTable[] = []
  const rowOf: number[] = []
  for (let at = 0; at < order.length; at++) {
    const of = open[order.table[at] ?? 0]
    // The snapshot's rows are no events.
    if (!of) continue
    tableOf.push(of)
    rowOf.push(order.row[at] ?? 0)
  }

  function reader(of: OpenTable, column: ActivityColumn): ColumnReader {
    let found = of.columns.get(column)
    if (!found) {
      of.readers ??= of.normaliser.readers(context, of.table)
      of.columns.set(column, (found = of.readers[column]?.() ?? absent))
    }
    return found
  }

  function place(row: number): { readonly of: OpenTable; readonly at: number } {
    const of = tableOf[row]
    const at = rowOf[row]
    if (of === undefined || at === undefined)
      throw new RangeError(`row ${row} of ${tableOf.length}`)
    return { of, at }
  }

  return {
    deviceUid,
    hostname,
    rows: tableOf.length,
    kind(row): EventKind {
      const { of, at } = place(row)
      return of.normaliser.kind(of.table, at)
    },
    timeUs(row) {
      const { of, at } = place(row)
      return wallUs(batch, of.table.columns.bootNs[at] ?? 0n)
    },
    eventUid(row) {
      const { of, at } = place(row)
      return eventUid(prefix, of.normaliser.ring, of.table.columns.seq[at] ?? 0n)
    },
    value(row, column) {
      const { of, at } = place(row)
      return reader(of, column).value(at)
    },
    valueId(row, column) {
      const { of, at } = place(row)
      return reader(of, column).id(at)
    },
    row(row) {
      const { of, at } = place(row)
      const out: Record<string, ActivityValue> = {}
      for (const column of Object.keys(
        eventKindInfo(of.normaliser.kind(of.table, at)).class.columns,
      ) as ActivityColumn[]) {
        const value = reader(of, column).value(at)
        if (value !== null) out[column] = value
      }
      return out as unknown as ActivityRow
    },
  }
}
