/** Facts and view of Network Activity, and how rows of `tcp` and `udp` become facts. */
import {
  formatAddress,
  networkClass,
  tcpFlags,
  tcpOperations,
  udpOperations,
  type TableReader,
} from '@honeyguide/model'
import { tcpFlagBits, udpFlagBits } from '../../../normalise/flag-words.ts'
import { isUdpInbound } from '../../../normalise/tables/udp.ts'
import { createGenerations } from '../generations.ts'
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
  textJoin,
  type ViewDefinition,
} from './view-column.ts'

const udp = 17
const tcp = 6

/** Values of `kind`: those of `tcpOperations`, which a UDP flow's beginning and end are told as, too. */
const networkKind = tcpOperations

const columns = {
  ...actorColumns,
  socket: 'u64',
  /** 0 unknown, 1 outbound, 2 inbound. */
  direction: 'u8',
  src_ip: 'i32',
  src_port: 'u32',
  dst_ip: 'i32',
  dst_port: 'u32',
  bytes_out: 'u64',
  bytes_in: 'u64',
  duration_ms: 'i64',
  errno: 'u32',
  flags: 'u32',
  /** 17 for UDP; 0 or 6 for TCP, which files of version 1 have only. */
  protocol: 'u8',
  packets_out: 'u64',
  packets_in: 'u64',
} as const satisfies Record<string, StoreColumn>

const view: ViewDefinition = {
  from: 'network_fact',
  joins: {
    ...actorJoins,
    st: textJoin('st', 'f.src_ip'),
    dt: textJoin('dt', 'f.dst_ip'),
  },
  columns: {
    ...eventViewColumns(networkClass.uid, 'd', {
      id: `CASE f.kind WHEN ${networkKind.close} THEN CASE WHEN f.protocol <> ${udp} AND f.flags & ${tcpFlags.reset} > 0 THEN 3 ELSE 2 END WHEN ${networkKind.connectFailed} THEN 4 WHEN ${networkKind.listen} THEN 7 ELSE 1 END`,
      name: `CASE f.kind WHEN ${networkKind.close} THEN CASE WHEN f.protocol <> ${udp} AND f.flags & ${tcpFlags.reset} > 0 THEN 'Reset' ELSE 'Close' END WHEN ${networkKind.connectFailed} THEN 'Fail' WHEN ${networkKind.listen} THEN 'Listen' ELSE 'Open' END`,
    }),
    ...actorViewColumns(),
    connection_info_uid: col(`o.prefix || '-s' || ${base36('f.socket')}`, 'o'),
    connection_info_direction: col(
      `CASE f.direction WHEN 1 THEN 'Outbound' WHEN 2 THEN 'Inbound' ELSE 'Unknown' END`,
    ),
    connection_info_protocol_name: col(`CASE WHEN f.protocol = ${udp} THEN 'udp' ELSE 'tcp' END`),
    src_endpoint_ip: col(`nullif(st.value, '')`, 'st'),
    src_endpoint_port: col('CASE WHEN f.src_ip = 0 THEN NULL ELSE f.src_port END'),
    dst_endpoint_ip: col(`nullif(dt.value, '')`, 'dt'),
    dst_endpoint_port: col('CASE WHEN f.dst_ip = 0 THEN NULL ELSE f.dst_port END'),
    traffic_bytes_out: col(`CASE f.kind WHEN ${networkKind.close} THEN f.bytes_out END`),
    traffic_bytes_in: col(`CASE f.kind WHEN ${networkKind.close} THEN f.bytes_in END`),
    traffic_packets_out: col(
      `CASE WHEN f.kind = ${networkKind.close} AND f.protocol = ${udp} THEN f.packets_out END`,
    ),
    traffic_packets_in: col(
      `CASE WHEN f.kind = ${networkKind.close} AND f.protocol = ${udp} THEN f.packets_in END`,
    ),
    duration_ms: col(`CASE f.kind WHEN ${networkKind.close} THEN f.duration_ms END`),
    status_code: col('nullif(f.errno, 0)'),
    connection_flags: col(
      `CASE WHEN f.protocol = ${udp} THEN ${flagWordsSql('f.flags', udpFlagBits)} ELSE ${flagWordsSql('f.flags', tcpFlagBits)} END`,
    ),
  },
}

export const networkStore = defineActivityStore({
  view: 'network_activity',
  class: networkClass,
  table: 'network_fact',
  columns,
  ring: 'd',
  definition: view,
  hookSql: `CASE WHEN f.protocol = ${udp} THEN 'udp' ELSE 'tcp' END`,
  images: ['image'],
  pids: { actor_process_uid: 'f.pid' },
  mark: {
    kind: 'network',
    where: `f.kind <> ${networkKind.close}`,
    sign: `CASE f.kind WHEN ${networkKind.accept} THEN '←' WHEN ${networkKind.listen} THEN 'listens on' ELSE '→' END`,
    text: `CASE f.kind WHEN ${networkKind.accept} THEN f.src_ip ELSE f.dst_ip END`,
    port: `CASE f.kind WHEN ${networkKind.accept} THEN f.src_port ELSE f.dst_port END`,
  },
  sequences: { event_uid: 'f.seq', connection_info_uid: 'f.socket' },
})

