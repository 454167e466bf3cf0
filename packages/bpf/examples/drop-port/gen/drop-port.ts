/**
 * Generated from BTF; do not edit.
 * Again: node packages/bpf/examples/build.ts
 */
import type { LayoutClaim, RecordMemory } from '@honeyguide/bpf'

/** The layout that these decoders are for; pass it to `openObject`. */
export const layout = {
  hash: 'c0ca8b9f5388620f',
  structs: ['packet_count'],
  enums: [],
} as const satisfies LayoutClaim

/** Bytes of one struct packet_count. */
export const packetCountSizeBytes = 16

/** Byte offsets of its fields. */
export const packetCountOffsets = {
  dropped: 0,
  passed: 8,
} as const

/** Reads single fields of the struct packet_count at byte `at` of `m`. */
export const packetCount = {
  /** u64 dropped */
  dropped: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 passed */
  passed: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
} as const

/** A struct packet_count as an object of its own. */
export interface PacketCount {
  readonly dropped: bigint
  readonly passed: bigint
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readPacketCount(m: RecordMemory, at: number): PacketCount {
  return {
    dropped: packetCount.dropped(m, at),
    passed: packetCount.passed(m, at),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface PacketCountColumns {
  readonly dropped: BigUint64Array
  readonly passed: BigUint64Array
}

/** Makes columns with room for `capacity` rows. */
export function createPacketCountColumns(capacity: number): PacketCountColumns {
  return {
    dropped: new BigUint64Array(capacity),
    passed: new BigUint64Array(capacity),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyPacketCount(
  m: RecordMemory,
  at: number,
  columns: PacketCountColumns,
  row: number,
): void {
  columns.dropped[row] = packetCount.dropped(m, at)
  columns.passed[row] = packetCount.passed(m, at)
}
