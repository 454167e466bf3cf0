/** Rows of `udp`. */
import { udp as fields, udpOffsets, udpSizeBytes } from '../../../gen/records.ts'
import { writeHead } from '../event-head.ts'
import { packetPrograms, packetStartIterators } from '../packet-programs.ts'
import type { Probe } from '../probe.ts'

const inet6 = 10

export const probe = {
  name: 'udp',
  ring: 'data',
  programs: [
    ...packetPrograms,
    ['hg_packet_release'],
    ['hg_packet_recvmsg4'],
    ['hg_packet_recvmsg6'],
  ],
  syscallExits: [],
  maps: ['hg_udp_flows', 'hg_udp_sweepers'],
  startIterators: packetStartIterators,
  constants: ({ udpIdleMs = 30_000 }) => ({
    hg_udp_is_on: 1,
    hg_udp_idle_ns: BigInt(udpIdleMs) * 1_000_000n,
    // A flow is ended by silence at most a sixth later than it says.
    hg_udp_look_ns: BigInt(Math.ceil(udpIdleMs / 6)) * 1_000_000n,
  }),
  structs: ['hg_udp', 'hg_udp_key', 'hg_udp_flow'],
  decode({ builder }, memory, at, length) {
    if (length < udpSizeBytes) return false
    const table = builder.table('udp')
    const row = table.add()
    const { columns } = table
    writeHead(columns, row, memory, at)
    const family = fields.family(memory, at)
    const addressBytes = family === inet6 ? 16 : 4
    columns.operation[row] = fields.operation(memory, at)
    columns.family[row] = family
    const localAddress = at + udpOffsets.localAddress
    columns.localAddress[row] = builder.text(memory.u8, localAddress, localAddress + addressBytes)
    columns.localPort[row] = fields.localPort(memory, at)
    const remoteAddress = at + udpOffsets.remoteAddress
    columns.remoteAddress[row] = builder.text(
      memory.u8,
      remoteAddress,
      remoteAddress + addressBytes,
    )
    columns.remotePort[row] = fields.remotePort(memory, at)
    columns.socketId[row] = fields.socketId(memory, at)
    columns.bytesSent[row] = fields.bytesSent(memory, at)
    columns.bytesReceived[row] = fields.bytesReceived(memory, at)
    columns.packetsSent[row] = fields.packetsSent(memory, at)
    columns.packetsReceived[row] = fields.packetsReceived(memory, at)
    columns.durationNs[row] = fields.durationNs(memory, at)
    columns.firstNs[row] = fields.firstNs(memory, at)
    columns.netNs[row] = fields.netNs(memory, at)
    columns.uid[row] = fields.eventUid(memory, at)
    columns.flags[row] = fields.eventFlags(memory, at)
    return true
  },
} as const satisfies Probe
