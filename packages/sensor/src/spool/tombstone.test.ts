import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { decodeTombstones, encodeTombstones, type Tombstone } from './tombstone.ts'

const stone: Tombstone = {
  boot: '02'.repeat(16),
  run: 3,
  last: 7n,
  batches: 2,
  wallOffsetNs: -5n,
  rows: [{ hook: 'exec', reason: '', fromNs: 1n, toNs: 2n, offered: 3n, seen: 3n, lost: 0n }],
  sealed: true,
}

suite('tombstones', () => {
  test('come back as they were written', () => {
    const value = { through: 4, stones: [stone] }
    assert.deepEqual(decodeTombstones(encodeTombstones(value)), value)
  })
  test('are none when one of them could not be told as a batch', () => {
    for (const other of [
      null,
      { ...stone, boot: '02' },
      { ...stone, run: -1 },
      { ...stone, last: 0n },
      { ...stone, last: 7 },
      { ...stone, wallOffsetNs: 1n << 63n },
      { ...stone, rows: undefined },
      { ...stone, rows: [{}] },
      { ...stone, sealed: 1 },
    ])
      assert.equal(
        decodeTombstones(
          encodeTombstones({ through: 4, stones: [stone, other as unknown as Tombstone] }),
        ),
        undefined,
      )
    assert.equal(decodeTombstones('null'), undefined)
    assert.equal(decodeTombstones('{"through":0.5,"stones":[]}'), undefined)
  })
})
