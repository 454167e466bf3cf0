/** Rows of `tcp`. */
import { tcp as fields, tcpOffsets, tcpSizeBytes } from '../../../gen/records.ts'
import { writeHead } from '../event-head.ts'
import type { Probe } from '../probe.ts'

const inet6 = 10

export const probe = {
  name: 'tcp',
  ring: 'data',
  programs: [['hg_tcp_state']],
  optionalPrograms: [{ program: 'hg_tcp_uring', needs: 'tracepoint/io_uring_complete' }],
  syscallExits: [
    { program: 'hg_accept_exit', native: [43, 288], compat: [364] },
    { program: 'hg_connect_exit', native: [42], compat: [362] },
    { program: 'hg_sendto_exit', native: [44], compat: [369] },
    { program: 'hg_sendmsg_exit', native: [46, 307, 518, 538], compat: [345, 370] },
    { program: 'hg_socketcall_exit', native: [], compat: [102] },
  ],
  structs: ['hg_tcp', 'hg_socket'],
  decode({ builder }, memory, at, length) {
    if (length < tcpSizeBytes) return false
    const table = builder.table('tcp')
    const row = table.add()
    const { columns } = table
    writeHead(columns, row, memory, at)
    const family = fields.family(memory, at)
    const addressBytes = family === inet6 ? 16 : 4
    columns.operation[row] = fields.operation(memory, at)
    columns.family[row] = family
    const localAddress = at + tcpOffsets.localAddress
    columns.localAddress[row] = builder.text(memory.u8, localAddress, localAddress + addressBytes)
    columns.localPort[row] = fields.localPort(memory, at)
    const remoteAddress = at + tcpOffsets.remoteAddress
    columns.remoteAddress[row] = builder.text(
      memory.u8,
      remoteAddress,
      remoteAddress + addressBytes,
    )
    columns.remotePort[row] = fields.remotePort(memory, at)
    columns.socketId[row] = fields.socketId(memory, at)
    columns.bytesSent[row] = fields.bytesSent(memory, at)
    columns.bytesReceived[row] = fields.bytesReceived(memory, at)
    columns.durationNs[row] = fields.durationNs(memory, at)
    columns.errno[row] = fields.error(memory, at)
    columns.netNs[row] = fields.netNs(memory, at)
    columns.uid[row] = fields.eventUid(memory, at)
    columns.flags[row] = fields.eventFlags(memory, at)
    return true
  },
} as const satisfies Probe
