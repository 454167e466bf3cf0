import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { eventUid, imageUid, connectionUid } from '@honeyguide/model'
import { uidHints } from './uid-hints.ts'

const prefix = '010203040506-a0a1a2a3'

suite('uid hints', () => {
  test('give the numbers that a uid is made of', () => {
    const uid = imageUid(prefix, 4711, 9_000_000_000n, 3)
    assert.equal(
      uidHints('process_activity', [{ column: 'process_uid', value: uid }]),
      'f.pid = 4711',
    )
    assert.equal(
      uidHints('network_activity', [
        { column: 'actor_process_uid', value: uid },
        { column: 'connection_info_uid', value: connectionUid(prefix, 77n) },
        { column: 'event_uid', value: eventUid(prefix, 'd', 5n) },
      ]),
      'f.pid = 4711 AND f.socket = 77 AND f.seq = 5',
    )
  })
  test('give nothing for what is no uid, or no uid of this column', () => {
    assert.equal(uidHints('process_activity', [{ column: 'process_uid', value: 'x' }]), '')
    assert.equal(uidHints('process_activity', [{ column: 'process_name', value: prefix }]), '')
    assert.equal(uidHints('losses', [{ column: 'process_uid', value: prefix }]), '')
  })
})
