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

/**
 * The u64 at byte `at` as a double: what is computed with, as a bigint is an object for each value. Exact below 2^53;
 * of ns since boot that is 104 days, and a few ns less exact beyond.
 */
export function doubleAt(memory: RecordMemory, at: number): number {
  const word = at >>> 2
  return (memory.u32[word] as number) + (memory.u32[word + 1] as number) * 0x1_0000_0000
}

/** The same u64 as it is: as a number where that is exact, which it is for nearly all. */
export function exactAt(memory: RecordMemory, at: number): number | bigint {
  const value = doubleAt(memory, at)
  return value <= Number.MAX_SAFE_INTEGER ? value : (memory.u64[at >>> 3] as bigint)
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
