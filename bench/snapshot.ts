/**
 * What saving the hub's mind costs: bytes on disk, and for how long at most nothing else gets its turn.
 *
 *     bin/node bench/snapshot.ts [processes a host: 65000] [hosts: 1] [rounds: 5]
 *
 * Each host lived through as many processes as a graph keeps, forked and executed with command lines of which
 * 44 % are distinct, a third of them with a connection. The pipeline reads that and is ended, which saves; then it
 * is opened again, so that what was saved is also read, and takes one more batch of one host for the next round.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger } from '@honeyguide/model/log'
import { compileRules, createDetector, createLineage } from '../packages/detect/src/index.ts'
import { simulatedHost, type SimulatedHost } from '../packages/detect/src/fixture/simulated-host.ts'
import { createDurableAppend } from '../packages/hub/src/ingest/durable-append.ts'
import { createLive } from '../packages/hub/src/live/live.ts'
import { createMemoryBook } from '../packages/hub/src/pipeline/memory-book.ts'
import { openPipeline, type PipelineSnapshot } from '../packages/hub/src/pipeline/pipeline.ts'
import { recordsOf } from '../packages/hub/src/pipeline/simulated-log.ts'
import { snapshotFile } from '../packages/hub/src/pipeline/snapshot-file.ts'
import { openSpool } from '../packages/hub/src/spool/index.ts'

const [processes = 65_000, hosts = 1, rounds = 5] = process.argv.slice(2).map(Number)
const programs = ['sh', 'cc1', 'as', 'ld', 'git', 'sed', 'node', 'python3', 'rm', 'cp']

function lives(number: number): SimulatedHost {
  const host = simulatedHost(number)
  const init = host.snapshot('/usr/lib/systemd/systemd', ['init'], { pid: 1, startNs: 5n })
  const shells = Array.from({ length: 50 }, () => host.spawn(init, '/usr/bin/bash', ['bash']))
  for (let at = 0; at < processes; at++) {
    const program = programs[at % programs.length] ?? 'sh'
    const word = `${(at % Math.ceil(processes * 0.44)).toString(36)}-${(at * 7919) % 10_007}`
    const child = host.spawn(
      shells[at % shells.length] ?? init,
      `/usr/bin/${program}`,
      [program, '-O2', `--output=/var/lib/build/${word}/main.o`, `/home/ann/src/${word}/main.c`],
      { cwd: `/srv/${at % 300}`, unit: 'build.service' },
    )
    if (at % 3 === 0) host.close(host.connect(child, '10.0.0.7', 443))
    if (at % 8 !== 0) host.exit(child)
  }
  return host
}

const dir = await mkdtemp(join(tmpdir(), 'hg-bench-snapshot-'))
const spool = await openSpool(join(dir, 'spool'))
const derived = await openSpool(join(dir, 'derived'))
const log = createLogger({ component: 'bench', level: 'warn', sink: console.error, now: Date.now })
const rules = compileRules([])
const book = createMemoryBook()
const path = join(dir, 'pipeline', 'snapshot')

async function files(): Promise<Map<string, { readonly size: number; readonly ino: number }>> {
  const folder = join(dir, 'pipeline')
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const found = new Map<string, { readonly size: number; readonly ino: number }>()
  for (const name of names) {
    const at = await stat(join(folder, name))
    if (at.isFile()) found.set(name, at)
  }
  return found
}

/** ms of CPU that this thread has had: other work on the machine changes it little. */
function threadMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

interface Block {
  wallMs: number
  cpuMs: number
}

/** The longest time between two turns of the loop while `work` goes on, by the clock and in CPU time. */
async function longestBlock(work: () => Promise<unknown>): Promise<Block> {
  const longest: Block = { wallMs: 0, cpuMs: 0 }
  let since = performance.now()
  let cpuSince = threadMs()
  let going = true
  const turn = () => {
    const [now, cpu] = [performance.now(), threadMs()]
    longest.wallMs = Math.max(longest.wallMs, now - since)
    longest.cpuMs = Math.max(longest.cpuMs, cpu - cpuSince)
    since = now
    cpuSince = cpu
    if (going) setImmediate(turn)
  }
  setImmediate(turn)
  await work()
  going = false
  return longest
}

async function open() {
  const lineage = createLineage()
  const stop = new AbortController()
  const reader = spool.reader()
  const pipeline = await openPipeline({
    reader,
    begin: spool.begin,
    derived: createDurableAppend(derived, log),
    lineage,
    detector: createDetector({ rules }),
    live: createLive(),
    book,
    snapshots: snapshotFile<PipelineSnapshot>(path),
    log,
    signal: stop.signal,
    // Only at the end, where it is measured.
    snapshotMs: 3_600_000,
  })
  return {
    pipeline,
    lineage,
    async end() {
      await pipeline[Symbol.asyncDispose]()
      stop.abort()
      await reader[Symbol.asyncDispose]()
    },
  }
}

const simulated = Array.from({ length: hosts }, (_, at) => lives(at + 1))
for (const [at, host] of simulated.entries())
  for (const record of recordsOf(at + 1, host.events, 512)) await spool.append(record)
for (let round = 0; round < rounds; round++) {
  const [first] = simulated
  if (!first) break
  if (round > 0) {
    const from = first.events.length
    first.spawn(first.snapshot('/sbin/agetty', ['agetty']), '/bin/login', ['login'])
    const record = recordsOf(1, first.events.slice(from), 512)[1]
    if (record) await spool.append({ ...record, sequence: BigInt(1_000_000 + round) })
  }
  const before = await files()
  const openedAt = performance.now()
  const { pipeline, lineage, end } = await open()
  const openMs = performance.now() - openedAt
  await pipeline.reach(spool.end)
  const { processes: kept, sockets } = lineage.counts()
  const cpu = process.cpuUsage()
  const began = performance.now()
  const block = await longestBlock(end)
  const tookMs = performance.now() - began
  const { user, system } = process.cpuUsage(cpu)
  const after = await files()
  let bytes = 0
  let written = 0
  for (const [name, { size, ino }] of after) {
    bytes += size
    if (before.get(name)?.ino !== ino) written += size
  }
  const mb = (count: number) => (count / 1e6).toFixed(1)
  console.log(
    `${kept} processes, ${sockets} sockets: ${mb(bytes)} MB, ${mb(written)} of them written; ` +
      `longest block ${block.cpuMs.toFixed(0)} ms of CPU, ${block.wallMs.toFixed(0)} ms by the clock, of ${tookMs.toFixed(0)} ms, ${((user + system) / 1000).toFixed(0)} ms of CPU; ` +
      `opened in ${openMs.toFixed(0)} ms, ${Math.round(process.memoryUsage.rss() / 1e6)} MB resident`,
  )
}
await spool[Symbol.asyncDispose]()
await derived[Symbol.asyncDispose]()
await rm(dir, { recursive: true, force: true })
process.exit(0)
