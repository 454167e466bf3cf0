/**
 * Events of one host per minute and kind, for a week, and per second for the last quarter of an hour.
 *
 * What Fleet's small bars and the strip are drawn from, without asking the store. Counts are by the event's
 * own time, so that late events fall where they belong. A minute in which the host did not report at all
 * is told apart from one in which nothing happened. Hours are kept in one array each; nothing else allocates.
 */

import type { EventGroup } from '@honeyguide/model'

/** What is counted: tables of events. Positions are in saved state: only ever add at the end. */
export const countedKinds = [
  'exec',
  'exec_failed',
  'fork',
  'exit',
  'tcp',
  'file',
  'dns',
  'udp',
  'cred',
  'io_uring',
  'memory',
] as const
export type CountedKind = (typeof countedKinds)[number]

/** The group of a table's events in the strip. */
export const countedGroups: Readonly<Record<CountedKind, EventGroup>> = {
  exec: 'process',
  exec_failed: 'process',
  fork: 'process',
  exit: 'process',
  tcp: 'network',
  file: 'file',
  dns: 'network',
  udp: 'network',
  cred: 'identity',
  io_uring: 'kernel',
  memory: 'kernel',
}

const kinds = countedKinds.length
/** Per minute: one count per kind, and whether the host reported. */
const stride = kinds + 1
const minuteMs = 60_000
const hourMs = 3_600_000
const keptHours = 7 * 24
const secondSlots = 900

export interface MinuteCounters {
  add(kind: CountedKind, timeMs: number, count: number): void
  /** The host was there during all of this interval. */
  report(fromMs: number, toMs: number): void
  /**
   * Events of the kinds that began in [from, to); null when the host did not report in it. To the second from
   * `fineFromMs` on; before, the minutes that the interval touches are counted whole.
   */
  count(of: readonly CountedKind[], fromMs: number, toMs: number): number | null
  /** From here on counts are known to the second: 15 minutes back, or since a restart. */
  readonly fineFromMs: number
  save(): SavedCounters
}

/** Plain data: [hour since 1970, its counts]; seconds are not kept. */
export type SavedCounters = readonly (readonly [number, Uint32Array])[]

const kindIndex = new Map<CountedKind, number>(countedKinds.map((kind, at) => [kind, at]))

/** An hour's counts in today's form: a version with fewer kinds has saved shorter minutes. */
function widened(saved: Uint32Array): Uint32Array {
  const before = Math.floor(saved.length / 60)
  if (before === stride) return saved.slice()
  const counts = new Uint32Array(60 * stride)
  // Fewer than a kind and the mark, or more than there are now: of no version of ours.
  if (before < 2 || before > stride) return counts
  for (let minute = 0; minute < 60; minute++) {
    const from = minute * before
    counts.set(saved.subarray(from, from + before - 1), minute * stride)
    counts[minute * stride + kinds] = saved[from + before - 1] ?? 0
  }
  return counts
}

/** End of the newest minute with events, ms since 1970; 0 when there is none. */
function newestMinuteEnd(saved: SavedCounters): number {
  let end = 0
  for (const [hour, counts] of saved)
    for (let minute = 0; minute < 60; minute++)
      if (counts.subarray(minute * stride, minute * stride + kinds).some((count) => count > 0))
        end = Math.max(end, hour * hourMs + (minute + 1) * minuteMs)
  return end
}

export function createMinuteCounters(saved: SavedCounters = []): MinuteCounters {
  const hours = new Map<number, Uint32Array>(saved.map(([hour, counts]) => [hour, widened(counts)]))
  // Ring by second: which second each slot is of, and its counts.
  const secondOf = new Float64Array(secondSlots).fill(-1)
  const seconds = new Uint32Array(secondSlots * kinds)
  let newestHour = Math.max(-Infinity, ...hours.keys())
  let newestSecond = -1
  // What was counted before a restart is known by minutes only: the ring begins behind the last of them.
  const restoredMs = newestMinuteEnd([...hours])

  function hourOf(hour: number): Uint32Array | undefined {
    const known = hours.get(hour)
    if (known) return known
    if (hour <= newestHour - keptHours) return undefined
    const counts = new Uint32Array(60 * stride)
    hours.set(hour, counts)
    if (hour > newestHour) {
      newestHour = hour
      for (const old of hours.keys()) if (old <= newestHour - keptHours) hours.delete(old)
    }
    return counts
  }

  function sumSeconds(of: readonly number[], from: number, to: number): number {
    let sum = 0
    for (let second = from; second < to; second++) {
      const slot = second % secondSlots
      if (secondOf[slot] !== second) continue
      for (const kind of of) sum += seconds[slot * kinds + kind] ?? 0
    }
    return sum
  }

  function fineFromMs(): number {
    return Math.max(restoredMs, (newestSecond - secondSlots + 1) * 1000)
  }

  return {
    get fineFromMs() {
      return fineFromMs()
    },
    add(kind, timeMs, count) {
      const at = kindIndex.get(kind) ?? 0
      const counts = hourOf(Math.floor(timeMs / hourMs))
      if (!counts) return
      const minute = Math.floor((timeMs % hourMs) / minuteMs)
      counts[minute * stride + at] = (counts[minute * stride + at] ?? 0) + count
      counts[minute * stride + kinds] = 1
      const second = Math.floor(timeMs / 1000)
      if (second > newestSecond) newestSecond = second
      if (second <= newestSecond - secondSlots) return
      const slot = second % secondSlots
      if (secondOf[slot] !== second) {
        if ((secondOf[slot] ?? -1) > second) return
        secondOf[slot] = second
        seconds.fill(0, slot * kinds, (slot + 1) * kinds)
      }
      seconds[slot * kinds + at] = (seconds[slot * kinds + at] ?? 0) + count
    },
    report(fromMs, toMs) {
      const last = Math.floor(toMs / minuteMs)
      // No longer than what is kept, however wrong a clock is.
      const first = Math.max(Math.floor(fromMs / minuteMs), last - keptHours * 60)
      for (let minute = first; minute <= last; minute++) {
        const counts = hourOf(Math.floor(minute / 60))
        if (counts) counts[(minute % 60) * stride + kinds] = 1
      }
    },
    count(of, fromMs, toMs) {
      const wanted = of.map((kind) => kindIndex.get(kind) ?? 0)
      const isFine = (fromMs % minuteMs !== 0 || toMs % minuteMs !== 0) && fromMs >= fineFromMs()
      let sum = 0
      let reported = false
      const first = Math.floor(fromMs / minuteMs)
      const last = Math.ceil(toMs / minuteMs)
      for (let minute = first; minute < last; minute++) {
        const counts = hours.get(Math.floor(minute / 60))
        const base = (minute % 60) * stride
        if (!counts || counts[base + kinds] === 0) continue
        reported = true
        if (!isFine) for (const kind of wanted) sum += counts[base + kind] ?? 0
      }
      if (!reported) return null
      return isFine ? sumSeconds(wanted, Math.floor(fromMs / 1000), Math.ceil(toMs / 1000)) : sum
    },
    save: () => [...hours].map(([hour, counts]) => [hour, counts.slice()] as const),
  }
}
