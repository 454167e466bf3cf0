import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite, test } from 'node:test'
import { addLife, addShell, scriptedHost, shell } from '../scripted-host.ts'
import { objects, openHarness } from '../store.suite.ts'
import { openDuckdbStore } from './client.ts'
import { join } from 'node:path'

/** 20 in acceptance; a start takes about a second. */
const kills = Number(process.env['HG_STORE_KILLS'] ?? 5)

suite('the store killed at random', () => {
  test('has every row exactly once, and every process once, however often it is killed during ingest', async (t) => {
    const harness = await openHarness(t, ({ dir, spool, derived }) =>
      openDuckdbStore({
        path: join(dir, 'events.duckdb'),
        spool,
        derived,
        processBytes: 2 * 1024 ** 3,
        memoryBytes: 512 * 1024 ** 2,
        flushMs: 50,
      }),
    )
    const { spool, store } = harness
    const web = scriptedHost(1, Date.now() - 600_000)
    await spool.append(web.hello('web-1'))
    /** Waits for a process that has opened the file. */
    async function up(pid: number | undefined): Promise<void> {
      const giveUp = Date.now() + 20_000
      while (store.state.state !== 'up' || store.state.pid === undefined) {
        assert.ok(Date.now() < giveUp, `not up again after process ${pid}`)
        await sleep(10)
      }
    }
    let lives = 0
    const stop = new AbortController()
    let batches = 0
    const feeding = (async () => {
      while (!stop.signal.aborted) {
        // The snapshot comes again and again, as from a sensor that connects anew.
        if (batches++ % 7 === 0) addShell(web)
        for (let i = 0; i < 200; i++) addLife(web, lives++, shell)
        await spool.append(web.batch())
        await sleep(20)
      }
    })()
    for (let kill = 0; kill < kills; kill++) {
      // Every fourth kill comes while it opens the file, the others while it takes in what waits.
      const { pid } = store.state
      if (kill % 4 !== 3) await up(pid)
      await sleep((kill * 7919) % 180)
      const victim = store.state.pid
      if (victim !== undefined) process.kill(victim, 'SIGKILL')
    }
    stop.abort()
    await feeding
    await store.caughtUp({ spool: spool.end }, AbortSignal.timeout(60_000))
    assert.ok(store.state.restarts >= kills * 0.7, `${store.state.restarts} restarts`)
    const [events] = objects(
      await store.hunt(
        `SELECT count(*) AS n, count(DISTINCT event_uid) AS events, count(DISTINCT process_uid) AS images, count(process_parent_process_cmd_line) AS parents FROM process_activity`,
      ),
    )
    assert.deepEqual(events, {
      n: lives * 3,
      events: lives * 3,
      images: lives * 2,
      parents: lives * 3,
    })
    const [numbers] = objects(
      await store.hunt(
        `SELECT count(DISTINCT regexp_extract(process_cmd_line, '--number ([0-9]+)', 1)) AS n FROM process_activity WHERE activity_name = 'Launch'`,
      ),
    )
    assert.equal(numbers?.['n'], lives)
    const [images] = objects(
      await store.hunt(
        `SELECT count(*) AS n, count(DISTINCT process_uid) AS d, count(end_time) AS ended FROM processes`,
      ),
    )
    assert.deepEqual(images, { n: lives * 2 + 1, d: lives * 2 + 1, ended: lives * 2 })
  })
})
