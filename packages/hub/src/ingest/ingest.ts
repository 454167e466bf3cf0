/**
 * The hub's door for sensors: accepts connections over a transport and spools what they send.
 *
 * One connection per sensor: a new one ends the older (it is the same sensor after a broken line). What
 * all connections together hold in memory is bounded by one budget.
 */
import type { Duplex } from 'node:stream'
import { hex } from '@honeyguide/model'
import type { Logger } from '@honeyguide/model/log'
import { encodeFrame, type Hello } from '@honeyguide/model/frames'
import type { Spool } from '../spool/index.ts'
import { createByteBudget } from './byte-budget.ts'
import {
  createIngestCounters,
  serveConnection,
  type ConnectionEvents,
  type IngestCounters,
} from './connection.ts'
import { createDurableAppend } from './durable-append.ts'
import { openQuarantine } from './quarantine.ts'
import type { OpenTransport, Peer } from './transport.ts'

export interface IngestOptions {
  readonly spool: Spool
  readonly transport: OpenTransport
  readonly quarantineDir: string
  readonly events: ConnectionEvents
  readonly log: Logger
  readonly signal: AbortSignal
  /** Bytes read from sensors and not yet durable; 32 MiB by default. */
  readonly budgetBytes?: number
  /** Wall clock, ms. */
  readonly now?: () => number
  /** Pause between tries while the disk is full; a second by default. */
  readonly retryMs?: number
}

export interface Ingest extends AsyncDisposable {
  readonly address: string
  readonly counters: Readonly<IngestCounters>
  readonly heldBytes: number
  /** The disk was full at the last try: nothing is acknowledged. */
  readonly isDiskFull: boolean
  /** Sensors connected now. */
  readonly connected: number
}

/** Of more sensors than this a hello that is said again is spooled again. */
const mostHellos = 10_000
const defaultBudgetBytes = 32 * 1024 * 1024

export async function openIngest(options: IngestOptions): Promise<Ingest> {
  const { spool, log, now = Date.now } = options
  const stopping = new AbortController()
  const signal = AbortSignal.any([options.signal, stopping.signal])
  const budget = createByteBudget(options.budgetBytes ?? defaultBudgetBytes)
  const durable = createDurableAppend(spool, log, options.retryMs)
  const quarantine = await openQuarantine(options.quarantineDir)
  const counters = createIngestCounters()
  /** What each sensor said last, as it is in the spool: said again, it is not spooled again. */
  const lastHello = new Map<string, string>()
  const bySensor = new Map<string, AbortController>()
  const serving = new Set<Promise<void>>()

  async function recordHello(hello: Hello, of: AbortSignal): Promise<void> {
    const sensor = hex(hello.sensor)
    const body = encodeFrame({ kind: 'hello', hello: { ...hello, pending: [] } })
    const said = Buffer.from(body).toString('latin1')
    if (lastHello.get(sensor) === said) return
    await durable.append(
      {
        kind: 'hello',
        sensor: hello.sensor,
        boot: hello.boot,
        run: hello.run,
        sequence: 0n,
        receivedNs: BigInt(now()) * 1_000_000n,
        // Without its length: what `decodeFrameBody` reads.
        body: body.subarray(4),
      },
      of,
    )
    lastHello.set(sensor, said)
    const oldest = lastHello.size > mostHellos ? lastHello.keys().next().value : undefined
    if (oldest !== undefined) lastHello.delete(oldest)
  }

  function accept(stream: Duplex, peer: Peer): void {
    const own = new AbortController()
    let claimed: string | undefined
    const served = serveConnection(
      stream,
      peer,
      {
        spool,
        durable,
        quarantine,
        budget,
        events: options.events,
        counters,
        log,
        recordHello,
        now,
        claim(sensor) {
          const older = bySensor.get(sensor)
          if (older) {
            log.info('A sensor has connected again; its older connection ends.')
            older.abort()
          }
          claimed = sensor
          bySensor.set(sensor, own)
        },
      },
      AbortSignal.any([signal, own.signal]),
    ).finally(() => {
      serving.delete(served)
      if (claimed !== undefined && bySensor.get(claimed) === own) bySensor.delete(claimed)
    })
    serving.add(served)
  }

  const transport = await options.transport(accept)
  return {
    address: transport.address,
    counters,
    get heldBytes() {
      return budget.used
    },
    get isDiskFull() {
      return durable.isFull
    },
    get connected() {
      return bySensor.size
    },
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await Promise.all(serving)
      await transport[Symbol.asyncDispose]()
    },
  }
}
