/**
 * Which processes the sensor knows, and who their parents are: says of each new process whether its
 * ancestry is known, was known and had to go, or was never known. It never guesses a parent.
 *
 * Records are immutable; an exec puts a new one in place. A process that has ended stays until it is
 * `exitedMs` old and has no child here any more. At most `capacity` records: then the longest-ended
 * one goes, or, when none has ended, the oldest, and that is counted. Pure: time comes with events.
 */
import { imageFlags } from '@honeyguide/model/tables/exec'
import {
  beginHistory,
  credentialsBefore,
  inheritedCredentials,
  isUnexplained,
  sharedCredentials,
  tellChange,
  type CredentialHistory,
  type Credentials,
} from './credentials.ts'

/** A process as it was at its last fork or exec. */
export interface ProcessRecord {
  readonly pid: number
  /** start_boottime of the group leader, ns. */
  readonly startNs: bigint
  readonly execNo: number
  /** 0 when there is none. */
  readonly parentPid: number
  readonly parentStartNs: bigint
}

/** What a record says of a process's ids, and when. */
export interface ToldCredentials {
  readonly uid: number
  /** All of them; undefined where the record has the user id only. */
  readonly all?: Credentials | undefined
  readonly atNs: bigint
  /** Not checked: changes of own processes are not told. */
  readonly isOwn?: boolean
}

export interface ProcessCacheOptions {
  /** Most records. */
  readonly capacity: number
  /** How long an ended process without children stays, ms. */
  readonly exitedMs: number
}

export interface ProcessCache {
  /** Records of processes that are here. */
  readonly size: number
  /** How many were pushed out by the bound, ever. */
  readonly evictions: number
  /** Takes in a new process; returns `imageFlags` bits about its lineage and its user id. */
  fork(record: ProcessRecord, told?: ToldCredentials): number
  /** Takes in a new image; the process need not be known. Returns `imageFlags` bits about its lineage and its user id. */
  exec(record: ProcessRecord, told?: ToldCredentials): number
  /** Takes in a process that ran before; says nothing about its lineage. */
  add(record: ProcessRecord, told?: ToldCredentials): void
  /**
   * Takes in a change of credentials by a thread. Returns what was before it, where that is known from here
   * alone.
   */
  change(
    pid: number,
    startNs: bigint,
    tid: number,
    told: ToldCredentials & { readonly all: Credentials },
  ): Credentials | undefined
  /** Whether a process with this real user id was never told to get it. */
  isUnexplained(pid: number, startNs: bigint, told: ToldCredentials): boolean
  /** Records were lost: what was told of credentials until now says nothing any more. */
  forgetCredentials(): void
  /** Notes an end at `atNs` (ns since boot), and lets go what ended long before. */
  exit(pid: number, startNs: bigint, atNs: bigint): void
  /** Lets go what ended long before `nowNs`. */
  sweep(nowNs: bigint): void
  get(pid: number, startNs: bigint): ProcessRecord | undefined
}

interface Entry {
  record: ProcessRecord
  /** Of its record, as far as it was found; whether it is still here is asked each time. */
  parent: Entry | undefined
  /** Another process that has had the same pid. */
  namesake: Entry | undefined
  /** Whether it has not been let go. */
  isHere: boolean
  children: number
  /** 0n while it lives. */
  exitedNs: bigint
  history?: CredentialHistory | undefined
}

/** Evicted keys that are remembered, to tell `evicted` from `never known`. */
const rememberedEvictions = 8192

const keyOf = (pid: number, startNs: bigint): string => `${pid} ${startNs}`

