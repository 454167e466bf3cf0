/** TCP connections at this end. */
import { connectionUid } from '@honeyguide/detect'
import { formatAddress, networkClass, tcpFlags, tcpOperations } from '@honeyguide/model'
import {
  constantColumn,
  integerColumn,
  nullId,
  plainColumn,
  type ColumnReader,
} from '../column-reader.ts'
import { milliseconds, type Refer } from '../context.ts'
import { tcpFlagWords } from '../flag-words.ts'
import type { TableNormaliser } from '../table-normaliser.ts'

type TcpKind = keyof typeof networkClass.kinds

const kinds: Readonly<Record<number, TcpKind>> = {
  [tcpOperations.connect]: 'connect',
  [tcpOperations.accept]: 'accept',
  [tcpOperations.close]: 'close',
  [tcpOperations.connectFailed]: 'connect_failed',
  [tcpOperations.listen]: 'listen',
}

/** An operation of a newer sensor counts as what it most likely resembles: something at this end. */
function tcpKind(operation: number): TcpKind {
  return kinds[operation] ?? 'listen'
}

export const tcpNormaliser: TableNormaliser<'tcp'> = {
  table: 'tcp',
  ring: 'd',
  kind: (table, row) => tcpKind(table.columns.operation[row] ?? 0),
  readers(context, table) {
    const { batch } = context
    const c = table.columns
    const own: Refer = context.actor(c)
    const kind = (row: number) => tcpKind(c.operation[row] ?? 0)
    const isClose = (row: number): boolean => kind(row) === 'close'
    const uid = (row: number): string => connectionUid(context.prefix, c.socketId[row] ?? 0n)
    /** Who opened the connection. A close goes by what the graph saw open. */
    const direction = (row: number): 'Outbound' | 'Inbound' | 'Unknown' => {
      const of = kind(row)
      if (of === 'connect' || of === 'connect_failed') return 'Outbound'
      if (of === 'accept') return 'Inbound'
      const open = of === 'close' ? context.lineage.connection(uid(row))?.direction : undefined
      return open === 'accept' ? 'Inbound' : open === 'connect' ? 'Outbound' : 'Unknown'
    }
    const isInbound = (row: number): boolean =>
      kind(row) === 'listen' || direction(row) === 'Inbound'
    const address = (ids: Uint32Array, row: number): string =>
      formatAddress(batch.bytes(ids[row] ?? 0))
    const local = (row: number) => ({ ids: c.localAddress, port: c.localPort[row] ?? 0 })
    const remote = (row: number) => ({ ids: c.remoteAddress, port: c.remotePort[row] ?? 0 })
    const source = (row: number) => (isInbound(row) ? remote(row) : local(row))
    const destination = (row: number) => (isInbound(row) ? local(row) : remote(row))
    /** A listener has no other end. */
    const endpoint = (end: typeof source, hasEnd: (row: number) => boolean) => ({
      ip: (): ColumnReader => ({
        value: (row) => (hasEnd(row) ? address(end(row).ids, row) : null),
        id: (row) => (hasEnd(row) ? (end(row).ids[row] ?? 0) : nullId),
      }),
      port: (): ColumnReader => integerColumn((row) => (hasEnd(row) ? end(row).port : null)),
    })
    const src = endpoint(source, (row) => kind(row) !== 'listen')
    const dst = endpoint(destination, () => true)
    return {
      ...context.eventColumns('d', c, kind, (row) =>
        isClose(row) && (c.flags[row] ?? 0) & tcpFlags.reset
          ? networkClass.kinds.close.also[0]
          : networkClass.kinds[kind(row)].activity,
      ),
      ...context.processColumns('actor_process', own, (row) =>
        c.pid[row] ? (c.uid[row] ?? 0) : null,
      ),
      actor_process_container_uid: context.imageColumn(own, (of) => of.container),
      actor_process_unit: context.imageColumn(own, (of) => of.unit),
      connection_info_uid: () => plainColumn(uid),
      connection_info_direction: () => plainColumn(direction),
      connection_info_protocol_name: () => constantColumn('tcp'),
      src_endpoint_ip: src.ip,
      src_endpoint_port: src.port,
      dst_endpoint_ip: dst.ip,
      dst_endpoint_port: dst.port,
      traffic_bytes_out: () =>
        plainColumn((row) => (isClose(row) ? Number(c.bytesSent[row] ?? 0n) : null)),
      traffic_bytes_in: () =>
        plainColumn((row) => (isClose(row) ? Number(c.bytesReceived[row] ?? 0n) : null)),
      duration_ms: () =>
        plainColumn((row) => (isClose(row) ? milliseconds(c.durationNs[row] ?? 0n) : null)),
      status_code: () =>
        integerColumn((row) => (kind(row) === 'connect_failed' ? (c.errno[row] ?? 0) : null)),
      connection_flags: () => plainColumn((row) => tcpFlagWords(c.flags[row] ?? 0)),
    }
  },
}
