/**
 * One file of the spool, of one run: walked record by record without reading bodies.
 *
 * A record that cannot be read is stepped over by looking for the next one whose checksum holds; what lies
 * between is reported as a hole, so that the sequence numbers around it tell how many batches are gone.
 */
import { openSync, readSync, closeSync, fstatSync } from 'node:fs'
import {
  bodyIsWhole,
  decodeLengths,
  decodeMeta,
  decodeSegmentHeader,
  recordHeadBytes,
  segmentHeaderBytes,
  type RecordMeta,
} from './record.ts'

export type SegmentStep =
  | {
      readonly kind: 'record'
      readonly meta: RecordMeta
      /** Where the record begins and where the next one does, in bytes of the file. */
      readonly at: number
      readonly end: number
      readonly bodyAt: number
      readonly bodyCrc: number
    }
  /** Bytes that are no record, up to the next record or the end of the file. */
  | { readonly kind: 'hole'; readonly at: number; readonly end: number }

const scanBytes = 64 * 1024

export class SegmentFile implements Disposable {
  readonly boot: Uint8Array
  readonly run: number
  readonly #fd: number
  private constructor(fd: number, boot: Uint8Array, run: number) {
    this.#fd = fd
    this.boot = boot
    this.run = run
  }

  /** Undefined when the file does not begin like a segment. Throws what `open` throws. */
  static open(path: string): SegmentFile | undefined {
    const fd = openSync(path, 'r')
    const header = new Uint8Array(segmentHeaderBytes)
    const read = readSync(fd, header, 0, segmentHeaderBytes, 0)
    const known = decodeSegmentHeader(header.subarray(0, read))
    if (known === undefined) {
      closeSync(fd)
      return undefined
    }
    return new SegmentFile(fd, known.boot, known.run)
  }

  get size(): number {
    return fstatSync(this.#fd).size
  }

  #read(at: number, length: number): Uint8Array {
    const out = new Uint8Array(length)
    let have = 0
    while (have < length) {
      const read = readSync(this.#fd, out, have, length - have, at + have)
      if (read === 0) break
      have += read
    }
    return out.subarray(0, have)
  }

  #recordAt(at: number, size: number): SegmentStep | undefined {
    const head = this.#read(at, recordHeadBytes)
    const lengths = decodeLengths(head)
    if (lengths === undefined) return undefined
    const end = at + recordHeadBytes + lengths.meta + lengths.body
    if (end > size) return undefined
    const known = decodeMeta(this.#read(at, recordHeadBytes + lengths.meta))
    if (known === undefined) return undefined
    return {
      kind: 'record',
      meta: known.meta,
      at,
      end,
      bodyAt: at + known.bodyAt,
      bodyCrc: known.bodyCrc,
    }
  }

  /** What is at `at`; undefined at the end. `size` bounds the walk (the file may be growing). */
  step(at: number, size: number): SegmentStep | undefined {
    if (at >= size) return undefined
    const record = this.#recordAt(at, size)
    if (record) return record
    for (let from = at + 1; from < size; from += scanBytes) {
      const window = this.#read(from, Math.min(scanBytes + 3, size - from))
      for (let i = 0; i + 3 < window.length && i < scanBytes; i++) {
        if (window[i] !== 0x48 || window[i + 1] !== 0x47 || window[i + 2] !== 0x52) continue
        if (this.#recordAt(from + i, size)) return { kind: 'hole', at, end: from + i }
      }
    }
    return { kind: 'hole', at, end: size }
  }

  /** The batch of a record, or undefined when its checksum disagrees. */
  body(record: SegmentStep & { kind: 'record' }): Uint8Array | undefined {
    const bytes = this.#read(record.bodyAt, record.end - record.bodyAt)
    if (bytes.length !== record.end - record.bodyAt) return undefined
    return bodyIsWhole(bytes, record.bodyCrc) ? bytes : undefined
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd)
  }
}
