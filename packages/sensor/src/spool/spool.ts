/**
 * Batches on disk until the hub has them: append-only segment files, one owner, synchronous writes.
 *
 * What always holds:
 * - When `append` returns, the batch survives a kill -9 (it is in the page cache); 100 ms later it
 *   survives a power loss. Until then the consumer positions of the rings are not published.
 * - Batches come out in the order (run, sequence), each until it is acknowledged, and again after a restart.
 * - The newest record stays, acknowledged or not: it says where the kernel side goes on.
 * - What falls off at `limitBytes`, or rots, is told by loss rows under the identity of what it replaces
 *   (`tombstone.ts`).
 */
import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import type { Ack, Pending } from '@honeyguide/model/frames'
import { hex } from '@honeyguide/model/identity'
import type { Progress } from '../pump/kernel-port.ts'
import { fromJson, toJson } from './json.ts'
import { asLost, mergeRows, type ManifestRow } from './manifest.ts'
import { encodeRecordHead, encodeSegmentHeader, segmentHeaderBytes } from './record.ts'
import { SegmentFile, type SegmentStep } from './segment.ts'
import { decodeTombstones, encodeLossBatch, encodeTombstones, type Tombstone } from './tombstone.ts'

export interface SpoolOptions {
  /** Folder, made 0700 when it is not there. */
  readonly dir: string
  /** 16 bytes each. */
  readonly sensor: Uint8Array
  readonly boot: Uint8Array
  /** Greater than that of every record in the folder. */
  readonly run: number
  /** Most bytes of segments; exceeded by one batch at most, for a moment. */
  readonly limitBytes: number
  /** Most batches that a sender has sent without an acknowledgement taken in by `ack`. */
  readonly window: number
  /** Longest segment in bytes; by default a sixteenth of the limit, 64 KiB to 8 MiB. */
  readonly segmentBytes?: number | undefined
  /** How writes are made; tests put a full disk here. */
  readonly write?: (fd: number, bytes: Uint8Array, at: number) => number
  /** Told when a sync fails (the next one is tried again). */
  readonly onSyncError?: (error: unknown) => void
}

/** Order of everything in the spool: run, then sequence. Runs count the sensor's starts over all boots. */
export interface SpoolPosition {
  readonly run: number
  readonly sequence: bigint
}

export interface SpoolItem extends SpoolPosition {
  readonly boot: Uint8Array
  /** Encoded batch: as appended, or loss rows in its place. */
  readonly batch: Uint8Array<ArrayBuffer>
}

export interface SpoolAppend {
  /** One more than the last, from 1. */
  readonly sequence: bigint
  readonly wallOffsetNs: bigint
  readonly progress: Progress | null
  readonly manifest: readonly ManifestRow[]
  readonly batch: Uint8Array
}

export interface SpoolCounts {
  /** Batches that fell off. */
  readonly full: number
  /** Batches, or holes of unknown length, that did not pass their checksum. */
  readonly corrupt: number
}

/** What a spool holds of the last sensor process. */
export interface NewestRecord extends SpoolPosition {
  /** 16 bytes. */
  readonly boot: Uint8Array
  readonly progress: Progress | null
}

interface Segment {
  readonly number: number
  readonly path: string
  readonly boot: Uint8Array
  readonly run: number
  first: bigint
  last: bigint
  bytes: number
}

const syncDelayMs = 100
/** Room of the checkpoint file: a progress with all hooks and reasons takes less than half of it. */
const checkpointBytes = 8 * 1024
const fdatasyncAsync = promisify(fdatasync)

function segmentName(number: number): string {
  return `${number.toString().padStart(12, '0')}.seg`
}

function after(position: SpoolPosition, other: SpoolPosition): boolean {
  return (
    position.run > other.run || (position.run === other.run && position.sequence > other.sequence)
  )
}

/** A short file in place, with its checksum: survives kill -9 whole, and is told from a torn one after a power loss. */
function sealText(text: string): string {
  return `${crc32(text).toString(16).padStart(8, '0')} ${text}`
}

