/** Facts and view of DNS Activity, and how rows of `dns` become facts. */
import { dnsClass, dnsNames, dnsOperations, formatAddress } from '@honeyguide/model'
import { dnsFlagBits } from '../../../normalise/flag-words.ts'
import { answerLine } from '../../../normalise/tables/dns.ts'
import type { StoreColumn } from '../store-column.ts'
import type { TableBuffer } from '../table-buffer.ts'
import {
  actorColumns,
  defineActivityStore,
  u63,
  writeActor,
  type FactContext,
} from './activity-store.ts'
import {
  actorJoins,
  actorViewColumns,
  base36,
  col,
  eventViewColumns,
  flagWordsSql,
  imageJoin,
  namedProcessColumns,
  namedSql,
  textJoin,
  type ViewDefinition,
} from './view-column.ts'

const udp = 17

const columns = {
  ...actorColumns,
  socket: 'u64',
  /** IP protocol. */
  protocol: 'u8',
  /** Ids of `text`. */
  local_ip: 'i32',
  remote_ip: 'i32',
  local_port: 'u32',
  remote_port: 'u32',
  name: 'i32',
  type: 'u32',
  class: 'u32',
  dns_id: 'u32',
  rcode: 'u32',
  answers: 'text',
  answer_count: 'u32',
  ttl: 'u32',
  latency_us: 'i64',
  bytes: 'u32',
  resolver: 'i64',
  asker: 'i64',
  flags: 'u32',
} as const satisfies Record<string, StoreColumn>

const ofAnswer = (sql: string): string =>
  `CASE WHEN f.kind <> ${dnsOperations.query} THEN ${sql} END`

const view: ViewDefinition = {
  from: 'dns_fact',
  joins: {
    ...actorJoins,
    lt: textJoin('lt', 'f.local_ip'),
    rt: textJoin('rt', 'f.remote_ip'),
    nt: textJoin('nt', 'f.name'),
    v: imageJoin('v', 'f.resolver'),
    k: imageJoin('k', 'f.asker'),
  },
  columns: {
    ...eventViewColumns(dnsClass.uid, 'd', {
      id: `CASE f.kind WHEN ${dnsOperations.query} THEN 1 ELSE 2 END`,
      name: `CASE f.kind WHEN ${dnsOperations.query} THEN 'Query' ELSE 'Response' END`,
    }),
    ...actorViewColumns(),
    query_hostname: col('nt.value', 'nt'),
    query_type: col(namedSql('f.type', dnsNames.types, 'TYPE')),
    query_class: col(namedSql('(f.class & 32767)', dnsNames.classes, 'CLASS')),
    query_packet_uid: col('f.dns_id'),
    rcode: col(ofAnswer(namedSql('f.rcode', dnsNames.codes, 'RCODE'))),
    rcode_id: col(ofAnswer('f.rcode')),
    answers: col('f.answers'),
    answer_count: col(ofAnswer('f.answer_count')),
    answers_ttl: col(`CASE WHEN f.answers <> '' THEN f.ttl END`),
    latency_us: col('nullif(f.latency_us, 0)'),
    connection_info_uid: col(`o.prefix || '-s' || ${base36('f.socket')}`, 'o'),
    connection_info_protocol_name: col(`CASE f.protocol WHEN ${udp} THEN 'udp' ELSE 'tcp' END`),
    src_endpoint_ip: col(`nullif(lt.value, '')`, 'lt'),
    src_endpoint_port: col('f.local_port'),
    dst_endpoint_ip: col(`nullif(rt.value, '')`, 'rt'),
    dst_endpoint_port: col('f.remote_port'),
    traffic_bytes: col('f.bytes'),
    ...namedProcessColumns('resolver_process', 'v'),
    ...namedProcessColumns('asker_process', 'k'),
    dns_flags: col(flagWordsSql('f.flags', dnsFlagBits)),
  },
}

export const dnsStore = defineActivityStore({
  view: 'dns_activity',
  class: dnsClass,
  table: 'dns_fact',
  columns,
  ring: 'd',
  definition: view,
  hookSql: `'dns'`,
  images: ['image', 'resolver', 'asker'],
  pids: { actor_process_uid: 'f.pid' },
  mark: {
    kind: 'network',
    where: `f.kind = ${dnsOperations.query}`,
    sign: `'asks for'`,
    text: 'f.name',
    port: '0',
  },
  others: [
    { table: 'dns', pid: 'viaPid', startNs: 'viaStartNs', execNo: 'viaExecNo' },
    { table: 'dns', pid: 'askerPid', startNs: 'askerStartNs', execNo: 'askerExecNo' },
  ],
  sequences: { event_uid: 'f.seq', connection_info_uid: 'f.socket' },
})

/** Writes the rows of `dns` of a batch. */
export function writeDns(context: FactContext, buffer: TableBuffer<typeof columns>): void {
  const { batch, textId } = context
  const table = batch.table('dns')
  if (!table) return
  const c = table.columns
  for (let row = 0; row < table.rows; row++) {
    const placed = buffer.add()
    const to = buffer.columns
    writeActor(context, to, placed, c.operation[row] ?? 0, c, row)
    to.socket[placed] = u63(c.socketId[row])
    to.protocol[placed] = c.transport[row] ?? 0
    to.local_ip[placed] = textId(formatAddress(batch.bytes(c.localAddress[row] ?? 0)))
    to.remote_ip[placed] = textId(formatAddress(batch.bytes(c.remoteAddress[row] ?? 0)))
    to.local_port[placed] = c.localPort[row] ?? 0
    to.remote_port[placed] = c.remotePort[row] ?? 0
    to.name[placed] = textId(batch.text(c.name[row] ?? 0))
    to.type[placed] = c.type[row] ?? 0
    to.class[placed] = c.class[row] ?? 0
    to.dns_id[placed] = c.dnsId[row] ?? 0
    to.rcode[placed] = c.rcode[row] ?? 0
    to.answers[placed] = answerLine(batch.text(c.answers[row] ?? 0))
    to.answer_count[placed] = c.answerCount[row] ?? 0
    to.ttl[placed] = c.ttlMin[row] ?? 0
    to.latency_us[placed] = (c.latencyNs[row] ?? 0n) / 1000n
    to.bytes[placed] = c.messageBytes[row] ?? 0
    to.resolver[placed] =
      context.refer(c.viaPid[row] ?? 0, c.viaStartNs[row] ?? 0n, c.viaExecNo[row] ?? 0)?.id ?? 0n
    to.asker[placed] =
      context.refer(c.askerPid[row] ?? 0, c.askerStartNs[row] ?? 0n, c.askerExecNo[row] ?? 0)?.id ??
      0n
    to.flags[placed] = c.flags[row] ?? 0
  }
}
