import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { openPinnedLink, openPinnedMap, type BpfError } from '@honeyguide/bpf'
import { tcpFlags, tcpOperations } from '@honeyguide/model/tables/tcp'
import { layout } from '../../../gen/records.ts'
import {
  amount,
  kernelSkip,
  openTestKernel,
  runProgram,
  said,
  testProgram,
  type PlainRow,
  type ProgramRun,
  type TestKernel,
} from '../../kernel/kernel-harness.ts'
import { inheritSockets } from '../../kernel/snapshot.ts'
import { unifiedMount } from '../../kernel/unified-mount.ts'

const loopback = {
  '4': '\x7f\x00\x00\x01',
  '6': '\0'.repeat(15) + '\x01',
} as const

/** Where the connects of `failed-connects` go, unless said below. */
const noRoute = {
  '4': '\xc0\x00\x02\x01',
  '6': `\x20\x01\x0d\xb8${'\0'.repeat(11)}\x01`,
} as const
const atLoopback = (version: '4' | '6'): Readonly<Record<string, string>> =>
  Object.fromEntries(
    ['again-refused', 'asynchronous', 'denied', 'no-port', 'fastopen-no-port'].map((role) => [
      role,
      loopback[version],
    ]),
  )
const failedAt: Readonly<Record<'4' | '6', Readonly<Record<string, string>>>> = {
  '4': { ...atLoopback('4'), unreachable: '\xc6\x33\x64\x07' },
  '6': atLoopback('6'),
}

