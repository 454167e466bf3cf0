/**
 * Moves rows from the kernel side into batches, and batches into the spool; only then the kernel may
 * forget them.
 *
 * A batch leaves when the builder is full, or `delayMs` after the one before, or `quietMs` after its first row when
 * that is long ago: a lone event is fast, a stream is dense. No timer stands while nothing happens, and in a stream
 * there is none either: what the kernel side has is taken when the next batch is due, and not before, unless there
 * is much of it. While the disk takes no batch, nothing is pumped: the rings fill, and the kernel counts.
 *
 * The first batches of a run are the live processes, the features and the hook counters, spooled like any
 * other: a hub can rebuild lineage from its spool alone, in order, and nothing depends on when it connects.
 */
import { createBatchBuilder, type BatchBuilder, type RingPosition } from '@honeyguide/model/batch'
import { HoneyguideError, isNoSpace } from '@honeyguide/model/errors'
import type { LogFields } from '@honeyguide/model/log'
import type { SensorSettings } from '@honeyguide/model/settings'
import type { HostUsers } from '../host-users/host-users.ts'
import type { Provenance } from '../provenance/provenance.ts'
import { asLost, manifestOf, mergeRows } from '../spool/manifest.ts'
import type { Spool, SpoolAppend } from '../spool/spool.ts'
import { encodeLossBatch } from '../spool/tombstone.ts'
import { batchBounds } from './batch-bounds.ts'
import type { Clock, Progress, PumpKernel } from './kernel-port.ts'
import type { SensorIdentity } from './sensor-identity.ts'
import { createWallOffset } from './wall-clock.ts'

export interface PumpOptions {
  readonly kernel: PumpKernel
  readonly spool: Pick<Spool, 'append' | 'nextSequence'>
  readonly clock: Clock
  readonly identity: SensorIdentity
  /** What the kernel was opened with; null when with nothing. */
  readonly progress: Progress | null
  readonly batch: SensorSettings['batch']
  /** Names of users, said with the live processes and when they change. */
  readonly users?: HostUsers
  /** Looks up where the files come from that batches name. */
  readonly provenance?: Provenance
  /** Told of each batch once it is in the spool; takes the bytes over. */
  readonly onBatch: (batch: SpoolAppend & { batch: Uint8Array<ArrayBuffer> }, rows: number) => void
  readonly onError: (message: string, fields: LogFields) => void
  /** Pause before a batch that the disk refused is tried again, ms. */
  readonly retryMs?: number
}

/** Between two looks at what the kernel side has: losses are told with their time. */
const mostSteadyMs = 250
const hooksEveryNs = 10_000_000_000n

function ringPositions(progress: Progress): RingPosition[] {
  return (['lifecycle', 'data'] as const).flatMap((ring) => {
    const position = progress[ring]
    return position === undefined ? [] : [{ ring, position: BigInt(position) }]
  })
}

/** Bytes that are alone in their buffer, so that it can be transferred; copied only where they are not. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes
  return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length
    ? (bytes as Uint8Array<ArrayBuffer>)
    : new Uint8Array(bytes)
}

export interface Pump {
  /** Pumps until the signal aborts, then once more, and sends away what is left. */
  run(signal: AbortSignal): Promise<void>
  /** Says live processes, features and hook counters again, with the next batch. */
  restate(): void
  /** Looks at the counters now: whatever is lost from here on stands in an interval that begins here. */
  tick(): void
  /** Provenance has found something out: it goes with the next batch. */
  sayFindings(): void
  /** Encoded batches of the users and live processes, for an observer; they are not spooled. */
  snapshot(): Uint8Array<ArrayBuffer>[]
}

