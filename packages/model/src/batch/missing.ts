/** Batches that will never come, and the batch that says so. */
import type { Batch } from './reader.ts'

/**
 * Whether this batch stands for those of its run between the last one and itself: they fell off the
 * sensor's spool or rotted there, and its loss rows tell what they held. A receiver that sees a gap before
 * such a batch has nothing to add; before any other batch a gap is a loss of its own.
 */
export function standsForMissing(batch: Batch): boolean {
  const loss = batch.table('loss')
  if (!loss) return false
  for (let row = 0; row < loss.rows; row++) {
    const reason = batch.text(loss.columns.reason[row] ?? 0)
    if (reason === 'spool_full' || reason === 'spool_corrupt') return true
  }
  return false
}
