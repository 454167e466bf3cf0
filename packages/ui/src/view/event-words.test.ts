import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ActivityRow } from '@honeyguide/model/ocsf'
import { eventWords } from './event-words.ts'
import { hexCells } from './hex-cells.ts'

function text(row: ActivityRow): string {
  return eventWords(row)
    .parts.map((part) => part.text + (part.kind === 'value' ? (part.aside ?? '') : ''))
    .join(' ')
}

suite('event words', () => {
  test('say who started what', () => {
    assert.equal(
      text({
        class_uid: 1007,
        activity_name: 'Launch',
        process_name: 'sh',
        process_pid: 9,
        process_cmd_line: 'sh -c id',
        actor_process_name: 'cron',
        actor_process_pid: 7,
      }),
      'cron[7] → sh[9] -c id',
    )
  })

  test('say both ends and the direction of a connection', () => {
    const base = {
      class_uid: 4001,
      connection_info_protocol_name: 'tcp',
      actor_process_name: 'nginx',
      actor_process_pid: 3,
      src_endpoint_ip: '::1',
      src_endpoint_port: 5,
      dst_endpoint_ip: '192.0.2.1',
      dst_endpoint_port: 443,
    }
    assert.equal(
      text({ ...base, activity_name: 'Open', connection_info_direction: 'Outbound' }),
      'nginx[3] → 192.0.2.1:443',
    )
    assert.equal(
      text({ ...base, activity_name: 'Open', connection_info_direction: 'Inbound' }),
      'nginx[3] ← [::1]:5',
    )
    assert.equal(
      text({ ...base, activity_name: 'Fail', status_code: 111 }),
      'nginx[3] → 192.0.2.1:443 ECONNREFUSED, refused',
    )
  })

  test('an event of an unknown class is shown, not dropped', () => {
    assert.equal(text({ class_uid: 9999, activity_name: 'New' }), 'class 9999, New')
    assert.equal(eventWords({ class_uid: null }).kind, 'event')
  })
})

suite('hex cells', () => {
  test('fit their box and do not touch', () => {
    const { cells, width, height } = hexCells(11, 4)
    assert.equal(cells.length, 11)
    for (const cell of cells) {
      assert.ok(cell.x > 0 && cell.x < width && cell.y > 0 && cell.y < height)
      for (const other of cells)
        if (other !== cell) assert.ok(Math.hypot(cell.x - other.x, cell.y - other.y) > 58)
    }
  })
})
