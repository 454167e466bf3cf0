/**
 * Incidents in memory: what the SQLite book keeps beside its file, and all there is in tests.
 *
 * What people said of an incident is kept apart from it, so that it is there again when a replay brings
 * the incident back.
 */
import type { Incident } from '@honeyguide/model'
import type { BookedIncident, IncidentBook } from './incident-book.ts'

/** What people say. */
export type PeoplesHalf = Omit<BookedIncident, 'incident'>

export interface MemoryBook extends IncidentBook {
  /** What people said in an earlier life of the book. */
  recall(uid: string, said: PeoplesHalf): void
  /** Drops an incident and what was said of it. */
  forget(uid: string): void
}

const nothingSaid: PeoplesHalf = { status: 'new', assignee: null, notes: [] }

export function createMemoryBook(): MemoryBook {
  const incidents = new Map<string, Incident>()
  const people = new Map<string, PeoplesHalf>()
  const mergedInto = new Map<string, string>()
  let sorted: readonly BookedIncident[] | undefined

  /** The uid that an incident goes by now. */
  function current(uid: string): string {
    let at = uid
    // A chain of merges ends; a ring, which cannot be, would too.
    for (let steps = 0; steps < 32; steps++) {
      const next = mergedInto.get(at)
      if (next === undefined) break
      at = next
    }
    return at
  }

  function find(uid: string): BookedIncident | undefined {
    const own = current(uid)
    const incident = incidents.get(own)
    return incident && { incident, ...(people.get(own) ?? nothingSaid) }
  }

  return {
    upsert(changes) {
      sorted = undefined
      for (const { incident, mergedInto: into } of changes) {
        if (into === null) {
          mergedInto.delete(incident.uid)
          incidents.set(incident.uid, incident)
        } else {
          mergedInto.set(incident.uid, into)
          incidents.delete(incident.uid)
        }
      }
    },
    flush: () => undefined,
    get: find,
    list() {
      sorted ??= [...incidents.keys()]
        .flatMap((uid) => find(uid) ?? [])
        .toSorted((a, b) =>
          a.incident.lastTime < b.incident.lastTime
            ? 1
            : a.incident.lastTime > b.incident.lastTime
              ? -1
              : a.incident.uid < b.incident.uid
                ? -1
                : 1,
        )
      return sorted
    },
    change(uid, change, user, time) {
      const before = find(uid)
      if (!before) return undefined
      sorted = undefined
      people.set(before.incident.uid, {
        status: change.status ?? before.status,
        assignee: change.assignee === undefined ? before.assignee : change.assignee,
        notes:
          change.note === undefined
            ? before.notes
            : [...before.notes, { time, user, text: change.note }],
      })
      return find(uid)
    },
    recall(uid, said) {
      sorted = undefined
      people.set(uid, said)
    },
    forget(uid) {
      sorted = undefined
      incidents.delete(uid)
      people.delete(uid)
    },
  }
}
