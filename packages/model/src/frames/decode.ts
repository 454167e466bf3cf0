/**
 * Reads frames from a stream of bytes that may come from anybody.
 *
 * The length is checked before anything is kept, and only a batch may be longer than 64 KiB; what is kept
 * of an unfinished frame never exceeds what has arrived. A batch is not looked into (`decodeBatch` does)
 * and not copied when it lies in one chunk.
 */
import { fromBinary } from '@bufbuild/protobuf'
import { FrameSchema } from '../../gen/honeyguide/v1/uplink_pb.ts'
import { HoneyguideError } from '../errors.ts'
import type { Ack, Frame, Pending } from './frame.ts'
import { frameLimits } from './limits.ts'

const batchTag = (3 << 3) | 2

function refuse(detail: string, cause?: unknown): never {
  throw new HoneyguideError('HG_FRAME_INVALID', detail, cause === undefined ? undefined : { cause })
}

function id(bytes: Uint8Array, what: string): Uint8Array {
  if (bytes.length !== 16) refuse(`${what} of ${bytes.length} bytes, not 16`)
  return bytes
}

function words(value: string, what: string): string {
  if (value.length > frameLimits.text) refuse(`${what} of ${value.length} characters`)
  return value
}

function list<From, To>(items: readonly From[], what: string, map: (item: From) => To): To[] {
  if (items.length > frameLimits.pending) refuse(`${items.length} ${what}`)
  return items.map(map)
}

