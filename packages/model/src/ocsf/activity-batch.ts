/**
 * Events of one batch with their OCSF names, read in place: no object per event unless somebody asks for one.
 *
 * The hub's `normalise` makes one from a wire batch and the lineage graph; tests make one from rows
 * (`activityBatchOf`). Detection, the live stream and the store's dimension writer read it.
 */
import { microsOfIso } from '../wall-time.ts'
import { eventKind, type ActivityRow, type EventKind } from './event-classes.ts'

export { eventKind, type EventKind } from './event-classes.ts'

export type ActivityValue = string | number | boolean | null

export interface ActivityBatch {
  /** 32 hex digits. */
  readonly deviceUid: string
  readonly hostname: string
  readonly rows: number
  kind(row: number): EventKind
  /** µs since 1970, UTC. */
  timeUs(row: number): number
  eventUid(row: number): string
  /** Value of an OCSF column (a key of `ActivityRow`), null when the event has none. */
  value(row: number, column: keyof ActivityRow & string): ActivityValue
  /**
   * A small number that is equal for equal values of `column` within this batch, or -1 when that is not known
   * cheaply: lets a rule's verdict be cached per distinct value.
   */
  valueId(row: number, column: keyof ActivityRow & string): number
  /** The whole event, for output. */
  row(row: number): ActivityRow
}

/** A batch over rows that are there already, for tests and recordings of rows. */
export function activityBatchOf(rows: readonly ActivityRow[]): ActivityBatch {
  const at = (row: number): ActivityRow => {
    const found = rows[row]
    if (!found) throw new RangeError(`row ${row} of ${rows.length}`)
    return found
  }
  return {
    deviceUid: String(rows[0]?.device_uid ?? ''),
    hostname: String(rows[0]?.device_hostname ?? ''),
    rows: rows.length,
    kind: (row) => eventKind(at(row)),
    timeUs: (row) => microsOfIso(String(at(row).time)),
    eventUid: (row) => String(at(row).event_uid ?? ''),
    value: (row, column) => at(row)[column] ?? null,
    valueId: () => -1,
    row: at,
  }
}
