import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createLogger } from '@honeyguide/model/log'
import { createRetention } from './retention.ts'
import type { Spool } from './spool/index.ts'
import type { EventStore } from './store/store.ts'

const hourMs = 3_600_000
const nowMs = 1000 * hourMs

/** A store of one byte per ms from `oldest` on, and a spool that tells what it was asked to trim. */
function start(options: { oldestHours: number; capBytes: number }) {
  let oldestMs = nowMs - options.oldestHours * hourMs
  const trims: Parameters<Spool['trim']>[0][] = []
  const retained: number[] = []
  let advance: () => void = () => undefined
  const spool = {
    bytes: 1000,
    onAdvance(listener: () => void) {
      advance = listener
      return () => undefined
    },
    trim(of: Parameters<Spool['trim']>[0]) {
      trims.push(of)
      return Promise.resolve({ segments: 0, bytes: 0, unread: [] })
    },
  } as unknown as Spool
  const store = {
    state: { taken: { spool: 70, derived: 30 } },
    sizes: () => Promise.resolve({ bytes: nowMs - oldestMs, oldestMs }),
    retain(beforeMs: number) {
      retained.push(beforeMs)
      oldestMs = beforeMs
      return Promise.resolve(10)
    },
  } as unknown as EventStore
  const clock = { now: nowMs }
  const retention = createRetention({
    spool,
    derived: spool,
    store,
    pipelinePassed: () => 50,
    capBytes: options.capBytes,
    log: createLogger({
      component: 'retention',
      level: 'error',
      sink: () => undefined,
      now: Date.now,
    }),
    now: () => clock.now,
  })
  return { retention, trims, retained, clock, advance: () => advance() }
}

suite('retention', () => {
  test('removes the oldest hours, one by one, until the cap holds', async () => {
    const { retention, retained } = start({ oldestHours: 5, capBytes: 3 * hourMs + 1000 + 1000 })
    await retention.run()
    assert.deepEqual(retained, [nowMs - 4 * hourMs, nowMs - 3 * hourMs])
    assert.equal(retention.removedEvents, 20)
  })
  test('never removes the last hour, whatever the cap', async () => {
    const { retention, retained } = start({ oldestHours: 2.5, capBytes: 1 })
    await retention.run()
    assert.deepEqual(retained, [nowMs - 2 * hourMs, nowMs - hourMs])
  })
  test('cuts the log only behind what pipeline and store have both taken', async () => {
    const { retention, trims } = start({ oldestHours: 1, capBytes: 1e12 })
    await retention.run()
    assert.deepEqual(
      trims.map(({ passed }) => passed),
      [50, 30],
    )
  })
  test('looks when the log grows, once a minute at most', async () => {
    const { trims, clock, advance } = start({ oldestHours: 1, capBytes: 1e12 })
    const settled = () =>
      new Promise((resolve) => {
        setTimeout(resolve, 5)
      })
    advance()
    await settled()
    assert.equal(trims.length, 0)
    clock.now += 60_000
    advance()
    advance()
    await settled()
    assert.equal(trims.length, 2, 'log and derived log, once')
    advance()
    await settled()
    assert.equal(trims.length, 2)
  })
})
