import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { compileRules, createDetector, createLineage } from '@honeyguide/detect'
import { createLogger } from '@honeyguide/model/log'
import { createDurableAppend } from '../ingest/durable-append.ts'
import { createLive } from '../live/live.ts'
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
  /** A pipeline over this folder; `kill` ends it as kill −9 would: nothing more is saved. */
  open(snapshotMs?: number): Promise<{ pipeline: Pipeline; kill: () => Promise<void> }>
}

async function bench(t: TestContext): Promise<Bench> {
  const dir = await mkdtemp(join(tmpdir(), 'hg-pipeline-'))
  const spool = await openSpool(join(dir, 'spool'))
  const derived = await openSpool(join(dir, 'derived'))
  const book = createMemoryBook()
  const lines: string[] = []
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
    async open(snapshotMs = 0) {
      const end = new AbortController()
      const reader = spool.reader()
      const pipeline = await openPipeline({
        reader,
        begin: spool.begin,
        derived: createDurableAppend(derived, log),
        lineage: createLineage(),
        detector: createDetector({ rules }),
        live: createLive(),
        book,
        snapshots: snapshotFile<PipelineSnapshot>(join(dir, 'snapshot')),
        log,
        signal: end.signal,
        snapshotMs,
      })
      return {
        pipeline,
        async kill() {
          end.abort()
          await pipeline.ended.catch(() => undefined)
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
    await third.kill()
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
