import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { batchLimits, createBatchBuilder } from '@honeyguide/model/batch'
import { batchBounds } from './batch-bounds.ts'

const delays = { delayMs: 100, quietMs: 10 }
const identity = {
  sensor: new Uint8Array(16),
  boot: new Uint8Array(16),
  run: 1,
  sequence: 1n,
}

suite('batch bounds', () => {
  test('are what is configured by default', () => {
    assert.deepEqual(batchBounds({ ...delays, events: 512, bytes: 1 << 20 }), {
      rows: 512,
      bytes: 1 << 20,
    })
  })
  test('give a batch that everybody takes, at the most that can be configured', () => {
    const bounds = batchBounds({ ...delays, events: 8192, bytes: 3 << 20 })
    const builder = createBatchBuilder(bounds)
    const exec = builder.table('exec')
    const texts = ['argv', 'file', 'cwd', 'cgroup', 'unit'] as const
    const length = Math.floor(bounds.bytes / bounds.rows / texts.length)
    while (builder.rows < bounds.rows) {
      const row = exec.add()
      for (const [name, column] of Object.entries(exec.columns)) {
        const text = texts.indexOf(name as (typeof texts)[number])
        if (text >= 0) column[row] = builder.string(`${row} ${text} `.padEnd(length, 'x'))
        else if (column instanceof BigUint64Array) column[row] = (1n << 60n) + BigInt(row)
        else column[row] = row
      }
    }
    // One more record of each ring, as long as a text may be.
    for (const ring of ['lifecycle', 'data'])
      builder.string(ring.padEnd(batchLimits.entryBytes, 'x'))
    const { length: bytes } = builder.encode(identity, 1n << 60n, [])
    assert.ok(bytes > batchLimits.batchBytes / 2, `${bytes}`)
    assert.ok(bytes <= batchLimits.batchBytes, `${bytes}`)
  })
})
