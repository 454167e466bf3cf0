import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { suite, test } from 'node:test'
import { probeFeature } from './feature.ts'
import { readClockNs } from './ffi.ts'
import { enableRunTimeStats } from './kernel-info.ts'
import { buildTestProgram, skipUnless } from './kernel-test.ts'
import { openObject, type BpfObject } from './object.ts'
import { onlineCpus } from './sampling.ts'

async function load(): Promise<BpfObject> {
  return openObject(await buildTestProgram('runs'), {
    programs: { run_traced: { autoload: 'if-supported' } },
  }).load()
}

/** A packet of 64 bytes of IPv4 without a payload that means anything. */
const packet = Uint8Array.from({ length: 64 }, (_, at) => (at === 12 ? 8 : at === 14 ? 0x45 : 0))

suite('test runs', { skip: skipUnless('test_run', 'sk_lookup', 'sockmap') }, () => {
  test('XDP gives the packet back as it was left, and where it came in', async () => {
    using object = await load()
    const run = object.program('run_xdp').testRun({ data: packet })
    assert.equal(run.returnValue, 3, 'XDP_TX')
    assert.equal(run.data.length, 66)
    assert.deepEqual(run.data.subarray(0, 2), Uint8Array.of(0xab, 0))
    assert.equal(run.contextFields?.['data_end'], 66)
    // The loopback interface and its only queue are anybody's.
    const context = { ingress_ifindex: 1, rx_queue_index: 0 }
    assert.equal(object.program('run_xdp').testRun({ data: packet, context }).data.length, 66)
    assert.throws(() => object.program('run_xdp').testRun({ data: packet, dataRoomBytes: 65 }), {
      code: 'BPF_TEST_RUN_FAILED',
      errnoName: 'ENOSPC',
      message: /66 bytes came back/,
    })
  })

  test('programs on socket buffers read and write fields of the context', async () => {
    using object = await load()
    const context = { mark: 41 }
    const tc = object.program('run_tc').testRun({ data: packet, context })
    assert.equal(tc.returnValue, 7)
    assert.equal(tc.contextFields?.['priority'], 42)
    assert.deepEqual(tc.contextFields?.['cb'], [0, packet.length, 0, 0, 0])
    assert.deepEqual(tc.data, packet)
    const groups = object.program('run_cgroup_skb')
    assert.equal(groups.testRun({ data: packet, context: { mark: 5 } }).returnValue, 1)
    assert.equal(groups.testRun({ data: packet, context: { mark: 6 } }).returnValue, 0)
    // Of these two the packet begins behind its Ethernet header.
    assert.equal(object.program('run_socket').testRun({ data: packet }).returnValue, 50)
    const tunnel = object.program('run_tunnel').testRun({ data: packet, context: { mark: 1 } })
    assert.equal(tunnel.contextFields?.['mark'], 2)
  })

  test('many runs are timed', async () => {
    using object = await load()
    const repeat = 10_000
    const began = readClockNs('boottime')
    const run = object.program('run_tc').testRun({ data: packet, repeat })
    const tookNs = Number(readClockNs('boottime') - began)
    assert.equal(run.returnValue, 7)
    assert.ok(run.durationNs > 0)
    assert.ok(run.durationNs * repeat <= tookNs, 'the mean of one, not the time of all')
  })

  test('a flow dissector gives the keys that it found', async () => {
    using object = await load()
    const { data, returnValue } = object.program('run_dissector').testRun({ data: packet })
    assert.equal(returnValue, 0)
    const keys = new DataView(data.buffer, data.byteOffset, data.byteLength)
    assert.deepEqual(
      [keys.getUint16(0, true), keys.getUint16(2, true), keys.getUint8(9)],
      [14, 34, 99],
    )
  })

  test('a socket lookup tells which socket it chose', async () => {
    using object = await load()
    const server = createServer().listen(0)
    try {
      const fd: unknown = Reflect.get(Object(Reflect.get(server, '_handle')), 'fd')
      assert.ok(typeof fd === 'number')
      object.map<number>('server').setReference(0, { fd })
      const cookie = object.map<number, bigint>('server').get(0)
      const program = object.program('run_lookup')
      const context = { family: 2, protocol: 6, local_port: 80 }
      const run = program.testRun({ context })
      assert.equal(run.returnValue, 1, 'SK_PASS')
      assert.equal(run.contextFields?.['cookie'], cookie)
      const other = program.testRun({ context: { ...context, local_port: 81 } })
      assert.equal(other.returnValue, 0, 'SK_DROP')
      assert.throws(() => program.testRun(), { code: 'BPF_ARGUMENT', message: /on a context/ })
    } finally {
      server.close()
    }
  })

  test('raw tracepoints take arguments and a CPU, system call programs a struct', async () => {
    using object = await load()
    const context = BigUint64Array.of(3n, 4n)
    assert.equal(object.program('run_raw').testRun({ context }).returnValue, 11)
    for (const cpu of onlineCpus())
      assert.equal(object.program('run_where').testRun({ cpu }).returnValue, cpu)
    const call = object.program('run_call').testRun({ context: { left: 2n, right: 40n } })
    assert.equal(call.returnValue, 3)
    assert.deepEqual(call.contextFields, { left: 2n, right: 40n, sum: 42n })
  })

  test(
    'functions of the kernel are called for fentry',
    { skip: skipUnless('fentry') },
    async () => {
      using object = await load()
      using _counting = enableRunTimeStats()
      using _link = object.attach('run_traced')
      const program = object.program('run_traced')
      const before = program.info().runCount
      assert.equal(program.testRun().returnValue, 0)
      assert.equal(program.info().runCount, before + 1n)
    },
  )

  test('netfilter programs see an IP packet', { skip: skipUnless('netfilter') }, async () => {
    using object = openObject(await buildTestProgram('netfilter')).load()
    assert.equal(object.program('count_filtered').testRun({ data: packet }).returnValue, 1)
    assert.equal(object.map<number, bigint>('hits').get(0), 1n)
  })

  test('what a type does not take is refused with the reason', async () => {
    using object = await load()
    const refused = (name: string, options: object, message: RegExp): void =>
      assert.throws(() => object.program(name).testRun(options), { code: 'BPF_ARGUMENT', message })
    refused('run_xdp', {}, /at least 14 bytes/)
    refused('run_tc', { data: new Uint8Array(13) }, /at least 14 bytes/)
    refused('run_raw', { data: packet }, /without data/)
    refused('run_raw', { repeat: 2 }, /once/)
    refused('run_tc', { data: packet, cpu: 0 }, /this CPU/)
    refused('run_dissector', { data: packet, context: {} }, /without a context/)
    refused('run_raw', { context: { a: 1 } }, /points to no struct/)
    refused('run_tc', { data: packet, context: { mark: -1 } }, /does not fit/)
    assert.throws(() => object.program('never_run').testRun(), {
      code: 'BPF_TEST_RUN_FAILED',
      errnoName: 'ENOTSUPP',
    })
    assert.equal(object.program('run_traced').isLoaded, probeFeature('fentry').supported)
  })
})
