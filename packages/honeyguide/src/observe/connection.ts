/**
 * Batches from a sensor's observe socket, without the hub; survives restarts of the sensor.
 *
 * A slow reader holds the socket back and the sensor then loses whole batches for it and says so in a loss row;
 * nothing queues up here.
 */
import { createConnection, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeBatch, type Batch } from '@honeyguide/model/batch'
import { HoneyguideError } from '@honeyguide/model/errors'
import {
  createFrameDecoder,
  encodeFrame,
  protocolVersion,
  type Hello,
} from '@honeyguide/model/frames'

export type Observed =
  | { readonly kind: 'batch'; readonly batch: Batch; readonly encoded: Uint8Array }
  /** The socket is open; live processes follow. `isAgain`: after a time in which nothing was seen. */
  | { readonly kind: 'connected'; readonly isAgain: boolean }
  /** What the sensor says of itself: comes before the first batch of each connection. */
  | { readonly kind: 'hello'; readonly hello: Hello }
  | { readonly kind: 'away' }

export interface ObserveSourceOptions {
  readonly socketPath: string
  readonly signal: AbortSignal
  /** Whether to wait for a sensor that is not there yet. */
  readonly waits?: boolean
}

const retryMs = { first: 50, most: 1000 } as const

function connect(path: string, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path, signal })
    socket.once('connect', () => resolve(socket))
    socket.once('error', reject)
  })
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

/** Ends when the signal aborts. Throws HG_NOT_RUNNING, HG_NEEDS_ROOT, or what the sensor refused with. */
export async function* observeBatches(
  options: ObserveSourceOptions,
): AsyncGenerator<Observed, void, undefined> {
  const { socketPath, signal, waits = false } = options
  let wasConnected = false
  let wait: number = retryMs.first
  while (!signal.aborted) {
    let socket: Socket
    try {
      socket = await connect(socketPath, signal)
    } catch (cause) {
      if (isAbort(cause)) return
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
      if (code === 'EACCES')
        throw new HoneyguideError('HG_NEEDS_ROOT', `${socketPath} may not be opened by this user`, {
          cause,
        })
      if (!wasConnected && !waits)
        throw new HoneyguideError(
          'HG_NOT_RUNNING',
          `no sensor answers at ${socketPath} (${code})`,
          { cause },
        )
      await sleep(wait, undefined, { signal }).catch(() => undefined)
      wait = Math.min(wait * 2, retryMs.most)
      continue
    }
    yield { kind: 'connected', isAgain: wasConnected }
    wasConnected = true
    wait = retryMs.first
    try {
      socket.on('error', () => undefined)
      socket.write(
        encodeFrame({
          kind: 'observe',
          observe: { protocolMajor: protocolVersion.major, protocolMinor: protocolVersion.minor },
        }),
      )
      const decoder = createFrameDecoder()
      let isNamed = false
      for await (const chunk of socket as AsyncIterable<Uint8Array>) {
        for (const frame of decoder.push(chunk)) {
          if (frame.kind === 'refusal')
            throw new HoneyguideError(
              'HG_PROTOCOL_UNSUPPORTED',
              `${frame.refusal.code}: ${frame.refusal.message}`,
            )
          if (frame.kind === 'hello') {
            isNamed = true
            yield { kind: 'hello', hello: frame.hello }
          }
          if (frame.kind !== 'batch') continue
          if (!isNamed)
            throw new HoneyguideError(
              'HG_PROTOCOL_UNSUPPORTED',
              'the sensor that runs does not say who it is: it is of an older version',
            )
          yield { kind: 'batch', batch: decodeBatch(frame.batch), encoded: frame.batch }
        }
      }
    } catch (error) {
      if (isAbort(error)) return
      // A socket that broke is opened again; anything else is for the caller.
      if (error instanceof HoneyguideError) throw error
    } finally {
      socket.destroy()
    }
    if (!signal.aborted) yield { kind: 'away' }
  }
}
