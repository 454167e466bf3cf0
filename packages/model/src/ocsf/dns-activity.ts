/** DNS Activity: questions as they leave a process of this host, answers as they come in. */
import {
  actorWorkload,
  eventColumns,
  namedProcess,
  processColumns,
  type OcsfColumn,
} from './column.ts'
import { defineEventClass } from './event-class.ts'

export const dnsActivity = {
  ...eventColumns,
  ...processColumns('actor_process', 'the process whose socket it is'),
  ...actorWorkload,
  query_hostname: {
    type: 'text',
    doc: 'The name that is asked for, as it was sent; bytes that are no printable ASCII escaped as in zone files.',
  },
  query_type: {
    type: 'text',
    doc: 'Type of the question: A, AAAA, TXT ..., or TYPE and a number.',
  },
  query_class: { type: 'text', doc: 'Class of the question: IN, or CLASS and a number.' },
  query_packet_uid: { type: 'integer', doc: 'Id of the message.' },
  rcode: {
    type: 'text',
    doc: 'Response code in words: NoError, NXDomain ...; null for questions.',
  },
  rcode_id: { type: 'integer', doc: 'The same as a number; null for questions.' },
  answers: {
    type: 'text',
    doc: 'Answer records, type and data as in zone files, joined by commas; empty for none.',
  },
  answer_count: { type: 'integer', doc: 'Answer records that the message has.', extension: true },
  answers_ttl: { type: 'integer', doc: 'Shortest time to live of the answers, s.' },
  latency_us: {
    type: 'integer',
    doc: 'From the question to the answer on this socket, µs; null for questions and where none was seen.',
    extension: true,
  },
  connection_info_uid: { type: 'text', doc: 'Names the socket at this end.' },
  connection_info_protocol_name: { type: 'text', doc: 'udp or tcp.' },
  src_endpoint_ip: { type: 'text', doc: 'Address that asked.' },
  src_endpoint_port: { type: 'integer', doc: 'Its port.' },
  dst_endpoint_ip: { type: 'text', doc: 'Address of the server.' },
  dst_endpoint_port: { type: 'integer', doc: 'Its port.' },
  traffic_bytes: { type: 'integer', doc: 'Length of the message in bytes.' },
  ...namedProcess('resolver_process', 'the resolver on this host whose answer it is'),
  ...namedProcess('asker_process', 'the process that a resolver on this host asks for'),
  dns_flags: {
    type: 'text',
    doc: 'Words joined by commas: inherited, unasked, cut, malformed, multicast, edns ...',
    extension: true,
  },
} as const satisfies Record<string, OcsfColumn>

export const dnsClass = defineEventClass({
  view: 'dns_activity',
  uid: 4003,
  doc: 'DNS questions and answers over UDP and TCP. DNS over TLS and HTTPS cannot be read.',
  columns: dnsActivity,
  subject: 'actor_process',
  kinds: {
    dns_query: {
      activity: { id: 1, name: 'Query' },
      group: 'network',
      object: ['query_hostname', 'query_type'],
      look: { pictogram: '❓', word: 'query' },
      doc: 'A question leaves a process of this host.',
    },
    dns_answer: {
      activity: { id: 2, name: 'Response' },
      group: 'network',
      object: ['query_hostname', 'rcode', 'answers'],
      look: { pictogram: '💬', word: 'answer' },
      doc: 'An answer comes in.',
    },
  },
  textColumns: ['query_hostname', 'answers', 'dst_endpoint_ip'],
  short: {
    query: { type: 'text', doc: 'The name that is asked for.', columns: ['query_hostname'] },
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
