/**
 * The hub's HTTP API, used alike by the page and the command line: paths under /api/v1, JSON bodies.
 *
 * The page authenticates by cookie, the command line by being able to open the unix socket.
 * Every answer over an interval carries `evidence`. Errors are `ApiError` with a fitting HTTP status.
 * Times are ISO 8601 UTC; `from`/`to` in queries too. Times of events (rows, hunts, process nodes and their marks) have
 * six decimals, so that they sort as texts; all others have three.
 */
import type { Incident, IncidentStatus, Severity } from '../incident/incident.ts'
import type { ActivityRow, EventGroup } from '../ocsf/activity.ts'

export interface ApiError {
  readonly error: {
    readonly code: string
    readonly message: string
    readonly fix: string
    /** Names this one answer in the hub's log. */
    readonly id: string
    /** Where in the text that was sent, from 1; absent when it has no place. */
    readonly line?: number
    readonly column?: number
  }
}

/** An interval in which something was lost. */
export interface Gap {
  readonly host: string
  readonly hook: string
  readonly reason: string
  readonly from: string
  readonly to: string
  readonly offered: number
  readonly lost: number
  /** "It may hide connections; it cannot hide a process start." */
  readonly mayHide: string
}

/** How complete what an answer rests on is. */
export interface Evidence {
  readonly complete: boolean
  readonly offered: number
  readonly lost: number
  /** At most 100, newest first. */
  readonly gaps: readonly Gap[]
  readonly gapCount: number
}

/** GET /api/v1/me */
export interface Me {
  readonly user: string
  readonly version: string
  readonly hubHostname: string
  /** Set when the page shows a recording: the words to say so. */
  readonly recorded: string | null
  readonly sessionExpires: string | null
}

/** POST /api/v1/session (no cookie needed): exchanges a one-time token for a cookie. 401 with HG_AUTH_REFUSED otherwise. */
export interface SessionRequest {
  readonly token: string
}

/** POST /api/v1/link (unix socket only): a new one-time address. */
export interface LinkAnswer {
  readonly address: string
  readonly expires: string
}

export type ComponentState = 'up' | 'starting' | 'behind' | 'down'

/**
 * GET /api/v1/audit?limit&before=no : what people did here, newest first. At most 1,000; `before` goes on.
 *
 * Acts: session.create, link.make, incident.status, incident.assignee, incident.note, hunt.run, audit.trim.
 */
export interface AuditAnswer {
  readonly entries: readonly {
    /** From 1 since the first, without holes; the first ones may have gone (`audit.trim` says so). */
    readonly no: number
    readonly time: string
    /** `local (socket)` when it came over the unix socket. */
    readonly user: string
    readonly act: string
    /** What it was done to; empty when nothing. */
    readonly subject: string
    /** In words, at most 2,000 characters; empty when there is nothing to add. */
    readonly detail: string
    /** SHA-256 over the hash before and this entry, 64 hex digits: whoever keeps one can show a later change. */
    readonly hash: string
  }[]
}

/** GET /api/v1/status */
export interface Status {
  readonly version: string
  readonly since: string
  readonly components: readonly {
    /** `audit` is down when an entry is not as it was written. Looked at every ten minutes at most. */
    readonly name: 'hub' | 'store' | 'pipeline' | 'spool' | 'audit'
    readonly state: ComponentState
    readonly detail: string
  }[]
  readonly sensors: number
  readonly sensorsUp: number
  readonly spool: {
    readonly bytes: number
    readonly end: number
    readonly pipelineAt: number
    readonly storeAt: number
  }
  readonly store: { readonly bytes: number; readonly rows: number; readonly oldest: string | null }
  readonly rules: {
    readonly loaded: number
    readonly refused: readonly { readonly file: string; readonly message: string }[]
  }
  readonly memoryBytes: number
}

