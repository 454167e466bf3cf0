import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { createTimeQueue } from './time-queue.ts'

suite('time queue', () => {
  test('is a list sorted by time, whatever comes and goes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.bigInt({ min: 0n, max: 50n }), fc.constant('take' as const)), {
          maxLength: 400,
        }),
        (steps) => {
          const queue = createTimeQueue<{ at: bigint; no: number }>((item) => item.at)
          let model: { at: bigint; no: number }[] = []
          for (const [no, step] of steps.entries()) {
            if (step === 'take') assert.equal(queue.take(), model.shift())
            else {
              const item = { at: step, no }
              queue.add(item)
              model = [...model, item].sort((a, b) =>
                a.at === b.at ? a.no - b.no : a.at < b.at ? -1 : 1,
              )
            }
            assert.equal(queue.size, model.length)
            assert.equal(queue.first(), model[0])
          }
          assert.deepEqual(queue.items(), model)
        },
      ),
    )
  })
  test('lets go of what left, and costs the same however many wait', () => {
    const queue = createTimeQueue<bigint>((item) => item)
    for (let at = 0n; at < 100_000n; at++) queue.add(at)
    for (let at = 0n; at < 300_000n; at++) {
      queue.add(at + 100_000n)
      assert.equal(queue.take(), at)
    }
    assert.equal(queue.size, 100_000)
  })
})
