/**
 * The hub put together: folder and lock, logs, store, pipeline, doors for sensors and for people.
 *
 * Opened in the order in which things need each other and closed in the opposite one, in two seconds at most
 * (`main.ts` sees to that). With a recording to replay there is no door for sensors.
 */
import { setMaxListeners } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import {
  compileRules,
  createDetector,
  createLineage,
  type Detector,
  type Lineage,
} from '@honeyguide/detect'
import { hex, type HubSettings } from '@honeyguide/model'
import type { Logger } from '@honeyguide/model/log'
import { createAccess } from './access/access.ts'
import { ownNames, type OwnNames } from './access/request-origin.ts'
import { createSessionStore } from './access/session-store.ts'
import { createDurableAppend } from './ingest/durable-append.ts'
import { openIngest, type Ingest } from './ingest/ingest.ts'
import { unixTransport } from './ingest/unix-transport.ts'
import { createLive } from './live/live.ts'
import { createSqliteBook } from './pipeline/sqlite-book.ts'
import { openPipeline, type Pipeline, type PipelineSnapshot } from './pipeline/pipeline.ts'
import { snapshotFile } from './pipeline/snapshot-file.ts'
import { createRetention } from './retention.ts'
import { openReplay } from './replay/replay.ts'
import { readRuleFiles } from './rule-files.ts'
import { createApp } from './serve/app.ts'
import { openTcpDoor, openUnixDoor } from './serve/listen.ts'
import type { Metric } from './serve/metrics-text.ts'
import { openSpool, type Spool } from './spool/index.ts'
import { createAuditLog } from './state/audit-log.ts'
import { openStateDatabase } from './state/state-database.ts'
import { lockState } from './state/state-lock.ts'
import { openDuckdbStore } from './store/duckdb/client.ts'
import type { EventStore } from './store/store.ts'

export interface HubOptions {
  readonly settings: HubSettings
  readonly version: string
  readonly log: Logger
  /** Wall clock, ms. */
  readonly now?: () => number
  /** Least time between two snapshots of detection, ms. */
  readonly snapshotMs?: number
}

export interface Hub extends AsyncDisposable {
  /** Of the page: `http://127.0.0.1:7461`. */
  readonly address: string
  readonly spool: Spool
  readonly pipeline: Pipeline
  readonly store: EventStore
  /** Rejects when a part has ended that the hub cannot do without. */
  readonly ended: Promise<void>
}

