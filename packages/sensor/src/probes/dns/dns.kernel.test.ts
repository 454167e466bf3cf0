import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { dnsFlags, dnsOperations } from '@honeyguide/model/tables/dns'
import {
  kernelSkip,
  openTestKernel,
  runProgram,
  said,
  testProgram,
  type PlainRow,
  type ProgramRun,
  type TestKernel,
} from '../../kernel/kernel-harness.ts'

const loopback = {
  '4': '\x7f\x00\x00\x01',
  '6': '\0'.repeat(15) + '\x01',
} as const
/** Ports of `dns-talk`: the first is one that is configured. */
const serverPort = 5300
const stubPort = 53
const datagram = 17
const stream = 6

/** What the programs ask, and what the server answers them. */
interface Talk {
  readonly name: string
  readonly type: number
  readonly answers: readonly string[]
  readonly answerCount?: number
  readonly ttl: number
  readonly rcode: number
  /** The 16 bits behind the id. */
  readonly bits: number
  readonly queryFlags?: number
  readonly answerFlags?: number
}
const talks: Readonly<Record<string, Talk>> = {
  plain: {
    name: 'plain.test',
    type: 1,
    answers: ['A 192.0.2.1'],
    ttl: 300,
    rcode: 0,
    bits: 0x8180,
    queryFlags: dnsFlags.edns,
  },
  chain: {
    name: 'chain.test',
    type: 255,
    answers: ['CNAME next.test', 'AAAA 2001:db8::1', 'TXT "he\\"y\\010" "two"'],
    ttl: 30,
    rcode: 0,
    bits: 0x8180,
  },
  none: { name: 'none.test', type: 28, answers: [], ttl: 0, rcode: 3, bits: 0x8183 },
  loop: {
    name: 'loop.test',
    type: 1,
    answers: [],
    answerCount: 1,
    ttl: 0,
    rcode: 0,
    bits: 0x8180,
    answerFlags: dnsFlags.malformed | dnsFlags.moreAnswers,
  },
  big: { name: 'big.test', type: 16, answers: [], ttl: 0, rcode: 0, bits: 0x8380 },
  hostile: {
    name: String.raw`h\000\.\\\255\027\032i.test`,
    type: 1,
    answers: [],
    ttl: 0,
    rcode: 0,
    bits: 0x8180,
  },
}

const print = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one))

