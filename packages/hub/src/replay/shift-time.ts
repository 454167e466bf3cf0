/**
 * Moves a recorded batch to another time and sequence, by its clock offset alone: its events stay as they are.
 *
 * Names of processes and events do not depend on either, so a replay gives the incidents of the recording,
 * later. Works on the first fields of the encoded batch; the rest is copied as it is.
 */
import { HoneyguideError } from '@honeyguide/model'

const sequenceTag = 4 << 3
const offsetTag = (5 << 3) | 1
/** sensor, boot: tag, length and 16 bytes each. */
const idsBytes = 36

function varint(value: bigint): number[] {
  const out: number[] = []
  let rest = value
  while (rest >= 0x80n) {
    out.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  out.push(Number(rest))
  return out
}

/** Index after the varint at `at`. Throws HG_BATCH_INVALID when it does not end. */
function skipVarint(bytes: Uint8Array, at: number): number {
  for (let end = at; end < at + 10; end++) {
    const byte = bytes[end]
    if (byte === undefined) break
    if (byte < 0x80) return end + 1
  }
  throw new HoneyguideError('HG_BATCH_INVALID', 'its first fields cannot be read')
}

/** `bytes` is a batch that `decodeBatch` takes. */
export function shiftBatch(bytes: Uint8Array, ns: bigint, sequence: bigint): Uint8Array {
  let at = idsBytes
  if (bytes[at] === 3 << 3) at = skipVarint(bytes, at + 1)
  const head = bytes.subarray(0, at)
  if (bytes[at] === sequenceTag) at = skipVarint(bytes, at + 1)
  let offset = 0n
  if (bytes[at] === offsetTag) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at + 1, 8)
    offset = view.getBigUint64(0, true)
    at += 9
  }
  const middle = new Uint8Array(9)
  middle[0] = offsetTag
  new DataView(middle.buffer).setBigUint64(1, BigInt.asUintN(64, offset + ns), true)
  return Buffer.concat([
    head,
    Uint8Array.of(sequenceTag, ...varint(sequence)),
    middle,
    bytes.subarray(at),
  ])
}
