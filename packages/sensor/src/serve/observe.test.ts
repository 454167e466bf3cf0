import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { createBatchBuilder, decodeBatch, type Batch } from '@honeyguide/model/batch'
import { createFrameDecoder, encodeFrame, type Frame } from '@honeyguide/model/frames'
import { createLogger } from '@honeyguide/model/log'
import { until } from '../test/sensor-process.ts'
import { serveObservers, type ObserveBatch, type ObserveOptions } from './observe.ts'

const identity = { sensor: new Uint8Array(16).fill(1), boot: new Uint8Array(16).fill(2), run: 1 }
const log = createLogger({ component: 't', level: 'error', sink: () => undefined, now: () => 0 })

function folder(): Disposable & { path: string } {
  const path = mkdtempSync(join(tmpdir(), 'hg-observe-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

function batchOf(sequence: bigint, rows: number, padding: number): ObserveBatch {
  const builder = createBatchBuilder()
  const exec = builder.table('exec')
  for (let i = 0; i < rows; i++) {
    const row = exec.add()
    exec.columns.pid[row] = 1
    exec.columns.argv[row] = builder.string(`${i}${'x'.repeat(padding)}`)
  }
  return {
    sequence,
    wallOffsetNs: 0n,
    rows,
    batch: builder.encode({ ...identity, sequence }, 0n, []),
  }
}

function options(path: string): ObserveOptions {
  const hello = {
    ...identity,
    hostname: 'web-1',
    version: '1',
    kernelRelease: '6',
    architecture: 'x64',
    layout: '00',
    labels: { env: 'test' },
    operatingSystem: 'os',
    cpus: 1,
    memoryBytes: 1n,
  }
  return { path, identity, hello, log, snapshot: async () => [], bootNs: () => 7_000_000_000n }
}

async function observe(path: string) {
  const socket = connect({ path })
  const frames: Frame[] = []
  const decoder = createFrameDecoder()
  socket.on('data', (chunk: Uint8Array) => frames.push(...decoder.push(chunk)))
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('connect', resolve))
  socket.write(encodeFrame({ kind: 'observe', observe: { protocolMajor: 1, protocolMinor: 0 } }))
  const batches = (): Batch[] =>
    frames.flatMap((frame) => (frame.kind === 'batch' ? [decodeBatch(frame.batch)] : []))
  return { socket, frames, batches }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

suite('observe socket', () => {
  test('tells an observer that reads too slowly exactly how many rows it lost', async () => {
    using dir = folder()
    const path = join(dir.path, 'o', 'observe.sock')
    let nowNs = 7_000_000_000n
    await using server = await serveObservers({
      ...options(path),
      bootNs: () => nowNs,
      mostBatches: 4,
    })
    const { socket, frames, batches } = await observe(path)
    await until(() => frames.length > 0)
    socket.pause()
    const offered = 60
    for (let i = 1; i <= offered; i++) {
      nowNs += 100_000_000n
      server.offer(batchOf(BigInt(i), 10, 5000))
      if (i % 10 === 0) await pause(1)
    }
    socket.resume()
    const count = () => {
      let seen = 0
      let lost = 0n
      for (const batch of batches()) {
        seen += batch.table('exec')?.rows ?? 0
        const loss = batch.table('loss')
        if (!loss) continue
        assert.equal(batch.text(loss.columns.reason[0] ?? 0), 'observer_slow')
        lost += loss.columns.lost[0] ?? 0n
        // What a batch holds is older than the moment it is made: never an interval of no length.
        const [from = 0n, to = 0n] = [loss.columns.fromNs[0], loss.columns.toNs[0]]
        assert.ok(from >= 6_000_000_000n && to - from >= 100_000_000n, `${from} to ${to}`)
      }
      return { seen, lost: Number(lost) }
    }
    for (let i = 0; i < 3000 && count().seen + count().lost < offered * 10; i++) await pause(10)
    const { seen, lost } = count()
    assert.ok(lost > 0, 'the socket took everything')
    assert.equal(seen + lost, offered * 10)
    socket.destroy()
  })
  test('tells an observer whose batches these are, before the first', async () => {
    using dir = folder()
    const path = join(dir.path, 'observe.sock')
    await using server = await serveObservers(options(path))
    const { socket, frames } = await observe(path)
    await until(() => frames.length > 0)
    server.offer(batchOf(1n, 1, 1))
    await until(() => frames.length > 1)
    assert.deepEqual(
      frames.map(({ kind }) => kind),
      ['hello', 'batch'],
    )
    assert.ok(frames[0]?.kind === 'hello')
    assert.equal(frames[0].hello.hostname, 'web-1')
    assert.deepEqual(frames[0].hello.labels, { env: 'test' })
    assert.deepEqual(frames[0].hello.pending, [])
    socket.destroy()
  })
  test('takes the place of a socket file that nobody serves, and not of one that is served', async () => {
    using dir = folder()
    const path = join(dir.path, 'observe.sock')
    writeFileSync(path, '')
    {
      await using _server = await serveObservers(options(path))
      await assert.rejects(serveObservers(options(path)), { code: 'HG_STATE_LOCKED' })
    }
    assert.equal(existsSync(path), false)
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(path, resolve))
    await assert.rejects(serveObservers(options(path)), { code: 'HG_STATE_LOCKED' })
    await new Promise((resolve) => other.close(resolve))
  })
  test('refuses a protocol that it does not speak, a second request, and one client too many', async () => {
    using dir = folder()
    const path = join(dir.path, 'observe.sock')
    await using _server = await serveObservers({ ...options(path), mostClients: 1 })
    const first = await observe(path)
    await until(() => first.frames.length > 0)
    const second = await observe(path)
    await until(() => second.frames.length > 0)
    assert.ok(second.frames[0]?.kind === 'refusal')
    first.socket.write(
      encodeFrame({ kind: 'observe', observe: { protocolMajor: 1, protocolMinor: 0 } }),
    )
    await until(() => first.frames.at(-1)?.kind !== 'hello')
    assert.ok(first.frames.at(-1)?.kind === 'refusal')
    const third = connect({ path })
    const frames: Frame[] = []
    third.on('data', (chunk: Uint8Array) => frames.push(...createFrameDecoder().push(chunk)))
    third.write(encodeFrame({ kind: 'observe', observe: { protocolMajor: 9, protocolMinor: 0 } }))
    await until(() => frames.length > 0)
    assert.ok(frames[0]?.kind === 'refusal')
    assert.equal(frames[0].refusal.code, 'HG_PROTOCOL_UNSUPPORTED')
    third.destroy()
  })
})
