/**
 * Who did what, append-only: each entry's hash covers the entry before, so that a change anywhere shows.
 *
 * SHA-256 over the previous hash and the entry as JSON. It shows tampering to whoever kept a later hash;
 * it does not prevent it. The oldest entries go when they are too old or too many: number and hash of the last
 * one that went are kept, and an entry says so (`audit.trim`), so that the chain can be followed from there.
 */
import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'

export interface AuditAct {
  /** ms since 1970. */
  readonly timeMs: number
  /** User name, or the component that acted by itself. */
  readonly who: string
  /** For example `incident.status`. */
  readonly act: string
  /** What it was done to; empty when nothing. */
  readonly subject: string
  /** For a person, in words; empty when there is nothing to add. */
  readonly detail: string
}

export interface AuditEntry extends AuditAct {
  /** From 1 since the first, without holes; the first ones may have gone. */
  readonly no: number
  /** 64 hex digits. */
  readonly hash: string
}

export interface AuditLog {
  /** Durable when it returns. */
  append(act: AuditAct): AuditEntry
  /** Newest first. */
  list(limit: number, before?: number): AuditEntry[]
  /**
   * Number of the first entry that is not as it was written, and that of an entry that should be there and is
   * not; undefined when all are. Reads all of them: 10 us each.
   */
  firstBroken(): number | undefined
}

export interface AuditLimits {
  /** ms. An entry stays for so long, unless there are too many. */
  readonly keepMs: number
  /** Of the texts of all entries, with 128 bytes for the rest of each. */
  readonly bytes: number
}

const zero = '0'.repeat(64)

function hashOf(previous: string, no: number, act: AuditAct): string {
  return createHash('sha256')
    .update(JSON.stringify([previous, no, act.timeMs, act.who, act.act, act.subject, act.detail]))
    .digest('hex')
}

function entryOf(row: Record<string, unknown>): AuditEntry {
  return {
    no: Number(row['no']),
    timeMs: Number(row['time']),
    who: String(row['who']),
    act: String(row['act']),
    subject: String(row['subject']),
    detail: String(row['detail']),
    hash: String(row['hash']),
  }
}

/** How many appends go by between two looks at age and size. */
const appendsPerLook = 256
/** A look makes room for a while: a tenth of what there may be. */
const keptShare = 0.9

const trimAct = 'audit.trim'
const beginText = (no: number, hash: string): string => `${no} ${hash}`

/** Over a database of `openStateDatabase`. Looks for what is too old at once, and every 256 entries. */
export function createAuditLog(
  database: DatabaseSync,
  limits: AuditLimits,
  nowMs: number,
): AuditLog {
  const last = database.prepare('SELECT no, hash FROM audit ORDER BY no DESC LIMIT 1')
  const insert = database.prepare('INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)')
  const newest = database.prepare('SELECT * FROM audit WHERE no < ? ORDER BY no DESC LIMIT ?')
  const all = database.prepare('SELECT * FROM audit ORDER BY no')
  const begin = database.prepare('SELECT no, hash FROM audit_begin')
  const sizes = database.prepare(
    `SELECT no, time, hash, 128 + octet_length(who) + octet_length(act) + octet_length(subject) + octet_length(detail) AS bytes
     FROM audit ORDER BY no DESC`,
  )
  let appends = 0

  /** The newest entry that has to go; undefined when all may stay. The newest of all always stays. */
  function tooOld(timeMs: number): { readonly no: number; readonly hash: string } | undefined {
    let bytes = 0
    let isNewest = true
    let cut: { readonly no: number; readonly hash: string } | undefined
    for (const row of sizes.iterate()) {
      bytes += Number(row['bytes'])
      const isOver =
        bytes > limits.bytes * keptShare || timeMs - Number(row['time']) > limits.keepMs
      // Within its limits it is left alone, though nine tenths of them are full.
      if (isOver && !isNewest) cut ??= { no: Number(row['no']), hash: String(row['hash']) }
      isNewest = false
      if (cut && (bytes > limits.bytes || timeMs - Number(row['time']) > limits.keepMs)) return cut
    }
    return undefined
  }

  function write(act: AuditAct): AuditEntry {
    const previous = last.get()
    const no = Number(previous?.['no'] ?? 0) + 1
    const hash = hashOf(String(previous?.['hash'] ?? zero), no, act)
    insert.run(no, act.timeMs, act.who, act.act, act.subject, act.detail, hash)
    return { ...act, no, hash }
  }

  function trim(timeMs: number): void {
    const cut = tooOld(timeMs)
    if (!cut) return
    const from = Number(begin.get()?.['no'] ?? 0)
    database.exec('BEGIN IMMEDIATE')
    try {
      database.prepare('UPDATE audit_begin SET no = ?, hash = ?').run(cut.no, cut.hash)
      database.prepare('DELETE FROM audit WHERE no <= ?').run(cut.no)
      write({
        timeMs,
        who: 'hub',
        act: trimAct,
        subject: beginText(cut.no, cut.hash),
        detail: `${cut.no - from} entries were too old or too many.`,
      })
      database.exec('COMMIT')
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  }

  trim(nowMs)
  return {
    append(act) {
      appends += 1
      if (appends % appendsPerLook === 0) trim(act.timeMs)
      return write(act)
    },
    list: (limit, before = Number.MAX_SAFE_INTEGER) =>
      newest.all(before, Math.max(1, Math.min(limit, 1000))).map(entryOf),
    firstBroken() {
      const first = begin.get()
      let previous = String(first?.['hash'] ?? zero)
      let no = Number(first?.['no'] ?? 0)
      const begins = no === 0 ? '' : beginText(no, previous)
      let told = ''
      for (const row of all.iterate()) {
        const entry = entryOf(row)
        no += 1
        if (entry.no !== no || entry.hash !== hashOf(previous, no, entry)) return no
        if (entry.act === trimAct) told = entry.subject
        previous = entry.hash
      }
      // Whoever removes more has to say so in the chain, which changes the hashes that others may have kept.
      return told === begins ? undefined : Number(first?.['no'] ?? 0) + 1
    },
  }
}
