import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { splitCpuTime } from './cpu-time.ts'

suite('CPU time', () => {
  test('is split as the ticks say', () => {
    assert.deepEqual(splitCpuTime(30n, 10n, 100n), { userNs: 75n, systemNs: 25n })
    assert.deepEqual(splitCpuTime(0n, 0n, 7n), { userNs: 7n, systemNs: 0n })
    assert.deepEqual(splitCpuTime(0n, 4n, 7n), { userNs: 0n, systemNs: 7n })
  })
  test('never loses or invents any', () => {
    const ns = fc.bigInt({ min: 0n, max: 1n << 62n })
    fc.assert(
      fc.property(ns, ns, ns, (user, system, run) => {
        const { userNs, systemNs } = splitCpuTime(user, system, run)
        assert.equal(userNs + systemNs, run)
        assert.ok(userNs >= 0n && systemNs >= 0n)
      }),
    )
  })
})
