import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { batchLimits, createBatchBuilder, decodeBatch } from '@honeyguide/model/batch'
import fc from 'fast-check'
import { manifestOf } from './manifest.ts'
import { SegmentFile } from './segment.ts'
import { Spool, type SpoolItem, type SpoolOptions, type SpoolPosition } from './spool.ts'

const sensor = new Uint8Array(16).fill(1)
const boot = new Uint8Array(16).fill(2)

function folder(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), 'hg-spool-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

function open(dir: string, options: Partial<SpoolOptions> = {}): Spool {
  return new Spool({
    dir,
    sensor,
    boot,
    run: 1,
    limitBytes: 1 << 20,
    segmentBytes: 4096,
    window: 4,
    ...options,
  })
}

/** Appends a batch of exec rows with these numbers as pids. */
function append(spool: Spool, pids: readonly number[], run = 1): void {
  const builder = createBatchBuilder()
  const exec = builder.table('exec')
  for (const pid of pids) {
    const row = exec.add()
    exec.columns.pid[row] = pid
    exec.columns.bootNs[row] = BigInt(pid) * 1000n
    exec.columns.file[row] = builder.string(`/bin/program-${pid}-${'x'.repeat(40)}`)
  }
  const sequence = spool.nextSequence
  const wallOffsetNs = 5n
  spool.append({
    sequence,
    wallOffsetNs,
    progress: { lifecycle: String(pids.at(-1)) },
    manifest: manifestOf(builder),
    batch: builder.encode({ sensor, boot, run, sequence }, wallOffsetNs, []),
  })
}

/** What a hub knows after these items: numbers stored, counts told as lost. */
function tally(items: readonly SpoolItem[]) {
  const stored: number[] = []
  const lost = new Map<string, bigint>()
  for (const item of items) {
    const batch = decodeBatch(item.batch)
    assert.equal(batch.run, item.run)
    assert.equal(batch.sequence, item.sequence)
    const exec = batch.table('exec')
    if (exec) stored.push(...exec.columns.pid)
    const loss = batch.table('loss')
    if (loss)
      for (let row = 0; row < loss.rows; row++) {
        const key = `${batch.text(loss.columns.hook[row] ?? 0)} ${batch.text(loss.columns.reason[row] ?? 0)}`
        lost.set(key, (lost.get(key) ?? 0n) + (loss.columns.lost[row] ?? 0n))
      }
  }
  return { stored, lost }
}

function readAll(spool: Spool, from?: SpoolPosition): SpoolItem[] {
  const out: SpoolItem[] = []
  for (let at = from; ;) {
    const some = spool.read(at, 3, 2000)
    if (some.length === 0) return out
    out.push(...some)
    at = some.at(-1)
  }
}

