import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { imageFlags } from '@honeyguide/model/tables/exec'
import fc from 'fast-check'
import { createProcessCache, type ProcessRecord } from './process-cache.ts'

const ms = 1_000_000
const record = (pid: number, parentPid: number, startNs = pid): ProcessRecord => ({
  pid,
  startNs,
  execNo: 1,
  parentPid,
  parentStartNs: parentPid,
})
const incomplete = imageFlags.lineageIncomplete
const evicted = imageFlags.lineageIncomplete | imageFlags.lineageEvicted

suite('process cache', () => {
  test('knows a lineage that ends at a process without a parent', () => {
    const cache = createProcessCache({ capacity: 10, exitedMs: 1000 })
    assert.equal(cache.fork(record(1, 0)), 0)
    assert.equal(cache.fork(record(2, 1)), 0)
    assert.equal(cache.exec(record(3, 2)), 0)
    assert.equal(cache.exec(record(9, 8)), incomplete)
    assert.equal(cache.fork(record(10, 9)), incomplete, 'an ancestor is missing')
  })

  test('keeps an ended process while a child lives, and for its time after that', () => {
    const cache = createProcessCache({ capacity: 10, exitedMs: 60_000 })
    cache.fork(record(1, 0))
    cache.fork(record(2, 1))
    cache.fork(record(3, 2))
    cache.exit(2, 2, 0)
    cache.sweep(61_000 * ms)
    assert.ok(cache.get(2, 2), 'its child lives')
    cache.exit(3, 3, 62_000 * ms)
    cache.sweep(123_000 * ms)
    assert.equal(cache.get(3, 3), undefined)
    cache.sweep(190_000 * ms)
    assert.equal(cache.get(2, 2), undefined)
    assert.equal(cache.evictions, 0)
  })

  test('tells a parent that had to go from one that was never known', () => {
    const cache = createProcessCache({ capacity: 2, exitedMs: 60_000 })
    cache.fork(record(1, 0))
    cache.fork(record(2, 1))
    cache.exit(2, 2, 1)
    cache.fork(record(3, 1))
    assert.equal(cache.evictions, 1)
    assert.equal(cache.fork(record(4, 2)), evicted)
    assert.equal(cache.fork(record(5, 77)), incomplete)
  })

  test('an exec puts a new record in place', () => {
    const cache = createProcessCache({ capacity: 10, exitedMs: 1 })
    cache.fork(record(1, 0))
    cache.exec({ ...record(1, 0), execNo: 2 })
    assert.equal(cache.get(1, 1)?.execNo, 2)
    assert.equal(cache.size, 1)
  })

  test('whatever happens: bounded, never a wrong parent, never a complete lineage with a hole', () => {
    const step = fc.record({
      kind: fc.constantFrom('fork', 'exec', 'exit', 'sweep', 'add'),
      pid: fc.integer({ min: 1, max: 12 }),
      generation: fc.integer({ min: 0, max: 2 }),
      parent: fc.integer({ min: 0, max: 12 }),
      parentGeneration: fc.integer({ min: 0, max: 2 }),
      passMs: fc.integer({ min: 0, max: 50 }),
    })
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 80 }),
        fc.integer({ min: 1, max: 8 }),
        (steps, capacity) => {
          const cache = createProcessCache({ capacity, exitedMs: 100 })
          // What was last said of each process, by an implementation without bounds.
          const truth = new Map<string, ProcessRecord>()
          let nowNs = 0
          for (const { kind, pid, generation, parent, parentGeneration, passMs } of steps) {
            nowNs += passMs * ms
            const startNs = pid * 10 + generation
            const process: ProcessRecord = {
              pid,
              startNs,
              execNo: truth.size,
              parentPid: parent,
              parentStartNs: parent === 0 ? 0 : parent * 10 + parentGeneration,
            }
            if (kind === 'exit') cache.exit(pid, startNs, nowNs)
            else if (kind === 'sweep') cache.sweep(nowNs)
            else {
              truth.set(`${pid} ${startNs}`, process)
              if (kind === 'add') cache.add(process)
              else {
                const flags = cache[kind === 'fork' ? 'fork' : 'exec'](process)
                // Without a flag, every ancestor is here, and is what was said last.
                let at: ProcessRecord | undefined = flags === 0 ? process : undefined
                for (let i = 0; at !== undefined && at.parentPid !== 0 && i < 64; i++) {
                  const above: ProcessRecord | undefined = cache.get(at.parentPid, at.parentStartNs)
                  assert.ok(above, 'a hole in a lineage without a flag')
                  at = above
                }
              }
            }
            assert.ok(cache.size <= capacity)
          }
          for (const [key, last] of truth) {
            const held = cache.get(last.pid, last.startNs)
            if (held) assert.deepEqual(held, last, key)
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
})
