import assert from 'node:assert/strict'
import { mkdtemp, open, readdir, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { parseRecord, encodeRecord, type NewRecord } from './record.ts'
import { openSpool, openLogReader, type LogRecord, type LogReader } from './index.ts'

const sensor = new Uint8Array(16).fill(1)
const boot = new Uint8Array(16).fill(2)

function record(sequence: number, size = 100, run = 1): NewRecord {
  return {
    kind: 'batch',
    sensor,
    boot,
    run,
    sequence: BigInt(sequence),
    receivedNs: 5n,
    body: new Uint8Array(size).fill(sequence % 251),
  }
}

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'hg-spool-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}

async function readAll(reader: LogReader, from = 0, maxBytes?: number): Promise<LogRecord[]> {
  const all: LogRecord[] = []
  for (let at = from; at < reader.end;) {
    const chunk = await reader.read(at, maxBytes)
    assert.ok(chunk.next > at, 'reading goes forward')
    assert.deepEqual(chunk.damage, [])
    all.push(...chunk.records)
    at = chunk.next
  }
  return all
}

suite('spool', () => {
  test('gives back what was appended, in order, across segments and starts', async (t) => {
    const dir = await folder(t)
    for (let start = 0; start < 3; start++) {
      await using spool = await openSpool(dir, { segmentBytes: 4096, pack: start === 1 })
      const appended = await Promise.all(
        Array.from({ length: 50 }, (_, i) => spool.append(record(start * 50 + i + 1, 50 + i * 30))),
      )
      assert.ok(appended.every(({ repeated }) => !repeated))
      await using reader = spool.reader()
      for (const maxBytes of [1, 300, 5000, undefined]) {
        const all = await readAll(reader, 0, maxBytes)
        assert.deepEqual(
          all.map((entry) => Number(entry.sequence)),
          Array.from({ length: (start + 1) * 50 }, (_, i) => i + 1),
        )
        assert.ok(
          all.every((entry) => entry.body.every((byte) => byte === Number(entry.sequence) % 251)),
        )
      }
      const last = appended.at(-1)
      assert.equal(
        (await reader.read(last?.offset ?? 0)).records[0]?.sequence,
        BigInt((start + 1) * 50),
      )
    }
    assert.ok((await readdir(dir)).filter((name) => name.endsWith('.seg')).length > 3)
  })
  test('recognises a repeat, also after a start, and does not take another run for one', async (t) => {
    const dir = await folder(t)
    {
      await using spool = await openSpool(dir)
      const [first, again] = await Promise.all([spool.append(record(1)), spool.append(record(1))])
      assert.equal(first.repeated, false)
      assert.equal(again.repeated, true)
      assert.equal((await spool.append(record(1, 100, 2))).repeated, false)
    }
    await using spool = await openSpool(dir)
    assert.equal(spool.lastSequence({ sensor, boot, run: 1 }), 1n)
    assert.equal((await spool.append(record(1))).repeated, true)
    assert.equal((await spool.append(record(2))).repeated, false)
    await using reader = spool.reader()
    assert.equal((await readAll(reader)).length, 3)
  })
  test('cuts a torn tail and never gives an offset twice', async (t) => {
    const dir = await folder(t)
    const offsets = new Set<number>()
    let kept = 0
    for (let start = 0; start < 12; start++) {
      const spool = await openSpool(dir)
      assert.equal(spool.lastSequence({ sensor, boot, run: 1 }), BigInt(kept))
      const a = await spool.append(record(kept + 1))
      const b = await spool.append(record(kept + 2))
      for (const { offset } of [a, b]) {
        assert.ok(!offsets.has(offset))
        offsets.add(offset)
      }
      await spool[Symbol.asyncDispose]()
      // A crash is played: no checkpoint, and the last record is cut somewhere inside.
      await rm(join(dir, 'index.json'))
      const name = (await readdir(dir))
        .filter((entry) => entry.endsWith('.seg'))
        .sort()
        .at(-1)
      const path = join(dir, name ?? '')
      const size = await open(path, 'r').then(async (handle) => {
        const { size } = await handle.stat()
        await handle.close()
        return size
      })
      await truncate(path, size - 1 - start * 7)
      kept += 1
    }
    await using spool = await openSpool(dir)
    await using reader = spool.reader()
    assert.equal((await readAll(reader)).length, 12)
  })
  test('tells damage in the middle and goes on behind it', async (t) => {
    const dir = await folder(t)
    await using spool = await openSpool(dir, { pack: false })
    const appended = []
    for (let i = 1; i <= 5; i++) appended.push(await spool.append(record(i)))
    const handle = await open(join(dir, '00000000000000.seg'), 'r+')
    await handle.write(Buffer.from([255]), 0, 1, (appended[2]?.offset ?? 0) + 90)
    await handle.close()
    await using reader = spool.reader()
    const { records, damage } = await reader.read(0)
    assert.deepEqual(
      records.map((entry) => Number(entry.sequence)),
      [1, 2, 4, 5],
    )
    assert.deepEqual(damage, [
      { from: appended[2]?.offset, to: appended[3]?.offset, why: 'damaged' },
    ])
  })
  test('is followed by a reader that only knows the folder and the end', async (t) => {
    const dir = await folder(t)
    await using spool = await openSpool(dir, { segmentBytes: 2000 })
    await using reader = openLogReader(dir)
    spool.onAdvance((end) => reader.extend(end))
    const stop = new AbortController()
    const seen: number[] = []
    const following = (async () => {
      for await (const chunk of reader.follow(0, stop.signal, 512)) {
        seen.push(...chunk.records.map((entry) => Number(entry.sequence)))
        if (seen.at(-1) === 200) stop.abort()
      }
    })()
    for (let i = 1; i <= 200; i++) await spool.append(record(i, 20 + (i % 40)))
    await following
    assert.deepEqual(
      seen,
      Array.from({ length: 200 }, (_, i) => i + 1),
    )
  })
  test('removes the oldest read segments, and unread ones only beyond the hard cap, telling so', async (t) => {
    const dir = await folder(t)
    await using spool = await openSpool(dir, { segmentBytes: 1000, pack: false })
    for (let i = 1; i <= 40; i++) await spool.append(record(i, 400))
    const before = spool.bytes
    assert.deepEqual(await spool.trim({ passed: 0, capBytes: 0, keepMs: 0 }), {
      segments: 0,
      bytes: 0,
      unread: [],
    })
    const half = await spool.trim({ passed: spool.end / 2, capBytes: 0, keepMs: 1e9 })
    assert.ok(half.segments > 3)
    assert.deepEqual(half.unread, [])
    assert.equal(spool.bytes, before - half.bytes)
    const rest = await spool.trim({ passed: 0, capBytes: 0, keepMs: 1e9, hardCapBytes: 2000 })
    assert.equal(rest.unread.length, rest.segments)
    assert.ok(rest.segments > 0)
    await using reader = spool.reader()
    const chunk = await reader.read(100)
    assert.equal(chunk.damage[0]?.why, 'gone')
    assert.equal(chunk.records[0]?.offset, spool.begin + 32)
  })
  test('refuses a record that was changed anywhere, whatever the bytes', () => {
    const good = encodeRecord(record(7, 900), true)
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = Buffer.from(good)
        bytes[at] = (bytes[at] ?? 0) ^ change
        const parsed = parseRecord(bytes, 0, 0)
        assert.notEqual(parsed.state, 'record')
      }),
      { numRuns: 5000 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        assert.ok(
          ['short', 'damaged', 'record'].includes(parseRecord(Buffer.from(bytes), 0, 0).state),
        )
      }),
      { numRuns: 5000 },
    )
  })
})