function openText(path: string): string | undefined {
  let sealed
  try {
    sealed = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  // The checkpoint is padded to its room.
  sealed = sealed.trimEnd()
  const text = sealed.slice(9)
  return sealText(text) === sealed ? text : undefined
}

export class Spool implements AsyncDisposable {
  /** The last record that the folder held when it was opened. */
  readonly newest: NewestRecord | undefined
  readonly #options: SpoolOptions
  readonly #segmentBytes: number
  readonly #write: (fd: number, bytes: Uint8Array, at: number) => number
  readonly #segments: Segment[] = []
  #stones: Tombstone[] = []
  #through = 0
  readonly #acked = new Map<number, { boot: string; sequence: bigint }>()
  #active: { segment: Segment; fd: number } | undefined
  #next = 1n
  #number = 1
  #checkpoint = -1
  #newestProgress: Progress | null = null
  #bytes = 0
  #full = 0
  #corrupt = 0
  #syncTimer: NodeJS.Timeout | undefined
  #syncing: Promise<void> | undefined
  #dirty = false
  #dirtyFolder = false
  /** Where the last read stopped, so that the next need not walk the segment again. */
  #hint: (SpoolPosition & { readonly number: number; readonly at: number }) | undefined

  /** Reads what the folder holds, cuts a torn tail. Throws what the file system throws. */
  constructor(options: SpoolOptions) {
    this.#options = options
    this.#segmentBytes =
      options.segmentBytes ??
      Math.min(8 * 1024 * 1024, Math.max(64 * 1024, Math.floor(options.limitBytes / 16)))
    this.#write = options.write ?? ((fd, bytes, at) => writeSync(fd, bytes, 0, bytes.length, at))
    mkdirSync(options.dir, { recursive: true, mode: 0o700 })
    const checkpoint = this.#openCheckpoint()
    const loaded = this.#load()
    this.newest = checkpoint && (!loaded || after(checkpoint, loaded)) ? checkpoint : loaded
  }

  #path(name: string): string {
    return join(this.#options.dir, name)
  }

  #load(): NewestRecord | undefined {
    const stones = openText(this.#path('tombstones'))
    const known = stones === undefined ? undefined : decodeTombstones(stones)
    if (known) {
      this.#through = known.through
      // Of an earlier process nobody knows how far it got: what lay in the window may have been sent.
      this.#stones = known.stones.map((stone, index) =>
        index < this.#options.window ? { ...stone, sealed: true } : stone,
      )
    }
    const acked = openText(this.#path('acked'))
    if (acked !== undefined) {
      const entries = fromJson(acked) as [number, string, bigint][]
      for (const [run, boot, sequence] of entries) this.#acked.set(run, { boot, sequence })
    }
    const numbers = readdirSync(this.#options.dir)
      .filter((name) => /^\d{12}\.seg$/.test(name))
      .map((name) => Number.parseInt(name, 10))
      .sort((a, b) => a - b)
    let newest: NewestRecord | undefined
    for (const [index, number] of numbers.entries()) {
      this.#number = number + 1
      const path = this.#path(segmentName(number))
      if (number <= this.#through) {
        unlinkSync(path)
        continue
      }
      newest = this.#loadSegment(number, path, index === numbers.length - 1) ?? newest
    }
    return newest
  }

  /** Walks a segment; of the last one, cuts what is after its last whole record. */
  #loadSegment(number: number, path: string, isLast: boolean): NewestRecord | undefined {
    using file = SegmentFile.open(path)
    if (!file) {
      // The crash came between making the file and writing its header, or its first bytes rotted.
      if (!isLast) this.#corrupt += 1
      unlinkSync(path)
      return undefined
    }
    const { boot, run } = file
    const segment: Segment = { number, path, boot, run, first: 0n, last: 0n, bytes: 0 }
    let newest: NewestRecord | undefined
    let end = segmentHeaderBytes
    const size = file.size
    for (let at = segmentHeaderBytes; ;) {
      const step = file.step(at, size)
      if (!step) break
      at = step.end
      if (step.kind === 'hole') continue
      // A batch torn by a power loss can have a whole head: only the last segment can hold one.
      if (isLast && step.end === size && !file.body(step)) break
      const { sequence, progress } = step.meta
      if (segment.first === 0n) segment.first = sequence
      segment.last = sequence
      end = step.end
      newest = { boot, run, sequence, progress }
    }
    if (segment.first === 0n) {
      if (!isLast) this.#corrupt += 1
      unlinkSync(path)
      return undefined
    }
    if (end < size && isLast) truncateSync(path, end)
    segment.bytes = isLast ? end : size
    this.#bytes += segment.bytes
    this.#segments.push(segment)
    return newest
  }

  /** Bytes of segments on disk. */
  get bytes(): number {
    return this.#bytes
  }

  get counts(): SpoolCounts {
    return { full: this.#full, corrupt: this.#corrupt }
  }

  /** The sequence that the next `append` must have. */
  get nextSequence(): bigint {
    return this.#next
  }

  /**
   * Writes a batch. Throws what the file system throws (ENOSPC on a full disk); then nothing has changed
   * and the same batch can be appended again. Throws HG_BATCH_INVALID for one that `read` could not give back.
   */
  append(item: SpoolAppend): void {
    if (item.sequence !== this.#next)
      throw new RangeError(`sequence ${item.sequence} after ${this.#next - 1n}`)
    const head = encodeRecordHead(item, item.batch)
    try {
      this.#appendRecord(head, item)
    } catch (error) {
      // On a full disk the room of what the hub has is all there is.
      if (!this.#recycle()) throw error
      this.#appendRecord(head, item)
    }
    // From here on the batch is safe: a failure to make room is tried again with the next batch.
    try {
      this.#removeAcked()
      while (this.#bytes > this.#options.limitBytes && this.#dropOldest());
    } catch (error) {
      this.#options.onSyncError?.(error)
    }
  }

  /** Throws with nothing changed. */
  #appendRecord(head: Uint8Array, item: SpoolAppend): void {
    const size = head.length + item.batch.length
    const { segment, fd } = this.#writable(size)
    try {
      this.#writeAll(fd, head, segment.bytes)
      this.#writeAll(fd, item.batch, segment.bytes + head.length)
    } catch (error) {
      try {
        ftruncateSync(fd, segment.bytes)
      } catch {
        // The next append writes over it, and a start cuts it.
      }
      throw error
    }
    if (segment.first === 0n) segment.first = item.sequence
    segment.last = item.sequence
    segment.bytes += size
    this.#bytes += size
    this.#next += 1n
    this.#newestProgress = item.progress
    this.#armSync()
  }

  /**
   * Empties the active segment when the hub has all of it. Its newest record would be missed at the next
   * start: where the kernel side goes on is written first, in place, into a file that has its room already.
   */
  #recycle(): boolean {
    const active = this.#active
    if (!active || active.segment.first === 0n) return false
    const { segment, fd } = active
    if (segment.last > this.#ackedOf(segment.run)) return false
    const newest = [segment.run, hex(segment.boot), segment.last, this.#newestProgress]
    const text = sealText(toJson(newest))
    if (text.length > checkpointBytes) return false
    this.#writeAll(this.#checkpoint, new TextEncoder().encode(text.padEnd(checkpointBytes)), 0)
    ftruncateSync(fd, segmentHeaderBytes)
    this.#bytes -= segment.bytes - segmentHeaderBytes
    segment.bytes = segmentHeaderBytes
    segment.first = 0n
    segment.last = 0n
    this.#hint = undefined
    return true
  }

  /** Opens the checkpoint file with room for its text; a full disk at the start is the caller's to wait out. */
  #openCheckpoint(): NewestRecord | undefined {
    const path = this.#path('checkpoint')
    const held = openText(path)
    this.#checkpoint = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)
    if (fstatSync(this.#checkpoint).size < checkpointBytes)
      writeSync(this.#checkpoint, ' '.repeat(checkpointBytes), 0)
    if (held === undefined) return undefined
    const [run, boot, sequence, progress] = fromJson(held) as [
      number,
      string,
      bigint,
      Progress | null,
    ]
    return { run, boot: Uint8Array.from(Buffer.from(boot, 'hex')), sequence, progress }
  }

  #writeAll(fd: number, bytes: Uint8Array, at: number): void {
    for (let done = 0; done < bytes.length;)
      done += this.#write(fd, done === 0 ? bytes : bytes.subarray(done), at + done)
  }

  /** The segment to append to: the active one, or a new one when it is full. */
  #writable(size: number): { segment: Segment; fd: number } {
    const active = this.#active
    if (
      active &&
      (active.segment.first === 0n || active.segment.bytes + size <= this.#segmentBytes)
    )
      return active
    const number = this.#number
    const path = this.#path(segmentName(number))
    const fd = openSync(path, 'wx', 0o600)
    try {
      this.#writeAll(fd, encodeSegmentHeader(this.#options.boot, this.#options.run), 0)
    } catch (error) {
      closeSync(fd)
      unlinkSync(path)
      throw error
    }
    this.#number += 1
    const segment: Segment = {
      number,
      path,
      boot: this.#options.boot,
      run: this.#options.run,
      first: 0n,
      last: 0n,
      bytes: segmentHeaderBytes,
    }
    this.#segments.push(segment)
    this.#bytes += segmentHeaderBytes
    if (active) {
      // Its last records may be younger than the last sync.
      if (this.#dirty) fsyncSync(active.fd)
      this.#closeWhenSynced(active.fd)
    }
    this.#dirtyFolder = true
    this.#active = { segment, fd }
    return this.#active
  }

  #closeWhenSynced(fd: number): void {
    if (this.#syncing) void this.#syncing.finally(() => closeSync(fd))
    else closeSync(fd)
  }

  #armSync(): void {
    this.#dirty = true
    this.#syncTimer ??= setTimeout(() => {
      this.#syncTimer = undefined
      void this.sync()
    }, syncDelayMs).unref()
  }

  /** Resolves when everything appended before survives a power loss, or `onSyncError` was told why not. */
  async sync(): Promise<void> {
    await this.#syncing
    const active = this.#active
    if (!active || !this.#dirty) return
    this.#dirty = false
    const run = async () => {
      try {
        await fdatasyncAsync(active.fd)
        if (this.#dirtyFolder) {
          this.#dirtyFolder = false
          const folder = openSync(this.#options.dir, 'r')
          try {
            await fdatasyncAsync(folder)
          } finally {
            closeSync(folder)
          }
        }
      } catch (error) {
        this.#armSync()
        this.#options.onSyncError?.(error)
      }
    }
    this.#syncing = run().finally(() => {
      this.#syncing = undefined
    })
    await this.#syncing
  }

  #ackedOf(run: number): bigint {
    return this.#acked.get(run)?.sequence ?? 0n
  }

  /** The hub has these for good; of a run that is not here, nothing happens. Throws what the file system throws. */
  ack(ack: Ack): void {
    if (ack.sequence <= this.#ackedOf(ack.run)) return
    const boot = hex(ack.boot)
    const holds =
      this.#segments.some((s) => s.run === ack.run && hex(s.boot) === boot) ||
      this.#stones.some((stone) => stone.run === ack.run && stone.boot === boot)
    if (!holds) return
    // A hub cannot have what was never sent: such an acknowledgement is about another life of this id.
    const last = this.#segments.findLast((s) => s.run === ack.run)?.last
    const stoned = this.#stones.findLast((stone) => stone.run === ack.run)?.last ?? 0n
    const most = last !== undefined && last > stoned ? last : stoned
    if (ack.sequence > most) return
    this.#acked.set(ack.run, { boot, sequence: ack.sequence })
    this.#removeAcked()
    this.#saveAcked()
  }

  #removeAcked(): void {
    const stones = this.#stones.filter((stone) => stone.last > this.#ackedOf(stone.run))
    if (stones.length < this.#stones.length) {
      this.#stones = stones
      this.#saveStones()
    }
    const newest = this.#segments.findLast((segment) => segment.first > 0n)
    for (let i = 0; i < this.#segments.length;) {
      const segment = this.#segments[i]
      if (!segment) break
      if (
        segment !== newest &&
        segment !== this.#active?.segment &&
        segment.last <= this.#ackedOf(segment.run)
      ) {
        unlinkSync(segment.path)
        this.#bytes -= segment.bytes
        this.#segments.splice(i, 1)
      } else i += 1
    }
    for (const run of this.#acked.keys())
      if (
        !this.#segments.some((segment) => segment.run === run) &&
        !this.#stones.some((stone) => stone.run === run)
      )
        this.#acked.delete(run)
  }

  #saveAcked(): void {
    const entries = [...this.#acked].map(([run, { boot, sequence }]) => [run, boot, sequence])
    this.#saveText('acked', sealText(toJson(entries)), false)
  }

  #saveStones(): void {
    const text = encodeTombstones({ through: this.#through, stones: this.#stones })
    this.#saveText('tombstones', sealText(text), true)
  }

  /** Replaces a small file whole. */
  #saveText(name: string, text: string, durable: boolean): void {
    const path = this.#path(name)
    const fd = openSync(`${path}.new`, 'w', 0o600)
    try {
      this.#writeAll(fd, new TextEncoder().encode(text), 0)
      if (durable) fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(`${path}.new`, path)
  }

  /** Puts tombstones in the place of the oldest segment. False when only the newest is left. */
  #dropOldest(): boolean {
    const segment = this.#segments[0]
    if (!segment || segment === this.#active?.segment || this.#segments.length < 2) return false
    const acked = this.#ackedOf(segment.run)
    const stones = [...this.#stones]
    let full = 0
    let corrupt = 0
    for (const lost of this.#walk(segment)) {
      if (lost.sequence <= acked) continue
      const { sequence, wallOffsetNs, batches } = lost
      const rows = asLost(lost.rows, lost.corrupt ? 'spool_corrupt' : 'spool_full')
      if (lost.corrupt) corrupt += batches
      else full += batches
      const mayBeSent = stones.length < this.#options.window
      const previous = stones.at(-1)
      const stone: Tombstone = {
        boot: hex(segment.boot),
        run: segment.run,
        last: sequence,
        batches,
        wallOffsetNs,
        rows,
        sealed: mayBeSent,
      }
      if (previous && !previous.sealed && previous.boot === stone.boot)
        stones[stones.length - 1] = {
          ...stone,
          batches: previous.batches + batches,
          rows: mergeRows([...previous.rows, ...rows]),
        }
      else stones.push(stone)
    }
    const before = { stones: this.#stones, through: this.#through }
    this.#stones = stones
    this.#through = segment.number
    try {
      this.#saveStones()
    } catch (error) {
      this.#stones = before.stones
      this.#through = before.through
      throw error
    }
    this.#segments.shift()
    this.#bytes -= segment.bytes
    this.#full += full
    this.#corrupt += corrupt
    unlinkSync(segment.path)
    return true
  }

  /** Everything in a segment by its numbers: records, and what holes stand for. */
  *#walk(
    segment: Segment,
    from: number = segmentHeaderBytes,
    expected: bigint = segment.first,
  ): Generator<{
    sequence: bigint
    wallOffsetNs: bigint
    batches: number
    rows: readonly ManifestRow[]
    corrupt: boolean
    /** Absent for a hole. */
    record: (SegmentStep & { kind: 'record' }) | undefined
    end: number
    file: SegmentFile
  }> {
    using file = SegmentFile.open(segment.path)
    if (!file) return
    let wanted = expected
    let lastNs = 0n
    for (let at = from; ;) {
      const step = file.step(at, segment.bytes)
      if (!step) return
      at = step.end
      if (step.kind === 'hole') continue
      const { meta } = step
      const fromNs = meta.manifest.reduce(
        (least, row) => (row.fromNs < least ? row.fromNs : least),
        meta.manifest[0]?.fromNs ?? lastNs,
      )
      if (meta.sequence > wanted) {
        const gone = meta.sequence - wanted
        yield {
          sequence: meta.sequence - 1n,
          wallOffsetNs: meta.wallOffsetNs,
          batches: Number(gone),
          rows: [
            {
              hook: 'batch',
              reason: 'spool_corrupt',
              fromNs: lastNs === 0n ? fromNs : lastNs,
              toNs: fromNs,
              offered: gone,
              seen: 0n,
              lost: gone,
            },
          ],
          corrupt: true,
          record: undefined,
          end: step.at,
          file,
        }
      }
      wanted = meta.sequence + 1n
      for (const row of meta.manifest) if (row.toNs > lastNs) lastNs = row.toNs
      yield {
        sequence: meta.sequence,
        wallOffsetNs: meta.wallOffsetNs,
        batches: 1,
        rows: meta.manifest,
        corrupt: false,
        record: step,
        end: step.end,
        file,
      }
    }
  }

  /**
   * The next items after `position` that are not acknowledged: at least one if there is one, then until
   * `maxItems` or `maxBytes` is reached. Throws what the file system throws.
   */
  read(position: SpoolPosition | undefined, maxItems: number, maxBytes: number): SpoolItem[] {
    const out: SpoolItem[] = []
    let bytes = 0
    const begin = position ?? { run: -1, sequence: 0n }
    const isWanted = (at: SpoolPosition) => after(at, begin) && at.sequence > this.#ackedOf(at.run)
    const take = (item: SpoolItem): boolean => {
      out.push(item)
      bytes += item.batch.length
      return out.length < maxItems && bytes < maxBytes
    }

    let sealed = false
    let more = true
    for (const [index, stone] of this.#stones.entries()) {
      if (!more) break
      if (!isWanted({ run: stone.run, sequence: stone.last })) continue
      if (!stone.sealed) {
        this.#stones[index] = { ...stone, sealed: true }
        sealed = true
      }
      const boot = Uint8Array.from(Buffer.from(stone.boot, 'hex'))
      more = take({
        boot,
        run: stone.run,
        sequence: stone.last,
        batch: new Uint8Array(
          encodeLossBatch(
            this.#options.sensor,
            boot,
            stone.run,
            stone.last,
            stone.wallOffsetNs,
            stone.rows,
          ),
        ),
      })
    }
    if (sealed) this.#saveStones()
    for (const segment of this.#segments) {
      if (!more) break
      if (segment.first === 0n || !isWanted({ run: segment.run, sequence: segment.last })) continue
      more = this.#readSegment(segment, begin, isWanted, take)
    }
    return out
  }

  #readSegment(
    segment: Segment,
    begin: SpoolPosition,
    isWanted: (at: SpoolPosition) => boolean,
    take: (item: SpoolItem) => boolean,
  ): boolean {
    const hint = this.#hint
    const resumes =
      hint !== undefined &&
      hint.number === segment.number &&
      hint.run === begin.run &&
      hint.sequence === begin.sequence
    const walk = resumes ? this.#walk(segment, hint.at, hint.sequence + 1n) : this.#walk(segment)
    for (const found of walk) {
      const { sequence, end, record, file, wallOffsetNs } = found
      const at = { run: segment.run, sequence }
      if (!isWanted(at)) continue
      let batch = record ? file.body(record) : undefined
      if (batch === undefined) {
        this.#corrupt += found.batches
        batch = encodeLossBatch(
          this.#options.sensor,
          segment.boot,
          segment.run,
          sequence,
          wallOffsetNs,
          asLost(found.rows, 'spool_corrupt'),
        )
      }
      // Just read or made, so alone in its buffer.
      const own = batch as Uint8Array<ArrayBuffer>
      const more = take({ boot: segment.boot, ...at, batch: own })
      this.#hint = { ...at, number: segment.number, at: end }
      if (!more) return false
    }
    return true
  }

  /** Runs that wait, oldest first. */
  pending(): Pending[] {
    const runs = new Map<number, Pending>()
    const add = (boot: Uint8Array, run: number, first: bigint, last: bigint) => {
      const acked = this.#ackedOf(run)
      if (last <= acked) return
      const known = runs.get(run)
      const firstSequence = known?.firstSequence ?? (first > acked ? first : acked + 1n)
      runs.set(run, { boot, run, firstSequence, lastSequence: last })
    }
    for (const stone of this.#stones)
      add(Uint8Array.from(Buffer.from(stone.boot, 'hex')), stone.run, stone.last, stone.last)
    for (const segment of this.#segments)
      if (segment.first > 0n) add(segment.boot, segment.run, segment.first, segment.last)
    return [...runs.values()].sort((a, b) => a.run - b.run)
  }

  /** Syncs and closes; the files stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#syncTimer)
    this.#syncTimer = undefined
    await this.sync()
    if (this.#active) closeSync(this.#active.fd)
    this.#active = undefined
    closeSync(this.#checkpoint)
  }
}
