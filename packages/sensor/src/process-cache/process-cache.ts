/**
 * Which processes the sensor knows, and who their parents are: says of each new process whether its
 * ancestry is known, was known and had to go, or was never known. It never guesses a parent.
 *
 * An exec puts a new record in place. A process that has ended stays until it is `exitedMs` old and has no child
 * here any more. At most `capacity` records: then the longest-ended one goes, or, when none has ended, the oldest,
 * and that is counted. Pure: time comes with events.
 *
 * A process has a place in a set of typed arrays, and no object: each would live for a minute, which is when a
 * garbage collector costs most. Times are ns since boot as doubles. Beyond 104 days they are rounded to a few ns;
 * processes that have had the same pid, and what happens to one process, are farther apart than that.
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
import { createPlaceList, none } from './place-list.ts'

/** A process as it was at its last fork or exec. */
export interface ProcessRecord {
  readonly pid: number
  /** start_boottime of the group leader, ns. */
  readonly startNs: number
  readonly execNo: number
  /** 0 when there is none. */
  readonly parentPid: number
  readonly parentStartNs: number
}

/** What a record says of a process's ids, and when. */
export interface ToldCredentials {
  readonly uid: number
  /** All of them; undefined where the record has the user id only. */
  readonly all?: Credentials | undefined
  readonly atNs: number
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
    startNs: number,
    tid: number,
    told: ToldCredentials & { readonly all: Credentials },
  ): Credentials | undefined
  /** Whether a process with this real user id was never told to get it. */
  isUnexplained(pid: number, startNs: number, told: ToldCredentials): boolean
  /** Records were lost: what was told of credentials until now says nothing any more. */
  forgetCredentials(): void
  /** Notes an end at `atNs` (ns since boot), and lets go what ended long before. */
  exit(pid: number, startNs: number, atNs: number): void
  /** Lets go what ended long before `nowNs`. */
  sweep(nowNs: number): void
  get(pid: number, startNs: number): ProcessRecord | undefined
}

/** Evicted keys that are remembered, to tell `evicted` from `never known`. */
const rememberedEvictions = 8192
/** Far enough for any real tree; a longer one would be walked again and again. */
const mostAncestors = 64
/** Places at first; a power of two, as all later numbers of them. */
const initialPlaces = 1024
/** In place of the time of its end. */
const alive = -1

const keyOf = (pid: number, startNs: number): string => `${pid} ${startNs}`

/** What is known of each place. */
interface Places {
  readonly count: number
  readonly pid: Uint32Array
  readonly startNs: Float64Array
  readonly execNo: Uint32Array
  readonly parentPid: Uint32Array
  readonly parentStartNs: Float64Array
  /** Where the parent was last seen: whether it is still there is asked each time. */
  readonly parent: Int32Array
  readonly children: Uint32Array
  /** `alive` while it lives. */
  readonly exitedNs: Float64Array
  /** The next place with the same hash; of a free one the next free one. */
  readonly next: Int32Array
  /** First place by hash; as many as there are places. */
  readonly heads: Int32Array
  /** How it began, as `CredentialHistory` says. Time is NaN when nothing is known. */
  readonly sinceNs: Float64Array
  readonly uid: Uint32Array
}

function createPlaces(count: number): Places {
  return {
    count,
    pid: new Uint32Array(count),
    startNs: new Float64Array(count),
    execNo: new Uint32Array(count),
    parentPid: new Uint32Array(count),
    parentStartNs: new Float64Array(count),
    parent: new Int32Array(count),
    children: new Uint32Array(count),
    exitedNs: new Float64Array(count),
    next: new Int32Array(count),
    heads: new Int32Array(count).fill(none),
    sinceNs: new Float64Array(count),
    uid: new Uint32Array(count),
  }
}

