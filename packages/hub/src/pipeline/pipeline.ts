/**
 * Follows the log and makes of it what people see: lineage, live rows, findings, incidents, the fleet.
 *
 *   log record ─▶ decode ─▶ lineage ─▶ normalise ─▶ detect ─▶ live ▸ watchers
 *                   └─▶ fleet                         └─▶ findings ▸ derived log, incidents ▸ book
 *
 * What always holds: everything here is a function of the log up to `at`. A snapshot of it with its offset is
 * saved now and then, only after what was derived up to there is durable; a start restores it and reads on.
 * While that is taken no record is (some ms, in slices); while it is written they are.
 * What is then derived again has the same uids, so it writes over itself. Nothing runs while the log rests.
 */
import { decodeBatch, hex, HoneyguideError, type Gap, type LossReasonName } from '@honeyguide/model'
import { decodeFrameBody, type Hello } from '@honeyguide/model/frames'
import type { Logger } from '@honeyguide/model/log'
import {
  findingRow,
  lineageVersion,
  packHost,
  sentenceText,
  tacticName,
  type Detector,
  type DetectorResult,
  type DetectorSnapshot,
  type HeldHost,
  type Lineage,
  type SavedPart,
} from '@honeyguide/detect'
import { createFleet, type Fleet, type SavedFleet } from '../fleet/fleet.ts'
import type { DurableAppend } from '../ingest/durable-append.ts'
import type { Live } from '../live/live.ts'
import { normalise } from '../normalise/normalise.ts'
import type { Chunk, LogReader, LogRecord, RefusedBatch } from '../spool/index.ts'
import { encodeDerived, type DerivedLine } from './derived-lines.ts'
import type { IncidentBook } from './incident-book.ts'
import { createIncidentIndex, type IncidentIndex } from './incident-index.ts'
import { incidentLine } from './incident-row.ts'
import type { Piece, SnapshotFile } from './snapshot-file.ts'

/** The lineage of each host is a piece beside it. */
export interface PipelineSnapshot {
  readonly version: 2
  /** Everything before this offset of the log is in it. */
  readonly at: number
  readonly lineageVersion: number
  readonly detector: DetectorSnapshot
  readonly fleet: SavedFleet
}

export interface PipelineParts {
  readonly reader: LogReader
  /** First offset that the log still has. */
  readonly begin: number
  readonly derived: DurableAppend
  readonly lineage: Lineage
  readonly detector: Detector
  readonly live: Live
  readonly book: IncidentBook
  readonly snapshots: SnapshotFile<PipelineSnapshot>
  readonly log: Logger
  readonly signal: AbortSignal
  /** Wall clock, ms. */
  readonly now?: () => number
  /** Least time between two snapshots, ms; 10 s by default: what a killed hub reads again. */
  readonly snapshotMs?: number
}

export interface PipelineCounters {
  batches: number
  events: number
  findings: number
  incidentChanges: number
  refusedBatches: number
  damagedStretches: number
  snapshots: number
}

export function zeroCounters(): PipelineCounters {
  return {
    batches: 0,
    events: 0,
    findings: 0,
    incidentChanges: 0,
    refusedBatches: 0,
    damagedStretches: 0,
    snapshots: 0,
  }
}

export interface Pipeline extends AsyncDisposable {
  readonly fleet: Fleet
  readonly incidents: IncidentIndex
  /** Offset up to which the log is in what this shows. */
  readonly at: number
  /** Offset up to which the log is not needed any more: that of the last snapshot. */
  readonly passed: number
  readonly counters: Readonly<PipelineCounters>
  /** Resolves when everything before `offset` is taken in. */
  reach(offset: number): Promise<void>
  /** Appends a line to the derived log, for what people change. Resolves when durable. */
  derive(line: DerivedLine): Promise<void>
  /** Rejects when the pipeline has ended for a reason that is not its signal. */
  readonly ended: Promise<void>
}

const zeros = new Uint8Array(16)
/** Other work gets its turn at least this often while a backlog is read, ms. */
const turnMs = 10
const mostLines = 500
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** Incidents whose last announcement is remembered. */
const mostAnnounced = 5000

function parseRefused(body: Uint8Array): RefusedBatch | undefined {
  try {
    return JSON.parse(Buffer.from(body).toString()) as RefusedBatch
  } catch {
    return undefined
  }
}

function decodeHello(body: Uint8Array): Hello | undefined {
  try {
    const frame = decodeFrameBody(body)
    return frame.kind === 'hello' ? frame.hello : undefined
  } catch {
    return undefined
  }
}

