import { defineTable, eventColumns, text, u32, u64 } from './table.ts'

/** Values of `operation` of `dns`. */
export const dnsOperations = { query: 1, answer: 2 } as const

/** Bits of `flags` of `dns`. */
export const dnsFlags = {
  /** The socket is older than the sensor. */
  inherited: 1 << 0,
  /** No question with this id and name was seen on the socket: no latency; the process is who last acted on the socket. */
  unasked: 1 << 1,
  /** Only the beginning of the message was read (4 KiB), or of a stream in pieces only this one. */
  cut: 1 << 2,
  /** The bytes are no DNS message: what could not be read is left out. */
  malformed: 1 << 3,
  /** To or from a multicast group (mDNS). */
  multicast: 1 << 4,
  /** Has an EDNS record. */
  edns: 1 << 5,
  /** More answers than `answers` holds. */
  moreAnswers: 1 << 6,
  /** More than one question; the first is told. */
  moreQuestions: 1 << 7,
} as const

export const dns = defineTable({
  name: 'dns',
  id: 13,
  ring: 'data',
  doc: 'A DNS message of a process of this host, over UDP or TCP: a question as it leaves, an answer as it comes in. Between a program and a resolver on the same host, and between that resolver and the outside, both are told. Of several messages in one TCP segment, bits 48 to 59 of `seq` say which one a row is. DNS over TLS and HTTPS cannot be read.',
  bits: { flags: dnsFlags },
  values: { operation: dnsOperations },
  columns: {
    ...eventColumns,
    operation: u32(70, 'One of `dnsOperations`.'),
    family: u32(71, 'Address family of the packets: 2 is AF_INET, 10 is AF_INET6.'),
    localAddress: text(72, 'Address of this end in network order, 4 or 16 bytes.'),
    localPort: u32(73, 'Port of this end.'),
    remoteAddress: text(74, 'Address of the server in network order, 4 or 16 bytes.'),
    remotePort: u32(75, 'Port of the server.'),
    socketId: u64(76, 'Names the socket within a boot, from the same counter as that of `tcp`.'),
    netNs: u32(
      24,
      'Inode number of the network namespace that the socket was made in; 0 where not known.',
    ),
    uid: u32(13, 'Real user id of the process.'),
    flags: u32(40, 'Bits of `dnsFlags` (of this table, not of the message).'),
    transport: u32(100, 'IP protocol: 17 is UDP, 6 is TCP.'),
    dnsId: u32(101, 'Id of the message.'),
    name: text(
      102,
      'Name of the first question (of an answer without any, as in mDNS, of its first record), without the dot at its end, in the letters that were sent; `.` for the root. Bytes that are no printable ASCII, and dots and backslashes inside a label, are escaped as in zone files (`\\000`, `\\.`).',
    ),
    type: u32(103, 'Type of the same (IANA DNS parameters): 1 A, 28 AAAA, 16 TXT ...'),
    class: u32(
      104,
      'Class of the same: 1 IN. mDNS sets the top bit, for a unicast answer or to replace what is known.',
    ),
    rcode: u32(105, 'Response code with the upper bits of EDNS: 0 NOERROR, 3 NXDOMAIN ...'),
    dnsBits: u32(
      106,
      'The 16 bits behind the id as they stand in the message: QR, opcode, AA, TC, RD, RA, AD, CD, RCODE.',
    ),
    answers: text(
      107,
      'Answer records, each followed by NUL: type and data as in zone files (`A 192.0.2.1`, `CNAME a.example`). At most 64 and 4 KiB.',
    ),
    answerCount: u32(108, 'Answer records that the message says it has.'),
    ttlMin: u32(
      109,
      'Shortest time to live of the answers that were read, s; 0 when there are none.',
    ),
    latencyNs: u64(
      110,
      'From the first such question on this socket to the answer, ns; 0 for questions and where `unasked`.',
    ),
    messageBytes: u32(111, 'Length of the message, bytes, without the length before it on TCP.'),
    viaPid: u32(
      112,
      'Of an answer that a resolver or server on this host gave: its tgid. 0 when it came from elsewhere, or is not known.',
    ),
    viaStartNs: u64(113, "The resolver's start_boottime, ns."),
    viaExecNo: u32(114, "The resolver's image."),
    askerPid: u32(
      115,
      'Of a message of a resolver on this host: tgid of the process that it asks for (the same name and type, heard from it within 10 s and not answered yet). 0 when none is known.',
    ),
    askerStartNs: u64(116, "The asker's start_boottime, ns."),
    askerExecNo: u32(117, "The asker's image."),
  },
})
