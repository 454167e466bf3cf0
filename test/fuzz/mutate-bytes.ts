/** Bytes with fixed fields: words set to numbers that hurt, blocks cut, doubled, moved, taken from another input. */
import { changes, hostileNumbers, mostLength, type Mutator } from './mutator.ts'
import type { Random } from './random.ts'

export interface BytesOptions {
  /** Where structure is dense, from the beginning, bytes: half of the changes hit it. */
  readonly headBytes?: number
  /** Whether the length may change; true unless said. */
  readonly mayResize?: boolean
}

/** One change in place, of a copy that is the caller's own. Gives the same array, or another. */
export function changeBytes(
  random: Random,
  bytes: Uint8Array,
  others: Uint8Array,
  options: BytesOptions = {},
): Uint8Array {
  const { headBytes = 64, mayResize = true } = options
  const range = random.once(2) ? Math.min(headBytes, bytes.length) : bytes.length
  const at = random.below(range)
  if (bytes.length === 0) return mayResize ? others.slice(0, random.below(64)) : bytes
  switch (random.below(mayResize ? 12 : 7)) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
      return bytes
    case 1:
      bytes[at] = random.word() & 0xff
      return bytes
    case 2:
    case 3:
    case 4: {
      const width = random.pick([1, 2, 4, 8])
      const place = at & ~(random.once(4) ? 0 : Math.min(width, 4) - 1)
      if (place + width > bytes.length) return bytes
      const value = random.once(4) ? random.below(200) : random.pick(hostileNumbers)
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      if (width === 1) view.setUint8(place, value)
      else if (width === 2) view.setUint16(place, value, true)
      else view.setUint32(place, value, true)
      if (width === 8)
        view.setUint32(place + 4, random.once(2) ? 0 : random.pick(hostileNumbers), true)
      return bytes
    }
    case 5: {
      const delta = random.below(9) - 4
      bytes[at] = (bytes[at] ?? 0) + delta
      return bytes
    }
    case 6:
      bytes.fill(random.pick([0, 0xff, 0x20, 0x0a]), at, at + 1 + random.below(16))
      return bytes
    case 7:
      return bytes.slice(0, random.below(bytes.length + 1))
    case 8: {
      const end = Math.min(bytes.length, at + 1 + random.below(32))
      return joinBytes([bytes.subarray(0, at), bytes.subarray(end)])
    }
    case 9: {
      const end = Math.min(bytes.length, at + 1 + random.below(256))
      const block = bytes.subarray(at, end)
      const times = random.once(16) ? 1 + random.below(64) : 1
      if (bytes.length + block.length * times > mostLength) return bytes
      return joinBytes([
        bytes.subarray(0, end),
        ...Array<Uint8Array>(times).fill(block),
        bytes.subarray(end),
      ])
    }
    case 10: {
      const from = random.below(others.length)
      const block = others.subarray(from, from + random.below(64))
      if (bytes.length + block.length > mostLength) return bytes
      return joinBytes([bytes.subarray(0, at), block, bytes.subarray(at)])
    }
    default:
      return joinBytes([bytes.subarray(0, at), others.subarray(random.below(others.length))])
  }
}

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

export function mutateBytes(options: BytesOptions = {}): Mutator<Uint8Array> {
  return {
    knows: 'words and blocks',
    take: (input) => input,
    make(random, parts, others) {
      let bytes: Uint8Array = (parts as Uint8Array).slice()
      for (let i = changes(random); i > 0; i--)
        bytes = changeBytes(random, bytes, others as Uint8Array, options)
      return bytes
    },
  }
}
