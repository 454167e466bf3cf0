import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readLiveMessage } from './live-message.ts'

const events = {
  kind: 'events',
  rows: [],
  incidentOf: {},
  notDrawn: 0,
  matched: 0,
  total: 1,
  lagMs: 2,
}

suite('messages of the live stream', () => {
  test('are taken as they are', () => {
    for (const message of [events, { kind: 'status', sensors: 1, sensorsUp: 0 }])
      assert.deepEqual(readLiveMessage(JSON.stringify(message)), message)
  })
  test('are left out when the page could not work with them', () => {
    for (const message of [
      '',
      'null',
      '[]',
      '{"kind":"other"}',
      '{"kind":"events"}',
      JSON.stringify({ ...events, rows: [null] }),
      JSON.stringify({ ...events, rows: [{ process_name: { toString: 1 } }] }),
      JSON.stringify({ ...events, incidentOf: null }),
      JSON.stringify({ ...events, total: '1' }),
      '{"kind":"gap","gap":{"lost":1}}',
    ])
      assert.equal(readLiveMessage(message), undefined, message)
  })
})
