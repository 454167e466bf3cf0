/** Sign-in links and sessions in SQLite, by hash: they survive a restart of the hub, and a stolen file opens nothing. */
import type { DatabaseSync } from 'node:sqlite'

export interface SessionStore {
  addLink(hash: string, expiresMs: number): void
  /** True once for a link that is there and not expired; it is gone then. */
  takeLink(hash: string, nowMs: number): boolean
  addSession(hash: string, expiresMs: number): void
  /** When the session ends, ms since 1970; undefined when there is none. */
  sessionEnd(hash: string, nowMs: number): number | undefined
  endSession(hash: string): void
}

/** Over a database of `openStateDatabase`. */
export function createSessionStore(database: DatabaseSync): SessionStore {
  const addLink = database.prepare('INSERT INTO sign_in_link VALUES (?, ?)')
  const takeLink = database.prepare('DELETE FROM sign_in_link WHERE hash = ? RETURNING expires')
  const addSession = database.prepare('INSERT INTO session VALUES (?, ?)')
  const findSession = database.prepare('SELECT expires FROM session WHERE hash = ? AND expires > ?')
  const endSession = database.prepare('DELETE FROM session WHERE hash = ?')
  const sweepLinks = database.prepare('DELETE FROM sign_in_link WHERE expires <= ?')
  const sweepSessions = database.prepare('DELETE FROM session WHERE expires <= ?')
  const number = (value: unknown): number => (typeof value === 'number' ? value : 0)
  return {
    addLink: (hash, expiresMs) => void addLink.run(hash, expiresMs),
    takeLink(hash, nowMs) {
      const row = takeLink.get(hash)
      sweepLinks.run(nowMs)
      return row !== undefined && number(row['expires']) > nowMs
    },
    addSession(hash, expiresMs) {
      addSession.run(hash, expiresMs)
    },
    sessionEnd(hash, nowMs) {
      const row = findSession.get(hash, nowMs)
      if (row) return number(row['expires'])
      sweepSessions.run(nowMs)
      return undefined
    },
    endSession: (hash) => void endSession.run(hash),
  }
}