/** The bytes of a batch frame: exactly one field, whose length is the rest of the frame. */
function decodeBatchFrame(body: Uint8Array): Frame {
  let length = 0
  let at = 1
  for (let shift = 0; ; shift += 7) {
    const byte = body[at]
    if (byte === undefined || shift > 21) refuse('a batch without its length')
    at += 1
    length += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  if (length !== body.length - at)
    refuse(`a batch of ${length} bytes in a frame with room for ${body.length - at}`)
  return { kind: 'batch', batch: body.subarray(at) }
}

/** One frame without its length. Throws HG_FRAME_INVALID, saying what is wrong with it. */
export function decodeFrameBody(body: Uint8Array): Frame {
  if (body.length > frameLimits.bytes)
    refuse(`${body.length} bytes, at most ${frameLimits.bytes} are taken`)
  if (body[0] === batchTag) return decodeBatchFrame(body)
  if (body.length > frameLimits.controlBytes)
    refuse(`${body.length} bytes that are no batch; at most ${frameLimits.controlBytes} are taken`)
  let kind
  try {
    kind = fromBinary(FrameSchema, body).kind
  } catch (cause) {
    refuse(`not a frame: ${(cause as Error).message}`, cause)
  }
  switch (kind.case) {
    case 'hello': {
      const { value } = kind
      const labels = Object.entries(value.labels)
      if (labels.length > frameLimits.labels) refuse(`${labels.length} labels`)
      return {
        kind: 'hello',
        hello: {
          protocolMajor: value.protocolMajor,
          protocolMinor: value.protocolMinor,
          sensor: id(value.sensor, 'sensor id'),
          boot: id(value.boot, 'boot id'),
          run: value.run,
          hostname: words(value.hostname, 'hostname'),
          version: words(value.version, 'version'),
          kernelRelease: words(value.kernelRelease, 'kernel release'),
          architecture: words(value.architecture, 'architecture'),
          layout: words(value.layout, 'layout'),
          labels: Object.fromEntries(
            labels.map(([name, label]) => [words(name, 'label'), words(label, 'label')]),
          ),
          pending: list(value.pending, 'pending runs', (run): Pending => {
            if (run.firstSequence === 0n || run.lastSequence < run.firstSequence)
              refuse(`pending from ${run.firstSequence} to ${run.lastSequence}`)
            return {
              boot: id(run.boot, 'boot id'),
              run: run.run,
              firstSequence: run.firstSequence,
              lastSequence: run.lastSequence,
            }
          }),
          operatingSystem: words(value.operatingSystem, 'operating system'),
          cpus: value.cpus,
          memoryBytes: value.memoryBytes,
        },
      }
    }
    case 'welcome': {
      const { protocolMajor, protocolMinor, have } = kind.value
      return {
        kind: 'welcome',
        welcome: {
          protocolMajor,
          protocolMinor,
          have: list(have, 'runs', (ack): Ack => ({
            boot: id(ack.boot, 'boot id'),
            run: ack.run,
            sequence: ack.sequence,
          })),
        },
      }
    }
    case 'ack': {
      const { boot, run, sequence } = kind.value
      return { kind: 'ack', ack: { boot: id(boot, 'boot id'), run, sequence } }
    }
    case 'refusal': {
      const { code, message } = kind.value
      return {
        kind: 'refusal',
        refusal: { code: words(code, 'code'), message: words(message, 'message') },
      }
    }
    case 'heartbeat': {
      const { bootNs, wallOffsetNs } = kind.value
      return { kind: 'heartbeat', heartbeat: { bootNs, wallOffsetNs } }
    }
    case 'observe': {
      const { protocolMajor, protocolMinor } = kind.value
      return { kind: 'observe', observe: { protocolMajor, protocolMinor } }
    }
    case 'batch':
      // A batch that is not the first field of its frame.
      return refuse('a batch beside other fields')
    case undefined:
      return refuse('a frame of no known kind')
  }
}

export interface FrameDecoder {
  /**
   * Yields the frames that this chunk completes: iterate to the end before the next push. Throws
   * HG_FRAME_INVALID after the last good frame; from then on the stream is lost and every push throws.
   * Frames may share the chunk's memory: do not reuse it while a frame is held.
   */
  push(chunk: Uint8Array): Generator<Frame, void, undefined>
  /** The stream has ended: throws HG_FRAME_INVALID when it did so inside a frame. */
  end(): void
  /** Bytes held of a frame that is not complete. */
  readonly heldBytes: number
}

/** Text protocols begin with letters, whose length as a number is far beyond the limit. */
function describeLength(head: Uint8Array, length: number): string {
  const printable = head.every((byte) => byte >= 0x20 && byte < 0x7f)
  const said = printable ? `; it begins like text: "${String.fromCharCode(...head)}"` : ''
  return `a length of ${length} bytes, at most ${frameLimits.bytes} are taken${said}`
}

export function createFrameDecoder(): FrameDecoder {
  const head = new Uint8Array(4)
  let headBytes = 0
  /** Length of the frame being read, once its 4 bytes are there. */
  let length: number | undefined
  let parts: Uint8Array[] = []
  let partBytes = 0
  let failure: unknown

  function beginFrame(): void {
    length = new DataView(head.buffer).getUint32(0, true)
    if (length > frameLimits.bytes) refuse(describeLength(head, length))
    if (length === 0) refuse('an empty frame')
  }

  function body(): Uint8Array {
    const only = parts[0]
    if (parts.length === 1 && only) return only
    const whole = new Uint8Array(partBytes)
    let at = 0
    for (const part of parts) {
      whole.set(part, at)
      at += part.length
    }
    return whole
  }

  function* read(chunk: Uint8Array): Generator<Frame, void, undefined> {
    let at = 0
    while (at < chunk.length) {
      if (length === undefined) {
        const taken = Math.min(4 - headBytes, chunk.length - at)
        head.set(chunk.subarray(at, at + taken), headBytes)
        headBytes += taken
        at += taken
        if (headBytes < 4) return
        beginFrame()
      }
      const taken = Math.min((length ?? 0) - partBytes, chunk.length - at)
      if (taken > 0) {
        // Whether a long frame may go on is known from its first byte, before the rest is kept.
        if (partBytes === 0 && (length ?? 0) > frameLimits.controlBytes && chunk[at] !== batchTag)
          refuse(`${length} bytes that are no batch; at most ${frameLimits.controlBytes} are taken`)
        parts.push(chunk.subarray(at, at + taken))
        partBytes += taken
        at += taken
      }
      if (partBytes < (length ?? 0)) return
      const whole = body()
      headBytes = 0
      length = undefined
      parts = []
      partBytes = 0
      yield decodeFrameBody(whole)
    }
  }

  return {
    *push(chunk) {
      if (failure !== undefined) throw failure
      try {
        yield* read(chunk)
      } catch (error) {
        failure = error
        parts = []
        partBytes = 0
        throw error
      }
    },
    end() {
      if (failure === undefined && (headBytes > 0 || partBytes > 0))
        refuse(
          length === undefined
            ? `the stream ended in the length of a frame`
            : `the stream ended after ${partBytes} of ${length} bytes of a frame`,
        )
    },
    get heldBytes() {
      return headBytes + partBytes
    },
  }
}
