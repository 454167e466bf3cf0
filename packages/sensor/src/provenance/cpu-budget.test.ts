import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createCpuBudget } from './cpu-budget.ts'

suite('CPU budget', () => {
  test('lets a burst run at once, and then no more than its share', () => {
    const budget = createCpuBudget({ share: 0.01, burstSeconds: 60 })
    let wallMs = 1000
    let usedMs = 0
    const endMs = wallMs + 3600 * 1000
    let rests = 0
    while (wallMs < endMs) {
      const rest = budget.restMs(wallMs)
      if (rest > 0) {
        rests += 1
        wallMs += rest
        continue
      }
      // A slice of 2 ms, on a core of which half is somebody else's.
      wallMs += 4
      usedMs += 2
      budget.charge(wallMs, 2)
    }
    assert.ok(usedMs <= 0.01 * 3660 * 1000 + 2, `${usedMs}`)
    assert.ok(usedMs >= 0.01 * 3600 * 1000 * 0.95, `${usedMs}`)
    assert.ok(rests < 3600 * 4, 'rests are long enough to be few')
  })
  test('holds no more than the burst, however long nothing was asked for', () => {
    const budget = createCpuBudget({ share: 0.5, burstSeconds: 1 })
    budget.charge(0, 0)
    budget.charge(1e9, 500)
    assert.ok(budget.restMs(1e9) > 0)
  })
  test('goes on with what another one held', () => {
    const budget = createCpuBudget({ share: 0.1, burstSeconds: 10 })
    budget.charge(0, 2000)
    assert.equal(budget.heldMs, -1000)
    const next = createCpuBudget({ share: 0.1, burstSeconds: 10, heldMs: budget.heldMs })
    assert.equal(next.restMs(0), 10_050)
    assert.equal(createCpuBudget({ share: 0.1, burstSeconds: 1, heldMs: 1e6 }).heldMs, 100)
  })
  test('a clock that stands still or goes back gives nothing and takes nothing', () => {
    const budget = createCpuBudget({ share: 0.1, burstSeconds: 1 })
    budget.charge(5000, 100)
    const rest = budget.restMs(5000)
    assert.ok(rest > 0)
    assert.equal(budget.restMs(4000), rest)
  })
})
