import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { HoneyguideError } from '@honeyguide/model'
import { openStateDatabase } from '../state/state-database.ts'
import { createAccess, linkMs, sessionMs } from './access.ts'
import { checkRequestOrigin, ownNames, type RequestHead } from './request-origin.ts'
import { createSessionStore } from './session-store.ts'

function start() {
  const database = openStateDatabase(':memory:')
  const clock = { now: 1_000_000 }
  return { database, clock, access: createAccess(createSessionStore(database), () => clock.now) }
}

suite('access', () => {
  test('takes a link once, for a session of twelve hours', () => {
    const { access, clock } = start()
    const { token } = access.makeLink()
    assert.match(token, /^hg1_[A-Za-z0-9_-]{32}$/)
    const { session, expiresMs } = access.exchange(token)
    assert.equal(expiresMs, clock.now + sessionMs)
    assert.equal(access.sessionEnd(session), expiresMs)
    assert.throws(() => access.exchange(token), { code: 'HG_AUTH_REFUSED' })
    clock.now += sessionMs
    assert.equal(access.sessionEnd(session), undefined)
  })
  test('refuses a link after ten minutes, and one that never was', () => {
    const { access, clock } = start()
    const { token } = access.makeLink()
    clock.now += linkMs
    assert.throws(() => access.exchange(token), { code: 'HG_AUTH_REFUSED' })
    assert.throws(() => access.exchange('hg1_'), { code: 'HG_AUTH_REFUSED' })
    assert.throws(() => access.exchange('x'.repeat(1e6)), { code: 'HG_AUTH_REFUSED' })
    assert.equal(access.refused, 3)
  })
  test('limits wrong tries, and lets in again after a while', () => {
    const { access, clock } = start()
    const { token } = access.makeLink()
    for (let i = 0; i < 10; i++)
      assert.throws(() => access.exchange(`no${i}`), { code: 'HG_AUTH_REFUSED' })
    assert.throws(() => access.exchange(token), { code: 'HG_AUTH_LIMITED' })
    clock.now += 6000
    assert.ok(access.exchange(token))
  })
  test('keeps only hashes', () => {
    const { access, database } = start()
    const { token } = access.makeLink()
    const { session } = access.exchange(token)
    access.makeLink()
    const all = JSON.stringify([
      database.prepare('SELECT * FROM sign_in_link').all(),
      database.prepare('SELECT * FROM session').all(),
    ])
    assert.ok(!all.includes(token) && !all.includes(session))
  })
})

suite('request origin', () => {
  const own = ownNames('127.0.0.1', ['hub.example'], 7461)
  const good: RequestHead = {
    method: 'GET',
    host: '127.0.0.1:7461',
    origin: undefined,
    fetchSite: undefined,
    isApi: true,
  }
  function verdict(over: Partial<RequestHead>): string {
    try {
      checkRequestOrigin({ ...good, ...over }, own)
      return 'ok'
    } catch (error) {
      return error instanceof HoneyguideError ? error.code : String(error)
    }
  }
  const post = { method: 'POST', origin: 'http://127.0.0.1:7461' }
  const cases: readonly (readonly [string, Partial<RequestHead>, string])[] = [
    ['its own address', {}, 'ok'],
    ['localhost', { host: 'localhost:7461' }, 'ok'],
    ['a name in capitals', { host: 'LOCALHOST:7461' }, 'ok'],
    ['IPv6 loopback', { host: '[::1]:7461' }, 'ok'],
    ['a name of the settings', { host: 'hub.example:7461' }, 'ok'],
    ['a rebound name', { host: 'evil.example:7461' }, 'HG_HOST_REFUSED'],
    ['a rebound name on port 80', { host: 'evil.example' }, 'HG_HOST_REFUSED'],
    ['another port', { host: '127.0.0.1:80' }, 'HG_HOST_REFUSED'],
    ['no port', { host: '127.0.0.1' }, 'HG_HOST_REFUSED'],
    ['no host', { host: undefined }, 'HG_HOST_REFUSED'],
    ['an empty host', { host: '' }, 'HG_HOST_REFUSED'],
    ['user info in the host', { host: 'x@127.0.0.1:7461' }, 'HG_HOST_REFUSED'],
    ['a path in the host', { host: '127.0.0.1:7461/' }, 'HG_HOST_REFUSED'],
    ['a suffix', { host: '127.0.0.1:7461.evil.example' }, 'HG_HOST_REFUSED'],
    ['a prefix', { host: 'localhost.evil.example:7461' }, 'HG_HOST_REFUSED'],
    ['another loopback address', { host: '127.0.0.2:7461' }, 'HG_HOST_REFUSED'],
    ['the address of everybody', { host: '0.0.0.0:7461' }, 'HG_HOST_REFUSED'],
    ['a decimal address', { host: '2130706433:7461' }, 'HG_HOST_REFUSED'],
    ['a trailing dot', { host: 'localhost.:7461' }, 'HG_HOST_REFUSED'],
    ['its own origin', { origin: 'http://localhost:7461' }, 'ok'],
    ['another origin', { origin: 'http://evil.example' }, 'HG_ORIGIN_REFUSED'],
    ['the null origin', { origin: 'null' }, 'HG_ORIGIN_REFUSED'],
    ['another port as origin', { origin: 'http://127.0.0.1:8080' }, 'HG_ORIGIN_REFUSED'],
    [
      'an extension as origin',
      { origin: 'chrome-extension://127.0.0.1:7461' },
      'HG_ORIGIN_REFUSED',
    ],
    ['a post of its own', post, 'ok'],
    ['a post without origin', { method: 'POST' }, 'HG_ORIGIN_REFUSED'],
    ['a delete without origin', { method: 'DELETE' }, 'HG_ORIGIN_REFUSED'],
    ['a post of another page', { ...post, origin: 'http://evil.example' }, 'HG_ORIGIN_REFUSED'],
    ['a fetch of another site', { fetchSite: 'cross-site' }, 'HG_ORIGIN_REFUSED'],
    ['a fetch of another port', { fetchSite: 'same-site' }, 'HG_ORIGIN_REFUSED'],
    ['a link on another page', { fetchSite: 'cross-site', isApi: false }, 'ok'],
    ['a typed address', { fetchSite: 'none' }, 'ok'],
    ['its own fetch', { fetchSite: 'same-origin' }, 'ok'],
  ]
  for (const [name, over, expected] of cases)
    test(`${expected === 'ok' ? 'takes' : 'refuses'} ${name}`, () =>
      assert.equal(verdict(over), expected))
})
