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
})
