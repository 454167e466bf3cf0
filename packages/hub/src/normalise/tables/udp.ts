/** UDP flows at this end: the first datagram, and the end with what went both ways. */
import { connectionUid } from '@honeyguide/detect'
import { formatAddress, udpFlags, udpOperations, type EventKind } from '@honeyguide/model'
import { constantColumn, integerColumn, plainColumn, type ColumnReader } from '../column-reader.ts'
import { milliseconds } from '../context.ts'
import { udpFlagWords } from '../flag-words.ts'
import type { TableNormaliser } from '../table-normaliser.ts'

/** An operation of a newer sensor counts as the end of a flow: it says the least. */
export function udpKind(operation: number): EventKind {
  if (operation === udpOperations.send) return 'udp_send'
  return operation === udpOperations.receive ? 'udp_receive' : 'udp_end'
}

/** Whether the other end began, by what a row says of itself. */
export function isUdpInbound(operation: number, flags: number): boolean {
  return operation === udpOperations.receive
    ? true
    : operation !== udpOperations.send && (flags & udpFlags.incoming) !== 0
}

export const udpNormaliser: TableNormaliser<'udp'> = {
  table: 'udp',
  ring: 'd',
  kind: (table, row) => udpKind(table.columns.operation[row] ?? 0),
  readers(context, table) {
    const { batch } = context
    const c = table.columns
    const own = context.actor(c)
    const kind = (row: number) => udpKind(c.operation[row] ?? 0)
    const isEnd = (row: number): boolean => kind(row) === 'udp_end'
    const isInbound = (row: number): boolean =>
      isUdpInbound(c.operation[row] ?? 0, c.flags[row] ?? 0)
    const local = { ids: c.localAddress, ports: c.localPort }
    const remote = { ids: c.remoteAddress, ports: c.remotePort }
    const endpoint = (end: (row: number) => typeof local) => ({
      ip: (): ColumnReader => ({
        value: (row) => formatAddress(batch.bytes(end(row).ids[row] ?? 0)),
        id: (row) => end(row).ids[row] ?? 0,
      }),
      port: (): ColumnReader => integerColumn((row) => end(row).ports[row] ?? 0),
    })
    const src = endpoint((row) => (isInbound(row) ? remote : local))
    const dst = endpoint((row) => (isInbound(row) ? local : remote))
    const atEnd = (values: BigUint64Array) => () =>
      plainColumn((row) => (isEnd(row) ? Number(values[row] ?? 0n) : null))
    return {
      ...context.eventColumns('d', c, kind),
      ...context.processColumns('actor_process', own, (row) =>
        c.pid[row] ? (c.uid[row] ?? 0) : null,
      ),
      actor_process_container_uid: context.imageColumn(own, (of) => of.container),
      actor_process_unit: context.imageColumn(own, (of) => of.unit),
      connection_info_uid: () =>
        plainColumn((row) => connectionUid(context.prefix, c.socketId[row] ?? 0n)),
      connection_info_direction: () =>
        plainColumn((row) => (isInbound(row) ? 'Inbound' : 'Outbound')),
      connection_info_protocol_name: () => constantColumn('udp'),
      src_endpoint_ip: src.ip,
      src_endpoint_port: src.port,
      dst_endpoint_ip: dst.ip,
      dst_endpoint_port: dst.port,
      traffic_bytes_out: atEnd(c.bytesSent),
      traffic_bytes_in: atEnd(c.bytesReceived),
      traffic_packets_out: atEnd(c.packetsSent),
      traffic_packets_in: atEnd(c.packetsReceived),
      duration_ms: () =>
        plainColumn((row) => (isEnd(row) ? milliseconds(c.durationNs[row] ?? 0n) : null)),
      connection_flags: () => plainColumn((row) => udpFlagWords(c.flags[row] ?? 0)),
    }
  },
}
