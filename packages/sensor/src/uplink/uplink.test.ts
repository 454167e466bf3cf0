import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { duplexPair, type Duplex } from 'node:stream'
import { suite, test } from 'node:test'
import { createBatchBuilder, decodeBatch, type Batch } from '@honeyguide/model/batch'
import { createFrameDecoder, encodeFrame, type Frame, type Hello } from '@honeyguide/model/frames'
import { createLogger } from '@honeyguide/model/log'
import fc from 'fast-check'
import { manifestOf } from '../spool/manifest.ts'
import { Spool } from '../spool/spool.ts'
import { createBackOff } from './back-off.ts'
import type { Transport } from './transport.ts'
import { createUplink, type UplinkOptions, type UplinkSource } from './uplink.ts'

const sensor = new Uint8Array(16).fill(1)
const boot = new Uint8Array(16).fill(2)
const hello: UplinkOptions['hello'] = {
  sensor,
  boot,
  run: 1,
  hostname: 'h',
  version: '1',
  kernelRelease: '6',
  architecture: 'x64',
  layout: '00',
  labels: {},
  operatingSystem: 'os',
  cpus: 1,
  memoryBytes: 1n,
}
const silent = createLogger({ component: 't', level: 'error', sink: () => undefined, now: () => 0 })

/** A hub in memory that can be away, hang up and lose acknowledgements. */
class MemoryHub implements Transport {
  readonly address = 'memory'
  readonly have = new Map<number, bigint>()
  readonly taken: Batch[] = []
  readonly hellos: Hello[] = []
  readonly frames: Frame['kind'][] = []
  isAway = false
  /** Takes connections, and reads nothing from them. */
  isHung = false
  losesAcks = false
  answer: Frame | undefined
  mostUnacked = 0
  connects = 0
  #unacked = 0
  #links: { readonly ours: Duplex; readonly theirs: Duplex }[] = []

  async connect(signal: AbortSignal): Promise<Duplex> {
    signal.throwIfAborted()
    this.connects += 1
    if (this.isAway) throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' })
    const [ours, theirs] = duplexPair()
    // Written is copied, as by a socket: the uplink frees what is written.
    const write = ours._write.bind(ours)
    ours._write = (chunk: Uint8Array, encoding, done) => write(Buffer.from(chunk), encoding, done)
    // A pair does not pass a destruction on, as a socket does.
    this.#links.push({ ours, theirs })
    this.#unacked = 0
    const decoder = createFrameDecoder()
    theirs.on('error', () => undefined)
    if (this.isHung) return ours
    theirs.on('data', (chunk: Uint8Array) => {
      for (const frame of decoder.push(chunk)) this.#take(theirs, frame)
    })
    return ours
  }

  /** Stops reading, as a process that is stopped does: nobody is told. */
  hang(): void {
    this.isHung = true
    for (const { theirs } of this.#links) theirs.pause()
  }

  hangUp(): void {
    for (const { ours, theirs } of this.#links) {
      theirs.destroy()
      ours.destroy()
    }
    this.#links = []
  }

  #take(to: Duplex, frame: Frame): void {
    this.frames.push(frame.kind)
    if (frame.kind === 'hello') {
      this.hellos.push(frame.hello)
      const have = [...this.have].map(([run, sequence]) => ({ boot, run, sequence }))
      const welcome = { protocolMajor: 1, protocolMinor: 0, have }
      to.write(encodeFrame(this.answer ?? { kind: 'welcome', welcome }))
    } else if (frame.kind === 'batch') {
      const batch = decodeBatch(frame.batch)
      this.#unacked += 1
      this.mostUnacked = Math.max(this.mostUnacked, this.#unacked)
      if (batch.sequence > (this.have.get(batch.run) ?? 0n)) {
        this.have.set(batch.run, batch.sequence)
        this.taken.push(batch)
      }
      if (this.losesAcks) return
      this.#unacked = 0
      const sequence = this.have.get(batch.run) ?? 0n
      to.write(encodeFrame({ kind: 'ack', ack: { boot, run: batch.run, sequence } }))
    }
  }

  get pids(): number[] {
    return this.taken.flatMap((batch) => [...(batch.table('exec')?.columns.pid ?? [])])
  }

  get lost(): number {
    let sum = 0n
    for (const batch of this.taken)
      for (const n of batch.table('loss')?.columns.lost ?? []) sum += n
    return Number(sum)
  }
}

/** The sensor's side: a spool, an uplink, and numbers for events. */
class Side {
  readonly dir: string
  readonly hub: MemoryHub
  readonly window: number
  run = 0
  made = 0
  spool!: Spool
  #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #uplink: ReturnType<typeof createUplink> | undefined

