/**
 * Generated from BTF; do not edit.
 * Again: node packages/bpf/examples/build.ts
 */
import type { LayoutClaim, RecordMemory } from '@honeyguide/bpf'

/** The layout that these decoders are for; pass it to `openObject`. */
export const layout = {
  hash: 'efd99b1844511dae',
  structs: ['traffic_kind', 'traffic'],
  enums: [],
} as const satisfies LayoutClaim

/** Bytes of one struct traffic_kind. */
export const trafficKindSizeBytes = 4

/** Byte offsets of its fields. */
export const trafficKindOffsets = {
  etherType: 0,
  protocol: 2,
  isEgress: 3,
} as const

/** Reads single fields of the struct traffic_kind at byte `at` of `m`. */
export const trafficKind = {
  /** u16 ether_type */
  etherType: (m: RecordMemory, at: number): number =>
    m.u16[at >>> 1] as number,
  /** u8 protocol */
  protocol: (m: RecordMemory, at: number): number =>
    m.u8[(at + 2)] as number,
  /** bool is_egress */
  isEgress: (m: RecordMemory, at: number): boolean =>
    m.u8[(at + 3)] as number !== 0,
} as const

/** A struct traffic_kind as an object of its own. */
export interface TrafficKind {
  readonly etherType: number
  readonly protocol: number
  readonly isEgress: boolean
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readTrafficKind(m: RecordMemory, at: number): TrafficKind {
  return {
    etherType: trafficKind.etherType(m, at),
    protocol: trafficKind.protocol(m, at),
    isEgress: trafficKind.isEgress(m, at),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface TrafficKindColumns {
  readonly etherType: Uint16Array
  readonly protocol: Uint8Array
  readonly isEgress: Uint8Array
}

/** Makes columns with room for `capacity` rows. */
export function createTrafficKindColumns(capacity: number): TrafficKindColumns {
  return {
    etherType: new Uint16Array(capacity),
    protocol: new Uint8Array(capacity),
    isEgress: new Uint8Array(capacity),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyTrafficKind(
  m: RecordMemory,
  at: number,
  columns: TrafficKindColumns,
  row: number,
): void {
  columns.etherType[row] = trafficKind.etherType(m, at)
  columns.protocol[row] = trafficKind.protocol(m, at)
  columns.isEgress[row] = trafficKind.isEgress(m, at) ? 1 : 0
}

/** Bytes of one struct traffic. */
export const trafficSizeBytes = 16

/** Byte offsets of its fields. */
export const trafficOffsets = {
  packets: 0,
  bytes: 8,
} as const

/** Reads single fields of the struct traffic at byte `at` of `m`. */
export const traffic = {
  /** u64 packets */
  packets: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 bytes */
  bytes: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
} as const

/** A struct traffic as an object of its own. */
export interface Traffic {
  readonly packets: bigint
  readonly bytes: bigint
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readTraffic(m: RecordMemory, at: number): Traffic {
  return {
    packets: traffic.packets(m, at),
    bytes: traffic.bytes(m, at),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface TrafficColumns {
  readonly packets: BigUint64Array
  readonly bytes: BigUint64Array
}

/** Makes columns with room for `capacity` rows. */
export function createTrafficColumns(capacity: number): TrafficColumns {
  return {
    packets: new BigUint64Array(capacity),
    bytes: new BigUint64Array(capacity),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyTraffic(
  m: RecordMemory,
  at: number,
  columns: TrafficColumns,
  row: number,
): void {
  columns.packets[row] = traffic.packets(m, at)
  columns.bytes[row] = traffic.bytes(m, at)
}
