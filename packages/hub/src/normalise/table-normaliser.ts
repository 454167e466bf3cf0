/** What turns one table of the wire into events: one file per table under `tables/`, listed in `tables/index.ts`. */
import type { OrderedTable } from '@honeyguide/detect'
import type { EventKind, TableReader } from '@honeyguide/model'
import type { NormaliseContext, Readers } from './context.ts'

/** Tables whose rows are events. The snapshot's rows are none. */
export type EventTable = Exclude<OrderedTable, 'process'>

export interface TableNormaliser<Name extends EventTable = EventTable> {
  readonly table: Name
  /** Letter of its ring in `event_uid`: lifecycle or data. */
  readonly ring: 'l' | 'd'
  /** What a row is; its class follows from it. */
  kind(table: TableReader<Name>, row: number): EventKind
  readers(context: NormaliseContext, table: TableReader<Name>): Readers
}
