import { joinBytes } from '../../../../test/fuzz/mutate-bytes.ts'
import { mutateProtobuf } from '../../../../test/fuzz/mutate-protobuf.ts'
import type { Mutator } from '../../../../test/fuzz/mutator.ts'
import { recordedBatches } from '../../../../test/fuzz/recorded.ts'
import { defineTarget, must, takenOr, withCode } from '../../../../test/fuzz/target.ts'
import { createFrameDecoder } from './decode.ts'
import { encodeFrame } from './encode.ts'
import type { Frame } from './frame.ts'
import { frameLimits } from './limits.ts'

const id = (fill: number): Uint8Array => new Uint8Array(16).fill(fill)
const run = { boot: id(2), run: 3 }
const good: readonly Frame[] = [
  {
    kind: 'hello',
    hello: {
      protocolMajor: 1,
      protocolMinor: 0,
      sensor: id(1),
      boot: id(2),
      run: 3,
      hostname: 'web-1',
      version: '0.1.0',
      kernelRelease: '6.18.0',
      architecture: 'x86_64',
      layout: '0123456789abcdef',
      labels: { role: 'web', site: 'höfn' },
      pending: [{ ...run, firstSequence: 1n, lastSequence: 40n }],
      operatingSystem: 'Debian 12',
      cpus: 2,
      memoryBytes: 4n << 30n,
    },
  },
  {
    kind: 'welcome',
    welcome: { protocolMajor: 1, protocolMinor: 0, have: [{ ...run, sequence: 7n }] },
  },
  { kind: 'ack', ack: { ...run, sequence: 8n } },
  { kind: 'refusal', refusal: { code: 'HG_FRAME_INVALID', message: 'a length of 4 GiB' } },
  { kind: 'heartbeat', heartbeat: { bootNs: 12_345n, wallOffsetNs: 1_700_000_000_000_000_000n } },
  { kind: 'observe', observe: { protocolMajor: 1, protocolMinor: 0 } },
]

const inside = mutateProtobuf()

/** A stream of frames: their messages change, and the lengths before them fit, or do not. */
const mutateFrames: Mutator<Uint8Array> = {
  knows: `length-prefixed frames; ${inside.knows}`,
  take(input) {
    const bodies: unknown[] = []
    for (let at = 0; at + 4 <= input.length;) {
      const length = new DataView(input.buffer, input.byteOffset).getUint32(at, true)
      bodies.push(inside.take(input.subarray(at + 4, at + 4 + length)))
      at += 4 + length
    }
    return bodies
  },
  make(random, parts, others) {
    const bodies = [...(parts as unknown[])]
    const more = others as unknown[]
    if (more.length > 0 && random.once(3))
      bodies.splice(random.below(bodies.length), 0, random.pick(more))
    if (bodies.length > 1 && random.once(4)) bodies.splice(random.below(bodies.length), 1)
    const out: Uint8Array[] = []
    for (const body of bodies) {
      const bytes = inside.make(random, body, more[0] ?? body)
      const head = new Uint8Array(4)
      const length = random.once(12)
        ? random.pick([0, 1, bytes.length + 1, 65_537, 4 << 20, 0xffff_ffff])
        : bytes.length
      new DataView(head.buffer).setUint32(0, length, true)
      out.push(head, bytes)
    }
    return joinBytes(out)
  },
}

export const target = defineTarget({
  name: 'frames',
  parser: 'createFrameDecoder, the hello and every other frame, in chunks',
  seeds: async () => [
    ...good.map(encodeFrame),
    joinBytes(good.map(encodeFrame)),
    ...(await recordedBatches(900))
      .slice(0, 2)
      .map((batch) => encodeFrame({ kind: 'batch', batch })),
  ],
  mutator: mutateFrames,
  property:
    'A stream is refused with HG_FRAME_INVALID, or gives frames that are the same however it is cut, encode again, and hold no more than has arrived.',
  open: () => (input) =>
    takenOr(() => {
      const whole = createFrameDecoder()
      const frames = [...whole.push(input)]
      whole.end()
      // Cut where its own bytes say: the same input is always cut the same way.
      const cuts = createFrameDecoder()
      let count = 0
      for (let at = 0; at < input.length;) {
        const size = 1 + ((input[at] ?? 0) % 97)
        for (const frame of cuts.push(input.subarray(at, at + size))) {
          must(frame.kind === frames[count]?.kind, 'the same frames however the stream is cut')
          count += 1
        }
        at += size
        must(cuts.heldBytes <= Math.min(at, frameLimits.bytes), 'no more is held than has arrived')
      }
      must(count === frames.length, 'as many frames however the stream is cut')
      for (const frame of frames) encodeFrame(frame)
    }, withCode('HG_FRAME_INVALID')),
})
