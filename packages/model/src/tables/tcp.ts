import { defineTable, eventColumns, text, u32, u64 } from './table.ts'

/** Values of `operation`. */
export const tcpOperations = {
  connect: 1,
  accept: 2,
  close: 3,
  connectFailed: 4,
  listen: 5,
} as const

/** Bits of `flags` of `tcp`. */
export const tcpFlags = {
  /** The connection or its descriptor is older than the sensor, or came by SCM_RIGHTS or fork. */
  inherited: 1 << 0,
  /** The process is not known for sure: seen only in softirq or another task's context. */
  processUncertain: 1 << 1,
  /** Closed by a reset. */
  reset: 1 << 2,
  /**
   * A connect that failed before its SYN left: no route, no free port, or a rule of this host. The
   * remote address is as the caller gave it.
   */
  unsent: 1 << 3,
  /** Own connection of Honeyguide. */
  own: 1 << 13,
} as const

export const tcp = defineTable({
  name: 'tcp',
  id: 6,
  ring: 'data',
  doc: 'A TCP connection at this end: established by connect, taken by accept, closed; or a connect that failed; or a listen.',
  bits: { flags: tcpFlags },
  values: { operation: tcpOperations },
  columns: {
    ...eventColumns,
    operation: u32(70, 'One of `tcpOperations`.'),
    family: u32(71, 'Address family: 2 is AF_INET, 10 is AF_INET6.'),
    localAddress: text(72, 'Address of this end in network order, 4 or 16 bytes.'),
    localPort: u32(73, 'Port of this end.'),
    remoteAddress: text(74, 'Address of the other end in network order, 4 or 16 bytes.'),
    remotePort: u32(75, 'Port of the other end.'),
    socketId: u64(
      76,
      'Names the socket within a boot: the same in connect or accept and in close. A counter, never used again; bit 62 is set for sockets that are older than the sensor.',
    ),
    bytesSent: u64(
      77,
      'Payload bytes that the other end acknowledged (tcp_sock.bytes_acked less SYN and FIN), at close; 0 before.',
    ),
    bytesReceived: u64(
      78,
      'Payload bytes received (tcp_sock.bytes_received less the FIN), at close; 0 before.',
    ),
    durationNs: u64(79, 'From established to close in ns; for connect, from SYN to established.'),
    errno: u32(61, 'Positive error number of a failed connect; 0 otherwise.'),
    netNs: u32(24, 'Inode number of the network namespace of the socket.'),
    uid: u32(13, 'Real user id of the process.'),
    flags: u32(40, 'Bits of `tcpFlags`.'),
  },
})
