/**
 * Reads a BPF ring buffer in place: mapped memory and Atomics, no copy, no call per record.
 *
 * Protocol (kernel/bpf/ringbuf.c): page 0 holds the consumer position, page 1 the producer
 * position, then the data follows (mapped once here; see `Ring.memory`).
 * A record has an 8-byte header whose first word is its length with a BUSY and a DISCARD bit.
 * Positions are 64-bit byte counts that only grow. Acquire is needed twice: on the producer
 * position, and on every header (another CPU may still be filling that record).
 *
 * Reading and publishing are apart: `drain` moves this reader only, `commit` gives the space back
 * to the kernel. What was drained and not committed is read again by the next process, which is
 * how a consumer that spools first loses nothing when it is killed.
 */
import { BpfError } from './error.ts'
import { mapMemory, pageSizeBytes, type MappedMemory } from './ffi.ts'
import { mapTypes, openPinnedMap, type BpfMap } from './map.ts'
import { recordMemory, type RecordMemory } from './record-memory.ts'

const busyBit = 0x8000_0000
const discardBit = 0x4000_0000
const lengthMask = 0x3fff_ffff
const headerLength = 8

/**
 * Receives one record: its payload is `length` bytes at byte `at` of `memory`, a multiple of 8.
 * Valid until the position after it is committed; copy what must live longer. Must not throw.
 */
export type OnRecord = (memory: RecordMemory, at: number, length: number) => void

/** What one drain read. */
export interface Drained {
  /** Position of the first record, bytes. */
  readonly start: bigint
  /** Position after the last record; pass it to `commit` once the records are safe. */
  readonly end: bigint
  /** Records handed to the callback. */
  readonly records: number
  /** Records that the program reserved and then discarded. */
  readonly discarded: number
  /**
   * Why it stopped: all that had been produced when it started is read; a record is still being
   * written (the rest waits for it); or a limit of the caller.
   */
  readonly stoppedBy: 'end' | 'busy' | 'limit'
}

/** Limits of one drain. A drain never reads past the producer position at its start. */
export interface DrainLimits {
  /** Stop before the record with which more would be read. At least one record is read. */
  readonly maxRecords?: number
  readonly maxBytes?: number
  /** Read only up to this position, e.g. a producer position read earlier for all rings. */
  readonly upTo?: bigint
}

/** A consumer of one ring. There must be only one per ring at a time. */
export class Ring implements Disposable {
  readonly map: BpfMap
  /** Bytes of the data area, a power of two. */
  readonly sizeBytes: number
  /**
   * The data area; read-only: a write is SIGSEGV. The kernel would map it twice in a row, so that a record
   * that goes over its end lies in one piece; that would count every page of it twice as resident. The one
   * record in a lap that does is copied instead.
   */
  readonly memory: RecordMemory
  readonly #consumerPage: MappedMemory
  readonly #producerPages: MappedMemory
  readonly #consumer: BigUint64Array
  readonly #producer: BigUint64Array
  #next: bigint

