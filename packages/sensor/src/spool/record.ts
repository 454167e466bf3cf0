/**
 * The bytes of a spool file: a segment header, then records.
 *
 * Segment header, 32 bytes: "HGS1", boot (16), run (u32), reserved (u32), CRC32 of the first 28.
 * Record: "HGR1", meta length, body length, CRC32 of the body, CRC32 of these 16 bytes and the meta (five
 * u32, little-endian), then the meta as JSON and the encoded batch. Two checksums, so that a batch whose
 * body rots can still be told by its numbers, and the walk over a segment need not read bodies.
 */
import { crc32 } from 'node:zlib'
import { batchLimits } from '@honeyguide/model/batch'
import { HoneyguideError } from '@honeyguide/model/errors'
import type { Progress } from '../pump/kernel-port.ts'
import { fromJson, toJson } from './json.ts'
import { isManifestRow, isU64, type ManifestRow } from './manifest.ts'

export const segmentHeaderBytes = 32
export const recordHeadBytes = 20
/** Longest meta in bytes: far beyond what a manifest of all hooks and reasons takes. */
export const metaLimitBytes = 1024 * 1024

const encoder = new TextEncoder()
const segmentMagic = 0x31534748
const recordMagic = 0x31524748

/** What is kept beside a batch. */
export interface RecordMeta {
  readonly sequence: bigint
  readonly wallOffsetNs: bigint
  /** Where the kernel side stood after this batch; null when it had given out no row in this boot. */
  readonly progress: Progress | null
  readonly manifest: readonly ManifestRow[]
}

export function encodeSegmentHeader(boot: Uint8Array, run: number): Uint8Array {
  const out = new Uint8Array(segmentHeaderBytes)
  const view = new DataView(out.buffer)
  view.setUint32(0, segmentMagic, true)
  out.set(boot, 4)
  view.setUint32(20, run, true)
  view.setUint32(28, crc32(out.subarray(0, 28)), true)
  return out
}

/** Undefined when it is not a segment header. */
export function decodeSegmentHeader(
  bytes: Uint8Array,
): { boot: Uint8Array; run: number } | undefined {
  if (bytes.length < segmentHeaderBytes) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, segmentHeaderBytes)
  if (view.getUint32(0, true) !== segmentMagic) return undefined
  if (view.getUint32(28, true) !== crc32(bytes.subarray(0, 28))) return undefined
  return { boot: bytes.slice(4, 20), run: view.getUint32(20, true) }
}

/**
 * Head and meta of a record; the batch follows it in the file. Throws HG_BATCH_INVALID for what
 * `decodeLengths` would not take back.
 */
export function encodeRecordHead(meta: RecordMeta, batch: Uint8Array): Uint8Array {
  // Named one by one: what else the caller's object holds (the batch itself) does not belong on disk twice.
  const { sequence, wallOffsetNs, progress, manifest } = meta
  // Progress is plain JSON, and the longest part: `toJson` would ask about each value of it.
  const others = toJson({ sequence, wallOffsetNs, manifest }).slice(0, -1)
  const json = encoder.encode(`${others},"progress":${JSON.stringify(progress)}}`)
  if (json.length > metaLimitBytes || batch.length > batchLimits.batchBytes)
    throw new HoneyguideError(
      'HG_BATCH_INVALID',
      `A batch of ${batch.length} bytes with ${json.length} bytes beside it is longer than the spool takes.`,
    )
  const out = new Uint8Array(recordHeadBytes + json.length)
  const view = new DataView(out.buffer)
  view.setUint32(0, recordMagic, true)
  view.setUint32(4, json.length, true)
  view.setUint32(8, batch.length, true)
  view.setUint32(12, crc32(batch), true)
  out.set(json, recordHeadBytes)
  view.setUint32(16, crc32(json, crc32(out.subarray(0, 16))), true)
  return out
}

/** Lengths of a record whose head begins here; undefined when none can. Only a hint until `decodeMeta` agrees. */
export function decodeLengths(head: Uint8Array): { meta: number; body: number } | undefined {
  if (head.length < recordHeadBytes) return undefined
  const view = new DataView(head.buffer, head.byteOffset, recordHeadBytes)
  if (view.getUint32(0, true) !== recordMagic) return undefined
  const meta = view.getUint32(4, true)
  const body = view.getUint32(8, true)
  if (meta > metaLimitBytes || body > batchLimits.batchBytes) return undefined
  return { meta, body }
}

/** Only the ring positions are looked at here: what else is in it is the kernel side's. */
function isProgress(value: unknown): value is Progress | null {
  if (value === null) return true
  if (typeof value !== 'object') return false
  const { lifecycle, data } = value as Record<string, unknown>
  return [lifecycle, data].every((at) => at === undefined || typeof at === 'string')
}

function isMeta(value: unknown): value is RecordMeta {
  if (typeof value !== 'object' || value === null) return false
  const meta = value as Record<string, unknown>
  return (
    isU64(meta['sequence']) &&
    typeof meta['wallOffsetNs'] === 'bigint' &&
    Array.isArray(meta['manifest']) &&
    meta['manifest'].every(isManifestRow) &&
    isProgress(meta['progress'])
  )
}

/** `bytes` begins with the head and holds at least the meta. Undefined when the checksum disagrees, or the meta is not what this version writes. */
export function decodeMeta(
  bytes: Uint8Array,
): { meta: RecordMeta; bodyCrc: number; bodyAt: number; bodyBytes: number } | undefined {
  const lengths = decodeLengths(bytes)
  if (lengths === undefined || bytes.length < recordHeadBytes + lengths.meta) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, recordHeadBytes)
  const json = bytes.subarray(recordHeadBytes, recordHeadBytes + lengths.meta)
  if (view.getUint32(16, true) !== crc32(json, crc32(bytes.subarray(0, 16)))) return undefined
  let meta
  try {
    meta = fromJson(new TextDecoder().decode(json))
  } catch {
    return undefined
  }
  if (!isMeta(meta)) return undefined
  return {
    meta,
    bodyCrc: view.getUint32(12, true),
    bodyAt: recordHeadBytes + lengths.meta,
    bodyBytes: lengths.body,
  }
}

export function bodyIsWhole(body: Uint8Array, expectedCrc: number): boolean {
  return crc32(body) === expectedCrc
}
