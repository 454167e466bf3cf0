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
  const entries = new Map<string, Entry>()
  /** Ended processes in the order of their ends. */
  const ended = new Set<string>()
  const evicted = new Set<string>()
  let evictions = 0

  function release(key: string, entry: Entry): void {
    entries.delete(key)
    ended.delete(key)
    const { parentPid, parentStartNs } = entry.record
    const parent = parentPid === 0 ? undefined : entries.get(keyOf(parentPid, parentStartNs))
    if (parent && parent.children > 0) parent.children -= 1
  }

  function evictOne(): void {
    const key = ended.values().next().value ?? entries.keys().next().value
    const entry = key === undefined ? undefined : entries.get(key)
    if (key === undefined || !entry) return
    release(key, entry)
    evictions += 1
    evicted.add(key)
    if (evicted.size > rememberedEvictions) {
      const oldest = evicted.values().next().value
      if (oldest !== undefined) evicted.delete(oldest)
    }
  }

  function put(record: ProcessRecord): void {
    const key = keyOf(record.pid, record.startNs)
    const before = entries.get(key)
    if (before) {
      // Reparented since: the child counts for the parent that it has now.
      if (
        before.record.parentPid !== record.parentPid ||
        before.record.parentStartNs !== record.parentStartNs
      ) {
        const old = entries.get(keyOf(before.record.parentPid, before.record.parentStartNs))
        if (old && old.children > 0) old.children -= 1
        countChild(record)
      }
      before.record = record
      return
    }
    while (entries.size >= capacity && entries.size > 0) evictOne()
    entries.set(key, { record, children: 0, exitedNs: 0n })
    countChild(record)
  }

  function countChild(record: ProcessRecord): void {
    const parent =
      record.parentPid === 0
        ? undefined
        : entries.get(keyOf(record.parentPid, record.parentStartNs))
    if (parent) parent.children += 1
  }

  function lineage(record: ProcessRecord): number {
    // Far enough for any real tree; a longer one would be walked again and again.
    let { parentPid, parentStartNs } = record
    for (let step = 0; step < 64; step++) {
      if (parentPid === 0) return 0
      const key = keyOf(parentPid, parentStartNs)
      const parent = entries.get(key)
      if (!parent) {
        return evicted.has(key)
          ? imageFlags.lineageIncomplete | imageFlags.lineageEvicted
          : imageFlags.lineageIncomplete
      }
      parentPid = parent.record.parentPid
      parentStartNs = parent.record.parentStartNs
    }
    return 0
  }

  function sweep(nowNs: bigint): void {
    for (const key of ended) {
      const entry = entries.get(key)
      if (!entry) {
        ended.delete(key)
        continue
      }
      if (nowNs - entry.exitedNs < exitedNs) return
      // A parent whose children live on stays out of the queue's way: it is queued again behind.
      if (entry.children > 0) {
        ended.delete(key)
        ended.add(key)
        entry.exitedNs = nowNs
        continue
      }
      release(key, entry)
    }
  }

  function historyOf(pid: number, startNs: bigint): CredentialHistory | undefined {
    return entries.get(keyOf(pid, startNs))?.history
  }

  function begin(
    record: ProcessRecord,
    uid: number,
    base: Credentials | undefined,
    atNs: bigint,
  ): void {
    const entry = entries.get(keyOf(record.pid, record.startNs))
    // What is newer stays: a record of the ring may be older than the look at all processes.
    if (entry && !(entry.history && atNs < entry.history.sinceNs))
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
      put(record)
      if (!told) return lineage(record)
      const parent = historyOf(record.parentPid, record.parentStartNs)
      begin(record, told.uid, parent && inheritedCredentials(parent, told.uid), told.atNs)
      return lineage(record) | flagOf(parent, told)
    },
    exec(record, told) {
      if (!told) {
        put(record)
        return lineage(record)
      }
      const before = historyOf(record.pid, record.startNs)
      const flags = flagOf(before, told)
      const all = told.all && sharedCredentials(before?.last, told.all)
      put(record)
      begin(record, told.uid, all, told.atNs)
      return lineage(record) | flags
    },
    add(record, told) {
      put(record)
      // A process that is known has a history that says more.
      if (told && !historyOf(record.pid, record.startNs))
        begin(record, told.uid, told.all, told.atNs)
    },
    change(pid, startNs, tid, { all, atNs }) {
      const history = historyOf(pid, startNs)
      if (!history || atNs < history.sinceNs) return undefined
      const before = credentialsBefore(history, atNs)
      tellChange(history, pid, tid, all)
      return before
    },
    isUnexplained: (pid, startNs, told) => flagOf(historyOf(pid, startNs), told) !== 0,
    forgetCredentials() {
      for (const entry of entries.values()) entry.history = undefined
    },
    exit(pid, startNs, atNs) {
      const key = keyOf(pid, startNs)
      const entry = entries.get(key)
      if (entry && entry.exitedNs === 0n) {
        entry.exitedNs = atNs
        ended.add(key)
      }
      sweep(atNs)
    },
    sweep,
    get: (pid, startNs) => entries.get(keyOf(pid, startNs))?.record,
  }
}
