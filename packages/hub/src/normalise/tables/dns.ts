/** DNS messages: what was asked, by whom and for whom, and what came back. */
import { connectionUid } from '@honeyguide/detect'
import {
  dnsClassName,
  dnsCodeName,
  dnsOperations,
  dnsTypeName,
  formatAddress,
  type EventKind,
} from '@honeyguide/model'
import {
  derivedColumn,
  integerColumn,
  plainColumn,
  textColumn,
  type ColumnReader,
} from '../column-reader.ts'
import type { Refer } from '../context.ts'
import { dnsFlagWords } from '../flag-words.ts'
import type { TableNormaliser } from '../table-normaliser.ts'

const udp = 17

function dnsKind(operation: number): EventKind {
  return operation === dnsOperations.query ? 'dns_query' : 'dns_answer'
}

/** Records of the wire, each followed by NUL, as one line. */
export function answerLine(answers: string): string {
  return answers.split('\0').filter(Boolean).join(', ')
}

export const dnsNormaliser: TableNormaliser<'dns'> = {
  table: 'dns',
  ring: 'd',
  kind: (table, row) => dnsKind(table.columns.operation[row] ?? 0),
  readers(context, table) {
    const { batch, references } = context
    const c = table.columns
    const own = context.actor(c)
    const isAnswer = (row: number): boolean => c.operation[row] !== dnsOperations.query
    const resolver: Refer = (row) =>
      references.of(c.viaPid[row] ?? 0, c.viaStartNs[row] ?? 0n, c.viaExecNo[row] ?? 0)
    const asker: Refer = (row) =>
      references.of(c.askerPid[row] ?? 0, c.askerStartNs[row] ?? 0n, c.askerExecNo[row] ?? 0)
    const of = context.processColumns('actor_process', own, (row) =>
      c.pid[row] ? (c.uid[row] ?? 0) : null,
    )
    const address = (ids: Uint32Array) => () =>
      derivedColumn(ids, (id) => formatAddress(batch.bytes(id)))
    const port = (ports: Uint32Array) => (): ColumnReader => integerColumn((row) => ports[row] ?? 0)
    const process = (refer: Refer) => ({
      uid: () => plainColumn((row) => refer(row)?.uid ?? null),
      pid: () => integerColumn((row) => refer(row)?.pid ?? null),
      name: context.imageColumn(refer, (image) => image.name),
    })
    const [via, by] = [process(resolver), process(asker)]
    return {
      ...context.eventColumns('d', c, (row) => dnsKind(c.operation[row] ?? 0)),
      ...of,
      actor_process_container_uid: context.imageColumn(own, (image) => image.container),
      actor_process_unit: context.imageColumn(own, (image) => image.unit),
      query_hostname: () => textColumn(batch, c.name),
      query_type: () => plainColumn((row) => dnsTypeName(c.type[row] ?? 0)),
      query_class: () => plainColumn((row) => dnsClassName(c.class[row] ?? 0)),
      query_packet_uid: port(c.dnsId),
      rcode: () => plainColumn((row) => (isAnswer(row) ? dnsCodeName(c.rcode[row] ?? 0) : null)),
      rcode_id: () => integerColumn((row) => (isAnswer(row) ? (c.rcode[row] ?? 0) : null)),
      answers: () => derivedColumn(c.answers, (id) => answerLine(batch.text(id))),
      answer_count: () =>
        integerColumn((row) => (isAnswer(row) ? (c.answerCount[row] ?? 0) : null)),
      answers_ttl: () => integerColumn((row) => (c.answers[row] ? (c.ttlMin[row] ?? 0) : null)),
      latency_us: () =>
        plainColumn((row) => (c.latencyNs[row] ? Number((c.latencyNs[row] ?? 0n) / 1000n) : null)),
      connection_info_uid: () =>
        plainColumn((row) => connectionUid(context.prefix, c.socketId[row] ?? 0n)),
      connection_info_protocol_name: () =>
        plainColumn((row) => (c.transport[row] === udp ? 'udp' : 'tcp')),
      src_endpoint_ip: address(c.localAddress),
      src_endpoint_port: port(c.localPort),
      dst_endpoint_ip: address(c.remoteAddress),
      dst_endpoint_port: port(c.remotePort),
      traffic_bytes: port(c.messageBytes),
      resolver_process_uid: via.uid,
      resolver_process_pid: via.pid,
      resolver_process_name: via.name,
      asker_process_uid: by.uid,
      asker_process_pid: by.pid,
      asker_process_name: by.name,
      dns_flags: () => plainColumn((row) => dnsFlagWords(c.flags[row] ?? 0)),
    }
  },
}
