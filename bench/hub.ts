/**
 * What the hub's two readers of the log cost per event, in CPU time: detection with live views, and the store.
 *
 *     bin/node bench/hub.ts SPOOL-FOLDER [pipeline|store|both] [live views: 2]
 *
 * The folder is a hub's `spool/`, for example after `test/programs/numbered-connects.c` ran unpaced. CPU time of
 * this process, not wall time, so that other work on the machine changes it little.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { compileRules, createDetector, createLineage } from '../packages/detect/src/index.ts'
import { createLogger } from '@honeyguide/model/log'
import { parseFilter } from '@honeyguide/model'
import { createDurableAppend } from '../packages/hub/src/ingest/durable-append.ts'
import { createLive } from '../packages/hub/src/live/live.ts'
import { createMemoryBook } from '../packages/hub/src/pipeline/memory-book.ts'
import { openPipeline, type PipelineSnapshot } from '../packages/hub/src/pipeline/pipeline.ts'
import { snapshotFile } from '../packages/hub/src/pipeline/snapshot-file.ts'
import { readRuleFiles } from '../packages/hub/src/rule-files.ts'
import { openLogReader, openSpool } from '../packages/hub/src/spool/index.ts'
import { openCore } from '../packages/hub/src/store/duckdb/core.ts'

const [from, what = 'both', views = '2'] = process.argv.slice(2)
if (from === undefined) throw new Error('usage: bin/node bench/hub.ts SPOOL-FOLDER')
const dir = await mkdtemp(join(tmpdir(), 'hg-bench-hub-'))
await cp(resolve(from), join(dir, 'spool'), { recursive: true })
const spool = await openSpool(join(dir, 'spool'))
const derived = await openSpool(join(dir, 'derived'))

async function measure(name: string, work: () => Promise<number>): Promise<void> {
  const before = process.cpuUsage()
  const began = performance.now()
  const events = await work()
  const { user, system } = process.cpuUsage(before)
  const us = user + system
  console.log(
    `${name}: ${events} events, ${(us / events).toFixed(2)} us CPU an event (${Math.round((events / us) * 1e6)}/s of one core), ${((performance.now() - began) / 1000).toFixed(1)} s, ${Math.round(process.memoryUsage.rss() / 1e6)} MB resident`,
  )
}

if (what !== 'store') {
  const log = createLogger({
    component: 'bench',
    level: 'warn',
    sink: console.error,
    now: Date.now,
  })
  const rules = compileRules(
    (await readRuleFiles([resolve(import.meta.dirname, '../rules')])).sources,
  )
  const live = createLive()
  let bytes = 0
  for (let view = 0; view < Number(views); view++)
    live.watch(parseFilter(view === 0 ? '' : 'kind = exec'), {
      bufferedBytes: 0,
      write: (chunk) => void (bytes += chunk.length),
    })
  const stop = new AbortController()
  // Everything counts as new: as a hub that is up sees it.
  const reader = openLogReader(join(dir, 'spool'), spool.begin)
  await measure(`pipeline with ${views} live views`, async () => {
    const pipeline = await openPipeline({
      reader,
      begin: spool.begin,
      derived: createDurableAppend(derived, log),
      lineage: createLineage(),
      detector: createDetector({ rules }),
      live,
      book: createMemoryBook(),
      snapshots: snapshotFile<PipelineSnapshot>(join(dir, 'snapshot')),
      log,
      signal: stop.signal,
    })
    reader.extend(spool.end)
    await pipeline.reach(spool.end)
    const { events } = pipeline.counters
    stop.abort()
    await pipeline[Symbol.asyncDispose]()
    return events
  })
  await reader[Symbol.asyncDispose]()
  console.log(`sent ${bytes} bytes to live views`)
}
if (what !== 'pipeline') {
  await measure('store', async () => {
    const core = await openCore({
      path: join(dir, 'events.duckdb'),
      memoryBytes: 512 << 20,
      threads: 2,
      logs: { spool: spool.reader(), derived: derived.reader() },
    })
    while (core.taken.spool < spool.end) await new Promise((resume) => setTimeout(resume, 20))
    const { committed } = core
    await core[Symbol.asyncDispose]()
    return committed
  })
}
await spool[Symbol.asyncDispose]()
await derived[Symbol.asyncDispose]()
await rm(dir, { recursive: true, force: true })
process.exit(0)
