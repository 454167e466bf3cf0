/**
 * The writer of a log: what it has acknowledged survives a crash of the hub and of the machine.
 *
 * Appends are grouped: while one write and fdatasync is under way the next group gathers, so a
 * busy hub syncs once per group and an idle one at once. One writer per folder (the hub's lock on
 * the state folder sees to it). A full disk takes back what was half written and refuses the group
 * with HG_DISK_FULL; the next append tries again.
 */
import { open, readFile, rename, unlink, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { HoneyguideError, isNoSpace } from '@honeyguide/model'
import { openLogReader, type LogReader } from './reader.ts'
import { encodeRecord, parseRecord, type NewRecord } from './record.ts'
import {
  checkSegmentHeader,
  createSegment,
  listSegments,
  segmentHeaderBytes,
  segmentPath,
  syncFolder,
  type Segment,
} from './segment.ts'
import { createSequenceIndex, type RunKey, type SequenceIndex } from './sequence-index.ts'

export interface SpoolOptions {
  /** A segment is closed at this size. 64 MiB by default. */
  readonly segmentBytes?: number
  /** ... or at this age, so that retention can go by the hour. One hour by default. */
  readonly segmentMs?: number
  /** Whether bodies are packed with zstd level 1 on disk. True by default. */
  readonly pack?: boolean
  /** Wall clock in ms; for tests. */
  readonly now?: () => number
}

export interface Appended {
  /** Where the record begins; -1 for a repeat. */
  readonly offset: number
  /** True when this sequence was there already: nothing was written, and it may be acknowledged. */
  readonly repeated: boolean
}

/** What retention took away. */
export interface Trimmed {
  readonly segments: number
  readonly bytes: number
  /** Stretches that went before every consumer had read them: they are lost, and to be told. */
  readonly unread: readonly { readonly from: number; readonly to: number }[]
}

export interface Spool extends AsyncDisposable {
  readonly dir: string
  /** Resolves once it would survive a crash. Throws HG_DISK_FULL (nothing of it was kept). */
  append(record: NewRecord): Promise<Appended>
  /** Last sequence of a run that would survive a crash; 0n for none. */
  lastSequence(run: RunKey): bigint
  /** Offset behind the last durable record: what readers may read up to. */
  readonly end: number
  /** Offset of the first segment that is still there. */
  readonly begin: number
  /** Bytes on disk. */
  readonly bytes: number
  /** Bytes that wait to be written: stop reading from sensors above some MiB. */
  readonly pendingBytes: number
  /** Calls `listener` after each group with the new end. Returns how to stop that. */
  onAdvance(listener: (end: number) => void): () => void
  /** A reader in this process, extended by itself. */
  reader(): LogReader
  /**
   * Removes whole segments, oldest first: those that all consumers have passed and that are older
   * than `keepMs` or beyond `capBytes`; and beyond `hardCapBytes` also unread ones.
   */
  trim(options: {
    readonly passed: number
    readonly capBytes: number
    readonly keepMs: number
    readonly hardCapBytes?: number
  }): Promise<Trimmed>
}

/** What a start leaves free behind the last byte, above `pendingBytes` at any time. */
const startGap = 64 * 1024 * 1024
const indexFile = 'index.json'

interface Waiting {
  readonly bytes: Buffer
  readonly record: NewRecord
  readonly resolve: (appended: Appended) => void
  readonly reject: (error: unknown) => void
}

interface Checkpoint {
  readonly offset: number
  readonly runs: readonly (readonly [string, string, number, string])[]
}

async function readCheckpoint(dir: string): Promise<Checkpoint> {
  try {
    const read = JSON.parse(await readFile(join(dir, indexFile), 'utf8')) as Partial<Checkpoint>
    if (typeof read.offset === 'number' && Array.isArray(read.runs))
      return { offset: read.offset, runs: read.runs }
  } catch {
    // Absent or torn: the segments have it all.
  }
  return { offset: 0, runs: [] }
}

/** Reads a segment from `from` on into the index. Returns the offset behind its last whole record. */
async function scanSegment(
  segment: Segment,
  from: number,
  index: SequenceIndex,
): Promise<{ end: number; valid: boolean }> {
  const handle = await open(segment.path, 'r')
  try {
    const header = Buffer.alloc(segmentHeaderBytes)
    const { bytesRead } = await handle.read(header, 0, segmentHeaderBytes, 0)
    if (!checkSegmentHeader(header.subarray(0, bytesRead), segment.path))
      return { end: segment.base, valid: false }
    let at = Math.max(from, segment.base + segmentHeaderBytes)
    for (let want = 1024 * 1024; ;) {
      const bytes = Buffer.allocUnsafe(want)
      const read = await handle.read(bytes, 0, want, at - segment.base)
      const held = bytes.subarray(0, read.bytesRead)
      let place = 0
      let need = 0
      while (place < held.length) {
        const parsed = parseRecord(held, place, at + place)
        if (parsed.state === 'short') {
          need = parsed.bytes
          break
        }
        if (parsed.state === 'damaged') {
          // A bad record with good ones behind it is damage (readers tell it); the last one is a torn tail.
          const after = place + parsed.bytes
          const goesOn =
            parsed.bytes > 0 &&
            after < held.length &&
            parseRecord(held, after, at + after).state === 'record'
          if (!goesOn) return { end: at + place, valid: true }
        } else {
          if (parsed.record && parsed.record.sequence > 0n)
            index.take(parsed.record, parsed.record.sequence)
        }
        place += parsed.bytes
      }
      at += place
      if (read.bytesRead < want) return { end: at, valid: true }
      want = Math.max(1024 * 1024, place === 0 ? Math.max(need, want * 2) : 0)
    }
  } finally {
    await handle.close()
  }
}

function diskFull(error: unknown): boolean {
  return isNoSpace(error) || (error as NodeJS.ErrnoException).code === 'EFBIG'
}

/** Opens or makes the log in `dir`. Cuts a torn tail. Throws HG_STATE_FORMAT for a newer version's. */
export async function openSpool(dir: string, options: SpoolOptions = {}): Promise<Spool> {
  const {
    segmentBytes = 64 * 1024 * 1024,
    segmentMs = 3_600_000,
    pack = true,
    now = Date.now,
  } = options
  const checkpoint = await readCheckpoint(dir)
  const durable = createSequenceIndex(checkpoint.runs)
  let segments = await listSegments(dir)
  let end = 0
  for (const [at, segment] of segments.entries()) {
    const last = at === segments.length - 1
    if (!last && segment.base + segment.bytes <= checkpoint.offset) continue
    const scanned = await scanSegment(segment, checkpoint.offset, durable)
    if (!last) continue
    end = Math.max(scanned.end, segment.base)
    if (!scanned.valid || scanned.end <= segment.base + segmentHeaderBytes) {
      // A start that wrote nothing leaves no file behind.
      await unlink(segment.path)
    } else if (scanned.end < segment.base + segment.bytes) {
      const handle = await open(segment.path, 'r+')
      await handle.truncate(scanned.end - segment.base)
      await handle.datasync()
      await handle.close()
    }
  }
  segments = await listSegments(dir)
  end = Math.max(end, checkpoint.offset)

  let base = end === 0 ? 0 : Math.ceil((end + startGap) / startGap) * startGap
  let handle: FileHandle | undefined
  let openedMs = now()
  let bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0)
  /** Sizes of closed segments, oldest first; the one being written is not in it. */
  let closed = segments
  /** Durable end of the segment being written, from its first byte. */
  let written = segmentHeaderBytes
  end = base

  // What was queued, though not yet durable: a repeat of it waits for the same sync.
  let queued = createSequenceIndex(durable.entries())
  let waiting: Waiting[] = []
  let pendingBytes = 0
  let flushing: Promise<void> | undefined
  let disposed = false
  const listeners = new Set<(end: number) => void>()
  const groupBytes = Math.min(segmentBytes, 4 * 1024 * 1024)

  async function saveCheckpoint(): Promise<void> {
    const path = join(dir, indexFile)
    const content: Checkpoint = { offset: end, runs: durable.entries() }
    const file = await open(`${path}.new`, 'w', 0o600)
    try {
      await file.writeFile(JSON.stringify(content))
      await file.datasync()
    } finally {
      await file.close()
    }
    await rename(`${path}.new`, path)
    await syncFolder(dir)
  }

  async function closeSegment(): Promise<void> {
    if (!handle) return
    await handle.close()
    handle = undefined
    closed = [...closed, { path: segmentPath(dir, base), base, bytes: written }]
    base += written
    end = base
    written = segmentHeaderBytes
    try {
      await saveCheckpoint()
    } catch (error) {
      // Only costs the next start a longer scan.
      if (!diskFull(error)) throw error
    }
  }

  async function writeGroup(group: readonly Waiting[]): Promise<void> {
    if (handle && (written >= segmentBytes || now() - openedMs >= segmentMs)) await closeSegment()
    if (!handle) {
      handle = await createSegment(dir, base)
      openedMs = now()
      bytes += segmentHeaderBytes
    }
    const from = written
    const size = group.reduce((sum, { bytes: record }) => sum + record.length, 0)
    try {
      let place = from
      let left = group.map((entry) => entry.bytes)
      while (left.length > 0) {
        const some = left.slice(0, 512)
        let { bytesWritten } = await handle.writev(some, place)
        if (bytesWritten === 0)
          throw Object.assign(new Error('nothing written'), { code: 'ENOSPC' })
        place += bytesWritten
        let whole = 0
        while (whole < some.length && bytesWritten >= (some[whole]?.length ?? 0))
          bytesWritten -= some[whole++]?.length ?? 0
        left = left.slice(whole)
        const first = left[0]
        if (first && bytesWritten > 0) left[0] = first.subarray(bytesWritten)
      }
      await handle.datasync()
    } catch (error) {
      // Whatever reached the file goes; after a failed sync its pages cannot be trusted, so a new segment begins.
      await handle.truncate(from).catch(() => undefined)
      await closeSegment().catch(() => undefined)
      throw error
    }
    let offset = base + from
    for (const entry of group) {
      if (entry.record.sequence > 0n) durable.take(entry.record, entry.record.sequence)
      entry.resolve({ offset, repeated: false })
      offset += entry.bytes.length
    }
    written = from + size
    bytes += size
    end = base + written
    for (const listener of listeners) listener(end)
  }

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      let size = 0
      const cut = waiting.findIndex((entry) => (size += entry.bytes.length) > groupBytes)
      const group = cut > 0 ? waiting.slice(0, cut) : cut === 0 ? waiting.slice(0, 1) : waiting
      waiting = waiting.slice(group.length)
      try {
        await writeGroup(group)
      } catch (cause) {
        const error = diskFull(cause)
          ? new HoneyguideError('HG_DISK_FULL', `while appending to ${dir}`, { cause })
          : cause
        // What queued behind it goes too: sequences must not be taken out of order.
        const failed = [...group, ...waiting]
        waiting = []
        queued = createSequenceIndex(durable.entries())
        pendingBytes = 0
        for (const entry of failed) entry.reject(error)
        continue
      }
      pendingBytes -= group.reduce((sum, entry) => sum + entry.bytes.length, 0)
    }
  }

  function startFlush(): Promise<void> {
    flushing ??= new Promise<void>((resolve) => {
      // After this turn of the loop, so that what arrives together is one group.
      setImmediate(resolve)
    })
      .then(flush)
      .finally(() => {
        flushing = undefined
        if (waiting.length > 0) void startFlush()
      })
    return flushing
  }

  const spool: Spool = {
    dir,
    get end() {
      return end
    },
    get begin() {
      return closed[0]?.base ?? base
    },
    get bytes() {
      return bytes
    },
    get pendingBytes() {
      return pendingBytes
    },
    append(record) {
      if (disposed) return Promise.reject(new Error('the spool is closed'))
      if (record.sequence > 0n) {
        if (record.sequence <= durable.last(record))
          return Promise.resolve({ offset: -1, repeated: true })
        if (record.sequence <= queued.last(record)) {
          // It is on its way: answered when that is durable, and refused with it when that fails.
          return startFlush().then(() =>
            record.sequence <= durable.last(record)
              ? { offset: -1, repeated: true }
              : Promise.reject(new HoneyguideError('HG_DISK_FULL', `while appending to ${dir}`)),
          )
        }
      }
      let encoded: Buffer
      try {
        encoded = encodeRecord(record, pack)
      } catch (error) {
        return Promise.reject(error)
      }
      if (record.sequence > 0n) queued.take(record, record.sequence)
      pendingBytes += encoded.length
      return new Promise<Appended>((resolve, reject) => {
        waiting.push({ bytes: encoded, record, resolve, reject })
        void startFlush()
      })
    },
    lastSequence: (run) => durable.last(run),
    onAdvance(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    reader() {
      const reader = openLogReader(dir, end)
      const stop = spool.onAdvance((to) => reader.extend(to))
      return {
        get end() {
          return reader.end
        },
        extend: (to) => reader.extend(to),
        read: (offset, maxBytes) => reader.read(offset, maxBytes),
        follow: (offset, signal, maxBytes) => reader.follow(offset, signal, maxBytes),
        async [Symbol.asyncDispose]() {
          stop()
          await reader[Symbol.asyncDispose]()
        },
      }
    },
    async trim({ passed, capBytes, keepMs, hardCapBytes = Infinity }) {
      const unread: { from: number; to: number }[] = []
      let removed = 0
      let removedBytes = 0
      for (;;) {
        const oldest = closed[0]
        if (!oldest) break
        // Its last byte is as old as the next segment's first.
        const to = oldest.base + oldest.bytes
        const isRead = to <= passed
        const file = await open(oldest.path, 'r').catch(() => undefined)
        const ageMs = file ? now() - (await file.stat()).mtimeMs : Infinity
        await file?.close()
        const goes =
          (isRead && (ageMs > keepMs || bytes > capBytes)) || (!isRead && bytes > hardCapBytes)
        if (!goes) break
        await unlink(oldest.path).catch((error: unknown) => {
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
        })
        closed = closed.slice(1)
        bytes -= oldest.bytes
        removed += 1
        removedBytes += oldest.bytes
        if (!isRead) unread.push({ from: Math.max(oldest.base, passed), to })
      }
      return { segments: removed, bytes: removedBytes, unread }
    },
    async [Symbol.asyncDispose]() {
      if (disposed) return
      disposed = true
      for (let last = flushing; last; last = flushing) await last
      await closeSegment()
    },
  }
  return spool
}
