/**
 * What stands in the spool for batches that fell off: their last sequence number and what they held.
 *
 * A tombstone is sent as a batch with the identity of the last batch it stands for. If the hub has that
 * batch already, it says so (an acknowledgement, or `Welcome.have`) and the tombstone goes unsent: an
 * event is stored or told as lost, never both. For this to be exact, a batch that may have been sent gets
 * a tombstone of its own; only those that never can have been are merged.
 */
import { createBatchBuilder } from '@honeyguide/model/batch'
import { fromJson, toJson } from './json.ts'
import { addLossRows, isManifestRow, isU64, type ManifestRow } from './manifest.ts'

export interface Tombstone {
  /** 32 hex digits. */
  readonly boot: string
  readonly run: number
  /** Sequence of the last batch that it stands for. */
  readonly last: bigint
  /** How many batches it stands for. */
  readonly batches: number
  readonly wallOffsetNs: bigint
  readonly rows: readonly ManifestRow[]
  /** It may have been sent: nothing may be merged into it any more. */
  readonly sealed: boolean
}

/** The content of the tombstone file. */
export interface Tombstones {
  /** Number of the newest segment that has fallen off: files up to it are leftovers of a crash. */
  readonly through: number
  readonly stones: readonly Tombstone[]
}

export function encodeTombstones(value: Tombstones): string {
  return toJson(value)
}

function isTombstone(value: unknown): value is Tombstone {
  if (typeof value !== 'object' || value === null) return false
  const stone = value as Record<string, unknown>
  const { boot, run, last, batches, wallOffsetNs, rows, sealed } = stone
  return (
    typeof boot === 'string' &&
    /^[0-9a-f]{32}$/.test(boot) &&
    Number.isInteger(run) &&
    (run as number) >= 0 &&
    (run as number) <= 0xffff_ffff &&
    isU64(last) &&
    last > 0n &&
    Number.isSafeInteger(batches) &&
    typeof wallOffsetNs === 'bigint' &&
    BigInt.asIntN(64, wallOffsetNs) === wallOffsetNs &&
    Array.isArray(rows) &&
    rows.every(isManifestRow) &&
    typeof sealed === 'boolean'
  )
}

/** Undefined when the text is not what `encodeTombstones` wrote. */
export function decodeTombstones(text: string): Tombstones | undefined {
  try {
    const value = fromJson(text) as Partial<Tombstones> | null
    const { through, stones } = value ?? {}
    return Number.isSafeInteger(through) && Array.isArray(stones) && stones.every(isTombstone)
      ? (value as Tombstones)
      : undefined
  } catch {
    return undefined
  }
}

/** The loss rows as an encoded batch of that run. */
export function encodeLossBatch(
  sensor: Uint8Array,
  boot: Uint8Array,
  run: number,
  sequence: bigint,
  wallOffsetNs: bigint,
  rows: readonly ManifestRow[],
): Uint8Array {
  const builder = createBatchBuilder()
  addLossRows(builder, rows)
  return builder.encode({ sensor, boot, run, sequence }, wallOffsetNs, [])
}