export interface HookState {
  readonly hook: string
  readonly state: 'attached' | 'unavailable' | 'failed'
  readonly offered: number
  readonly seen: number
  readonly lost: number
  /** Of `lost`, by reason (a key of `lossReasons`), as far as the hub remembers; most first. */
  readonly lostBy: readonly { readonly reason: string; readonly lost: number }[]
  /** Events that a filter of ours left out in the kernel; not in `offered`. */
  readonly filtered: number
  /** Of `seen`, those that are told only as the count of a row. */
  readonly deduplicated: number
  /** ns per run, null when the kernel keeps no statistics. */
  readonly nsPerRun: number | null
  readonly recursionMisses: number
}

export interface FeatureState {
  readonly name: string
  readonly works: boolean
  readonly minimumKernel: string
  readonly reason: string
  readonly costs: string
}

/** One host of GET /api/v1/hosts -> { hosts: Host[], evidence } */
export interface Host {
  readonly uid: string
  readonly hostname: string
  /** losing: something lost in the last 5 minutes; silent: no frame for 30 s. */
  readonly health: 'healthy' | 'losing' | 'silent'
  readonly lastSeen: string
  readonly firstSeen: string
  readonly version: string
  readonly kernel: string
  readonly architecture: string
  readonly operatingSystem: string
  readonly cpus: number
  readonly memoryBytes: number
  readonly labels: Readonly<Record<string, string>>
  readonly eventsPerSecond: number
  readonly offered24h: number
  readonly lost24h: number
  /** Events per minute, newest last, 60 values; null where the host was silent. */
  readonly minutes: readonly (number | null)[]
  readonly hooks: readonly HookState[]
  readonly features: readonly FeatureState[]
  readonly openIncidents: readonly string[]
  readonly worstSeverity: Severity | null
}

/** GET /api/v1/timeline?from&to&buckets&host=...&filter= : the strip, and the bars of what matches a filter. */
export interface Timeline {
  readonly from: string
  readonly to: string
  readonly bucketMs: number
  /** Events per bucket by group; null where no host reported. A group without events may be missing. */
  readonly groups: Readonly<Partial<Record<EventGroup, readonly (number | null)[]>>>
  readonly incidents: readonly {
    readonly uid: string
    readonly time: string
    readonly severity: Severity
  }[]
  readonly evidence: Evidence
}

/** GET /api/v1/live?filter=... : server-sent events, each `data:` one of these, every 100 ms at most. */
export type LiveMessage =
  | {
      readonly kind: 'events'
      /** Oldest first, at most 200. */
      readonly rows: readonly ActivityRow[]
      /** Incident uid per row of `rows` that belongs to one, by event_uid. */
      readonly incidentOf: Readonly<Record<string, string>>
      /** Rows that matched and were not sent to keep up, since the last message. */
      readonly notDrawn: number
      /** Rows that matched since the last message, `notDrawn` included. */
      readonly matched: number
      /** All events since the last message, matching or not. */
      readonly total: number
      /** ms between the newest row's time and when this was sent. */
      readonly lagMs: number
    }
  | { readonly kind: 'gap'; readonly gap: Gap }
  | {
      readonly kind: 'incident'
      readonly uid: string
      readonly severity: Severity
      readonly title: string
    }
  | { readonly kind: 'status'; readonly sensors: number; readonly sensorsUp: number }

/** GET /api/v1/events?from&to&filter&limit&before=event_uid and GET /api/v1/events/:uid (one). Newest first. */
export interface EventsAnswer {
  readonly rows: readonly ActivityRow[]
  /** Incident uid per row of `rows` that belongs to one, by event_uid; of the newest 100,000 such events. */
  readonly incidentOf: Readonly<Record<string, string>>
  /** Most frequent values among what matched: type (a kind of the filter: exec, connect ...), host, user, process. */
  readonly facets: Readonly<
    Record<string, readonly { readonly value: string; readonly count: number }[]>
  >
  readonly total: number
  readonly evidence: Evidence
}