export function createProcessCache(options: ProcessCacheOptions): ProcessCache {
  const { capacity } = options
  const exitedNs = BigInt(Math.round(options.exitedMs)) * 1_000_000n
  /** In the order in which they came. */
  const entries = new Set<Entry>()
  /** The one of each pid that came last, with its namesakes behind it: few pids are used twice in a minute. */
  const byPid = new Map<number, Entry>()
  /** Ended processes in the order of their ends. */
  const ended = new Set<Entry>()
  const evicted = new Set<string>()
  let evictions = 0

  function find(pid: number, startNs: bigint): Entry | undefined {
    let entry = byPid.get(pid)
    while (entry !== undefined && entry.record.startNs !== startNs) entry = entry.namesake
    return entry
  }

  function parentOf(entry: Entry): Entry | undefined {
    const { parent } = entry
    if (parent?.isHere === true) return parent
    const { parentPid, parentStartNs } = entry.record
    const found = parentPid === 0 ? undefined : find(parentPid, parentStartNs)
    entry.parent = found
    return found
  }

  function release(entry: Entry): void {
    entries.delete(entry)
    ended.delete(entry)
    entry.isHere = false
    const { pid } = entry.record
    const newest = byPid.get(pid)
    if (newest === entry) {
      if (entry.namesake) byPid.set(pid, entry.namesake)
      else byPid.delete(pid)
    } else {
      let before = newest
      while (before !== undefined && before.namesake !== entry) before = before.namesake
      if (before) before.namesake = entry.namesake
    }
    const parent = parentOf(entry)
    if (parent && parent.children > 0) parent.children -= 1
    // Who still points to it keeps nothing else.
    entry.parent = undefined
    entry.namesake = undefined
    entry.history = undefined
  }

  function evictOne(): void {
    const entry = ended.values().next().value ?? entries.values().next().value
    if (!entry) return
    release(entry)
    evictions += 1
    evicted.add(keyOf(entry.record.pid, entry.record.startNs))
    if (evicted.size > rememberedEvictions) {
      const oldest = evicted.values().next().value
      if (oldest !== undefined) evicted.delete(oldest)
    }
  }

  /** The process of the record, which is in it from here on. */
  function put(record: ProcessRecord): Entry {
    const known = find(record.pid, record.startNs)
    if (known) {
      const { record: before } = known
      // Reparented since: the child counts for the parent that it has now.
      if (before.parentPid !== record.parentPid || before.parentStartNs !== record.parentStartNs) {
        const old = parentOf(known)
        if (old && old.children > 0) old.children -= 1
        known.record = record
        known.parent = undefined
        const parent = parentOf(known)
        if (parent) parent.children += 1
      }
      known.record = record
      return known
    }
    while (entries.size >= capacity && entries.size > 0) evictOne()
    const entry: Entry = {
      record,
      parent: undefined,
      namesake: byPid.get(record.pid),
      isHere: true,
      children: 0,
      exitedNs: 0n,
      history: undefined,
    }
    entries.add(entry)
    byPid.set(record.pid, entry)
    const parent = parentOf(entry)
    if (parent) parent.children += 1
    return entry
  }

  function lineage(of: Entry): number {
    let entry = of
    // Far enough for any real tree; a longer one would be walked again and again.
    for (let step = 0; step < 64; step++) {
      const { parentPid, parentStartNs } = entry.record
      if (parentPid === 0) return 0
      const parent = parentOf(entry)
      if (!parent) {
        return evicted.size > 0 && evicted.has(keyOf(parentPid, parentStartNs))
          ? imageFlags.lineageIncomplete | imageFlags.lineageEvicted
          : imageFlags.lineageIncomplete
      }
      entry = parent
    }
    return 0
  }

  function sweep(nowNs: bigint): void {
    for (const entry of ended) {
      if (nowNs - entry.exitedNs < exitedNs) return
      // A parent whose children live on stays out of the queue's way: it is queued again behind.
      if (entry.children > 0) {
        ended.delete(entry)
        ended.add(entry)
        entry.exitedNs = nowNs
        continue
      }
      release(entry)
    }
  }

  function begin(entry: Entry, uid: number, base: Credentials | undefined, atNs: bigint): void {
    // What is newer stays: a record of the ring may be older than the look at all processes.
    if (!(entry.history && atNs < entry.history.sinceNs))
      entry.history = beginHistory(uid, base, atNs)
  }

  function flagOf(history: CredentialHistory | undefined, told: ToldCredentials): number {
    const { uid, atNs, isOwn = false } = told
    return history && !isOwn && isUnexplained(history, uid, atNs) ? imageFlags.unexplainedUid : 0
  }

  return {
    get size() {
      return entries.size
    },
    get evictions() {
      return evictions
    },
    fork(record, told) {
      const entry = put(record)
      if (!told) return lineage(entry)
      const parent = parentOf(entry)?.history
      begin(entry, told.uid, parent && inheritedCredentials(parent, told.uid), told.atNs)
      return lineage(entry) | flagOf(parent, told)
    },
    exec(record, told) {
      if (!told) return lineage(put(record))
      const before = find(record.pid, record.startNs)?.history
      const flags = flagOf(before, told)
      const all = told.all && sharedCredentials(before?.last, told.all)
      const entry = put(record)
      begin(entry, told.uid, all, told.atNs)
      return lineage(entry) | flags
    },
    add(record, told) {
      const entry = put(record)
      // A process that is known has a history that says more.
      if (told && !entry.history) begin(entry, told.uid, told.all, told.atNs)
    },
    change(pid, startNs, tid, { all, atNs }) {
      const history = find(pid, startNs)?.history
      if (!history || atNs < history.sinceNs) return undefined
      const before = credentialsBefore(history, atNs)
      tellChange(history, pid, tid, all)
      return before
    },
    isUnexplained: (pid, startNs, told) => flagOf(find(pid, startNs)?.history, told) !== 0,
    forgetCredentials() {
      for (const entry of entries) entry.history = undefined
    },
    exit(pid, startNs, atNs) {
      const entry = find(pid, startNs)
      if (entry && entry.exitedNs === 0n) {
        entry.exitedNs = atNs
        ended.add(entry)
      }
      sweep(atNs)
    },
    sweep,
    get: (pid, startNs) => find(pid, startNs)?.record,
  }
}