suite('tcp probe', { skip: kernelSkip }, () => {
  let sensor: TestKernel
  const connection = testProgram('connection')
  const failedConnects = testProgram('failed-connects')
  before(async () => {
    sensor = await openTestKernel({ probes: ['tcp'] })
  })
  after(() => sensor[Symbol.asyncDispose]())

  /** Rows of the scenario: those with one of its ports at either end. */
  function run(
    scenario: string,
    version: '4' | '6',
    port: string,
  ): ProgramRun & { rows: PlainRow[] } {
    sensor.drain()
    const ran = runProgram(connection, [scenario, version])
    assert.equal(ran.status, 0, ran.text)
    const rows = sensor.drain()
    assert.deepEqual(rows.get('loss') ?? [], [])
    const number = said(ran, port, 2)
    return {
      ...ran,
      rows: (rows.get('tcp') ?? []).filter(
        (row) => row['localPort'] === number || row['remotePort'] === number,
      ),
    }
  }

  function only(rows: readonly PlainRow[], operation: number, localPort?: number): PlainRow {
    const found = rows.filter(
      (row) =>
        row['operation'] === operation &&
        (localPort === undefined || row['localPort'] === localPort),
    )
    assert.equal(found.length, 1, `operation ${operation}: ${JSON.stringify(found, plain)}`)
    return found[0] as PlainRow
  }
  const plain = (_: string, value: unknown): unknown =>
    typeof value === 'bigint' ? String(value) : value

  for (const version of ['4', '6'] as const) {
    test(`IPv${version}: listen, connect, accept and close, with the right process at each end`, () => {
      const ran = run('echo', version, 'listener')
      const { rows } = ran
      assert.equal(rows.length, 5, JSON.stringify(rows, plain))
      const serverPort = said(ran, 'server', 2)
      const clientPort = said(ran, 'client', 2)
      const listen = only(rows, tcpOperations.listen)
      assert.equal(listen['pid'], said(ran, 'listener'))
      const connect = only(rows, tcpOperations.connect)
      const accept = only(rows, tcpOperations.accept)
      for (const [row, role, local, remote] of [
        [connect, 'client', clientPort, serverPort],
        [accept, 'server', serverPort, clientPort],
      ] as const) {
        assert.equal(row['pid'], said(ran, role))
        assert.equal(row['family'], version === '4' ? 2 : 10)
        assert.equal(row['localAddress'], loopback[version])
        assert.equal(row['remoteAddress'], loopback[version])
        assert.equal(row['localPort'], local)
        assert.equal(row['remotePort'], remote)
        assert.equal(row['flags'], 0)
        assert.equal(row['uid'], 0)
        const close = only(rows, tcpOperations.close, local)
        assert.equal(close['socketId'], row['socketId'])
        assert.equal(close['pid'], row['pid'])
        assert.equal(close['startNs'], row['startNs'])
        assert.equal(close['bytesSent'], BigInt(said(ran, role, 4)))
        assert.equal(close['bytesReceived'], BigInt(said(ran, role, 5)))
        assert.ok((close['durationNs'] as bigint) >= 29_000_000n)
        assert.ok((close['durationNs'] as bigint) < 5_000_000_000n)
        assert.equal(close['flags'], 0)
      }
      assert.notEqual(connect['pid'], accept['pid'])
      assert.notEqual(connect['socketId'], accept['socketId'])
      assert.ok((connect['durationNs'] as bigint) > 0n)
    })

    test(`IPv${version}: a refused connect`, () => {
      const ran = run('refused', version, 'refused')
      const row = only(ran.rows, tcpOperations.connectFailed)
      assert.equal(row['pid'], said(ran, 'refused'))
      assert.equal(row['errno'], said(ran, 'refused', 3))
      assert.equal(row['remotePort'], said(ran, 'refused', 2))
    })

    test(`IPv${version}: a connect that fails before its SYN is told once, with errno and process`, () => {
      const cgroup = join(unifiedMount() ?? '', `hg-denied-${process.pid}`)
      const hasCgroup = unifiedMount() !== undefined
      if (hasCgroup) mkdirSync(cgroup)
      try {
        sensor.drain()
        const ran = runProgram(failedConnects, hasCgroup ? [version, cgroup] : [version])
        assert.equal(ran.status, 0, ran.text)
        const rows = sensor.drain()
        assert.deepEqual(rows.get('loss') ?? [], [])
        const failed = (rows.get('tcp') ?? []).filter(
          (row) => row['operation'] === tcpOperations.connectFailed,
        )
        const pids = new Set(ran.lines.map(([, pid]) => Number(pid)))
        const ours = failed.filter((row) => pids.has(Number(row['pid'])))
        assert.equal(ours.length, ran.lines.length, JSON.stringify(ours, plain))
        for (const [role = '', pid, errno, port] of ran.lines) {
          const found = ours.filter((row) => row['remotePort'] === Number(port))
          assert.equal(found.length, 1, role)
          const [row] = found
          assert.equal(row?.['pid'], Number(pid), role)
          assert.equal(row?.['errno'], Number(errno), role)
          assert.equal(row?.['family'], version === '4' ? 2 : 10)
          const isAnswered = role === 'again-refused' || role === 'asynchronous'
          assert.equal(row?.['flags'], isAnswered ? 0 : tcpFlags.unsent, role)
          assert.equal(row?.['remoteAddress'], failedAt[version][role] ?? noRoute[version], role)
          assert.ok(Number(row?.['netNs']) > 0)
        }
        for (const role of ['no-route', 'again-no-route', 'no-port', 'sendto', 'fastopen-no-port'])
          assert.ok(
            ran.lines.some(([said]) => said === role),
            role,
          )
        if (hasCgroup) assert.equal(said(ran, 'denied', 2), 1)
        const ids = new Set(ours.map((row) => row['socketId']))
        assert.equal(ids.size, ours.length)
      } finally {
        if (hasCgroup) rmdirSync(cgroup)
      }
    })

    test(`IPv${version}: a forked worker accepts on its parent's socket`, () => {
      const ran = run('worker', version, 'listener')
      assert.equal(only(ran.rows, tcpOperations.listen)['pid'], said(ran, 'listener'))
      const accept = only(ran.rows, tcpOperations.accept)
      assert.equal(accept['pid'], said(ran, 'worker'))
      assert.notEqual(accept['pid'], said(ran, 'listener'))
      const close = only(ran.rows, tcpOperations.close, said(ran, 'listener', 2))
      assert.equal(close['pid'], said(ran, 'worker'))
      assert.equal(close['flags'], 0)
    })

    test(`IPv${version}: whoever closes a descriptor that was passed on is told, as inherited`, () => {
      const ran = run('passed', version, 'acceptor')
      const accept = only(ran.rows, tcpOperations.accept)
      assert.equal(accept['pid'], said(ran, 'acceptor'))
      const close = only(ran.rows, tcpOperations.close, said(ran, 'acceptor', 2))
      assert.equal(close['socketId'], accept['socketId'])
      assert.equal(close['pid'], said(ran, 'receiver'))
      assert.equal(close['flags'], tcpFlags.inherited)
    })
  }

  test('a reset is told at both ends', () => {
    const ran = run('reset', '4', 'server')
    for (const local of [said(ran, 'server', 2), said(ran, 'client', 2)]) {
      const close = only(ran.rows, tcpOperations.close, local)
      assert.equal(Number(close['flags']) & tcpFlags.reset, tcpFlags.reset)
    }
    assert.equal(
      only(ran.rows, tcpOperations.close, said(ran, 'server', 2))['pid'],
      said(ran, 'server'),
    )
  })

  test('a connection that ended before it was accepted is accepted and closed', () => {
    const ran = run('early-reset', '4', 'server')
    const accept = only(ran.rows, tcpOperations.accept)
    const close = only(ran.rows, tcpOperations.close, said(ran, 'server', 2))
    assert.equal(accept['pid'], said(ran, 'server'))
    assert.equal(close['socketId'], accept['socketId'])
  })

  test('many connections: four events each, nothing lost', () => {
    sensor.drain()
    const made = amount(1000, 200)
    const ran = runProgram(connection, ['storm', '4', String(made)])
    const port = said(ran, 'storm', 2)
    const rows = sensor.drain()
    const ours = (rows.get('tcp') ?? []).filter(
      (row) => row['localPort'] === port || row['remotePort'] === port,
    )
    const count = (operation: number): number =>
      ours.filter((row) => row['operation'] === operation).length
    assert.equal(count(tcpOperations.connect), made)
    assert.equal(count(tcpOperations.accept), made)
    assert.equal(count(tcpOperations.close), 2 * made)
    assert.deepEqual(rows.get('loss') ?? [], [])
  })

  suite('a sensor that comes later, and has no room', () => {
    let later: TestKernel
    let held: ChildProcess
    let text = ''
    before(async () => {
      held = spawn(connection, ['held', '4'], { stdio: ['pipe', 'pipe', 'inherit'] })
      const [first] = (await once(held.stdout as NodeJS.EventEmitter, 'data')) as [Buffer]
      text = first.toString()
      later = await openTestKernel({ probes: ['tcp'], isAtTracepoint: true })
    })
    after(async () => {
      // A test that fails leaves nobody who waits, and keeps Node.
      held.kill('SIGKILL')
      await later[Symbol.asyncDispose]()
    })

    test('a connection that is older than the sensor closes as inherited', async () => {
      const [, , clientPort, serverPort] = text.trim().split(' ').map(Number)
      later.drain()
      held.stdin?.end('x')
      await once(held, 'exit')
      const rows = later.drain().get('tcp') ?? []
      for (const port of [clientPort, serverPort]) {
        const close = only(rows, tcpOperations.close, port)
        assert.equal(close['pid'], held.pid)
        assert.equal(Number(close['flags']) & tcpFlags.inherited, tcpFlags.inherited)
      }
    })

    test('a passive connection that the map of sockets refuses is counted as lost', async (t) => {
      using sockets = openPinnedMap(join(later.settings.pinDir, layout.hash, 'hg_sockets'))
      // Addresses that no socket has.
      const key = new Uint8Array(new ArrayBuffer(8))
      const value = new Uint8Array(new ArrayBuffer(sockets.valueSizeBytes))
      let address = 0n
      const fill = (): void => {
        for (;;) {
          new DataView(key.buffer).setBigUint64(0, (address += 1n), true)
          try {
            sockets.setBytes(key, value)
          } catch (error) {
            assert.equal((error as BpfError).errnoName, 'E2BIG')
            return
          }
        }
      }
      // Connections of others that end meanwhile make room: then once more, ten times at most.
      const untilFull = async (isRefused: () => boolean | Promise<boolean>): Promise<boolean> => {
        for (let tries = 0; tries < 10; tries++) {
          fill()
          if (await isRefused()) return true
        }
        return false
      }
      // At the SYN, when it is established at the other end, and when that is accepted.
      const isCounted = await untilFull(() => {
        later.drain()
        assert.equal(runProgram(connection, ['echo', '4']).status, 0)
        const lost = (later.drain().get('loss') ?? []).filter((row) => row['hook'] === 'tcp')
        for (const row of lost) assert.equal(row['reason'], 'map_full')
        return lost.reduce((sum, row) => sum + (row['lost'] as bigint), 0n) >= 3n
      })
      assert.ok(isCounted, 'three times no room for one connection')
      using older = openPinnedLink(
        join(later.settings.pinDir, layout.hash, 'iterator-hg_task_sockets'),
      )
      const isInherited = await untilFull(async () => {
        const held = spawn(connection, ['held', '4'], { stdio: ['pipe', 'pipe', 'inherit'] })
        // A test that fails leaves nobody who waits, and keeps Node.
        t.after(() => held.kill('SIGKILL'))
        await once(held.stdout, 'data')
        const refused = inheritSockets(older, sockets)
        held.stdin.end('x')
        await once(held, 'exit')
        return refused >= 2
      })
      assert.ok(isInherited, 'both ends of one that is older found no room')
    })
  })
})
