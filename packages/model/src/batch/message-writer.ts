/**
 * Writes protobuf messages (https://protobuf.dev/programming-guides/encoding/) into memory of exactly their length.
 *
 * By hand for the one message that every event of a host goes through: the library's writer makes an object for each
 * length and each piece, which costs a sensor a sixth of all that it does. Tests compare with what the library writes.
 */

export const wireTypes = { varint: 0, fixed64: 1, delimited: 2 } as const

/** Tag of a field. */
export const tagOf = (field: { readonly number: number }, wireType: number): number =>
  (field.number << 3) | wireType

/** Bytes of a number below 2^53 as a varint. */
function varintBytes(value: number): number {
  let bytes = 1
  for (let left = value; left >= 128; left = Math.floor(left / 128)) bytes += 1
  return bytes
}

/** Bytes of a field with a number in it. */
export const varintFieldBytes = (tag: number, value: number): number =>
  varintBytes(tag) + varintBytes(value)

/** Bytes of a field with `length` bytes in it. */
export const delimitedBytes = (tag: number, length: number): number =>
  varintBytes(tag) + varintBytes(length) + length

export const fixed64Bytes = (tag: number): number => varintBytes(tag) + 8

/** Below this a loop is faster than a view for each piece. */
const shortBytes = 64

/** Writes into memory from the front; what does not fit is an error of the caller's arithmetic. */
export class MessageWriter {
  readonly bytes: Uint8Array<ArrayBuffer>
  #at = 0

  constructor(length: number) {
    this.bytes = new Uint8Array(length)
  }

  /** A number below 2^53. */
  varint(value: number): void {
    let left = value
    while (left >= 128) {
      this.bytes[this.#at++] = (left % 128) | 128
      left = Math.floor(left / 128)
    }
    this.bytes[this.#at++] = left
  }

  varintField(tag: number, value: number): void {
    this.varint(tag)
    this.varint(value)
  }

  fixed64Field(tag: number, value: bigint): void {
    this.varint(tag)
    new DataView(this.bytes.buffer).setBigUint64(this.#at, value, true)
    this.#at += 8
  }

  /** What is before the `length` bytes of a field. */
  begin(tag: number, length: number): void {
    this.varint(tag)
    this.varint(length)
  }

  /** Bytes `from` to `to` as they are. */
  copy(bytes: Uint8Array, from: number, to: number): void {
    if (to - from > shortBytes) {
      this.bytes.set(bytes.subarray(from, to), this.#at)
      this.#at += to - from
    } else for (let i = from; i < to; i++) this.bytes[this.#at++] = bytes[i] as number
  }

  delimitedField(tag: number, bytes: Uint8Array): void {
    this.begin(tag, bytes.length)
    this.copy(bytes, 0, bytes.length)
  }
}
