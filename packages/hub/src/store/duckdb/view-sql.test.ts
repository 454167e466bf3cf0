import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createLineage } from '@honeyguide/detect'
import {
  decodeBatch,
  imageFlags,
  tcpFlags,
  tcpOperations,
  views,
  type OcsfColumn,
  type ViewName,
} from '@honeyguide/model'
import { normalise } from '../../normalise/normalise.ts'
import { addLife, addShell, scriptedHost, shell } from '../scripted-host.ts'
import { openDatabase } from './database.ts'
import { openIntake } from './intake.ts'
import { toCell } from './values.ts'
import { columnSqlTypes, viewSelect } from './view-sql.ts'

const second = 1_000_000_000n
const address = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes)

async function memory() {
  const database = await openDatabase({
    path: ':memory:',
    memoryBytes: 256 * 1024 ** 2,
    threads: 1,
  })
  return { ...database, intake: await openIntake(database.writer) }
}

suite('views', () => {
  test('have the names and types of the OCSF table, whole or in part', async () => {
    const { writer } = await memory()
    for (const [view, columns] of Object.entries(views) as [
      ViewName,
      Record<string, OcsfColumn>,
    ][]) {
      const described = await writer.runAndReadAll(
        `SELECT column_name, column_type FROM (DESCRIBE ${viewSelect(view, 'all')})`,
      )
      assert.deepEqual(
        described.getRows().map((row) => row.map(String)),
        Object.entries(columns).map(([name, { type }]) => [name, columnSqlTypes[type]]),
      )
      for (const name of Object.keys(columns))
        await assert.doesNotReject(
          writer.run(`SELECT "${name}" FROM (${viewSelect(view, new Set([name]))})`),
          `${view}.${name}`,
        )
    }
  })
  test('say of every event what the live stream says', async () => {
    const host = scriptedHost(3, Date.UTC(2026, 10, 24, 12))
    const hello = host.hello('web-3')
    addShell(host)
    addLife(host, 5, shell)
    host.add('exec_failed', {
      ...shell,
      tid: 40,
      bootNs: 20n * second,
      seq: 100n,
      uid: 1000,
      errno: 2,
      fileTyped: '/opt/none',
      argv: 'none\0-x\0',
    })
    host.add('exec', {
      ...shell,
      tid: 40,
      execNo: 4,
      previousExecNo: 3,
      bootNs: 21n * second,
      seq: 101n,
      uid: 1000,
      euid: 0,
      gid: 5,
      sessionId: 4294967295,
      capEffective: 0xffn,
      file: '/tmp/run me',
      fileTyped: './run me',
      interpreter: '/bin/sh',
      argv: `run me\0it's\0`,
      tty: 'pts/1',
      container: 'c0ffee',
      cgroup: '/x',
      mountNs: 7,
      netNs: 8,
      nsPid: 9,
      flags: imageFlags.memfd | imageFlags.script | imageFlags.privilegesRaised,
    })
    const client = {
      ...shell,
      execNo: 4,
      uid: 1000,
      family: 2,
      localAddress: address(127, 0, 0, 1),
      localPort: 40_000,
      remoteAddress: address(10, 0, 0, 9),
      remotePort: 443,
      socketId: 77n,
    }
    host.add('tcp', { ...client, bootNs: 22n * second, seq: 1n, operation: tcpOperations.connect })
    host.add('tcp', {
      ...client,
      bootNs: 23n * second,
      seq: 2n,
      operation: tcpOperations.close,
      bytesSent: 5n,
      bytesReceived: 6n,
      durationNs: second,
      flags: tcpFlags.reset,
    })
    host.add('tcp', {
      ...client,
      bootNs: 24n * second,
      seq: 3n,
      operation: tcpOperations.accept,
      socketId: 78n,
    })
    host.add('tcp', {
      ...client,
      bootNs: 25n * second,
      seq: 4n,
      operation: tcpOperations.close,
      socketId: 78n,
      flags: tcpFlags.processUncertain,
    })
    host.add('tcp', {
      ...client,
      bootNs: 26n * second,
      seq: 5n,
      operation: tcpOperations.connectFailed,
      errno: 111,
      socketId: 79n,
    })
    host.add('tcp', {
      bootNs: 27n * second,
      seq: 6n,
      operation: tcpOperations.listen,
      family: 2,
      localAddress: address(0, 0, 0, 0),
      localPort: 8080,
      socketId: 80n,
      flags: tcpFlags.inherited,
    })
    host.add('exit', {
      ...shell,
      execNo: 4,
      bootNs: 28n * second,
      seq: 102n,
      signal: 9,
      flags: 1,
      peakRssBytes: 4096n,
    })
    host.add('exit', {
      bootNs: 29n * second,
      seq: 103n,
      pid: 77,
      startNs: 5n,
      execNo: 2,
      exitCode: 1,
    })
    const record = host.batch()

    const batch = decodeBatch(record.body)
    const lineage = createLineage()
    lineage.apply(batch)
    const said = normalise(batch, lineage, 'web-3')

    const { writer, intake } = await memory()
    const placed = (at: number) => ({ offset: at, next: at + 1 })
    await intake.add(
      'spool',
      [
        { ...hello, ...placed(0) },
        { ...record, ...placed(1) },
      ],
      2,
      [],
    )
    await intake.flush()
    const stored = new Map<string, Record<string, unknown>>()
    for (const view of ['process_activity', 'network_activity'] as const) {
      const answer = await writer.runAndReadAll(viewSelect(view, 'all'))
      for (const row of answer.getRows()) {
        const cells = Object.fromEntries(
          Object.keys(views[view]).map((name, at) => [name, toCell(row[at] ?? null)]),
        )
        stored.set(String(cells['event_uid']), cells)
      }
    }
    assert.equal(stored.size, said.rows)
    for (let row = 0; row < said.rows; row++) {
      const live: Readonly<Record<string, unknown>> = said.row(row)
      const kept = stored.get(said.eventUid(row))
      assert.ok(kept, said.eventUid(row))
      const view = live['class_uid'] === 1007 ? 'process_activity' : 'network_activity'
      for (const name of Object.keys(views[view])) {
        // The stream gives ms, the store µs; absent and empty text are one here.
        const same = (value: unknown): unknown =>
          value === undefined || value === ''
            ? null
            : typeof value === 'string' && /T.*Z$/.test(value)
              ? value.slice(0, 23)
              : value
        // The store says of an image that it only knows by name that its lineage is incomplete.
        if (kept[name] === 'lineage incomplete' && live['process_name'] === undefined) continue
        assert.equal(same(kept[name]), same(live[name]), `${said.kind(row)} ${name}`)
      }
    }
  })
})
