import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { buildTestProgram, callGetppid, mountPinFolder, skipUnless } from './kernel-test.ts'
import { openObject, type BpfObject } from './object.ts'
import { openPinnedRing, type Ring } from './ring.ts'
import { watchRings } from './ring-watch.ts'

const sequenceAt = 8
/** On an emulated machine a Node takes seconds to start. */
const killCount = process.env['HONEYGUIDE_SMALL_LOAD'] === '1' ? 4 : 12

async function loaded(pid: number = process.pid, ringBytes?: number): Promise<BpfObject> {
  return openObject(await buildTestProgram('events'), {
    rodata: { target_tgid: pid },
    ...(ringBytes === undefined ? {} : { maps: { events: { maxEntries: ringBytes } } }),
  }).load()
}

function sequences(ring: Ring, maxRecords = Infinity): bigint[] {
  const seen: bigint[] = []
  ring.drain((memory, at) => void seen.push(memory.u64[(at + sequenceAt) >>> 3] ?? -1n), {
    maxRecords,
  })
  return seen
}

suite('ring', { skip: skipUnless('tp_btf', 'ringbuf') }, () => {
  test('draining publishes nothing; committing gives the space back', async () => {
    using object = await loaded()
    using _link = object.attach('on_call')
    using ring = object.ring('events')
    callGetppid(10)
    const first = ring.drain(() => undefined, { maxRecords: 4 })
    assert.equal(first.records, 4)
    assert.equal(first.stoppedBy, 'limit')
    assert.equal(ring.consumerPosition, 0n)
    using again = object.ring('events')
    assert.equal(sequences(again).length, 10, 'another reader starts where nothing was committed')
    ring.commit(first.end)
    assert.equal(ring.consumerPosition, first.end)
    assert.deepEqual(sequences(ring), [4n, 5n, 6n, 7n, 8n, 9n])
    assert.equal(ring.isCommitted, false)
    ring.commit()
    assert.equal(ring.isCommitted, true)
    assert.throws(() => ring.commit(first.end), { code: 'BPF_ARGUMENT' }, 'never backwards')
    assert.throws(() => ring.seek(8n), { code: 'BPF_ARGUMENT' })
  })

  test('a reader can start at a position after the published one', async () => {
    using object = await loaded()
    using _link = object.attach('on_call')
    using ring = object.ring('events')
    callGetppid(10)
    const { end } = ring.drain(() => undefined, { maxRecords: 3 })
    using later = object.ring('events')
    later.seek(end)
    assert.equal(sequences(later)[0], 3n)
    // The middle of a record is no start. Where its `first` lies, all bits are set: seems busy.
    later.seek(end + 80n)
    assert.equal(later.drain(() => undefined).stoppedBy, 'busy')
    // Where the last record's `tgid` lies, a length past the end.
    later.seek(end + 6n * 96n + 24n)
    assert.throws(() => later.drain(() => undefined), { code: 'BPF_RING_CORRUPT' })
  })

  test('what comes after the start of a drain waits for the next', async () => {
    using object = await loaded()
    using _link = object.attach('on_call')
    using ring = object.ring('events')
    callGetppid(5)
    let calls = 0
    const drained = ring.drain(() => {
      callGetppid(1)
      calls += 1
      assert.ok(calls < 100, 'a drain is bounded')
    })
    assert.equal(drained.records, 5)
    const upTo = ring.producerPosition
    callGetppid(5)
    assert.equal(ring.drain(() => undefined, { upTo }).records, 5, 'up to a common moment')
  })

  test('records come whole around the end of the ring', async () => {
    using object = await loaded(process.pid, 4096)
    using _link = object.attach('on_call')
    using ring = object.ring('events')
    let expected = 0n
    for (let round = 0; round < 500; round++) {
      callGetppid(17)
      for (const sequence of sequences(ring)) {
        if (expected % 16n === 15n) expected += 1n
        assert.equal(sequence, expected)
        expected += 1n
      }
      ring.commit()
    }
    assert.deepEqual(object.map('counters').get(0), { sequence: 8500n, lost: 0n })
  })

  test('positions go on past 32 bits', async () => {
    using object = openObject(await buildTestProgram('big-records')).load()
    using ring = object.ring('big')
    const program = object.program('make_record')
    let expected = 0n
    while (ring.position <= 1n << 32n) {
      for (let i = 0; i < 3; i++) assert.equal(program.testRun().returnValue, 0)
      const drained = ring.drain((memory, at, length) => {
        assert.equal(length, 4 << 20)
        assert.equal(memory.u64[at >>> 3], expected)
        expected += 1n
      })
      assert.equal(drained.records, 3)
      ring.commit(drained.end)
      assert.equal(ring.consumerPosition, drained.end)
    }
    assert.ok(ring.producerPosition > 2n ** 32n)
  })

  test('a full ring loses what it must, and the program counts it', async () => {
    using object = await loaded(process.pid, 4096)
    using _link = object.attach('on_call')
    using ring = object.ring('events')
    callGetppid(1000)
    const drained = ring.drain(() => undefined)
    const counted = object.map<number, { sequence: bigint; lost: bigint }>('counters').get(0)
    assert.equal(BigInt(drained.records + drained.discarded) + (counted?.lost ?? 0n), 1000n)
    assert.ok((counted?.lost ?? 0n) > 900n)
  })

  test('nothing is torn, repeated or lost while another process calls as fast as it can', async () => {
    const generator = spawn(execPath, [
      '-e',
      'process.stdout.write("up"); process.stdin.once("data", () => { for (;;) process.ppid })',
    ])
    try {
      await once(generator.stdout, 'data')
      using object = await loaded(generator.pid ?? -1, 8 << 20)
      using _link = object.attach('on_call')
      using ring = object.ring('events')
      const stop = new AbortController()
      let records = 0
      let discarded = 0
      let previous = -1n
      let gaps = 0n
      let bad = 0
      generator.stdin.write('go')
      const began = performance.now()
      await watchRings(
        [ring],
        () => {
          // For a while, and until there are enough: an emulated machine is slow.
          if (records > 10_000 && performance.now() - began > 1500) stop.abort()
          const drained = ring.drain((memory, at, length) => {
            const sequence = memory.u64[(at + sequenceAt) >>> 3] ?? -1n
            gaps += sequence - previous - 1n
            previous = sequence
            if (length !== 88 || memory.u32[(at + 84) >>> 2] !== 0 || memory.u8[at + 31] !== 0xfe)
              bad += 1
          })
          records += drained.records
          discarded += drained.discarded
          ring.commit(drained.end)
        },
        { signal: AbortSignal.any([stop.signal, AbortSignal.timeout(60_000)]) },
      )
      generator.kill('SIGKILL')
      await once(generator, 'exit')
      const last = ring.drain(() => undefined)
      const counted = object.map<number, { sequence: bigint; lost: bigint }>('counters').get(0)
      const total = records + discarded + last.records + last.discarded
      assert.ok(records > 10_000, `${records} records`)
      assert.equal(bad, 0)
      assert.equal(BigInt(total) + (counted?.lost ?? -1n), counted?.sequence)
      assert.ok(
        gaps <= BigInt(discarded) + (counted?.lost ?? 0n),
        'gaps are discards and counted losses',
      )
    } finally {
      generator.kill('SIGKILL')
    }
  })

  test('sleeps while nothing comes, and wakes by a record alone', async () => {
    using object = await loaded()
    using _link = object.attach('on_call')
    using ring = object.ring('events')
    const abort = new AbortController()
    let wakes = 0
    let seen = 0
    const watch = watchRings(
      [ring],
      () => {
        wakes += 1
        const drained = ring.drain(() => undefined)
        seen += drained.records
        ring.commit(drained.end)
      },
      { signal: abort.signal },
    )
    await sleep(300)
    assert.ok(wakes <= 2, `${wakes} wakes while idle`)
    callGetppid(1)
    // However slow the machine: nothing else would wake it.
    for (let tries = 0; tries < 1000 && seen === 0; tries++) await sleep(20)
    await sleep(100)
    abort.abort()
    await watch
    assert.equal(seen, 1)
    assert.ok(wakes <= 5, `${wakes} wakes in all`)
  })

  test('a consumer that fails ends the watch with its error', async () => {
    using object = await loaded()
    using ring = object.ring('events')
    await assert.rejects(
      watchRings([ring], () => Promise.reject(new Error('spool is full')), {
        signal: AbortSignal.timeout(1000),
      }),
      /spool is full/,
    )
  })

  test('is read by a worker while the main thread is busy', async () => {
    const warnings: string[] = []
    const onWarning = (warning: Error): void => void warnings.push(warning.message)
    process.on('warning', onWarning)
    using object = await loaded()
    using _link = object.attach('on_call')
    const worker = new Worker(new URL('ring-worker.child.ts', import.meta.url), {
      workerData: { fd: object.map('events').fd, wanted: 94 },
    })
    await once(worker, 'message')
    callGetppid(100)
    const busyUntil = performance.now() + 200
    while (performance.now() < busyUntil) callGetppid(0)
    const [seen] = await once(worker, 'message')
    // Node itself calls getppid when it starts a worker: one more may lie in the ring.
    assert.ok(seen >= 94, `${seen} records`)
    await once(worker, 'exit')
    process.off('warning', onWarning)
    assert.deepEqual(warnings, [])
  })

  test('two rings are watched together, and a worker ends when its signal aborts', async () => {
    using first = await loaded()
    using second = await loaded()
    using _one = first.attach('on_call')
    using one = first.ring('events')
    using two = second.ring('events')
    const worker = new Worker(new URL('ring-worker.child.ts', import.meta.url), {
      workerData: { fd: second.map('events').fd, wanted: Infinity },
    })
    await once(worker, 'message')
    // Not terminate(): in the middle of a native call that aborts the whole process.
    worker.postMessage('stop')
    const [none] = await once(worker, 'message')
    assert.equal(none, 0)
    await once(worker, 'exit')
    const abort = new AbortController()
    let seen = 0
    const watch = watchRings(
      [one, two],
      () => {
        for (const ring of [one, two]) {
          seen += ring.drain(() => undefined).records
          ring.commit()
        }
        if (seen >= 20) abort.abort()
      },
      { signal: abort.signal },
    )
    await sleep(30)
    callGetppid(10)
    {
      using _two = second.attach('on_call')
      callGetppid(10)
    }
    await watch
    assert.ok(seen >= 20, `${seen} records`)
  })

  test('a late reader of a closed ring gets an error, not a fault', async () => {
    using object = await loaded()
    const ring = object.ring('events')
    const { memory } = ring
    ring[Symbol.dispose]()
    assert.equal(memory.u8.length, 0)
    assert.throws(() => ring.drain(() => undefined), { code: 'BPF_CLOSED' })
    assert.throws(() => ring.producerPosition, { code: 'BPF_CLOSED' })
  })
})

