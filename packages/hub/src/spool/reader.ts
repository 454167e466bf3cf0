/**
 * Reads a log by offset, in the process that writes it or in another: the files are the truth.
 *
 * A reader never looks past `end`, which the writer tells it (`extend`): what lies beyond is not yet
 * synced and may still be taken back. Damage inside the log is skipped and told, never passed over.
 */
import { open, type FileHandle } from 'node:fs/promises'
import { parseRecord, recordOverhead, type LogRecord } from './record.ts'
import { checkSegmentHeader, listSegments, segmentHeaderBytes, type Segment } from './segment.ts'

/** A stretch that could not be read. */
export interface Damage {
  readonly from: number
  readonly to: number
  /** gone: removed by retention before it was read. damaged: a checksum failed. */
  readonly why: 'gone' | 'damaged'
}

export interface Chunk {
  readonly records: readonly LogRecord[]
  /** Where to go on. Larger than the offset asked for when there was anything to pass. */
  readonly next: number
  readonly damage: readonly Damage[]
}

export interface LogReader extends AsyncDisposable {
  /** Offset up to which the log may be read. */
  readonly end: number
  /** Called with what the writer says; never goes back. */
  extend(end: number): void
  /** Records from `offset` on, about `maxBytes` of them (one at least, when there is one). Resolves at once, with none at the end. */
  read(offset: number, maxBytes?: number): Promise<Chunk>
  /** Chunks from `offset` on, and on as the log grows, until `signal` aborts. */
  follow(offset: number, signal: AbortSignal, maxBytes?: number): AsyncIterable<Chunk>
}

const defaultChunkBytes = 1024 * 1024

/** As many whole records as `held` has; `need` is how many bytes the next one takes, 0 when that is not known. */
function parseAll(
  held: Buffer,
  offset: number,
): { records: LogRecord[]; damage: Damage[]; bytes: number; need: number } {
  const records: LogRecord[] = []
  const damage: Damage[] = []
  let bytes = 0
  while (bytes < held.length) {
    const parsed = parseRecord(held, bytes, offset + bytes)
    if (parsed.state === 'short') return { records, damage, bytes, need: parsed.bytes }
    if (parsed.state === 'record') {
      if (parsed.record) records.push(parsed.record)
      bytes += parsed.bytes
      continue
    }
    // With a possible length the next record is tried; without one, what was read is given up.
    const skipped = parsed.bytes || held.length - bytes
    damage.push({ from: offset + bytes, to: offset + bytes + skipped, why: 'damaged' })
    bytes += skipped
  }
  return { records, damage, bytes, need: 0 }
}

export function openLogReader(dir: string, firstEnd = 0): LogReader {
  let end = firstEnd
  let segments: Segment[] = []
  let current: { readonly base: number; readonly handle: FileHandle } | undefined
  let wake: (() => void)[] = []

  async function handleOf(segment: Segment): Promise<FileHandle | undefined> {
    if (current?.base === segment.base) return current.handle
    await current?.handle.close()
    current = undefined
    try {
      const handle = await open(segment.path, 'r')
      const header = Buffer.alloc(segmentHeaderBytes)
      const { bytesRead } = await handle.read(header, 0, segmentHeaderBytes, 0)
      if (!checkSegmentHeader(header.subarray(0, bytesRead), segment.path)) {
        await handle.close()
        return undefined
      }
      current = { base: segment.base, handle }
      return handle
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  /** Index of the segment that holds `offset`, or of the first one after it; -1 when there is none. */
  function place(offset: number): number {
    const at = segments.findLastIndex((segment) => segment.base <= offset)
    const held = segments[at]
    // The last one listed may have grown since.
    if (held && (at === segments.length - 1 || offset < held.base + held.bytes)) return at
    return at + 1 < segments.length ? at + 1 : -1
  }

  const reader: LogReader = {
    get end() {
      return end
    },
    extend(to) {
      if (to <= end) return
      end = to
      const waiting = wake
      wake = []
      for (const resume of waiting) resume()
    },
    async read(offset, maxBytes = defaultChunkBytes) {
      const damage: Damage[] = []
      let at = offset
      let listed = false
      while (at < end) {
        const index = place(at)
        const segment = segments[index]
        const handle = segment && (await handleOf(segment))
        if (!segment || !handle) {
          // Listings are kept from call to call; one that is too old is replaced once.
          if (listed) return { records: [], next: end, damage }
          segments = await listSegments(dir)
          listed = true
          continue
        }
        if (segment.base >= end) return { records: [], next: end, damage }
        if (index === 0 && at > 0 && at < segment.base && offset === at)
          damage.push({ from: at, to: segment.base, why: 'gone' })
        at = Math.max(at, segment.base + segmentHeaderBytes)
        const following = segments[index + 1]?.base
        const most = Math.max(0, Math.min(end, following ?? end) - at)
        for (let want = Math.min(maxBytes, most); ;) {
          const bytes = Buffer.allocUnsafe(want)
          const { bytesRead } = await handle.read(bytes, 0, want, at - segment.base)
          const held = bytes.subarray(0, bytesRead)
          const parsed = parseAll(held, at)
          damage.push(...parsed.damage)
          if (parsed.bytes > 0) return { records: parsed.records, next: at + parsed.bytes, damage }
          if (bytesRead === want && want < most) {
            want = Math.min(most, Math.max(parsed.need, recordOverhead))
            continue
          }
          // The file ends here: a hole behind a start of the writer, or a torn tail that was never cut.
          if (following === undefined && !listed) break
          if (held.length > 0) damage.push({ from: at, to: at + held.length, why: 'damaged' })
          at = following ?? end
          break
        }
        if (at < end && following === undefined) {
          segments = await listSegments(dir)
          listed = true
        }
      }
      return { records: [], next: Math.max(at, offset), damage }
    },
    async *follow(offset, signal, maxBytes) {
      let at = offset
      while (!signal.aborted) {
        if (at < end) {
          const chunk = await reader.read(at, maxBytes)
          at = chunk.next
          yield chunk
          continue
        }
        await new Promise<void>((resolve) => {
          const done = (): void => {
            signal.removeEventListener('abort', done)
            resolve()
          }
          signal.addEventListener('abort', done, { once: true })
          wake.push(done)
        })
      }
    },
    async [Symbol.asyncDispose]() {
      await current?.handle.close()
      current = undefined
    },
  }
  return reader
}
