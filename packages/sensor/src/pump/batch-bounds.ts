/**
 * When a batch must leave, so that what it becomes is taken by spool, frame and hub (`batchLimits`), whatever
 * the configuration asks for. Pure.
 */
import { batchLimits, type BatchBounds } from '@honeyguide/model/batch'
import type { SensorSettings } from '@honeyguide/model/settings'
import { tables } from '@honeyguide/model/tables'

/** Rows beyond the bound: what is said of hooks and losses when a batch leaves. */
const mostExtraRows = 512
/** Length, tag and head of a dictionary entry; of columns there are few. */
const entryOverhead = 6

/** Encoded bytes of the widest row without its texts: 8 or 4 a column, and a dictionary entry for each text. */
function widestRow(): number {
  let widest = 0
  for (const { columns } of Object.values(tables)) {
    let width = 0
    for (const { kind } of Object.values(columns))
      width += kind === 'u64' ? 8 : kind === 'text' ? 4 + entryOverhead : 4
    if (width > widest) widest = width
  }
  return widest
}

/**
 * Rows, and bytes of texts: at most what is configured. A batch that is full may hold the texts of two more
 * records, one of each ring.
 */
export function batchBounds(batch: SensorSettings['batch']): BatchBounds {
  const columns = (batch.events + mostExtraRows) * widestRow()
  const room = batchLimits.batchBytes - 64 * 1024 - 2 * batchLimits.entryBytes - columns
  return { rows: batch.events, bytes: Math.max(4096, Math.min(batch.bytes, room)) }
}
