/**
 * Incidents in SQLite, all of them also in memory, as lists and counts are asked for often.
 *
 * An incident changes with every batch that touches it; it is written when the pipeline flushes. Beyond
 * `mostIncidents` the ones that were quiet for longest leave; their row in the store's view stays.
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Incident, IncidentStatus } from '@honeyguide/model'
import type { IncidentBook } from './incident-book.ts'
import { createMemoryBook } from './memory-book.ts'

const mostIncidents = 2000

/** Over a database of `openStateDatabase`; reads what is there. */
export function createSqliteBook(database: DatabaseSync): IncidentBook {
  const writeIncident = database.prepare(
    'INSERT INTO incident VALUES (?, ?, ?, ?) ON CONFLICT (uid) DO UPDATE SET merged_into = excluded.merged_into, last_time = excluded.last_time, data = excluded.data',
  )
  const dropIncident = database.prepare('DELETE FROM incident WHERE uid = ?')
  const writePeople = database.prepare(
    'INSERT INTO incident_people VALUES (?, ?, ?) ON CONFLICT (uid) DO UPDATE SET status = excluded.status, assignee = excluded.assignee',
  )
  const writeNote = database.prepare('INSERT INTO incident_note VALUES (?, ?, ?, ?)')

  const memory = createMemoryBook()
  /** Changed since the last flush: the incident and what it was merged into. */
  const dirty = new Map<
    string,
    { readonly incident: Incident; readonly mergedInto: string | null }
  >()

  memory.upsert(
    database
      .prepare('SELECT merged_into, data FROM incident')
      .all()
      .map((row) => ({
        // Those written before it was told have no such number.
        incident: { leftOut: 0, ...(JSON.parse(String(row['data'])) as Omit<Incident, 'leftOut'>) },
        mergedInto: row['merged_into'] === null ? null : String(row['merged_into']),
      })),
  )
  const notes = database.prepare(
    'SELECT time, user, text FROM incident_note WHERE uid = ? ORDER BY rowid',
  )
  for (const row of database.prepare('SELECT uid, status, assignee FROM incident_people').all()) {
    const uid = String(row['uid'])
    memory.recall(uid, {
      status: String(row['status']) as IncidentStatus,
      assignee: row['assignee'] === null ? null : String(row['assignee']),
      notes: notes.all(uid).map((note) => ({
        time: String(note['time']),
        user: String(note['user']),
        text: String(note['text']),
      })),
    })
  }

  function transaction(work: () => void): void {
    database.exec('BEGIN IMMEDIATE')
    try {
      work()
      database.exec('COMMIT')
    } catch (error) {
      // A full disk has ended it already.
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  }

  return {
    upsert(changes) {
      memory.upsert(changes)
      for (const change of changes) dirty.set(change.incident.uid, change)
    },
    flush() {
      if (dirty.size === 0) return
      const leaving = memory.list().slice(mostIncidents)
      transaction(() => {
        for (const [uid, { incident, mergedInto }] of dirty)
          writeIncident.run(
            uid,
            mergedInto,
            incident.lastTime,
            // Of a merged one only the name is ever asked for.
            JSON.stringify(mergedInto === null ? incident : { uid }),
          )
        for (const { incident } of leaving) dropIncident.run(incident.uid)
      })
      for (const { incident } of leaving) memory.forget(incident.uid)
      dirty.clear()
    },
    get: (uid) => memory.get(uid),
    list: () => memory.list(),
    change(uid, change, user, time) {
      const before = memory.get(uid)
      if (!before) return undefined
      const own = before.incident.uid
      // First the disk: what could not be kept is not shown either.
      transaction(() => {
        writePeople.run(
          own,
          change.status ?? before.status,
          change.assignee === undefined ? before.assignee : change.assignee,
        )
        if (change.note !== undefined) writeNote.run(own, time, user, change.note)
      })
      return memory.change(own, change, user, time)
    },
  }
}