export function createProcessCache(options: ProcessCacheOptions): ProcessCache {
  const { capacity } = options
  const exitedNs = Math.round(options.exitedMs) * 1_000_000
  let places = createPlaces(initialPlaces)
  let size = 0
  /** Places that were ever used; those that are free again hang together from `free`. */
  let used = 0
  let free = none
  /** All in the order in which they came, and those that have ended in the order of their ends. */
  const present = createPlaceList(initialPlaces)
  const ended = createPlaceList(initialPlaces)
  const evicted = new Set<string>()
  let evictions = 0
  /** Credentials that a place began with. */
  const bases = Array.from<Credentials | undefined>({ length: initialPlaces })
  /** Of processes that were told to change. */
  const changed = new Map<number, CredentialHistory>()

  /** Pids come one after another, so that a process has most often a place of its own. */
  const hashOf = (pid: number): number => pid & (places.count - 1)

  const isProcess = (place: number, pid: number, startNs: number): boolean =>
    (places.pid[place] as number) === pid && (places.startNs[place] as number) === startNs

  function find(pid: number, startNs: number): number {
    let place = places.heads[hashOf(pid)] as number
    while (place !== none && !isProcess(place, pid, startNs)) place = places.next[place] as number
    return place
  }

  function parentOf(place: number): number {
    const pid = places.parentPid[place] as number
    if (pid === 0) return none
    const startNs = places.parentStartNs[place] as number
    const seen = places.parent[place] as number
    // A free place is nobody's: its pid is 0.
    if (seen !== none && isProcess(seen, pid, startNs)) return seen
    const found = find(pid, startNs)
    places.parent[place] = found
    return found
  }

  function grow(): void {
    const before = places
    places = createPlaces(before.count * 2)
    present.grow(places.count)
    ended.grow(places.count)
    // One by one: an array that is written far behind its end becomes a hash table.
    for (let i = before.count; i < places.count; i++) bases.push(undefined)
    for (const name of Object.keys(before) as (keyof Places)[])
      if (name !== 'count' && name !== 'heads') places[name].set(before[name])
    for (let place = 0; place < used; place++) {
      const hash = hashOf(places.pid[place] as number)
      places.next[place] = places.heads[hash] as number
      places.heads[hash] = place
    }
  }

  function takePlace(): number {
    if (free !== none) {
      const place = free
      free = places.next[place] as number
      return place
    }
    if (used === places.count) grow()
    return used++
  }

  function end(place: number, atNs: number): void {
    places.exitedNs[place] = atNs
    ended.append(place)
  }

  function removeFromHash(place: number): void {
    const hash = hashOf(places.pid[place] as number)
    const next = places.next[place] as number
    let before = places.heads[hash] as number
    if (before === place) {
      places.heads[hash] = next
      return
    }
    while ((places.next[before] as number) !== place) before = places.next[before] as number
    places.next[before] = next
  }

  function release(place: number): void {
    const parent = parentOf(place)
    if (parent !== none) loseChild(parent)
    removeFromHash(place)
    if ((places.exitedNs[place] as number) !== alive) ended.remove(place)
    present.remove(place)
    if (bases[place] !== undefined) bases[place] = undefined
    if (changed.size > 0) changed.delete(place)
    places.pid[place] = 0
    places.next[place] = free
    free = place
    size -= 1
  }

  function loseChild(parent: number): void {
    const children = places.children[parent] as number
    if (children > 0) places.children[parent] = children - 1
  }

  function evictOne(): void {
    const place = ended.first === none ? present.first : ended.first
    const key = keyOf(places.pid[place] as number, places.startNs[place] as number)
    release(place)
    evictions += 1
    evicted.add(key)
    if (evicted.size > rememberedEvictions) {
      const first = evicted.values().next().value
      if (first !== undefined) evicted.delete(first)
    }
  }

  function setParent(place: number, { parentPid, parentStartNs }: ProcessRecord): void {
    places.parentPid[place] = parentPid
    places.parentStartNs[place] = parentStartNs
    places.parent[place] = none
    const parent = parentOf(place)
    if (parent !== none) places.children[parent] = (places.children[parent] as number) + 1
  }

  /** The place of the process of the record, which is in it from here on. */
  function put(record: ProcessRecord): number {
    const { pid, startNs, parentPid, parentStartNs } = record
    const known = find(pid, startNs)
    if (known !== none) {
      places.execNo[known] = record.execNo
      // Reparented since: the child counts for the parent that it has now.
      if (
        (places.parentPid[known] as number) !== parentPid ||
        (places.parentStartNs[known] as number) !== parentStartNs
      ) {
        const before = parentOf(known)
        if (before !== none) loseChild(before)
        setParent(known, record)
      }
      return known
    }
    while (size >= capacity && size > 0) evictOne()
    const place = takePlace()
    size += 1
    places.pid[place] = pid
    places.startNs[place] = startNs
    places.execNo[place] = record.execNo
    places.children[place] = 0
    places.exitedNs[place] = alive
    places.sinceNs[place] = Number.NaN
    const hash = hashOf(pid)
    places.next[place] = places.heads[hash] as number
    places.heads[hash] = place
    present.append(place)
    setParent(place, record)
    return place
  }

  function lineage(of: number): number {
    let place = of
    for (let step = 0; step < mostAncestors; step++) {
      const parentPid = places.parentPid[place] as number
      if (parentPid === 0) return 0
      const parent = parentOf(place)
      if (parent === none)
        return evicted.size > 0 &&
          evicted.has(keyOf(parentPid, places.parentStartNs[place] as number))
          ? imageFlags.lineageIncomplete | imageFlags.lineageEvicted
          : imageFlags.lineageIncomplete
      place = parent
    }
    return 0
  }

  function sweep(nowNs: number): void {
    for (let place = ended.first, { last } = ended; place !== none;) {
      if (nowNs - (places.exitedNs[place] as number) < exitedNs) return
      const after = ended.after(place)
      // A parent whose children live on stays out of the queue's way: it is queued again behind.
      if ((places.children[place] as number) > 0) {
        ended.remove(place)
        end(place, nowNs)
      } else release(place)
      if (place === last) return
      place = after
    }
  }

  function begin(place: number, uid: number, base: Credentials | undefined, atNs: number): void {
    // What is newer stays: a record of the ring may be older than the look at all processes.
    if (atNs < (places.sinceNs[place] as number)) return
    places.sinceNs[place] = atNs
    places.uid[place] = uid
    bases[place] = base
    if (changed.size > 0) changed.delete(place)
  }

  const hasHistory = (place: number): boolean =>
    place !== none && !Number.isNaN(places.sinceNs[place])

  function historyOf(place: number): CredentialHistory | undefined {
    if (!hasHistory(place)) return undefined
    return (
      changed.get(place) ??
      beginHistory(places.uid[place] as number, bases[place], places.sinceNs[place] as number)
    )
  }

  function lastOf(place: number): Credentials | undefined {
    const history = changed.size > 0 ? changed.get(place) : undefined
    if (history) return history.last
    return hasHistory(place) ? bases[place] : undefined
  }

  /** Whether a place is as it began, and began as this user: of nearly all processes that is all there is to say. */
  const isAsBegun = (place: number, uid: number): boolean =>
    (places.uid[place] as number) === uid && (changed.size === 0 || !changed.has(place))

  function flagOf(place: number, told: ToldCredentials): number {
    const { uid, atNs, isOwn = false } = told
    if (isOwn || !hasHistory(place) || isAsBegun(place, uid)) return 0
    const history = historyOf(place)
    return history && isUnexplained(history, uid, atNs) ? imageFlags.unexplainedUid : 0
  }

  function inheritedBy(parent: number, uid: number): Credentials | undefined {
    if (!hasHistory(parent)) return undefined
    if (isAsBegun(parent, uid)) {
      const base = bases[parent]
      return base?.uid === uid ? base : undefined
    }
    const history = historyOf(parent)
    return history && inheritedCredentials(history, uid)
  }

  return {
    get size() {
      return size
    },
    get evictions() {
      return evictions
    },
    fork(record, told) {
      const place = put(record)
      const flags = lineage(place)
      if (!told) return flags
      const parent = parentOf(place)
      begin(place, told.uid, inheritedBy(parent, told.uid), told.atNs)
      return flags | flagOf(parent, told)
    },
    exec(record, told) {
      if (!told) return lineage(put(record))
      const before = find(record.pid, record.startNs)
      const flags = flagOf(before, told)
      const all = told.all && sharedCredentials(lastOf(before), told.all)
      const place = put(record)
      begin(place, told.uid, all, told.atNs)
      return lineage(place) | flags
    },
    add(record, told) {
      const place = put(record)
      // A process that is known has a history that says more.
      if (told && !hasHistory(place)) begin(place, told.uid, told.all, told.atNs)
    },
    change(pid, startNs, tid, { all, atNs }) {
      const place = find(pid, startNs)
      const history = historyOf(place)
      if (!history || atNs < history.sinceNs) return undefined
      const before = credentialsBefore(history, atNs)
      tellChange(history, pid, tid, all)
      changed.set(place, history)
      return before
    },
    isUnexplained: (pid, startNs, told) => flagOf(find(pid, startNs), told) !== 0,
    forgetCredentials() {
      places.sinceNs.fill(Number.NaN)
      bases.fill(undefined)
      changed.clear()
    },
    exit(pid, startNs, atNs) {
      const place = find(pid, startNs)
      if (place !== none && (places.exitedNs[place] as number) === alive) end(place, atNs)
      sweep(atNs)
    },
    sweep,
    get(pid, startNs) {
      const place = find(pid, startNs)
      if (place === none) return undefined
      return {
        pid,
        startNs,
        execNo: places.execNo[place] as number,
        parentPid: places.parentPid[place] as number,
        parentStartNs: places.parentStartNs[place] as number,
      }
    },
  }
}
