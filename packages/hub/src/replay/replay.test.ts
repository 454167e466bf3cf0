import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import {
  decodeBatch,
  HoneyguideError,
  type Host,
  type HuntAnswer,
  type Me,
} from '@honeyguide/model'
import { createLogger } from '@honeyguide/model/log'
import { startHub } from '../hub-harness.ts'
import { batchOf, fillExecs, helloOf } from '../ingest/scripted-sensor.ts'
import { recordsOf, threeStories } from '../pipeline/simulated-log.ts'
import {
  createRecording,
  openRecording,
  type RecordedBatch,
  type RecordingHeader,
} from './recording.ts'
import { openReplay } from './replay.ts'
import { shiftBatch } from './shift-time.ts'

const header: RecordingHeader = {
  hostname: 'web-1',
  sensorVersion: '0.1.0',
  kernelRelease: '6.18.0',
  architecture: 'x86_64',
  operatingSystem: 'Debian 12',
  cpus: 2,
  memoryBytes: 4096,
  labels: { role: 'web' },
  began: '2026-11-24T14:00:00.000Z',
  label: 'an attack',
}

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'hg-recording-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}

async function write(path: string, batches: readonly RecordedBatch[]): Promise<void> {
  await using recording = await createRecording(path, header)
  for (const batch of batches) void recording.write(batch)
}

async function readAll(
  path: string,
): Promise<{ batches: RecordedBatch[]; tornBytes: number; header: RecordingHeader }> {
  await using recording = await openRecording(path)
  const batches = await Array.fromAsync(recording.batches())
  return { batches, tornBytes: recording.tornBytes, header: recording.header }
}

const some: readonly RecordedBatch[] = [1, 2, 3].map((no) => ({
  receivedUs: no * 1000,
  bytes: batchOf(helloOf(), no, (b) => fillExecs(b, no * 10, 3)),
}))

suite('recording', () => {
  test('gives back its header and batches', async (t) => {
    const path = join(await folder(t), 'a.hgr')
    await write(path, some)
    const { batches, tornBytes, header: read } = await readAll(path)
    assert.deepEqual(read, header)
    assert.equal(tornBytes, 0)
    assert.deepEqual(
      batches.map(({ receivedUs, bytes }) => [receivedUs, Buffer.from(bytes).toString('hex')]),
      some.map(({ receivedUs, bytes }) => [receivedUs, Buffer.from(bytes).toString('hex')]),
    )
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    await assert.rejects(createRecording(path, header), { code: 'EEXIST' })
  })
  test('tells a torn end, and gives what is before it', async (t) => {
    const path = join(await folder(t), 'a.hgr')
    await write(path, some)
    await truncate(path, (await stat(path)).size - 5)
    const { batches, tornBytes } = await readAll(path)
    assert.equal(batches.length, 2)
    assert.ok(tornBytes > 0)
  })
  test('is refused or read, whatever the bytes', async (t) => {
    const dir = await folder(t)
    const path = join(dir, 'a.hgr')
    await write(path, some)
    const good = await readFile(path)
    let no = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.nat(good.length),
        async (changes, end) => {
          const bytes = Buffer.from(good)
          for (const [at, value] of changes) bytes[at] = value
          const file = join(dir, `f${(no += 1)}`)
          await writeFile(file, bytes.subarray(0, end))
          try {
            await readAll(file)
          } catch (error) {
            assert.ok(error instanceof HoneyguideError, String(error))
          }
          await rm(file)
        },
      ),
      { numRuns: 500 },
    )
  })
})

suite('shifted batch', () => {
  test('is the same batch at another time and sequence', () => {
    fc.assert(
      fc.property(
        fc.bigInt(1n, 1n << 60n),
        fc.bigInt(-(1n << 50n), 1n << 50n),
        fc.nat(0xffffffff),
        fc.constantFrom(0n, 1_700_000_000_000_000_000n),
        (sequence, ns, run, offset) => {
          const bytes = batchOf(helloOf({ run }), 7, (b) => fillExecs(b, 1, 3), offset)
          const [before, after] = [
            decodeBatch(bytes),
            decodeBatch(new Uint8Array(shiftBatch(bytes, ns, sequence))),
          ]
          assert.equal(after.sequence, sequence)
          assert.equal(after.wallOffsetNs, BigInt.asIntN(64, offset + ns))
          assert.deepEqual(
            [after.sensor, after.boot, after.run, after.table('exec')?.columns],
            [before.sensor, before.boot, before.run, before.table('exec')?.columns],
          )
        },
      ),
      { numRuns: 1000 },
    )
  })
})

