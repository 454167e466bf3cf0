/** The other end of the uplink, for tests: keeps what it takes, acknowledges, and can misbehave. */
import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { decodeBatch, type Batch } from '@honeyguide/model/batch'
import {
  createFrameDecoder,
  encodeFrame,
  protocolVersion,
  type Frame,
  type Hello,
} from '@honeyguide/model/frames'
import { hex } from '@honeyguide/model/identity'

export interface TestHub extends AsyncDisposable {
  /** Batches that were taken, each once. */
  readonly batches: Batch[]
  readonly hellos: Hello[]
  /** Batches that came again. */
  readonly repeats: number
  /** Of these batches, one in n is acknowledged; 0 for none. */
  ackEvery: number
  /** Answered to hello instead of welcome. */
  refusal: { code: string; message: string } | undefined
  /** Hangs up on everybody. What it has stays. */
  disconnect(): void
  /** Numbers of the `exec` rows, in the order they came. */
  pids(): number[]
  /** Sum of the `loss` rows of this hook. */
  lost(hook: string): bigint
}

export async function startTestHub(path: string): Promise<TestHub> {
  const have = new Map<string, bigint>()
  const sockets = new Set<Socket>()
  let sinceAck = 0

  function answer(socket: Socket, frame: Frame): void {
    if (frame.kind === 'hello') {
      hub.hellos.push(frame.hello)
      if (hub.refusal) {
        socket.end(encodeFrame({ kind: 'refusal', refusal: hub.refusal }))
        return
      }
      socket.write(
        encodeFrame({
          kind: 'welcome',
          welcome: {
            protocolMajor: protocolVersion.major,
            protocolMinor: protocolVersion.minor,
            have: frame.hello.pending.map(({ boot, run }) => ({
              boot,
              run,
              sequence: have.get(`${hex(boot)}/${run}`) ?? 0n,
            })),
          },
        }),
      )
    } else if (frame.kind === 'batch') {
      const batch = decodeBatch(frame.batch)
      const key = `${hex(batch.boot)}/${batch.run}`
      if (batch.sequence <= (have.get(key) ?? 0n)) hub.repeats += 1
      else {
        have.set(key, batch.sequence)
        hub.batches.push(batch)
      }
      sinceAck += 1
      if (hub.ackEvery > 0 && sinceAck >= hub.ackEvery) {
        sinceAck = 0
        const { boot, run } = batch
        socket.write(
          encodeFrame({ kind: 'ack', ack: { boot, run, sequence: have.get(key) ?? 0n } }),
        )
      }
    }
  }

  const server: Server = createServer((socket) => {
    sockets.add(socket)
    const decoder = createFrameDecoder()
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (chunk: Uint8Array) => {
      for (const frame of decoder.push(chunk)) answer(socket, frame)
    })
  })
  rmSync(path, { force: true })
  await new Promise<void>((resolve) => server.listen(path, resolve))

  const hub = {
    batches: [] as Batch[],
    hellos: [] as Hello[],
    repeats: 0,
    ackEvery: 1,
    refusal: undefined as { code: string; message: string } | undefined,
    disconnect(): void {
      for (const socket of sockets) socket.destroy()
    },
    pids(): number[] {
      return hub.batches.flatMap((batch) => [...(batch.table('exec')?.columns.pid ?? [])])
    },
    lost(hook: string): bigint {
      let sum = 0n
      for (const batch of hub.batches) {
        const loss = batch.table('loss')
        if (!loss) continue
        for (let row = 0; row < loss.rows; row++)
          if (batch.text(loss.columns.hook[row] ?? 0) === hook) sum += loss.columns.lost[row] ?? 0n
      }
      return sum
    },
    async [Symbol.asyncDispose](): Promise<void> {
      hub.disconnect()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
  return hub
}
