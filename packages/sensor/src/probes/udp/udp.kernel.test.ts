import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { openPinnedMap, type BpfError } from '@honeyguide/bpf'
import { udpFlags, udpOperations } from '@honeyguide/model/tables/udp'
import { layout, udpFlowOffsets } from '../../../gen/records.ts'
import {
  kernelSkip,
  openTestKernel,
  runProgram,
  said,
  testProgram,
  type PlainRow,
  type TestKernel,
} from '../../kernel/kernel-harness.ts'

const loopback = {
  '4': '\x7f\x00\x00\x01',
  '6': '\0'.repeat(15) + '\x01',
} as const

/** How many ways to send each version of IP has; two less where there is no 32-bit ABI. */
const doors = [
  ...['sendto', 'sendmsg', 'sendmmsg', 'write', 'writev', 'send', 'splice', 'segment', 'cork'],
  ...['uring', 'uring-thread', 'raw', 'moved'],
]
const compatDoors = ['compat', 'socketcall']

const print = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one))

suite('udp probe', { skip: kernelSkip }, () => {
  let sensor: TestKernel
  const program = testProgram('udp-doors')
  before(async () => {
    sensor = await openTestKernel({ probes: ['udp', 'dns'] })
  })
  after(() => sensor[Symbol.asyncDispose]())

  const rowsOf = (rows: ReadonlyMap<string, PlainRow[]>): PlainRow[] => rows.get('udp') ?? []

  for (const version of ['4', '6'] as const) {
    test(`IPv${version}: a flow is told once through each door, with who sent and exact counts`, () => {
      sensor.drain()
      const ran = runProgram(program, [version])
      assert.equal(ran.status, 0, ran.text)
      const drained = sensor.drain()
      assert.deepEqual(drained.get('loss') ?? [], [])
      const rows = rowsOf(drained)
      const said = ran.lines.filter(([role]) => role !== 'served' && role !== 'mover')
      const names = said.map(([name = '']) => name)
      for (const name of [...doors, version === '4' ? 'mapped' : 'extension'])
        assert.ok(names.includes(name), name)
      const netNs = new Set<unknown>()
      for (const [
        name = '',
        pid,
        local,
        remote,
        sent,
        sentBytes,
        received,
        receivedBytes,
      ] of said) {
        const flow = rows.filter(
          (row) =>
            row['localPort'] === Number(local) &&
            (name === 'many' || row['remotePort'] === Number(remote)),
        )
        const firsts = flow.filter((row) => row['operation'] === udpOperations.send)
        const ends = flow.filter((row) => row['operation'] === udpOperations.end)
        const flows = name === 'many' ? 3 : 1
        assert.equal(firsts.length, name === 'moved' ? 2 : flows, `${name}: ${print(flow)}`)
        assert.equal(ends.length, flows, `${name}: ${print(flow)}`)
        assert.equal(flow.length, firsts.length + ends.length, `${name}: ${print(flow)}`)
        const expected = name === 'raw' ? udpFlags.raw : name === 'lite' ? udpFlags.lite : 0
        const family = version === '4' ? 2 : 10
        for (const row of flow) {
          assert.equal(row['flags'], expected, name)
          assert.equal(row['family'], family, name)
          assert.equal(row['localAddress'], loopback[version], name)
          assert.equal(row['remoteAddress'], loopback[version], name)
          assert.equal(row['uid'], 0)
          assert.equal(row['socketId'], flow[0]?.['socketId'], name)
          netNs.add(row['netNs'])
        }
        assert.equal(firsts[0]?.['pid'], Number(pid), name)
        const [first] = firsts
        const counts = { packets: Number(sent) / flows, bytes: Number(sentBytes) / flows }
        // At once: the first call's datagram, or the segments of it, and nothing else yet.
        const perCall = name === 'segment' ? 3 : 1
        assert.equal(Number(first?.['packetsSent']), perCall, name)
        if (name !== 'moved')
          assert.equal(Number(first?.['bytesSent']) * counts.packets, counts.bytes * perCall, name)
        assert.equal(first?.['packetsReceived'], 0n, name)
        for (const end of ends) {
          assert.equal(Number(end['packetsSent']), counts.packets, name)
          assert.equal(Number(end['bytesSent']), counts.bytes, name)
          assert.equal(Number(end['packetsReceived']), Number(received) / flows, name)
          assert.equal(Number(end['bytesReceived']), Number(receivedBytes) / flows, name)
          const begin = end['firstNs'] as bigint
          assert.ok(begin + (end['durationNs'] as bigint) <= (end['bootNs'] as bigint), name)
          assert.ok(firsts.some((row) => row['firstNs'] === begin))
        }
      }
      // One namespace, and it is not this process's.
      assert.equal(netNs.size, 1)
      assert.ok(!netNs.has(0))
    })

    test(`IPv${version}: another process that goes on with a flow is told, and so is who serves`, () => {
      sensor.drain()
      const ran = runProgram(program, [version])
      assert.equal(ran.status, 0, ran.text)
      const rows = rowsOf(sensor.drain())
      const port = said(ran, 'mover', 2)
      const flow = rows.filter((row) => row['localPort'] === port)
      assert.deepEqual(
        flow.map((row) => [row['operation'], row['pid']]),
        [
          [udpOperations.send, said(ran, 'moved')],
          [udpOperations.send, said(ran, 'mover')],
          [udpOperations.end, said(ran, 'mover')],
        ],
      )
      for (const [, pid, served, packets, bytes, answers, answerBytes] of ran.lines.filter(
        ([role]) => role === 'served',
      )) {
        const here = rows.filter((row) => row['localPort'] === Number(served))
        const begins = here.filter((row) => row['operation'] === udpOperations.receive)
        assert.equal(begins.length, 1, print(here))
        assert.equal(begins[0]?.['pid'], Number(pid))
        assert.equal(begins[0]?.['flags'], udpFlags.incoming | udpFlags.processUncertain)
        assert.equal(begins[0]?.['packetsReceived'], 1n)
        const ends = here.filter((row) => row['operation'] === udpOperations.end)
        assert.equal(ends.length, 1, print(here))
        assert.equal(here.length, 2, print(here))
        assert.equal(ends[0]?.['pid'], Number(pid))
        // It has read and answered: certain by now.
        assert.equal(ends[0]?.['flags'], udpFlags.incoming)
        assert.equal(ends[0]?.['packetsReceived'], BigInt(packets ?? 0))
        assert.equal(ends[0]?.['bytesReceived'], BigInt(bytes ?? 0))
        assert.equal(ends[0]?.['packetsSent'], BigInt(answers ?? 0))
        assert.equal(ends[0]?.['bytesSent'], BigInt(answerBytes ?? 0))
      }
    })
  }

  test('the 32-bit ABI is told where the machine has it', (t) => {
    sensor.drain()
    const ran = runProgram(program, ['4'])
    const there = compatDoors.filter((name) => ran.lines.some(([role]) => role === name))
    if (there.length === 0) {
      t.skip('needs the 32-bit ABI (CONFIG_IA32_EMULATION), which Debian 6.1 and 6.12 have')
      return
    }
    const rows = rowsOf(sensor.drain())
    for (const name of there) {
      const flow = rows.filter((row) => row['localPort'] === said(ran, name, 2))
      assert.deepEqual(
        flow.map((row) => [row['operation'], row['pid']]),
        [
          [udpOperations.send, said(ran, name)],
          [udpOperations.end, said(ran, name)],
        ],
      )
    }
  })

  test('of a flow that many processes share, some changes are told, and that there were more', () => {
    sensor.drain()
    const ran = runProgram(program, ['4', 'shared'])
    const port = said(ran, 'shared', 2)
    const flow = rowsOf(sensor.drain()).filter((row) => row['localPort'] === port)
    const sends = flow.filter((row) => row['operation'] === udpOperations.send)
    assert.equal(sends.length, 9)
    assert.equal(new Set(sends.map((row) => row['pid'])).size, 9)
    const ends = flow.filter((row) => row['operation'] === udpOperations.end)
    assert.deepEqual(
      ends.map((row) => [row['flags'], row['packetsSent'], row['bytesSent']]),
      [[udpFlags.shared, 11n, 55n]],
    )
  })

  test('a sensor that comes back finds the flows of before', async (t) => {
    sensor.drain()
    const held = spawn(program, ['4', 'idle'], { stdio: ['pipe', 'pipe', 'inherit'] })
    t.after(() => held.kill('SIGKILL'))
    const [text] = (await once(held.stdout, 'data')) as [Buffer]
    const port = Number(text.toString().split(' ')[2])
    const before = rowsOf(sensor.drain()).filter((row) => row['localPort'] === port)
    assert.deepEqual(
      before.map((row) => [row['operation'], row['pid']]),
      [[udpOperations.send, held.pid]],
    )
    sensor.reopen()
    held.stdin.end()
    await once(held, 'exit')
    const after = rowsOf(sensor.drain()).filter((row) => row['localPort'] === port)
    assert.deepEqual(
      after.map((row) => [row['operation'], row['pid'], row['socketId'], row['flags']]),
      [[udpOperations.end, held.pid, before[0]?.['socketId'], 0]],
    )
    assert.equal(after[0]?.['packetsSent'], 1n)
    assert.equal(after[0]['bytesReceived'], 32n)
  })

  test('a flow that falls silent is ended without its socket, once', async (t) => {
    await using impatient = await openTestKernel({ probes: ['udp', 'dns'], udpIdleMs: 1200 })
    const held = spawn(program, ['4', 'idle'], { stdio: ['pipe', 'pipe', 'inherit'] })
    t.after(() => held.kill('SIGKILL'))
    const [text] = (await once(held.stdout, 'data')) as [Buffer]
    const [, pid, port] = text.toString().split(' ')
    const seen: PlainRow[] = []
    const ended = (): PlainRow[] =>
      seen.filter(
        (row) => row['operation'] === udpOperations.end && row['localPort'] === Number(port),
      )
    while (ended().length === 0) {
      await setTimeout(100)
      seen.push(...rowsOf(impatient.drain()))
    }
    held.stdin.end()
    await once(held, 'exit')
    seen.push(...rowsOf(impatient.drain()))
    assert.equal(ended().length, 1)
    const [end] = ended()
    assert.equal(end?.['pid'], Number(pid))
    assert.equal(end?.['flags'], udpFlags.idle)
    assert.equal(end?.['packetsSent'], 1n)
    assert.equal(end?.['bytesSent'], 30n)
    assert.equal(end?.['packetsReceived'], 1n)
    assert.equal(end?.['bytesReceived'], 32n)
    // No more than a look and a half after the silence was long enough, on a quiet machine; here only not before.
    const last = (end?.['firstNs'] as bigint) + (end?.['durationNs'] as bigint)
    assert.ok((end?.['bootNs'] as bigint) - last >= 1_200_000_000n)
  })

  suite('a sensor that comes later, and has no room', () => {
    let full: TestKernel
    let held: ChildProcess
    let text = ''
    before(async () => {
      held = spawn(program, ['4', 'held'], { stdio: ['pipe', 'pipe', 'inherit'] })
      const [first] = (await once(held.stdout as NodeJS.EventEmitter, 'data')) as [Buffer]
      text = first.toString()
      full = await openTestKernel({ probes: ['udp', 'dns'] })
    })
    after(async () => {
      // A test that fails leaves nobody who waits, and keeps Node.
      held.kill('SIGKILL')
      await full[Symbol.asyncDispose]()
    })

    test('sockets that are older than the sensor have their processes and their namespace', async () => {
      const server = Number(text.split(' ')[2])
      const netNs = Number(/\d+/.exec(readlinkSync(`/proc/${held.pid}/ns/net`))?.[0])
      held.stdin?.end('x')
      await once(held, 'exit')
      const rows = rowsOf(full.drain()).filter((row) => row['netNs'] === netNs)
      const { inherited, incoming, processUncertain } = udpFlags
      assert.deepEqual(
        rows
          .toSorted((a, b) => Number(a['operation']) - Number(b['operation']))
          .map((row) => [row['operation'], row['pid'], row['flags'], row['bytesSent']]),
        [
          [udpOperations.send, held.pid, inherited, 30n],
          [udpOperations.receive, server, inherited | incoming | processUncertain, 0n],
          ...rows
            .filter((row) => row['operation'] === udpOperations.end)
            .map((row) =>
              row['pid'] === server
                ? [udpOperations.end, server, inherited | incoming, 32n]
                : [udpOperations.end, held.pid, inherited, 30n],
            ),
        ],
        print(rows),
      )
      assert.equal(rows.length, 4)
    })

    test('others cannot take all the room: what they begin is refused first', async () => {
      using sweepers = openPinnedMap(join(full.settings.pinDir, layout.hash, 'hg_udp_sweepers'))
      const only = new Uint8Array(4)
      const value = new Uint8Array(new ArrayBuffer(sweepers.valueSizeBytes))
      assert.ok(sweepers.getBytes(only, value))
      const before = value.slice()
      // As if there were as many flows that others began as there may be; behind the timer and its switch.
      new DataView(value.buffer).setBigUint64(24, 49_152n, true)
      sweepers.setBytes(only, value)
      full.drain()
      const ran = runProgram(program, ['4'])
      assert.equal(ran.status, 0)
      full.kernel.look()
      const rows = full.drain()
      const lost = (rows.get('loss') ?? []).filter((row) => row['hook'] === 'udp')
      for (const row of lost) assert.equal(row['reason'], 'map_full')
      const sum = lost.reduce((total, row) => total + (row['lost'] as bigint), 0n)
      // Each datagram that comes in to a server until it has answered, which begins the flow from here.
      assert.ok(sum >= BigInt(ran.lines.filter(([role]) => role === 'served').length), `${sum}`)
      const [pid, port] = [said(ran, 'sendto'), said(ran, 'sendto', 2)]
      // Who else is on this machine may be given the same port, by another protocol or a moment later.
      const sendto = rowsOf(rows).filter((row) => row['pid'] === pid && row['localPort'] === port)
      assert.deepEqual(
        sendto.map((row) => row['operation']),
        [udpOperations.send, udpOperations.end],
      )
      sweepers.setBytes(only, before)
    })

    test('what the map of flows refuses is counted as lost, in datagrams', async () => {
      using flows = openPinnedMap(join(full.settings.pinDir, layout.hash, 'hg_udp_flows'))
      const key = new Uint8Array(new ArrayBuffer(flows.keySizeBytes))
      const value = new Uint8Array(new ArrayBuffer(flows.valueSizeBytes))
      // Not idle for a long time, so that the timer leaves them.
      new DataView(value.buffer).setBigUint64(udpFlowOffsets.lastNs, 1n << 62n, true)
      let made = 0n
      const fill = (): void => {
        for (;;) {
          new DataView(key.buffer).setBigUint64(0, (1n << 63n) + (made += 1n), true)
          try {
            flows.setBytes(key, value)
          } catch (error) {
            assert.equal((error as BpfError).errnoName, 'E2BIG')
            return
          }
        }
      }
      fill()
      full.drain()
      const ran = runProgram(program, ['4'])
      assert.equal(ran.status, 0)
      full.kernel.look()
      const lost = (full.drain().get('loss') ?? []).filter((row) => row['hook'] === 'udp')
      assert.ok(lost.length > 0)
      for (const row of lost) assert.equal(row['reason'], 'map_full')
      // All that were sent and came in at both ends, but for what others' flows made room for.
      const sum = lost.reduce((total, row) => total + (row['lost'] as bigint), 0n)
      const served = ran.lines.filter(([role]) => role === 'served')
      assert.ok(sum >= BigInt(served.length), `${sum}`)
    })
  })
})
