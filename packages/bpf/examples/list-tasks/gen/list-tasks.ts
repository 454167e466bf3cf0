/**
 * Generated from BTF; do not edit.
 * Again: node packages/bpf/examples/build.ts
 */
import type { LayoutClaim, RecordMemory } from '@honeyguide/bpf'

/** The layout that these decoders are for; pass it to `openObject`. */
export const layout = {
  hash: '642abaea414fe291',
  structs: ['task_row'],
  enums: [],
} as const satisfies LayoutClaim

/** Bytes of one struct task_row. */
export const taskRowSizeBytes = 32

/** Byte offsets of its fields. */
export const taskRowOffsets = {
  startBootNs: 0,
  tgid: 8,
  parentTgid: 12,
  comm: 16,
} as const

/** Reads single fields of the struct task_row at byte `at` of `m`. */
export const taskRow = {
  /** u64 start_boot_ns */
  startBootNs: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 start_boot_ns, exact below 2^53 */
  startBootNsNumber: (m: RecordMemory, at: number): number =>
    (m.u32[(at + 0) >>> 2] as number) + (m.u32[(at + 4) >>> 2] as number) * 0x1_0000_0000,
  /** u32 tgid */
  tgid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 8) >>> 2] as number,
  /** u32 parent_tgid */
  parentTgid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 12) >>> 2] as number,
  /** 16 bytes comm */
  comm: (m: RecordMemory, at: number): Uint8Array =>
    m.u8.subarray(at + 16, at + 32),
} as const

/** A struct task_row as an object of its own. */
export interface TaskRow {
  readonly startBootNs: bigint
  readonly startBootNsNumber: number
  readonly tgid: number
  readonly parentTgid: number
  readonly comm: Uint8Array
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readTaskRow(m: RecordMemory, at: number): TaskRow {
  return {
    startBootNs: taskRow.startBootNs(m, at),
    startBootNsNumber: taskRow.startBootNsNumber(m, at),
    tgid: taskRow.tgid(m, at),
    parentTgid: taskRow.parentTgid(m, at),
    comm: taskRow.comm(m, at).slice(),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface TaskRowColumns {
  readonly startBootNs: Float64Array
  readonly tgid: Uint32Array
  readonly parentTgid: Uint32Array
  readonly comm: Uint8Array
}

/** Makes columns with room for `capacity` rows. */
export function createTaskRowColumns(capacity: number): TaskRowColumns {
  return {
    startBootNs: new Float64Array(capacity),
    tgid: new Uint32Array(capacity),
    parentTgid: new Uint32Array(capacity),
    comm: new Uint8Array(capacity * 16),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyTaskRow(
  m: RecordMemory,
  at: number,
  columns: TaskRowColumns,
  row: number,
): void {
  columns.startBootNs[row] = taskRow.startBootNsNumber(m, at)
  columns.tgid[row] = taskRow.tgid(m, at)
  columns.parentTgid[row] = taskRow.parentTgid(m, at)
  columns.comm.set(m.u8.subarray(at + 16, at + 32), row * 16)
}
