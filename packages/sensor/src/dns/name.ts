/**
 * Names in DNS messages (RFC 1035, 3.1 and 4.1.4), as text.
 *
 * Whatever the bytes: a name ends, as each pointer must lead further back than the labels before it
 * began, and as no name is longer than 255 bytes. Pointers are few, or a message of 4 KiB could cost
 * milliseconds. Pure.
 */

/** A name, and where the message goes on behind it. */
export interface ReadName {
  /** Without the dot at its end; `.` for the root. */
  readonly text: string
  readonly next: number
}

/** Longest name on the wire, bytes, its lengths and the root counted. */
const mostBytes = 255
const mostLabelBytes = 63
const pointerBits = 0xc0
/** Most pointers of one name: who writes messages needs one for each name that it is a part of. */
const mostPointers = 32

/** Bytes of a label as zone files have them: `\.` and `\\`, and `\000` of what is no printable ASCII. */
export function labelText(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) {
    if (byte === 0x2e || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`
    else if (byte > 0x20 && byte < 0x7f) text += String.fromCharCode(byte)
    else text += `\\${String(byte).padStart(3, '0')}`
  }
  return text
}

/** The name at byte `at` of a message; undefined when it is none. */
export function readName(message: Uint8Array, at: number): ReadName | undefined {
  const labels: string[] = []
  let here = at
  /** Pointers must lead to before this. */
  let bound = at
  let next: number | undefined
  let wireBytes = 1
  let pointers = 0
  for (;;) {
    const count = message[here]
    if (count === undefined) return undefined
    if (count === 0) {
      return { text: labels.length === 0 ? '.' : labels.join('.'), next: next ?? here + 1 }
    }
    if (count >= pointerBits) {
      const low = message[here + 1]
      if (low === undefined) return undefined
      const target = ((count & 0x3f) << 8) | low
      if (target >= bound || ++pointers > mostPointers) return undefined
      next ??= here + 2
      bound = target
      here = target
      continue
    }
    if (count > mostLabelBytes) return undefined
    wireBytes += count + 1
    const end = here + 1 + count
    if (wireBytes > mostBytes || end > message.length) return undefined
    labels.push(labelText(message.subarray(here + 1, end)))
    here = end
  }
}
