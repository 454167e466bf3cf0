/** Network Activity: connections at this end. */
import { eventColumns, processColumns, type OcsfColumn } from './column.ts'
import { defineEventClass } from './event-class.ts'

export const networkActivity = {
  ...eventColumns,
  ...processColumns('actor_process', 'the process at this end'),
  actor_process_container_uid: {
    type: 'text',
    doc: 'Container id of the process; empty when none.',
  },
  actor_process_unit: {
    type: 'text',
    doc: 'systemd unit of the process; empty when none.',
    extension: true,
  },
  connection_info_uid: {
    type: 'text',
    doc: 'Names the connection at this end: the same in Open and Close.',
  },
  connection_info_direction: {
    type: 'text',
    doc: 'Outbound for connect, Inbound for accept, Unknown otherwise.',
  },
  connection_info_protocol_name: { type: 'text', doc: 'tcp.' },
  src_endpoint_ip: { type: 'text', doc: 'Address that opened the connection.' },
  src_endpoint_port: { type: 'integer', doc: 'Its port.' },
  dst_endpoint_ip: { type: 'text', doc: 'Address that was connected to.' },
  dst_endpoint_port: { type: 'integer', doc: 'Its port.' },
  traffic_bytes_out: {
    type: 'integer',
    doc: 'Bytes that this end sent and the other acknowledged, at Close.',
  },
  traffic_bytes_in: { type: 'integer', doc: 'Bytes that this end received, at Close.' },
  duration_ms: { type: 'integer', doc: 'Life of the connection in ms, at Close.' },
  status_code: { type: 'integer', doc: 'Error number of a failed connect; null otherwise.' },
  connection_flags: {
    type: 'text',
    doc: 'Words joined by commas: inherited, process uncertain, reset, own.',
    extension: true,
  },
} as const satisfies Record<string, OcsfColumn>

export const networkClass = defineEventClass({
  view: 'network_activity',
  uid: 4001,
  doc: 'TCP connections at this end: opened, accepted, closed, refused; listeners.',
  columns: networkActivity,
  subject: 'actor_process',
  kinds: {
    connect: {
      activity: { id: 1, name: 'Open' },
      where: { column: 'connection_info_direction', value: 'Outbound' },
      group: 'network',
      look: { pictogram: '🔌', word: 'connect' },
      doc: 'A connection to the other end is established.',
    },
    accept: {
      activity: { id: 1, name: 'Open' },
      where: { column: 'connection_info_direction', value: 'Inbound' },
      group: 'network',
      look: { pictogram: '📞', word: 'accept' },
      doc: 'A connection from the other end was taken.',
    },
    close: {
      activity: { id: 2, name: 'Close' },
      also: [{ id: 3, name: 'Reset' }],
      group: 'network',
      look: { pictogram: '🧹', word: 'close' },
      doc: 'A connection has ended, by a close or a reset.',
    },
    connect_failed: {
      activity: { id: 4, name: 'Fail' },
      group: 'network',
      look: { pictogram: '⛔', word: 'refused' },
      doc: 'A connection could not be established.',
    },
    listen: {
      activity: { id: 7, name: 'Listen' },
      group: 'network',
      look: { pictogram: '👂', word: 'listen' },
      doc: 'A socket waits for connections.',
    },
  },
  textColumns: ['src_endpoint_ip', 'dst_endpoint_ip'],
  short: {
    ip: {
      type: 'text',
      doc: 'Address of either end.',
      columns: ['src_endpoint_ip', 'dst_endpoint_ip'],
    },
    port: {
      type: 'integer',
      doc: 'Port of either end.',
      columns: ['src_endpoint_port', 'dst_endpoint_port'],
    },
  },
})
