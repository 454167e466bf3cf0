import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { ActivityRow } from '@honeyguide/model'
import { createBatchBuilder } from '@honeyguide/model/batch'
import { HoneyguideError } from '@honeyguide/model/errors'
import { batchFrameHeader, encodeFrame } from '@honeyguide/model/frames'
import fc from 'fast-check'
import { compactLine, lossLine, withoutFirstWord } from './compact.ts'
import { observeBatches } from './connection.ts'
import { createEventReader } from './events.ts'
import { ipPrefix, parseAddress } from './ip-prefix.ts'
import { recordingHeader } from './recording-header.ts'
import { createSelection, kindsOfTypes } from './selection.ts'
import { sensorHello } from './sensor-hello.ts'

const plain = { isColoured: false, isTimed: false }
const exec: ActivityRow = {
  class_uid: 1007,
  activity_name: 'Launch',
  device_hostname: 'vm',
  process_file_path: '/usr/bin/curl',
  process_cmd_line: "curl -s 'a b'",
  process_pid: 7,
  process_user_name: 'root',
  process_user_uid: 0,
}
const connect: ActivityRow = {
  class_uid: 4001,
  activity_name: 'Open',
  connection_info_direction: 'Outbound',
  connection_info_protocol_name: 'tcp',
  device_hostname: 'vm',
  actor_process_file_path: '/usr/bin/curl',
  actor_process_pid: 7,
  src_endpoint_ip: '10.0.0.1',
  src_endpoint_port: 4000,
  dst_endpoint_ip: '1.1.1.1',
  dst_endpoint_port: 443,
}

