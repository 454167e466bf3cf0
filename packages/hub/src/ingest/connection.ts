/**
 * One sensor's connection: hello, then batches, spooled and acknowledged in order.
 *
 * What always holds: a batch is acknowledged only when the spool has it durably, or stands in for it
 * (unreadable ones: kept in quarantine and told as refused); bytes go to the spool as they came; what
 * is read and not yet durable is bounded by the budget, and above it the socket is not read.
 */
import type { Duplex } from 'node:stream'
import {
  createFrameDecoder,
  encodeFrame,
  protocolVersion,
  type Frame,
  type Hello,
} from '@honeyguide/model/frames'
import { decodeBatch, hex, HoneyguideError, standsForMissing, type Batch } from '@honeyguide/model'
import type { Logger } from '@honeyguide/model/log'
import type { NewRecord, RefusedBatch, RunKey, Spool } from '../spool/index.ts'
import { peekBatchIdentity } from './batch-identity.ts'
import type { ByteBudget } from './byte-budget.ts'
import type { DurableAppend } from './durable-append.ts'
import type { Quarantine } from './quarantine.ts'
import type { Peer } from './transport.ts'

/** What a connection tells the rest of the hub. */
export interface ConnectionEvents {
  /** The sensor was welcomed. */
  hello(hello: Hello): void
  /** A frame came from it. */
  heard(sensor: string, nowMs: number): void
  closed(sensor: string): void
}

export interface ConnectionParts {
  readonly spool: Pick<Spool, 'lastSequence'>
  readonly durable: DurableAppend
  readonly quarantine: Quarantine
  readonly budget: ByteBudget
  readonly events: ConnectionEvents
  readonly counters: IngestCounters
  readonly log: Logger
  /** Appends the hello when it says something new. Resolves when that is durable. */
  readonly recordHello: (hello: Hello, signal: AbortSignal) => Promise<void>
  /** Called once the sensor is known; ends an older connection of the same sensor. */
  readonly claim: (sensor: string) => void
  /** Wall clock, ms. */
  readonly now: () => number
}

/** Since the hub started. */
export interface IngestCounters {
  connections: number
  refusedConnections: number
  frames: number
  batches: number
  batchBytes: number
  repeatedBatches: number
  invalidBatches: number
  /** Batches whose sequence never came. */
  missingBatches: number
}

export function createIngestCounters(): IngestCounters {
  return {
    connections: 0,
    refusedConnections: 0,
    frames: 0,
    batches: 0,
    batchBytes: 0,
    repeatedBatches: 0,
    invalidBatches: 0,
    missingBatches: 0,
  }
}

/** The first frame must be there by then; after it, silence of this length ends the connection. */
const helloWithinMs = 10_000
const silentMs = 60_000

function refusal(code: string, message: string): Uint8Array {
  return encodeFrame({ kind: 'refusal', refusal: { code, message } })
}

function runName(run: Pick<RunKey, 'boot' | 'run'>): string {
  return `${hex(run.boot)}/${run.run}`
}

