import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { copyToRecordMemory } from '@honeyguide/bpf'
import { dnsFlags, dnsOperations } from '@honeyguide/model/tables/dns'
import { dnsOffsets, dnsSizeBytes, eventOffsets } from '../../../gen/records.ts'
import { bytesOf, u16, wireMessage } from '../../dns/sample-messages.ts'
import { emptyDecodeContext } from '../../test/decode-context.ts'
import { probe } from './dns.ts'

const sent = 1
const received = 2

/** A record as the kernel hands it up; `wholeBytes` where the payload was longer than what follows. */
function record(options: {
  readonly payload: Uint8Array
  readonly wholeBytes?: number
  readonly protocol?: number
  readonly direction?: number
  readonly sequence?: number
  readonly seq?: bigint
}): Buffer {
  const { payload, protocol = 17, direction = sent, sequence = 0, seq = 7n } = options
  const bytes = Buffer.concat([Buffer.alloc(dnsSizeBytes), payload])
  bytes.writeBigUInt64LE(seq, eventOffsets.seq)
  bytes.writeUInt32LE(42, eventOffsets.pid)
  bytes.writeUInt32LE(options.wholeBytes ?? payload.length, dnsOffsets.payloadBytes)
  bytes.writeUInt32LE(payload.length, dnsOffsets.copiedBytes)
  bytes.writeUInt32LE(sequence, dnsOffsets.sequence)
  bytes.writeUInt8(protocol, dnsOffsets.protocol)
  bytes.writeUInt8(direction, dnsOffsets.direction)
  return bytes
}

/** Rows that records become, in order. */
function decode(...records: readonly Buffer[]) {
  const context = emptyDecodeContext()
  for (const bytes of records)
    assert.ok(probe.decode(context, copyToRecordMemory(bytes), 0, bytes.length))
  const table = context.builder.table('dns')
  const text = (id: number | undefined): string =>
    Buffer.from(context.builder.bytes(id ?? 0)).toString()
  return Array.from({ length: table.rows }, (_, row) => ({
    seq: table.columns.seq[row],
    operation: table.columns.operation[row],
    name: text(table.columns.name[row]),
    flags: table.columns.flags[row],
    messageBytes: table.columns.messageBytes[row],
  }))
}

const question = (name: string): Uint8Array => wireMessage({ bits: 0x0100, name, type: 1 })
const framed = (...messages: readonly Uint8Array[]): Uint8Array =>
  bytesOf(...messages.flatMap((message) => [u16(message.length), message]))

suite('rows of dns', () => {
  test('messages in one piece of a stream are events with numbers of their own', () => {
    const rows = decode(
      record({ payload: framed(question('a.test'), question('b.test')), protocol: 6 }),
    )
    assert.deepEqual(
      rows.map(({ name, seq }) => [name, seq]),
      [
        ['a.test', 7n],
        ['b.test', 7n | (1n << 48n)],
      ],
    )
  })

  test('a message in two pieces is the event of the second', () => {
    const stream = framed(question('a.test'))
    const rows = decode(
      record({ payload: stream.subarray(0, 5), protocol: 6, seq: 7n }),
      record({ payload: stream.subarray(5), protocol: 6, sequence: 5, seq: 8n }),
    )
    assert.deepEqual(
      rows.map(({ name, seq, flags }) => [name, seq, flags]),
      [['a.test', 8n, 0]],
    )
  })

  test('what is no DNS message is told as malformed, with its length', () => {
    const payload = bytesOf('no message')
    const [row, ...more] = decode(record({ payload }))
    assert.equal(row?.operation, dnsOperations.query)
    assert.equal(row.name, '')
    assert.equal(row.flags, dnsFlags.malformed)
    assert.equal(row.messageBytes, payload.length)
    assert.deepEqual(more, [])
  })

  test('a long message is cut, not malformed; an answer that nobody asked for is told as such', () => {
    const whole = wireMessage({
      name: 'a.test',
      type: 1,
      answers: [{ type: 16, ttl: 1, data: bytesOf(5, 'hello') }],
    })
    const [row] = decode(
      record({
        payload: whole.subarray(0, whole.length - 4),
        wholeBytes: whole.length,
        direction: received,
      }),
    )
    assert.equal(row?.operation, dnsOperations.answer)
    assert.equal(row.flags, dnsFlags.cut | dnsFlags.unasked | dnsFlags.moreAnswers)
    assert.equal(row.messageBytes, whole.length)
  })

  test('lengths that do not fit the record are refused', () => {
    const bytes = record({ payload: question('a.test') })
    const context = emptyDecodeContext()
    for (const [offset, value] of [
      [dnsOffsets.copiedBytes, 0xffff_ffff],
      [dnsOffsets.payloadBytes, 3],
    ] as const) {
      const wrong = Buffer.from(bytes)
      wrong.writeUInt32LE(value, offset)
      assert.equal(probe.decode(context, copyToRecordMemory(wrong), 0, wrong.length), false)
    }
    assert.equal(context.builder.rows, 0)
  })
})