suite('observe', () => {
  test('prints the compact look: pictogram, word, host, program, arguments', () => {
    assert.equal(compactLine(exec, plain), "🚀 process vm /usr/bin/curl -s 'a b'")
    assert.equal(
      compactLine({ ...exec, activity_name: 'Terminate', exit_code: 6 }, plain),
      "💥 exit    vm /usr/bin/curl -s 'a b' 6",
    )
    assert.equal(
      compactLine({ ...exec, activity_name: 'Terminate', exit_signal: 9, exit_code: 0 }, plain),
      "💥 exit    vm /usr/bin/curl -s 'a b' SIGKILL",
    )
    assert.equal(
      compactLine(connect, plain),
      '🔌 connect vm /usr/bin/curl tcp 10.0.0.1:4000 -> 1.1.1.1:443',
    )
    assert.equal(
      compactLine({ ...connect, dst_endpoint_ip: '::1' }, plain).endsWith('[::1]:443'),
      true,
    )
  })

  test('lets nothing from telemetry act on the terminal', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 80 }),
        fc.string({ unit: 'binary', maxLength: 80 }),
        (path, command) => {
          const line = compactLine(
            { ...exec, process_file_path: path, process_cmd_line: command, device_hostname: path },
            plain,
          )
          // oxlint-disable-next-line no-control-regex
          assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/u)
        },
      ),
      { numRuns: 10_000 },
    )
    assert.match(
      lossLine(
        {
          host: '\u001b[2J',
          hook: 'tcp',
          reason: 'ring_full',
          offered: 5,
          lost: 2,
          from: 'a',
          to: 'b',
        },
        plain,
      ),
      /\\x1b\[2J 2 of 5 events of tcp \(ring_full\)/,
    )
  })

  test('leaves out the first word of a command line, quoted or not', () => {
    assert.equal(withoutFirstWord('a b c'), 'b c')
    assert.equal(withoutFirstWord("'a b' c"), 'c')
    assert.equal(withoutFirstWord("'a'\\''b' c"), 'c')
    assert.equal(withoutFirstWord(''), '')
    assert.equal(withoutFirstWord('alone'), 'alone'.slice(5))
  })

  test('selects by the options of tetra and hubble; all of them must hold', () => {
    const passes = (options: Parameters<typeof createSelection>[0], row: ActivityRow) =>
      createSelection(options)(row)
    assert.equal(passes({}, exec), true)
    assert.equal(passes({}, { ...exec, activity_name: 'Fork' }), false)
    assert.equal(passes({ eventTypes: ['PROCESS_EXIT'] }, exec), false)
    assert.equal(
      passes({ eventTypes: ['PROCESS_EXEC,PROCESS_EXIT'], process: ['curl$'] }, exec),
      true,
    )
    assert.equal(passes({ process: ['wget'] }, exec), false)
    assert.equal(
      passes({ toPort: ['443', '80'], toIp: ['1.1.0.0/16'], protocol: ['tcp'] }, connect),
      true,
    )
    assert.equal(passes({ fromIp: ['1.1.0.0/16'] }, connect), false)
    assert.equal(passes({ ip: ['10.0.0.0/8'] }, connect), true)
    assert.equal(passes({ port: ['443'] }, exec), false)
    assert.equal(passes({ user: ['0'] }, exec), true)
    assert.equal(passes({ filter: 'process.name = curl' }, { ...exec, process_name: 'curl' }), true)
    assert.throws(() => createSelection({ toPort: ['http'] }), HoneyguideError)
    assert.throws(() => createSelection({ process: ['('] }), HoneyguideError)
    assert.throws(() => createSelection({ toIp: ['1.2.3'] }), HoneyguideError)
    assert.throws(() => kindsOfTypes(['PROCESS_DANCE']), /there is no event type/)
  })

  test('reads addresses and prefixes of both families', () => {
    assert.equal(ipPrefix('fe80::/10')('fe80::1'), true)
    assert.equal(ipPrefix('fe80::/10')('ff80::1'), false)
    assert.equal(ipPrefix('::ffff:10.0.0.1')('10.0.0.1'), true)
    assert.equal(ipPrefix('0.0.0.0/0')('::1'), false)
    fc.assert(fc.property(fc.ipV6(), (text) => parseAddress(text)?.length === 16))
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (text, bits) =>
        ipPrefix(`${text}/${bits}`)(text),
      ),
    )
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseAddress(text)
        return true
      }),
      { numRuns: 10_000 },
    )
  })

  test('goes on after the sensor was away, and names what it shows and whose it is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'honeyguide-observe-'))
    const socketPath = join(folder, 'observe.sock')
    const builder = createBatchBuilder()
    const table = builder.table('exec')
    const row = table.add()
    table.columns.pid[row] = 42
    table.columns.startNs[row] = 5n
    table.columns.file[row] = builder.string('/usr/bin/env')
    table.columns.argv[row] = builder.string('env\0-i\0')
    const losses = builder.table('loss')
    losses.columns.lost[losses.add()] = 3n
    const id = new Uint8Array(16).fill(1)
    const encoded = builder.encode({ sensor: id, boot: id, run: 1, sequence: 1n }, 0n, [])
    const hello = sensorHello(id)
    const serve = () => {
      const sockets = new Set<Socket>()
      const server = createServer((socket) => {
        sockets.add(socket)
        socket.once('data', () => {
          socket.write(encodeFrame({ kind: 'hello', hello }))
          socket.write(batchFrameHeader(encoded.length))
          socket.write(encoded)
        })
        socket.on('error', () => undefined)
      }).listen(socketPath)
      return () => {
        for (const socket of sockets) socket.destroy()
        server.close()
      }
    }
    let end = serve()
    const stop = new AbortController()
    const reader = createEventReader('vm')
    const kinds: string[] = []
    try {
      for await (const seen of observeBatches({ socketPath, signal: stop.signal, waits: true })) {
        kinds.push(seen.kind)
        if (seen.kind === 'hello') {
          const header = recordingHeader(seen.hello, '2026-01-01T00:00:00Z', 'a label')
          assert.equal(header.hostname, 'web-1')
          assert.equal(header.operatingSystem, 'Some Linux')
          assert.equal(header.memoryBytes, 4096)
          assert.deepEqual(header.labels, { env: 'test' })
        }
        if (seen.kind === 'batch') {
          const { rows, losses: lost } = reader.read(seen.batch)
          assert.equal(compactLine(rows.row(0), plain), '🚀 process vm /usr/bin/env -i')
          assert.equal(lost[0]?.lost, 3)
          end()
          if (kinds.filter((kind) => kind === 'batch').length === 2) stop.abort()
        }
        if (seen.kind === 'away') end = serve()
      }
      assert.deepEqual(kinds, [
        'connected',
        'hello',
        'batch',
        'away',
        'connected',
        'hello',
        'batch',
      ])
    } finally {
      end()
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('refuses a sensor that does not say whose batches these are', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'honeyguide-observe-'))
    const socketPath = join(folder, 'observe.sock')
    const server = createServer((socket) => {
      const id = new Uint8Array(16)
      const empty = createBatchBuilder().encode(
        { sensor: id, boot: id, run: 1, sequence: 1n },
        0n,
        [],
      )
      socket.on('error', () => undefined)
      socket.write(batchFrameHeader(empty.length))
      socket.write(empty)
    }).listen(socketPath)
    try {
      const source = observeBatches({ socketPath, signal: new AbortController().signal })
      assert.equal((await source.next()).value?.kind, 'connected')
      await assert.rejects(source.next(), { code: 'HG_PROTOCOL_UNSUPPORTED' })
    } finally {
      server.close()
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('says at once when no sensor is there', async () => {
    const source = observeBatches({
      socketPath: '/nonexistent/observe.sock',
      signal: new AbortController().signal,
    })
    await assert.rejects(
      source.next(),
      (error) => error instanceof HoneyguideError && error.code === 'HG_NOT_RUNNING',
    )
  })
})
