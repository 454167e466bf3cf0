/**
 * Generated from BTF; do not edit.
 * Again: node packages/bpf/examples/build.ts
 */
import type { LayoutClaim, RecordMemory } from '@honeyguide/bpf'

/** The layout that these decoders are for; pass it to `openObject`. */
export const layout = {
  hash: 'bc72c12081f1f04d',
  structs: ['steering'],
  enums: [],
} as const satisfies LayoutClaim

/** Bytes of one struct steering. */
export const steeringSizeBytes = 16

/** Byte offsets of its fields. */
export const steeringOffsets = {
  steered: 0,
  failed: 8,
} as const

/** Reads single fields of the struct steering at byte `at` of `m`. */
export const steering = {
  /** u64 steered */
  steered: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 failed */
  failed: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
} as const

/** A struct steering as an object of its own. */
export interface Steering {
  readonly steered: bigint
  readonly failed: bigint
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readSteering(m: RecordMemory, at: number): Steering {
  return {
    steered: steering.steered(m, at),
    failed: steering.failed(m, at),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface SteeringColumns {
  readonly steered: BigUint64Array
  readonly failed: BigUint64Array
}

/** Makes columns with room for `capacity` rows. */
export function createSteeringColumns(capacity: number): SteeringColumns {
  return {
    steered: new BigUint64Array(capacity),
    failed: new BigUint64Array(capacity),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copySteering(
  m: RecordMemory,
  at: number,
  columns: SteeringColumns,
  row: number,
): void {
  columns.steered[row] = steering.steered(m, at)
  columns.failed[row] = steering.failed(m, at)
}