/** GET /api/v1/incidents?status=&severity=&host= */
export interface IncidentSummary {
  readonly uid: string
  readonly severity: Severity
  readonly title: Incident['title']
  readonly status: IncidentStatus
  readonly assignee: string | null
  readonly hosts: readonly string[]
  readonly firstTime: string
  readonly lastTime: string
  readonly steps: number
  readonly findings: number
  readonly tactics: readonly string[]
  readonly evidence: {
    readonly complete: boolean
    readonly offered: number
    readonly lost: number
    readonly gaps: number
  }
}
export interface IncidentsAnswer {
  readonly incidents: readonly IncidentSummary[]
  readonly evidence: Evidence
}

/** GET /api/v1/incidents/:uid */
export interface IncidentAnswer {
  readonly incident: Incident
  readonly status: IncidentStatus
  readonly assignee: string | null
  readonly notes: readonly { readonly time: string; readonly user: string; readonly text: string }[]
  readonly evidence: Evidence
  /** Offered and lost per kind over the incident's interval and hosts. */
  readonly evidenceByKind: readonly {
    readonly kind: string
    readonly offered: number
    readonly lost: number
  }[]
}

/** POST /api/v1/incidents/:uid : changes what people say of it. */
export interface IncidentChange {
  readonly status?: IncidentStatus
  readonly assignee?: string | null
  readonly note?: string
}

/** One row of GET /api/v1/processes?host&from&to&root=uid */
export interface ProcessNode {
  readonly uid: string
  readonly parentUid: string | null
  readonly pid: number
  readonly name: string
  readonly cmdLine: string
  readonly filePath: string
  readonly user: string
  readonly unit: string
  readonly container: string
  readonly start: string
  /** null while it runs. */
  readonly end: string | null
  readonly exitCode: number | null
  readonly exitSignal: number | null
  readonly flags: string
  /** Package that owns the executable, with its version; empty when none does, null while it is not known. */
  readonly filePackage: string | null
  /** as packaged, differs, not compared, unpackaged or unknown; null while it is not known. */
  readonly fileIntegrity: string | null
  /** Who wrote the executable last before it ran, as far as the sensor saw it: followed by inode, through renames and links. */
  readonly writer: {
    readonly uid: string
    readonly pid: number
    readonly name: string
    readonly time: string
    /** Other end of its newest connection before the program ran, "203.0.113.77:8080"; null when it had none. */
    readonly remote: string | null
  } | null
  readonly incidentUid: string | null
  /** What it did: time, words ("→ 127.0.0.1:8080", "writes /tmp/x"), event uid. */
  readonly marks: readonly {
    readonly time: string
    readonly kind: 'file' | 'network' | 'credential'
    readonly label: string
    readonly eventUid: string
  }[]
  /** Children that are not in this answer. */
  readonly hiddenChildren: number
}
export interface ProcessesAnswer {
  readonly host: string
  readonly from: string
  readonly to: string
  readonly nodes: readonly ProcessNode[]
  readonly total: number
  readonly evidence: Evidence
}

/** POST /api/v1/hunt. Errors: HG_SQL_REFUSED (400), HG_SQL_CANCELLED (408), HG_STORE_AWAY (503). */
export interface HuntRequest {
  readonly sql: string
  /** Most rows wanted, 1 to 10,000. */
  readonly limit?: number
}
export interface HuntAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly (string | number | boolean | null)[])[]
  /** More rows than the limit existed. */
  readonly truncated: boolean
  readonly elapsedMs: number
  readonly rowsRead: number
  /** Interval that the query could see: that of its time conditions as far as they can be read from it, else that of what is stored; null when it reads no view or nothing is stored. */
  readonly from: string | null
  readonly to: string | null
  readonly evidence: Evidence
}

/** GET /api/v1/schema : what a query may name. */
export interface SchemaAnswer {
  readonly views: readonly {
    readonly name: string
    readonly doc: string
    readonly rows: number
    readonly columns: readonly {
      readonly name: string
      readonly type: string
      readonly doc: string
    }[]
  }[]
  readonly functions: readonly string[]
  readonly examples: readonly { readonly title: string; readonly sql: string }[]
}
