/** The map of sequence numbers: one per ring, one for sockets, and when all of it was made. */
import { readClockNs, type BpfMap } from '@honeyguide/bpf'

/** Key of `hg_sequences` that holds when the set was made, and bytes of one value. */
const madeKey = 3
const sequenceBytes = 64

/** A 32-bit map key. */
export function keyBytes(key: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, key, true)
  return bytes
}

/** Boot time in ns when the set was made; 0n before `startSequences`. */
export function readMade(sequences: BpfMap): bigint {
  const value = new Uint8Array(new ArrayBuffer(sequenceBytes))
  sequences.getBytes(keyBytes(madeKey), value)
  return new DataView(value.buffer).getBigUint64(0, true)
}

/** Starts the sequences, unless a set that lives on has them running. Returns when it was made. */
export function startSequences(sequences: BpfMap): bigint {
  const before = readMade(sequences)
  if (before !== 0n) return before
  const made = readClockNs('boottime')
  for (let key = 0; key <= madeKey; key++) {
    const value = new Uint8Array(new ArrayBuffer(sequenceBytes))
    new DataView(value.buffer).setBigUint64(0, key === madeKey ? made : made / 1000n, true)
    sequences.setBytes(keyBytes(key), value)
  }
  return made
}