  constructor(dir: string, hub: MemoryHub, window: number) {
    this.dir = dir
    this.hub = hub
    this.window = window
  }

  start(options: Partial<UplinkOptions> = {}): void {
    this.run += 1
    const { dir, run, window } = this
    const spool = new Spool({
      dir,
      sensor,
      boot,
      run,
      window,
      limitBytes: 8000,
      segmentBytes: 2000,
    })
    this.spool = spool
    const source: UplinkSource = {
      read: async (after, items, bytes) => spool.read(after, items, bytes),
      ack: async (acks) => {
        for (const ack of acks) spool.ack(ack)
        return spool.pending()
      },
      connected: () => undefined,
    }
    this.#stop = new AbortController()
    this.#uplink = createUplink({
      transport: this.hub,
      source,
      hello: { ...hello, run },
      log: silent,
      random: () => 1,
      now: () => ({ bootNs: 1n, wallOffsetNs: 2n }),
      window,
      backOff: createBackOff(() => 1, 1, 2),
      ...options,
    })
    this.#running = this.#uplink.run(this.#stop.signal)
  }

  append(rows: number): void {
    const builder = createBatchBuilder()
    const exec = builder.table('exec')
    for (let i = 0; i < rows; i++) exec.columns.pid[exec.add()] = ++this.made
    const sequence = this.spool.nextSequence
    this.spool.append({
      sequence,
      wallOffsetNs: 0n,
      progress: { lifecycle: String(this.made) },
      manifest: manifestOf(builder),
      batch: builder.encode({ sensor, boot, run: this.run, sequence }, 0n, []),
    })
    this.#uplink?.wake()
  }

  async kill(): Promise<void> {
    this.#stop.abort()
    await this.#running
    await this.spool[Symbol.asyncDispose]()
  }

  async settle(): Promise<void> {
    const end = Date.now() + 5000
    while (this.spool.pending().length > 0) {
      if (Date.now() > end) throw new Error(`still pending: ${this.hub.frames.slice(-5)}`)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }
}

async function withSide<T>(
  hub: MemoryHub,
  window: number,
  use: (side: Side) => Promise<T>,
): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'hg-uplink-'))
  const side = new Side(dir, hub, window)
  try {
    return await use(side)
  } finally {
    await side.kill()
    rmSync(dir, { recursive: true, force: true })
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** What may happen to the link; each step is applied to the real thing. */
const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('events' as const),
        n: fc.integer({ min: 1, max: 9 }),
      }),
    },
    ...(['hang up', 'away', 'back', 'lose acks', 'keep acks', 'kill', 'pause'] as const).map(
      (kind) => ({
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant(kind), n: fc.constant(0) }),
      }),
    ),
  ),
  { minLength: 5, maxLength: 60 },
)

