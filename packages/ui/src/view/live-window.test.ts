import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { LiveMessage } from '@honeyguide/model/api'
import { createLiveWindow } from './live-window.ts'

const start = Date.parse('2026-11-24T14:00:00.000Z')

function events(
  count: number,
  atMs: number,
  more: Partial<Extract<LiveMessage, { kind: 'events' }>> = {},
): LiveMessage {
  return {
    kind: 'events',
    rows: Array.from({ length: count }, (_, at) => ({
      class_uid: at % 2 === 0 ? 1007 : 4001,
      activity_name: 'Launch',
      event_uid: `e${atMs}-${at}`,
      time: new Date(atMs).toISOString(),
    })),
    incidentOf: {},
    notDrawn: 0,
    matched: count,
    total: count,
    lagMs: 5,
    ...more,
  }
}

suite('live window', () => {
  test('keeps a bounded number of rows and seconds, the newest', () => {
    const window = createLiveWindow({ rows: 1000, seconds: 60 })
    for (let tick = 0; tick < 1200; tick++)
      window.accept(events(200, start + tick * 100), start + tick * 100)
    const snapshot = window.snapshot(start + 120_000)
    assert.equal(snapshot.entries.length, 1000)
    assert.equal(snapshot.received, 240_000)
    assert.equal(snapshot.seconds.length, 60)
    assert.equal(snapshot.seconds[59]?.at, start + 119_000)
  })

  test('counts what was not drawn apart from kinds that it cannot know', () => {
    const window = createLiveWindow({ rows: 10, seconds: 10 })
    window.accept(events(4, start, { notDrawn: 96, matched: 100, total: 400 }), start)
    const snapshot = window.snapshot(start + 1000)
    assert.equal(snapshot.notDrawn, 96)
    assert.deepEqual(snapshot.seconds[0], {
      at: start,
      counts: { process: 2, network: 2 },
      notDrawn: 96,
    })
    assert.equal(snapshot.matchedPerSecond, 100)
    assert.equal(snapshot.totalPerSecond, 400)
  })

  test('rates fall to zero when nothing comes', () => {
    const window = createLiveWindow({ rows: 10, seconds: 10 })
    window.accept(events(4, start), start)
    assert.equal(window.snapshot(start + 10_000).matchedPerSecond, 0)
  })

  test('a gap stands where it happened and counts', () => {
    const window = createLiveWindow({ rows: 10, seconds: 10 })
    window.accept(events(1, start), start)
    window.accept(
      {
        kind: 'gap',
        gap: {
          host: 'a',
          hook: 'h',
          reason: 'ring_full',
          from: '',
          to: '',
          offered: 20,
          lost: 11,
          mayHide: '',
        },
      },
      start,
    )
    const snapshot = window.snapshot(start)
    assert.equal(snapshot.lost, 11)
    assert.equal(snapshot.entries[1]?.kind, 'gap')
  })

  test('rows from before the stream go under it, none twice', () => {
    const window = createLiveWindow({ rows: 10, seconds: 10 })
    window.accept(events(1, start), start)
    window.seed([
      { class_uid: 1007, event_uid: `e${start}-0` },
      { class_uid: 1007, event_uid: 'older' },
    ])
    assert.deepEqual(
      window
        .snapshot(start)
        .entries.map((entry) => (entry.kind === 'event' ? entry.row.event_uid : '')),
      ['older', `e${start}-0`],
    )
  })

  test('a late event counts in its own second', () => {
    const window = createLiveWindow({ rows: 10, seconds: 10 })
    window.accept(events(1, start), start)
    window.accept(events(1, start + 2000), start + 2000)
    window.accept(events(1, start + 1000), start + 2100)
    assert.deepEqual(
      window.snapshot(start + 2100).seconds.map((one) => [one.at - start, one.counts.process]),
      [
        [0, 1],
        [1000, 1],
        [2000, 1],
      ],
    )
  })
})
