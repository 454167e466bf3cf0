import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createBatchBuilder } from '@honeyguide/model/batch'
import fc from 'fast-check'
import { createLossLedger, type HookCounts } from './loss-ledger.ts'
import { createSequenceGaps } from './sequence-gaps.ts'

const second = 1_000_000_000n
const reading = (
  submitted: bigint,
  lost: Record<string, bigint> = {},
  deduplicated: bigint = 0n,
): Map<string, HookCounts> =>
  new Map([['fork', { submitted, deduplicated, lost: new Map(Object.entries(lost)) }]])

suite('loss ledger', () => {
  test('says nothing while nothing is lost', () => {
    const builder = createBatchBuilder()
    const ledger = createLossLedger(new Map(), 0n)
    assert.equal(ledger.take(reading(10n), second, second, builder), 0)
    assert.equal(ledger.take(reading(20n), 2n * second, 2n * second, builder), 0)
    assert.equal(ledger.readNs, 2n * second)
  })

  test('tells a loss in the interval between two readings', () => {
    const builder = createBatchBuilder()
    const ledger = createLossLedger(new Map(), 0n)
    ledger.take(reading(10n), 5n * second, 5n * second, builder)
    assert.equal(
      ledger.take(reading(15n, { ring_full: 3n }), 6n * second, 6n * second + 9n, builder),
      1,
    )
    const { columns } = builder.table('loss')
    assert.ok((columns.fromNs[0] ?? 0n) < 5n * second && (columns.fromNs[0] ?? 0n) > 4n * second)
    assert.equal(columns.toNs[0], 6n * second + 9n)
    assert.equal(columns.offered[0], 8n)
    assert.equal(columns.seen[0], 5n)
    assert.equal(columns.lost[0], 3n)
  })

  test('what could not be decoded was submitted, and is lost all the same', () => {
    const builder = createBatchBuilder()
    const ledger = createLossLedger(new Map(), 0n)
    ledger.take(reading(10n, { decode: 4n }), second, second, builder)
    const { columns } = builder.table('loss')
    assert.equal(columns.offered[0], 10n)
    assert.equal(columns.seen[0], 6n)
    assert.equal(columns.lost[0], 4n)
  })

  test('a repeat that is told in the count of a row is seen', () => {
    const builder = createBatchBuilder()
    const ledger = createLossLedger(new Map(), 0n)
    ledger.take(reading(10n, {}, 30n), second, second, builder)
    ledger.take(reading(12n, { ring_full: 5n }, 34n), 2n * second, 2n * second, builder)
    const { columns } = builder.table('loss')
    assert.equal(columns.offered[0], 11n)
    assert.equal(columns.seen[0], 6n)
    assert.equal(columns.lost[0], 5n)
  })

  test('what programs have skipped may be from before the last reading, as they are asked less often', () => {
    const ledger = createLossLedger(new Map(), second)
    const builder = createBatchBuilder()
    const at = 20n * second
    ledger.take(reading(0n), at, at, builder)
    const lost = { ring_full: 1n, recursion: 2n }
    ledger.take(reading(5n, lost), at + second, at + second, builder, {
      recursion: 15n * second,
    })
    const { columns, rows } = builder.table('loss')
    const begins = Array.from({ length: rows }, (_, row): [string, bigint] => [
      Buffer.from(builder.bytes(columns.reason[row] ?? 0)).toString(),
      columns.fromNs[row] ?? 0n,
    ])
    assert.ok(begins.some(([reason, from]) => reason === 'recursion' && from < 15n * second))
    assert.ok(begins.some(([reason, from]) => reason === 'ring_full' && from > 19n * second))
  })

  test('over any history: rows add up to the counters, also across restarts', () => {
    const step = fc.record({
      submitted: fc.nat(50),
      full: fc.nat(3),
      map: fc.nat(2),
      isRestart: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        let ledger = createLossLedger(new Map(), 0n)
        let submitted = 0n
        let full = 0n
        let map = 0n
        let nowNs = second
        const builder = createBatchBuilder()
        for (const one of steps) {
          submitted += BigInt(one.submitted)
          full += BigInt(one.full)
          map += BigInt(one.map)
          nowNs += second
          ledger.take(reading(submitted, { ring_full: full, map_full: map }), nowNs, nowNs, builder)
          // A restart takes up what was reported, and nothing else.
          if (one.isRestart) ledger = createLossLedger(ledger.reported(), ledger.readNs)
        }
        const { columns, rows } = builder.table('loss')
        let lost = 0n
        for (let row = 0; row < rows; row++) {
          lost += columns.lost[row] ?? 0n
          assert.equal(columns.offered[row], (columns.seen[row] ?? 0n) + (columns.lost[row] ?? 0n))
          assert.ok((columns.fromNs[row] ?? 0n) < (columns.toNs[row] ?? 0n))
        }
        assert.equal(lost, full + map)
      }),
      { numRuns: 1000 },
    )
  })
})

suite('sequence gaps', () => {
  test('a number that comes late is no gap in the end', () => {
    const gaps = createSequenceGaps()
    for (const seq of [100, 102, 101]) gaps.see(seq)
    assert.equal(gaps.missing, 0)
    gaps.see(104)
    assert.equal(gaps.missing, 1)
    gaps.see(99)
    assert.equal(gaps.missing, 1)
  })
})
