/** Rows of `dns`: the messages in what the kernel hands up, joined with what was asked before. */
import { dnsFlags, dnsOperations } from '@honeyguide/model/tables/dns'
import { dns as fields, dnsSizeBytes, event } from '../../../gen/records.ts'
import type { Answered, DnsActor, DnsEnd } from '../../dns/conversations.ts'
import { readMessage, type DnsMessage } from '../../dns/message.ts'
import type { StreamMessage } from '../../dns/streams.ts'
import { packetPrograms, packetStartIterators } from '../packet-programs.ts'
import type { DecodeContext, Probe } from '../probe.ts'

const inet6 = 10
const tcp = 6
const heard = 3
const sent = 1

/** From this bit on `seq` has which message of its piece of a stream a row is: an event has a number of its own. */
const messageShift = 48n

/** What all messages of one record share. */
interface Packet {
  readonly bootNs: bigint
  readonly seq: bigint
  readonly actor: DnsActor
  readonly flags: number
  readonly socketId: bigint
  readonly netNs: number
  readonly family: number
  readonly protocol: number
  readonly isSent: boolean
  readonly local: DnsEnd
  readonly remote: DnsEnd
}

type RecordReader = Parameters<Probe['decode']>[1]

function readEnd(bytes: Uint8Array, family: number, port: number): DnsEnd {
  const address = bytes.subarray(0, family === inet6 ? 16 : 4)
  return { address: String.fromCharCode(...address), port }
}

function readPacket(memory: RecordReader, at: number): Packet {
  const family = fields.family(memory, at)
  return {
    bootNs: event.bootNs(memory, at),
    seq: event.seq(memory, at),
    actor: {
      pid: event.pid(memory, at),
      tid: event.tid(memory, at),
      startNs: event.startNs(memory, at),
      execNo: event.execNo(memory, at),
      uid: event.uid(memory, at),
    },
    flags: fields.eventFlags(memory, at),
    socketId: fields.socketId(memory, at),
    netNs: fields.netNs(memory, at),
    family,
    protocol: fields.protocol(memory, at),
    isSent: fields.direction(memory, at) === sent,
    local: readEnd(fields.localAddress(memory, at), family, fields.localPort(memory, at)),
    remote: readEnd(fields.remoteAddress(memory, at), family, fields.remotePort(memory, at)),
  }
}

/** Rows of messages without a name would all be the same one to the joins. */
const subjectOf = (message: DnsMessage) => ({
  id: message.id,
  name: message.question?.name ?? '',
  type: message.question?.type ?? 0,
})

const addressBytes = ({ address }: DnsEnd): Uint8Array =>
  Uint8Array.from(address, (char) => char.charCodeAt(0))

function writeRow(context: DecodeContext, packet: Packet, piece: StreamMessage): void {
  const { builder, dns } = context
  const message = readMessage(piece.bytes)
  let { flags } = packet
  let { actor } = packet
  let asker: DnsActor | undefined
  let answered: Answered | undefined
  if (message && packet.isSent && !message.isAnswer) {
    asker = dns.sent({ ...packet, ...subjectOf(message) })
  } else if (message && !packet.isSent) {
    answered = dns.received({ ...packet, ...subjectOf(message) })
    asker = answered?.asker
    // Who asked is certain; who acted on the socket last need not be the same.
    if (answered) actor = answered.actor
  }
  if (!packet.isSent && !answered) flags |= dnsFlags.unasked
  if (piece.isCut) flags |= dnsFlags.cut
  if (!message || (!message.isWhole && !piece.isCut)) flags |= dnsFlags.malformed
  if (message) {
    if (message.hasEdns) flags |= dnsFlags.edns
    if (message.questionCount > 1) flags |= dnsFlags.moreQuestions
    if (message.answerCount > message.answers.length) flags |= dnsFlags.moreAnswers
  }
  const table = builder.table('dns')
  const row = table.add()
  const { columns } = table
  columns.bootNs[row] = packet.bootNs
  columns.seq[row] = packet.seq
  columns.pid[row] = actor.pid
  columns.tid[row] = actor.tid
  columns.startNs[row] = actor.startNs
  columns.execNo[row] = actor.execNo
  columns.uid[row] = actor.uid
  columns.operation[row] = packet.isSent ? dnsOperations.query : dnsOperations.answer
  columns.family[row] = packet.family
  columns.localAddress[row] = builder.text(addressBytes(packet.local))
  columns.localPort[row] = packet.local.port
  columns.remoteAddress[row] = builder.text(addressBytes(packet.remote))
  columns.remotePort[row] = packet.remote.port
  columns.socketId[row] = packet.socketId
  columns.netNs[row] = packet.netNs
  columns.flags[row] = flags
  columns.transport[row] = packet.protocol
  columns.messageBytes[row] = piece.wholeBytes
  if (message) {
    columns.dnsId[row] = message.id
    columns.dnsBits[row] = message.bits
    columns.rcode[row] = message.rcode
    columns.answerCount[row] = message.answerCount
    columns.ttlMin[row] = message.ttlMin ?? 0
    columns.answers[row] = builder.string(message.answers.map((text) => `${text}\0`).join(''))
    if (message.question) {
      columns.name[row] = builder.string(message.question.name)
      columns.type[row] = message.question.type
      columns.class[row] = message.question.class
    }
  }
  if (answered) {
    columns.latencyNs[row] = answered.latencyNs
    if (answered.via) {
      columns.viaPid[row] = answered.via.pid
      columns.viaStartNs[row] = answered.via.startNs
      columns.viaExecNo[row] = answered.via.execNo
    }
  }
  if (asker) {
    columns.askerPid[row] = asker.pid
    columns.askerStartNs[row] = asker.startNs
    columns.askerExecNo[row] = asker.execNo
  }
}

export const probe = {
  name: 'dns',
  ring: 'data',
  programs: [...packetPrograms, ['hg_packet_connect4'], ['hg_packet_connect6']],
  syscallExits: [],
  startIterators: packetStartIterators,
  constants({ dns = { ports: [53, 5353] } }) {
    const bits = Array<bigint>(1024).fill(0n)
    for (const port of dns.ports)
      bits[port >> 6] = (bits[port >> 6] ?? 0n) | (1n << BigInt(port & 63))
    return { hg_dns_is_on: 1, hg_dns_port_bits: bits }
  },
  structs: ['hg_dns'],
  decode(context, memory, at, length) {
    if (length < dnsSizeBytes) return false
    const copied = fields.copiedBytes(memory, at)
    if (copied > length - dnsSizeBytes) return false
    const wholeBytes = fields.payloadBytes(memory, at)
    if (wholeBytes < copied) return false
    const bytes = memory.u8.subarray(at + dnsSizeBytes, at + dnsSizeBytes + copied)
    const packet = readPacket(memory, at)
    if (packet.protocol === tcp) {
      const key = `${packet.socketId} ${packet.isSent}`
      const piece = { sequence: fields.sequence(memory, at), wholeBytes, bytes }
      for (const [i, message] of context.dns.streams.take(key, piece).entries())
        writeRow(context, { ...packet, seq: packet.seq | (BigInt(i) << messageShift) }, message)
      return true
    }
    if (fields.direction(memory, at) === heard) {
      const message = readMessage(bytes)
      if (message) context.dns.heard({ ...packet, ...subjectOf(message), resolver: packet.actor })
      return true
    }
    writeRow(context, packet, { bytes, wholeBytes, isCut: copied < wholeBytes })
    return true
  },
} as const satisfies Probe