  /**
   * Reads `map`, which it owns from now on. Starts at the published consumer position, or at
   * `position`, which must be the start of a record at or after it.
   */
  constructor(map: BpfMap, position?: bigint) {
    if (map.info.type !== mapTypes.ring) {
      throw new BpfError('BPF_ARGUMENT', `map ${map.name} is no ring buffer`)
    }
    this.map = map
    this.sizeBytes = map.info.maxEntries
    this.#consumerPage = mapped(map, 0, pageSizeBytes, true)
    try {
      this.#producerPages = mapped(map, pageSizeBytes, pageSizeBytes + this.sizeBytes, false)
    } catch (cause) {
      this.#consumerPage[Symbol.dispose]()
      throw cause
    }
    this.#consumer = new BigUint64Array(this.#consumerPage.buffer, 0, 1)
    this.#producer = new BigUint64Array(this.#producerPages.buffer, 0, 1)
    this.memory = recordMemory(this.#producerPages.buffer, pageSizeBytes, this.sizeBytes)
    this.#next = this.consumerPosition
    if (position !== undefined) this.seek(position)
  }

  /** Where the next drain starts, bytes since the ring was made. */
  get position(): bigint {
    return this.#next
  }

  /** What is published: the kernel reuses everything before it. */
  get consumerPosition(): bigint {
    return Atomics.load(this.#openConsumer(), 0)
  }

  /** Up to where programs have reserved space. */
  get producerPosition(): bigint {
    this.#openConsumer()
    return Atomics.load(this.#producer, 0)
  }

  /** Bytes that lie in the ring and are not drained yet. */
  get backlogBytes(): number {
    return Number(this.producerPosition - this.#next)
  }

  /** Whether everything drained is committed, so that the kernel wakes us for the next record. */
  get isCommitted(): boolean {
    return this.consumerPosition === this.#next
  }

  /**
   * Moves this reader to a position between what is published and what is produced, which must be
   * the start of a record. Throws `BPF_ARGUMENT` when it lies outside.
   */
  seek(position: bigint): void {
    const from = this.consumerPosition
    const to = this.producerPosition
    if (position < from || position > to || position % 8n !== 0n) {
      throw new BpfError('BPF_ARGUMENT', `position ${position} is not in ${from}..${to}`)
    }
    this.#next = position
  }

  /**
   * Hands every finished record up to the producer position at the start to `onRecord`, in order.
   * Publishes nothing. Throws `BPF_RING_CORRUPT` when a header makes no sense.
   */
  drain(onRecord: OnRecord, limits: DrainLimits = {}): Drained {
    const { maxRecords = Infinity, maxBytes = Infinity, upTo } = limits
    const start = this.#next
    const produced = this.producerPosition
    const stop = upTo !== undefined && upTo < produced ? upTo : produced
    // Inside one drain plain numbers do: at most one ring full of bytes.
    const available = Number(stop - start)
    const mask = this.sizeBytes - 1
    const origin = Number(start & BigInt(mask))
    const { memory } = this
    const headers = memory.i32
    let done = 0
    let records = 0
    let discarded = 0
    let stoppedBy: Drained['stoppedBy'] = 'end'
    while (done < available) {
      const at = (origin + done) & mask
      const header = Atomics.load(headers, at >>> 2)
      if ((header & busyBit) !== 0) {
        stoppedBy = 'busy'
        break
      }
      const length = header & lengthMask
      const step = (headerLength + length + 7) & ~7
      if (done + step > available) {
        this.#next = start + BigInt(done)
        throw new BpfError(
          'BPF_RING_CORRUPT',
          `record of ${length} bytes at ${this.#next} ends past ${stop}`,
        )
      }
      if (records + discarded > 0 && (records >= maxRecords || done + step > maxBytes)) {
        stoppedBy = 'limit'
        break
      }
      if ((header & discardBit) === 0) {
        const from = at + headerLength
        if (from + length <= this.sizeBytes) onRecord(memory, from, length)
        else onRecord(this.#unwrap(from, length), 0, length)
        records += 1
      } else {
        discarded += 1
      }
      done += step
    }
    const end = start + BigInt(done)
    this.#next = end
    return { start, end, records, discarded, stoppedBy }
  }

  /** A record that goes over the end of the data area, in one piece. */
  #unwrap(from: number, length: number): RecordMemory {
    const bytes = new Uint8Array((length + 7) & ~7)
    const { u8 } = this.memory
    const first = this.sizeBytes - from
    bytes.set(u8.subarray(from))
    bytes.set(u8.subarray(0, length - first), first)
    return recordMemory(bytes.buffer)
  }

  /**
   * Gives the space before `position` back to the kernel, once per batch: it is also what makes the
   * kernel wake us again. `position` lies between what is published and what is drained.
   */
  commit(position: bigint = this.#next): void {
    if (position < this.consumerPosition || position > this.#next) {
      throw new BpfError(
        'BPF_ARGUMENT',
        `cannot commit ${position}: published ${this.consumerPosition}, drained ${this.#next}`,
      )
    }
    Atomics.store(this.#consumer, 0, position)
  }

  /** Unmaps the memory (views become empty) and closes the map. Publishes nothing. */
  [Symbol.dispose](): void {
    this.#producerPages[Symbol.dispose]()
    this.#consumerPage[Symbol.dispose]()
    this.map[Symbol.dispose]()
  }

  #openConsumer(): BigUint64Array {
    if (this.#consumer.length === 0) throw new BpfError('BPF_CLOSED', 'the ring is closed')
    return this.#consumer
  }
}

function mapped(map: BpfMap, offset: number, length: number, writable: boolean): MappedMemory {
  const memory = mapMemory(map.fd, offset, length, writable)
  if (typeof memory !== 'number') return memory
  throw new BpfError('BPF_MAP_FAILED', `cannot map ring ${map.name} into memory`, {
    errno: -memory,
  })
}

/** Opens a pinned ring, from its published position or from `position`. */
export function openPinnedRing(path: string, position?: bigint): Ring {
  const map = openPinnedMap(path)
  try {
    return new Ring(map, position)
  } catch (cause) {
    map[Symbol.dispose]()
    throw cause
  }
}
