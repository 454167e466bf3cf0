import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { readMessage } from './message.ts'
import { labelText, readName } from './name.ts'
import {
  bytesOf,
  sampleMessages,
  u16,
  wireMessage,
  wireName,
  wireRecord,
  type SampleRecord,
} from './sample-messages.ts'

const head = new Uint8Array(12)

suite('names in DNS messages', () => {
  test('labels come with dots between them, the root as a dot', () => {
    assert.deepEqual(readName(wireName('a.bc.d'), 0), { text: 'a.bc.d', next: 8 })
    assert.deepEqual(readName(Uint8Array.of(0), 0), { text: '.', next: 1 })
  })

  test('a pointer leads back, and the message goes on behind it', () => {
    const message = bytesOf(wireName('example.com'), 3, 'www', u16(0xc000))
    assert.deepEqual(readName(message, 13), { text: 'www.example.com', next: 19 })
  })

  test('pointers that lead forward, to themselves or around are refused', () => {
    assert.equal(readName(u16(0xc000), 0), undefined)
    assert.equal(readName(bytesOf(u16(0xc002), 0), 0), undefined)
    assert.equal(readName(bytesOf(1, 'a', u16(0xc000)), 0), undefined)
    assert.equal(readName(bytesOf(1, 'a', u16(0xc004), 1, 'b', u16(0xc000)), 4), undefined)
  })

  test('some pointers in a row are followed, each further back; more are refused', () => {
    const chain = (pointers: number): Uint8Array =>
      bytesOf(
        wireName('z'),
        ...Array.from({ length: pointers }, (_, i) => u16(0xc000 | (i === 0 ? 0 : 1 + 2 * i))),
      )
    assert.equal(readName(chain(32), 3 + 2 * 31)?.text, 'z')
    assert.equal(readName(chain(33), 3 + 2 * 32), undefined)
  })

  test('names longer than 255 bytes, labels longer than 63 and cut ones are refused', () => {
    const longest = Array.from({ length: 4 }, () => 'x'.repeat(62)).join('.')
    assert.equal(readName(wireName(longest), 0)?.text, longest)
    assert.equal(readName(wireName(`${longest}.abc`), 0), undefined)
    assert.equal(readName(bytesOf(64, 'x'.repeat(64), 0), 0), undefined)
    assert.equal(readName(bytesOf(3, 'ab'), 0), undefined)
    assert.equal(readName(bytesOf(0xc0), 0), undefined)
    assert.equal(readName(new Uint8Array(0), 0), undefined)
  })

  test('bytes that act or hide are shown by their numbers', () => {
    assert.equal(
      labelText(bytesOf('a.b\\c', 0, 0x1b, 0xff, ' ')),
      String.raw`a\.b\\c\000\027\255\032`,
    )
  })

  test('different bytes are different texts', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 63 }), fc.uint8Array({ maxLength: 63 }), (a, b) => {
        assert.equal(labelText(a) === labelText(b), Buffer.compare(a, b) === 0)
      }),
    )
  })
})

