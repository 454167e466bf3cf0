/**
 * An incident as everybody sees it: what the reducer keeps, the hub stores and serves, the page draws.
 *
 * All of it is derived from events; what people do with it (state, assignee, notes) is kept beside.
 * Times are ISO 8601 UTC with ms; offsets in ms. Text from telemetry is raw here: escape where shown.
 */

export type Severity = 'low' | 'medium' | 'high' | 'critical'
export type IncidentStatus =
  | 'new'
  | 'acknowledged'
  | 'in_progress'
  | 'true_positive'
  | 'false_positive'
  | 'suppressed'

/** A sentence in parts, so that names in it can be set in mono, clicked and escaped. */
export type SentencePart =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'entity'
      readonly text: string
      readonly nodeId?: string
      readonly filter?: string
    }
  | { readonly kind: 'figure'; readonly text: string }

export interface IncidentStep {
  /** From 1, by first event. */
  readonly no: number
  /** For example "Tool transfer". */
  readonly name: string
  /** For example T1105; empty when the step has no technique of its own. */
  readonly techniqueUid: string
  readonly techniqueName: string
  readonly tacticUid: string
  readonly tacticName: string
  readonly time: string
  /** ms since the first step. */
  readonly offsetMs: number
  readonly nodeIds: readonly string[]
  /** Sentence: who did what in this step. */
  readonly sentence: readonly SentencePart[]
  readonly eventUids: readonly string[]
}

export interface IncidentNode {
  readonly id: string
  readonly kind: 'process' | 'file' | 'socket'
  /** First line: base name, address. */
  readonly label: string
  /** Second line: pid and user, size, port. */
  readonly detail: string
  /** What a hover or a copy gives in full: path and command line, address and port. */
  readonly full: string
  /** Host name; `outside` for an end without a sensor. */
  readonly host: string
  /** Number of its step. */
  readonly step: number
  /** Number of the reason that points at it; null when none. */
  readonly reasonNo: number | null
  readonly processUid: string | null
  /** How many alike are folded in this node; 1 usually. */
  readonly count: number
  /** Share of the evidence that it carries, for choosing the 16 that are drawn. */
  readonly weight: number
  readonly firstTime: string
}

export interface IncidentEdge {
  readonly from: string
  readonly to: string
  readonly kind: 'process' | 'file' | 'socket'
  /** fork, exec, connect, accept, write, run ... */
  readonly verb: string
  /** Shown beside the verb: "every 2.0 s", "48,640 B"; empty when nothing. */
  readonly detail: string
  readonly time: string
  readonly count: number
}

export interface IncidentReason {
  /** From 1, by share. */
  readonly no: number
  readonly statement: readonly SentencePart[]
  /** 0 to 1; the reasons of an incident sum to 1. */
  readonly share: number
  readonly ruleUid: string
  readonly ruleTitle: string
  readonly techniqueUid: string
  readonly eventUids: readonly string[]
  /** Read after the words "Ordinary if": "the parent were make, ..."; null when too little is known to say. */
  readonly ordinaryIf: readonly SentencePart[] | null
}

export interface IncidentFinding {
  readonly uid: string
  readonly ruleUid: string
  readonly ruleTitle: string
  readonly severity: Severity
  readonly time: string
  readonly host: string
  readonly processUid: string
  readonly eventUids: readonly string[]
  readonly message: string
}

/** One event on the incident's timeline. */
export interface IncidentTick {
  readonly time: string
  readonly lane: 'process' | 'file' | 'network'
  readonly step: number
  readonly eventUid: string
}

export interface Incident {
  /** `INC-` and 10 base-36 digits of a hash of root process and first step: the same in a replay. */
  readonly uid: string
  readonly severity: Severity
  readonly title: readonly SentencePart[]
  readonly rootProcessUid: string
  readonly firstTime: string
  readonly lastTime: string
  /** When the reducer opened it: the time of the event that did. */
  readonly openedTime: string
  readonly hosts: readonly string[]
  readonly users: readonly string[]
  readonly steps: readonly IncidentStep[]
  readonly nodes: readonly IncidentNode[]
  readonly edges: readonly IncidentEdge[]
  readonly reasons: readonly IncidentReason[]
  readonly findings: readonly IncidentFinding[]
  readonly ticks: readonly IncidentTick[]
  /** ATT&CK tactic uids seen, in ATT&CK order. */
  readonly tactics: readonly string[]
  /** Nodes before folding and choosing. */
  readonly nodeTotal: number
  /**
   * What it had no room for: processes, connections, other events and findings; 0 in ordinary life. A process that
   * is not kept counts again with each of its events.
   */
  readonly leftOut: number
  /** Whether a process of it is alive, with its name and pid; null when none is. */
  readonly alive: { readonly name: string; readonly pid: number; readonly count: number } | null
}
