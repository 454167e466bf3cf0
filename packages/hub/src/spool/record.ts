/**
 * One record of a log on disk: length, CRC-32, a fixed header and a body, little-endian.
 *
 * The header says whose it is without decoding the body, so that repeats are found and counted by
 * the header alone. Layout of the bytes after length and CRC: kind u8, flags u8, zero u16, run u32,
 * sequence u64, received u64, sensor 16 bytes, boot 16 bytes, body.
 */
import { crc32, zstdCompressSync, zstdDecompressSync, constants } from 'node:zlib'

/** What a body holds. Numbers are on disk: for ever. */
export const recordKinds = {
  /** An encoded `Batch` as it came from a sensor. */
  batch: 1,
  /** An encoded `Hello` frame of a sensor: host name, version, labels from here on. */
  hello: 2,
  /** A batch that could not be read, told as `RefusedBatch` in JSON; its bytes are in quarantine. */
  refused: 3,
  /** Lines of JSON that the pipeline derived: findings and incidents. */
  derived: 4,
} as const
export type RecordKind = keyof typeof recordKinds

/** What stands in the log in place of a batch that was refused. */
export interface RefusedBatch {
  /** Code of the error table, and what was wrong. */
  readonly code: string
  readonly message: string
  /** Name of the file in the quarantine folder; empty when quarantine was full. */
  readonly file: string
  readonly bytes: number
  /** Wall clock, ns since 1970, in decimal: of the last batch before it, and when it came. */
  readonly fromNs: string
  readonly toNs: string
}

/** What is given to the log. */
export interface NewRecord {
  readonly kind: RecordKind
  /** 16 bytes; zeros where no sensor is meant. */
  readonly sensor: Uint8Array
  /** 16 bytes. */
  readonly boot: Uint8Array
  readonly run: number
  /** From 1 for batches (repeats are recognised by it); 0 for what is never a repeat. */
  readonly sequence: bigint
  /** Wall clock of the hub when it came, ns since 1970. */
  readonly receivedNs: bigint
  readonly body: Uint8Array
}

/** What is read from it. */
export interface LogRecord extends NewRecord {
  /** Where it begins, and where the next one does: byte offsets that never repeat in the life of the log. */
  readonly offset: number
  readonly next: number
}

export const recordLimits = {
  /** Longest body, unpacked: a batch, and room for what the hub itself derives. */
  bodyBytes: 8 * 1024 * 1024,
} as const

const prefixBytes = 8
const headerBytes = 56
export const recordOverhead = prefixBytes + headerBytes
const flagZstd = 1
/** Below this, packing gains less than its frame costs. */
const packFrom = 512

const kindOf = new Map<number, RecordKind>(
  Object.entries(recordKinds).map(([name, id]) => [id, name as RecordKind]),
)

/** The bytes of a record. `pack` compresses the body with zstd level 1 where that makes it smaller. */
export function encodeRecord(record: NewRecord, pack: boolean): Buffer {
  if (record.body.length > recordLimits.bodyBytes)
    throw new RangeError(`a record of ${record.body.length} bytes`)
  let body = record.body
  let flags = 0
  if (pack && body.length >= packFrom) {
    const packed = zstdCompressSync(body, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })
    if (packed.length < body.length) {
      body = packed
      flags = flagZstd
    }
  }
  const out = Buffer.allocUnsafe(recordOverhead + body.length)
  out.writeUInt32LE(headerBytes + body.length, 0)
  out.writeUInt8(recordKinds[record.kind], 8)
  out.writeUInt8(flags, 9)
  out.writeUInt16LE(0, 10)
  out.writeUInt32LE(record.run, 12)
  out.writeBigUInt64LE(record.sequence, 16)
  out.writeBigUInt64LE(record.receivedNs, 24)
  out.set(record.sensor.subarray(0, 16), 32)
  out.set(record.boot.subarray(0, 16), 48)
  out.set(body, recordOverhead)
  out.writeUInt32LE(crc32(out.subarray(prefixBytes)), 4)
  return out
}

export type Parsed =
  /** `record` is null when the kind is of a newer version. */
  | { readonly state: 'record'; readonly record: LogRecord | null; readonly bytes: number }
  /** More bytes are needed: `bytes` in all, when that is known, else 0. */
  | { readonly state: 'short'; readonly bytes: number }
  /** Not a record. `bytes` is the length that it claims when that is a possible one, else 0. */
  | { readonly state: 'damaged'; readonly bytes: number }

/** Reads the record that begins at `at`, whose place in the log is `offset`. Bodies point into `bytes` unless packed. */
export function parseRecord(bytes: Buffer, at: number, offset: number): Parsed {
  if (bytes.length - at < prefixBytes) return { state: 'short', bytes: 0 }
  const length = bytes.readUInt32LE(at)
  if (length < headerBytes || length > headerBytes + recordLimits.bodyBytes)
    return { state: 'damaged', bytes: 0 }
  const total = prefixBytes + length
  if (bytes.length - at < total) return { state: 'short', bytes: total }
  const content = bytes.subarray(at + prefixBytes, at + total)
  if (crc32(content) !== bytes.readUInt32LE(at + 4)) return { state: 'damaged', bytes: total }
  const kind = kindOf.get(content.readUInt8(0))
  if (kind === undefined) return { state: 'record', record: null, bytes: total }
  const raw = content.subarray(headerBytes)
  let body: Uint8Array = raw
  if (content.readUInt8(1) & flagZstd) {
    try {
      body = zstdDecompressSync(raw, { maxOutputLength: recordLimits.bodyBytes })
    } catch {
      return { state: 'damaged', bytes: total }
    }
  }
  const record: LogRecord = {
    kind,
    run: content.readUInt32LE(4),
    sequence: content.readBigUInt64LE(8),
    receivedNs: content.readBigUInt64LE(16),
    sensor: content.subarray(24, 40),
    boot: content.subarray(40, 56),
    body,
    offset,
    next: offset + total,
  }
  return { state: 'record', record, bytes: total }
}
