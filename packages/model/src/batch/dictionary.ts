/**
 * The dictionary of a batch: byte strings, each once, by number from 1; 0 is the empty one.
 *
 * A hash table over the bytes themselves: a JavaScript string for each text that comes, to look it up by, costs more
 * than all else that is done with it. Who can choose texts could make many fall into one place; after a few
 * that are different there, a text is entered again, which costs its bytes and nothing else.
 *
 * Entries lie one behind the other in one piece of memory that is used again: no object for each.
 */

export interface Dictionary {
  /** Number of the bytes from `from` to `to`, of all by default. Copies them the first time; what is longer than the limit is cut. */
  text(bytes: Uint8Array, from?: number, to?: number): number
  /** The same for a string, as UTF-8. */
  string(value: string): number
  /** Bytes of a number, until the next reset; empty for 0 and for one that was not given. Do not change them. */
  bytes(id: number): Uint8Array
  /** What entry `id` lies in: from where the one before ends to where it ends. Until the next reset. */
  readonly memory: Uint8Array
  /** Where the entry of a number that was given ends; 0 for 0. */
  endOf(id: number): number
  /** Numbers given. */
  readonly size: number
  /** Sum of the entries' lengths. */
  readonly heldBytes: number
  reset(): void
}

const empty = new Uint8Array(0)
const encoder = new TextEncoder()
/** Room at first: places (a power of two) and bytes. What is far more than this goes with a reset. */
const initialPlaces = 1024
const initialBytes = 64 << 10
const mostKept = 16
/** Places that are looked at before a text is entered again. */
const mostSteps = 64

/** A start that nobody outside knows. */
const seed = Math.floor(Math.random() * 2 ** 32) | 0

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = seed
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  return hash ^ (hash >>> 13)
}

/** `mostBytes`: longest entry. */
export function createDictionary(mostBytes: number): Dictionary {
  let memory = new Uint8Array(initialBytes)
  let size = 0
  let heldBytes = 0
  /** By number less one: hash, and where the entry ends. Half as many as there are places. */
  let hashes = new Int32Array(initialPlaces / 2)
  let ends = new Uint32Array(initialPlaces / 2)
  /** Numbers by place; 0 where it is free. */
  let places = new Uint32Array(initialPlaces)
  let strings = new Map<string, number>()

  const endOf = (id: number): number => (id === 0 ? 0 : (ends[id - 1] as number))

  function isEntry(id: number, bytes: Uint8Array, from: number, to: number): boolean {
    const begin = endOf(id - 1)
    const length = to - from
    if (endOf(id) - begin !== length) return false
    for (let i = 0; i < length; i++) if (memory[begin + i] !== bytes[from + i]) return false
    return true
  }

  /** Where all places near are taken it gets none: it is not found again, and entered again when it comes. */
  function place(hash: number, id: number): void {
    const mask = places.length - 1
    let at = hash & mask
    for (let steps = 0; steps < mostSteps; steps++) {
      if (places[at] === 0) {
        places[at] = id
        return
      }
      at = (at + 1) & mask
    }
  }

  function makeRoom(bytes: number): void {
    if (heldBytes + bytes > memory.length) {
      const larger = new Uint8Array(Math.max(memory.length * 2, heldBytes + bytes))
      larger.set(memory.subarray(0, heldBytes))
      memory = larger
    }
    if (size < ends.length) return
    const before = { hashes, ends }
    hashes = new Int32Array(ends.length * 2)
    hashes.set(before.hashes)
    ends = new Uint32Array(ends.length * 2)
    ends.set(before.ends)
    places = new Uint32Array(places.length * 2)
    for (let id = 1; id <= size; id++) place(hashes[id - 1] as number, id)
  }

  function enter(bytes: Uint8Array, from = 0, end = bytes.length): number {
    if (end <= from) return 0
    const length = Math.min(end - from, mostBytes)
    const to = from + length
    const hash = hashOf(bytes, from, to)
    const mask = places.length - 1
    let at = hash & mask
    for (let steps = 0; steps < mostSteps; steps++) {
      const id = places[at] as number
      if (id === 0) break
      if (hashes[id - 1] === hash && isEntry(id, bytes, from, to)) return id
      at = (at + 1) & mask
    }
    makeRoom(length)
    if (length === bytes.length) memory.set(bytes, heldBytes)
    else memory.set(bytes.subarray(from, to), heldBytes)
    heldBytes += length
    hashes[size] = hash
    ends[size] = heldBytes
    size += 1
    place(hash, size)
    return size
  }

  return {
    text: enter,
    string(value) {
      if (value === '') return 0
      let id = strings.get(value)
      if (id === undefined) {
        id = enter(encoder.encode(value))
        strings.set(value, id)
      }
      return id
    },
    bytes: (id) => (id < 1 || id > size ? empty : memory.subarray(endOf(id - 1), endOf(id))),
    get memory() {
      return memory
    },
    endOf,
    get size() {
      return size
    },
    get heldBytes() {
      return heldBytes
    },
    reset() {
      size = 0
      heldBytes = 0
      if (strings.size > 0) strings = new Map()
      if (memory.length > mostKept * initialBytes) memory = new Uint8Array(initialBytes)
      if (places.length > mostKept * initialPlaces) {
        places = new Uint32Array(initialPlaces)
        hashes = new Int32Array(initialPlaces / 2)
        ends = new Uint32Array(initialPlaces / 2)
      } else places.fill(0)
    },
  }
}