suite('spool', () => {
  test('gives back batches in order, until they are acknowledged', async () => {
    using dir = folder()
    await using spool = open(dir.path)
    for (let i = 1; i <= 40; i++) append(spool, [i])
    assert.deepEqual(
      readAll(spool).map((item) => item.sequence),
      Array.from({ length: 40 }, (_, i) => BigInt(i + 1)),
    )
    spool.ack({ boot, run: 1, sequence: 25n })
    assert.deepEqual(tally(readAll(spool)).stored[0], 26)
    assert.deepEqual(spool.pending(), [{ boot, run: 1, firstSequence: 26n, lastSequence: 40n }])
    assert.equal(readAll(spool, { run: 1, sequence: 39n }).length, 1)
  })
  test('goes on after a restart where it was, and says where the kernel side goes on', async () => {
    using dir = folder()
    {
      await using spool = open(dir.path)
      for (let i = 1; i <= 10; i++) append(spool, [i])
      spool.ack({ boot, run: 1, sequence: 10n })
    }
    await using spool = open(dir.path, { run: 2 })
    assert.deepEqual(spool.newest, { boot, run: 1, sequence: 10n, progress: { lifecycle: '10' } })
    assert.equal(readAll(spool).length, 0)
    append(spool, [11], 2)
    assert.deepEqual(tally(readAll(spool)).stored, [11])
    for (const name of readdirSync(dir.path))
      assert.equal(statSync(join(dir.path, name)).mode & 0o777, 0o600, name)
  })
  test('cuts a tail torn at any byte, and loses nothing before it', async () => {
    using dir = folder()
    {
      await using spool = open(dir.path, { segmentBytes: 1 << 20 })
      for (let i = 1; i <= 3; i++) append(spool, [i])
    }
    const file = join(dir.path, '000000000001.seg')
    const whole = readFileSync(file)
    using segment = SegmentFile.open(file)
    assert.ok(segment)
    const ends = [32]
    for (let at = 32; ;) {
      const step = segment.step(at, whole.length)
      if (!step) break
      at = step.end
      ends.push(at)
    }
    for (let cut = 0; cut <= whole.length; cut += 7) {
      writeFileSync(file, whole.subarray(0, cut))
      await using spool = open(dir.path, { run: 2 })
      const complete = ends.filter((end) => end <= cut).length - 1
      assert.deepEqual(
        tally(readAll(spool)).stored,
        [1, 2, 3].slice(0, Math.max(0, complete)),
        `cut at ${cut}`,
      )
    }
  })
  test('tells a batch that rotted by its counts, and goes on behind it', async () => {
    using dir = folder()
    {
      await using spool = open(dir.path, { segmentBytes: 1 << 20 })
      for (let i = 1; i <= 9; i += 3) append(spool, [i, i + 1, i + 2])
    }
    const file = join(dir.path, '000000000001.seg')
    const bytes = readFileSync(file)
    const at = bytes.indexOf('/bin/program-5')
    bytes[at] = 0
    writeFileSync(file, bytes)
    {
      await using spool = open(dir.path, { run: 2 })
      const { stored, lost } = tally(readAll(spool))
      assert.deepEqual(stored, [1, 2, 3, 7, 8, 9])
      assert.deepEqual([...lost], [['exec spool_corrupt', 3n]])
      assert.equal(spool.counts.corrupt, 1)
    }
    // Now its head as well: what it held is not known, but that a batch is missing is.
    bytes[bytes.lastIndexOf('HGR1', at)] = 0
    writeFileSync(file, bytes)
    await using spool = open(dir.path, { run: 3 })
    const { stored, lost } = tally(readAll(spool))
    assert.deepEqual(stored, [1, 2, 3, 7, 8, 9])
    assert.deepEqual([...lost], [['batch spool_corrupt', 1n]])
  })
  test('keeps a batch once, beside few bytes', async () => {
    using dir = folder()
    await using spool = open(dir.path)
    const before = spool.bytes
    const pids = Array.from({ length: 512 }, (_, i) => i + 1)
    append(spool, pids)
    const [item] = spool.read(undefined, 1, 1)
    assert.ok(item)
    assert.ok(spool.bytes - before < item.batch.length + 500, `${spool.bytes}`)
  })
  test('refuses what it could not give back, and stays as it was', async () => {
    using dir = folder()
    await using spool = open(dir.path)
    const item = { sequence: 1n, wallOffsetNs: 0n, progress: null, manifest: [] }
    const long = new Uint8Array(batchLimits.batchBytes + 1)
    assert.throws(() => spool.append({ ...item, batch: long }), { code: 'HG_BATCH_INVALID' })
    assert.equal(spool.nextSequence, 1n)
    spool.append({ ...item, batch: long.subarray(1) })
    assert.equal(spool.read(undefined, 1, 1)[0]?.batch.length, batchLimits.batchBytes)
  })
  test('gives back batches of all sizes while a sender reads, is acknowledged and begins again', async () => {
    using dir = folder()
    await using spool = open(dir.path, {
      limitBytes: 512 << 20,
      segmentBytes: undefined,
      window: 64,
    })
    let seed = 7
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7f_ff_ff_ff
      return Math.floor((seed / 0x80_00_00_00) * below)
    }
    const text = 'x'.repeat(131_000)
    let sent: SpoolItem[] = []
    let cursor: SpoolPosition | undefined
    let acked = 0n
    let made = 0
    function send(): void {
      for (const item of spool.read(cursor, 64 - sent.length, 1 << 20)) {
        assert.equal(item.sequence, (cursor?.sequence ?? acked) + 1n)
        assert.equal(decodeBatch(item.batch).table('loss'), undefined)
        sent.push(item)
        cursor = item
      }
    }
    function ack(count: number): void {
      const last = sent.splice(0, count).at(-1)
      if (!last) return
      acked = last.sequence
      spool.ack(last)
    }
    while (made < 100) {
      const what = random(10)
      if (what < 4) {
        const builder = createBatchBuilder()
        const exec = builder.table('exec')
        const isLong = random(5) === 0
        for (let rows = 1 + random(500); rows > 0 && builder.dictionaryBytes < 2 << 20; rows--) {
          const row = exec.add()
          exec.columns.bootNs[row] = BigInt(made)
          exec.columns.argv[row] = builder.string(`${rows} ${isLong ? text : ''}`)
        }
        made += 1
        const sequence = spool.nextSequence
        const batch = builder.encode({ sensor, boot, run: 1, sequence }, 0n, [])
        const manifest = manifestOf(builder)
        spool.append({ sequence, wallOffsetNs: 0n, progress: null, manifest, batch })
      } else if (what < 7) send()
      else if (what < 9) ack(1 + random(20))
      else {
        cursor = undefined
        sent = []
        if (random(3) === 0) await spool.sync()
      }
    }
    for (let before = -1n; before !== acked;) {
      before = acked
      send()
      ack(64)
    }
    assert.equal(acked, 100n)
    assert.deepEqual(spool.pending(), [])
    assert.equal(spool.counts.corrupt, 0)
  })
  test('lets the oldest fall off at its limit and tells exactly what', async () => {
    using dir = folder()
    await using spool = open(dir.path, { limitBytes: 20_000 })
    for (let i = 1; i <= 300; i++) append(spool, [i])
    assert.ok(spool.bytes < 21_000, `${spool.bytes}`)
    const { stored, lost } = tally(readAll(spool))
    assert.equal(BigInt(stored.length) + (lost.get('exec spool_full') ?? 0n), 300n)
    assert.equal(stored.at(-1), 300)
    assert.equal(BigInt(spool.counts.full), lost.get('exec spool_full'))
    assert.ok(readdirSync(dir.path).length < 12)
  })
  test('leaves everything as it was when the disk is full, and goes on when it is not', async () => {
    using dir = folder()
    let room = 1000
    const { writeSync } = await import('node:fs')
    await using spool = open(dir.path, {
      write(fd, bytes, at) {
        const part = bytes.subarray(0, Math.min(bytes.length, room))
        if (part.length === 0)
          throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })
        const done = writeSync(fd, part, 0, part.length, at)
        room -= done
        return done
      },
    })
    let failed = 0
    for (let i = 1; i <= 30; i++) {
      for (;;) {
        try {
          append(spool, [i])
          break
        } catch {
          failed += 1
          room = 1000
        }
      }
    }
    assert.ok(failed > 5)
    assert.deepEqual(
      tally(readAll(spool)).stored,
      Array.from({ length: 30 }, (_, i) => i + 1),
    )
  })
  test('takes the room of what the hub has when the disk is full, and still knows where to go on', async () => {
    using dir = folder()
    const { writeSync } = await import('node:fs')
    let most = 6000
    const write: SpoolOptions['write'] = (fd, bytes, at) => {
      if (at > 0 && at + bytes.length > most)
        throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' })
      return writeSync(fd, bytes, 0, bytes.length, at)
    }
    const spool = open(dir.path, { write, segmentBytes: 1 << 20 })
    let made = 0
    assert.throws(
      () => {
        for (;;) append(spool, [++made])
      },
      { code: 'ENOSPC' },
    )
    most = 20_000
    spool.ack({ boot, run: 1, sequence: BigInt(made - 1) })
    most = 6000
    append(spool, [made])
    assert.deepEqual(tally(readAll(spool)).stored, [made])
    spool.ack({ boot, run: 1, sequence: BigInt(made) })
    assert.ok(made > 2)
    await spool[Symbol.asyncDispose]()
    // The batch that came after the room was made is the newest; without it the checkpoint is.
    {
      await using again = open(dir.path, { run: 2 })
      assert.equal(again.newest?.progress?.lifecycle, String(made))
    }
    for (const name of readdirSync(dir.path))
      if (name.endsWith('.seg')) rmSync(join(dir.path, name))
    await using last = open(dir.path, { run: 3 })
    assert.equal(last.newest?.progress?.lifecycle, String(made - 1))
    assert.equal(last.newest?.sequence, BigInt(made - 1))
  })
  test('stores each event once or tells it as lost, whatever happens in between', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            {
              weight: 6,
              arbitrary: fc.record({
                do: fc.constant('append' as const),
                n: fc.integer({ min: 1, max: 12 }),
              }),
            },
            {
              weight: 3,
              arbitrary: fc.record({
                do: fc.constant('send' as const),
                n: fc.integer({ min: 1, max: 4 }),
              }),
            },
            {
              weight: 2,
              arbitrary: fc.record({ do: fc.constant('ack' as const), n: fc.constant(0) }),
            },
            {
              weight: 1,
              arbitrary: fc.record({ do: fc.constant('disconnect' as const), n: fc.constant(0) }),
            },
            {
              weight: 1,
              arbitrary: fc.record({ do: fc.constant('kill' as const), n: fc.constant(0) }),
            },
          ),
          { minLength: 5, maxLength: 80 },
        ),
        async (steps) => {
          using dir = folder()
          let run = 1
          const options = { limitBytes: 6000, segmentBytes: 1500, window: 4 }
          let spool = open(dir.path, { ...options, run })
          let made = 0
          // The hub: what it has of each run, and everything it took.
          const have = new Map<number, bigint>()
          const taken: SpoolItem[] = []
          let cursor: SpoolPosition | undefined
          let inFlight: SpoolPosition[] = []
          const ack = () => {
            for (const [of, sequence] of have) spool.ack({ boot, run: of, sequence })
            inFlight = inFlight.filter((at) => at.sequence > (have.get(at.run) ?? 0n))
          }
          const reconnect = () => {
            inFlight = []
            cursor = undefined
            ack()
          }
          const send = (n: number) => {
            const items = spool.read(cursor, Math.min(n, 4 - inFlight.length), 1 << 20)
            if (inFlight.length >= 4) return 0
            for (const item of items) {
              cursor = item
              inFlight.push(item)
              if (item.sequence <= (have.get(item.run) ?? 0n)) continue
              have.set(item.run, item.sequence)
              taken.push(item)
            }
            return items.length
          }
          for (const step of steps) {
            if (step.do === 'append')
              append(
                spool,
                Array.from({ length: step.n }, () => ++made),
                run,
              )
            else if (step.do === 'send') send(step.n)
            else if (step.do === 'ack') ack()
            else if (step.do === 'disconnect') reconnect()
            else {
              // A killed process closes nothing and syncs nothing; the page cache stays.
              const old = spool
              run += 1
              spool = open(dir.path, { ...options, run })
              if (made > 0) assert.equal(spool.newest?.progress?.lifecycle, String(made))
              reconnect()
              await old[Symbol.asyncDispose]()
            }
          }
          reconnect()
          while (send(4) > 0) ack()
          const { stored, lost } = tally(taken)
          const told = lost.get('exec spool_full') ?? 0n
          assert.equal(new Set(stored).size, stored.length, 'nothing twice')
          assert.equal(BigInt(stored.length) + told, BigInt(made))
          assert.deepEqual(spool.pending(), [])
          await spool[Symbol.asyncDispose]()
        },
      ),
      { numRuns: 100 },
    )
  })
  test('reads whatever lies in its folder without failing, and only whole batches', async () => {
    using dir = folder()
    {
      await using spool = open(dir.path, { segmentBytes: 1 << 20 })
      for (let i = 1; i <= 6; i += 2) append(spool, [i, i + 1])
    }
    const file = join(dir.path, '000000000001.seg')
    const good = readFileSync(file)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.option(fc.nat(good.length), { freq: 4 }),
        async (changes, cut) => {
          const bytes = new Uint8Array(good)
          for (const [at, value] of changes) bytes[at] = value
          writeFileSync(file, cut === null ? bytes : bytes.subarray(0, cut))
          for (const name of ['acked', 'tombstones']) rmSync(join(dir.path, name), { force: true })
          await using spool = open(dir.path, { run: 2 })
          const { stored } = tally(readAll(spool))
          assert.ok(stored.every((pid, i) => i === 0 || pid > (stored[i - 1] ?? 0)))
        },
      ),
      { numRuns: 800 },
    )
  })
})