suite('a pinned ring', { skip: skipUnless('tp_btf', 'ringbuf') }, () => {
  test('loses and repeats nothing when its consumer is killed again and again', async () => {
    using folder = mountPinFolder()
    const spoolFolder = mkdtempSync(join(tmpdir(), 'bpf-spool-'))
    const spool = join(spoolFolder, 'spool')
    let consumer: ChildProcess | undefined
    let generating: NodeJS.Timeout | undefined
    try {
      {
        using object = openObject(await buildTestProgram('events'), {
          pinRoot: folder.path,
          rodata: { target_tgid: process.pid },
          // Room for all of it: where Node starts slowly, the consumer is away most of the time.
          maps: { events: { pin: 'events', maxEntries: 8 << 20 }, counters: { pin: 'counters' } },
        }).load()
        using _link = object.attach('on_call', { pin: join(folder.path, 'link') })
      }
      generating = setInterval(() => callGetppid(10), 5)
      for (let kills = 0; kills < killCount; kills++) {
        consumer = spawn(execPath, [
          fileURLToPath(new URL('ring-consumer.child.ts', import.meta.url)),
          folder.path,
          spool,
          String(sequenceAt),
        ])
        if (consumer.stdout) await once(consumer.stdout, 'data')
        // The first may write once before it goes: where everything is slow, none would.
        for (let tries = 0; kills === 0 && tries < 300 && !existsSync(spool); tries++)
          await sleep(100)
        await sleep(10 + ((kills * 37) % 60))
        consumer.kill('SIGKILL')
        await once(consumer, 'exit')
      }
      clearInterval(generating)
      // What is left, read as the next consumer would.
      const lines = readFileSync(spool, 'utf8').split('\n')
      lines.pop()
      // A batch may hold nothing but a record that the program gave up: no numbers then.
      const spooled = lines.flatMap((line) =>
        line
          .split(' ')
          .slice(1)
          .filter((number) => number !== '')
          .map(BigInt),
      )
      const position = BigInt(lines.at(-1)?.split(' ')[0] ?? '0')
      using ring = openPinnedRing(join(folder.path, 'events'))
      if (position > ring.consumerPosition) ring.seek(position)
      spooled.push(...sequences(ring))
      // Not deepEqual: a difference between arrays this long costs gigabytes to print.
      let expected = 0n
      for (const [index, sequence] of spooled.entries()) {
        if (expected % 16n === 15n) expected += 1n
        assert.equal(sequence, expected, `record ${index}: each number once, in order`)
        expected += 1n
      }
      assert.ok(spooled.length > 1000, `${spooled.length} records`)
    } finally {
      clearInterval(generating)
      consumer?.kill('SIGKILL')
      rmSync(spoolFolder, { recursive: true })
    }
  })
})
