import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite, test } from 'node:test'
import type { Spool } from '../../spool/index.ts'
import { addLife, addShell, scriptedHost, shell } from '../scripted-host.ts'
import { openHarness, put, storeSuite } from '../store.suite.ts'
import { openMemoryStore } from './memory-store.ts'

const options = { memoryBytes: 512 * 1024 * 1024, flushMs: 20 }

storeSuite('memory', (logs) => openMemoryStore({ ...logs, ...options }))

/** `spool` whose reader fails once when `fail` says so. */
function failing(spool: Spool, fail: () => boolean): Spool {
  return new Proxy(spool, {
    get(target, key) {
      if (key !== 'reader') {
        const value: unknown = Reflect.get(target, key)
        return typeof value === 'function' ? value.bind(target) : value
      }
      return () => {
        const reader = target.reader()
        return Object.assign(Object.create(reader) as typeof reader, {
          async *follow(...asked: Parameters<typeof reader.follow>) {
            for await (const chunk of reader.follow(...asked)) {
              if (fail()) throw new Error('It fails.')
              yield chunk
            }
          },
        })
      }
    },
  })
}

suite('the store in memory', () => {
  test('begins again with what the log has when it can no longer take in rows', async (t) => {
    let fails = 0
    const harness = await openHarness(t, ({ spool, derived }) =>
      openMemoryStore({ spool: failing(spool, () => fails-- === 1), derived, ...options }),
    )
    const { store } = harness
    const web = scriptedHost(1, Date.now())
    const count = async () =>
      (await store.hunt('SELECT count(*), count(DISTINCT event_uid) FROM process_activity')).rows
    addShell(web)
    for (let life = 0; life < 10; life++) addLife(web, life, shell)
    await put(harness, web.batch())
    assert.deepEqual(await count(), [[30, 30]])
    for (let life = 10; life < 20; life++) addLife(web, life, shell)
    const away: Promise<void>[] = []
    store.onState(({ state }) => {
      if (state === 'starting') away.push(assert.rejects(count(), { code: 'HG_STORE_AWAY' }))
    })
    fails = 1
    await harness.spool.append(web.batch())
    while (store.state.restarts === 0) await sleep(5)
    await Promise.all(away)
    assert.equal(away.length, 1)
    while (store.state.taken.spool < harness.spool.end) await sleep(5)
    assert.deepEqual(await count(), [[60, 60]])
    assert.equal(store.state.state, 'up')
    assert.equal(store.state.restarts, 1)
  })
})
