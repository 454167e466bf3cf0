import { defineTable, eventColumns, text, u32, u64 } from './table.ts'

/** Values of `operation` of `udp`. */
export const udpOperations = {
  /** The first datagram of a flow left here; again when another process or image goes on with it. */
  send: 1,
  /** The first datagram of a flow came in; again when another process reads what the told one did not. */
  receive: 2,
  /** The socket was closed, or nothing was said for 30 s: counters are final. */
  end: 3,
} as const

/** Bits of `flags` of `udp`. */
export const udpFlags = {
  /** The socket is older than the sensor. */
  inherited: 1 << 0,
  /** Who last acted on the socket: the datagram came in and nobody has read it yet. */
  processUncertain: 1 << 1,
  /** The flow was ended by silence, not by its socket. If it goes on, it is told as a new one. */
  idle: 1 << 2,
  /** Came in first: the other end began. */
  incoming: 1 << 3,
  /** More than 8 changes of process: further ones are not told. */
  shared: 1 << 4,
  /** Sent through a raw socket: the program wrote the header itself. */
  raw: 1 << 5,
  /** UDP-Lite (IP protocol 136). */
  lite: 1 << 6,
} as const

export const udp = defineTable({
  name: 'udp',
  id: 14,
  ring: 'data',
  doc: 'A UDP flow (one socket and one remote address and port) at this end: its first datagram at once, with the process; its end with all that went both ways. Flows that are told as DNS messages (`dns`) are not in it.',
  bits: { flags: udpFlags },
  values: { operation: udpOperations },
  columns: {
    ...eventColumns,
    operation: u32(70, 'One of `udpOperations`.'),
    family: u32(71, 'Address family of the packets: 2 is AF_INET, 10 is AF_INET6.'),
    localAddress: text(72, 'Address of this end in network order, 4 or 16 bytes.'),
    localPort: u32(73, 'Port of this end.'),
    remoteAddress: text(74, 'Address of the other end in network order, 4 or 16 bytes.'),
    remotePort: u32(75, 'Port of the other end.'),
    socketId: u64(
      76,
      'Names the socket within a boot, from the same counter as that of `tcp`. With the remote address and port it names the flow.',
    ),
    bytesSent: u64(77, 'Payload bytes sent so far, all datagrams of the flow.'),
    bytesReceived: u64(78, 'Payload bytes that came in so far, whether anybody read them or not.'),
    durationNs: u64(79, 'From the first to the newest datagram of the flow, ns.'),
    netNs: u32(
      24,
      'Inode number of the network namespace that the socket was made in; 0 where not known.',
    ),
    uid: u32(13, 'Real user id of the process.'),
    flags: u32(40, 'Bits of `udpFlags`.'),
    packetsSent: u64(
      100,
      'Datagrams sent so far; one per segment of a segmented send (UDP_SEGMENT).',
    ),
    packetsReceived: u64(101, 'Datagrams that came in so far.'),
    firstNs: u64(102, 'When the first datagram of the flow was seen, ns since boot.'),
  },
})
