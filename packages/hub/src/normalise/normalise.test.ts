import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createLineage } from '@honeyguide/detect'
import {
  createBatchBuilder,
  decodeBatch,
  eventKind,
  imageFlags,
  networkActivity,
  processActivity,
  tcpFlags,
  tcpOperations,
  type ActivityRow,
  type BatchBuilder,
  type TableName,
} from '@honeyguide/model'
import { normalise } from './normalise.ts'

const sensor = Uint8Array.from({ length: 16 }, (_, i) => i + 1)
const boot = Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i)
const prefix = '010203040506-a0a1a2a3'
const wallOffsetNs = BigInt(Date.UTC(2026, 10, 24, 14, 0, 0)) * 1_000_000n
const second = 1_000_000_000n

type Values = Readonly<Record<string, number | bigint | string | Uint8Array>>

/** Adds a row by column names; text is put in the dictionary. */
function add(builder: BatchBuilder, name: TableName, values: Values): void {
  const table = builder.table(name)
  const row = table.add()
  const columns = table.columns as unknown as Record<string, Uint32Array | BigUint64Array>
  for (const [column, value] of Object.entries(values)) {
    const array = columns[column]
    assert.ok(array, `${name}.${column}`)
    array[row] =
      typeof value === 'string'
        ? builder.string(value)
        : value instanceof Uint8Array
          ? builder.text(value)
          : value
  }
}

const shell = { pid: 40, startNs: 2n * second, execNo: 3 }
const curl = { pid: 50, startNs: 5n * second, execNo: 4 }
const v4 = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes)

function story(): BatchBuilder {
  const builder = createBatchBuilder()
  add(builder, 'user', { uid: 1000, name: 'ann' })
  add(builder, 'process', {
    ...shell,
    bootNs: 4n * second,
    parentPid: 1,
    uid: 1000,
    euid: 1000,
    file: '/usr/bin/bash',
    fileTyped: '/bin/bash',
    argv: 'bash\0',
    unit: 'ssh.service',
  })
  add(builder, 'fork', {
    bootNs: 5n * second,
    seq: 10n,
    pid: curl.pid,
    tid: curl.pid,
    startNs: curl.startNs,
    execNo: 3,
    parentPid: shell.pid,
    parentStartNs: shell.startNs,
    parentExecNo: 3,
    uid: 1000,
    cgroup: '/user.slice',
    nsPid: 7,
  })
  add(builder, 'exec', {
    bootNs: 5n * second + 1_500_000n,
    seq: 11n,
    ...curl,
    tid: curl.pid,
    previousExecNo: 3,
    parentPid: shell.pid,
    parentStartNs: shell.startNs,
    parentExecNo: 3,
    uid: 1000,
    euid: 0,
    gid: 1001,
    sessionId: 4294967295,
    capEffective: 0x21n,
    mountNs: 11,
    netNs: 12,
    nsPid: 7,
    cgroup: '/user.slice',
    unit: 'session-1.scope',
    container: 'c0ffee',
    tty: 'pts/0',
    file: '/usr/bin/curl',
    fileTyped: './curl',
    cwd: '/tmp',
    argv: 'curl\0-o\0a b\0http://x/\0',
    flags: imageFlags.redacted | imageFlags.privilegesRaised,
  })
  add(builder, 'exec_failed', {
    bootNs: 6n * second,
    seq: 12n,
    ...shell,
    tid: 40,
    parentPid: 1,
    uid: 1000,
    errno: 2,
    fileTyped: '/opt/none',
    argv: 'none\0-x\0',
  })
  const client = {
    ...curl,
    uid: 1000,
    family: 2,
    localAddress: v4(127, 0, 0, 1),
    localPort: 40_000,
    remoteAddress: v4(10, 0, 0, 9),
    remotePort: 443,
    socketId: 77n,
  }
  add(builder, 'tcp', { ...client, bootNs: 7n * second, seq: 1n, operation: tcpOperations.connect })
  const server = {
    ...shell,
    uid: 1000,
    family: 10,
    localAddress: Uint8Array.from([...Array<number>(15).fill(0), 1]),
    localPort: 8080,
    remoteAddress: Uint8Array.from([...Array<number>(10).fill(0), 0xff, 0xff, 10, 1, 1, 1]),
    remotePort: 5555,
    socketId: 78n,
  }
  add(builder, 'tcp', {
    ...server,
    bootNs: 7n * second + 1n,
    seq: 2n,
    operation: tcpOperations.accept,
  })
  add(builder, 'tcp', {
    ...client,
    bootNs: 8n * second,
    seq: 3n,
    operation: tcpOperations.close,
    bytesSent: 120n,
    bytesReceived: 48_640n,
    durationNs: second,
    flags: tcpFlags.reset,
  })
  add(builder, 'tcp', {
    ...server,
    bootNs: 8n * second + 1n,
    seq: 4n,
    operation: tcpOperations.close,
    durationNs: 2_000_000n,
  })
  add(builder, 'tcp', {
    ...client,
    bootNs: 9n * second,
    seq: 5n,
    operation: tcpOperations.connectFailed,
    errno: 111,
    socketId: 79n,
    flags: tcpFlags.processUncertain,
  })
  add(builder, 'tcp', {
    bootNs: 9n * second + 1n,
    seq: 6n,
    operation: tcpOperations.listen,
    family: 2,
    localAddress: v4(0, 0, 0, 0),
    localPort: 8080,
    socketId: 80n,
    flags: tcpFlags.inherited,
  })
  add(builder, 'exit', {
    bootNs: 10n * second,
    seq: 13n,
    ...curl,
    exitCode: 22,
    runNs: 5n * second,
    userNs: 3_000_000n,
    systemNs: 4_000_000n,
    peakRssBytes: 9_000_000n,
  })
  add(builder, 'exit', { bootNs: 11n * second, seq: 14n, ...shell, signal: 9, flags: 1 })
  return builder
}

