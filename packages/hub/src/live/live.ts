/**
 * The live stream: events to whoever watches, filtered here, in messages every 50 ms at most.
 *
 * Watchers with equal filters share one group: a row is matched and encoded once however many watch. A
 * watcher that does not keep up misses rows, never time, and is told how many; nothing here ever waits.
 * Nothing runs while nobody watches, and no timer while nothing happens.
 */
import {
  compileFilter,
  printFilter,
  type ActivityBatch,
  type CompiledFilter,
  type Filter,
  type LiveMessage,
} from '@honeyguide/model'
import { boundedRow } from './bounded-row.ts'

/** One watcher's end. */
export interface LiveSink {
  /** Takes a whole server-sent event; must not block. */
  write(bytes: Uint8Array): void
  /** Bytes taken and not yet sent. */
  readonly bufferedBytes: number
}

export interface Live {
  /** Begins to send; returns how to stop. `welcome` goes first. */
  watch(filter: Filter, sink: LiveSink, welcome?: readonly LiveMessage[]): () => void
  /** Events as they happened; `incidentOf` names the incident of an event, when it has one. */
  publish(batch: ActivityBatch, incidentOf: (eventUid: string) => string | undefined): void
  /** Goes to every watcher, whatever its filter. */
  announce(message: Exclude<LiveMessage, { kind: 'events' }>): void
  readonly watchers: number
  /** Rows that matched and were not sent, since the start. */
  readonly notDrawn: number
}

export interface LiveOptions {
  /** Time from the first row of a message to its leaving, ms. */
  readonly delayMs?: number
  /** Most rows of a message. */
  readonly rows?: number
  /** A watcher with more than this waiting gets nothing but counts. */
  readonly bufferBytes?: number
  /** Wall clock, ms. */
  readonly now?: () => number
}

interface Skipped {
  matched: number
  notDrawn: number
  total: number
}

interface Group {
  readonly key: string
  readonly compiled: CompiledFilter
  readonly watchers: Map<LiveSink, Skipped>
  rows: string[]
  incidentOf: Record<string, string>
  matched: number
  total: number
  newestMs: number
  sentMs: number
  dueMs: number
  timer: NodeJS.Timeout | undefined
}

/** A group in which nothing matches says how many events there were once a second. */
const quietMs = 1000
const encoder = new TextEncoder()

function encodeMessage(message: LiveMessage): Uint8Array {
  return encoder.encode(`data: ${JSON.stringify(message)}\n\n`)
}

export function createLive(options: LiveOptions = {}): Live {
  const { delayMs = 50, rows: mostRows = 200, bufferBytes = 512 * 1024, now = Date.now } = options
  const groups = new Map<string, Group>()
  let notDrawn = 0

  function flush(group: Group): void {
    group.timer = undefined
    group.sentMs = now()
    const { matched, total } = group
    const dropped = matched - group.rows.length
    // Rows once for all; the counts behind them differ for who has missed messages.
    const head = encoder.encode(`data: {"kind":"events","rows":[${group.rows.join(',')}],`)
    const lagMs = group.rows.length === 0 ? 0 : Math.max(0, group.sentMs - group.newestMs)
    const incidentOf = JSON.stringify(group.incidentOf)
    const tail = (of: Skipped): Uint8Array =>
      encoder.encode(
        `"incidentOf":${incidentOf},"notDrawn":${of.notDrawn},"matched":${of.matched},"total":${of.total},"lagMs":${lagMs}}\n\n`,
      )
    const whole = Buffer.concat([head, tail({ matched, notDrawn: dropped, total })])
    notDrawn += dropped * group.watchers.size
    for (const [sink, skipped] of group.watchers) {
      if (sink.bufferedBytes > bufferBytes) {
        skipped.matched += matched
        skipped.notDrawn += matched
        skipped.total += total
        notDrawn += group.rows.length
        continue
      }
      if (skipped.total === 0) sink.write(whole)
      else {
        sink.write(
          Buffer.concat([
            head,
            tail({
              matched: matched + skipped.matched,
              notDrawn: dropped + skipped.notDrawn,
              total: total + skipped.total,
            }),
          ]),
        )
        skipped.matched = skipped.notDrawn = skipped.total = 0
      }
    }
    group.rows = []
    group.incidentOf = {}
    group.matched = 0
    group.total = 0
  }

  return {
    watch(filter, sink, welcome = []) {
      const key = printFilter(filter)
      let group = groups.get(key)
      if (!group) {
        group = {
          key,
          compiled: compileFilter(filter),
          watchers: new Map(),
          rows: [],
          incidentOf: {},
          matched: 0,
          total: 0,
          newestMs: 0,
          sentMs: 0,
          dueMs: 0,
          timer: undefined,
        }
        groups.set(key, group)
      }
      const joined = group
      for (const message of welcome) sink.write(encodeMessage(message))
      joined.watchers.set(sink, { matched: 0, notDrawn: 0, total: 0 })
      return () => {
        joined.watchers.delete(sink)
        if (joined.watchers.size > 0) return
        clearTimeout(joined.timer)
        if (groups.get(key) === joined) groups.delete(key)
      }
    },
    publish(batch, incidentOf) {
      if (batch.rows === 0) return
      for (const group of groups.values()) {
        const matches = group.compiled.forBatch(batch)
        for (let row = 0; row < batch.rows; row++) {
          if (!matches(row)) continue
          group.matched += 1
          if (group.rows.length >= mostRows) continue
          group.rows.push(JSON.stringify(boundedRow(batch.row(row))))
          group.newestMs = Math.max(group.newestMs, batch.timeUs(row) / 1000)
          const uid = batch.eventUid(row)
          const incident = incidentOf(uid)
          if (incident !== undefined) group.incidentOf[uid] = incident
        }
        group.total += batch.rows
        // Armed by the first match; a quiet group's long wait becomes a short one by a match.
        const dueMs =
          group.matched > 0 ? now() + delayMs : Math.max(now() + delayMs, group.sentMs + quietMs)
        if (group.timer === undefined || dueMs < group.dueMs) {
          clearTimeout(group.timer)
          group.dueMs = dueMs
          group.timer = setTimeout(flush, dueMs - now(), group)
        }
      }
    },
    announce(message) {
      const bytes = encodeMessage(message)
      for (const group of groups.values())
        for (const sink of group.watchers.keys())
          // Small and rare, so they still go to a watcher that misses rows; not to one that reads nothing.
          if (sink.bufferedBytes <= 2 * bufferBytes) sink.write(bytes)
    },
    get watchers() {
      let count = 0
      for (const group of groups.values()) count += group.watchers.size
      return count
    },
    get notDrawn() {
      return notDrawn
    },
  }
}