/** Throws HG_STATE_LOCKED, HG_STATE_FORMAT, and what listening throws. */
export async function openHub(options: HubOptions): Promise<Hub> {
  const { settings, version, log, now = Date.now } = options
  const { stateDir } = settings
  const startedMs = now()
  const stop = new AbortController()
  const { signal } = stop
  // Every live view listens to it.
  setMaxListeners(0, signal)
  await using opened = new AsyncDisposableStack()

  opened.use(await lockState(stateDir))
  if (settings.replay) {
    // A recording is shown from its beginning, and is not added to what was there.
    for (const name of [
      'spool',
      'derived',
      'store',
      'pipeline',
      ...['', '-wal', '-shm'].map((end) => `state.sqlite${end}`),
    ])
      await rm(join(stateDir, name), { recursive: true, force: true })
  }
  const spool = opened.use(await openSpool(join(stateDir, 'spool')))
  const derived = opened.use(await openSpool(join(stateDir, 'derived')))
  const database = openStateDatabase(join(stateDir, 'state.sqlite'))
  opened.defer(() => database.close())
  const access = createAccess(createSessionStore(database), now)
  const book = createSqliteBook(database)

  const files = await readRuleFiles(settings.rulesDirs)
  const rules = compileRules(files.sources)
  const refused = [
    ...files.refused,
    ...rules.refused.map(({ file, error }) => ({ file, message: error.detail })),
  ]
  for (const { file } of refused) log.warn(`A rule could not be loaded: ${file}`)

  await mkdir(join(stateDir, 'store'), { recursive: true, mode: 0o700 })
  const store = opened.use(
    settings.store.kind === 'memory'
      ? // Loads DuckDB into this process (40 MB): only when asked for.
        await (
          await import('./store/memory/memory-store.ts')
        ).openMemoryStore({ spool, derived, memoryBytes: settings.store.memoryBytes })
      : await openDuckdbStore({
          path: join(stateDir, 'store', 'events.duckdb'),
          spool,
          derived,
          processBytes: settings.store.processBytes,
          memoryBytes: settings.store.memoryBytes,
          onLog: (line) => process.stderr.write(`${line}\n`),
        }),
  )

  const lineage = createLineage()
  const detector = createDetector({ rules })
  const live = createLive({ now })
  const reader = opened.use(spool.reader())
  const pipeline = opened.use(
    await openPipeline({
      reader,
      begin: spool.begin,
      derived: createDurableAppend(derived, log.child('derived')),
      lineage,
      detector,
      live,
      book,
      snapshots: snapshotFile<PipelineSnapshot>(join(stateDir, 'pipeline', 'snapshot')),
      log: log.child('pipeline'),
      signal,
      now,
      ...(options.snapshotMs === undefined ? {} : { snapshotMs: options.snapshotMs }),
    }),
  )
  opened.use(
    createRetention({
      spool,
      derived,
      store,
      pipelinePassed: () => pipeline.passed,
      capBytes: settings.store.capBytes,
      log: log.child('retention'),
      now,
    }),
  )

  let ingest: Ingest | undefined
  let own: OwnNames = ownNames(settings.listen.host, settings.hostNames, settings.listen.port)
  let address = ''
  const app = createApp({
    version,
    hubHostname: hostname(),
    startedMs,
    pageDir: settings.pageDir,
    recorded: settings.replay?.label ?? null,
    access,
    audit: createAuditLog(
      database,
      { keepMs: settings.audit.keepDays * 86_400_000, bytes: settings.audit.bytes },
      now(),
    ),
    pipeline,
    live,
    book,
    store,
    spool,
    isDiskFull: () => ingest?.isDiskFull ?? false,
    rules: { loaded: rules.rules.length, refused },
    metrics: () => [...ingestMetrics(ingest), ...detectorMetrics(detector, lineage)],
    own: () => own,
    address: () => address,
    log: log.child('serve'),
    signal,
    now,
  })
  function listener(trusted: boolean): RequestListener {
    const answer = getRequestListener((request, env) => app.fetch(request, { ...env, trusted }), {
      // A request without a Host header becomes one for this name, which is not ours: refused.
      hostname: 'no-host.invalid',
    })
    return (request, response) => void answer(request, response)
  }
  const page = opened.use(
    await openTcpDoor(listener(false), settings.listen.host, settings.listen.port),
  )
  own = ownNames(settings.listen.host, settings.hostNames, page.port)
  address = page.address
  opened.use(await openUnixDoor(listener(true), settings.apiSocket))

  function announceSensors(): void {
    const { known, up } = pipeline.fleet.sensors(now())
    live.announce({ kind: 'status', sensors: known, sensorsUp: up })
  }

  if (settings.replay) {
    opened.use(
      await openReplay({ ...settings.replay, spool, log: log.child('replay'), signal, now }),
    )
  } else {
    ingest = opened.use(
      await openIngest({
        spool,
        transport: unixTransport(settings.uplinkSocket),
        quarantineDir: join(stateDir, 'quarantine'),
        events: {
          hello(hello) {
            pipeline.fleet.heard(hex(hello.sensor), now())
            announceSensors()
          },
          heard(sensor, atMs) {
            if (pipeline.fleet.heard(sensor, atMs)) announceSensors()
          },
          closed(sensor) {
            pipeline.fleet.disconnected(sensor)
            announceSensors()
          },
        },
        log: log.child('ingest'),
        signal,
        now,
      }),
    )
  }
  // First of all that ends: live views and sensors let go.
  opened.defer(() => stop.abort())

  const parts = opened.move()
  return {
    address,
    spool,
    pipeline,
    store,
    ended: pipeline.ended,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** What detection keeps, and what it let go for want of room: all of the latter are 0 in ordinary life. */
function detectorMetrics(detector: Detector, lineage: Lineage): Metric[] {
  const of = detector.counts()
  const graph = lineage.counts()
  return [
    {
      name: 'detection_kept',
      help: 'What detection holds in memory.',
      type: 'gauge',
      samples: [
        { labels: { what: 'candidates' }, value: of.candidates },
        { labels: { what: 'open_incidents' }, value: of.openIncidents },
        { labels: { what: 'processes' }, value: graph.processes },
        { labels: { what: 'sockets' }, value: graph.sockets },
      ],
    },
    {
      name: 'detection_dropped_total',
      help: 'What detection no longer keeps or follows, for want of room.',
      type: 'counter',
      samples: [
        { labels: { what: 'candidates' }, value: of.evictedCandidates },
        { labels: { what: 'members' }, value: of.evictedMembers },
        { labels: { what: 'events' }, value: of.droppedEvents },
        { labels: { what: 'findings' }, value: of.untoldFindings },
        { labels: { what: 'processes' }, value: graph.evictedProcesses },
        { labels: { what: 'images' }, value: graph.evictedImages },
        { labels: { what: 'sockets' }, value: graph.evictedSockets },
      ],
    },
  ]
}

function ingestMetrics(ingest: Ingest | undefined): Metric[] {
  if (!ingest) return []
  const { counters } = ingest
  const counter = (name: string, help: string, value: number): Metric => ({
    name,
    help,
    type: 'counter',
    samples: [{ value }],
  })
  return [
    counter('ingest_connections_total', 'Connections of sensors.', counters.connections),
    counter(
      'ingest_refused_connections_total',
      'Connections closed for what they sent.',
      counters.refusedConnections,
    ),
    counter('ingest_frames_total', 'Frames of sensors.', counters.frames),
    counter('ingest_batches_total', 'Batches taken from sensors.', counters.batches),
    counter('ingest_batch_bytes_total', 'Bytes of these.', counters.batchBytes),
    counter('ingest_repeated_batches_total', 'Batches that came again.', counters.repeatedBatches),
    counter(
      'ingest_invalid_batches_total',
      'Batches that could not be read.',
      counters.invalidBatches,
    ),
    counter('ingest_missing_batches_total', 'Batches that never came.', counters.missingBatches),
    {
      name: 'ingest_held_bytes',
      help: 'Bytes read from sensors and not yet durable.',
      type: 'gauge',
      samples: [{ value: ingest.heldBytes }],
    },
  ]
}
