/** Builds the port's answers from a backend's: times as ISO 8601, losses as evidence. */
import {
  eventClasses,
  HoneyguideError,
  isoMicros,
  views,
  type EventGroup,
  type Evidence,
  type Gap,
  type OcsfColumn,
  type ProcessNode,
  type ViewName,
} from '@honeyguide/model'
import { mayHide } from '../fleet/may-hide.ts'
import type { StoreBackend } from './backend.ts'
import { askLimits } from './duckdb/ask.ts'
import { allowedFunctions } from './guard/functions.ts'
import { huntExamples } from './guard/examples.ts'
import type { EventStore, Span } from './store.ts'
import type { Interval } from './duckdb/intervals.ts'
import type { ProcessMark } from './duckdb/process-tree.ts'
import type { EventCount, LossRow } from './duckdb/questions.ts'
import { columnSqlTypes } from './duckdb/view-sql.ts'

const gapsShown = 100
/** Before and after every event that there can be, µs. */
const beginUs = 0
const endUs = 253_402_300_799_000_000

const viewDocs = {
  ...Object.fromEntries(eventClasses.map(({ view, doc }) => [view, doc])),
  detection_finding: 'What rules found.',
  incident_finding: 'Findings that belong together, one row per incident as it stands.',
  losses: 'What was not seen, by host, hook and reason.',
  processes: 'Every process image, from its start to its end.',
  provenance: 'Where files come from that ran or were mapped as code: package, digests, times.',
} as Readonly<Record<ViewName, string>>

function iso(us: number): string {
  return new Date(Math.floor(us / 1000)).toISOString()
}

const isoOrNull = (us: number | null): string | null => (us === null ? null : iso(us))

function interval(span: Span): Interval {
  return {
    fromUs: span.fromMs * 1000,
    // The last ms is meant as a whole.
    toUs: span.toMs * 1000 + 999,
    ...(span.hosts === undefined ? {} : { hosts: span.hosts }),
  }
}

function evidenceOf(
  losses: readonly LossRow[],
  counts: readonly EventCount[],
  trimmed: Gap | undefined,
): Evidence {
  const gaps: Gap[] = losses.map((loss) => ({
    host: loss.host,
    hook: loss.hook,
    reason: loss.reason,
    from: iso(loss.fromUs),
    to: iso(loss.toUs),
    offered: loss.offered,
    lost: loss.lost,
    mayHide: mayHide(loss.hook),
  }))
  if (trimmed) gaps.push(trimmed)
  const lost = losses.reduce((sum, loss) => sum + loss.lost, 0)
  return {
    complete: gaps.length === 0,
    offered: counts.reduce((sum, { count }) => sum + count, 0) + lost,
    lost,
    gaps: gaps.slice(0, gapsShown),
    gapCount: gaps.length,
  }
}

const endpoint = (ip: string, port: number): string =>
  `${ip.includes(':') ? `[${ip}]` : ip}:${port}`

function markLabel({ sign, text, port }: ProcessMark): string {
  return port === 0 ? `${sign} ${text}` : `${sign} ${endpoint(text, port)}`
}

/** Runs at most `most` at a time, in order; refuses when `queue` wait already. */
function limiter(most: number, queue: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0
  const waiting: (() => void)[] = []
  return async (work) => {
    if (running >= most) {
      if (waiting.length >= queue)
        throw new HoneyguideError(
          'HG_SQL_CANCELLED',
          `${queue} other queries wait already; ask again in a moment.`,
        )
      await new Promise<void>((resume) => waiting.push(resume))
    }
    running += 1
    try {
      return await work()
    } finally {
      running -= 1
      waiting.shift()?.()
    }
  }
}

