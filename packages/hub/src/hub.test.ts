import assert from 'node:assert/strict'
import { get, type RequestOptions } from 'node:http'
import { writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type {
  ApiError,
  AuditAnswer,
  EventsAnswer,
  Host,
  HuntAnswer,
  IncidentAnswer,
  IncidentsAnswer,
  LiveMessage,
  Me,
  ProcessesAnswer,
  SchemaAnswer,
  Status,
  Timeline,
} from '@honeyguide/model'
import { views } from '@honeyguide/model/ocsf'
import { fileURLToPath } from 'node:url'
import { recordsOf, threeStories } from './pipeline/simulated-log.ts'
import { startHub, type HubHarness } from './hub-harness.ts'
import {
  batchOf,
  bytesOf,
  fillExecs,
  helloOf,
  openScriptedSensor,
} from './ingest/scripted-sensor.ts'
import { openHub } from './hub.ts'
import { createLogger } from '@honeyguide/model/log'

/** Now as boot: event n of `fillExecs` happened n ms from now. */
const wallOffsetNs = () => BigInt(Date.now()) * 1_000_000n

async function caughtUp({ hub }: HubHarness): Promise<void> {
  await hub.pipeline.reach(hub.spool.end)
  await hub.store.caughtUp({ spool: hub.spool.end })
}

/** Reads server-sent events until `enough` holds for the messages so far. */
function readLive(
  where: RequestOptions,
  enough: (messages: readonly LiveMessage[]) => boolean,
): Promise<{ messages: LiveMessage[]; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const messages: LiveMessage[] = []
    const request = get({ agent: false, ...where }, (response) => {
      let held = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        held += text
        for (let at = held.indexOf('\n\n'); at >= 0; at = held.indexOf('\n\n')) {
          const event = held.slice(0, at)
          held = held.slice(at + 2)
          if (event.startsWith('data: ')) messages.push(JSON.parse(event.slice(6)) as LiveMessage)
        }
        if (enough(messages)) {
          resolve({ messages, headers: response.headers })
          request.destroy()
        }
      })
    })
    request.on('error', reject)
    setTimeout(
      () => reject(new Error(`only ${JSON.stringify(messages).slice(0, 500)}`)),
      5000,
    ).unref()
  })
}

