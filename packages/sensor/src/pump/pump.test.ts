import assert from 'node:assert/strict'
import { mock, suite, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { decodeBatch, type BatchBuilder } from '@honeyguide/model/batch'
import type { SpoolAppend } from '../spool/spool.ts'
import type { Progress, PumpKernel } from './kernel-port.ts'
import { createPump, type Pump } from './pump.ts'

const identity = { sensor: new Uint8Array(16).fill(1), boot: new Uint8Array(16).fill(2), run: 1 }
const bounds = { events: 512, delayMs: 100, quietMs: 10, bytes: 1 << 20 }

/** Time is told, not waited for: a busy machine changes nothing. */
let nowNs = 1_000_000_000n

/** Lets that many ms go by, and everything happen that is due. */
async function pause(ms: number): Promise<void> {
  for (let i = 0; i <= ms; i++) {
    // A burst takes some turns of the event loop, whatever the time.
    for (let turns = 0; turns < 8; turns++) await turn()
    if (i === ms) return
    nowNs += 1_000_000n
    mock.timers.tick(1)
  }
}

/** A ring in memory that notes what is asked of it. */
class MemoryKernel implements PumpKernel {
  waiting = 0
  given = 0
  committed = 0
  /** Rows of what waits; records without rows otherwise. */
  hasRows = true
  pumps = 0
  #wake: (() => void) | undefined

  offer(count: number): void {
    this.waiting += count
    this.#wake?.()
  }

  pump(builder: BatchBuilder, limits: { readonly records: number }) {
    this.pumps += 1
    const rows = Math.min(this.waiting, limits.records)
    this.waiting -= rows
    const exec = builder.table('exec')
    for (let i = 0; i < rows; i++) {
      this.given += 1
      if (!this.hasRows) continue
      const row = exec.add()
      exec.columns.pid[row] = this.given
    }
    return { rows, progress: { lifecycle: String(this.given) }, isMore: this.waiting > 0 }
  }

  commit(progress: Progress): void {
    this.committed = Number(progress.lifecycle)
  }

  async watch(onWake: () => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await onWake()
      if (this.waiting > 0 || signal.aborted) continue
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }

  *snapshot(builder: BatchBuilder): Generator<void, number, undefined> {
    const table = builder.table('process')
    for (let i = 0; i < 1000; i++) {
      const row = table.add()
      table.columns.pid[row] = i
      if (builder.full) yield
    }
    return 1000
  }

  features(builder: BatchBuilder): number {
    builder.table('feature').add()
    return 1
  }

  looks = 0
  look(): void {
    this.looks += 1
  }

  hooks(builder: BatchBuilder): number {
    builder.table('hook').add()
    return 1
  }

  [Symbol.dispose](): void {}
}

interface Made {
  readonly atMs: number
  readonly rows: number
  readonly item: SpoolAppend
}

async function withPump(
  use: (parts: {
    kernel: MemoryKernel
    made: Made[]
    disk: { isFull: boolean; tries: number; mostBytes: number }
    users: { hasChanged: boolean }
    provenance: { seen: number; found: number; foundAtStop: number }
    pump: Pump
    stop: () => Promise<void>
  }) => Promise<void>,
): Promise<void> {
  mock.timers.enable({ apis: ['setTimeout'] })
  using _timers = { [Symbol.dispose]: () => mock.timers.reset() }
  const kernel = new MemoryKernel()
  const made: Made[] = []
  const disk = { isFull: false, tries: 0, mostBytes: Infinity }
  const users = { hasChanged: false }
  const provenance = { seen: 0, found: 0, foundAtStop: 0 }
  const spool = {
    nextSequence: 1n,
    append(item: SpoolAppend) {
      disk.tries += 1
      if (disk.isFull) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
      if (item.batch.length > disk.mostBytes)
        throw Object.assign(new Error('long'), { code: 'HG_BATCH_INVALID' })
      assert.equal(item.sequence, spool.nextSequence)
      spool.nextSequence += 1n
      const { table } = decodeBatch(item.batch)
      const pids = table('exec')?.columns.pid
      // What is committed is never ahead of what is spooled.
      assert.ok(kernel.committed <= (pids?.[0] ?? Infinity))
    },
  }
  const pump = createPump({
    kernel,
    spool,
    clock: {
      bootNs: () => nowNs,
      wallNs: () => nowNs,
    },
    identity,
    progress: null,
    batch: bounds,
    users: {
      changed: () => users.hasChanged,
      *write(builder) {
        users.hasChanged = false
        builder.table('user').add()
        if (builder.full) yield
      },
      *copy(builder) {
        builder.table('user').add()
        if (builder.full) yield
      },
    },
    provenance: {
      see(builder) {
        provenance.seen += builder.table('exec').rows
      },
      get hasFindings() {
        return provenance.found > 0
      },
      *write(builder) {
        for (; provenance.found > 0; provenance.found--) {
          builder.table('provenance').add()
          if (builder.full) yield
        }
      },
      forget: () => undefined,
      async stop() {
        provenance.found += provenance.foundAtStop
      },
    },
    onBatch: (item, rows) => made.push({ atMs: Number(nowNs / 1_000_000n), rows, item }),
    onError: () => undefined,
    retryMs: 5,
  })
  const abort = new AbortController()
  const running = pump.run(abort.signal)
  let isStopped = false
  const stop = async () => {
    isStopped = true
    abort.abort()
    await running
  }
  await pause(20)
  await use({ kernel, made, disk, users, provenance, pump, stop })
  if (!isStopped) await stop()
}

suite('pump', () => {
  test('begins each run with features, hook counters and live processes, and no more than fits', () =>
    withPump(async ({ made }) => {
      const batches = made.map(({ item }) => decodeBatch(item.batch))
      assert.ok(batches[0]?.table('feature'))
      assert.ok(batches[0]?.table('hook'))
      assert.equal(
        batches.reduce((sum, batch) => sum + (batch.table('process')?.rows ?? 0), 0),
        1000,
      )
      assert.ok(made.every(({ rows }) => rows <= bounds.events))
    }))
  test('sends a lone event after the quiet delay, and the next ones when the line may carry a batch again', () =>
    withPump(async ({ kernel, made }) => {
      await pause(2 * bounds.delayMs)
      const before = made.length
      const began = Number(nowNs / 1_000_000n)
      const left = (batch: number): number => (made[before + batch]?.atMs ?? 0) - began
      kernel.offer(1)
      await pause(50)
      assert.equal(left(0), bounds.quietMs)
      kernel.offer(1)
      await pause(20)
      assert.equal(made.length, before + 1, 'the line is not quiet any more')
      kernel.offer(1)
      await pause(60)
      assert.equal(left(1), bounds.quietMs + bounds.delayMs)
      assert.equal(made[before + 1]?.rows, 2)
      // As a look does that comes when the next batch is due.
      await pause(bounds.delayMs)
      kernel.offer(5)
      await pause(1)
      assert.equal(made.length, before + 3)
      assert.equal(made.at(-1)?.rows, 5)
    }))
  test('sends a full batch at once', () =>
    withPump(async ({ kernel, made }) => {
      const before = made.length
      kernel.offer(2000)
      await pause(8)
      assert.deepEqual(
        made.slice(before).map(({ rows }) => rows),
        [512, 512, 512],
      )
      await pause(150)
      assert.equal(made.at(-1)?.rows, 2000 - 3 * 512)
      assert.equal(kernel.committed, 2000)
    }))
  test('takes nothing from the rings while the disk is full, and goes on with the same batch', () =>
    withPump(async ({ kernel, made, disk }) => {
      disk.isFull = true
      kernel.offer(600)
      await pause(30)
      const { pumps } = kernel
      kernel.offer(50)
      await pause(60)
      assert.equal(kernel.pumps, pumps)
      assert.equal(kernel.committed, 0)
      assert.ok(disk.tries > 3)
      disk.isFull = false
      await pause(250)
      assert.equal(kernel.committed, 650)
      const pids = made.flatMap(({ item }) => [
        ...(decodeBatch(item.batch).table('exec')?.columns.pid ?? []),
      ])
      assert.deepEqual(
        pids,
        Array.from({ length: 650 }, (_, i) => i + 1),
      )
    }))
  test('tells a batch that nobody takes as lost, event by event, and goes on', () =>
    withPump(async ({ kernel, made, disk }) => {
      const before = made.length
      disk.mostBytes = 1000
      kernel.offer(512)
      await pause(1)
      disk.mostBytes = Infinity
      kernel.offer(1)
      await pause(150)
      const [lost, next] = made.slice(before).map(({ item }) => decodeBatch(item.batch))
      const loss = lost?.table('loss')
      assert.ok(loss)
      assert.equal(lost?.text(loss.columns.hook[0] ?? 0), 'exec')
      assert.equal(loss.columns.lost[0], 512n)
      assert.equal(next?.table('exec')?.rows, 1)
      assert.equal(kernel.committed, 513)
    }))
  test('says the names of users with each run, and again when they have changed', () =>
    withPump(async ({ kernel, made, users }) => {
      const said = (): number =>
        made.filter(({ item }) => decodeBatch(item.batch).table('user')).length
      assert.equal(said(), 1)
      kernel.offer(1)
      await pause(150)
      assert.equal(said(), 1)
      users.hasChanged = true
      kernel.offer(1)
      await pause(300)
      assert.equal(said(), 2)
    }))
  test('shows each batch to provenance, and sends what that found with the next one', () =>
    withPump(async ({ kernel, made, provenance, pump, stop }) => {
      kernel.offer(600)
      await pause(150)
      assert.equal(provenance.seen, 600)
      const found = (): number =>
        made.reduce(
          (sum, { item }) => sum + (decodeBatch(item.batch).table('provenance')?.rows ?? 0),
          0,
        )
      assert.equal(found(), 0)
      provenance.found = 700
      pump.sayFindings()
      await pause(150)
      assert.equal(found(), 700)
      assert.ok(made.every(({ rows }) => rows <= bounds.events))
      provenance.foundAtStop = 3
      await stop()
      assert.equal(found(), 703)
    }))
  test('gives records without rows back to the ring without a batch', () =>
    withPump(async ({ kernel, made }) => {
      const before = made.length
      kernel.hasRows = false
      kernel.offer(10)
      await pause(20)
      assert.equal(kernel.committed, 10)
      assert.equal(made.length, before)
    }))
  test('a tick reads the counters of losses, also where nothing flows', () =>
    withPump(async ({ kernel, pump }) => {
      await pause(20)
      const { pumps } = kernel
      assert.equal(kernel.looks, 0)
      pump.tick()
      await pause(1)
      assert.equal(kernel.looks, 1)
      assert.ok(kernel.pumps > pumps)
      kernel.offer(1)
      await pause(20)
      assert.equal(kernel.looks, 1)
    }))
  test('sends what it holds when it is told to stop', () =>
    withPump(async ({ kernel, made, stop }) => {
      kernel.offer(3)
      await pause(1)
      await stop()
      assert.equal(made.at(-1)?.rows, 3)
      assert.equal(kernel.committed, 3)
    }))
  test('shows an observer the users and live processes without spooling them', () =>
    withPump(async ({ made, pump }) => {
      const before = made.length
      const batches = pump.snapshot().map((bytes) => decodeBatch(bytes))
      const rows = (name: 'process' | 'user'): number =>
        batches.reduce((sum, batch) => sum + (batch.table(name)?.rows ?? 0), 0)
      assert.deepEqual([rows('user'), rows('process')], [1, 1000])
      assert.equal(made.length, before)
    }))
})
