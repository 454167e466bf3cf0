/**
 * Who did what, append-only: each entry's hash covers the entry before, so that a change anywhere shows.
 *
 * SHA-256 over the previous hash and the entry as JSON. It shows tampering to whoever kept a later hash;
 * it does not prevent it.
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
  /** From 1, without holes. */
  readonly no: number
  /** 64 hex digits. */
  readonly hash: string
}

export interface AuditLog {
  /** Durable when it returns. */
  append(act: AuditAct): AuditEntry
  /** Newest first. */
  list(limit: number, before?: number): AuditEntry[]
  /** Number of the first entry that is not as it was written; undefined when all are. */
  firstBroken(): number | undefined
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

/** Over a database of `openStateDatabase`. */
export function createAuditLog(database: DatabaseSync): AuditLog {
  const last = database.prepare('SELECT no, hash FROM audit ORDER BY no DESC LIMIT 1')
  const insert = database.prepare('INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)')
  const newest = database.prepare('SELECT * FROM audit WHERE no < ? ORDER BY no DESC LIMIT ?')
  const all = database.prepare('SELECT * FROM audit ORDER BY no')
  return {
    append(act) {
      const previous = last.get()
      const no = Number(previous?.['no'] ?? 0) + 1
      const hash = hashOf(String(previous?.['hash'] ?? zero), no, act)
      insert.run(no, act.timeMs, act.who, act.act, act.subject, act.detail, hash)
      return { ...act, no, hash }
    },
    list: (limit, before = Number.MAX_SAFE_INTEGER) =>
      newest.all(before, Math.max(1, Math.min(limit, 1000))).map(entryOf),
    firstBroken() {
      let previous = zero
      let no = 0
      for (const row of all.iterate()) {
        const entry = entryOf(row)
        no += 1
        if (entry.no !== no || entry.hash !== hashOf(previous, no, entry)) return no
        previous = entry.hash
      }
      return undefined
    },
  }
}
