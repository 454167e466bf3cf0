import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { HoneyguideError } from '../errors.ts'
import { createFrameDecoder } from './decode.ts'
import { batchFrameHeader, encodeFrame } from './encode.ts'
import type { Frame } from './frame.ts'
import { frameLimits } from './limits.ts'

const id = fc.uint8Array({ minLength: 16, maxLength: 16 })
const u32 = fc.nat(0xffffffff)
const u64 = fc.bigInt(0n, (1n << 64n) - 1n)
const word = fc.string({ maxLength: 40, unit: 'grapheme' })
const ack = fc.record({ boot: id, run: u32, sequence: u64 })
const frames: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({
    kind: fc.constant('hello' as const),
    hello: fc.record({
      protocolMajor: u32,
      protocolMinor: u32,
      sensor: id,
      boot: id,
      run: u32,
      hostname: word,
      version: word,
      kernelRelease: word,
      architecture: word,
      layout: word,
      labels: fc
        .dictionary(word, word, { maxKeys: 5 })
        .map((labels) => ({ ...labels }))
        .filter((labels) => !Object.hasOwn(labels, '__proto__')),
      pending: fc.array(
        fc.record({
          boot: id,
          run: u32,
          firstSequence: fc.bigInt(1n, 1000n),
          lastSequence: fc.bigInt(1000n, 1n << 60n),
        }),
        { maxLength: 4 },
      ),
      operatingSystem: word,
      cpus: u32,
      memoryBytes: u64,
    }),
  }),
  fc.record({
    kind: fc.constant('welcome' as const),
    welcome: fc.record({ protocolMajor: u32, protocolMinor: u32, have: fc.array(ack) }),
  }),
  fc.record({ kind: fc.constant('batch' as const), batch: fc.uint8Array({ maxLength: 500 }) }),
  fc.record({ kind: fc.constant('ack' as const), ack }),
  fc.record({
    kind: fc.constant('refusal' as const),
    refusal: fc.record({ code: word, message: word }),
  }),
  fc.record({
    kind: fc.constant('heartbeat' as const),
    heartbeat: fc.record({ bootNs: u64, wallOffsetNs: u64 }),
  }),
  fc.record({
    kind: fc.constant('observe' as const),
    observe: fc.record({ protocolMajor: u32, protocolMinor: u32 }),
  }),
)

function plain(frame: Frame): unknown {
  return JSON.parse(
    JSON.stringify(frame, (_, value: unknown) =>
      value instanceof Uint8Array
        ? Buffer.from(value).toString('hex')
        : typeof value === 'bigint'
          ? `${value}`
          : value,
    ),
  )
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/** All frames of these bytes, cut into chunks at `cuts`. */
function decodeAll(bytes: Uint8Array, cuts: readonly number[]): Frame[] {
  const decoder = createFrameDecoder()
  const out: Frame[] = []
  const at = [...new Set([0, ...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort(
    (a, b) => a - b,
  )
  for (let i = 1; i < at.length; i++)
    out.push(...decoder.push(bytes.slice(at[i - 1] ?? 0, at[i] ?? 0)))
  decoder.end()
  return out
}

function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof HoneyguideError, String(error))
    assert.equal(error.code, 'HG_FRAME_INVALID')
    return error.detail
  }
  return assert.fail('it was taken')
}

function withLength(length: number, body: Uint8Array = new Uint8Array(0)): Uint8Array {
  const out = new Uint8Array(4 + body.length)
  new DataView(out.buffer).setUint32(0, length, true)
  out.set(body, 4)
  return out
}

suite('frames', () => {
  test('come out as they went in, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(frames, { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(3000)),
        (sent, cuts) => {
          const got = decodeAll(join(sent.map(encodeFrame)), cuts)
          assert.deepEqual(got.map(plain), sent.map(plain))
        },
      ),
      { numRuns: 500 },
    )
  })
  test('gives the good frames before it throws for a bad one, and throws from then on', () => {
    const decoder = createFrameDecoder()
    const got: string[] = []
    const good = encodeFrame({ kind: 'observe', observe: { protocolMajor: 1, protocolMinor: 0 } })
    refusal(() => {
      for (const frame of decoder.push(join([good, withLength(2, Uint8Array.of(255, 255))])))
        got.push(frame.kind)
    })
    assert.deepEqual(got, ['observe'])
    refusal(() => [...decoder.push(good)])
  })
  test('says what is wrong with a length, text and a cut stream', () => {
    assert.match(
      refusal(() => decodeAll(withLength(0xffffffff), [])),
      /length of 4294967295 bytes/,
    )
    assert.match(
      refusal(() => decodeAll(new TextEncoder().encode('GET / HTTP/1.1\r\n'), [])),
      /begins like text: "GET "/,
    )
    assert.match(
      refusal(() => decodeAll(withLength(0), [])),
      /empty/,
    )
    const ok = encodeFrame({ kind: 'batch', batch: new Uint8Array(90) })
    assert.match(
      refusal(() => decodeAll(ok.subarray(0, 40), [])),
      /after 36 of 92 bytes/,
    )
    assert.match(
      refusal(() => decodeAll(ok.subarray(0, 2), [])),
      /in the length/,
    )
  })
  test('takes only a batch longer than 64 KiB, and knows by its first byte', () => {
    assert.match(
      refusal(() => [
        ...createFrameDecoder().push(withLength(100_000, Uint8Array.of((1 << 3) | 2))),
      ]),
      /no batch/,
    )
    const batch = new Uint8Array(1_000_000).fill(3)
    const [frame] = decodeAll(encodeFrame({ kind: 'batch', batch }), [100, 65_536, 200_000])
    assert.ok(frame?.kind === 'batch')
    assert.deepEqual(frame.batch, batch)
  })
  test('holds the largest batch and no larger one', () => {
    const most = frameLimits.bytes - 5
    assert.equal(batchFrameHeader(most).length, 9)
    refusal(() => batchFrameHeader(most + 1))
  })
  test('refuses ids that are not 16 bytes long', () => {
    assert.match(
      refusal(() =>
        decodeAll(
          encodeFrame({ kind: 'ack', ack: { boot: new Uint8Array(15), run: 1, sequence: 1n } }),
          [],
        ),
      ),
      /boot id of 15 bytes/,
    )
  })
})
