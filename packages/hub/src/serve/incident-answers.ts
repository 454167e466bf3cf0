/** Incidents as the API tells them: the reducer's half, people's half, and how complete the evidence is. */
import type {
  IncidentAnswer,
  IncidentChange,
  IncidentStatus,
  IncidentSummary,
} from '@honeyguide/model'
import { HoneyguideError } from '@honeyguide/model'
import type { Fleet, HostIncident } from '../fleet/fleet.ts'
import type { EventStore } from '../store/store.ts'
import type { BookedIncident } from '../pipeline/incident-book.ts'

const incidentStatuses: readonly IncidentStatus[] = [
  'new',
  'acknowledged',
  'in_progress',
  'true_positive',
  'false_positive',
  'suppressed',
]
const openStatuses: ReadonlySet<IncidentStatus> = new Set(['new', 'acknowledged', 'in_progress'])
const longestNote = 4000
const longestName = 200

function spanOf({ incident }: BookedIncident, fleet: Fleet) {
  return {
    fromMs: Date.parse(incident.firstTime),
    toMs: Date.parse(incident.lastTime),
    hosts: fleet.deviceUids(incident.hosts),
  }
}

export function incidentSummary(booked: BookedIncident, fleet: Fleet): IncidentSummary {
  const { incident } = booked
  const { fromMs, toMs, hosts } = spanOf(booked, fleet)
  const evidence = fleet.evidence(fromMs, toMs, hosts)
  return {
    uid: incident.uid,
    severity: incident.severity,
    title: incident.title,
    status: booked.status,
    assignee: booked.assignee,
    hosts: incident.hosts,
    firstTime: incident.firstTime,
    lastTime: incident.lastTime,
    steps: incident.steps.length,
    findings: incident.findings.length,
    tactics: incident.tactics,
    evidence: {
      complete: evidence.complete,
      offered: evidence.offered,
      lost: evidence.lost,
      gaps: evidence.gapCount,
    },
  }
}

/** The store counts to the event; while it is away the fleet's minutes have to do. */
export async function incidentAnswer(
  booked: BookedIncident,
  fleet: Fleet,
  store: Pick<EventStore, 'evidence' | 'evidenceByKind'>,
): Promise<IncidentAnswer> {
  const { fromMs, toMs, hosts } = spanOf(booked, fleet)
  const span = { fromMs, toMs, hosts: booked.incident.hosts }
  const [evidence, evidenceByKind] = await Promise.all([
    store.evidence(span),
    store.evidenceByKind(span),
  ]).catch(
    () => [fleet.evidence(fromMs, toMs, hosts), fleet.evidenceByKind(fromMs, toMs, hosts)] as const,
  )
  return {
    incident: booked.incident,
    status: booked.status,
    assignee: booked.assignee,
    notes: booked.notes,
    evidence,
    evidenceByKind,
  }
}

/** Open incidents by host name, for Fleet. */
export function openIncidentsByHost(
  booked: readonly BookedIncident[],
): Map<string, HostIncident[]> {
  const out = new Map<string, HostIncident[]>()
  for (const { incident, status } of booked) {
    if (!openStatuses.has(status)) continue
    for (const host of incident.hosts) {
      const list = out.get(host) ?? []
      list.push({ uid: incident.uid, severity: incident.severity })
      out.set(host, list)
    }
  }
  return out
}

/** The change in a request's body. Throws HG_REQUEST_INVALID. */
export function readIncidentChange(body: unknown): IncidentChange {
  const refuse = (detail: string): never => {
    throw new HoneyguideError('HG_REQUEST_INVALID', detail)
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return refuse('The body is not a JSON object.')
  const fields = body as Record<string, unknown>
  const unknown = Object.keys(fields).find((key) => !['status', 'assignee', 'note'].includes(key))
  if (unknown !== undefined)
    refuse(`${JSON.stringify(unknown.slice(0, 40))} is not a field of a change.`)
  const { status, assignee, note } = fields
  if (status !== undefined && !incidentStatuses.includes(status as IncidentStatus))
    refuse(`status is one of ${incidentStatuses.join(', ')}.`)
  if (
    assignee !== undefined &&
    assignee !== null &&
    (typeof assignee !== 'string' || assignee === '' || assignee.length > longestName)
  )
    refuse(`assignee is null or a name of at most ${longestName} characters.`)
  if (
    note !== undefined &&
    (typeof note !== 'string' || note.trim() === '' || note.length > longestNote)
  )
    refuse(`note is a text of at most ${longestNote} characters.`)
  if (status === undefined && assignee === undefined && note === undefined)
    refuse('The change is empty.')
  return fields
}
