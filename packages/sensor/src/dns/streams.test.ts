import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { bytesOf, u16 } from './sample-messages.ts'
import { createDnsStreams, mostMessageBytes, type StreamMessage } from './streams.ts'

const framed = (...messages: readonly Uint8Array[]): Uint8Array =>
  bytesOf(...messages.flatMap((message) => [u16(message.length), message]))
const text = ({ bytes, wholeBytes, isCut }: StreamMessage): string =>
  `${Buffer.from(bytes).toString('latin1')} ${wholeBytes}${isCut ? ' cut' : ''}`
const latin1 = (value: string): Uint8Array => bytesOf(value)

suite('DNS over TCP', () => {
  test('messages come out whole, however the stream is cut and wherever its numbers begin', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 20 }),
        fc.constantFrom(0, 1000, 0xffff_ff80),
        (messages, cuts, begin) => {
          const stream = framed(...messages)
          const streams = createDnsStreams()
          const found: Uint8Array[] = []
          for (let at = 0, i = 0; at < stream.length; i++) {
            const end = Math.min(stream.length, at + (cuts[i % cuts.length] ?? 1))
            const bytes = stream.subarray(at, end)
            const piece = { sequence: (begin + at) >>> 0, wholeBytes: bytes.length, bytes }
            for (const message of streams.take('a', piece)) {
              assert.equal(message.isCut, false)
              assert.equal(message.wholeBytes, message.bytes.length)
              found.push(message.bytes)
            }
            at = end
          }
          assert.deepEqual(
            found,
            messages.map((message) => new Uint8Array(message)),
          )
        },
      ),
    )
  })

  test('what is sent again is read once', () => {
    const streams = createDnsStreams()
    const bytes = framed(latin1('one'), latin1('two'))
    const take = (from: number, to: number): string[] =>
      streams
        .take('a', { sequence: 5 + from, wholeBytes: to - from, bytes: bytes.subarray(from, to) })
        .map(text)
    assert.deepEqual(take(0, 4), [])
    assert.deepEqual(take(0, 4), [])
    assert.deepEqual(take(2, 6), ['one 3'])
    assert.deepEqual(take(0, 10), ['two 3'])
    assert.deepEqual(take(0, 10), [])
  })

  test('a hole inside a message cuts it, and the next one is read', () => {
    const streams = createDnsStreams()
    const bytes = framed(latin1('a longer one'), latin1('next'))
    assert.deepEqual(
      streams.take('a', { sequence: 0, wholeBytes: 14, bytes: bytes.subarray(0, 6) }).map(text),
      ['a lo 12 cut'],
    )
    assert.deepEqual(
      streams.take('a', { sequence: 14, wholeBytes: 6, bytes: bytes.subarray(14) }).map(text),
      ['next 4'],
    )
  })

  test('a hole that hides where the next message begins gives the stream up, and each piece says so', () => {
    const streams = createDnsStreams()
    const bytes = framed(latin1('one'), latin1('two'))
    assert.deepEqual(
      streams.take('a', { sequence: 0, wholeBytes: 4, bytes: bytes.subarray(0, 4) }),
      [],
    )
    assert.deepEqual(
      streams.take('a', { sequence: 8, wholeBytes: 2, bytes: bytes.subarray(8) }).map(text),
      ['on 3 cut', 'wo 2 cut'],
    )
    assert.deepEqual(
      streams.take('a', { sequence: 10, wholeBytes: 3, bytes: latin1('xyz') }).map(text),
      ['xyz 3 cut'],
    )
  })

  test('of a long message the beginning is kept', () => {
    const streams = createDnsStreams()
    const bytes = framed(new Uint8Array(9000).fill(1))
    const [message, ...more] = streams.take('a', { sequence: 0, wholeBytes: bytes.length, bytes })
    assert.equal(message?.bytes.length, mostMessageBytes)
    assert.equal(message.wholeBytes, 9000)
    assert.equal(message.isCut, true)
    assert.deepEqual(more, [])
  })

  test('streams are bounded in number; who was silent longest is forgotten', () => {
    const streams = createDnsStreams()
    const piece = { sequence: 0, wholeBytes: 1, bytes: Uint8Array.of(0) }
    for (let i = 0; i < 1000; i++) {
      streams.take(`s${i}`, piece)
      streams.take('s0', piece)
    }
    assert.equal(streams.size, 256)
    const rest = { sequence: 1, wholeBytes: 2, bytes: Uint8Array.of(1, 0x78) }
    assert.deepEqual(streams.take('s0', rest).map(text), ['x 1'])
    assert.deepEqual(streams.take('s1', rest).map(text), [])
  })
})