suite('replay', () => {
  const rulesDirs = [fileURLToPath(new URL('../../../../rules', import.meta.url))]
  async function replay(t: TestContext, speed: number) {
    const dir = await folder(t)
    const file = join(dir, 'attack.hgr')
    const [number, events] = threeStories()[0] ?? [1, []]
    const batches = recordsOf(number, events, 32)
      .filter(({ kind }) => kind === 'batch')
      .map(({ body }, no) => ({ receivedUs: 1_000_000 + no * 20_000, bytes: body }))
    await write(file, batches)
    const harness = await startHub(t, {
      rulesDirs,
      replay: { file, speed, liveMs: 0, label: 'Recorded: an attack' },
    })
    const deadline = Date.now() + 10_000
    while (harness.hub.pipeline.counters.batches < batches.length && Date.now() < deadline)
      await new Promise((resolve) => {
        setTimeout(resolve, 20)
      })
    await harness.hub.store.caughtUp({ spool: harness.hub.spool.end })
    return harness
  }
  test('shows a recording as if it happened now, and says that it is one', async (t) => {
    const { ask, hub } = await replay(t, 20)
    assert.equal((await ask('/api/v1/me')).json<Me>().recorded, 'Recorded: an attack')
    const { hosts } = (await ask('/api/v1/hosts')).json<{ hosts: Host[] }>()
    assert.deepEqual(
      hosts.map(({ hostname, health }) => [hostname, health]),
      [['web-1', 'healthy']],
    )
    const { incidents } = (await ask('/api/v1/incidents')).json<{
      incidents: { uid: string; firstTime: string }[]
    }>()
    assert.equal(incidents.length, 1)
    assert.ok(hub.pipeline.counters.findings > 2)
  })
  test('is as incomplete as what was recorded', async (t) => {
    const file = join(await folder(t), 'holes.hgr')
    const holes = batchOf(helloOf(), 4, (b) => {
      const loss = b.table('loss')
      const row = loss.add()
      loss.columns.fromNs[row] = 12_000_000n
      loss.columns.toNs[row] = 25_000_000n
      loss.columns.hook[row] = b.string('exec')
      loss.columns.reason[row] = b.string('ring_full')
      loss.columns.offered[row] = 14n
      loss.columns.seen[row] = 9n
      loss.columns.lost[row] = 5n
    })
    await write(file, [...some, { receivedUs: 4000, bytes: holes }])
    const { ask, hub } = await startHub(t, {
      replay: { file, speed: 0, liveMs: 0, label: 'Recorded' },
    })
    const deadline = Date.now() + 10_000
    while (hub.pipeline.counters.batches < 4 && Date.now() < deadline)
      await new Promise((resolve) => {
        setTimeout(resolve, 20)
      })
    await hub.store.caughtUp({ spool: hub.spool.end })
    const hunt = async (sql: string): Promise<HuntAnswer> =>
      (await ask('/api/v1/hunt', { body: { sql } })).json<HuntAnswer>()
    const all = await hunt('SELECT count(*) FROM process_activity')
    assert.deepEqual(all.rows, [[9]])
    assert.deepEqual([all.evidence.complete, all.evidence.lost], [false, 5])
    assert.ok(all.from !== null && all.to !== null && all.from < all.to)
    const first = await hunt(
      `SELECT count(*) FROM process_activity WHERE time <= TIMESTAMP '${all.from.slice(0, -1)}'`,
    )
    assert.equal(first.evidence.complete, true, 'nothing was lost before the first event')
  })
  test('plays its end at its own pace, on the clock, and what came before at once', async (t) => {
    const file = join(await folder(t), 'hour.hgr')
    const seconds = [0, 1200, 2400, 3599.5, 3599.8, 3600]
    await write(
      file,
      seconds.map((second, no) => ({
        receivedUs: second * 1e6,
        bytes: batchOf(helloOf(), no + 1, (b) => fillExecs(b, no * 10, 3), 0n),
      })),
    )
    const came: { readonly ms: number; readonly shiftMs: number }[] = []
    const began = Date.now()
    await using playing = await openReplay({
      file,
      speed: 0,
      liveMs: 400,
      label: '',
      spool: {
        pendingBytes: 0,
        append: ({ kind, body }) => {
          if (kind === 'batch')
            came.push({
              ms: Date.now() - began,
              shiftMs: Number(decodeBatch(body).wallOffsetNs / 1_000_000n),
            })
          return Promise.resolve({ offset: 0, repeated: false })
        },
      },
      log: createLogger({
        component: 'replay',
        level: 'error',
        sink: () => undefined,
        now: Date.now,
      }),
      signal: new AbortController().signal,
      now: Date.now,
    })
    await playing.done
    assert.equal(came.length, 6)
    // 200 and 400 ms after what was there at once: not sooner; how much later is the machine's affair.
    assert.ok((came[4]?.ms ?? 0) >= 199 && (came[5]?.ms ?? 0) >= 399, JSON.stringify(came))
    // As recorded the end began at 3599.6 s; it is moved to when it begins to play.
    const beganOfEnd = (came[0]?.shiftMs ?? 0) + 3_599_600
    assert.ok(beganOfEnd >= began && beganOfEnd <= Date.now(), `${beganOfEnd - began} ms`)
    assert.equal(new Set(came.map(({ shiftMs }) => shiftMs)).size, 1)
  })
  test('gives the incident of the recording again each time, at any speed', async (t) => {
    const uids = []
    for (const speed of [0, 0, 50]) {
      const { ask } = await replay(t, speed)
      const { incidents } = (await ask('/api/v1/incidents')).json<{
        incidents: { uid: string; steps: number }[]
      }>()
      uids.push(incidents.map(({ uid, steps }) => [uid, steps]))
    }
    assert.equal(uids[0]?.length, 1)
    assert.deepEqual(uids[1], uids[0])
    assert.deepEqual(uids[2], uids[0])
  })
})
