/** Writes frames: 4 bytes of little-endian length, then a `Frame` message. */
import { create, toBinary } from '@bufbuild/protobuf'
import { FrameSchema } from '../../gen/honeyguide/v1/uplink_pb.ts'
import { HoneyguideError } from '../errors.ts'
import type { Frame } from './frame.ts'
import { frameLimits } from './limits.ts'

/** Field 3 (batch), length-delimited. */
const batchTag = (3 << 3) | 2

/**
 * What goes before the bytes of a batch on the wire: length, tag and the batch's own length. Lets a
 * sender write a batch from the spool without copying it. Throws HG_FRAME_INVALID when it is too long.
 */
export function batchFrameHeader(batchBytes: number): Uint8Array {
  const varint: number[] = []
  for (let rest = batchBytes; ; rest >>>= 7) {
    if (rest < 0x80) {
      varint.push(rest)
      break
    }
    varint.push((rest & 0x7f) | 0x80)
  }
  const length = 1 + varint.length + batchBytes
  if (length > frameLimits.bytes)
    throw new HoneyguideError('HG_FRAME_INVALID', `a batch of ${batchBytes} bytes does not fit`)
  const header = new Uint8Array(5 + varint.length)
  new DataView(header.buffer).setUint32(0, length, true)
  header[4] = batchTag
  header.set(varint, 5)
  return header
}

function message(frame: Exclude<Frame, { kind: 'batch' }>): Uint8Array {
  switch (frame.kind) {
    case 'hello': {
      const { hello } = frame
      return toBinary(
        FrameSchema,
        create(FrameSchema, {
          kind: {
            case: 'hello',
            value: {
              ...hello,
              sensor: new Uint8Array(hello.sensor),
              boot: new Uint8Array(hello.boot),
              labels: { ...hello.labels },
              pending: hello.pending.map((run) => ({ ...run, boot: new Uint8Array(run.boot) })),
            },
          },
        }),
      )
    }
    case 'welcome': {
      const { welcome } = frame
      const have = welcome.have.map((ack) => ({ ...ack, boot: new Uint8Array(ack.boot) }))
      return toBinary(
        FrameSchema,
        create(FrameSchema, { kind: { case: 'welcome', value: { ...welcome, have } } }),
      )
    }
    case 'ack':
      return toBinary(
        FrameSchema,
        create(FrameSchema, {
          kind: { case: 'ack', value: { ...frame.ack, boot: new Uint8Array(frame.ack.boot) } },
        }),
      )
    case 'refusal':
      return toBinary(
        FrameSchema,
        create(FrameSchema, { kind: { case: 'refusal', value: { ...frame.refusal } } }),
      )
    case 'heartbeat':
      return toBinary(
        FrameSchema,
        create(FrameSchema, { kind: { case: 'heartbeat', value: { ...frame.heartbeat } } }),
      )
    case 'observe':
      return toBinary(
        FrameSchema,
        create(FrameSchema, { kind: { case: 'observe', value: { ...frame.observe } } }),
      )
  }
}

/** The frame as it goes on the wire, length included. Throws HG_FRAME_INVALID when it is longer than the limits. */
export function encodeFrame(frame: Frame): Uint8Array {
  if (frame.kind === 'batch') {
    const header = batchFrameHeader(frame.batch.length)
    const out = new Uint8Array(header.length + frame.batch.length)
    out.set(header)
    out.set(frame.batch, header.length)
    return out
  }
  const body = message(frame)
  if (body.length > frameLimits.controlBytes)
    throw new HoneyguideError('HG_FRAME_INVALID', `a ${frame.kind} of ${body.length} bytes`)
  const out = new Uint8Array(4 + body.length)
  new DataView(out.buffer).setUint32(0, body.length, true)
  out.set(body, 4)
  return out
}