export function createEventStore(backend: StoreBackend): EventStore {
  const limited = limiter(2, 32)

  async function evidence(of: Interval, counted = true): Promise<Evidence> {
    const [losses, counts, size] = await Promise.all([
      backend.call('losses', of),
      counted ? backend.call('counts', of) : [],
      backend.call('size'),
    ])
    const { trimmedToUs } = size
    // What retention took is no loss, but an answer over it is not the whole story either.
    const trimmed: Gap | undefined =
      trimmedToUs !== null && of.fromUs < trimmedToUs
        ? {
            host: '',
            hook: 'retention',
            reason: 'retention',
            // When the first of them happened is not known any more.
            from: iso(of.fromUs === beginUs ? trimmedToUs : of.fromUs),
            to: iso(Math.min(trimmedToUs, of.toUs)),
            offered: 0,
            lost: 0,
            mayHide:
              'It may hide anything from before: older events were removed to keep within the disk cap.',
          }
        : undefined
    return evidenceOf(losses, counts, trimmed)
  }

  return {
    kind: backend.kind,
    get state() {
      return backend.state
    },
    onState: (listener) => backend.onState(listener),
    caughtUp(offsets, signal) {
      const reached = (): boolean =>
        backend.state.taken.spool >= (offsets.spool ?? 0) &&
        backend.state.taken.derived >= (offsets.derived ?? 0)
      return new Promise<void>((resolve, reject) => {
        if (reached()) {
          resolve()
          return
        }
        const stop = backend.onState(() => {
          if (!reached()) return
          end()
          resolve()
        })
        const aborted = (): void => {
          end()
          reject(signal?.reason as Error)
        }
        const end = (): void => {
          stop()
          signal?.removeEventListener('abort', aborted)
        }
        signal?.addEventListener('abort', aborted, { once: true })
      })
    },
    hunt: (sql, limit) =>
      limited(async () => {
        const {
          fromUs,
          toUs,
          views: read,
          ...answer
        } = await backend.call('ask', sql, limit ?? askLimits.rows)
        const reads = read.some((view) => view !== 'losses')
        const stored = await backend.call('size')
        return {
          ...answer,
          from: isoOrNull(fromUs ?? (reads ? stored.oldestUs : null)),
          to: isoOrNull(toUs ?? (reads ? stored.newestUs : null)),
          evidence: reads
            ? await evidence({ fromUs: fromUs ?? beginUs, toUs: toUs ?? endUs })
            : { complete: true, offered: 0, lost: 0, gaps: [], gapCount: 0 },
        }
      }),
    evidence: (span) => evidence(interval(span)),
    async evidenceByKind(span) {
      const of = interval(span)
      const [losses, counts] = await Promise.all([
        backend.call('losses', of),
        backend.call('counts', of),
      ])
      const kinds = new Map<string, { offered: number; lost: number }>()
      const at = (kind: string): { offered: number; lost: number } => {
        let entry = kinds.get(kind)
        if (!entry) kinds.set(kind, (entry = { offered: 0, lost: 0 }))
        return entry
      }
      for (const { hook, count } of counts) at(hook).offered += count
      for (const { hook, lost } of losses) {
        at(hook).offered += lost
        at(hook).lost += lost
      }
      return [...kinds].map(([kind, entry]) => ({ kind, ...entry }))
    },
    async timeline({ filter, ...span }, buckets) {
      const of = interval(span)
      const most = Math.max(1, Math.min(Math.floor(buckets), 2000))
      const [found, told] = await Promise.all([
        backend.call('timeline', filter === undefined ? of : { ...of, filter }, most),
        evidence(of),
      ])
      const groups: Partial<Record<EventGroup, (number | null)[]>> = {}
      // A bucket in which one group has events was seen: of the others there were none.
      const seen = Array.from({ length: most }, (): number | null => null)
      for (const { at } of found) seen[at] = 0
      for (const { at, group, count } of found) {
        groups[group] ??= seen.slice()
        groups[group][at] = (groups[group][at] ?? 0) + count
      }
      return {
        from: iso(of.fromUs),
        to: iso(of.toUs),
        bucketMs: Math.max(1, Math.ceil((of.toUs - of.fromUs) / most / 1000)),
        groups,
        evidence: told,
      }
    },
    async events({ filter, limit, beforeMs, ...span }) {
      const of = interval(span)
      const [page, told] = await Promise.all([
        backend.call('events', {
          ...of,
          filter,
          limit,
          ...(beforeMs === undefined ? {} : { beforeUs: beforeMs * 1000 + 999 }),
        }),
        evidence(of),
      ])
      return { ...page, evidence: told }
    },
    event: (uid) => backend.call('event', uid),
    async processes({ host, fromMs, toMs, limit, root }) {
      const of = interval({ fromMs, toMs, hosts: [host] })
      const [found, told] = await Promise.all([
        backend.call('processes', { ...of, limit, ...(root === undefined ? {} : { root }) }),
        evidence(of),
      ])
      const nodes: ProcessNode[] = found.rows.map((row) => ({
        uid: row.uid,
        parentUid: row.parentUid,
        pid: row.pid,
        name: row.name,
        cmdLine: row.cmdLine,
        filePath: row.filePath,
        user: row.user,
        unit: row.unit,
        container: row.container,
        start: isoMicros(row.startUs),
        end: row.endUs === null ? null : isoMicros(row.endUs),
        exitCode: row.exitCode,
        exitSignal: row.exitSignal,
        flags: row.flags,
        filePackage: row.filePackage,
        fileIntegrity: row.fileIntegrity,
        writer: row.writer && {
          uid: row.writer.uid,
          pid: row.writer.pid,
          name: row.writer.name,
          time: isoMicros(row.writer.timeUs),
          remote: row.writer.remote && endpoint(row.writer.remote.ip, row.writer.remote.port),
        },
        incidentUid: null,
        marks: row.marks.map((mark) => ({
          time: isoMicros(mark.timeUs),
          kind: mark.kind,
          label: markLabel(mark),
          eventUid: mark.eventUid,
        })),
        hiddenChildren: row.hiddenChildren,
      }))
      return {
        host,
        from: iso(of.fromUs),
        to: iso(of.toUs),
        nodes,
        total: found.total,
        evidence: told,
      }
    },
    async sizes() {
      const size = await backend.call('size')
      const ms = (us: number | null): number | null => (us === null ? null : Math.floor(us / 1000))
      return {
        bytes: size.bytes,
        rows: size.rows,
        oldestMs: ms(size.oldestUs),
        newestMs: ms(size.newestUs),
        trimmedToMs: ms(size.trimmedToUs),
      }
    },
    async schema() {
      const { rows } = await backend.call('size')
      return {
        views: (Object.keys(views) as ViewName[]).map((name) => ({
          name,
          doc: viewDocs[name],
          rows: rows[name],
          columns: Object.entries<OcsfColumn>(views[name]).map(([column, { type, doc }]) => ({
            name: column,
            type: columnSqlTypes[type],
            doc,
          })),
        })),
        functions: [...allowedFunctions].filter((name) => /^[a-z]/.test(name)).sort(),
        examples: huntExamples,
      }
    },
    retain: (beforeMs) => backend.call('retain', beforeMs * 1000),
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
  }
}