/** Restores what was saved, then follows the log until `signal` aborts. */
export async function openPipeline(parts: PipelineParts): Promise<Pipeline> {
  const { reader, lineage, detector, live, book, log, snapshots, now = Date.now } = parts
  const snapshotMs = parts.snapshotMs ?? 10_000
  const stopping = new AbortController()
  const signal = AbortSignal.any([parts.signal, stopping.signal])
  const incidents = createIncidentIndex()
  const counters = zeroCounters()

  let at = parts.begin
  let fleet = createFleet()
  try {
    const saved = await snapshots.load()
    if (saved) {
      if (saved.content.version !== 2 || saved.content.at > reader.end)
        throw new RangeError('it does not fit the log')
      const parts = saved.pieces as readonly (readonly SavedPart[])[]
      fleet = createFleet(saved.content.fleet)
      lineage.restore({ version: saved.content.lineageVersion, hosts: parts })
      // Last, as it takes nothing of what it refuses.
      detector.restore(saved.content.detector)
      at = saved.content.at
      saved.keep()
    }
  } catch (error) {
    // Damaged or of another version: the log has it all, as far as it reaches back.
    log.warn('The saved state of detection cannot be used; the log is read again.', {
      error: error as Error,
    })
    lineage.restore({ version: lineageVersion, hosts: [] })
    fleet = createFleet()
  }
  for (const { incident } of book.list()) incidents.take({ incident, mergedInto: null })

  let passed = at
  /** Watchers have seen what was there before this start. */
  const liveFrom = reader.end
  const outstanding = new Set<Promise<unknown>>()
  let waiting: { readonly offset: number; readonly resume: () => void }[] = []
  let snapshotTimer: NodeJS.Timeout | undefined
  let snapshotDueMs = 0
  let snapshotting: Promise<void> | undefined
  /** Set while lineage is being held: no record is taken then. */
  let holding: Promise<void> | undefined
  const severities = new Map<string, string>()

  function append(lines: readonly DerivedLine[]): Promise<void> {
    const appended = parts.derived
      .append(
        {
          kind: 'derived',
          sensor: zeros,
          boot: zeros,
          run: 0,
          sequence: 0n,
          receivedNs: BigInt(now()) * 1_000_000n,
          body: encodeDerived(lines),
        },
        signal,
      )
      .then(() => undefined)
    // A failure leaves the snapshot where it is, so that the next start derives it again.
    outstanding.add(appended)
    void appended.then(
      () => outstanding.delete(appended),
      () => undefined,
    )
    return appended
  }

  function conclude(result: DetectorResult): void {
    const lines: DerivedLine[] = result.findings.map((finding) => ({
      view: 'detection_finding',
      uid: finding.uid,
      row: findingRow(finding, tacticName),
    }))
    counters.findings += result.findings.length
    if (result.incidents.length > 0) {
      counters.incidentChanges += result.incidents.length
      book.upsert(result.incidents)
      for (const change of result.incidents) {
        const { incident, mergedInto } = change
        incidents.take(change)
        if (mergedInto !== null) {
          lines.push({ view: 'incident_finding', uid: incident.uid, row: null })
          continue
        }
        const status = book.get(incident.uid)?.status ?? 'new'
        lines.push(incidentLine(incident, status))
        const said = `${incident.severity}/${incident.steps.length}`
        if (severities.get(incident.uid) === said) continue
        severities.set(incident.uid, said)
        const oldest = severities.size > mostAnnounced ? severities.keys().next().value : undefined
        if (oldest !== undefined) severities.delete(oldest)
        live.announce({
          kind: 'incident',
          uid: incident.uid,
          severity: incident.severity,
          title: sentenceText(incident.title),
        })
      }
    }
    for (let from = 0; from < lines.length; from += mostLines)
      append(lines.slice(from, from + mostLines)).catch(() => undefined)
  }

  function announceGaps(gaps: readonly Gap[]): void {
    for (const gap of gaps) live.announce({ kind: 'gap', gap })
  }

  function takeBatch(record: LogRecord): void {
    const receivedMs = Number(record.receivedNs / 1_000_000n)
    const batch = decodeBatch(record.body)
    announceGaps(fleet.apply(batch, receivedMs))
    lineage.apply(batch)
    const rows = normalise(batch, lineage, fleet.hostname(hex(batch.sensor)))
    conclude(detector.apply(rows, lineage))
    counters.batches += 1
    counters.events += rows.rows
    if (record.offset >= liveFrom) live.publish(rows, incidents.ofEvent)
  }

  function lose(deviceUid: string, reason: LossReasonName, fromMs: number, toMs: number): void {
    announceGaps([
      fleet.lose({ deviceUid, hook: 'batch', reason, fromMs, toMs, offered: 1, lost: 1 }),
    ])
  }

  function take(record: LogRecord): void {
    const receivedMs = Number(record.receivedNs / 1_000_000n)
    switch (record.kind) {
      case 'hello': {
        const hello = decodeHello(record.body)
        if (hello) fleet.hello(hello, receivedMs)
        return
      }
      case 'refused': {
        counters.refusedBatches += 1
        const told = parseRefused(record.body)
        const ms = (ns: string | undefined): number =>
          ns !== undefined && /^\d{1,20}$/.test(ns) ? Number(BigInt(ns) / 1_000_000n) : receivedMs
        lose(
          hex(record.sensor),
          told?.bytes === 0 ? 'batch_missing' : 'batch_invalid',
          ms(told?.fromNs),
          ms(told?.toNs),
        )
        return
      }
      case 'batch':
        try {
          takeBatch(record)
        } catch (error) {
          // Ingest has read it before; so this is a bug of ours or of the disk, and must not stop the rest.
          counters.refusedBatches += 1
          log.error('A batch of the log could not be taken in.', { error: error as Error })
          if (error instanceof HoneyguideError)
            lose(hex(record.sensor), 'batch_invalid', receivedMs, receivedMs)
        }
        return
      case 'derived':
        return
    }
  }

  function takeSnapshot(): Promise<void> {
    snapshotting ??= saveSnapshot().finally(() => {
      snapshotting = undefined
    })
    return snapshotting
  }

  /** Every host's lineage as of now; those that have changed are taken hold of, in slices. */
  async function holdHosts(): Promise<Piece[]> {
    const pieces: Piece[] = []
    let since = performance.now()
    for (const [name, revision] of lineage.revisions()) {
      if (snapshots.has(name, revision)) {
        pieces.push({ name, revision, parts: [] })
        continue
      }
      const steps = lineage.hold(name)
      let held: HeldHost | undefined
      while (!held) {
        held = steps.next().value
        if (performance.now() - since < turnMs) continue
        await nextTurn()
        since = performance.now()
      }
      pieces.push({ name, revision, parts: packHost(held) })
    }
    return pieces
  }

  async function saveSnapshot(): Promise<void> {
    if (at === passed) return
    const started = performance.now()
    try {
      const content: PipelineSnapshot = {
        version: 2,
        at,
        lineageVersion,
        detector: detector.snapshot(),
        fleet: fleet.save(),
      }
      // In the same turn: the book as it is at this offset, before the offset is remembered.
      book.flush()
      const derivedBefore = Promise.all(outstanding)
      const pieces = holdHosts()
      const release = () => {
        holding = undefined
      }
      holding = pieces.then(release, release)
      await snapshots.save(content, pieces, derivedBefore)
      passed = content.at
      counters.snapshots += 1
    } catch (error) {
      if (!signal.aborted)
        log.warn('The state of detection could not be saved.', { error: error as Error })
    } finally {
      // A large state is saved less often: at most a fiftieth of the time goes into it.
      snapshotDueMs = now() + Math.max(snapshotMs, (performance.now() - started) * 50)
    }
  }

  /** Armed by work, so that an idle hub has no timer. */
  function armSnapshot(): void {
    if (snapshotTimer !== undefined || signal.aborted) return
    if (snapshotDueMs === 0) snapshotDueMs = now() + snapshotMs
    snapshotTimer = setTimeout(
      () => {
        snapshotTimer = undefined
        // Whoever comes after a pipeline that was ended has the file and the book to itself.
        if (!signal.aborted) void takeSnapshot()
      },
      Math.max(0, snapshotDueMs - now()),
    )
  }

  async function takeChunk(chunk: Chunk): Promise<void> {
    let since = performance.now()
    for (const record of chunk.records) {
      while (holding) await holding
      if (signal.aborted) return
      take(record)
      at = record.next
      if (performance.now() - since > turnMs) {
        await nextTurn()
        if (signal.aborted) return
        since = performance.now()
      }
    }
    while (holding) await holding
    for (const damage of chunk.damage) {
      counters.damagedStretches += 1
      log.error('A stretch of the log could not be read.', {
        from: damage.from,
        to: damage.to,
        why: damage.why,
      })
      lose('', 'log_damaged', now(), now())
    }
    at = chunk.next
    const reached = waiting.filter(({ offset }) => offset <= at)
    waiting = waiting.filter(({ offset }) => offset > at)
    for (const { resume } of reached) resume()
    if (chunk.records.length > 0) armSnapshot()
  }

  async function run(): Promise<void> {
    for await (const chunk of reader.follow(at, signal)) await takeChunk(chunk)
  }

  const ended = run()
  ended.catch((error: unknown) => {
    log.error('Detection has stopped.', { error: error as Error })
  })
  return {
    get fleet() {
      return fleet
    },
    incidents,
    get at() {
      return at
    },
    get passed() {
      return passed
    },
    counters,
    reach(offset) {
      if (offset <= at) return Promise.resolve()
      return new Promise<void>((resolve) => {
        waiting.push({ offset, resume: resolve })
      })
    },
    derive: (line) => append([line]),
    ended,
    async [Symbol.asyncDispose]() {
      clearTimeout(snapshotTimer)
      // While appends still work, so that the next start has nothing to replay. One that is under way is of an
      // earlier offset.
      await snapshotting
      await takeSnapshot()
      await Promise.allSettled(outstanding)
      stopping.abort()
      await ended.catch(() => undefined)
      clearTimeout(snapshotTimer)
    },
  }
}
