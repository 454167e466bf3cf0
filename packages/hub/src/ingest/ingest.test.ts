import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { decodeBatch, HoneyguideError } from '@honeyguide/model'
import { createLogger } from '@honeyguide/model/log'
import { decodeFrameBody, encodeFrame, type Frame, type Hello } from '@honeyguide/model/frames'
import { openSpool, type LogRecord, type RefusedBatch, type Spool } from '../spool/index.ts'
import { peekBatchIdentity } from './batch-identity.ts'
import { openIngest, type IngestOptions } from './ingest.ts'
import { batchOf, bytesOf, fillExecs, helloOf, openScriptedSensor } from './scripted-sensor.ts'
import { unixTransport } from './unix-transport.ts'

async function start(
  t: TestContext,
  over: Partial<IngestOptions> = {},
  wrap = (spool: Spool) => spool,
) {
  const dir = await mkdtemp(join(tmpdir(), 'hg-ingest-'))
  const spool = await openSpool(join(dir, 'spool'))
  const path = join(dir, 'run', 'uplink.sock')
  const lines: Record<string, unknown>[] = []
  const heard: string[] = []
  const ingest = await openIngest({
    spool: wrap(spool),
    transport: unixTransport(path),
    quarantineDir: join(dir, 'quarantine'),
    events: {
      hello: (hello) => void heard.push(hello.hostname),
      heard: () => undefined,
      closed: () => undefined,
    },
    log: createLogger({
      component: 'ingest',
      level: 'debug',
      sink: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
      now: Date.now,
    }),
    signal: new AbortController().signal,
    retryMs: 20,
    ...over,
  })
  t.after(async () => {
    await ingest[Symbol.asyncDispose]()
    await spool[Symbol.asyncDispose]()
    await rm(dir, { recursive: true, force: true })
  })
  const records = async (): Promise<LogRecord[]> => {
    await using reader = spool.reader()
    const all: LogRecord[] = []
    for (let at = 0; at < reader.end;) {
      const chunk = await reader.read(at)
      all.push(...chunk.records)
      at = chunk.next
    }
    return all
  }
  return { dir, path, spool, ingest, lines, heard, records }
}

const refusalOf = (answers: readonly Frame[]) =>
  answers.find((frame) => frame.kind === 'refusal')?.refusal

