/**
 * The columns of every public edge: SQL views, the live stream, filters, rules, exports.
 *
 * Names are OCSF attribute paths (schema 1.3 and later) joined with `_`; what OCSF has no attribute for
 * is marked `extension`. One row shape everywhere: a rule, a hunt and the page speak of the same names.
 * The store's views and docs/reference/events.md are checked against these tables.
 */
import type { OcsfColumn } from './column.ts'
import { activityColumns, type RowOf } from './event-classes.ts'
import { detectionFinding, incidentFinding } from './findings.ts'
import { losses, processes, provenanceView } from './host-views.ts'

export type { ColumnType, OcsfColumn } from './column.ts'
export {
  eventGroups,
  type Activity,
  type EventClass,
  type EventGroup,
  type KindDefinition,
} from './event-class.ts'
export {
  activityViews,
  eventClasses,
  eventClassOf,
  eventClassOfRow,
  eventGroup,
  eventKind,
  eventKindInfo,
  eventKinds,
  kindsOfView,
  subjectValue,
  type ActivityColumn,
  type ActivityRow,
  type ActivityView,
  type EventKind,
  type EventKindInfo,
} from './event-classes.ts'
export { detectionFinding, incidentFinding } from './findings.ts'
export { losses, processes, provenanceView } from './host-views.ts'
export { dnsActivity, dnsClass } from './dns-activity.ts'
export { fileActivity, fileClass } from './file-activity.ts'
export { kernelActivity, kernelClass } from './kernel-activity.ts'
export { memoryActivity, memoryClass } from './memory-activity.ts'
export { moduleActivity, moduleClass } from './module-activity.ts'
export { networkActivity, networkClass } from './network-activity.ts'
export { processActivity, processClass } from './process-activity.ts'

/** Every view that people may ask, by name. */
export const views = {
  ...activityColumns,
  detection_finding: detectionFinding,
  incident_finding: incidentFinding,
  losses,
  processes,
  provenance: provenanceView,
} as const satisfies Record<string, Record<string, OcsfColumn>>
export type ViewName = keyof typeof views

export type DetectionFindingRow = RowOf<typeof detectionFinding>

/** OCSF class_uid of what is no event of a host. */
export const classUid = { detectionFinding: 2004, incidentFinding: 2005 } as const
