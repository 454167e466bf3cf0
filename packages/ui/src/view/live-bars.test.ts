import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Timeline } from '@honeyguide/model/api'
import { histogramBars } from './live-bars.ts'

const start = Date.parse('2026-11-24T14:00:00.000Z')
const span = { fromMs: start, toMs: start + 300_000 }

function timeline(bucketMs: number, counts: readonly (number | null)[]): Timeline {
  return {
    from: new Date(start).toISOString(),
    to: new Date(start + counts.length * bucketMs).toISOString(),
    bucketMs,
    groups: { process: counts, network: counts.map(() => 0) },
    incidents: [],
    evidence: { complete: true, offered: 1, lost: 0, gaps: [], gapCount: 0 },
  }
}

suite('live bars', () => {
  test('loses no event and draws no bar narrower than what was counted', () => {
    for (const bucketMs of [1000, 3000, 60_000]) {
      const counts = Array.from({ length: 300_000 / bucketMs }, (_, at) => at + 1)
      const bars = histogramBars(span, [], Infinity, timeline(bucketMs, counts))
      assert.ok(300_000 / bars.length >= bucketMs)
      assert.equal(
        bars.reduce((sum, bar) => sum + (bar.process ?? 0), 0),
        counts.reduce((sum, count) => sum + count, 0),
      )
      assert.ok(
        bars.every((bar) => bar.process !== null),
        'no bar is empty for want of a bucket',
      )
    }
  })

  test('counts each second once where the stream takes over', () => {
    const bars = histogramBars(
      span,
      [{ at: start + 200_000, counts: { process: 7, network: 1 }, notDrawn: 2 }],
      start + 200_000,
      timeline(
        1000,
        Array.from({ length: 300 }, () => 1),
      ),
    )
    assert.equal(
      bars.reduce((sum, bar) => sum + (bar.process ?? 0), 0),
      200 + 7,
    )
    assert.equal(
      bars.reduce((sum, bar) => sum + (bar.other ?? 0), 0),
      2,
    )
  })

  test('what nobody reported stays unknown', () => {
    const bars = histogramBars(span, [], Infinity, timeline(60_000, [null, 5, null, null, null]))
    assert.deepEqual(
      bars.map((bar) => bar.process),
      [null, 5, null, null, null],
    )
  })
})
