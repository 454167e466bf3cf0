import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createBatchBuilder } from '@honeyguide/model/batch'
import { asLost, manifestOf } from './manifest.ts'

suite('manifest', () => {
  test('of one event that is lost has an interval that holds it: never one of no length', () => {
    const builder = createBatchBuilder()
    const { columns, ...exec } = builder.table('exec')
    columns.bootNs[exec.add()] = 7n
    const loss = builder.table('loss')
    const told = loss.add()
    loss.columns.fromNs[told] = 3n
    loss.columns.toNs[told] = 5n
    loss.columns.reason[told] = builder.string('ring_full')
    const [lost, kept] = asLost(manifestOf(builder), 'spool_full')
    assert.deepEqual([lost?.fromNs, lost?.toNs, lost?.lost, lost?.seen], [7n, 8n, 1n, 0n])
    // What it says about others stays as it was.
    assert.deepEqual([kept?.fromNs, kept?.toNs, kept?.reason], [3n, 5n, 'ring_full'])
  })

  test('counts the events that a row tells, from the first of them on', () => {
    const builder = createBatchBuilder()
    const { columns, ...file } = builder.table('file')
    for (const [count, firstNs, bootNs] of [
      [1n, 20n, 20n],
      [41n, 10n, 30n],
    ] as const) {
      const row = file.add()
      columns.count[row] = count
      columns.firstNs[row] = firstNs
      columns.bootNs[row] = bootNs
    }
    const [told] = manifestOf(builder)
    assert.deepEqual([told?.hook, told?.fromNs, told?.toNs], ['file', 10n, 30n])
    assert.deepEqual([told?.offered, told?.seen], [42n, 42n])
  })
})
