/**
 * The observe socket: who may open it is told who speaks (`hello`, as the hub is), gets the live
 * processes, then each batch as it is made.
 *
 * An observer never slows the sensor down: at most `mostBatches` and `mostBytes` wait for it. Beyond that
 * it loses whole batches, and is told how many rows in the next one that it gets, by a loss row with the
 * reason `observer_slow` (offered = lost = rows of the lost batches, hook `batch`).
 */
import { chmodSync, mkdirSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { createBatchBuilder } from '@honeyguide/model/batch'
import { HoneyguideError } from '@honeyguide/model/errors'
import {
  batchFrameHeader,
  createFrameDecoder,
  encodeFrame,
  protocolVersion,
  type Hello,
} from '@honeyguide/model/frames'
import type { Logger } from '@honeyguide/model/log'
import type { SensorIdentity } from '../pump/sensor-identity.ts'
import { addLossRows } from '../spool/manifest.ts'

export interface ObserveBatch {
  readonly sequence: bigint
  readonly wallOffsetNs: bigint
  readonly batch: Uint8Array
  /** Rows in it. */
  readonly rows: number
}

export interface ObserveOptions {
  readonly path: string
  readonly identity: SensorIdentity
  /** What the sensor says of itself, without what waits for a hub. */
  readonly hello: Omit<Hello, 'pending' | 'protocolMajor' | 'protocolMinor'>
  readonly log: Logger
  /** Encoded batches of the live processes; later calls of `offer` come after it. */
  readonly snapshot: () => Promise<readonly Uint8Array[]>
  /** The first observer is there, or the last one has gone. */
  readonly onObserved?: (observed: boolean) => void
  /** Ns since boot. */
  readonly bootNs: () => bigint
  readonly mostBatches?: number
  readonly mostBytes?: number
  /** Most observers at once. */
  readonly mostClients?: number
}

export interface ObserveServer extends AsyncDisposable {
  /** Gives a batch to every observer. */
  offer(batch: ObserveBatch): void
  readonly clients: number
}

/** How far back the first batch of all may reach; later ones begin where the one before ended. */
const firstBatchNs = 1_000_000_000n

interface Client {
  readonly socket: Socket
  /** Batches, their bytes, that the socket has not taken. */
  waiting: number
  waitingBytes: number
  isLive: boolean
  lostRows: bigint
  lostFromNs: bigint
}

/** Removes a socket file that nobody listens on. Throws HG_STATE_LOCKED when somebody does. */
async function removeStale(path: string): Promise<void> {
  const isServed = await new Promise<boolean>((resolve) => {
    const socket = connect({ path })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
  if (isServed) throw new HoneyguideError('HG_STATE_LOCKED', `${path} is served by another sensor.`)
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

export async function serveObservers(options: ObserveOptions): Promise<ObserveServer> {
  const { path, log, identity } = options
  const mostBatches = options.mostBatches ?? 64
  const mostBytes = options.mostBytes ?? 4 * 1024 * 1024
  const mostClients = options.mostClients ?? 16
  const clients = new Set<Client>()
  let last: ObserveBatch | undefined
  /** When the batch before was offered: what the next one holds has happened since. */
  let offeredNs: bigint | undefined
  const hello = encodeFrame({
    kind: 'hello',
    hello: {
      ...options.hello,
      protocolMajor: protocolVersion.major,
      protocolMinor: protocolVersion.minor,
      pending: [],
    },
  })

  function refuse(socket: Socket, code: string, message: string): void {
    socket.end(encodeFrame({ kind: 'refusal', refusal: { code, message } }))
    // Who does not read its refusal is not waited for.
    setTimeout(() => socket.destroy(), 1000).unref()
  }

  function write(client: Client, batch: Uint8Array): void {
    client.waiting += 1
    client.waitingBytes += batch.length
    client.socket.cork()
    client.socket.write(batchFrameHeader(batch.length))
    client.socket.write(batch, () => {
      client.waiting -= 1
      client.waitingBytes -= batch.length
      tellLoss(client)
    })
    client.socket.uncork()
  }

  /** As soon as there is room again, and before anything newer. */
  function tellLoss(client: Client): void {
    if (client.lostRows === 0n || client.socket.destroyed) return
    if (client.waiting >= mostBatches || client.waitingBytes >= mostBytes) return
    const builder = createBatchBuilder()
    const { lostRows, lostFromNs } = client
    client.lostRows = 0n
    addLossRows(builder, [
      {
        hook: 'batch',
        reason: 'observer_slow',
        fromNs: lostFromNs,
        toNs: options.bootNs(),
        offered: lostRows,
        seen: 0n,
        lost: lostRows,
      },
    ])
    const sequence = last && last.sequence > 0n ? last.sequence : 1n
    write(client, builder.encode({ ...identity, sequence }, last?.wallOffsetNs ?? 0n, []))
  }

  async function begin(client: Client): Promise<void> {
    client.socket.write(hello)
    for (const batch of await options.snapshot()) write(client, batch)
    client.isLive = true
  }

  function accept(socket: Socket): void {
    if (clients.size >= mostClients) {
      refuse(socket, 'HG_REQUEST_INVALID', `${mostClients} observers are connected already.`)
      return
    }
    const client: Client = {
      socket,
      waiting: 0,
      waitingBytes: 0,
      isLive: false,
      lostRows: 0n,
      lostFromNs: 0n,
    }
    clients.add(client)
    if (clients.size === 1) options.onObserved?.(true)
    const decoder = createFrameDecoder()
    let hasAsked = false
    const gone = (): void => {
      if (clients.delete(client) && clients.size === 0) options.onObserved?.(false)
    }
    socket.on('close', gone)
    socket.on('error', gone)
    socket.on('data', (chunk: Uint8Array) => {
      try {
        for (const frame of decoder.push(chunk)) {
          if (frame.kind === 'heartbeat') continue
          if (frame.kind !== 'observe' || hasAsked)
            throw new HoneyguideError('HG_FRAME_INVALID', `a ${frame.kind} from an observer`)
          hasAsked = true
          if (frame.observe.protocolMajor !== protocolVersion.major)
            throw new HoneyguideError(
              'HG_PROTOCOL_UNSUPPORTED',
              `The observer speaks ${frame.observe.protocolMajor}, this sensor ${protocolVersion.major}.`,
            )
          begin(client).catch((error: unknown) => {
            log.warn('An observer got no snapshot.', { error: error as Error })
            socket.destroy()
          })
        }
      } catch (error) {
        const { code, message } = error as HoneyguideError
        gone()
        refuse(socket, code, message)
      }
    })
  }

  mkdirSync(dirname(path), { recursive: true, mode: 0o750 })
  await removeStale(path)
  const server: Server = createServer(accept)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    // Nobody may connect before the mode is right; the folder keeps others out anyhow.
    const mask = process.umask(0o117)
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
    process.umask(mask)
  })
  chmodSync(path, 0o660)

  return {
    get clients() {
      return clients.size
    },
    offer(batch) {
      last = batch
      const nowNs = options.bootNs()
      const sinceNs = offeredNs ?? nowNs - firstBatchNs
      offeredNs = nowNs
      for (const client of clients) {
        if (!client.isLive) continue
        if (
          client.waiting >= mostBatches ||
          client.waitingBytes + batch.batch.length > mostBytes ||
          client.lostRows > 0n
        ) {
          if (client.lostRows === 0n) client.lostFromNs = sinceNs
          client.lostRows += BigInt(batch.rows)
          tellLoss(client)
        } else write(client, batch.batch)
      }
    },
    async [Symbol.asyncDispose]() {
      for (const { socket } of clients) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