suite('dns probe', { skip: kernelSkip }, () => {
  let sensor: TestKernel
  const program = testProgram('dns-talk')
  before(async () => {
    sensor = await openTestKernel({
      probes: ['dns', 'udp', 'fork'],
      dns: { ports: [53, 5353, serverPort] },
    })
  })
  after(() => sensor[Symbol.asyncDispose]())

  function run(
    scenario: string,
    version: '4' | '6',
  ): ProgramRun & { rows: PlainRow[]; udp: PlainRow[] } {
    sensor.drain()
    const ran = runProgram(program, [scenario, version])
    assert.equal(ran.status, 0, ran.text)
    const rows = sensor.drain()
    assert.deepEqual(rows.get('loss') ?? [], [])
    const pids = new Set((rows.get('fork') ?? []).map((row) => row['pid']))
    const ours = (name: 'dns' | 'udp'): PlainRow[] =>
      (rows.get(name) ?? []).filter((row) => pids.has(row['pid'] ?? 0) || row['pid'] === ran.pid)
    return { ...ran, rows: ours('dns'), udp: ours('udp') }
  }

  /** The rows of one asker, checked against what it says of itself; the answer is undefined when none came. */
  function check(
    ran: ProgramRun & { rows: PlainRow[] },
    asked: string,
    version: '4' | '6',
    transport: number,
  ): { query: PlainRow; answer: PlainRow | undefined } {
    const pid = said(ran, asked, 1)
    const found = ran.rows.filter((row) => row['pid'] === pid)
    const query = found.find((row) => row['operation'] === dnsOperations.query)
    const answer = found.find((row) => row['operation'] === dnsOperations.answer)
    assert.ok(query, asked)
    const talk = talks[asked]
    const hasAnswer = said(ran, asked, 6) > 0
    assert.equal(found.length, hasAnswer ? 2 : 1, `${asked}: ${print(found)}`)
    for (const row of found) {
      assert.equal(row['family'], version === '4' ? 2 : 10)
      assert.equal(row['localAddress'], loopback[version])
      assert.equal(row['remoteAddress'], loopback[version])
      assert.equal(row['localPort'], said(ran, asked, 2))
      assert.equal(row['remotePort'], said(ran, asked, 3))
      assert.equal(row['dnsId'], said(ran, asked, 4))
      assert.equal(row['transport'], transport)
      assert.equal(row['socketId'], query['socketId'])
      assert.equal(row['startNs'], query['startNs'])
      assert.equal(row['uid'], 0)
      assert.ok(Number(row['netNs']) > 0)
      assert.equal(row['name'], talk?.name ?? `${asked}.test`)
      assert.equal(row['type'], talk?.type ?? 1)
      assert.equal(row['class'], 1)
    }
    assert.equal(query['messageBytes'], said(ran, asked, 5))
    assert.equal(query['flags'], talk?.queryFlags ?? 0, asked)
    assert.equal(query['dnsBits'], 0x0100)
    assert.equal(query['latencyNs'], 0n)
    if (!answer || !talk) return { query, answer }
    assert.equal(answer['messageBytes'], said(ran, asked, 6))
    if (transport === datagram || asked !== 'big') {
      assert.equal(answer['flags'], talk.answerFlags ?? 0, asked)
      assert.equal(answer['answers'], talk.answers.map((text) => `${text}\0`).join(''))
      assert.equal(answer['answerCount'], talk.answerCount ?? talk.answers.length)
      assert.equal(answer['dnsBits'], talk.bits)
    }
    assert.equal(answer['rcode'], talk.rcode)
    if (transport === datagram) assert.equal(answer['ttlMin'], talk.ttl)
    assert.equal(
      answer['latencyNs'],
      (answer['bootNs'] as bigint) - (query['bootNs'] as bigint),
      asked,
    )
    assert.ok(answer['latencyNs'] > 0n)
    return { query, answer }
  }

  for (const version of ['4', '6'] as const) {
    test(`IPv${version}: questions and answers over UDP, with who asked`, () => {
      const ran = run('direct', version)
      for (const asked of Object.keys(talks)) {
        const { answer } = check(ran, asked, version, datagram)
        assert.ok(answer, asked)
        // The server is a process of this host, too.
        assert.equal(answer['viaPid'], said(ran, 'server'))
        assert.equal(answer['askerPid'], 0)
      }
      assert.equal(check(ran, 'silent', version, datagram).answer, undefined)
      // Nothing of it is told twice: neither of the server's end, nor as a flow.
      assert.equal(ran.rows.length, 2 * Object.keys(talks).length + 1)
      const flows = ran.udp.filter((row) => row['remotePort'] === serverPort)
      assert.deepEqual(flows, [])
    })

    test(`IPv${version}: a resolver on the host is told as such, and for whom it asks`, () => {
      const ran = run('stub', version)
      const stub = said(ran, 'stub')
      for (const asked of Object.keys(talks)) {
        const pid = said(ran, asked)
        const { query, answer } = check(ran, asked, version, datagram)
        assert.equal(query['remotePort'], stubPort)
        assert.equal(query['askerPid'], 0)
        assert.ok(answer)
        assert.equal(answer['viaPid'], stub, asked)
        const upstream = ran.rows.filter(
          (row) => row['pid'] === stub && row['name'] === talks[asked]?.name,
        )
        assert.deepEqual(
          upstream.map((row) => row['operation']),
          [dnsOperations.query, dnsOperations.answer],
        )
        for (const row of upstream) {
          assert.equal(row['askerPid'], pid, asked)
          assert.equal(row['askerStartNs'], query['startNs'], asked)
          assert.equal(row['askerExecNo'], query['execNo'], asked)
          assert.equal(row['remotePort'], serverPort)
          assert.equal(row['localPort'], said(ran, 'stub', 2))
        }
        assert.equal(upstream[1]?.['viaPid'], said(ran, 'server'))
        assert.equal(answer['viaStartNs'], upstream[0]?.['startNs'])
        assert.equal(answer['viaExecNo'], upstream[0]?.['execNo'])
        assert.ok((answer['latencyNs'] as bigint) > (upstream[1]?.['latencyNs'] as bigint))
      }
      assert.equal(ran.rows.length, 4 * Object.keys(talks).length)
    })

    test(`IPv${version}: over TCP, in whatever pieces the messages go`, () => {
      const ran = run('tcp', version)
      const { answer: plain } = check(ran, 'plain', version, stream)
      assert.equal(plain?.['ttlMin'], 300)
      const { answer: big } = check(ran, 'big', version, stream)
      // The whole of it is longer than what is kept of a message.
      assert.equal(big?.['flags'], dnsFlags.cut | dnsFlags.moreAnswers)
      assert.equal(big?.['answerCount'], 24)
      assert.equal(big?.['ttlMin'], 10)
      const texts = String(big?.['answers']).split('\0')
      assert.ok(texts.length > 10)
      assert.equal(texts[0], `TXT "${'y'.repeat(254)}"`)
      assert.equal(ran.rows.length, 4)
    })
  }

  test('a question from the port that a resolver serves at is one all the same', () => {
    const ran = run('port', '4')
    const { answer } = check(ran, 'plain', '4', datagram)
    assert.equal(answer?.['viaPid'], said(ran, 'server'))
    assert.equal(ran.rows.length, 2, print(ran.rows))
    assert.equal(answer['localPort'], stubPort)
  })

  test('of a multicast group, what is told is what was asked for', () => {
    const ran = run('group', '4')
    const { rows } = ran
    assert.deepEqual(
      rows.map((row) => [row['operation'], row['pid']]),
      [
        [dnsOperations.query, said(ran, 'plain')],
        [dnsOperations.answer, said(ran, 'plain')],
      ],
      print(rows),
    )
    const [query, answer] = rows
    assert.equal(query?.['remoteAddress'], '\xe0\x00\x00\xfb')
    assert.equal(query?.['flags'], dnsFlags.multicast)
    assert.equal(answer?.['flags'], dnsFlags.multicast)
    assert.equal(answer?.['answers'], 'A 192.0.2.1\0')
    // It has no question: it is about its first record.
    assert.equal(answer?.['name'], 'plain.test')
    assert.deepEqual([answer['type'], answer['class'], answer['ttlMin']], [1, 0x8001, 120])
    assert.ok((answer?.['latencyNs'] as bigint) > 0n)
  })

  test('messages on ports that are not configured are flows like any other', async () => {
    await using other = await openTestKernel({ probes: ['dns', 'udp'], dns: { ports: [53] } })
    other.drain()
    const ran = runProgram(program, ['direct', '4'])
    const rows = other.drain()
    const pid = said(ran, 'plain')
    assert.deepEqual(
      (rows.get('dns') ?? []).filter((row) => row['pid'] === pid),
      [],
    )
    assert.equal((rows.get('udp') ?? []).filter((row) => row['pid'] === pid).length, 2)
  })
})
