import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { isoMicros, microsOfIso } from './wall-time.ts'

suite('wall time', () => {
  test('is written with six decimals', () => {
    assert.equal(isoMicros(0), '1970-01-01T00:00:00.000000Z')
    assert.equal(isoMicros(1_795_528_805_123_456), '2026-11-24T14:00:05.123456Z')
    assert.equal(isoMicros(-1), '1969-12-31T23:59:59.999999Z')
  })
  test('is read with as many decimals as there are', () => {
    assert.equal(microsOfIso('2026-11-24T14:00:05Z'), 1_795_528_805_000_000)
    assert.equal(microsOfIso('2026-11-24T14:00:05.5Z'), 1_795_528_805_500_000)
    assert.equal(microsOfIso('2026-11-24T14:00:05.1234Z'), 1_795_528_805_123_400)
    assert.equal(microsOfIso('2026-11-24T15:00:05.123456789+01:00'), 1_795_528_805_123_456)
    assert.ok(Number.isNaN(microsOfIso('yesterday')))
  })
  test('sorts as texts like the times do', () => {
    const times = fc.integer({ min: 0, max: 4_102_444_800_000_000 })
    fc.assert(
      fc.property(times, times, (a, b) => {
        assert.equal(isoMicros(a) < isoMicros(b), a < b)
        assert.equal(Date.parse(isoMicros(a)), Math.floor(a / 1000))
        assert.equal(microsOfIso(isoMicros(a)), a)
      }),
    )
  })
})