/** Serves a connection until it ends or `signal` aborts. Never rejects. */
export async function serveConnection(
  stream: Duplex,
  peer: Peer,
  parts: ConnectionParts,
  signal: AbortSignal,
): Promise<void> {
  const { durable, budget, counters, events, log, now, quarantine, spool } = parts
  const ended = new AbortController()
  const ending = AbortSignal.any([signal, ended.signal])
  /** Durable and not yet acknowledged, by run. */
  const toAcknowledge = new Map<string, { boot: Uint8Array; run: number; sequence: bigint }>()
  /** Last sequence handed to the spool, by run. */
  const taken = new Map<string, bigint>()
  let acknowledging = false
  let sensor: string | undefined
  let lastNs = 0n
  const decoder = createFrameDecoder()
  const close = (): void => {
    stream.destroy()
  }
  ending.addEventListener('abort', close, { once: true })
  stream.on('error', (error: Error) => log.debug('A connection broke.', { error }))
  stream.once('close', () => ended.abort())
  let deadline: NodeJS.Timeout | undefined = setTimeout(close, helloWithinMs)

  function write(bytes: Uint8Array): void {
    if (!stream.destroyed && stream.writable) stream.write(bytes)
  }

  /** Sends a refusal and hangs up. */
  function hangUp(code: string, message: string): void {
    counters.refusedConnections += 1
    if (!stream.destroyed && stream.writable) stream.end(refusal(code, message), close)
    // A peer that does not read must not keep it open.
    clearTimeout(deadline)
    deadline = setTimeout(close, 1000)
  }

  function acknowledge(): void {
    acknowledging = false
    for (const ack of toAcknowledge.values()) write(encodeFrame({ kind: 'ack', ack }))
    toAcknowledge.clear()
  }

  function isDurable(run: RunKey, sequence: bigint): void {
    const name = runName(run)
    const before = toAcknowledge.get(name)
    if (!before || before.sequence < sequence)
      toAcknowledge.set(name, { boot: run.boot, run: run.run, sequence })
    // What became durable in one sync is one acknowledgement.
    if (!acknowledging) {
      acknowledging = true
      setImmediate(acknowledge)
    }
  }

  async function append(record: NewRecord, heldBytes: number): Promise<void> {
    try {
      const appended = await durable.append(record, ending)
      if (appended.repeated) counters.repeatedBatches += 1
      if (record.sequence > 0n) isDurable(record, record.sequence)
    } catch (error) {
      // Not acknowledged: the sensor sends it again on its next connection.
      if (!ending.aborted) {
        log.error('A batch could not be spooled.', { error: error as Error })
        ended.abort()
      }
    } finally {
      budget.give(heldBytes)
    }
  }

  function recordOf(
    kind: NewRecord['kind'],
    run: RunKey,
    sequence: bigint,
    body: Uint8Array,
  ): NewRecord {
    return { kind, ...run, sequence, receivedNs: BigInt(now()) * 1_000_000n, body }
  }

  function refused(
    run: RunKey,
    sequence: bigint,
    said: Omit<RefusedBatch, 'fromNs' | 'toNs'>,
  ): NewRecord {
    const nowNs = BigInt(now()) * 1_000_000n
    const told: RefusedBatch = {
      ...said,
      // A host's clock may be ahead of ours: an interval does not run backwards for that.
      fromNs: String(lastNs === 0n || lastNs > nowNs ? nowNs : lastNs),
      toNs: String(nowNs),
    }
    return recordOf('refused', run, sequence, Buffer.from(JSON.stringify(told)))
  }

  /** Says how many batches of a run were skipped, when the hub did not know that they would be. */
  function noteHole(run: RunKey, from: bigint, to: bigint): void {
    const missing = Number(to - from)
    counters.missingBatches += missing
    log.warn('Batches of a sensor never came.', { missing, run: run.run })
    const record = refused(run, 0n, {
      code: 'HG_BATCH_INVALID',
      message: `batches ${from} to ${to - 1n} of run ${run.run} never came`,
      file: '',
      bytes: 0,
    })
    void append(record, 0)
  }

  /** First sequence that may come of a run: what the spool has, or where the sensor said its own begins. */
  function expected(hello: Hello, run: RunKey): bigint {
    const name = runName(run)
    const last = taken.get(name)
    if (last !== undefined) return last + 1n
    const have = spool.lastSequence(run) + 1n
    const pending = hello.pending.find((entry) => runName(entry) === name)
    return pending && pending.firstSequence > have ? pending.firstSequence : have
  }

  async function takeBatch(hello: Hello, bytes: Uint8Array): Promise<void> {
    await budget.take(bytes.length, ending)
    let handed = false
    try {
      let batch: Batch | undefined
      let failure: HoneyguideError | undefined
      try {
        batch = decodeBatch(bytes)
      } catch (error) {
        failure =
          error instanceof HoneyguideError
            ? error
            : new HoneyguideError('HG_BATCH_INVALID', String(error), { cause: error })
      }
      const known = batch ?? peekBatchIdentity(bytes)
      const run: RunKey = {
        sensor: hello.sensor,
        boot: known?.boot ?? hello.boot,
        run: known?.run ?? hello.run,
      }
      if (known && hex(known.sensor) !== hex(hello.sensor))
        throw new HoneyguideError('HG_FRAME_INVALID', 'a batch of another sensor than said hello')
      const from = expected(hello, run)
      const sequence = known?.sequence ?? from
      // What fell off the sensor's own spool is told by the batch that stands for it.
      if (sequence > from && !(batch && standsForMissing(batch))) noteHole(run, from, sequence)
      if (sequence >= from) taken.set(runName(run), sequence)
      let record: NewRecord
      if (batch) {
        counters.batches += 1
        counters.batchBytes += bytes.length
        lastNs = newestNs(batch) || lastNs
        // Its own copy would be one more; the spool has it encoded before this call returns.
        record = recordOf('batch', run, sequence, bytes)
      } else {
        counters.invalidBatches += 1
        log.warn('A batch of a sensor could not be read.', { error: failure, bytes: bytes.length })
        record = refused(run, sequence, {
          code: failure?.code ?? 'HG_BATCH_INVALID',
          message: failure?.detail ?? '',
          file: await quarantine.keep(bytes),
          bytes: bytes.length,
        })
      }
      handed = true
      void append(record, bytes.length)
    } finally {
      if (!handed) budget.give(bytes.length)
    }
  }

  async function takeHello(frame: Frame): Promise<Hello | undefined> {
    if (frame.kind !== 'hello') {
      hangUp('HG_FRAME_INVALID', `The first frame is a hello, not a ${frame.kind}.`)
      return undefined
    }
    const { hello } = frame
    if (hello.protocolMajor !== protocolVersion.major) {
      hangUp(
        'HG_PROTOCOL_UNSUPPORTED',
        `This hub speaks version ${protocolVersion.major} of the protocol, the sensor ${hello.protocolMajor}.`,
      )
      return undefined
    }
    if (peer.sensor && hex(peer.sensor) !== hex(hello.sensor)) {
      hangUp('HG_AUTH_REFUSED', 'The certificate is that of another sensor.')
      return undefined
    }
    clearTimeout(deadline)
    sensor = hex(hello.sensor)
    parts.claim(sensor)
    await parts.recordHello(hello, ending)
    const runs = [...hello.pending, { boot: hello.boot, run: hello.run }]
    const named = new Map(runs.map((run) => [runName(run), { boot: run.boot, run: run.run }]))
    write(
      encodeFrame({
        kind: 'welcome',
        welcome: {
          protocolMajor: protocolVersion.major,
          protocolMinor: protocolVersion.minor,
          have: [...named.values()].map((run) => ({
            ...run,
            sequence: spool.lastSequence({ sensor: hello.sensor, ...run }),
          })),
        },
      }),
    )
    if ('setTimeout' in stream && typeof stream.setTimeout === 'function')
      stream.setTimeout(silentMs, close)
    events.hello(hello)
    return hello
  }

  counters.connections += 1
  let hello: Hello | undefined
  try {
    // Not destroyed by leaving the loop: a refusal may have to go out first.
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      for (const frame of decoder.push(chunk as Uint8Array)) {
        counters.frames += 1
        if (!hello) {
          hello = await takeHello(frame)
          if (!hello) return
          continue
        }
        events.heard(sensor ?? '', now())
        if (frame.kind === 'batch') await takeBatch(hello, frame.batch)
        // Answered in kind, so that the sensor knows the hub is there; no timer needed on this side.
        else if (frame.kind === 'heartbeat') write(encodeFrame(frame))
        else {
          hangUp('HG_FRAME_INVALID', `A sensor does not send a ${frame.kind}.`)
          return
        }
      }
    }
    decoder.end()
  } catch (error) {
    if (!ending.aborted && error instanceof HoneyguideError) {
      log.warn('A connection to the hub was closed for what it sent.', { error })
      hangUp(error.code, error.message)
    } else if (!ending.aborted) {
      log.debug('A connection ended.', { error: error as Error })
    }
  } finally {
    // A refusal on its way closes by itself.
    if (!stream.writableEnded || stream.destroyed) {
      clearTimeout(deadline)
      close()
    } else stream.once('close', () => clearTimeout(deadline))
    if (sensor !== undefined) events.closed(sensor)
  }
}

/** Wall clock of the newest event of a batch, ns; 0 when it has none. */
function newestNs(batch: Batch): bigint {
  let newest = 0n
  for (const name of ['exec', 'fork', 'exit', 'tcp'] as const) {
    const table = batch.table(name)
    const at = table?.columns.bootNs[table.rows - 1] ?? 0n
    if (at > newest) newest = at
  }
  return newest === 0n ? 0n : newest + batch.wallOffsetNs
}
