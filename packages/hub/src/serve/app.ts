/**
 * The API of `@honeyguide/model` (api.ts) and the page, as one Hono application.
 *
 * The same routes behind two doors: over TCP with Host, Origin and session checked on every request,
 * event streams included; over the unix socket (`trusted`) with none of it, as who can open it may.
 */
import { Hono, type Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import {
  HoneyguideError,
  parseFilter,
  type AuditAnswer,
  type EventsAnswer,
  type IncidentsAnswer,
  type LinkAnswer,
  type Me,
  type ProcessesAnswer,
  type Status,
  type Timeline,
} from '@honeyguide/model'
import type { Logger } from '@honeyguide/model/log'
import type { Access } from '../access/access.ts'
import { checkRequestOrigin, type OwnNames } from '../access/request-origin.ts'
import { boundedRow, boundedText } from '../live/bounded-row.ts'
import type { Live } from '../live/live.ts'
import type { IncidentBook } from '../pipeline/incident-book.ts'
import { incidentLine } from '../pipeline/incident-row.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import type { AuditLog } from '../state/audit-log.ts'
import type { EventStore } from '../store/store.ts'
import { errorAnswer } from './api-error.ts'
import { sendEventStream } from './event-stream.ts'
import {
  incidentAnswer,
  incidentSummary,
  openIncidentsByHost,
  readIncidentChange,
} from './incident-answers.ts'
import { metricsText, type Metric } from './metrics-text.ts'
import { Query } from './query.ts'
import { readAway } from './read-away.ts'
import { securityHeaders } from './security-headers.ts'
import { readPageFile } from './static-page.ts'

export interface ServeParts {
  readonly version: string
  readonly hubHostname: string
  readonly startedMs: number
  readonly pageDir: string
  /** The words that say so, when a recording is shown. */
  readonly recorded: string | null
  readonly access: Access
  readonly audit: AuditLog
  readonly pipeline: Pipeline
  readonly live: Live
  readonly book: IncidentBook
  readonly store: EventStore
  readonly spool: { readonly bytes: number; readonly end: number }
  /** Whether sensors are held back by a full disk. */
  readonly isDiskFull: () => boolean
  readonly rules: Status['rules']
  /** More metrics of the hub's other parts. */
  readonly metrics: () => readonly Metric[]
  /** Names and port of the page; known once it listens. */
  readonly own: () => OwnNames
  /** `http://127.0.0.1:7461`. */
  readonly address: () => string
  readonly log: Logger
  readonly signal: AbortSignal
  readonly now: () => number
}

type Environment = { Bindings: HttpBindings & { readonly trusted: boolean } }
type Ctx = Context<Environment>

const mostBody = 64 * 1024
const mostSql = 32 * 1024
/** How long what was found of the audit log is taken to hold. */
const auditCheckMs = 600_000
/** Characters of the detail of an audit entry. */
const mostDetail = 2000
/** With what may wait for each (`live.ts`): 32 MiB at most. */
const mostWatchers = 32
const hourMs = 3_600_000
const behindBytes = 1024 * 1024
/** Rows of `processes` that make a tree. */
const mostProcesses = 2000

function cookieName(own: OwnNames): string {
  // Cookies do not know ports: two hubs of one machine must not sign each other out.
  return `hg_session_${own.port}`
}

function readCookie(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(';') ?? []) {
    const at = part.indexOf('=')
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return undefined
}

async function readJson(c: Ctx): Promise<unknown> {
  if (!/^application\/json\b/i.test(c.req.header('content-type') ?? ''))
    throw new HoneyguideError('HG_REQUEST_INVALID', 'The body is not application/json.')
  try {
    return (await c.req.json()) as unknown
  } catch (cause) {
    throw new HoneyguideError('HG_REQUEST_INVALID', 'The body is not JSON.', { cause })
  }
}

function field(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null
    ? (body as Record<string, unknown>)[name]
    : undefined
}

/** There are no accounts: the holder of a session, or whoever may open the unix socket. */
const localUser = 'local'

const iso = (ms: number): string => new Date(ms).toISOString()

export function createApp(parts: ServeParts): Hono<Environment> {
  const { access, audit, pipeline, live, book, store, log, now } = parts
  const app = new Hono<Environment>()
  const counts = new Map<number, number>()

  /** End of the session of a request; null on the unix socket. Throws HG_AUTH_REQUIRED. */
  function sessionEnd(c: Ctx): number | null {
    if (c.env.trusted) return null
    const session = readCookie(c.req.header('cookie'), cookieName(parts.own()))
    const end = session === undefined ? undefined : access.sessionEnd(session)
    if (end === undefined) throw new HoneyguideError('HG_AUTH_REQUIRED')
    return end
  }

  function query(c: Ctx): Query {
    return new Query(new URL(c.req.url).searchParams, now())
  }

  /** Hosts of a request as device uids; undefined for all. */
  function hostsOf(of: Query): ReadonlySet<string> | undefined {
    const names = of.list('host')
    return names && pipeline.fleet.deviceUids(names)
  }

  /** Throws what the disk throws: what cannot be written down is not done. */
  function record(c: Ctx, act: string, subject: string, detail: string): void {
    audit.append({
      timeMs: now(),
      who: c.env.trusted ? `${localUser} (socket)` : localUser,
      act,
      subject,
      detail: detail.length > mostDetail ? `${detail.slice(0, mostDetail - 1)}…` : detail,
    })
  }

  let auditCheckedMs = -Infinity
  let auditBroken: number | undefined
  /** Reading the whole log takes 10 us an entry: not for every look of the page. */
  function auditState(): Status['components'][number] {
    if (now() - auditCheckedMs >= auditCheckMs) {
      auditBroken = audit.firstBroken()
      auditCheckedMs = now()
    }
    return auditBroken === undefined
      ? { name: 'audit', state: 'up', detail: 'Every entry is as it was written.' }
      : {
          name: 'audit',
          state: 'down',
          detail: `Entry ${auditBroken} of the audit log is not there or not as it was written: somebody changed the file.`,
        }
  }

  function me(expires: number | null): Me {
    return {
      user: localUser,
      version: parts.version,
      hubHostname: parts.hubHostname,
      recorded: parts.recorded,
      sessionExpires: expires === null ? null : iso(expires),
    }
  }

  app.onError((error, c) => {
    const { status, body } = errorAnswer(error)
    const fields = { id: body.error.id, code: body.error.code, route: c.req.routePath }
    if (status >= 500) log.error('A request failed.', { ...fields, error })
    else log.debug('A request was refused.', fields)
    counts.set(status, (counts.get(status) ?? 0) + 1)
    return c.json(body, status)
  })

  app.use(async (c, next) => {
    for (const [name, value] of Object.entries(securityHeaders)) c.header(name, value)
    const { pathname } = new URL(c.req.url)
    const isApi = pathname.startsWith('/api/') || pathname === '/metrics'
    if (isApi) c.header('Cache-Control', 'no-store')
    if (!c.env.trusted)
      checkRequestOrigin(
        {
          method: c.req.method,
          host: c.req.header('host'),
          origin: c.req.header('origin'),
          fetchSite: c.req.header('sec-fetch-site'),
          isApi,
        },
        parts.own(),
      )
    if (isApi && !(c.req.method === 'POST' && pathname === '/api/v1/session')) sessionEnd(c)
    await next()
    counts.set(c.res.status, (counts.get(c.res.status) ?? 0) + 1)
  })
  app.use(
    bodyLimit({
      maxSize: mostBody,
      onError: async (c: Ctx) => {
        await readAway(c.env.incoming)
        throw new HoneyguideError(
          'HG_REQUEST_INVALID',
          `The body is larger than ${mostBody} bytes.`,
        )
      },
    }),
  )

  const api = new Hono<Environment>()

  api.get('/me', (c) => c.json(me(sessionEnd(c))))

  api.post('/session', async (c) => {
    const token = field(await readJson(c), 'token')
    if (typeof token !== 'string')
      throw new HoneyguideError('HG_REQUEST_INVALID', 'token is the text after # in the link.')
    const { session, expiresMs } = access.exchange(token)
    record(c, 'session.create', '', `until ${iso(expiresMs)}`)
    const seconds = Math.ceil((expiresMs - now()) / 1000)
    c.header(
      'Set-Cookie',
      `${cookieName(parts.own())}=${session}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict`,
    )
    return c.json(me(expiresMs))
  })

  api.post('/link', (c) => {
    if (!c.env.trusted)
      throw new HoneyguideError('HG_NOT_FOUND', 'Links are made on the unix socket.')
    const { token, expiresMs } = access.makeLink()
    record(c, 'link.make', '', `until ${iso(expiresMs)}`)
    const answer: LinkAnswer = { address: `${parts.address()}/#${token}`, expires: iso(expiresMs) }
    return c.json(answer)
  })

  api.get('/status', async (c) => {
    const sizes = await store.sizes().catch(() => undefined)
    const lag = parts.spool.end - pipeline.at
    const isFull = parts.isDiskFull()
    const sensors = pipeline.fleet.sensors(now())
    const status: Status = {
      version: parts.version,
      since: iso(parts.startedMs),
      components: [
        { name: 'hub', state: 'up', detail: parts.address() },
        {
          name: 'spool',
          state: isFull ? 'down' : 'up',
          detail: isFull
            ? 'The disk is full; sensors keep their events.'
            : `${parts.spool.bytes} bytes`,
        },
        {
          name: 'pipeline',
          state: lag > behindBytes ? 'behind' : 'up',
          detail: lag === 0 ? 'Up to date.' : `${lag} bytes behind.`,
        },
        { name: 'store', state: store.state.state, detail: store.state.detail },
        auditState(),
      ],
      sensors: sensors.known,
      sensorsUp: sensors.up,
      spool: {
        bytes: parts.spool.bytes,
        end: parts.spool.end,
        pipelineAt: pipeline.at,
        storeAt: store.state.taken.spool,
      },
      store: {
        bytes: sizes?.bytes ?? 0,
        rows: Object.values(sizes?.rows ?? {}).reduce((sum, rows) => sum + rows, 0),
        oldest: sizes?.oldestMs == null ? null : iso(sizes.oldestMs),
      },
      rules: parts.rules,
      memoryBytes: process.memoryUsage.rss(),
    }
    return c.json(status)
  })

  api.get('/hosts', (c) => {
    const hosts = pipeline.fleet.hosts(now(), openIncidentsByHost(book.list()))
    const evidence = pipeline.fleet.evidence(now() - 24 * hourMs, now())
    return c.json({ hosts, evidence })
  })

  api.get('/timeline', async (c) => {
    const of = query(c)
    const { fromMs, toMs } = of.interval(hourMs)
    const hosts = hostsOf(of)
    const wanted = of.list('host')
    const buckets = of.integer('buckets', 120, 1, 2000)
    const filter = parseFilter(of.text('filter') ?? '')
    // Minutes of all events are in memory for a week; what is older, or filtered, is counted in the store.
    const isCounted = filter.kind !== 'all' || now() - fromMs > 7 * 24 * hourMs
    const timeline: Timeline = {
      ...(isCounted
        ? await store.timeline(
            { fromMs, toMs, filter, ...(wanted ? { hosts: wanted } : {}) },
            buckets,
          )
        : pipeline.fleet.timeline({ fromMs, toMs, buckets, ...(hosts ? { hosts } : {}) })),
      incidents: book
        .list()
        .filter(({ incident }) => {
          const at = Date.parse(incident.openedTime)
          const isHere = !wanted || incident.hosts.some((host) => wanted.includes(host))
          return isHere && at >= fromMs && at <= toMs
        })
        .slice(0, 500)
        .map(({ incident }) => ({
          uid: incident.uid,
          time: incident.openedTime,
          severity: incident.severity,
        })),
    }
    return c.json(timeline)
  })

  api.get('/live', (c) => {
    const filter = parseFilter(query(c).text('filter') ?? '')
    if (live.watchers >= mostWatchers)
      throw new HoneyguideError('HG_REQUEST_INVALID', `There are ${mostWatchers} live views open.`)
    const sensors = pipeline.fleet.sensors(now())
    sendEventStream(c.env.outgoing, {
      headers: securityHeaders,
      signal: parts.signal,
      endsMs: sessionEnd(c),
      start: (sink) =>
        live.watch(filter, sink, [
          { kind: 'status', sensors: sensors.known, sensorsUp: sensors.up },
        ]),
    })
    return RESPONSE_ALREADY_SENT
  })

  api.get('/events', async (c) => {
    const of = query(c)
    const { fromMs, toMs } = of.interval(hourMs)
    const filter = parseFilter(of.text('filter') ?? '')
    const limit = of.integer('limit', 200, 1, 1000)
    const before = of.text('before', 80)
    const hosts = of.list('host')
    let beforeMs: number | undefined
    if (before !== undefined) {
      const row = await store.event(before)
      if (!row) throw new HoneyguideError('HG_NOT_FOUND', 'The event in `before` is not stored.')
      beforeMs = Date.parse(String(row.time))
    }
    const page = await store.events({
      fromMs,
      toMs,
      filter,
      // The page goes on within the same ms: what was passed in it is dropped below.
      limit: before === undefined ? limit : Math.min(1000, limit + 200),
      ...(beforeMs === undefined ? {} : { beforeMs }),
      ...(hosts ? { hosts } : {}),
    })
    const passed = page.rows.findIndex((row) => row.event_uid === before)
    const rows = page.rows.slice(passed + 1, passed + 1 + limit).map(boundedRow)
    const answer: EventsAnswer = {
      ...page,
      rows,
      incidentOf: Object.fromEntries(
        rows.flatMap(({ event_uid }) => {
          const uid = event_uid ?? ''
          const incident = pipeline.incidents.ofEvent(uid)
          return incident === undefined ? [] : [[uid, incident]]
        }),
      ),
    }
    return c.json(answer)
  })

  api.get('/events/:uid', async (c) => {
    const row = await store.event(c.req.param('uid').slice(0, 80))
    if (!row) throw new HoneyguideError('HG_NOT_FOUND')
    return c.json(row)
  })

  api.get('/incidents', (c) => {
    const of = query(c)
    const [status, severity, host] = [of.list('status'), of.list('severity'), of.list('host')]
    const all = book
      .list()
      .filter(
        (booked) =>
          (!status || status.includes(booked.status)) &&
          (!severity || severity.includes(booked.incident.severity)) &&
          (!host || booked.incident.hosts.some((name) => host.includes(name))),
      )
    const first = all.reduce(
      (least, { incident }) => Math.min(least, Date.parse(incident.firstTime)),
      now() - 24 * hourMs,
    )
    const answer: IncidentsAnswer = {
      incidents: all.slice(0, 1000).map((booked) => incidentSummary(booked, pipeline.fleet)),
      evidence: pipeline.fleet.evidence(first, now(), hostsOf(of)),
    }
    return c.json(answer)
  })

  api.get('/incidents/:uid', async (c) => {
    const booked = book.get(c.req.param('uid'))
    if (!booked) throw new HoneyguideError('HG_NOT_FOUND')
    return c.json(await incidentAnswer(booked, pipeline.fleet, store))
  })

  api.post('/incidents/:uid', async (c) => {
    const change = readIncidentChange(await readJson(c))
    const before = book.get(c.req.param('uid'))
    if (!before) throw new HoneyguideError('HG_NOT_FOUND')
    const { uid } = before.incident
    if (change.status !== undefined)
      record(c, 'incident.status', uid, `${before.status} → ${change.status}`)
    if (change.assignee !== undefined)
      record(
        c,
        'incident.assignee',
        uid,
        `${before.assignee ?? 'nobody'} → ${change.assignee ?? 'nobody'}`,
      )
    if (change.note !== undefined) record(c, 'incident.note', uid, change.note)
    const booked = book.change(uid, change, localUser, iso(now()))
    if (!booked) throw new HoneyguideError('HG_NOT_FOUND')
    // The view of incidents follows; the answer does not wait for the disk.
    pipeline.derive(incidentLine(booked.incident, booked.status)).catch(() => undefined)
    return c.json(await incidentAnswer(booked, pipeline.fleet, store))
  })

  api.get('/processes', async (c) => {
    const of = query(c)
    const { fromMs, toMs } = of.interval(hourMs)
    const root = of.text('root', 80)
    const [host] = of.list('host') ?? pipeline.fleet.hostnames()
    if (host === undefined) throw new HoneyguideError('HG_NOT_FOUND', 'No host has reported yet.')
    const found = await store.processes({
      host,
      fromMs,
      toMs,
      limit: of.integer('limit', 500, 1, mostProcesses),
      ...(root === undefined ? {} : { root }),
    })
    const answer: ProcessesAnswer = {
      ...found,
      nodes: found.nodes.map((node) => ({
        ...node,
        cmdLine: boundedText(node.cmdLine),
        incidentUid: pipeline.incidents.ofProcess(node.uid) ?? null,
      })),
    }
    return c.json(answer)
  })

  api.post('/hunt', async (c) => {
    const body = await readJson(c)
    const sql = field(body, 'sql')
    const limit = field(body, 'limit') ?? 10_000
    if (typeof sql !== 'string' || sql.length > mostSql)
      throw new HoneyguideError(
        'HG_REQUEST_INVALID',
        `sql is a text of at most ${mostSql} characters.`,
      )
    if (!Number.isInteger(limit) || (limit as number) < 1 || (limit as number) > 10_000)
      throw new HoneyguideError('HG_REQUEST_INVALID', 'limit is a whole number from 1 to 10000.')
    try {
      // Before it runs: one that ends the store is in it, too.
      record(c, 'hunt.run', '', sql)
    } catch (error) {
      // A full disk must not blind who looks for its cause.
      log.error('A hunt could not be written to the audit log.', { error: error as Error })
    }
    return c.json(await store.hunt(sql, limit as number))
  })

  api.get('/audit', (c) => {
    const of = query(c)
    const limit = of.integer('limit', 200, 1, 1000)
    const answer: AuditAnswer = {
      entries: audit
        .list(limit, of.integer('before', Number.MAX_SAFE_INTEGER, 1, Number.MAX_SAFE_INTEGER))
        .map(({ timeMs, who, ...entry }) => ({ ...entry, time: iso(timeMs), user: who })),
    }
    return c.json(answer)
  })

  api.get('/schema', async (c) => c.json(await store.schema()))

  api.all('*', () => {
    throw new HoneyguideError('HG_NOT_FOUND', 'There is no such route.')
  })
  app.route('/api/v1', api)

  app.get('/metrics', (c) => {
    const { counters, fleet } = pipeline
    const sensors = fleet.sensors(now())
    const one = (name: string, help: string, type: Metric['type'], value: number): Metric => ({
      name,
      help,
      type,
      samples: [{ value }],
    })
    const hooks = fleet.hooks()
    const ofHooks = (read: (hook: (typeof hooks)[number][1][number]) => number) =>
      hooks.flatMap(([host, list]) =>
        list.map((hook) => ({ labels: { host, hook: hook.hook }, value: read(hook) })),
      )
    const metrics: Metric[] = [
      one('events_total', 'Events taken in by the pipeline.', 'counter', counters.events),
      one('batches_total', 'Batches taken in by the pipeline.', 'counter', counters.batches),
      one('findings_total', 'Findings of rules.', 'counter', counters.findings),
      one(
        'refused_batches_total',
        'Batches that could not be read.',
        'counter',
        counters.refusedBatches,
      ),
      one(
        'log_damaged_total',
        'Stretches of the log that could not be read.',
        'counter',
        counters.damagedStretches,
      ),
      one('spool_bytes', 'Bytes of the log on disk.', 'gauge', parts.spool.bytes),
      one(
        'pipeline_lag_bytes',
        'Bytes of the log not yet taken in by the pipeline.',
        'gauge',
        parts.spool.end - pipeline.at,
      ),
      one(
        'store_lag_bytes',
        'Bytes of the log not yet taken in by the store.',
        'gauge',
        parts.spool.end - store.state.taken.spool,
      ),
      one('sensors', 'Sensors known.', 'gauge', sensors.known),
      one('sensors_up', 'Sensors heard within 30 seconds.', 'gauge', sensors.up),
      one(
        'store_restarts_total',
        'Starts of the store after the first.',
        'counter',
        store.state.restarts,
      ),
      one('live_watchers', 'Live views open.', 'gauge', live.watchers),
      one(
        'live_not_drawn_total',
        'Rows not sent to live views to keep up.',
        'counter',
        live.notDrawn,
      ),
      one('sign_ins_refused_total', 'Sign-ins refused.', 'counter', access.refused),
      one('memory_bytes', 'Resident memory of the hub.', 'gauge', process.memoryUsage.rss()),
      {
        name: 'http_answers_total',
        help: 'Answers by status.',
        type: 'counter',
        samples: [...counts].map(([status, value]) => ({
          labels: { status: String(status) },
          value,
        })),
      },
      {
        name: 'hook_offered_total',
        help: 'Events that happened at a hook of a sensor.',
        type: 'counter',
        samples: ofHooks((hook) => hook.offered),
      },
      {
        name: 'hook_lost_total',
        help: 'Events of a hook that were lost.',
        type: 'counter',
        samples: ofHooks((hook) => hook.lost),
      },
      ...parts.metrics(),
    ]
    return c.body(metricsText(metrics), 200, {
      'Content-Type': 'text/plain; version=0.0.4; charset=utf-8',
    })
  })

  app.get('*', async (c) => {
    const { pathname } = new URL(c.req.url)
    const file = await readPageFile(parts.pageDir, pathname === '/' ? '/index.html' : pathname)
    if (file)
      return c.body(Buffer.from(file.bytes), 200, {
        'Content-Type': file.type,
        'Cache-Control': file.cacheControl,
      })
    throw new HoneyguideError('HG_NOT_FOUND', 'There is no such file of the page.')
  })
  app.all('*', () => {
    throw new HoneyguideError('HG_NOT_FOUND', 'There is no such route.')
  })
  return app
}