export function createPump(options: PumpOptions): Pump {
  const { kernel, spool, clock, identity, batch: delays, retryMs = 250 } = options
  const bounds = batchBounds(delays)
  const builder = createBatchBuilder(bounds)
  const wallOffset = createWallOffset(clock)
  /** Of the last row given out; before the first one, of the last run. */
  let progress = options.progress
  let timer: NodeJS.Timeout | undefined
  let leftAtNs: bigint | undefined
  let hooksAtNs: bigint | undefined
  let mustState = true
  let mustTick = false
  /** What is there leaves with the next look. */
  let isDue = false
  let mustSayUsers = false
  let mustSayFindings = false
  let stopping: AbortSignal | undefined
  /** One flush at a time; `flush` waits for the one that is under way. */
  let flushing: Promise<void> | undefined
  let pumping: Promise<void> | undefined

  function encode(from: BatchBuilder, at: Progress | null, sequence: bigint) {
    const wallOffsetNs = wallOffset()
    return {
      sequence,
      wallOffsetNs,
      progress: at,
      manifest: manifestOf(from),
      batch: owned(
        from.encode(
          { sensor: identity.sensor, boot: identity.boot, run: identity.run, sequence },
          wallOffsetNs,
          at === null ? [] : ringPositions(at),
        ),
      ),
    }
  }

  /** Loss rows in the place of a batch that is longer than anybody takes; `batchBounds` should not let it come to that. */
  function tellRefused(item: ReturnType<typeof encode>): ReturnType<typeof encode> {
    const { sensor, boot, run } = identity
    const { sequence, wallOffsetNs } = item
    const manifest = mergeRows(asLost(item.manifest, 'spool_corrupt'))
    const batch = encodeLossBatch(sensor, boot, run, sequence, wallOffsetNs, manifest)
    return { ...item, manifest, batch: new Uint8Array(batch) }
  }

  /**
   * Tries until the disk takes it, or the sensor stops: then what is not spooled stays in the rings and
   * undefined is returned; otherwise what was stored.
   */
  async function store(
    wanted: ReturnType<typeof encode>,
  ): Promise<ReturnType<typeof encode> | undefined> {
    let item = wanted
    for (;;) {
      try {
        spool.append(item)
        return item
      } catch (error) {
        if (item === wanted && (error as HoneyguideError).code === 'HG_BATCH_INVALID') {
          options.onError('A batch was too long and is told as lost.', { error: error as Error })
          item = tellRefused(wanted)
          continue
        }
        options.onError('A batch could not be spooled; events wait in the kernel.', {
          error: isNoSpace(error)
            ? new HoneyguideError('HG_DISK_FULL', error.message, { cause: error })
            : (error as Error),
        })
      }
      if (stopping?.aborted) return undefined
      await new Promise((resolve) => setTimeout(resolve, retryMs))
    }
  }

  async function leave(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    if (builder.rows === 0) return
    const nowNs = clock.bootNs()
    if (hooksAtNs === undefined || nowNs - hooksAtNs >= hooksEveryNs) {
      hooksAtNs = nowNs
      kernel.hooks(builder)
    }
    options.provenance?.see(builder, nowNs)
    const { rows } = builder
    const made = encode(builder, progress, spool.nextSequence)
    builder.reset()
    leftAtNs = nowNs
    const item = await store(made)
    if (item === undefined) return
    if (item.progress !== null) kernel.commit(item.progress)
    options.onBatch(item, rows)
    if (options.users?.changed(nowNs) && !stopping?.aborted) {
      mustSayUsers = true
      void pumpOnce()
    }
  }

  function flush(): Promise<void> {
    const next = (flushing ?? Promise.resolve()).then(leave)
    flushing = next
    return next
  }

  async function sayUsers(): Promise<void> {
    mustSayUsers = false
    if (!options.users) return
    for (const _ of options.users.write(builder, clock.bootNs())) await flush()
  }

  async function sayFindings(): Promise<void> {
    mustSayFindings = false
    if (!options.provenance) return
    for (const _ of options.provenance.write(builder, clock.bootNs())) await flush()
  }

  /** The snapshot goes out in batches of its own; each carries the progress from before it. */
  async function state(): Promise<void> {
    mustState = false
    await flush()
    kernel.features(builder)
    hooksAtNs = clock.bootNs()
    kernel.hooks(builder)
    await sayUsers()
    for (const _ of kernel.snapshot(builder)) await flush()
    await flush()
  }

  /** Until a batch leaves that got its first row now. */
  function msUntilDue(): number {
    if (leftAtNs === undefined) return delays.quietMs
    const passedMs = Number(clock.bootNs() - leftAtNs) / 1e6
    // Longer ago than a stream would let it be.
    if (passedMs >= 2 * delays.delayMs) return delays.quietMs
    // Timers come a little early.
    return passedMs >= delays.delayMs - 1 ? 0 : Math.ceil(delays.delayMs - passedMs)
  }

  /** One at a time: what the watch, a tick and a restatement ask for is done in turn. */
  function pumpOnce(): Promise<void> {
    const next = (pumping ?? Promise.resolve()).then(pumpAll)
    pumping = next
    return next
  }

  async function pumpAll(): Promise<void> {
    await flushing
    for (;;) {
      if (mustState) await state()
      if (mustSayUsers) await sayUsers()
      if (mustSayFindings) await sayFindings()
      const isTick = mustTick
      mustTick = false
      if (isTick) kernel.look()
      const before = builder.rows
      const pumped = kernel.pump(builder, {
        records: Math.max(1, bounds.rows - before),
        // Each of two rings may give as much.
        bytes: Math.max(1, (bounds.bytes - builder.dictionaryBytes) >> 1),
      })
      progress = pumped.progress
      // Records that made no row (own processes, say) need no batch: the ring would never rest otherwise.
      if (builder.rows === 0) kernel.commit(progress)
      if (isTick) {
        hooksAtNs = clock.bootNs()
        kernel.hooks(builder)
      }
      const isLate = isDue
      isDue = false
      if (builder.full || isLate) await flush()
      else if (builder.rows > 0 && timer === undefined) {
        const waitMs = msUntilDue()
        if (waitMs === 0) await flush()
        else
          timer = setTimeout(() => {
            isDue = true
            void pumpOnce()
          }, waitMs)
      }
      if (!pumped.isMore || stopping?.aborted) return
      // Other messages of this thread get their turn in a long burst.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  return {
    async run(signal) {
      stopping = signal
      await pumpOnce()
      await kernel.watch(pumpOnce, signal, Math.min(delays.delayMs, mostSteadyMs))
      // Repeats that wait for their turn to end, too: nobody may come after us.
      kernel.look()
      await pumpOnce()
      await flush()
      if (!options.provenance) return
      await options.provenance.stop()
      if (options.provenance.hasFindings) await sayFindings()
      await flush()
    },
    restate() {
      mustState = true
      void pumpOnce()
    },
    tick() {
      mustTick = true
      void pumpOnce()
    },
    sayFindings() {
      mustSayFindings = true
      void pumpOnce()
    },
    snapshot() {
      const own = createBatchBuilder(bounds)
      const out: Uint8Array<ArrayBuffer>[] = []
      const take = () => {
        const last = spool.nextSequence - 1n
        out.push(encode(own, null, last > 0n ? last : 1n).batch)
        own.reset()
      }
      kernel.features(own)
      for (const _ of options.users?.copy(own) ?? []) take()
      for (const _ of kernel.snapshot(own)) take()
      if (own.rows > 0) take()
      return out
    },
  }
}
