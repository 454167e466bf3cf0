/**
 * Rules, streaming detectors and the incident reducer behind one call per batch.
 *
 * Feed the wire batch to the lineage first, then its normalised rows here. Rows are taken in order of time and
 * event uid whatever their order in the batch. The same rows give the same findings and incidents, however
 * they were cut into batches: time comes from events, names of things are hashes of what they are about.
 */
import type { ActivityBatch, Incident } from '@honeyguide/model'
import type { Finding } from './findings/finding.ts'
import type { Lineage } from './lineage/lineage.ts'

export interface DetectorLimits {
  /** Evidence of one lineage counts together within this time, ms. */
  readonly windowMs: number
  /** An incident takes in what its processes do until they were quiet for this time, ms. */
  readonly quietMs: number
  /** Sum of weights (one per rule) that opens an incident, and distinct rules and tactics it also needs. */
  readonly openScore: number
  readonly openRules: number
  readonly openTactics: number
  /** Lineages under observation per host; the one quiet for longest leaves first, counted. */
  readonly candidates: number
  /** Events, processes and findings kept per incident; more are counted, not kept. */
  readonly events: number
  readonly processes: number
  readonly findings: number
}

export interface IncidentUpsert {
  readonly incident: Incident
  /** Set when the incident turned out to be part of another one: that one's uid. It gets no further change. */
  readonly mergedInto: string | null
}

export interface DetectorResult {
  /** New findings, and earlier ones whose `incidentUid` has changed: upsert by `uid`. */
  readonly findings: readonly Finding[]
  /** Incidents as they are after this batch, each at most once: upsert by `incident.uid`. */
  readonly incidents: readonly IncidentUpsert[]
}

/** What the detector could not keep; all 0 in ordinary life. */
export interface DetectorCounts {
  readonly candidates: number
  readonly openIncidents: number
  readonly findings: number
  readonly evictedCandidates: number
  readonly droppedEvents: number
}

export interface Detector {
  apply(batch: ActivityBatch, lineage: Lineage): DetectorResult
  counts(): DetectorCounts
  /** Plain data for `v8.serialize`. Rules are not in it. */
  snapshot(): DetectorSnapshot
  /** Replaces the state. Throws a RangeError when the snapshot is of another version. */
  restore(snapshot: DetectorSnapshot): void
}

/** Opaque: made by `snapshot`, taken by `restore`. */
export interface DetectorSnapshot {
  readonly version: number
  readonly data: unknown
}

export const defaultDetectorLimits: DetectorLimits = {
  windowMs: 10 * 60_000,
  quietMs: 60 * 60_000,
  openScore: 7,
  openRules: 3,
  openTactics: 3,
  candidates: 2_000,
  events: 2_000,
  processes: 400,
  findings: 200,
}
