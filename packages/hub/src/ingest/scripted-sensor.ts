/**
 * A sensor for tests that does what a script says, right or wrong, over a real socket.
 *
 * It speaks frames by the model's codec and can send any bytes; what the hub answers is kept in order.
 */
import { connect, type Socket } from 'node:net'
import { createBatchBuilder, type BatchBuilder } from '@honeyguide/model'
import {
  createFrameDecoder,
  encodeFrame,
  protocolVersion,
  type Ack,
  type Frame,
  type Hello,
} from '@honeyguide/model/frames'

export interface ScriptedSensor extends Disposable {
  readonly hello: Hello
  readonly answers: readonly Frame[]
  readonly closed: boolean
  send(frame: Frame): void
  sendBytes(bytes: Uint8Array): void
  /** Sends a batch of this sensor's current run. */
  batch(sequence: number, fill: (builder: BatchBuilder) => void): void
  /** Resolves once `when` holds for the answers (or the connection closed); rejects after 5 s. */
  until(when: (answers: readonly Frame[], closed: boolean) => boolean): Promise<void>
  /** Highest acknowledged sequence of the current run. */
  acknowledged(): number
  readonly socket: Socket
}

export function bytesOf(fill: number): Uint8Array {
  return new Uint8Array(16).fill(fill)
}

export function helloOf(over: Partial<Hello> = {}): Hello {
  return {
    protocolMajor: protocolVersion.major,
    protocolMinor: protocolVersion.minor,
    sensor: bytesOf(1),
    boot: bytesOf(2),
    run: 1,
    hostname: 'web-1',
    version: '0.1.0',
    kernelRelease: '6.18.0',
    architecture: 'x86_64',
    layout: '0123456789abcdef',
    labels: { role: 'web' },
    pending: [],
    operatingSystem: 'Debian 12',
    cpus: 2,
    memoryBytes: 4n << 30n,
    ...over,
  }
}

/** Encodes a batch of the sensor that `hello` describes. */
export function batchOf(
  hello: Hello,
  sequence: number,
  fill: (builder: BatchBuilder) => void,
  wallOffsetNs = BigInt(Date.now()) * 1_000_000n,
): Uint8Array {
  const builder = createBatchBuilder()
  fill(builder)
  const { sensor, boot, run } = hello
  return builder.encode({ sensor, boot, run, sequence: BigInt(sequence) }, wallOffsetNs, [])
}

/** Connects and, unless `silent`, says hello and waits for the answer. */
export async function openScriptedSensor(
  path: string,
  over: Partial<Hello> = {},
  options: { readonly silent?: boolean; readonly wallOffsetNs?: bigint } = {},
): Promise<ScriptedSensor> {
  const hello = helloOf(over)
  const socket = connect(path)
  const answers: Frame[] = []
  const decoder = createFrameDecoder()
  let closed = false
  let wake: (() => void)[] = []
  const changed = (): void => {
    const waiting = wake
    wake = []
    for (const resume of waiting) resume()
  }
  socket.on('data', (chunk) => {
    for (const frame of decoder.push(chunk)) answers.push(frame)
    changed()
  })
  socket.on('error', () => undefined)
  socket.on('close', () => {
    closed = true
    changed()
  })
  const isAck = (frame: Frame): frame is { kind: 'ack'; ack: Ack } => frame.kind === 'ack'
  const sensor: ScriptedSensor = {
    hello,
    answers,
    socket,
    get closed() {
      return closed
    },
    send: (frame) => void socket.write(encodeFrame(frame)),
    sendBytes: (bytes) => void socket.write(bytes),
    batch(sequence, fill) {
      sensor.send({ kind: 'batch', batch: batchOf(hello, sequence, fill, options.wallOffsetNs) })
    },
    async until(when) {
      const deadline = Date.now() + 5000
      while (!when(answers, closed)) {
        const left = deadline - Date.now()
        if (left <= 0)
          throw new Error(`nothing of the kind in 5 s; ${answers.length} answers, closed ${closed}`)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left)
          wake.push(() => {
            clearTimeout(timer)
            resolve()
          })
        })
      }
    },
    acknowledged: () =>
      answers
        .filter(isAck)
        .filter(({ ack }) => ack.run === hello.run)
        .reduce((most, { ack }) => Math.max(most, Number(ack.sequence)), 0),
    [Symbol.dispose]: () => void socket.destroy(),
  }
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  if (!options.silent) {
    sensor.send({ kind: 'hello', hello })
    await sensor.until((all, end) => end || all.length > 0)
  }
  return sensor
}

/** Adds `count` exec rows, numbered from `from` in their command line. */
export function fillExecs(builder: BatchBuilder, from: number, count: number): void {
  const table = builder.table('exec')
  for (let i = 0; i < count; i++) {
    const row = table.add()
    const no = from + i
    const { columns } = table
    columns.bootNs[row] = BigInt(no) * 1_000_000n
    columns.seq[row] = BigInt(no)
    columns.pid[row] = 1000 + (no % 30_000)
    columns.startNs[row] = BigInt(no) * 1_000_000n
    columns.execNo[row] = 1
    columns.parentPid[row] = 1
    columns.file[row] = builder.string('/bin/true')
    columns.fileTyped[row] = builder.string('/bin/true')
    columns.argv[row] = builder.string(`true\0${no}\0`)
  }
}