function rowsOf(builder: BatchBuilder) {
  const batch = decodeBatch(
    builder.encode({ sensor, boot, run: 1, sequence: 1n }, wallOffsetNs, []),
  )
  const lineage = createLineage()
  lineage.apply(batch)
  return normalise(batch, lineage, 'web-1')
}

const shellUid = `${prefix}-14-${(2n * second).toString(36)}-3`
const forkUid = `${prefix}-1e-${(5n * second).toString(36)}-3`
const curlUid = `${prefix}-1e-${(5n * second).toString(36)}-4`
const base = {
  severity_id: 1,
  device_hostname: 'web-1',
  device_uid: '0102030405060708090a0b0c0d0e0f10',
}
function processOf(name: string, uid: string, pid: number, of: 'bash' | 'curl') {
  const values = {
    uid,
    pid,
    name: of,
    cmd_line: of === 'bash' ? 'bash' : `curl -o 'a b' http://x/`,
    file_path: `/usr/bin/${of}`,
    user_uid: 1000,
    user_name: 'ann',
  }
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${name}_${key}`, value]))
}

suite('normalise', () => {
  test('fills the columns of every kind as their documentation says', () => {
    const batch = rowsOf(story())
    const kinds = Array.from({ length: batch.rows }, (_, row) => batch.kind(row))
    assert.deepEqual(kinds, [
      'fork',
      'exec',
      'exec_failed',
      'connect',
      'accept',
      'close',
      'close',
      'connect_failed',
      'listen',
      'exit',
      'exit',
    ])
    const [fork, exec, failed, connect, accept, reset, close, refused, listen, exit, killed] =
      kinds.map((_, row) => batch.row(row))
    assert.deepEqual(exec, {
      ...base,
      time: '2026-11-24T14:00:05.001500Z',
      class_uid: 1007,
      activity_id: 1,
      activity_name: 'Launch',
      event_uid: `${prefix}-lb`,
      ...processOf('process', curlUid, 50, 'curl'),
      process_file_name: './curl',
      process_interpreter: '',
      process_working_directory: '/tmp',
      process_euid: 0,
      process_gid: 1001,
      process_cap_effective: '0000000000000021',
      process_session_uid: -1,
      process_tty: 'pts/0',
      process_container_uid: 'c0ffee',
      process_unit: 'session-1.scope',
      process_cgroup: '/user.slice',
      process_namespace_pid: 7,
      process_namespace_mnt: 11,
      process_namespace_net: 12,
      process_created_time: '2026-11-24T14:00:05.000000Z',
      process_flags: 'redacted, privileges raised',
      ...processOf('process_parent_process', shellUid, 40, 'bash'),
      ...processOf('actor_process', forkUid, 50, 'bash'),
    })
    assert.deepEqual(
      { ...fork },
      {
        ...fork,
        time: '2026-11-24T14:00:05.000000Z',
        activity_id: 99,
        activity_name: 'Fork',
        event_uid: `${prefix}-la`,
        ...processOf('process', forkUid, 50, 'bash'),
        process_cgroup: '/user.slice',
        process_namespace_pid: 7,
        ...processOf('process_parent_process', shellUid, 40, 'bash'),
        ...processOf('actor_process', shellUid, 40, 'bash'),
      },
    )
    assert.deepEqual(
      { ...failed },
      {
        ...failed,
        activity_name: 'Launch Failed',
        activity_id: 99,
        process_uid: shellUid,
        process_name: 'none',
        process_cmd_line: 'none -x',
        process_file_name: '/opt/none',
        status_code: 2,
        ...processOf('actor_process', shellUid, 40, 'bash'),
      },
    )
    assert.equal(failed?.process_file_path, undefined)
    assert.deepEqual(connect, {
      ...base,
      time: '2026-11-24T14:00:07.000000Z',
      class_uid: 4001,
      activity_id: 1,
      activity_name: 'Open',
      event_uid: `${prefix}-d1`,
      ...processOf('actor_process', curlUid, 50, 'curl'),
      actor_process_container_uid: 'c0ffee',
      actor_process_unit: 'session-1.scope',
      connection_info_uid: `${prefix}-s${(77).toString(36)}`,
      connection_info_direction: 'Outbound',
      connection_info_protocol_name: 'tcp',
      src_endpoint_ip: '127.0.0.1',
      src_endpoint_port: 40_000,
      dst_endpoint_ip: '10.0.0.9',
      dst_endpoint_port: 443,
      connection_flags: '',
    })
    const ends = (row: ActivityRow | undefined) => [
      row?.connection_info_direction,
      row?.src_endpoint_ip,
      row?.src_endpoint_port,
      row?.dst_endpoint_ip,
      row?.dst_endpoint_port,
    ]
    assert.deepEqual(ends(accept), ['Inbound', '10.1.1.1', 5555, '::1', 8080])
    assert.deepEqual(ends(close), ['Inbound', '10.1.1.1', 5555, '::1', 8080])
    assert.deepEqual(ends(reset), ['Outbound', '127.0.0.1', 40_000, '10.0.0.9', 443])
    assert.deepEqual(ends(refused), ['Outbound', '127.0.0.1', 40_000, '10.0.0.9', 443])
    assert.deepEqual(ends(listen), ['Unknown', undefined, undefined, '0.0.0.0', 8080])
    assert.deepEqual(
      [reset?.activity_name, reset?.activity_id, reset?.connection_flags, reset?.duration_ms],
      ['Reset', 3, 'reset', 1000],
    )
    assert.deepEqual([reset?.traffic_bytes_out, reset?.traffic_bytes_in], [120, 48_640])
    assert.deepEqual([refused?.activity_name, refused?.status_code], ['Fail', 111])
    assert.equal(listen?.actor_process_pid, undefined)
    assert.deepEqual(
      { ...exit },
      {
        ...exit,
        activity_name: 'Terminate',
        activity_id: 2,
        exit_code: 22,
        run_ms: 5000,
        cpu_ms: 7,
        peak_rss_bytes: 9_000_000,
        process_unit: 'session-1.scope',
        ...processOf('process', curlUid, 50, 'curl'),
        ...processOf('process_parent_process', shellUid, 40, 'bash'),
        ...processOf('actor_process', curlUid, 50, 'curl'),
      },
    )
    assert.equal(exit?.exit_signal, undefined)
    assert.deepEqual([killed?.exit_code, killed?.exit_signal], [0, 9])
    assert.match(String(killed?.process_flags), /core dumped$/)
  })
  test('says of each row what its object says, and knows its kind', () => {
    const batch = rowsOf(story())
    for (let row = 0; row < batch.rows; row++) {
      const whole = batch.row(row)
      assert.equal(eventKind(whole), batch.kind(row))
      assert.equal(batch.eventUid(row), whole.event_uid)
      assert.equal(Math.floor(batch.timeUs(row) / 1000), Date.parse(String(whole.time)))
      for (const column of [
        ...Object.keys(processActivity),
        ...Object.keys(networkActivity),
      ] as (keyof ActivityRow)[])
        assert.equal(batch.value(row, column), whole[column] ?? null, `${row} ${column}`)
    }
  })
  test('gives equal value ids only to equal values of a column', () => {
    const batch = rowsOf(story())
    for (const column of [
      ...Object.keys(processActivity),
      ...Object.keys(networkActivity),
    ] as (keyof ActivityRow)[]) {
      const seen = new Map<number, unknown>()
      for (let row = 0; row < batch.rows; row++) {
        const id = batch.valueId(row, column)
        if (id < 0) continue
        const value = batch.value(row, column)
        if (seen.has(id)) assert.equal(value, seen.get(id), `${column} ${id}`)
        seen.set(id, value)
      }
    }
  })
  test('leaves null what nobody knows', () => {
    const builder = createBatchBuilder()
    add(builder, 'exit', { bootNs: second, seq: 1n, pid: 9, startNs: 1n, execNo: 2, exitCode: 1 })
    const row = rowsOf(builder).row(0)
    assert.equal(row.process_name, undefined)
    assert.equal(row.process_parent_process_uid, undefined)
    assert.equal(row.exit_code, 1)
    assert.equal(row.process_pid, 9)
  })
})
