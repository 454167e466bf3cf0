/**
 * A recording: what a sensor sent, in a file that can be played again. Written by `honeyguide record`.
 *
 *   {"honeyguide":"recording","version":2,...}\n      one line of JSON, the header
 *   repeated, little-endian: u32 length · u32 CRC-32 of what follows the head · u64 received, µs since 1970 ·
 *     the encoded Batch as one zstd frame (RFC 8878); in version 1 as it is
 *
 * Packed one by one, so that what was written before a crash can be read and a reader goes on from any of them; a
 * third of the bytes of version 1. A reader checks lengths before it allocates. A torn end is told and not an
 * error; damage inside is.
 */
import { open } from 'node:fs/promises'
import { crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { batchLimits, HoneyguideError } from '@honeyguide/model'

export interface RecordingHeader {
  readonly hostname: string
  readonly sensorVersion: string
  readonly kernelRelease: string
  readonly architecture: string
  readonly operatingSystem: string
  readonly cpus: number
  readonly memoryBytes: number
  readonly labels: Readonly<Record<string, string>>
  /** When the recording began, ISO 8601 UTC. */
  readonly began: string
  /** For people: what is in it. */
  readonly label: string
}

export interface RecordedBatch {
  /** µs since 1970. */
  readonly receivedUs: number
  readonly bytes: Uint8Array
}

export interface RecordingWriter extends AsyncDisposable {
  /** Keeps order; resolves when the bytes are with the system. */
  write(batch: RecordedBatch): Promise<void>
  readonly batches: number
  readonly bytes: number
}

export interface RecordingReader extends AsyncDisposable {
  readonly header: RecordingHeader
  /** Whether its batches are zstd frames (version 2). */
  readonly isPacked: boolean
  /** In the order in which they were written. Throws HG_REQUEST_INVALID, with the place, at damage. */
  batches(): AsyncGenerator<RecordedBatch, void, undefined>
  /** Bytes of an unfinished record at the end, known after `batches` ended; 0 usually. */
  readonly tornBytes: number
}

/** Bytes by their place, as a file handle gives them. */
export interface RecordingSource {
  read(
    into: Uint8Array,
    at: number,
    length: number,
    place: number,
  ): Promise<{ readonly bytesRead: number }>
  close(): Promise<void>
}

const version = 2
const recordHead = 16
const mostHeader = 64 * 1024

/** Makes the file, 0600; throws when it is there. */
export async function createRecording(
  path: string,
  header: RecordingHeader,
): Promise<RecordingWriter> {
  const handle = await open(path, 'wx', 0o600)
  const line = `${JSON.stringify({ honeyguide: 'recording', version, ...header })}\n`
  await handle.write(line)
  let batches = 0
  let bytes = Buffer.byteLength(line)
  let turn: Promise<unknown> = Promise.resolve()
  return {
    write(batch) {
      const packed = zstdCompressSync(batch.bytes)
      const head = Buffer.alloc(recordHead)
      head.writeUInt32LE(packed.length, 0)
      head.writeUInt32LE(crc32(packed), 4)
      head.writeBigUInt64LE(BigInt(Math.floor(batch.receivedUs)), 8)
      batches += 1
      bytes += head.length + packed.length
      const written = turn.then(() => handle.writev([head, packed])).then(() => undefined)
      turn = written.catch(() => undefined)
      return written
    },
    get batches() {
      return batches
    },
    get bytes() {
      return bytes
    },
    async [Symbol.asyncDispose]() {
      await turn
      await handle.close()
    },
  }
}

function refuse(path: string, what: string): never {
  throw new HoneyguideError('HG_REQUEST_INVALID', `${path} is not a recording: ${what}.`)
}

async function readHeader(
  source: RecordingSource,
  path: string,
): Promise<{ header: RecordingHeader; isPacked: boolean; end: number }> {
  const bytes = Buffer.alloc(mostHeader)
  const { bytesRead } = await source.read(bytes, 0, mostHeader, 0)
  const end = bytes.subarray(0, bytesRead).indexOf(0x0a)
  if (end < 0) refuse(path, 'its first line is missing')
  let parsed: unknown
  try {
    parsed = JSON.parse(bytes.subarray(0, end).toString()) as unknown
  } catch {
    refuse(path, 'its first line is not JSON')
  }
  const fields = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Record<
    string,
    unknown
  >
  if (fields['honeyguide'] !== 'recording') refuse(path, 'its first line does not say so')
  if (fields['version'] !== 1 && fields['version'] !== version)
    refuse(path, `it is of version ${JSON.stringify(fields['version']) ?? 'none'}`)
  const text = (name: string): string => {
    const value = fields[name]
    return typeof value === 'string' ? value.slice(0, 4096) : ''
  }
  const number = (name: string): number => {
    const value = fields[name]
    return typeof value === 'number' && Number.isFinite(value) ? value : 0
  }
  const labels = Object.entries(
    typeof fields['labels'] === 'object' && fields['labels'] !== null ? fields['labels'] : {},
  )
    .filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    .slice(0, 64)
  return {
    header: {
      hostname: text('hostname'),
      sensorVersion: text('sensorVersion'),
      kernelRelease: text('kernelRelease'),
      architecture: text('architecture'),
      operatingSystem: text('operatingSystem'),
      cpus: number('cpus'),
      memoryBytes: number('memoryBytes'),
      labels: Object.fromEntries(labels),
      began: text('began'),
      label: text('label'),
    },
    isPacked: fields['version'] === version,
    end: end + 1,
  }
}

/** The batch in a frame that holds no more than a batch may; undefined when it is none. */
function unpack(packed: Uint8Array): Uint8Array | undefined {
  try {
    return zstdDecompressSync(packed, { maxOutputLength: batchLimits.batchBytes })
  } catch {
    return undefined
  }
}

/** Throws HG_REQUEST_INVALID when it is not a recording. */
export async function openRecording(path: string): Promise<RecordingReader> {
  return readRecording(await open(path, 'r'), path)
}

/** The same from any source, which is closed with it; `path` is for messages. */
export async function readRecording(
  source: RecordingSource,
  path: string,
): Promise<RecordingReader> {
  try {
    const { header, isPacked, end } = await readHeader(source, path)
    let tornBytes = 0
    return {
      header,
      isPacked,
      get tornBytes() {
        return tornBytes
      },
      async *batches() {
        let at = end
        const head = Buffer.alloc(recordHead)
        for (;;) {
          const { bytesRead } = await source.read(head, 0, recordHead, at)
          if (bytesRead === 0) return
          if (bytesRead < recordHead) {
            tornBytes = bytesRead
            return
          }
          const length = head.readUInt32LE(0)
          if (length > batchLimits.batchBytes) refuse(path, `a batch of ${length} bytes at ${at}`)
          const body = Buffer.alloc(length)
          const read = await source.read(body, 0, length, at + recordHead)
          if (read.bytesRead < length) {
            tornBytes = recordHead + read.bytesRead
            return
          }
          if (crc32(body) !== head.readUInt32LE(4)) refuse(path, `a checksum fails at ${at}`)
          const batch = isPacked ? unpack(body) : body
          if (!batch) refuse(path, `a batch cannot be unpacked at ${at}`)
          at += recordHead + length
          yield { receivedUs: Number(head.readBigUInt64LE(8)), bytes: batch }
        }
      },
      [Symbol.asyncDispose]: () => source.close(),
    }
  } catch (error) {
    await source.close()
    throw error
  }
}
