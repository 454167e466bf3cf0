import { errorRows } from '@honeyguide/model'
import { createLogger } from '@honeyguide/model/log'
import { mutateJson, readJson } from '../../../../test/fuzz/mutate-json.ts'
import { defineTarget, must } from '../../../../test/fuzz/target.ts'
import { ownNames } from '../access/request-origin.ts'
import { createFleet } from '../fleet/fleet.ts'
import { createLive } from '../live/live.ts'
import { createIncidentIndex } from '../pipeline/incident-index.ts'
import { createMemoryBook } from '../pipeline/memory-book.ts'
import { zeroCounters } from '../pipeline/pipeline.ts'
import { createApp, type ServeParts } from './app.ts'

const nowMs = Date.parse('2026-11-24T14:05:00.000Z')
const nothing = { complete: true, offered: 0, lost: 0, gaps: [], gapCount: 0 }

/** The application over an empty hub. What the store is asked is not run: its own tests do that. */
function partsOf(): ServeParts {
  const log = createLogger({
    component: 'hub',
    level: 'error',
    sink: () => undefined,
    now: () => nowMs,
  })
  const answers: Readonly<Record<string, unknown>> = {
    events: { rows: [], facets: {}, total: 0, evidence: nothing },
    event: undefined,
    hunt: { columns: [], rows: [], evidence: nothing },
    processes: { nodes: [], evidence: nothing },
    timeline: { buckets: [], evidence: nothing },
    evidence: nothing,
    evidenceByKind: [],
    schema: { views: [] },
    sizes: { bytes: 0, rows: {}, oldestMs: null, newestMs: null, trimmedToMs: null },
  }
  const store = Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => [name, () => Promise.resolve(answer)]),
  )
  return {
    version: '0.1.0',
    hubHostname: 'h',
    startedMs: nowMs,
    pageDir: '/nonexistent',
    recorded: null,
    access: {
      makeLink: () => ({ token: 'hg1_token', expiresMs: nowMs }),
      exchange: (token) => ({ session: `hgs_${token.length}`, expiresMs: nowMs + 1000 }),
      sessionEnd: (session) => (session === 'good' ? nowMs + 1000 : undefined),
      refused: 0,
    },
    audit: {
      append: () => undefined,
      list: () => [],
      firstBroken: () => undefined,
    } as unknown as ServeParts['audit'],
    pipeline: {
      fleet: createFleet(),
      incidents: createIncidentIndex(),
      at: 0,
      passed: 0,
      counters: zeroCounters(),
      derive: () => Promise.resolve(),
    } as unknown as ServeParts['pipeline'],
    live: createLive({ now: () => nowMs }),
    book: createMemoryBook(),
    store: {
      ...store,
      kind: 'memory',
      state: {
        state: 'up',
        detail: '',
        taken: { spool: 0, derived: 0 },
        restarts: 0,
        pid: undefined,
      },
    } as unknown as ServeParts['store'],
    spool: { bytes: 0, end: 0 },
    isDiskFull: () => false,
    rules: { loaded: 0, refused: [] },
    metrics: () => [],
    own: () => ownNames('127.0.0.1', [], 7461),
    address: () => 'http://127.0.0.1:7461',
    log,
    signal: new AbortController().signal,
    now: () => nowMs,
  }
}

const ask = (method: string, path: string, over: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    method,
    path,
    host: '127.0.0.1:7461',
    cookie: 'hg_session_7461=good',
    origin: 'http://127.0.0.1:7461',
    type: 'application/json',
    trusted: false,
    ...over,
  })

interface Asked {
  readonly method?: unknown
  readonly path?: unknown
  readonly trusted?: unknown
  readonly body?: unknown
  readonly [header: string]: unknown
}

const methods = ['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']
const text = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '')