suite('hub', () => {
  test('shows what a sensor sends: hosts, status, live, events, hunt, processes, strip, schema', async (t) => {
    const harness = await startHub(t)
    const { ask, settings } = harness
    using sensor = await openScriptedSensor(
      settings.uplinkSocket,
      {},
      { wallOffsetNs: wallOffsetNs() },
    )
    const watching = readLive(
      { socketPath: settings.apiSocket, path: '/api/v1/live?filter=name%20%3D%20true' },
      (all) => all.some((message) => message.kind === 'events' && message.matched > 0),
    )
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
    const sent = Date.now()
    sensor.batch(1, (b) => {
      fillExecs(b, 1, 20)
      const user = b.table('user')
      user.columns.name[user.add()] = b.string('root')
    })
    const { messages } = await watching
    assert.ok(Date.now() - sent < 5000, `live after ${Date.now() - sent} ms`)
    assert.equal(messages[0]?.kind, 'status')
    const rows = messages.flatMap((message) => (message.kind === 'events' ? message.rows : []))
    assert.equal(rows.length, 20)
    assert.equal(rows[3]?.process_cmd_line, 'true 4')
    assert.equal(rows[3]?.process_user_name, 'root')
    await sensor.until(() => sensor.acknowledged() === 1)
    await caughtUp(harness)

    const me = (await ask('/api/v1/me')).json<Me>()
    assert.deepEqual([me.user, me.recorded, me.sessionExpires], ['local', null, null])
    const status = (await ask('/api/v1/status')).json<Status>()
    assert.deepEqual(
      status.components.map(({ name, state }) => [name, state]),
      [
        ['hub', 'up'],
        ['spool', 'up'],
        ['pipeline', 'up'],
        ['store', 'up'],
        ['audit', 'up'],
      ],
    )
    assert.deepEqual([status.sensors, status.sensorsUp], [1, 1])
    const { hosts } = (await ask('/api/v1/hosts')).json<{ hosts: Host[] }>()
    assert.deepEqual(
      hosts.map(({ hostname, health, kernel }) => [hostname, health, kernel]),
      [['web-1', 'healthy', '6.18.0']],
    )
    const strip = (await ask('/api/v1/timeline?buckets=10')).json<Timeline>()
    assert.equal(
      (strip.groups.process ?? []).reduce<number>((sum, count) => sum + (count ?? 0), 0),
      20,
    )
    const events = (
      await ask('/api/v1/events?limit=5&filter=cmd%20~%20%22true%20*%22')
    ).json<EventsAnswer>()
    assert.deepEqual([events.total, events.rows.length, events.evidence.complete], [20, 5, true])
    const next = (
      await ask(`/api/v1/events?limit=5&before=${events.rows.at(-1)?.event_uid}`)
    ).json<EventsAnswer>()
    assert.deepEqual(
      [...events.rows, ...next.rows].map((row) => row.process_cmd_line),
      Array.from({ length: 10 }, (_, i) => `true ${20 - i}`),
    )
    const one = await ask(`/api/v1/events/${events.rows[0]?.event_uid}`)
    assert.equal(one.json<{ process_cmd_line: string }>().process_cmd_line, 'true 20')
    const hunt = await ask('/api/v1/hunt', {
      body: { sql: 'SELECT count(*) AS n FROM process_activity' },
    })
    assert.equal(Number(hunt.json<HuntAnswer>().rows[0]?.[0]), 20)
    const tree = (await ask('/api/v1/processes?host=web-1')).json<ProcessesAnswer>()
    assert.ok(tree.nodes.length >= 20, `${tree.nodes.length}`)
    const schema = (await ask('/api/v1/schema')).json<SchemaAnswer>()
    assert.equal(schema.views.length, Object.keys(views).length)
    for (const { sql } of schema.examples)
      assert.equal((await ask('/api/v1/hunt', { body: { sql } })).status, 200, sql)
    const metrics = await ask('/metrics')
    assert.match(metrics.text, /^honeyguide_events_total 20$/m)
    assert.match(metrics.text, /^honeyguide_ingest_batches_total 1$/m)
  })

  test('lets in by a link, once, and shows nothing without', async (t) => {
    const { ask, askPage, hub, signIn } = await startHub(t)
    for (const path of [
      'me',
      'status',
      'hosts',
      'timeline',
      'live',
      'events',
      'events/x',
      'incidents',
      'incidents/x',
      'processes',
      'schema',
    ]) {
      const answer = await askPage(`/api/v1/${path}`)
      assert.equal(answer.status, 401, path)
      assert.equal(answer.json<ApiError>().error.code, 'HG_AUTH_REQUIRED')
    }
    assert.equal((await askPage('/metrics')).status, 401)
    assert.equal(
      (
        await askPage('/api/v1/hunt', {
          body: { sql: 'SELECT 1' },
          headers: { origin: hub.address },
        })
      ).status,
      401,
    )
    const link = (await ask('/api/v1/link', { method: 'POST' })).json<{
      address: string
      expires: string
    }>()
    assert.ok(link.address.startsWith(`${hub.address}/#hg1_`))
    const token = link.address.split('#')[1]
    const body = { token }
    assert.equal((await askPage('/api/v1/session', { body })).status, 403, 'no origin')
    const first = await askPage('/api/v1/session', { body, headers: { origin: hub.address } })
    assert.equal(first.status, 200)
    const { port } = new URL(hub.address)
    assert.match(
      String(first.headers['set-cookie']?.[0]),
      new RegExp(
        `^hg_session_${port}=hgs_[\\w-]{32}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict$`,
      ),
    )
    const second = await askPage('/api/v1/session', { body, headers: { origin: hub.address } })
    assert.equal(second.status, 401)
    assert.equal(second.json<ApiError>().error.code, 'HG_AUTH_REFUSED')
    const cookie = await signIn()
    assert.equal((await askPage('/api/v1/me', { headers: { cookie } })).status, 200)
    // A body that is too large gets its answer, and the connection is good for the next request.
    for (let no = 0; no < 6; no++) {
      const large = await fetch(`${hub.address}/api/v1/hunt`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie, origin: hub.address },
        body: JSON.stringify({ sql: 'x'.repeat(400_000) }),
      })
      assert.equal(large.status, 400)
      assert.equal(((await large.json()) as ApiError).error.code, 'HG_REQUEST_INVALID')
    }
    const { entries } = (
      await askPage('/api/v1/audit?limit=2', { headers: { cookie } })
    ).json<AuditAnswer>()
    assert.deepEqual(
      entries.map(({ no, user, act }) => [no, user, act]),
      [
        [4, 'local', 'session.create'],
        [3, 'local (socket)', 'link.make'],
      ],
    )
    assert.equal(
      (await askPage('/api/v1/link', { method: 'POST', headers: { cookie, origin: hub.address } }))
        .status,
      404,
    )
    assert.equal(
      (await askPage('/api/v1/me', { headers: { cookie: cookie.slice(0, -1) } })).status,
      401,
    )
  })

  test('streams live events to a signed-in page over TCP, twenty at once', async (t) => {
    const { hub, settings, signIn } = await startHub(t)
    const cookie = await signIn()
    const { hostname, port } = new URL(hub.address)
    const warnings: Error[] = []
    const warned = (warning: Error): void => void warnings.push(warning)
    process.on('warning', warned)
    t.after(() => process.off('warning', warned))
    const watching = Array.from({ length: 20 }, () =>
      readLive(
        { host: hostname, port, path: '/api/v1/live?filter=kind%3Dexec', headers: { cookie } },
        (all) => all.some((message) => message.kind === 'events' && message.rows.length > 0),
      ),
    )
    using sensor = await openScriptedSensor(
      settings.uplinkSocket,
      {},
      { wallOffsetNs: wallOffsetNs() },
    )
    await new Promise((resolve) => {
      setTimeout(resolve, 100)
    })
    sensor.batch(1, (b) => fillExecs(b, 1, 3))
    for (const { headers } of await Promise.all(watching)) {
      assert.match(String(headers['content-type']), /^text\/event-stream/)
      assert.equal(headers['cache-control'], 'no-store')
      assert.match(String(headers['content-security-policy']), /default-src 'none'/)
    }
    assert.deepEqual(warnings, [])
  })

  test('answers only under its own name and to its own page', async (t) => {
    const { askPage, hub, signIn } = await startHub(t)
    const cookie = await signIn()
    const { port } = new URL(hub.address)
    const cases: readonly (readonly [string, Record<string, string>, number])[] = [
      ['/', { host: `evil.example:${port}` }, 421],
      ['/api/v1/me', { host: `evil.example:${port}`, cookie }, 421],
      ['/api/v1/live', { host: `evil.example:${port}`, cookie }, 421],
      ['/api/v1/live', { origin: 'http://evil.example', cookie }, 403],
      ['/api/v1/me', { 'sec-fetch-site': 'cross-site', cookie }, 403],
      ['/api/v1/me', { host: `localhost:${port}`, cookie }, 200],
    ]
    for (const [path, headers, status] of cases)
      assert.equal(
        (await askPage(path, { headers })).status,
        status,
        `${path} ${JSON.stringify(headers)}`,
      )
    // A request without Host, as HTTP/1.0 allows.
    const bare = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () =>
        socket.write('GET / HTTP/1.0\r\n\r\n'),
      )
      let text = ''
      socket.on('data', (chunk) => (text += String(chunk)))
      socket.on('close', () => resolve(text))
    })
    assert.match(bare, /^HTTP\/1\.1 (421|400)/)
  })

  test('serves the page with strict headers, and nothing beside it', async (t) => {
    const { askPage } = await startHub(t)
    const index = await askPage('/')
    assert.equal(index.status, 200)
    assert.match(String(index.headers['content-type']), /text\/html/)
    const csp = String(index.headers['content-security-policy'])
    for (const part of [
      "default-src 'none'",
      "script-src 'self'",
      "connect-src 'self'",
      "frame-ancestors 'none'",
      "form-action 'none'",
      "base-uri 'none'",
    ])
      assert.ok(csp.includes(part), part)
    assert.ok(!csp.includes('unsafe'))
    assert.equal(index.headers['x-content-type-options'], 'nosniff')
    assert.equal(index.headers['cache-control'], 'no-cache')
    const asset = await askPage('/assets/app-AbCd1234.js')
    assert.match(String(asset.headers['cache-control']), /immutable/)
    assert.match(String(asset.headers['content-type']), /javascript/)
    assert.equal((await askPage('/incidents/INC-1')).text, index.text, 'a view of the page')
    for (const path of [
      '/../secret.txt',
      '/%2e%2e/secret.txt',
      '/..%2fsecret.txt',
      '/assets/../../secret.txt',
      '/.hidden',
      '/none.js',
      '/%00',
      '/%',
      '//etc/passwd',
      '/assets/..%5c..%5csecret.txt',
    ]) {
      const answer = await askPage(path)
      assert.ok(!answer.text.includes('secret') && !answer.text.includes('root:'), path)
    }
    const missing = await askPage('/none.js')
    assert.equal(missing.status, 404)
    assert.ok(
      String(missing.headers['content-security-policy']).includes("default-src 'none'"),
      'on errors too',
    )
  })

  test('says what is wrong with a request, where, and under which id', async (t) => {
    const { ask, lines } = await startHub(t)
    const filter = await ask('/api/v1/events?filter=port%20%3D%20http')
    assert.equal(filter.status, 400)
    const { error } = filter.json<ApiError>()
    assert.deepEqual([error.code, error.line, error.column], ['HG_FILTER_INVALID', 1, 8])
    assert.ok(lines.some((line) => line['id'] === error.id))
    const cases: readonly (readonly [string, unknown, number, string])[] = [
      ['/api/v1/live?filter=(', undefined, 400, 'HG_FILTER_INVALID'],
      ['/api/v1/events?limit=9999', undefined, 400, 'HG_REQUEST_INVALID'],
      ['/api/v1/timeline?from=yesterday', undefined, 400, 'HG_REQUEST_INVALID'],
      [
        '/api/v1/timeline?from=2026-11-24T14:00:00Z&to=2026-11-24T13:00:00Z',
        undefined,
        400,
        'HG_REQUEST_INVALID',
      ],
      ['/api/v1/events/none', undefined, 404, 'HG_NOT_FOUND'],
      ['/api/v1/incidents/INC-NONE', undefined, 404, 'HG_NOT_FOUND'],
      ['/api/v1/incidents/INC-NONE', { status: 'acknowledged' }, 404, 'HG_NOT_FOUND'],
      ['/api/v1/incidents/INC-NONE', { status: 'gone' }, 400, 'HG_REQUEST_INVALID'],
      ['/api/v1/incidents/INC-NONE', {}, 400, 'HG_REQUEST_INVALID'],
      ['/api/v1/nothing', undefined, 404, 'HG_NOT_FOUND'],
      ['/api/v1/hunt', { sql: 'DROP TABLE x' }, 400, 'HG_SQL_REFUSED'],
      ['/api/v1/hunt', { sql: 5 }, 400, 'HG_REQUEST_INVALID'],
      ['/api/v1/hunt', { sql: 'SELECT 1', limit: 0 }, 400, 'HG_REQUEST_INVALID'],
      ['/api/v1/hunt', { sql: 'x'.repeat(100_000) }, 400, 'HG_REQUEST_INVALID'],
    ]
    for (const [path, body, status, code] of cases) {
      const answer = await ask(path, body === undefined ? {} : { body })
      assert.equal(answer.status, status, `${path} ${answer.text}`)
      assert.equal(answer.json<ApiError>().error.code, code, path)
    }
    const text = await ask('/api/v1/hunt', {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
    })
    assert.equal(text.status, 400)
  })

  test('shows losses that a sensor tells as gaps, live and in every answer', async (t) => {
    const harness = await startHub(t)
    const { ask, settings } = harness
    using sensor = await openScriptedSensor(
      settings.uplinkSocket,
      {},
      { wallOffsetNs: wallOffsetNs() },
    )
    const watching = readLive({ socketPath: settings.apiSocket, path: '/api/v1/live' }, (all) =>
      all.some((message) => message.kind === 'gap'),
    )
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
    sensor.batch(1, (b) => {
      fillExecs(b, 1, 2)
      const loss = b.table('loss')
      loss.add()
      loss.columns.toNs[0] = 1_000_000n
      loss.columns.hook[0] = b.string('exec')
      loss.columns.reason[0] = b.string('ring_full')
      loss.columns.offered[0] = 7n
      loss.columns.seen[0] = 2n
      loss.columns.lost[0] = 5n
    })
    const { messages } = await watching
    const gap = messages.find((message) => message.kind === 'gap')
    assert.deepEqual([gap?.gap.host, gap?.gap.lost], ['web-1', 5])
    await caughtUp(harness)
    const { hosts } = (await ask('/api/v1/hosts')).json<{ hosts: Host[] }>()
    assert.deepEqual([hosts[0]?.health, hosts[0]?.lost24h], ['losing', 5])
    const hunt = await ask('/api/v1/hunt', {
      body: { sql: 'SELECT count(*) FROM process_activity' },
    })
    assert.equal(hunt.json<HuntAnswer>().evidence.complete, false)
    assert.equal((await ask('/api/v1/events')).json<EventsAnswer>().evidence.lost, 5)
  })

  test('counts an unreadable batch as a loss', async (t) => {
    const harness = await startHub(t)
    using sensor = await openScriptedSensor(harness.settings.uplinkSocket)
    sensor.send({
      kind: 'batch',
      batch: batchOf(sensor.hello, 1, (b) => fillExecs(b, 1, 3)).slice(0, -9),
    })
    await sensor.until(() => sensor.acknowledged() === 1)
    await caughtUp(harness)
    const { hosts } = (await harness.ask('/api/v1/hosts')).json<{ hosts: Host[] }>()
    assert.deepEqual([hosts[0]?.health, hosts[0]?.lost24h], ['losing', 1])
  })

  test('takes the next port when its own is taken, and refuses a second hub of the same folder', async (t) => {
    const blocker = createServer()
    await new Promise<void>((resolve) => {
      blocker.listen(0, '127.0.0.1', resolve)
    })
    t.after(() => blocker.close())
    const address = blocker.address()
    assert.ok(typeof address === 'object' && address)
    const harness = await startHub(t, { listen: { host: '127.0.0.1', port: address.port } })
    assert.notEqual(new URL(harness.hub.address).port, String(address.port))
    await assert.rejects(
      openHub({
        settings: harness.settings,
        version: '0.1.0',
        log: createLogger({
          component: 'hub',
          level: 'error',
          sink: () => undefined,
          now: Date.now,
        }),
      }),
      { code: 'HG_STATE_LOCKED' },
    )
  })

  test('does not touch a folder of a newer version', async (t) => {
    const harness = await startHub(t)
    await harness.hub[Symbol.asyncDispose]()
    await writeFile(join(harness.settings.stateDir, 'FORMAT'), '2\n')
    const log = createLogger({
      component: 'hub',
      level: 'error',
      sink: () => undefined,
      now: Date.now,
    })
    await assert.rejects(openHub({ settings: harness.settings, version: '0.1.0', log }), {
      code: 'HG_STATE_FORMAT',
    })
  })

  test('answers any query with a typed error or an answer, never with a fault', async (t) => {
    const { ask, lines } = await startHub(t)
    const value = fc.oneof(
      fc.constantFrom('', '1', '-1', '1e9', 'NaN', '2026-11-24T14:00:00Z', '0000-00-00T00:00:00Z'),
      fc.constantFrom('name=x', "name='", 'port in (1', 'x'.repeat(5000), '\0', '%', 'é\ud800'),
      fc.string({ maxLength: 30, unit: 'binary' }),
    )
    const parameter = fc.tuple(
      fc.constantFrom(
        'from',
        'to',
        'buckets',
        'limit',
        'filter',
        'host',
        'before',
        'root',
        'status',
        'severity',
      ),
      value,
    )
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('timeline', 'events', 'incidents', 'processes', 'events/', 'incidents/'),
        fc.array(parameter, { maxLength: 4 }),
        value,
        async (route, parameters, tail) => {
          const query = new URLSearchParams(parameters)
          const end = route.endsWith('/') ? encodeURIComponent(tail.toWellFormed()) : ''
          const answer = await ask(`/api/v1/${route}${end}?${query.toString()}`)
          assert.ok(answer.status < 500, `${route}${end}?${query.toString()}: ${answer.text}`)
          if (answer.status !== 200) assert.match(answer.json<ApiError>().error.code, /^HG_/)
        },
      ),
      { numRuns: 150 },
    )
    assert.deepEqual(
      lines.filter((line) => line['level'] === 'error'),
      [],
    )
  })

  test('does not wait for a watcher that does not read, and tells it what it missed', async (t) => {
    const harness = await startHub(t)
    const { settings, hub } = harness
    const slow = connect(settings.apiSocket)
    t.after(() => slow.destroy())
    slow.write('GET /api/v1/live HTTP/1.1\r\nHost: x\r\n\r\n')
    await new Promise((resolve) => {
      slow.once('data', resolve)
    })
    slow.pause()
    using sensor = await openScriptedSensor(
      settings.uplinkSocket,
      {},
      { wallOffsetNs: wallOffsetNs() },
    )
    const wide = 'w'.repeat(4000)
    for (let no = 1; no <= 40; no++) {
      sensor.batch(no, (b) => {
        fillExecs(b, no * 1000, 200)
        const { columns } = b.table('exec')
        for (let row = 0; row < 200; row++) columns.argv[row] = b.string(`${wide}${row}`)
      })
      await new Promise((resolve) => {
        setTimeout(resolve, 60)
      })
    }
    await sensor.until(() => sensor.acknowledged() === 40)
    await hub.pipeline.reach(hub.spool.end)
    let text = ''
    slow.setEncoding('utf8')
    slow.on('data', (chunk) => (text += String(chunk)))
    slow.resume()
    await new Promise((resolve) => {
      setTimeout(resolve, 300)
    })
    sensor.batch(41, (b) => fillExecs(b, 99_000, 1))
    const deadline = Date.now() + 5000
    while (!text.includes('true 99000') && Date.now() < deadline)
      await new Promise((resolve) => {
        setTimeout(resolve, 20)
      })
    const messages = text
      .split('\n')
      .filter((line) => line.startsWith('data: '))
      .map((line) => JSON.parse(line.slice(6)) as LiveMessage)
      .filter((message) => message.kind === 'events')
    const sum = (read: (message: (typeof messages)[number]) => number) =>
      messages.reduce((total, message) => total + read(message), 0)
    assert.equal(
      sum(({ matched }) => matched),
      40 * 200 + 1,
    )
    assert.ok(sum(({ notDrawn }) => notDrawn) > 0)
    assert.equal(
      sum(({ rows, notDrawn }) => rows.length + notDrawn),
      40 * 200 + 1,
    )
  })

  test('names two hosts, and a filter by host finds one', async (t) => {
    const harness = await startHub(t)
    const { settings, ask } = harness
    using one = await openScriptedSensor(
      settings.uplinkSocket,
      {},
      { wallOffsetNs: wallOffsetNs() },
    )
    using two = await openScriptedSensor(
      settings.uplinkSocket,
      { ...helloOf(), sensor: bytesOf(7), hostname: 'db-1' },
      { wallOffsetNs: wallOffsetNs() },
    )
    one.batch(1, (b) => fillExecs(b, 1, 3))
    two.batch(1, (b) => fillExecs(b, 1, 4))
    await one.until(() => one.acknowledged() === 1)
    await two.until(() => two.acknowledged() === 1)
    await caughtUp(harness)
    assert.equal((await ask('/api/v1/events?host=db-1')).json<EventsAnswer>().total, 4)
    assert.equal((await ask('/api/v1/events?filter=host%3Dweb-1')).json<EventsAnswer>().total, 3)
    const strip = (await ask('/api/v1/timeline?host=db-1')).json<Timeline>()
    assert.equal(
      (strip.groups.process ?? []).reduce<number>((sum, count) => sum + (count ?? 0), 0),
      4,
    )
  })
})

