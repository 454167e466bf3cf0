/**
 * Keeps the hub fed: connects, says hello, streams what waits in the spool, takes acknowledgements, and
 * begins again after every end.
 *
 * What always holds: batches are sent in the order of the spool; never more than `window` batches or
 * `windowBytes` are sent beyond what the spool has taken in as acknowledged; a hub that acknowledges nothing
 * for `ackMs` while batches wait for it is taken for gone; nothing is kept in memory but
 * what is being written to the socket, because whatever is not acknowledged can be read again.
 */
import type { Duplex } from 'node:stream'
import { HoneyguideError } from '@honeyguide/model/errors'
import {
  batchFrameHeader,
  createFrameDecoder,
  encodeFrame,
  protocolVersion,
  type Ack,
  type Frame,
  type Hello,
  type Pending,
} from '@honeyguide/model/frames'
import type { Logger } from '@honeyguide/model/log'
import type { SpoolItem, SpoolPosition } from '../spool/spool.ts'
import { createBackOff, type BackOff } from './back-off.ts'
import type { Transport } from './transport.ts'

/** The spool as the uplink sees it, maybe through a thread. */
export interface UplinkSource {
  read(
    after: SpoolPosition | undefined,
    items: number,
    bytes: number,
  ): Promise<readonly SpoolItem[]>
  /** Resolves when they are taken in. Returns what still waits. */
  ack(acks: readonly Ack[]): Promise<readonly Pending[]>
  /** The hub has welcomed us. */
  connected(): void
}

export interface UplinkOptions {
  readonly transport: Transport
  readonly source: UplinkSource
  /** Without `pending`, which is asked of the source. */
  readonly hello: Omit<Hello, 'pending' | 'protocolMajor' | 'protocolMinor'>
  readonly log: Logger
  readonly random: () => number
  /** For heartbeats. */
  readonly now: () => { readonly bootNs: bigint; readonly wallOffsetNs: bigint }
  /** Nothing was sent for `heartbeatMs`, or another try to reach the hub has failed. */
  readonly onSilence?: () => void
  readonly window?: number
  readonly windowBytes?: number
  /** Silence after which a heartbeat is sent, ms. */
  readonly heartbeatMs?: number
  /** Pauses between tries; by default 100 ms to 5 s. */
  readonly backOff?: BackOff
  /** How long the hub may take to answer hello, ms. */
  readonly helloMs?: number
  /**
   * How long batches may wait for their first or next acknowledgement, ms. Longer than a hub's fsync on a
   * busy disk takes; whatever it was is sent again, and a hub that has it says so.
   */
  readonly ackMs?: number
}

export interface Uplink {
  /** There is something new in the spool. */
  wake(): void
  /** Runs until the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

/** Most batches and bytes on the way; the spool must be given the same window. */
export const uplinkWindow = { batches: 64, bytes: 8 * 1024 * 1024 } as const

interface Sent extends SpoolPosition {
  readonly boot: Uint8Array
  readonly bytes: number
}

function sameBoot(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, i) => byte === b[i])
}

