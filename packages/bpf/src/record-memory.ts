/**
 * One piece of memory seen through every width, for decoders that read fields in place.
 *
 * Offsets are in bytes from the start of the memory. Typed arrays need natural alignment: records
 * of a ring lie at multiples of 8, and C aligns their fields. Fields that are not aligned (packed
 * structs) are read through `view`.
 */

/** The views. All of them alias the same bytes; values are little-endian, as on every BPF host. */
export interface RecordMemory {
  readonly u8: Uint8Array
  readonly i8: Int8Array
  readonly u16: Uint16Array
  readonly i16: Int16Array
  readonly u32: Uint32Array
  readonly i32: Int32Array
  readonly u64: BigUint64Array
  readonly i64: BigInt64Array
  readonly f32: Float32Array
  readonly f64: Float64Array
  readonly view: DataView
}

/** Views over `byteLength` bytes of `buffer`; `byteOffset` is a multiple of 8. */
export function recordMemory(
  buffer: ArrayBufferLike,
  byteOffset: number = 0,
  byteLength: number = buffer.byteLength - byteOffset,
): RecordMemory {
  return {
    u8: new Uint8Array(buffer, byteOffset, byteLength),
    i8: new Int8Array(buffer, byteOffset, byteLength),
    u16: new Uint16Array(buffer, byteOffset, byteLength >>> 1),
    i16: new Int16Array(buffer, byteOffset, byteLength >>> 1),
    u32: new Uint32Array(buffer, byteOffset, byteLength >>> 2),
    i32: new Int32Array(buffer, byteOffset, byteLength >>> 2),
    u64: new BigUint64Array(buffer, byteOffset, byteLength >>> 3),
    i64: new BigInt64Array(buffer, byteOffset, byteLength >>> 3),
    f32: new Float32Array(buffer, byteOffset, byteLength >>> 2),
    f64: new Float64Array(buffer, byteOffset, byteLength >>> 3),
    view: new DataView(buffer, byteOffset, byteLength),
  }
}

/** Views over a copy of `bytes`, aligned whatever the alignment of `bytes` was. */
export function copyToRecordMemory(bytes: Uint8Array): RecordMemory {
  const buffer = new ArrayBuffer((bytes.length + 7) & ~7)
  new Uint8Array(buffer).set(bytes)
  return recordMemory(buffer)
}
