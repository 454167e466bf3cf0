import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { activityBatchOf, parseFilter, type ActivityRow, type LiveMessage } from '@honeyguide/model'
import { createLive, type LiveSink } from './live.ts'

function rowOf(no: number, name = 'true'): ActivityRow {
  return {
    class_uid: 1007,
    activity_name: 'Launch',
    event_uid: `e${no}`,
    process_name: name,
    time: new Date(1_000_000 + no).toISOString(),
  }
}

function watcher() {
  const chunks: Uint8Array[] = []
  const sink = { bufferedBytes: 0, write: (bytes: Uint8Array) => void chunks.push(bytes) }
  return {
    sink: sink satisfies LiveSink as LiveSink & { bufferedBytes: number },
    chunks,
    messages: () =>
      chunks.map((bytes) => {
        const text = Buffer.from(bytes).toString()
        assert.ok(
          text.startsWith('data: ') && text.endsWith('\n\n') && !text.slice(0, -2).includes('\n'),
        )
        return JSON.parse(text.slice(6)) as LiveMessage
      }),
    events: () => {
      const all = chunks.map(
        (bytes) => JSON.parse(Buffer.from(bytes).toString().slice(6)) as LiveMessage,
      )
      return all.filter((message) => message.kind === 'events')
    },
  }
}

function start(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_500 })
  return createLive()
}

const none = () => undefined

suite('live', () => {
  test('sends what matches within 50 ms, with what it belongs to and how much there was', (t) => {
    const live = start(t)
    const one = watcher()
    live.watch(parseFilter('name = curl'), one.sink, [{ kind: 'status', sensors: 1, sensorsUp: 1 }])
    live.publish(activityBatchOf([rowOf(1), rowOf(2, 'curl'), rowOf(3)]), (uid) =>
      uid === 'e2' ? 'INC-1' : undefined,
    )
    t.mock.timers.tick(49)
    assert.equal(one.chunks.length, 1)
    t.mock.timers.tick(1)
    assert.deepEqual(one.messages(), [
      { kind: 'status', sensors: 1, sensorsUp: 1 },
      {
        kind: 'events',
        rows: [rowOf(2, 'curl')],
        incidentOf: { e2: 'INC-1' },
        notDrawn: 0,
        matched: 1,
        total: 3,
        lagMs: 548,
      },
    ])
  })
  test('draws 200 rows of a message and counts the rest', (t) => {
    const live = start(t)
    const one = watcher()
    live.watch(parseFilter(''), one.sink)
    for (let at = 0; at < 500; at += 10)
      live.publish(activityBatchOf(Array.from({ length: 10 }, (_, i) => rowOf(at + i))), none)
    t.mock.timers.tick(50)
    const [message] = one.events()
    assert.equal(message?.rows.length, 200)
    assert.deepEqual([message?.matched, message?.notDrawn, message?.total], [500, 300, 500])
    assert.equal(live.notDrawn, 300)
  })
  test('encodes once for watchers whose filters mean the same', (t) => {
    const live = start(t)
    const [one, two] = [watcher(), watcher()]
    live.watch(parseFilter('name=true'), one.sink)
    live.watch(parseFilter('  name = "true"'), two.sink)
    live.publish(activityBatchOf([rowOf(1)]), none)
    t.mock.timers.tick(50)
    assert.equal(one.chunks[0], two.chunks[0])
  })
  test('sends a slow watcher nothing until it has read, then says what it missed', (t) => {
    const live = start(t)
    const [slow, quick] = [watcher(), watcher()]
    live.watch(parseFilter(''), slow.sink)
    live.watch(parseFilter(''), quick.sink)
    slow.sink.bufferedBytes = 2 << 20
    for (const no of [1, 2]) {
      live.publish(activityBatchOf([rowOf(no)]), none)
      t.mock.timers.tick(50)
    }
    assert.equal(slow.chunks.length, 0)
    slow.sink.bufferedBytes = 0
    live.publish(activityBatchOf([rowOf(3)]), none)
    t.mock.timers.tick(50)
    const [message] = slow.events()
    assert.deepEqual(
      message?.rows.map((row) => row.event_uid),
      ['e3'],
    )
    assert.deepEqual([message?.matched, message?.notDrawn, message?.total], [3, 2, 3])
    assert.deepEqual(
      quick.events().map((each) => each.notDrawn),
      [0, 0, 0],
    )
  })
  test('says once a second how much there was when nothing matches, and hurries when something does', (t) => {
    const live = start(t)
    const one = watcher()
    live.watch(parseFilter('name = nc'), one.sink)
    live.publish(activityBatchOf([rowOf(1)]), none)
    t.mock.timers.tick(50)
    assert.equal(one.events()[0]?.total, 1)
    live.publish(activityBatchOf([rowOf(2)]), none)
    t.mock.timers.tick(500)
    assert.equal(one.chunks.length, 1)
    live.publish(activityBatchOf([rowOf(3, 'nc')]), none)
    t.mock.timers.tick(50)
    assert.deepEqual([one.events()[1]?.total, one.events()[1]?.matched], [2, 1])
  })
  test('bounds the text of a row', (t) => {
    const live = start(t)
    const one = watcher()
    live.watch(parseFilter(''), one.sink)
    live.publish(activityBatchOf([{ ...rowOf(1), process_cmd_line: 'x'.repeat(200_000) }]), none)
    t.mock.timers.tick(50)
    assert.equal(one.events()[0]?.rows[0]?.process_cmd_line?.length, 4096)
  })
  test('does nothing for nobody', (t) => {
    const live = start(t)
    const one = watcher()
    const stop = live.watch(parseFilter(''), one.sink)
    live.publish(activityBatchOf([rowOf(1)]), none)
    stop()
    t.mock.timers.tick(2000)
    assert.equal(one.chunks.length, 0)
    assert.equal(live.watchers, 0)
  })
  test('announces to everybody', (t) => {
    const live = start(t)
    const one = watcher()
    live.watch(parseFilter('name = nc'), one.sink)
    live.announce({ kind: 'incident', uid: 'INC-1', severity: 'high', title: 'a' })
    assert.deepEqual(one.messages(), [
      { kind: 'incident', uid: 'INC-1', severity: 'high', title: 'a' },
    ])
  })
})