suite('ingest', () => {
  test('welcomes a sensor, spools its batches as they came, and acknowledges after that', async (t) => {
    const { path, records, heard } = await start(t)
    using sensor = await openScriptedSensor(path)
    const [welcome] = sensor.answers
    assert.ok(welcome?.kind === 'welcome')
    assert.deepEqual(
      welcome.welcome.have.map((have) => have.sequence),
      [0n],
    )
    const sent = [1, 2, 3].map((no) => batchOf(sensor.hello, no, (b) => fillExecs(b, no * 10, 5)))
    for (const batch of sent) sensor.send({ kind: 'batch', batch })
    await sensor.until(() => sensor.acknowledged() === 3)
    const all = await records()
    assert.deepEqual(
      all.map((record) => record.kind),
      ['hello', 'batch', 'batch', 'batch'],
    )
    assert.deepEqual(
      all.slice(1).map((record) => Buffer.from(record.body).toString('hex')),
      sent.map((batch) => Buffer.from(batch).toString('hex')),
    )
    const told = decodeFrameBody(all[0]?.body ?? new Uint8Array(0))
    assert.ok(told.kind === 'hello')
    assert.equal(told.hello.hostname, 'web-1')
    assert.deepEqual(heard, ['web-1'])
  })
  test('answers a repeat without storing it, and says what it has on the next connection', async (t) => {
    const { path, records, ingest } = await start(t)
    {
      using sensor = await openScriptedSensor(path)
      sensor.batch(1, (b) => fillExecs(b, 1, 1))
      sensor.batch(2, (b) => fillExecs(b, 2, 1))
      sensor.batch(2, (b) => fillExecs(b, 2, 1))
      await sensor.until(() => sensor.acknowledged() === 2)
    }
    using again = await openScriptedSensor(path, {
      run: 2,
      pending: [{ boot: bytesOf(2), run: 1, firstSequence: 1n, lastSequence: 3n }],
    })
    const [welcome] = again.answers
    assert.ok(welcome?.kind === 'welcome')
    assert.deepEqual(
      welcome.welcome.have.map(({ run, sequence }) => [run, sequence]),
      [
        [1, 2n],
        [2, 0n],
      ],
    )
    again.send({
      kind: 'batch',
      batch: batchOf({ ...again.hello, run: 1 }, 3, (b) => fillExecs(b, 3, 1)),
    })
    again.batch(1, (b) => fillExecs(b, 4, 1))
    await again.until(() => again.acknowledged() === 1)
    const batches = (await records()).filter((record) => record.kind === 'batch')
    assert.deepEqual(
      batches.map(({ run, sequence }) => [run, sequence]),
      [
        [1, 1n],
        [1, 2n],
        [1, 3n],
        [2, 1n],
      ],
    )
    assert.equal(ingest.counters.missingBatches, 0)
  })
  test('keeps an unreadable batch in quarantine, stands in for it, and goes on', async (t) => {
    const { path, dir, records, ingest } = await start(t)
    using sensor = await openScriptedSensor(path)
    const good = batchOf(sensor.hello, 1, (b) => fillExecs(b, 1, 3))
    const bad = batchOf(sensor.hello, 2, (b) => fillExecs(b, 4, 3)).slice(0, -20)
    sensor.send({ kind: 'batch', batch: good })
    sensor.send({ kind: 'batch', batch: bad })
    sensor.send({ kind: 'batch', batch: new Uint8Array([1, 2, 3]) })
    sensor.batch(4, (b) => fillExecs(b, 7, 3))
    await sensor.until(() => sensor.acknowledged() === 4)
    const all = await records()
    assert.deepEqual(
      all.map(({ kind, sequence }) => [kind, sequence]),
      [
        ['hello', 0n],
        ['batch', 1n],
        ['refused', 2n],
        ['refused', 3n],
        ['batch', 4n],
      ],
    )
    const told = JSON.parse(Buffer.from(all[2]?.body ?? '').toString()) as RefusedBatch
    assert.equal(told.code, 'HG_BATCH_INVALID')
    assert.equal(told.bytes, bad.length)
    assert.ok(BigInt(told.fromNs) <= BigInt(told.toNs))
    assert.equal((await readdir(join(dir, 'quarantine'))).length, 2)
    assert.equal(ingest.counters.invalidBatches, 2)
  })
  test('tells sequences that never came, unless the sensor said so itself', async (t) => {
    const { path, records, ingest } = await start(t)
    using sensor = await openScriptedSensor(path, {
      pending: [{ boot: bytesOf(2), run: 1, firstSequence: 5n, lastSequence: 6n }],
    })
    sensor.batch(5, (b) => fillExecs(b, 1, 1))
    sensor.batch(9, (b) => fillExecs(b, 2, 1))
    await sensor.until(() => sensor.acknowledged() === 9)
    assert.equal(ingest.counters.missingBatches, 3)
    const refused = (await records()).filter((record) => record.kind === 'refused')
    assert.equal(refused.length, 1)
    assert.match(
      Buffer.from(refused[0]?.body ?? '').toString(),
      /batches 6 to 8 of run 1 never came/,
    )
  })
  test('refuses what is no hello, another version, and a batch of another sensor', async (t) => {
    const { path } = await start(t)
    {
      using sensor = await openScriptedSensor(path, {}, { silent: true })
      sensor.sendBytes(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
      await sensor.until((_, closed) => closed)
      assert.equal(refusalOf(sensor.answers)?.code, 'HG_FRAME_INVALID')
    }
    {
      using sensor = await openScriptedSensor(path, {}, { silent: true })
      sensor.send({ kind: 'heartbeat', heartbeat: { bootNs: 1n, wallOffsetNs: 1n } })
      await sensor.until((_, closed) => closed)
      assert.match(refusalOf(sensor.answers)?.message ?? '', /first frame is a hello/)
    }
    {
      using sensor = await openScriptedSensor(path, { protocolMajor: 9 })
      assert.equal(refusalOf(sensor.answers)?.code, 'HG_PROTOCOL_UNSUPPORTED')
    }
    using sensor = await openScriptedSensor(path)
    sensor.send({
      kind: 'batch',
      batch: batchOf(helloOf({ sensor: bytesOf(9) }), 1, (b) => fillExecs(b, 1, 1)),
    })
    await sensor.until((_, closed) => closed)
    assert.match(refusalOf(sensor.answers)?.message ?? '', /another sensor/)
  })
  test('refuses a length beyond the limit before it holds anything of it', async (t) => {
    const { path, ingest } = await start(t)
    using sensor = await openScriptedSensor(path)
    const huge = Buffer.alloc(1024)
    huge.writeUInt32LE(0x7fffffff)
    sensor.sendBytes(huge)
    await sensor.until((_, closed) => closed)
    assert.match(refusalOf(sensor.answers)?.message ?? '', /length of 2147483647/)
    assert.equal(ingest.heldBytes, 0)
  })
  test('ends the older connection of a sensor that connects again', async (t) => {
    const { path, ingest } = await start(t)
    using first = await openScriptedSensor(path)
    using second = await openScriptedSensor(path)
    await first.until((_, closed) => closed)
    second.batch(1, (b) => fillExecs(b, 1, 1))
    await second.until(() => second.acknowledged() === 1)
    assert.equal(ingest.connected, 1)
  })
  test('answers a heartbeat', async (t) => {
    const { path } = await start(t)
    using sensor = await openScriptedSensor(path)
    sensor.send({ kind: 'heartbeat', heartbeat: { bootNs: 5n, wallOffsetNs: 6n } })
    await sensor.until((answers) => answers.some((frame) => frame.kind === 'heartbeat'))
  })
  test('acknowledges nothing while the disk is full, and goes on in order when it is not', async (t) => {
    let full = true
    let tries = 0
    const { path, lines, records } = await start(t, {}, (spool) => ({
      ...spool,
      get end() {
        return spool.end
      },
      append(record) {
        if (full && record.kind === 'batch') {
          tries += 1
          return Promise.reject(new HoneyguideError('HG_DISK_FULL', 'while appending'))
        }
        return spool.append(record)
      },
      lastSequence: (run) => spool.lastSequence(run),
    }))
    using sensor = await openScriptedSensor(path)
    for (let no = 1; no <= 20; no++) sensor.batch(no, (b) => fillExecs(b, no, 1))
    await new Promise((resolve) => {
      setTimeout(resolve, 100)
    })
    assert.equal(sensor.acknowledged(), 0)
    assert.ok(tries > 20)
    assert.equal(
      lines.filter((line) => line['code'] === 'HG_DISK_FULL').length,
      1,
      'said once a minute',
    )
    full = false
    await sensor.until(() => sensor.acknowledged() === 20)
    assert.deepEqual(
      (await records())
        .filter(({ kind }) => kind === 'batch')
        .map(({ sequence }) => Number(sequence)),
      Array.from({ length: 20 }, (_, i) => i + 1),
    )
  })
  test('stops reading a socket when too much waits for the disk', async (t) => {
    let release: (() => void)[] = []
    const { path, ingest } = await start(t, { budgetBytes: 100_000 }, (spool) => ({
      ...spool,
      lastSequence: (run) => spool.lastSequence(run),
      append: async (record) => {
        if (record.kind === 'batch')
          await new Promise<void>((resolve) => {
            release.push(resolve)
          })
        return spool.append(record)
      },
    }))
    using sensor = await openScriptedSensor(path)
    const filler = 'x'.repeat(20_000)
    for (let no = 1; no <= 400; no++)
      sensor.batch(no, (b) => {
        fillExecs(b, no, 1)
        b.string(filler + no)
      })
    await new Promise((resolve) => {
      setTimeout(resolve, 100)
    })
    assert.ok(ingest.heldBytes <= 100_000, `${ingest.heldBytes}`)
    assert.ok(sensor.socket.writableLength > 1_000_000, 'the rest waits at the sensor')
    const pump = setInterval(() => {
      const held = release
      release = []
      for (const resume of held) resume()
    }, 1)
    await sensor.until(() => sensor.acknowledged() === 400)
    clearInterval(pump)
    assert.equal(ingest.heldBytes, 0)
  })
  test('a second hub on the same socket is refused', async (t) => {
    const { path, dir, spool } = await start(t)
    await assert.rejects(
      openIngest({
        spool,
        transport: unixTransport(path),
        quarantineDir: join(dir, 'quarantine'),
        events: { hello: () => undefined, heard: () => undefined, closed: () => undefined },
        log: createLogger({
          component: 'ingest',
          level: 'error',
          sink: () => undefined,
          now: Date.now,
        }),
        signal: new AbortController().signal,
      }),
      { code: 'HG_STATE_LOCKED' },
    )
  })
  test('survives any bytes: 300 hostile connections, and the next sensor is served', async (t) => {
    const { path, ingest } = await start(t)
    const hello: Hello = helloOf()
    const good = Buffer.concat([
      encodeFrame({ kind: 'hello', hello }),
      encodeFrame({ kind: 'batch', batch: batchOf(hello, 1, (b) => fillExecs(b, 1, 4)) }),
      encodeFrame({ kind: 'batch', batch: batchOf(hello, 2, (b) => fillExecs(b, 5, 4)) }),
    ])
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(good.length),
        async (changes, end) => {
          const bytes = Buffer.from(good)
          for (const [at, value] of changes) bytes[at] = value
          using sensor = await openScriptedSensor(path, {}, { silent: true })
          await new Promise<void>((resolve) => {
            sensor.socket.end(bytes.subarray(0, end), resolve)
          })
        },
      ),
      { numRuns: 300 },
    )
    using sensor = await openScriptedSensor(path, { sensor: bytesOf(77) })
    sensor.batch(1, (b) => fillExecs(b, 1, 1))
    await sensor.until(() => sensor.acknowledged() === 1)
    assert.equal(ingest.heldBytes, 0)
  })
})

suite('batch identity', () => {
  test('is read from the first bytes of any batch, cut or not, as the full reader does', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffffffff),
        fc.bigInt(1n, (1n << 64n) - 1n),
        fc.nat(200),
        (run, sequence, cut) => {
          const hello = helloOf({ run })
          const builder = batchOf(hello, 1, (b) => fillExecs(b, 1, 2))
          const { sensor, boot } = decodeBatch(builder)
          assert.deepEqual([sensor, boot], [hello.sensor, hello.boot])
          const bytes = batchOf(hello, 1, () => undefined)
          const peeked = peekBatchIdentity(bytes)
          assert.equal(peeked?.run, run)
          assert.equal(peeked?.sequence, 1n)
          peekBatchIdentity(bytes.subarray(0, cut))
          peekBatchIdentity(Buffer.from(sequence.toString(16)))
        },
      ),
      { numRuns: 1000 },
    )
  })
})
