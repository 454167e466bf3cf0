/**
 * Where events rest and are asked for: the port. Adapters: memory, DuckDB; both pass `store.suite.ts`.
 *
 * A store takes its rows from the logs (`src/spool`) by itself and remembers how far it came in the same
 * transaction: every row exactly once, however often it dies. It may be away for a moment (HG_STORE_AWAY)
 * and the hub goes on. Every answer over an interval says how complete its evidence is.
 * Text in answers is raw: escape it where it is shown.
 */
import type {
  ActivityRow,
  ComponentState,
  Evidence,
  EventsAnswer,
  HuntAnswer,
  ProcessesAnswer,
  SchemaAnswer,
  Timeline,
  ViewName,
} from '@honeyguide/model'
import type { Filter } from '@honeyguide/model/filter'

/** ms since 1970 on both ends, both included. */
export interface Span {
  readonly fromMs: number
  readonly toMs: number
  /** Host names; all when absent. */
  readonly hosts?: readonly string[]
}

export interface StoreState {
  readonly state: ComponentState
  /** For a person; empty when all is well. */
  readonly detail: string
  /** Offsets behind what is committed. */
  readonly taken: { readonly spool: number; readonly derived: number }
  /** How often its process had to be started again. */
  readonly restarts: number
  /** Process id of the store's own process; undefined when it has none. */
  readonly pid: number | undefined
}

export interface StoreSizes {
  readonly bytes: number
  readonly rows: Readonly<Record<ViewName, number>>
  readonly oldestMs: number | null
  readonly newestMs: number | null
  /** Events from before were removed for want of room; null while none were. */
  readonly trimmedToMs: number | null
}

/** All methods may reject with HG_STORE_AWAY. */
export interface EventStore extends AsyncDisposable {
  readonly kind: 'duckdb' | 'memory'
  readonly state: StoreState
  /** Called when `state` changes. Returns how to stop that. */
  onState(listener: (state: StoreState) => void): () => void
  /** Resolves once everything before these offsets is committed (or removed by retention). */
  caughtUp(
    offsets: { readonly spool?: number; readonly derived?: number },
    signal?: AbortSignal,
  ): Promise<void>
  /** A person's or an agent's SQL, guarded. Also rejects with HG_SQL_REFUSED (`SqlRefused`, with line and column) and HG_SQL_CANCELLED. */
  hunt(sql: string, limit?: number): Promise<HuntAnswer>
  evidence(span: Span): Promise<Evidence>
  /** Offered and lost per kind of event in a span. */
  evidenceByKind(
    span: Span,
  ): Promise<readonly { readonly kind: string; readonly offered: number; readonly lost: number }[]>
  /** Without incidents: the hub adds them from its state. */
  timeline(
    span: Span & { readonly filter?: Filter },
    buckets: number,
  ): Promise<Omit<Timeline, 'incidents'>>
  /** Newest first, at most 1,000. `beforeMs` goes on from an earlier page. Without incidents, as `timeline`. */
  events(
    options: Span & { readonly filter: Filter; readonly limit: number; readonly beforeMs?: number },
  ): Promise<Omit<EventsAnswer, 'incidentOf'>>
  event(uid: string): Promise<ActivityRow | undefined>
  /**
   * Processes alive in the span on one host, newest first; with `root`, that process, all its ancestors (also
   * those that ended before) and what came of it. `incidentUid` is null: the hub knows.
   */
  processes(options: {
    readonly host: string
    readonly fromMs: number
    readonly toMs: number
    readonly limit: number
    readonly root?: string
  }): Promise<ProcessesAnswer>
  sizes(): Promise<StoreSizes>
  schema(): Promise<SchemaAnswer>
  /** Removes what ended before. Resolves with the number of events that went. */
  retain(beforeMs: number): Promise<number>
}
