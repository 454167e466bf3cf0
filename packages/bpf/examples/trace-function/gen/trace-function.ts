/**
 * Generated from BTF; do not edit.
 * Again: node packages/bpf/examples/build.ts
 */
import type { LayoutClaim, RecordMemory } from '@honeyguide/bpf'

/** The layout that these decoders are for; pass it to `openObject`. */
export const layout = {
  hash: '39603cb7951127b0',
  structs: ['call_event'],
  enums: [],
} as const satisfies LayoutClaim

/** Bytes of one struct call_event. */
export const callEventSizeBytes = 120

/** Byte offsets of its fields. */
export const callEventOffsets = {
  bootNs: 0,
  durationNs: 8,
  argument: 16,
  returned: 24,
  tgid: 32,
  tid: 36,
  comm: 40,
  text: 56,
} as const

/** Reads single fields of the struct call_event at byte `at` of `m`. */
export const callEvent = {
  /** u64 boot_ns */
  bootNs: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 boot_ns, exact below 2^53 */
  bootNsNumber: (m: RecordMemory, at: number): number =>
    (m.u32[(at + 0) >>> 2] as number) + (m.u32[(at + 4) >>> 2] as number) * 0x1_0000_0000,
  /** u64 duration_ns */
  durationNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
  /** u64 duration_ns, exact below 2^53 */
  durationNsNumber: (m: RecordMemory, at: number): number =>
    (m.u32[(at + 8) >>> 2] as number) + (m.u32[(at + 12) >>> 2] as number) * 0x1_0000_0000,
  /** u64 argument */
  argument: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 16) >>> 3] as bigint,
  /** u64 returned */
  returned: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 24) >>> 3] as bigint,
  /** u32 tgid */
  tgid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 32) >>> 2] as number,
  /** u32 tid */
  tid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 36) >>> 2] as number,
  /** 16 bytes comm */
  comm: (m: RecordMemory, at: number): Uint8Array =>
    m.u8.subarray(at + 40, at + 56),
  /** 64 bytes text */
  text: (m: RecordMemory, at: number): Uint8Array =>
    m.u8.subarray(at + 56, at + 120),
} as const

/** A struct call_event as an object of its own. */
export interface CallEvent {
  readonly bootNs: bigint
  readonly bootNsNumber: number
  readonly durationNs: bigint
  readonly durationNsNumber: number
  readonly argument: bigint
  readonly returned: bigint
  readonly tgid: number
  readonly tid: number
  readonly comm: Uint8Array
  readonly text: Uint8Array
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readCallEvent(m: RecordMemory, at: number): CallEvent {
  return {
    bootNs: callEvent.bootNs(m, at),
    bootNsNumber: callEvent.bootNsNumber(m, at),
    durationNs: callEvent.durationNs(m, at),
    durationNsNumber: callEvent.durationNsNumber(m, at),
    argument: callEvent.argument(m, at),
    returned: callEvent.returned(m, at),
    tgid: callEvent.tgid(m, at),
    tid: callEvent.tid(m, at),
    comm: callEvent.comm(m, at).slice(),
    text: callEvent.text(m, at).slice(),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface CallEventColumns {
  readonly bootNs: Float64Array
  readonly durationNs: Float64Array
  readonly argument: BigUint64Array
  readonly returned: BigUint64Array
  readonly tgid: Uint32Array
  readonly tid: Uint32Array
  readonly comm: Uint8Array
  readonly text: Uint8Array
}

/** Makes columns with room for `capacity` rows. */
export function createCallEventColumns(capacity: number): CallEventColumns {
  return {
    bootNs: new Float64Array(capacity),
    durationNs: new Float64Array(capacity),
    argument: new BigUint64Array(capacity),
    returned: new BigUint64Array(capacity),
    tgid: new Uint32Array(capacity),
    tid: new Uint32Array(capacity),
    comm: new Uint8Array(capacity * 16),
    text: new Uint8Array(capacity * 64),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyCallEvent(
  m: RecordMemory,
  at: number,
  columns: CallEventColumns,
  row: number,
): void {
  columns.bootNs[row] = callEvent.bootNsNumber(m, at)
  columns.durationNs[row] = callEvent.durationNsNumber(m, at)
  columns.argument[row] = callEvent.argument(m, at)
  columns.returned[row] = callEvent.returned(m, at)
  columns.tgid[row] = callEvent.tgid(m, at)
  columns.tid[row] = callEvent.tid(m, at)
  columns.comm.set(m.u8.subarray(at + 40, at + 56), row * 16)
  columns.text.set(m.u8.subarray(at + 56, at + 120), row * 64)
}
