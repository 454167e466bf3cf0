/**
 * Generated from BTF; do not edit.
 * Again: node packages/bpf/examples/build.ts
 */
import type { LayoutClaim, RecordMemory } from '@honeyguide/bpf'

/** The layout that these decoders are for; pass it to `openObject`. */
export const layout = {
  hash: 'd769231fdf2b5541',
  structs: ['exec_event'],
  enums: [],
} as const satisfies LayoutClaim

/** Bytes of one struct exec_event. */
export const execEventSizeBytes = 272

/** Byte offsets of its fields. */
export const execEventOffsets = {
  bootNs: 0,
  tgid: 8,
  parentTgid: 12,
  uid: 16,
  comm: 20,
  file: 36,
} as const

/** Reads single fields of the struct exec_event at byte `at` of `m`. */
export const execEvent = {
  /** u64 boot_ns */
  bootNs: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 boot_ns, exact below 2^53 */
  bootNsNumber: (m: RecordMemory, at: number): number =>
    (m.u32[(at + 0) >>> 2] as number) + (m.u32[(at + 4) >>> 2] as number) * 0x1_0000_0000,
  /** u32 tgid */
  tgid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 8) >>> 2] as number,
  /** u32 parent_tgid */
  parentTgid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 12) >>> 2] as number,
  /** u32 uid */
  uid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 16) >>> 2] as number,
  /** 16 bytes comm */
  comm: (m: RecordMemory, at: number): Uint8Array =>
    m.u8.subarray(at + 20, at + 36),
  /** 236 bytes file */
  file: (m: RecordMemory, at: number): Uint8Array =>
    m.u8.subarray(at + 36, at + 272),
} as const

/** A struct exec_event as an object of its own. */
export interface ExecEvent {
  readonly bootNs: bigint
  readonly bootNsNumber: number
  readonly tgid: number
  readonly parentTgid: number
  readonly uid: number
  readonly comm: Uint8Array
  readonly file: Uint8Array
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readExecEvent(m: RecordMemory, at: number): ExecEvent {
  return {
    bootNs: execEvent.bootNs(m, at),
    bootNsNumber: execEvent.bootNsNumber(m, at),
    tgid: execEvent.tgid(m, at),
    parentTgid: execEvent.parentTgid(m, at),
    uid: execEvent.uid(m, at),
    comm: execEvent.comm(m, at).slice(),
    file: execEvent.file(m, at).slice(),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface ExecEventColumns {
  readonly bootNs: Float64Array
  readonly tgid: Uint32Array
  readonly parentTgid: Uint32Array
  readonly uid: Uint32Array
  readonly comm: Uint8Array
  readonly file: Uint8Array
}

/** Makes columns with room for `capacity` rows. */
export function createExecEventColumns(capacity: number): ExecEventColumns {
  return {
    bootNs: new Float64Array(capacity),
    tgid: new Uint32Array(capacity),
    parentTgid: new Uint32Array(capacity),
    uid: new Uint32Array(capacity),
    comm: new Uint8Array(capacity * 16),
    file: new Uint8Array(capacity * 236),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyExecEvent(
  m: RecordMemory,
  at: number,
  columns: ExecEventColumns,
  row: number,
): void {
  columns.bootNs[row] = execEvent.bootNsNumber(m, at)
  columns.tgid[row] = execEvent.tgid(m, at)
  columns.parentTgid[row] = execEvent.parentTgid(m, at)
  columns.uid[row] = execEvent.uid(m, at)
  columns.comm.set(m.u8.subarray(at + 20, at + 36), row * 16)
  columns.file.set(m.u8.subarray(at + 36, at + 272), row * 236)
}