/** The request, or undefined when no HTTP parser would hand it on. */
function requestOf(asked: Asked): Request | undefined {
  const method =
    typeof asked.method === 'string' && methods.includes(asked.method) ? asked.method : 'GET'
  try {
    const headers = new Headers()
    for (const [name, header] of [
      ['host', 'host'],
      ['cookie', 'cookie'],
      ['origin', 'origin'],
      ['type', 'content-type'],
      ['site', 'sec-fetch-site'],
    ] as const)
      if (asked[name] !== undefined) headers.set(header, text(asked[name]).slice(0, 4000))
    const url = new URL(text(asked.path).slice(0, 6000), 'http://127.0.0.1:7461')
    // The stream writes to a socket, which there is none of here.
    if (url.pathname.startsWith('/api/v1/live')) return undefined
    const body =
      method === 'GET' || method === 'HEAD' || asked.body === undefined
        ? undefined
        : text(asked.body)
    return new Request(url, { method, headers, ...(body === undefined ? {} : { body }) })
  } catch {
    return undefined
  }
}

export const target = defineTarget({
  name: 'http',
  parser: 'createApp: host, origin, cookie, path, query and body of a request, on both doors',
  seeds: () => [
    ask('GET', '/api/v1/me'),
    ask(
      'GET',
      '/api/v1/events?from=2026-11-24T13:00:00Z&to=2026-11-24T14:00:00Z&filter=type%20%3D%20exec&limit=20&host=a,b',
    ),
    ask('GET', '/api/v1/timeline?buckets=120'),
    ask('POST', '/api/v1/hunt', { body: { sql: 'SELECT 1', limit: 10 } }),
    ask('POST', '/api/v1/session', { body: { token: 'hg1_0123456789abcdef' }, cookie: '' }),
    ask('GET', '/api/v1/incidents?status=new&severity=high', { trusted: true }),
    ask('GET', '/api/v1/audit?limit=5&before=9', { site: 'same-origin' }),
  ],
  mutator: mutateJson([
    'method',
    'path',
    'host',
    'cookie',
    'origin',
    'type',
    'site',
    'trusted',
    'body',
    'sql',
    'limit',
    'token',
    'status',
    'assignee',
    'note',
    ...methods,
    'cross-site',
    'text/plain',
    '/api/v1/link',
    '/api/v1/incidents/x',
    '/api/v1/events/x',
    '/api/v1/processes?host=a&root=x',
    '/api/v1/status',
    '/api/v1/hosts',
    '/api/v1/schema',
    '/metrics',
    '/../../etc/passwd',
    '/%2e%2e/%00',
    '//x',
    'http://evil.example/',
    'evil.example:7461',
    'localhost:7461',
    '[::1]:7461',
    'hg_session_7461=bad',
    '?from=2026-13-40T99:99:99Z',
    '&limit=-1',
    '%ff',
    '"',
  ]),
  property:
    'No request makes an answer of 500: it is answered, or refused with a code of the table; without the right host, origin or session nothing of the API is told.',
  open: () => {
    const app = createApp(partsOf())
    const codes = new Set(Object.keys(errorRows))
    return async (input) => {
      const asked = Object(readJson(input)) as Asked
      const request = requestOf(asked)
      if (!request) return 'no request'
      const trusted = asked.trusted === true
      const { pathname } = new URL(request.url)
      const answer = await app.fetch(request, {
        trusted,
        incoming: undefined,
        outgoing: undefined,
      })
      must(
        answer.status < 500,
        `an answer of ${answer.status} to ${request.method} ${pathname}: ${await answer.clone().text()}`,
      )
      if (answer.status < 400) {
        const isOpen =
          trusted || !/^\/(api\/|metrics$)/.test(pathname) || pathname === '/api/v1/session'
        must(
          isOpen || (request.headers.get('cookie') ?? '').includes('good'),
          'only a session is told',
        )
        return answer.status === 200 ? 'taken' : `answered with ${answer.status}`
      }
      if (request.method === 'HEAD') return `${answer.status} without a body`
      const { error } = (await answer.json()) as { error: { code: string } }
      must(codes.has(error.code), `${error.code} is in the table`)
      return `${answer.status} ${error.code} ${pathname.slice(0, 20)}`
    }
  },
})