const rememberedSockets = 65_536

/** Writes the rows of `tcp` and `udp` of a batch. */
export type NetworkWriter = (context: FactContext, buffer: TableBuffer<typeof columns>) => void

/** `known`: who opened the newest connections of the file, as [origin, socket, direction]. */
export function createNetworkWriter(
  known: readonly (readonly [origin: number, socket: bigint, direction: number])[],
): NetworkWriter {
  const directions = createGenerations<string, number>(rememberedSockets)
  for (const [origin, socket, direction] of known) directions.set(`${origin}/${socket}`, direction)

  function writeTcp(
    context: FactContext,
    buffer: TableBuffer<typeof columns>,
    table: TableReader<'tcp'>,
  ): void {
    const { batch, origin, textId } = context
    const c = table.columns
    for (let row = 0; row < table.rows; row++) {
      const operation = c.operation[row] ?? 0
      const socket = c.socketId[row] ?? 0n
      const socketKey = `${origin.id}/${socket}`
      let direction = 0
      if (operation === tcpOperations.connect || operation === tcpOperations.connectFailed)
        direction = 1
      else if (operation === tcpOperations.accept) direction = 2
      else if (operation === tcpOperations.close) direction = directions.get(socketKey) ?? 0
      if (operation === tcpOperations.connect || operation === tcpOperations.accept)
        directions.set(socketKey, direction)
      const local = textId(formatAddress(batch.bytes(c.localAddress[row] ?? 0)))
      const remote = textId(formatAddress(batch.bytes(c.remoteAddress[row] ?? 0)))
      const localPort = c.localPort[row] ?? 0
      const remotePort = c.remotePort[row] ?? 0
      const placed = buffer.add()
      const to = buffer.columns
      writeActor(context, to, placed, operation, c, row)
      to.socket[placed] = u63(socket)
      to.direction[placed] = direction
      // The other end opened it when it was accepted; a listener is what one connects to.
      const isServer = direction === 2 || operation === tcpOperations.listen
      to.src_ip[placed] = isServer ? remote : local
      to.src_port[placed] = isServer ? remotePort : localPort
      to.dst_ip[placed] = isServer ? local : remote
      to.dst_port[placed] = isServer ? localPort : remotePort
      if (operation === tcpOperations.listen) to.src_ip[placed] = 0
      to.bytes_out[placed] = u63(c.bytesSent[row])
      to.bytes_in[placed] = u63(c.bytesReceived[row])
      to.duration_ms[placed] = (c.durationNs[row] ?? 0n) / 1_000_000n
      to.errno[placed] = c.errno[row] ?? 0
      to.flags[placed] = c.flags[row] ?? 0
      to.protocol[placed] = tcp
    }
  }

  return (context, buffer) => {
    const tcpTable = context.batch.table('tcp')
    if (tcpTable) writeTcp(context, buffer, tcpTable)
    const udpTable = context.batch.table('udp')
    if (udpTable) writeUdp(context, buffer, udpTable)
  }
}

function writeUdp(
  context: FactContext,
  buffer: TableBuffer<typeof columns>,
  table: TableReader<'udp'>,
): void {
  const { batch, textId } = context
  const c = table.columns
  for (let row = 0; row < table.rows; row++) {
    const operation = c.operation[row] ?? 0
    const flags = c.flags[row] ?? 0
    const kind =
      operation === udpOperations.send
        ? networkKind.connect
        : operation === udpOperations.receive
          ? networkKind.accept
          : networkKind.close
    const isInbound = isUdpInbound(operation, flags)
    const local = textId(formatAddress(batch.bytes(c.localAddress[row] ?? 0)))
    const remote = textId(formatAddress(batch.bytes(c.remoteAddress[row] ?? 0)))
    const localPort = c.localPort[row] ?? 0
    const remotePort = c.remotePort[row] ?? 0
    const placed = buffer.add()
    const to = buffer.columns
    writeActor(context, to, placed, kind, c, row)
    to.socket[placed] = u63(c.socketId[row])
    to.direction[placed] = isInbound ? 2 : 1
    to.src_ip[placed] = isInbound ? remote : local
    to.src_port[placed] = isInbound ? remotePort : localPort
    to.dst_ip[placed] = isInbound ? local : remote
    to.dst_port[placed] = isInbound ? localPort : remotePort
    to.bytes_out[placed] = u63(c.bytesSent[row])
    to.bytes_in[placed] = u63(c.bytesReceived[row])
    to.packets_out[placed] = u63(c.packetsSent[row])
    to.packets_in[placed] = u63(c.packetsReceived[row])
    to.duration_ms[placed] = (c.durationNs[row] ?? 0n) / 1_000_000n
    to.flags[placed] = flags
    to.protocol[placed] = udp
  }
}
