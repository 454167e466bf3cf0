/**
 * Plays a recording into the log as if it happened now: the hub of `--demo`, and of looking at somebody's recording.
 *
 * At `speed` 1 an hour takes an hour; at 60 a minute. At 0 all of it is there at once. The last `liveMs` play at
 * their own pace at any speed. Every batch is moved by the same time, so that intervals stay what they were (what
 * calls back every 2 s does so at any speed), and such that nothing is ahead of the clock: quicker than life it
 * begins in the past and has caught up when it ends, or when what plays at its own pace begins.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeBatch, hex, HoneyguideError } from '@honeyguide/model'
import { encodeFrame, protocolVersion } from '@honeyguide/model/frames'
import type { Logger } from '@honeyguide/model/log'
import type { Spool } from '../spool/index.ts'
import { openRecording, type RecordedBatch, type RecordingReader } from './recording.ts'
import { shiftBatch } from './shift-time.ts'

export interface ReplayOptions {
  readonly file: string
  readonly speed: number
  readonly liveMs: number
  readonly label: string
  readonly spool: Pick<Spool, 'append' | 'pendingBytes'>
  readonly log: Logger
  readonly signal: AbortSignal
  /** Wall clock, ms. */
  readonly now: () => number
}

export interface Replay extends AsyncDisposable {
  /** Resolves when all is played. Rejects for damage in the file. */
  readonly done: Promise<void>
}

async function sayHello(
  recording: RecordingReader,
  first: RecordedBatch,
  options: ReplayOptions,
): Promise<void> {
  const { header } = recording
  const { sensor, boot, run } = decodeBatch(first.bytes)
  const hello = encodeFrame({
    kind: 'hello',
    hello: {
      protocolMajor: protocolVersion.major,
      protocolMinor: protocolVersion.minor,
      sensor,
      boot,
      run,
      hostname: header.hostname,
      version: header.sensorVersion,
      kernelRelease: header.kernelRelease,
      architecture: header.architecture,
      layout: '',
      labels: header.labels,
      pending: [],
      operatingSystem: header.operatingSystem,
      cpus: header.cpus,
      memoryBytes: BigInt(Math.max(0, Math.floor(header.memoryBytes))),
    },
  })
  await options.spool.append({
    kind: 'hello',
    sensor,
    boot,
    run,
    sequence: 0n,
    receivedNs: BigInt(options.now()) * 1_000_000n,
    body: hello.subarray(4),
  })
}

/** When the last batch was recorded, µs; 0 for an empty recording. */
async function lastReceived(file: string): Promise<number> {
  await using recording = await openRecording(file)
  let last = 0
  for await (const { receivedUs } of recording.batches()) last = receivedUs
  return last
}

/** Begins to play; throws HG_REQUEST_INVALID when the file is not a recording. */
export async function openReplay(options: ReplayOptions): Promise<Replay> {
  const { file, speed, liveMs, spool, log, now } = options
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  const recording = await openRecording(file)
  const isQuick = speed === 0 || speed > 1
  const endUs = isQuick ? await lastReceived(file) : 0

  async function play(): Promise<void> {
    const sequences = new Map<string, bigint>()
    let firstUs: number | undefined
    /** Where what plays at its own pace begins, as recorded (µs) and on the clock (ms). */
    let liveUs = endUs
    let liveAtMs = 0
    /** What every time is moved by, µs. */
    let shiftUs = 0
    const beganMs = now()
    let played = 0
    for await (const batch of recording.batches()) {
      if (firstUs === undefined) {
        firstUs = batch.receivedUs
        if (isQuick) {
          liveUs = Math.max(firstUs, endUs - liveMs * 1000)
          liveAtMs = beganMs + (speed === 0 ? 0 : (liveUs - firstUs) / 1000 / speed)
          shiftUs = Math.round(liveAtMs * 1000 - liveUs)
        } else shiftUs = Math.round(beganMs * 1000 - firstUs)
        await sayHello(recording, batch, options)
      }
      const atMs =
        isQuick && batch.receivedUs > liveUs
          ? liveAtMs + (batch.receivedUs - liveUs) / 1000
          : speed === 0
            ? beganMs
            : beganMs + (batch.receivedUs - firstUs) / 1000 / speed
      const waitMs = atMs - now()
      if (waitMs > 1) await sleep(waitMs, undefined, { signal })
      signal.throwIfAborted()
      const { sensor, boot, run } = decodeBatch(batch.bytes)
      const key = `${hex(sensor)}/${hex(boot)}/${run}`
      const sequence = (sequences.get(key) ?? 0n) + 1n
      sequences.set(key, sequence)
      const appended = spool.append({
        kind: 'batch',
        sensor,
        boot,
        run,
        sequence,
        receivedNs: BigInt(now()) * 1_000_000n,
        body: shiftBatch(batch.bytes, BigInt(shiftUs) * 1000n, sequence),
      })
      // One at a time when quick, so that memory stays small.
      if (spool.pendingBytes > 4 * 1024 * 1024) await appended
      else appended.catch(() => undefined)
      played += 1
    }
    log.info('The recording has been played.', { batches: played, tornBytes: recording.tornBytes })
  }

  const done = play()
  done.catch((error: unknown) => {
    if (!signal.aborted)
      log.error('The recording could not be played to its end.', {
        error:
          error instanceof Error ? error : new HoneyguideError('HG_REQUEST_INVALID', String(error)),
      })
  })
  return {
    done,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await done.catch(() => undefined)
      await recording[Symbol.asyncDispose]()
    },
  }
}
