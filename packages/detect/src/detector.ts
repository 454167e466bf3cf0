/**
 * Rules, streaming detectors and the incident reducer behind one call per batch.
 *
 * Feed the wire batch to the lineage first, then its normalised rows here. Rows are taken in order of
 * time, whatever their order in the batch. The same rows give the same findings and incidents, however
 * they were cut into batches: time comes from events, names of things are hashes of what they are about.
 */
import type { ActivityBatch, Incident } from '@honeyguide/model'
import type { Finding } from './findings/finding.ts'
import { createDetectorState, reduce, type DetectorState } from './incident/reducer.ts'
import type { Lineage } from './lineage/lineage.ts'
import type { RuleSet } from './rules/rule-set.ts'

export interface DetectorLimits {
  /** Evidence of one lineage counts together within this time, ms. */
  readonly windowMs: number
  /** An incident takes in what its processes do until they were quiet for this time, ms. */
  readonly quietMs: number
  /** Sum of weights (one per rule) that opens an incident, and distinct rules and tactics it also needs. */
  readonly openScore: number
  readonly openRules: number
  readonly openTactics: number
  /** Weight that at least one of these findings has: much that is weak is not yet an incident. */
  readonly openAnchor: number
  /** Sum at which two tactics are enough. */
  readonly openAlone: number
  /** Lineages under observation per host; the one quiet for longest leaves first, counted. */
  readonly candidates: number
  /** Processes per host that are followed because they are of a story; who ended leaves first, counted. */
  readonly members: number
  /** Events, processes and findings kept per incident; more are counted, not kept. */
  readonly events: number
  readonly processes: number
  readonly findings: number
  /**
   * Findings of one rule and program of a host that are told one by one; then every time their number has doubled,
   * until there were none for `quietMs`. They are evidence all the same, and told when an incident has them.
   */
  readonly repeats: number
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
  /** Processes of stories that are no longer followed. */
  readonly evictedMembers: number
  readonly droppedEvents: number
  /** Findings that were not told when they were made: the next one of their kind counts them, or their incident does. */
  readonly untoldFindings: number
}

export interface Detector {
  apply(batch: ActivityBatch, lineage: Lineage): DetectorResult
  counts(): DetectorCounts
  /** Plain data for `v8.serialize`, before the next batch: it is what the detector works on. Rules are not in it. */
  snapshot(): DetectorSnapshot
  /** Takes it over as the state. Throws a RangeError when the snapshot is of another version. */
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
  openAnchor: 4,
  openAlone: 12,
  candidates: 2_000,
  members: 16_384,
  events: 2_000,
  processes: 400,
  findings: 200,
  repeats: 64,
}

const snapshotVersion = 5

/** A detector without history. `rules` comes from `compileRules`. */
export function createDetector(options: {
  readonly rules: RuleSet
  readonly limits?: Partial<DetectorLimits>
}): Detector {
  const limits: DetectorLimits = { ...defaultDetectorLimits, ...options.limits }
  let state = createDetectorState()
  return {
    apply: (batch, lineage) => reduce(state, batch, lineage, options.rules, limits),
    counts() {
      let candidates = 0
      let openIncidents = 0
      for (const host of state.hosts.values())
        for (const story of host.stories) {
          if (story.uid === '') candidates += 1
          else openIncidents += 1
        }
      return {
        candidates,
        openIncidents,
        findings: state.findings,
        evictedCandidates: state.evictedCandidates,
        evictedMembers: state.evictedMembers,
        droppedEvents: state.droppedEvents,
        untoldFindings: state.untoldFindings,
      }
    },
    snapshot: () => ({ version: snapshotVersion, data: state }),
    restore(snapshot) {
      if (snapshot.version !== snapshotVersion)
        throw new RangeError(
          `detector snapshot of version ${snapshot.version}, not ${snapshotVersion}`,
        )
      state = snapshot.data as DetectorState
    },
  }
}
