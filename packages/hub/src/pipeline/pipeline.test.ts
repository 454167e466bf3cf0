import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { compileRules, createDetector, createLineage } from '@honeyguide/detect'
import { createBatchBuilder } from '@honeyguide/model'
import { tables } from '@honeyguide/model/tables'
import { createLogger } from '@honeyguide/model/log'
import { createDurableAppend } from '../ingest/durable-append.ts'
import { createLive, type Live } from '../live/live.ts'
import { readRuleFiles } from '../rule-files.ts'
import { openSpool, type NewRecord, type Spool } from '../spool/index.ts'
import { decodeDerived } from './derived-lines.ts'
import type { IncidentBook } from './incident-book.ts'
import { createMemoryBook } from './memory-book.ts'
import { openPipeline, type Pipeline, type PipelineSnapshot } from './pipeline.ts'
import { interleaved, recordsOf, threeStories } from './simulated-log.ts'
import { snapshotFile } from './snapshot-file.ts'

const rulesDir = fileURLToPath(new URL('../../../../rules', import.meta.url))
const rules = compileRules((await readRuleFiles([rulesDir])).sources)

interface Bench {
  readonly dir: string
  readonly spool: Spool
  readonly derived: Spool
  readonly book: IncidentBook
  readonly lines: string[]
  readonly live: Live
  /** A pipeline over this folder; `kill` ends it as kill −9 would: nothing more is saved. */
  open(
    snapshotMs?: number,
    beforeWriting?: (pieces: Promise<unknown>) => Promise<void>,
  ): Promise<{ pipeline: Pipeline; kill: () => Promise<void> }>
}

async function bench(t: TestContext): Promise<Bench> {
  const dir = await mkdtemp(join(tmpdir(), 'hg-pipeline-'))
  const spool = await openSpool(join(dir, 'spool'))
  const derived = await openSpool(join(dir, 'derived'))
  const book = createMemoryBook()
  const lines: string[] = []
  const live = createLive()
  const log = createLogger({
    component: 'pipeline',
    level: 'debug',
    sink: (line) => void lines.push(line),
    now: Date.now,
  })
  t.after(async () => {
    await spool[Symbol.asyncDispose]()
    await derived[Symbol.asyncDispose]()
    await rm(dir, { recursive: true, force: true })
  })
  return {
    dir,
    spool,
    derived,
    book,
    lines,
    live,
    async open(snapshotMs = 0, beforeWriting) {
      const end = new AbortController()
      const reader = spool.reader()
      const file = snapshotFile<PipelineSnapshot>(join(dir, 'snapshot'))
      let writing: Promise<unknown> = Promise.resolve()
      const pipeline = await openPipeline({
        reader,
        begin: spool.begin,
        derived: createDurableAppend(derived, log),
        lineage: createLineage(),
        detector: createDetector({ rules }),
        live,
        book,
        snapshots: {
          load: file.load,
          has: file.has,
          save(content, pieces, before) {
            // A dead process writes nothing, and what it was writing is there or not.
            if (end.signal.aborted) return Promise.reject(new Error('killed'))
            const saved = file.save(content, pieces, Promise.all([before, beforeWriting?.(pieces)]))
            writing = saved.catch(() => undefined)
            return saved
          },
        },
        log,
        signal: end.signal,
        snapshotMs,
      })
      return {
        pipeline,
        async kill() {
          end.abort()
          await pipeline.ended.catch(() => undefined)
          await writing
          await reader[Symbol.asyncDispose]()
        },
      }
    },
  }
}

async function append(spool: Spool, records: readonly NewRecord[]): Promise<void> {
  await Promise.all(records.map((record) => spool.append(record)))
}

function incidentsOf(book: IncidentBook): unknown[] {
  return book
    .list()
    .map(({ incident }) => incident)
    .toSorted((a, b) => (a.uid < b.uid ? -1 : 1))
}

