/**
 * Generated from BTF; do not edit.
 * Again: node packages/bpf/examples/build.ts
 */
import type { LayoutClaim, RecordMemory } from '@honeyguide/bpf'

/** The layout that these decoders are for; pass it to `openObject`. */
export const layout = {
  hash: '64994a62affd9307',
  structs: ['sample'],
  enums: [],
} as const satisfies LayoutClaim

/** Bytes of one struct sample. */
export const sampleSizeBytes = 28

/** Byte offsets of its fields. */
export const sampleOffsets = {
  tgid: 0,
  kernelStack: 4,
  userStack: 8,
  comm: 12,
} as const

/** Reads single fields of the struct sample at byte `at` of `m`. */
export const sample = {
  /** u32 tgid */
  tgid: (m: RecordMemory, at: number): number =>
    m.u32[at >>> 2] as number,
  /** s32 kernel_stack */
  kernelStack: (m: RecordMemory, at: number): number =>
    m.i32[(at + 4) >>> 2] as number,
  /** s32 user_stack */
  userStack: (m: RecordMemory, at: number): number =>
    m.i32[(at + 8) >>> 2] as number,
  /** 16 bytes comm */
  comm: (m: RecordMemory, at: number): Uint8Array =>
    m.u8.subarray(at + 12, at + 28),
} as const

/** A struct sample as an object of its own. */
export interface Sample {
  readonly tgid: number
  readonly kernelStack: number
  readonly userStack: number
  readonly comm: Uint8Array
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readSample(m: RecordMemory, at: number): Sample {
  return {
    tgid: sample.tgid(m, at),
    kernelStack: sample.kernelStack(m, at),
    userStack: sample.userStack(m, at),
    comm: sample.comm(m, at).slice(),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface SampleColumns {
  readonly tgid: Uint32Array
  readonly kernelStack: Int32Array
  readonly userStack: Int32Array
  readonly comm: Uint8Array
}

/** Makes columns with room for `capacity` rows. */
export function createSampleColumns(capacity: number): SampleColumns {
  return {
    tgid: new Uint32Array(capacity),
    kernelStack: new Int32Array(capacity),
    userStack: new Int32Array(capacity),
    comm: new Uint8Array(capacity * 16),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copySample(
  m: RecordMemory,
  at: number,
  columns: SampleColumns,
  row: number,
): void {
  columns.tgid[row] = sample.tgid(m, at)
  columns.kernelStack[row] = sample.kernelStack(m, at)
  columns.userStack[row] = sample.userStack(m, at)
  columns.comm.set(m.u8.subarray(at + 12, at + 28), row * 16)
}