suite('hub with incidents', () => {
  const rulesDirs = [fileURLToPath(new URL('../../../rules', import.meta.url))]
  test('tells one story of an attack, takes what people say of it, and keeps both over a restart', async (t) => {
    const harness = await startHub(t, { rulesDirs })
    const { ask, settings, hub } = harness
    const [number, events] = threeStories()[0] ?? assert.fail()
    const [, ...batches] = recordsOf(number, events, 64)
    const watching = readLive(
      { socketPath: settings.apiSocket, path: '/api/v1/live?filter=kind%3Dexec' },
      (all) =>
        all.some((message) => message.kind === 'incident') &&
        all.some(
          (message) => message.kind === 'events' && Object.keys(message.incidentOf).length > 0,
        ),
    )
    using sensor = await openScriptedSensor(settings.uplinkSocket, {
      sensor: new Uint8Array(16).fill(number),
      boot: new Uint8Array(16).fill(0xb0),
      hostname: 'host-1',
    })
    for (const { body } of batches) {
      sensor.send({ kind: 'batch', batch: body })
      await new Promise((resolve) => {
        setTimeout(resolve, 20)
      })
    }
    await sensor.until(() => sensor.acknowledged() === batches.length)
    await watching
    await caughtUp(harness)
    const { incidents } = (await ask('/api/v1/incidents')).json<IncidentsAnswer>()
    assert.equal(incidents.length, 1)
    const [summary] = incidents
    assert.ok(summary && summary.steps >= 4 && summary.evidence.complete)
    const one = (await ask(`/api/v1/incidents/${summary.uid}`)).json<IncidentAnswer>()
    assert.equal(one.incident.uid, summary.uid)
    assert.ok(one.evidenceByKind.some(({ kind, offered }) => kind === 'exec' && offered >= 5))
    const changed = await ask(`/api/v1/incidents/${summary.uid}`, {
      body: { status: 'in_progress', assignee: 'ann', note: 'looking' },
    })
    assert.equal(changed.json<IncidentAnswer>().status, 'in_progress')
    assert.equal(
      (await ask('/api/v1/incidents?status=new')).json<IncidentsAnswer>().incidents.length,
      0,
    )
    assert.equal(
      (
        await ask('/api/v1/incidents?severity=critical,high,medium,low&host=host-1')
      ).json<IncidentsAnswer>().incidents.length,
      1,
    )
    const { hosts } = (await ask('/api/v1/hosts')).json<{ hosts: Host[] }>()
    assert.deepEqual(hosts[0]?.openIncidents, [summary.uid])
    const step = one.incident.steps[0]?.eventUids[0] ?? ''
    await hub.store.caughtUp({ spool: hub.spool.end })
    const span = `from=${encodeURIComponent(one.incident.firstTime)}&to=${encodeURIComponent(one.incident.lastTime)}`
    const page = (await ask(`/api/v1/events?limit=1000&${span}`)).json<EventsAnswer>()
    assert.equal(page.incidentOf[step], summary.uid)
    assert.ok(page.rows.every((row) => /\.\d{6}Z$/.test(String(row.time))))
    await hub.store.caughtUp({ derived: 1 })
    const hunt = await ask('/api/v1/hunt', {
      body: { sql: 'SELECT incident_uid, step_count FROM incident_finding' },
    })
    assert.deepEqual(
      hunt.json<HuntAnswer>().rows.map((row) => String(row[0])),
      [summary.uid],
    )
    const findings = await ask('/api/v1/hunt', {
      body: { sql: `SELECT count(*) FROM detection_finding WHERE incident_uid = '${summary.uid}'` },
    })
    assert.ok(Number(findings.json<HuntAnswer>().rows[0]?.[0]) >= 3)
    await hub[Symbol.asyncDispose]()
    const again = await openHub({
      settings,
      version: '0.1.0',
      log: createLogger({ component: 'hub', level: 'error', sink: () => undefined, now: Date.now }),
    })
    try {
      const answer = await ask(`/api/v1/incidents/${summary.uid}`)
      const kept = answer.json<IncidentAnswer>()
      assert.deepEqual(kept.incident, one.incident)
      assert.deepEqual(
        [kept.status, kept.assignee, kept.notes[0]?.text],
        ['in_progress', 'ann', 'looking'],
      )
      assert.equal(again.pipeline.counters.batches, 0, 'nothing was read again')
      const { entries } = (await ask('/api/v1/audit')).json<AuditAnswer>()
      assert.deepEqual(
        entries.toReversed().map(({ act, subject, detail }) => [act, subject, detail.slice(0, 30)]),
        [
          ['incident.status', summary.uid, 'new → in_progress'],
          ['incident.assignee', summary.uid, 'nobody → ann'],
          ['incident.note', summary.uid, 'looking'],
          ['hunt.run', '', 'SELECT incident_uid, step_coun'],
          ['hunt.run', '', 'SELECT count(*) FROM detection'],
        ],
      )
    } finally {
      await again[Symbol.asyncDispose]()
    }
  })
})
