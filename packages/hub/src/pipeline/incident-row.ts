/** An incident as the row of the store's view `incident_finding`. */
import { classUid, type Incident, type IncidentStatus, type Severity } from '@honeyguide/model'
import { sentenceText } from '@honeyguide/detect'
import type { DerivedLine } from './derived-lines.ts'

const severityId: Readonly<Record<Severity, number>> = { low: 2, medium: 3, high: 4, critical: 5 }
const closed: ReadonlySet<IncidentStatus> = new Set([
  'true_positive',
  'false_positive',
  'suppressed',
])

export function incidentLine(incident: Incident, status: IncidentStatus): DerivedLine {
  const techniques = new Set(
    incident.steps.map((step) => step.techniqueUid).filter((uid) => uid !== ''),
  )
  const activity = closed.has(status)
    ? { id: 3, name: 'Close' }
    : incident.openedTime === incident.lastTime
      ? { id: 1, name: 'Create' }
      : { id: 2, name: 'Update' }
  return {
    view: 'incident_finding',
    uid: incident.uid,
    row: {
      time: incident.lastTime,
      class_uid: classUid.incidentFinding,
      activity_id: activity.id,
      activity_name: activity.name,
      severity_id: severityId[incident.severity],
      incident_uid: incident.uid,
      finding_info_title: sentenceText(incident.title),
      status,
      start_time: incident.firstTime,
      end_time: incident.lastTime,
      device_hostname: incident.hosts.join(', '),
      attacks_technique_uid: [...techniques].join(', '),
      step_count: incident.steps.length,
      finding_count: incident.findings.length,
      // The view asks the losses when it is read: what a sensor tells late counts, too.
      complete: null,
    },
  }
}
