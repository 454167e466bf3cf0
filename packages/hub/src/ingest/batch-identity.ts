/**
 * Reads who a batch is from and which one it is out of its first bytes, also when the rest cannot be read.
 *
 * An unreadable batch must still be passed over by its number, or a sensor would send it for ever.
 * Fields 1 to 4 of `Batch` come first, as every protobuf writer of ours puts them.
 */
import type { BatchIdentity } from '@honeyguide/model'

/** Undefined when the first bytes are not those of a batch. */
export function peekBatchIdentity(bytes: Uint8Array): BatchIdentity | undefined {
  let at = 0

  function varint(): bigint | undefined {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at]
      if (byte === undefined) return undefined
      at += 1
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
    return undefined
  }

  function id(tag: number): Uint8Array | undefined {
    if (bytes[at] !== tag || bytes[at + 1] !== 16 || bytes.length < at + 18) return undefined
    const value = bytes.slice(at + 2, at + 18)
    at += 18
    return value
  }

  const sensor = id((1 << 3) | 2)
  const boot = sensor && id((2 << 3) | 2)
  if (!sensor || !boot) return undefined
  let run = 0n
  if (bytes[at] === 3 << 3) {
    at += 1
    const value = varint()
    if (value === undefined || value > 0xffffffffn) return undefined
    run = value
  }
  if (bytes[at] !== 4 << 3) return undefined
  at += 1
  const sequence = varint()
  if (sequence === undefined || sequence === 0n) return undefined
  return { sensor, boot, run: Number(run), sequence }
}
