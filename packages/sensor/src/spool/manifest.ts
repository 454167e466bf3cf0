/**
 * What a batch holds, in numbers: kept beside it in the spool, so that what falls off or rots can be told
 * exactly without reading it.
 *
 * Events are counted by table; loss rows travel along whole, because a batch that is lost takes with it
 * what it had to say about other losses. Snapshots, features and hook counters are statements that are
 * sent again and are not counted.
 */
import type { BatchBuilder } from '@honeyguide/model/batch'
import { tables, type TableName } from '@honeyguide/model/tables'

export interface ManifestRow {
  readonly hook: string
  /** A key of `lossReasons`; empty for events that are here. */
  readonly reason: string
  /** Interval, ns since boot. */
  readonly fromNs: bigint
  readonly toNs: bigint
  readonly offered: bigint
  readonly seen: bigint
  readonly lost: bigint
}

const most = 1n << 64n

/** A number that a column of 64 bits holds. */
export function isU64(value: unknown): value is bigint {
  return typeof value === 'bigint' && value >= 0n && value < most
}

/** Whether it is what this version writes: the files of another one are read, too. */
export function isManifestRow(value: unknown): value is ManifestRow {
  if (typeof value !== 'object' || value === null) return false
  const row = value as Record<string, unknown>
  return (
    typeof row['hook'] === 'string' &&
    typeof row['reason'] === 'string' &&
    [row['fromNs'], row['toNs'], row['offered'], row['seen'], row['lost']].every(isU64)
  )
}

const decoder = new TextDecoder()

export function manifestOf(builder: BatchBuilder): ManifestRow[] {
  const out: ManifestRow[] = []
  for (const name of builder.names) {
    if (name === 'loss') {
      const { columns, rows } = builder.table('loss')
      for (let row = 0; row < rows; row++)
        out.push({
          hook: decoder.decode(builder.bytes(columns.hook[row] ?? 0)),
          reason: decoder.decode(builder.bytes(columns.reason[row] ?? 0)),
          fromNs: columns.fromNs[row] ?? 0n,
          toNs: columns.toNs[row] ?? 0n,
          offered: columns.offered[row] ?? 0n,
          seen: columns.seen[row] ?? 0n,
          lost: columns.lost[row] ?? 0n,
        })
    } else if (tables[name].ring !== 'none') {
      const { columns, rows } = builder.table(name as Exclude<TableName, 'loss'> & 'exec')
      // A row may tell several events (`count`), the first of them earlier.
      const { count: counts, firstNs: firsts } = columns as Partial<
        Record<'count' | 'firstNs', BigUint64Array>
      >
      let fromNs = columns.bootNs[0] ?? 0n
      let toNs = fromNs
      let count = 0n
      for (let row = 0; row < rows; row++) {
        const at = columns.bootNs[row] ?? 0n
        const first = (counts && firsts?.[row]) ?? at
        if (first < fromNs) fromNs = first
        if (at > toNs) toNs = at
        count += counts?.[row] ?? 1n
      }
      out.push({ hook: name, reason: '', fromNs, toNs, offered: count, seen: count, lost: 0n })
    }
  }
  return out
}

/** Loss rows for a batch that is gone: its events are lost for `reason`, its loss rows stay what they were. */
export function asLost(rows: readonly ManifestRow[], reason: string): ManifestRow[] {
  return rows.map((row) =>
    row.reason === ''
      ? // An interval ends after its last event: that of a single one has a length, too.
        { ...row, reason, toNs: row.toNs + 1n, seen: 0n, lost: row.offered }
      : row,
  )
}

/** One row per hook and reason: sums, over the union of the intervals. */
export function mergeRows(rows: readonly ManifestRow[]): ManifestRow[] {
  const merged = new Map<string, ManifestRow>()
  for (const row of rows) {
    const key = `${row.hook}\0${row.reason}`
    const known = merged.get(key)
    merged.set(
      key,
      known === undefined
        ? row
        : {
            ...known,
            fromNs: known.fromNs < row.fromNs ? known.fromNs : row.fromNs,
            toNs: known.toNs > row.toNs ? known.toNs : row.toNs,
            offered: known.offered + row.offered,
            seen: known.seen + row.seen,
            lost: known.lost + row.lost,
          },
    )
  }
  return [...merged.values()]
}

export function addLossRows(builder: BatchBuilder, rows: readonly ManifestRow[]): void {
  const loss = builder.table('loss')
  for (const row of rows) {
    const at = loss.add()
    const { columns } = loss
    columns.hook[at] = builder.string(row.hook)
    columns.reason[at] = builder.string(row.reason)
    columns.fromNs[at] = row.fromNs
    columns.toNs[at] = row.toNs
    columns.offered[at] = row.offered
    columns.seen[at] = row.seen
    columns.lost[at] = row.lost
  }
}