suite('DNS messages', () => {
  const samples = sampleMessages()
  const read = (name: string) => {
    const message = readMessage(samples[name] ?? head)
    assert.ok(message)
    assert.equal(message.isWhole, true, name)
    assert.equal(message.question?.name, 'www.example.com')
    return message
  }

  test('a question', () => {
    assert.deepEqual(read('query'), {
      id: 0x1234,
      bits: 0x0100,
      isAnswer: false,
      rcode: 0,
      questionCount: 1,
      question: { name: 'www.example.com', type: 1, class: 1 },
      answers: [],
      answerCount: 0,
      ttlMin: undefined,
      hasEdns: true,
      isWhole: true,
    })
  })

  test('answers as zone files have them', () => {
    const { answers, ttlMin, isAnswer, hasEdns } = read('addresses')
    assert.deepEqual(answers, [
      'CNAME cdn.example.com',
      'A 192.0.2.7',
      'AAAA 2001:db8::5',
      'AAAA ::ffff:192.0.2.9',
    ])
    assert.equal(ttlMin, 60)
    assert.ok(isAnswer && hasEdns)
    assert.deepEqual(read('mail').answers, [
      'MX 10 mail.example.com',
      'SRV 1 2 443 srv.example',
      String.raw`TXT "a\"\\b" "" "x\000\255"`,
      'NS ns.example.com',
      'PTR www.example.com',
    ])
    assert.deepEqual(read('service').answers, [
      'HTTPS 1 . alpn=h2,h3 port=8443 ipv4hint=192.0.2.1 ipv6hint=2001:: no-default-alpn key999=abcd',
    ])
  })

  test('data without a form of its own, or that does not fit it, in hexadecimal', () => {
    const { answers, ttlMin } = read('unknown')
    assert.deepEqual(answers, [
      String.raw`TYPE4711 \# 3 010203`,
      String.raw`A \# 3 010203`,
      String.raw`TYPE99 \# 100 ${'ee'.repeat(64)}...`,
    ])
    assert.equal(ttlMin, 0, 'a time with the top bit is none')
  })

  test('the code of a refusal has the upper bits of EDNS', () => {
    const { rcode, answers, ttlMin } = read('refusal')
    assert.equal(rcode, 0x13)
    assert.deepEqual(answers, [])
    assert.equal(ttlMin, undefined, 'times of the authority are not those of answers')
  })

  test('what was read before the bytes made no sense is kept', () => {
    const whole = samples['addresses'] ?? head
    assert.equal(readMessage(whole.subarray(0, 11)), undefined)
    let answers = 0
    for (let length = 12; length < whole.length; length++) {
      const message = readMessage(whole.subarray(0, length))
      assert.ok(message)
      assert.equal(message.isWhole, false)
      assert.ok(message.answers.length >= answers, 'more bytes never give less')
      answers = message.answers.length
    }
    assert.equal(answers, 4)
  })

  test('an answer without a question is about its first record', () => {
    const message = readMessage(
      bytesOf(
        ...[0, 0x8400, 0, 2, 0, 0].map(u16),
        wireRecord({
          owner: wireName('printer.local'),
          type: 1,
          ttl: 120,
          data: bytesOf(10, 0, 0, 9),
        }),
        wireRecord({ owner: wireName('other.local'), type: 16, ttl: 120, data: bytesOf(1, 'x') }),
      ),
    )
    assert.deepEqual(message?.question, { name: 'printer.local', type: 1, class: 1 })
    assert.equal(message.questionCount, 0)
    assert.deepEqual(message.answers, ['A 10.0.0.9', 'TXT "x"'])
  })

  test('many answers and many records are bounded', () => {
    const one: SampleRecord = { type: 1, ttl: 1, data: bytesOf(1, 1, 1, 1) }
    const many = (count: number): Uint8Array =>
      wireMessage({ name: 'a', type: 1, answers: Array.from({ length: count }, () => one) })
    const hundred = readMessage(many(100))
    assert.equal(hundred?.answers.length, 64)
    assert.equal(hundred.answerCount, 100)
    assert.equal(hundred.isWhole, true)
    assert.equal(readMessage(many(600))?.isWhole, false)
    const text: SampleRecord = {
      type: 16,
      ttl: 1,
      data: bytesOf(255, new Uint8Array(255), 255, new Uint8Array(255)),
    }
    const long = readMessage(wireMessage({ name: 'a', type: 16, answers: [text, text, text] }))
    assert.equal(long?.answers.join('').length, 4096)
  })

  test('whatever is asked and answered is read as it was written', () => {
    const label = fc.stringMatching(/^[a-z0-9_-]{1,20}$/)
    const name = fc.array(label, { minLength: 1, maxLength: 6 }).map((labels) => labels.join('.'))
    const address = fc.uint8Array({ minLength: 4, maxLength: 4 })
    fc.assert(
      fc.property(
        name,
        fc.integer({ min: 0, max: 0xffff }),
        fc.array(fc.tuple(address, fc.integer({ min: 0, max: 0x7fffffff }), name), {
          maxLength: 8,
        }),
        (asked, id, given) => {
          const message = readMessage(
            wireMessage({
              id,
              name: asked,
              type: 1,
              answers: given.map(([data, ttl, owner]) => ({
                owner: wireName(owner),
                type: 1,
                ttl,
                data,
              })),
            }),
          )
          assert.equal(message?.question?.name, asked)
          assert.equal(message.id, id)
          assert.deepEqual(
            message.answers,
            given.map(([data]) => `A ${data.join('.')}`),
          )
          assert.equal(
            message.ttlMin,
            given.length === 0 ? undefined : Math.min(...given.map(([, ttl]) => ttl)),
          )
          assert.equal(message.isWhole, true)
        },
      ),
    )
  })

  test('a record longer than the message is not read', () => {
    const message = wireMessage({ name: 'a', type: 1 })
    message[7] = 1
    const record = wireRecord({ type: 1, ttl: 1, data: bytesOf(1, 2, 3, 4) })
    record[11] = 5
    const found = readMessage(bytesOf(message, record))
    assert.equal(found?.isWhole, false)
    assert.deepEqual(found.answers, [])
  })
})
