/** The main thread's end of the pump: requests with answers, and batches as they are made. */
import { Worker } from 'node:worker_threads'
import { HoneyguideError } from '@honeyguide/model/errors'
import type { Ack, Pending } from '@honeyguide/model/frames'
import type { Logger } from '@honeyguide/model/log'
import type { SpoolItem, SpoolPosition } from '../spool/spool.ts'
import type { FromPump, PumpStart, ToPump } from './messages.ts'

export interface LiveBatch {
  readonly sequence: bigint
  readonly wallOffsetNs: bigint
  /** Undefined when nobody observes. */
  readonly batch: Uint8Array<ArrayBuffer> | undefined
  readonly rows: number
}

export interface PumpThread {
  /** Resolves when the kernel side is attached. Rejects when it cannot be. */
  readonly ready: Promise<{ readonly layout: string }>
  /** Resolves when it stopped as asked; rejects when it failed. */
  readonly ended: Promise<void>
  read(
    after: SpoolPosition | undefined,
    items: number,
    bytes: number,
  ): Promise<readonly SpoolItem[]>
  ack(acks: readonly Ack[]): Promise<readonly Pending[]>
  snapshot(): Promise<readonly Uint8Array<ArrayBuffer>[]>
  connected(): void
  /** Whether batches are wanted with their bytes. */
  observe(observed: boolean): void
  tick(): void
  stop(): void
}

export function startPump(
  start: PumpStart,
  log: Logger,
  onBatch: (batch: LiveBatch) => void,
): PumpThread {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: start,
    // The main thread's flags do not reach a worker: its heap is bounded here.
    resourceLimits: { maxYoungGenerationSizeMb: 12, maxOldGenerationSizeMb: 96 },
  })
  const ready = Promise.withResolvers<{ readonly layout: string }>()
  const ended = Promise.withResolvers<void>()
  ready.promise.catch(() => undefined)
  ended.promise.catch(() => undefined)
  const waiting = new Map<
    number,
    { resolve: (message: FromPump) => void; reject: (error: unknown) => void }
  >()
  let lastId = 0
  let isStopped = false

  function fail(error: Error): void {
    ready.reject(error)
    ended.reject(error)
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }

  function send(message: ToPump): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no origin
    worker.postMessage(message)
  }

  function ask<Kind extends FromPump['kind']>(
    kind: Kind,
    message: (id: number) => ToPump,
  ): Promise<FromPump & { kind: Kind }> {
    const id = ++lastId
    return new Promise((resolve, reject) => {
      waiting.set(id, {
        resolve: (answer) => {
          if (answer.kind === kind) resolve(answer as FromPump & { kind: Kind })
          else reject(new HoneyguideError('HG_INTERNAL', `${answer.kind} in place of ${kind}`))
        },
        reject,
      })
      send(message(id))
    })
  }

  worker.on('message', (message: FromPump) => {
    switch (message.kind) {
      case 'ready':
        ready.resolve({ layout: message.layout })
        return
      case 'failed':
        fail(Object.assign(new Error(message.message), { code: message.code }))
        return
      case 'batch':
        onBatch(message)
        return
      case 'log':
        log[message.level](message.message, message.fields)
        return
      case 'stopped':
        isStopped = true
        ended.resolve()
        return
      case 'read':
      case 'acked':
      case 'snapshot': {
        const waiter = waiting.get(message.id)
        waiting.delete(message.id)
        waiter?.resolve(message)
      }
    }
  })
  worker.on('error', fail)
  worker.on('exit', (code) => {
    if (!isStopped) fail(new HoneyguideError('HG_INTERNAL', `The pump ended with code ${code}.`))
  })

  return {
    ready: ready.promise,
    ended: ended.promise,
    read: async (after, items, bytes) =>
      (await ask('read', (id) => ({ kind: 'read', id, after, items, bytes }))).items,
    ack: async (acks) => (await ask('acked', (id) => ({ kind: 'ack', id, acks }))).pending,
    snapshot: async () => (await ask('snapshot', (id) => ({ kind: 'snapshot', id }))).batches,
    observe: (observed) => send({ kind: 'observed', observed }),
    connected: () => send({ kind: 'connected' }),
    tick: () => send({ kind: 'tick' }),
    stop: () => send({ kind: 'stop' }),
  }
}
