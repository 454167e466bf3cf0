import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite, test, type TestContext } from 'node:test'
import { hostileStatements } from '../guard/statements.ts'
import { addLife, addShell, scriptedHost, shell } from '../scripted-host.ts'
import { objects, openHarness, type StoreHarness } from '../store.suite.ts'
import { openTestStore } from './test-store.ts'

/** More by hand: a start takes about a second, a round of hunts half of one. */
const kills = Number(process.env['HG_STORE_KILLS'] ?? 5)
const rounds = Number(process.env['HG_STORE_ROUNDS'] ?? 5)

interface Fed extends StoreHarness {
  /** Ends the feeding, waits until all is taken in, and holds what there is against what was sent. */
  check(): Promise<void>
}

/** A store that takes in `lives` processes a batch, a batch every 20 ms. */
async function fed(t: TestContext, lives: number): Promise<Fed> {
  const harness = await openHarness(t, (parts) => openTestStore(parts, 50))
  const { spool, store } = harness
  const web = scriptedHost(1, Date.now() - 600_000)
  await spool.append(web.hello('web-1'))
  let sent = 0
  let batches = 0
  const stop = new AbortController()
  const feeding = (async () => {
    while (!stop.signal.aborted) {
      // The snapshot comes again and again, as from a sensor that connects anew.
      if (batches++ % 7 === 0) addShell(web)
      for (let life = 0; life < lives; life++) addLife(web, sent++, shell)
      await spool.append(web.batch())
      await sleep(20)
    }
  })()
  t.after(() => stop.abort())
  return {
    ...harness,
    async check() {
      stop.abort()
      await feeding
      await store.caughtUp({ spool: spool.end }, AbortSignal.timeout(60_000))
      const [events] = objects(
        await store.hunt(
          `SELECT count(*) AS n, count(DISTINCT event_uid) AS events, count(DISTINCT process_uid) AS images, count(process_parent_process_cmd_line) AS parents FROM process_activity`,
        ),
      )
      assert.deepEqual(events, {
        n: sent * 3,
        events: sent * 3,
        images: sent * 2,
        parents: sent * 3,
      })
      const [numbers] = objects(
        await store.hunt(
          `SELECT count(DISTINCT regexp_extract(process_cmd_line, '--number ([0-9]+)', 1)) AS n FROM process_activity WHERE activity_name = 'Launch'`,
        ),
      )
      assert.equal(numbers?.['n'], sent)
      const [images] = objects(
        await store.hunt(
          `SELECT count(*) AS n, count(DISTINCT process_uid) AS d, count(end_time) AS ended FROM processes`,
        ),
      )
      assert.deepEqual(images, { n: sent * 2 + 1, d: sent * 2 + 1, ended: sent * 2 })
    },
  }
}

suite('the store has every row exactly once, and every process once', () => {
  test('however often it is killed during ingest', async (t) => {
    const { store, check } = await fed(t, 200)
    /** Waits for a process that has opened the file. */
    async function up(pid: number | undefined): Promise<void> {
      const giveUp = Date.now() + 20_000
      while (store.state.state !== 'up' || store.state.pid === undefined) {
        assert.ok(Date.now() < giveUp, `not up again after process ${pid}`)
        await sleep(10)
      }
    }
    for (let kill = 0; kill < kills; kill++) {
      // Every fourth kill comes while it opens the file, the others while it takes in what waits.
      const { pid } = store.state
      if (kill % 4 !== 3) await up(pid)
      await sleep((kill * 7919) % 180)
      const victim = store.state.pid
      if (victim !== undefined) process.kill(victim, 'SIGKILL')
    }
    await check()
    assert.ok(store.state.restarts >= kills * 0.7, `${store.state.restarts} restarts`)
  })
  test('however often hunts use up its memory during ingest', async (t) => {
    const { store, check } = await fed(t, 50)
    await store.caughtUp({ spool: 1 })
    const long = hostileStatements.filter(({ kind }) => kind === 'long')
    for (let round = 0; round < rounds; round++) {
      await Promise.allSettled(long.map(({ sql }) => store.hunt(sql)))
      await sleep(300)
    }
    await check()
  })
})