/** What the derived log comes to: the last line of each uid. */
async function derivedOf(derived: Spool): Promise<Map<string, unknown>> {
  await using reader = derived.reader()
  const last = new Map<string, unknown>()
  for (let at = 0; at < reader.end;) {
    const chunk = await reader.read(at)
    for (const record of chunk.records)
      for (const line of decodeDerived(record.body).lines) last.set(line.uid, line.row)
    at = chunk.next
  }
  return new Map([...last].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Runs a log to its end without interruption. */
async function straight(t: TestContext, records: readonly NewRecord[]) {
  const one = await bench(t)
  await append(one.spool, records)
  const { pipeline, kill } = await one.open()
  await pipeline.reach(one.spool.end)
  await pipeline[Symbol.asyncDispose]()
  await kill()
  return {
    incidents: incidentsOf(one.book),
    derived: await derivedOf(one.derived),
    pipeline,
    lines: one.lines,
  }
}

/** A seeded generator of numbers in [0, 1). */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

suite('pipeline', () => {
  test('makes one incident of each attack and none of ordinary life', async (t) => {
    const { incidents, derived, pipeline, lines } = await straight(t, interleaved(16))
    assert.deepEqual(
      (incidents as { hosts: string[] }[]).map(({ hosts }) => hosts.join(' ')).toSorted(),
      ['host-1', 'host-2'],
      lines.join('\n'),
    )
    assert.ok([...derived.keys()].some((uid) => uid.startsWith('FND-')))
    assert.equal([...derived.keys()].filter((uid) => uid.startsWith('INC-')).length, 2)
    assert.equal(pipeline.counters.refusedBatches, 0)
  })
  test('gives the same of the same log, and of the same events cut and mixed in another way', async (t) => {
    const first = await straight(t, interleaved(16))
    const again = await straight(t, interleaved(16))
    assert.deepEqual(again.incidents, first.incidents)
    assert.deepEqual(again.derived, first.derived)
    const whole = await straight(
      t,
      threeStories().flatMap(([number, events]) => recordsOf(number, events, 100)),
    )
    assert.deepEqual(whole.incidents, first.incidents)
  })
  test('comes to the same when it is killed at random', async (t) => {
    const records = interleaved(8)
    const expected = await straight(t, records)
    for (let seed = 1; seed <= 5; seed++) {
      const chance = random(seed)
      const one = await bench(t)
      let from = 0
      while (from < records.length) {
        const { pipeline, kill } = await one.open(Math.floor(chance() * 4))
        const to = Math.min(records.length, from + 1 + Math.floor(chance() * 40))
        await append(one.spool, records.slice(from, to))
        from = to
        if (chance() < 0.5) await pipeline.reach(one.spool.end)
        await new Promise((resolve) => {
          setTimeout(resolve, chance() * 12)
        })
        await kill()
      }
      const { pipeline, kill } = await one.open()
      await pipeline.reach(one.spool.end)
      await pipeline[Symbol.asyncDispose]()
      await kill()
      assert.deepEqual(incidentsOf(one.book), expected.incidents, `seed ${seed}`)
      assert.deepEqual(await derivedOf(one.derived), expected.derived, `seed ${seed}`)
    }
  })
  test('reads on from its snapshot, and from the log alone when that is no good', async (t) => {
    const one = await bench(t)
    await append(one.spool, interleaved(16))
    const first = await one.open()
    await first.pipeline.reach(one.spool.end)
    await first.pipeline[Symbol.asyncDispose]()
    await first.kill()
    const second = await one.open()
    assert.equal(second.pipeline.at, one.spool.end, 'nothing to read again')
    assert.equal(second.pipeline.counters.batches, 0)
    assert.equal(second.pipeline.fleet.hostnames().length, 3)
    await second.kill()
    const { writeFile } = await import('node:fs/promises')
    await writeFile(join(one.dir, 'snapshot'), 'HGSNAP1\nnonsense')
    const third = await one.open()
    await third.pipeline.reach(one.spool.end)
    assert.ok(third.pipeline.counters.batches > 10)
    assert.match(one.lines.join('\n'), /another version.*cannot be used; the log is read again/)
    await third.kill()
  })
  test('takes records while a snapshot is written, which is as of where it was begun', async (t) => {
    const one = await bench(t)
    const records = interleaved(16)
    const half = Math.floor(records.length / 2)
    await append(one.spool, records.slice(0, half))
    const written = Promise.withResolvers<undefined>()
    const begun = Promise.withResolvers<undefined>()
    // Not begun by itself: only when the pipeline is ended.
    const { pipeline, kill } = await one.open(3_600_000, async (pieces) => {
      await pieces
      begun.resolve(undefined)
      await written.promise
    })
    await pipeline.reach(one.spool.end)
    const savedAt = pipeline.at
    const ending = pipeline[Symbol.asyncDispose]()
    await begun.promise
    await append(one.spool, records.slice(half))
    await pipeline.reach(one.spool.end)
    assert.ok(pipeline.at > savedAt)
    written.resolve(undefined)
    await ending
    await kill()
    const next = await one.open(3_600_000)
    assert.equal(next.pipeline.at, savedAt)
    await next.pipeline.reach(one.spool.end)
    await next.pipeline[Symbol.asyncDispose]()
    await next.kill()
    const expected = await straight(t, records)
    assert.deepEqual(incidentsOf(one.book), expected.incidents)
    assert.deepEqual(await derivedOf(one.derived), expected.derived)
  })
  test('takes in whatever a valid batch may hold, and counts what comes after', async (t) => {
    const one = await bench(t)
    const names = [
      'exec',
      'exec_failed',
      'fork',
      'exit',
      'process',
      'tcp',
      'loss',
      'hook',
      'feature',
      'user',
    ] as const
    const extremes = [
      0n,
      1n,
      999n,
      1n << 31n,
      (1n << 32n) - 1n,
      1n << 53n,
      1n << 63n,
      (1n << 64n) - 1n,
    ]
    const texts = [
      '',
      '\0',
      '\0\0a',
      '/',
      '//',
      'a/',
      'x'.repeat(300),
      '\u202e\u001b[2J',
      'é😀',
      '__proto__',
    ]
    const chance = random(7)
    const pick = <Item>(items: readonly Item[]): Item =>
      items[Math.floor(chance() * items.length)] as Item
    const sensor = new Uint8Array(16).fill(9)
    const records: NewRecord[] = []
    for (let sequence = 1; sequence <= 300; sequence++) {
      const builder = createBatchBuilder()
      for (const name of names) {
        if (chance() < 0.4) continue
        const table = builder.table(name)
        for (let rows = Math.floor(chance() * 4); rows >= 0; rows--) {
          const row = table.add()
          for (const [column, { kind }] of Object.entries(tables[name].columns)) {
            const array = (
              table.columns as unknown as Record<string, Uint32Array | BigUint64Array>
            )[column]
            if (array instanceof BigUint64Array) array[row] = pick(extremes)
            else if (array)
              array[row] =
                kind === 'text' ? builder.string(pick(texts)) : Number(pick(extremes) & 0xffffffffn)
          }
        }
      }
      const identity = { sensor, boot: sensor, run: 1, sequence: BigInt(sequence) }
      records.push({
        kind: 'batch',
        ...identity,
        receivedNs: BigInt(Date.UTC(2026, 10, 24, 12)) * 1_000_000n,
        body: builder.encode(identity, pick(extremes), []),
      })
    }
    await append(one.spool, [...records, ...interleaved(64)])
    const { pipeline, kill } = await one.open()
    const chunks: Uint8Array[] = []
    one.live.watch({ kind: 'all' }, { bufferedBytes: 0, write: (bytes) => void chunks.push(bytes) })
    await append(
      one.spool,
      records.map((record) => ({ ...record, run: 2 })),
    )
    await pipeline.reach(one.spool.end)
    await new Promise((resolve) => {
      setTimeout(resolve, 120)
    })
    assert.equal(pipeline.counters.refusedBatches, 0, one.lines.join('\n').slice(0, 2000))
    assert.ok(chunks.length > 0)
    for (const chunk of chunks) JSON.parse(Buffer.from(chunk).toString().slice(6))
    const hosts = pipeline.fleet.deviceUids(['host-1'])
    assert.ok(pipeline.fleet.evidence(0, Date.UTC(2030, 0), hosts).offered > 50)
    assert.doesNotThrow(() => JSON.stringify(pipeline.fleet.hosts(Date.now(), new Map())))
    await pipeline[Symbol.asyncDispose]()
    await kill()
  })
  test('goes on after a batch of the log that it cannot take in', async (t) => {
    const one = await bench(t)
    const records = interleaved(16)
    const broken = { ...(records[5] as NewRecord), body: new Uint8Array(9).fill(255) }
    await append(one.spool, [...records.slice(0, 5), broken, ...records.slice(6)])
    const { pipeline, kill } = await one.open()
    await pipeline.reach(one.spool.end)
    assert.equal(pipeline.counters.refusedBatches, 1)
    assert.equal(
      pipeline.counters.batches,
      records.filter(({ kind }) => kind === 'batch').length - 1,
    )
    assert.equal(pipeline.fleet.evidence(0, Date.now() + 1e12).lost, 1)
    await kill()
  })
})
