import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createWallOffset } from './wall-clock.ts'

suite('wall clock', () => {
  test('is sampled every 10 s, and at once when the wall clock was set', () => {
    let boot = 1_000_000_000n
    let offset = 5_000_000_000n
    const wallOffset = createWallOffset({ bootNs: () => boot, wallNs: () => boot + offset })
    assert.equal(wallOffset(), 5_000_000_000n)
    offset += 500_000n
    assert.equal(wallOffset(), 5_000_000_000n, 'drift below a millisecond waits')
    boot += 10_000_000_000n
    assert.equal(wallOffset(), 5_000_500_000n)
    offset -= 3_600_000_000_000n
    assert.equal(wallOffset(), 5_000_500_000n - 3_600_000_000_000n)
  })
})
