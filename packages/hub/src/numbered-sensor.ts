/**
 * A sensor for tests that numbers its events and never gives up: what is not acknowledged is sent again, on as
 * many connections as it takes. Paced by the clock.
 */
import { connect, type Socket } from 'node:net'
import { createFrameDecoder, encodeFrame } from '@honeyguide/model/frames'
import { batchOf, fillExecs, helloOf } from './ingest/scripted-sensor.ts'

export interface NumberedSensor {
  /** Events offered so far. */
  readonly offered: number
  readonly acknowledgedBatches: number
  readonly connections: number
  /** Resolves when everything offered is acknowledged. */
  drained(): Promise<void>
  /** Stops offering; goes on sending what is not acknowledged. */
  stopOffering(): void
  close(): void
}

const eventsPerBatch = 20

export function startNumberedSensor(path: string, perSecond: number): NumberedSensor {
  const hello = helloOf()
  const bootMs = Date.now()
  const wallOffsetNs = BigInt(bootMs) * 1_000_000n
  /** Not acknowledged, by sequence, oldest first. */
  const held = new Map<number, Uint8Array>()
  let offered = 0
  let sequence = 0
  let acknowledged = 0
  let connections = 0
  let socket: Socket | undefined
  let welcome = false
  let closed = false
  let offering = true
  let retry: NodeJS.Timeout | undefined
  let waiting: (() => void)[] = []

  function send(): void {
    if (socket && welcome) for (const batch of held.values()) socket.write(batch)
  }

  function offer(): void {
    const due = Math.floor(((Date.now() - bootMs) / 1000) * perSecond)
    if (!offering) return
    while (offered + eventsPerBatch <= due) {
      sequence += 1
      const from = offered + 1
      const batch = encodeFrame({
        kind: 'batch',
        batch: batchOf(hello, sequence, (b) => fillExecs(b, from, eventsPerBatch), wallOffsetNs),
      })
      held.set(sequence, batch)
      offered += eventsPerBatch
      if (socket && welcome) socket.write(batch)
    }
  }
  const pace = setInterval(offer, 10)

  function open(): void {
    if (closed) return
    const own = connect(path)
    socket = own
    welcome = false
    const decoder = createFrameDecoder()
    own.on('connect', () => {
      connections += 1
      own.write(encodeFrame({ kind: 'hello', hello }))
    })
    own.on('data', (chunk) => {
      for (const frame of decoder.push(chunk)) {
        if (frame.kind === 'welcome') {
          const have = Number(frame.welcome.have[0]?.sequence ?? 0n)
          for (const no of held.keys()) if (no <= have) held.delete(no)
          acknowledged = Math.max(acknowledged, have)
          welcome = true
          send()
        } else if (frame.kind === 'ack') {
          acknowledged = Math.max(acknowledged, Number(frame.ack.sequence))
          for (const no of held.keys()) if (no <= acknowledged) held.delete(no)
        }
      }
      if (held.size === 0) {
        const resumes = waiting
        waiting = []
        for (const resume of resumes) resume()
      }
    })
    own.on('error', () => undefined)
    own.on('close', () => {
      if (socket !== own) return
      socket = undefined
      welcome = false
      if (!closed) retry = setTimeout(open, 20)
    })
  }
  open()

  return {
    get offered() {
      return offered
    },
    get acknowledgedBatches() {
      return acknowledged
    },
    get connections() {
      return connections
    },
    drained() {
      if (held.size === 0) return Promise.resolve()
      return new Promise<void>((resolve) => {
        waiting.push(resolve)
      })
    },
    stopOffering() {
      offering = false
      clearInterval(pace)
    },
    close() {
      closed = true
      clearInterval(pace)
      clearTimeout(retry)
      socket?.destroy()
    },
  }
}