suite('uplink', () => {
  test('stores every event once or tells it as lost, whatever happens to the link', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (done) => {
        const hub = new MemoryHub()
        await withSide(hub, 4, async (side) => {
          side.start()
          for (const { kind, n } of done) {
            if (kind === 'events') side.append(n)
            else if (kind === 'hang up') hub.hangUp()
            else if (kind === 'away') {
              hub.isAway = true
              hub.hangUp()
            } else if (kind === 'back') hub.isAway = false
            else if (kind === 'lose acks') hub.losesAcks = true
            else if (kind === 'keep acks') hub.losesAcks = false
            else if (kind === 'kill') {
              await side.kill()
              side.start()
            } else await pause(2)
          }
          hub.isAway = false
          hub.losesAcks = false
          hub.hangUp()
          await side.settle()
          assert.ok(hub.mostUnacked <= 4, `${hub.mostUnacked} on the way`)
          const { pids } = hub
          assert.equal(new Set(pids).size, pids.length, 'nothing twice')
          assert.ok(
            pids.every((pid, i) => i === 0 || pid > (pids[i - 1] ?? 0)),
            'in order',
          )
          assert.equal(pids.length + hub.lost, side.made)
        })
      }),
      { numRuns: 150, endOnFailure: true },
    )
  })
  test('tries again after a refusal, a wrong first frame and a wrong version', async () => {
    const hub = new MemoryHub()
    await withSide(hub, 4, async (side) => {
      hub.answer = { kind: 'refusal', refusal: { code: 'HG_PROTOCOL_UNSUPPORTED', message: 'no' } }
      side.start()
      side.append(1)
      const tried = async (count: number) => {
        while (hub.hellos.length < count) await pause(1)
      }
      await tried(2)
      hub.answer = { kind: 'heartbeat', heartbeat: { bootNs: 1n, wallOffsetNs: 1n } }
      await tried(4)
      hub.answer = { kind: 'welcome', welcome: { protocolMajor: 9, protocolMinor: 0, have: [] } }
      await tried(6)
      assert.equal(hub.taken.length, 0)
      hub.answer = undefined
      await side.settle()
      assert.deepEqual(hub.pids, [1])
    })
  })
  test('gives up a hub that stops reading, spools meanwhile, and begins again', async () => {
    const hub = new MemoryHub()
    await withSide(hub, 4, async (side) => {
      side.start({ ackMs: 20, helloMs: 20 })
      side.append(3)
      await side.settle()
      assert.equal(hub.connects, 1)
      hub.hang()
      side.append(2)
      // The connection that hangs, and one whose hello is not answered.
      while (hub.connects < 3) await pause(1)
      side.append(4)
      assert.ok(side.spool.pending().length > 0)
      hub.isHung = false
      await side.settle()
      assert.deepEqual(hub.pids, [1, 2, 3, 4, 5, 6, 7, 8, 9])
      assert.equal(hub.lost, 0)
    })
  })
  test('keeps a hub that has nothing to acknowledge', async () => {
    const hub = new MemoryHub()
    await withSide(hub, 4, async (side) => {
      side.start({ ackMs: 1000 })
      side.append(1)
      await side.settle()
      await pause(1500)
      side.append(1)
      await side.settle()
      assert.equal(hub.connects, 1)
    })
  })
  test('sends a heartbeat when there is nothing else, and says so', async () => {
    const hub = new MemoryHub()
    let silences = 0
    await withSide(hub, 4, async (side) => {
      side.start({ heartbeatMs: 5, onSilence: () => (silences += 1) })
      while (hub.frames.filter((kind) => kind === 'heartbeat').length < 3) await pause(1)
      assert.ok(silences >= 3)
    })
  })
  test('says so, too, while the hub is away', async () => {
    const hub = new MemoryHub()
    hub.isAway = true
    let silences = 0
    await withSide(hub, 4, async (side) => {
      side.start({ onSilence: () => (silences += 1) })
      while (silences < 3) await pause(1)
      assert.equal(hub.frames.length, 0)
    })
  })
  test('waits from 100 ms to 5 s, less a random half', () => {
    const whole = createBackOff(() => 0)
    assert.deepEqual(
      Array.from({ length: 8 }, () => whole.next()),
      [100, 200, 400, 800, 1600, 3200, 5000, 5000],
    )
    whole.reset()
    assert.equal(whole.next(), 100)
    assert.equal(createBackOff(() => 1).next(), 50)
  })
})