export function createUplink(options: UplinkOptions): Uplink {
  const { transport, source, log } = options
  const window = options.window ?? uplinkWindow.batches
  const windowBytes = options.windowBytes ?? uplinkWindow.bytes
  const heartbeatMs = options.heartbeatMs ?? 10_000
  const helloMs = options.helloMs ?? 10_000
  const ackMs = options.ackMs ?? 30_000
  const backOff = options.backOff ?? createBackOff(options.random)
  let wakeConnection: (() => void) | undefined

  /** One connection from hello to its end. Throws why it ended. */
  async function serve(stream: Duplex, signal: AbortSignal): Promise<void> {
    const decoder = createFrameDecoder()
    const frames: Frame[] = []
    let failure: Error | undefined
    let isClosed = false
    let notify: (() => void) | undefined
    let lastWriteMs = performance.now()
    const poke = (): void => notify?.()
    const onAbort = (): void => void stream.destroy()
    // It may have come while the connection was being handed over.
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    wakeConnection = poke
    stream.on('data', (chunk: Uint8Array) => {
      try {
        for (const frame of decoder.push(chunk)) frames.push(frame)
      } catch (error) {
        failure ??= error as Error
        stream.destroy()
      }
      poke()
    })
    stream.on('drain', poke)
    stream.on('error', (error) => {
      failure ??= error
      poke()
    })
    stream.on('end', () => stream.destroy())
    stream.on('close', () => {
      isClosed = true
      poke()
    })

    /** Waits for anything, at most `ms`. False when the time passed. */
    async function something(ms: number): Promise<boolean> {
      if (isClosed || frames.length > 0) return true
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          notify = undefined
          resolve(false)
        }, ms)
        notify = () => {
          clearTimeout(timer)
          notify = undefined
          resolve(true)
        }
      })
    }

    function write(bytes: Uint8Array): void {
      lastWriteMs = performance.now()
      stream.write(bytes)
    }

    function checkOpen(): void {
      if (failure) throw failure
      if (isClosed) throw new Error('The hub closed the connection.')
    }

    try {
      const pending = await source.ack([])
      checkOpen()
      write(
        encodeFrame({
          kind: 'hello',
          hello: {
            ...options.hello,
            protocolMajor: protocolVersion.major,
            protocolMinor: protocolVersion.minor,
            // More than these wait their turn: they are named by the next hello, and sent anyhow.
            pending: pending.slice(0, 1024),
          },
        }),
      )
      const helloAt = performance.now()
      while (frames.length === 0) {
        checkOpen()
        if (!(await something(helloMs)) && performance.now() - helloAt >= helloMs)
          throw new Error(`The hub did not answer within ${helloMs} ms.`)
      }
      const first = frames.shift()
      if (first?.kind === 'refusal') throw refused(first)
      if (first?.kind !== 'welcome')
        throw new HoneyguideError('HG_FRAME_INVALID', `a ${first?.kind} in place of a welcome`)
      if (first.welcome.protocolMajor !== protocolVersion.major)
        throw new HoneyguideError(
          'HG_PROTOCOL_UNSUPPORTED',
          `The hub speaks ${first.welcome.protocolMajor}, this sensor ${protocolVersion.major}.`,
        )
      await source.ack(first.welcome.have)
      backOff.reset()
      log.info('Connected to the hub.', { pending: pending.length })
      source.connected()
      await streamBatches(stream)
    } finally {
      signal.removeEventListener('abort', onAbort)
      wakeConnection = undefined
      stream.destroy()
    }

    async function streamBatches(to: Duplex): Promise<void> {
      let sent: Sent[] = []
      let sentBytes = 0
      /** When batches began to wait for an acknowledgement, or the last one came. */
      let waitingSinceMs = 0
      let cursor: SpoolPosition | undefined
      /** Whether there may be something to read that is not sent. */
      let mayRead = true
      wakeConnection = () => {
        mayRead = true
        poke()
      }
      for (;;) {
        checkOpen()
        const acks: Ack[] = []
        for (const frame of frames.splice(0)) {
          if (frame.kind === 'ack') acks.push(frame.ack)
          else if (frame.kind === 'refusal') throw refused(frame)
          else if (frame.kind !== 'heartbeat')
            throw new HoneyguideError('HG_FRAME_INVALID', `a ${frame.kind} from the hub`)
        }
        if (acks.length > 0) {
          waitingSinceMs = performance.now()
          await source.ack(acks)
          const isAcked = (item: Sent): boolean =>
            acks.some(
              (ack) =>
                ack.run === item.run &&
                ack.sequence >= item.sequence &&
                sameBoot(ack.boot, item.boot),
            )
          sent = sent.filter((item) => {
            if (!isAcked(item)) return true
            sentBytes -= item.bytes
            return false
          })
          continue
        }
        const room = window - sent.length
        if (mayRead && room > 0 && sentBytes < windowBytes && !to.writableNeedDrain) {
          mayRead = false
          // A megabyte at a time, so that the memory held is bounded by more than the window.
          const items = await source.read(
            cursor,
            room,
            Math.min(1024 * 1024, windowBytes - sentBytes),
          )
          checkOpen()
          for (const item of items) {
            const { boot, run, sequence, batch } = item
            to.cork()
            const bytes = batch.length
            write(batchFrameHeader(bytes))
            // Freed as soon as it is written: this thread makes so little else that its collector rarely runs.
            to.write(batch, () => batch.buffer.transfer(0))
            to.uncork()
            if (sent.length === 0) waitingSinceMs = performance.now()
            sent.push({ boot, run, sequence, bytes })
            sentBytes += bytes
            cursor = { run, sequence }
          }
          if (items.length > 0) mayRead = true
          continue
        }
        const waited = performance.now() - waitingSinceMs
        if (sent.length > 0 && waited >= ackMs)
          throw new Error(`The hub acknowledged none of ${sent.length} batches within ${ackMs} ms.`)
        const silent = performance.now() - lastWriteMs
        if (silent >= heartbeatMs) {
          write(encodeFrame({ kind: 'heartbeat', heartbeat: options.now() }))
          options.onSilence?.()
          continue
        }
        await something(
          sent.length > 0 ? Math.min(heartbeatMs - silent, ackMs - waited) : heartbeatMs - silent,
        )
      }
    }
  }

  function refused(frame: Frame & { kind: 'refusal' }): Error {
    const { code, message } = frame.refusal
    return Object.assign(new Error(`The hub refused: ${message}`), { code })
  }

  return {
    wake: () => wakeConnection?.(),
    async run(signal) {
      while (!signal.aborted) {
        try {
          const stream = await transport.connect(signal)
          await serve(stream, signal)
        } catch (error) {
          if (signal.aborted) return
          log.warn('The hub is away; batches are kept on disk.', {
            address: transport.address,
            error: error as Error,
          })
          options.onSilence?.()
        }
        const ms = backOff.next()
        await new Promise<void>((resolve) => {
          const timer = setTimeout(done, ms)
          function done(): void {
            clearTimeout(timer)
            signal.removeEventListener('abort', done)
            resolve()
          }
          signal.addEventListener('abort', done, { once: true })
        })
      }
    },
  }
}
