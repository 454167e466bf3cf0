/**
 * Which incident an event or a process belongs to: what the live stream and event lists mark rows with.
 *
 * Bounded: the events named longest ago leave first; their incident still has them.
 */
import type { IncidentUpsert } from '@honeyguide/detect'

export interface IncidentIndex {
  take(change: IncidentUpsert): void
  readonly ofEvent: (eventUid: string) => string | undefined
  /** Of a process image that is a node of an incident. */
  readonly ofProcess: (processUid: string) => string | undefined
}

const mostEntries = 100_000

function remember(map: Map<string, string>, key: string, value: string): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= mostEntries) return
  const oldest = map.keys().next().value
  if (oldest !== undefined) map.delete(oldest)
}

export function createIncidentIndex(): IncidentIndex {
  const events = new Map<string, string>()
  const processes = new Map<string, string>()
  return {
    take({ incident, mergedInto }) {
      const uid = mergedInto ?? incident.uid
      for (const step of incident.steps)
        for (const event of step.eventUids) remember(events, event, uid)
      for (const finding of incident.findings)
        for (const event of finding.eventUids) remember(events, event, uid)
      for (const tick of incident.ticks) remember(events, tick.eventUid, uid)
      for (const node of incident.nodes)
        if (node.processUid !== null) remember(processes, node.processUid, uid)
    },
    ofEvent: (eventUid) => events.get(eventUid),
    ofProcess: (processUid) => processes.get(processUid),
  }
}
