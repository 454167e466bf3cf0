/** Network Activity: connections and UDP flows at this end. */
import { actorWorkload, eventColumns, processColumns, type OcsfColumn } from './column.ts'
import { defineEventClass } from './event-class.ts'

export const networkActivity = {
  ...eventColumns,
  ...processColumns('actor_process', 'the process at this end'),
  ...actorWorkload,
  connection_info_uid: {
    type: 'text',
    doc: 'Names the connection at this end: the same in Open and Close.',
  },
  connection_info_direction: {
    type: 'text',
    doc: 'Outbound for connect, Inbound for accept, Unknown otherwise.',
  },
  connection_info_protocol_name: { type: 'text', doc: 'tcp or udp.' },
  src_endpoint_ip: { type: 'text', doc: 'Address that opened the connection.' },
  src_endpoint_port: { type: 'integer', doc: 'Its port.' },
  dst_endpoint_ip: { type: 'text', doc: 'Address that was connected to.' },
  dst_endpoint_port: { type: 'integer', doc: 'Its port.' },
  traffic_bytes_out: {
    type: 'integer',
    doc: 'Bytes that this end sent and the other acknowledged, at Close.',
  },
  traffic_bytes_in: { type: 'integer', doc: 'Bytes that this end received, at Close.' },
  traffic_packets_out: {
    type: 'integer',
    doc: 'Datagrams that this end sent, at Close of a UDP flow; null for TCP.',
  },
  traffic_packets_in: {
    type: 'integer',
    doc: 'Datagrams that came in, at Close of a UDP flow; null for TCP.',
  },
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
  doc: 'TCP connections and UDP flows at this end: opened, accepted, closed, refused; listeners.',
  columns: networkActivity,
  subject: 'actor_process',
  kinds: {
    connect: {
      activity: { id: 1, name: 'Open' },
      where: { connection_info_protocol_name: 'tcp', connection_info_direction: 'Outbound' },
      group: 'network',
      look: { pictogram: '🔌', word: 'connect' },
      doc: 'A connection to the other end is established.',
    },
    accept: {
      activity: { id: 1, name: 'Open' },
      where: { connection_info_protocol_name: 'tcp', connection_info_direction: 'Inbound' },
      group: 'network',
      look: { pictogram: '📞', word: 'accept' },
      doc: 'A connection from the other end was taken.',
    },
    close: {
      activity: { id: 2, name: 'Close' },
      also: [{ id: 3, name: 'Reset' }],
      where: { connection_info_protocol_name: 'tcp' },
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
    udp_send: {
      activity: { id: 1, name: 'Open' },
      where: { connection_info_protocol_name: 'udp', connection_info_direction: 'Outbound' },
      group: 'network',
      object: ['dst_endpoint_ip', 'dst_endpoint_port'],
      look: { pictogram: '📤', word: 'send' },
      doc: 'The first datagram of a flow left this end.',
    },
    udp_receive: {
      activity: { id: 1, name: 'Open' },
      where: { connection_info_protocol_name: 'udp', connection_info_direction: 'Inbound' },
      group: 'network',
      object: ['src_endpoint_ip', 'src_endpoint_port'],
      look: { pictogram: '📥', word: 'receive' },
      doc: 'The first datagram of a flow came in.',
    },
    udp_end: {
      activity: { id: 2, name: 'Close' },
      where: { connection_info_protocol_name: 'udp' },
      group: 'network',
      object: ['dst_endpoint_ip', 'dst_endpoint_port'],
      look: { pictogram: '🧹', word: 'end' },
      doc: 'A flow has ended: its socket was closed, or nothing was said for 30 s.',
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
