/** The columns that every event from a ring begins with. */
import type { RecordMemory } from '@honeyguide/bpf'
import { event } from '../../gen/records.ts'

interface HeadColumns {
  readonly bootNs: BigUint64Array
  readonly seq: BigUint64Array
  readonly pid: Uint32Array
  readonly tid: Uint32Array
  readonly startNs: BigUint64Array
  readonly execNo: Uint32Array
}

/** Copies the head of the record at byte `at` into row `row`. */
export function writeHead(
  columns: HeadColumns,
  row: number,
  memory: RecordMemory,
  at: number,
): void {
  columns.bootNs[row] = event.bootNs(memory, at)
  columns.seq[row] = event.seq(memory, at)
  columns.pid[row] = event.pid(memory, at)
  columns.tid[row] = event.tid(memory, at)
  columns.startNs[row] = event.startNs(memory, at)
  columns.execNo[row] = event.execNo(memory, at)
}
