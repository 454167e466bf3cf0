/** Incidents in memory: for tests, and for a hub without a disk (replay of a recording). */
import type { BookedIncident, IncidentBook } from './incident-book.ts'

export function createMemoryBook(): IncidentBook {
  const booked = new Map<string, BookedIncident>()
  const mergedInto = new Map<string, string>()

  function find(uid: string): BookedIncident | undefined {
    let at = uid
    // A chain of merges ends; a ring, which cannot be, would too.
    for (let steps = 0; steps < 32; steps++) {
      const next = mergedInto.get(at)
      if (next === undefined) break
      at = next
    }
    return booked.get(at)
  }

  return {
    upsert(changes) {
      for (const { incident, mergedInto: into } of changes) {
        if (into !== null) {
          mergedInto.set(incident.uid, into)
          booked.delete(incident.uid)
          continue
        }
        mergedInto.delete(incident.uid)
        const before = booked.get(incident.uid)
        booked.set(incident.uid, {
          incident,
          status: before?.status ?? 'new',
          assignee: before?.assignee ?? null,
          notes: before?.notes ?? [],
        })
      }
    },
    get: find,
    list: () =>
      [...booked.values()].sort((a, b) =>
        a.incident.lastTime < b.incident.lastTime
          ? 1
          : a.incident.lastTime > b.incident.lastTime
            ? -1
            : 0,
      ),
    change(uid, change, user, time) {
      const before = find(uid)
      if (!before) return undefined
      const after: BookedIncident = {
        incident: before.incident,
        status: change.status ?? before.status,
        assignee: change.assignee === undefined ? before.assignee : change.assignee,
        notes:
          change.note === undefined
            ? before.notes
            : [...before.notes, { time, user, text: change.note }],
      }
      booked.set(before.incident.uid, after)
      return after
    },
  }
}
