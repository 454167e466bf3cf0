/**
 * Generated from BTF; do not edit.
 * Again: node packages/bpf/examples/build.ts
 */
import type { LayoutClaim, RecordMemory } from '@honeyguide/bpf'

/** The layout that these decoders are for; pass it to `openObject`. */
export const layout = {
  hash: 'e3feb7d9ddfab587',
  structs: ['network', 'denied'],
  enums: [],
} as const satisfies LayoutClaim

/** Bytes of one struct network. */
export const networkSizeBytes = 8

/** Byte offsets of its fields. */
export const networkOffsets = {
  prefixLength: 0,
  address: 4,
} as const

/** Reads single fields of the struct network at byte `at` of `m`. */
export const network = {
  /** u32 prefix_length */
  prefixLength: (m: RecordMemory, at: number): number =>
    m.u32[at >>> 2] as number,
  /** 4 bytes address */
  address: (m: RecordMemory, at: number): Uint8Array =>
    m.u8.subarray(at + 4, at + 8),
} as const

/** A struct network as an object of its own. */
export interface Network {
  readonly prefixLength: number
  readonly address: Uint8Array
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readNetwork(m: RecordMemory, at: number): Network {
  return {
    prefixLength: network.prefixLength(m, at),
    address: network.address(m, at).slice(),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface NetworkColumns {
  readonly prefixLength: Uint32Array
  readonly address: Uint8Array
}

/** Makes columns with room for `capacity` rows. */
export function createNetworkColumns(capacity: number): NetworkColumns {
  return {
    prefixLength: new Uint32Array(capacity),
    address: new Uint8Array(capacity * 4),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyNetwork(
  m: RecordMemory,
  at: number,
  columns: NetworkColumns,
  row: number,
): void {
  columns.prefixLength[row] = network.prefixLength(m, at)
  columns.address.set(m.u8.subarray(at + 4, at + 8), row * 4)
}

/** Bytes of one struct denied. */
export const deniedSizeBytes = 16

/** Byte offsets of its fields. */
export const deniedOffsets = {
  packets: 0,
  bytes: 8,
} as const

/** Reads single fields of the struct denied at byte `at` of `m`. */
export const denied = {
  /** u64 packets */
  packets: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 bytes */
  bytes: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
} as const

/** A struct denied as an object of its own. */
export interface Denied {
  readonly packets: bigint
  readonly bytes: bigint
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readDenied(m: RecordMemory, at: number): Denied {
  return {
    packets: denied.packets(m, at),
    bytes: denied.bytes(m, at),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface DeniedColumns {
  readonly packets: BigUint64Array
  readonly bytes: BigUint64Array
}

/** Makes columns with room for `capacity` rows. */
export function createDeniedColumns(capacity: number): DeniedColumns {
  return {
    packets: new BigUint64Array(capacity),
    bytes: new BigUint64Array(capacity),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyDenied(
  m: RecordMemory,
  at: number,
  columns: DeniedColumns,
  row: number,
): void {
  columns.packets[row] = denied.packets(m, at)
  columns.bytes[row] = denied.bytes(m, at)
}
