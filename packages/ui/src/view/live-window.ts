/**
 * What the Live screen holds: the newest rows, counts per second, and what was not drawn.
 *
 * Bounded in rows and in seconds whatever comes in; pure but for its own memory, time comes in with the message.
 */
import type { Gap, LiveMessage } from '@honeyguide/model/api'
import { eventGroup, type ActivityRow, type EventGroup } from '@honeyguide/model/ocsf'

export type LiveEntry =
  | { readonly kind: 'event'; readonly row: ActivityRow; readonly incidentUid: string | undefined }
  | { readonly kind: 'gap'; readonly gap: Gap }

export interface LiveSecond {
  /** ms since 1970, whole seconds. */
  readonly at: number
  readonly counts: Partial<Record<EventGroup, number>>
  /** Matched and not sent to the page: of unknown kind here. */
  notDrawn: number
}

export interface LiveSnapshot {
  /** Oldest first. */
  readonly entries: readonly LiveEntry[]
  /** Rows that ever came, the ones that left the memory included. */
  readonly received: number
  readonly notDrawn: number
  readonly matchedPerSecond: number
  readonly totalPerSecond: number
  readonly lagMs: number | null
  readonly lost: number
  readonly seconds: readonly LiveSecond[]
  readonly gaps: readonly Gap[]
}

export interface LiveWindow {
  accept(message: LiveMessage, nowMs: number): void
  /** Rows that were there before the stream began; newest first, as the API gives them. */
  seed(rows: readonly ActivityRow[]): void
  snapshot(nowMs: number): LiveSnapshot
}

export interface LiveWindowOptions {
  /** Most rows kept. */
  readonly rows: number
  /** Most seconds counted. */
  readonly seconds: number
}

const rateSpanMs = 3000

export function createLiveWindow(options: LiveWindowOptions): LiveWindow {
  let entries: LiveEntry[] = []
  let seconds: LiveSecond[] = []
  let gaps: Gap[] = []
  let recent: { at: number; matched: number; total: number }[] = []
  let received = 0
  let notDrawn = 0
  let lost = 0
  let lagMs: number | null = null
  let firstAt: number | null = null

  function second(atMs: number): LiveSecond {
    const at = Math.floor(atMs / 1000) * 1000
    const last = seconds[seconds.length - 1]
    if (last?.at === at) return last
    if (last === undefined || at > last.at) {
      const fresh = { at, counts: {}, notDrawn: 0 }
      seconds.push(fresh)
      if (seconds.length > options.seconds) seconds = seconds.slice(-options.seconds)
      return fresh
    }
    // A late event counts in its own second while that is kept.
    for (let index = seconds.length - 1; index >= 0; index--) {
      const one = seconds[index]
      if (one?.at === at) return one
      if (one !== undefined && one.at < at) {
        const fresh = { at, counts: {}, notDrawn: 0 }
        seconds.splice(index + 1, 0, fresh)
        if (seconds.length > options.seconds) seconds = seconds.slice(-options.seconds)
        return fresh
      }
    }
    return last
  }

  function count(row: ActivityRow, nowMs: number): void {
    const at = Date.parse(row.time ?? '')
    const into = second(Number.isNaN(at) ? nowMs : at)
    const group = eventGroup(row)
    into.counts[group] = (into.counts[group] ?? 0) + 1
  }

  function trim(): void {
    // Cut in steps, so that not every message moves the whole array.
    if (entries.length > options.rows * 1.25) entries = entries.slice(-options.rows)
  }

  return {
    seed(rows) {
      const older: LiveEntry[] = []
      for (let index = rows.length - 1; index >= 0; index--) {
        const row = rows[index]
        if (row) older.push({ kind: 'event', row, incidentUid: undefined })
      }
      const known = new Set(
        entries.flatMap((entry) => (entry.kind === 'event' ? [entry.row.event_uid] : [])),
      )
      entries = [
        ...older.filter((entry) => entry.kind !== 'event' || !known.has(entry.row.event_uid)),
        ...entries,
      ].slice(-options.rows)
    },
    accept(message, nowMs) {
      switch (message.kind) {
        case 'events':
          firstAt ??= nowMs
          for (const row of message.rows) {
            entries.push({
              kind: 'event',
              row,
              incidentUid: message.incidentOf[row.event_uid ?? ''],
            })
            count(row, nowMs)
          }
          received += message.rows.length
          notDrawn += message.notDrawn
          if (message.notDrawn > 0) {
            const newest = message.rows[message.rows.length - 1]
            const at = Date.parse(newest?.time ?? '')
            second(Number.isNaN(at) ? nowMs : at).notDrawn += message.notDrawn
          }
          if (message.rows.length > 0) lagMs = message.lagMs
          recent.push({ at: nowMs, matched: message.matched, total: message.total })
          trim()
          break
        case 'gap':
          entries.push({ kind: 'gap', gap: message.gap })
          lost += message.gap.lost
          gaps = [...gaps, message.gap].slice(-100)
          trim()
          break
        case 'incident':
        case 'status':
          break
      }
    },
    snapshot(nowMs) {
      recent = recent.filter((one) => nowMs - one.at < rateSpanMs)
      const span = Math.max(
        1000,
        Math.min(rateSpanMs, firstAt === null ? rateSpanMs : nowMs - firstAt),
      )
      const rate = (sum: number) => Math.round((sum * 1000) / span)
      return {
        entries: entries.slice(-options.rows),
        received,
        notDrawn,
        matchedPerSecond: rate(recent.reduce((sum, one) => sum + one.matched, 0)),
        totalPerSecond: rate(recent.reduce((sum, one) => sum + one.total, 0)),
        lagMs,
        lost,
        seconds: seconds.map((one) => ({ ...one, counts: { ...one.counts } })),
        gaps,
      }
    },
  }
}
