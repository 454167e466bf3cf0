/**
 * Where incidents rest: what the reducer says of them, and beside it what people say. A port; the hub's state adapts it.
 *
 * The reducer's half is written over by every upsert and is the same in a replay: it only has to be durable when
 * the pipeline saves a snapshot (`flush`), as everything after that is derived again. The people's half changes
 * only by `change`, which returns when it would survive a crash.
 */
import type { Incident, IncidentChange, IncidentStatus } from '@honeyguide/model'
import type { IncidentUpsert } from '@honeyguide/detect'

export interface BookedIncident {
  readonly incident: Incident
  readonly status: IncidentStatus
  readonly assignee: string | null
  readonly notes: readonly { readonly time: string; readonly user: string; readonly text: string }[]
}

export interface IncidentBook {
  /** A merged incident is no longer listed; asking for it gives the one that it is part of. */
  upsert(changes: readonly IncidentUpsert[]): void
  get(uid: string): BookedIncident | undefined
  /** Newest `lastTime` first. */
  list(): readonly BookedIncident[]
  /** Returns once every upsert so far would survive a crash. Throws what the disk throws; a later call tries again. */
  flush(): void
  /** Undefined when there is none of this name. */
  change(
    uid: string,
    change: IncidentChange,
    user: string,
    time: string,
  ): BookedIncident | undefined
}
