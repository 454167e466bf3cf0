import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createDnsConversations, type DnsActor, type DnsEnd } from './conversations.ts'

const second = 1_000_000_000n
const actor = (pid: number): DnsActor => ({
  pid,
  tid: pid,
  startNs: BigInt(pid) * 7n,
  execNo: 1,
  uid: 0,
})
const end = (port: number): DnsEnd => ({ address: '\x7f\0\0\x01', port })
const stub = end(53)
const upstream = end(5300)

function ask(pid: number, port: number, bootNs: bigint, remote = stub, name = 'a.test', id = pid) {
  return {
    socketId: BigInt(port),
    netNs: 1,
    actor: actor(pid),
    local: end(port),
    remote,
    bootNs,
    id,
    name,
    type: 1,
  }
}

const hear = (resolver: number, question: ReturnType<typeof ask>, bootNs: bigint) => ({
  ...question,
  resolver: actor(resolver),
  local: question.remote,
  remote: question.local,
  bootNs,
})

suite('DNS conversations', () => {
  test('an answer has who asked and how long it took; only the first one does', () => {
    const dns = createDnsConversations()
    const question = ask(10, 4000, 5n)
    assert.equal(dns.sent(question), undefined)
    assert.deepEqual(dns.received({ ...question, bootNs: 105n }), {
      actor: actor(10),
      latencyNs: 100n,
      via: undefined,
      asker: undefined,
    })
    assert.equal(dns.received({ ...question, bootNs: 106n }), undefined)
  })

  test('an answer needs the socket, the id, the name in any letters, and the type', () => {
    const dns = createDnsConversations()
    const question = ask(10, 4000, 5n)
    dns.sent(question)
    for (const other of [{ socketId: 4001n }, { id: 11 }, { name: 'b.test' }, { type: 28 }])
      assert.equal(dns.received({ ...question, ...other }), undefined)
    assert.ok(dns.received({ ...question, name: 'A.tEST' }))
  })

  test('a question that is sent again waits since the first', () => {
    const dns = createDnsConversations()
    dns.sent(ask(10, 4000, 0n))
    dns.sent(ask(10, 4000, 5n * second))
    assert.equal(dns.received(ask(10, 4000, 6n * second))?.latencyNs, 6n * second)
    dns.sent(ask(10, 4000, 10n * second))
    dns.sent(ask(10, 4000, 30n * second))
    assert.equal(dns.received(ask(10, 4000, 31n * second))?.latencyNs, second)
  })

  test('a resolver asks for whom it has heard the same question from, and answers are via it', () => {
    const dns = createDnsConversations()
    const question = ask(10, 4000, 0n)
    dns.sent(question)
    dns.heard(hear(20, question, 1n))
    const forwarded = ask(20, 4100, 2n, upstream)
    assert.deepEqual(dns.sent(forwarded), actor(10))
    assert.deepEqual(dns.received({ ...forwarded, bootNs: 3n })?.asker, actor(10))
    const answered = dns.received({ ...question, bootNs: 4n })
    assert.deepEqual(answered?.via, actor(20))
    assert.equal(answered.asker, undefined)
    // It has been answered: the next such question is the resolver's own.
    assert.equal(dns.sent(ask(20, 4100, 5n, upstream, 'a.test', 99)), undefined)
  })

  test('the same question at the same time, past the resolver, is nobody else’s', () => {
    const dns = createDnsConversations()
    const question = ask(10, 4000, 0n)
    dns.sent(question)
    dns.heard(hear(20, question, 1n))
    const other = ask(30, 4200, 2n, upstream)
    assert.equal(dns.sent(other), undefined)
    assert.equal(dns.received({ ...other, bootNs: 3n })?.via, undefined)
  })

  test('of two who ask the same, each is answered via the resolver', () => {
    const dns = createDnsConversations()
    const first = ask(10, 4000, 0n)
    const next = ask(11, 4001, 1n)
    for (const question of [first, next]) {
      dns.sent(question)
      dns.heard(hear(20, question, 2n))
    }
    assert.deepEqual(dns.sent(ask(20, 4100, 3n, upstream)), actor(10))
    for (const question of [first, next])
      assert.deepEqual(dns.received({ ...question, bootNs: 4n })?.via, actor(20))
  })

  test('what a resolver heard more than ten seconds ago is not what it asks for', () => {
    const dns = createDnsConversations()
    const question = ask(10, 4000, 0n)
    dns.sent(question)
    dns.heard(hear(20, question, 1n))
    assert.equal(dns.sent(ask(20, 4100, 11n * second, upstream)), undefined)
  })

  test('over TCP, who answers is who answered there over UDP lately', () => {
    const dns = createDnsConversations()
    const question = ask(10, 4000, 0n)
    dns.sent(question)
    dns.heard(hear(20, question, 1n))
    dns.received({ ...question, bootNs: 2n })
    const again = ask(10, 4001, second)
    dns.sent(again)
    assert.deepEqual(dns.received({ ...again, bootNs: 2n * second })?.via, actor(20))
    const late = ask(10, 4002, 20n * second)
    dns.sent(late)
    assert.equal(dns.received({ ...late, bootNs: 21n * second })?.via, undefined)
  })

  test('a resolver that is not known tells nothing', () => {
    const dns = createDnsConversations()
    const question = ask(10, 4000, 0n)
    dns.sent(question)
    dns.heard({ ...hear(20, question, 1n), resolver: { ...actor(20), pid: 0 } })
    assert.equal(dns.received({ ...question, bootNs: 2n })?.via, undefined)
  })

  test('the oldest questions are forgotten first', () => {
    const dns = createDnsConversations()
    for (let i = 0; i < 5000; i++) dns.sent(ask(i + 1, 10_000 + i, BigInt(i)))
    assert.equal(dns.received(ask(1, 10_000, 5000n)), undefined)
    assert.ok(dns.received(ask(5000, 14_999, 5000n)))
    assert.ok(dns.received(ask(1000, 10_999, 5000n)))
  })
})
