import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import {
  bodyIsWhole,
  decodeLengths,
  decodeMeta,
  decodeSegmentHeader,
  encodeRecordHead,
  encodeSegmentHeader,
} from './record.ts'

const meta = {
  sequence: 7n,
  wallOffsetNs: -5n,
  progress: { lifecycle: '12' },
  manifest: [{ hook: 'exec', reason: '', fromNs: 1n, toNs: 2n, offered: 3n, seen: 3n, lost: 0n }],
}
const body = new TextEncoder().encode('a batch')

suite('spool records', () => {
  test('give back what is kept beside a batch, and nothing else that the caller has', () => {
    const item = { ...meta, batch: body }
    const head = encodeRecordHead(item, body)
    const known = decodeMeta(head)
    assert.deepEqual(known?.meta, meta)
    assert.equal(known.bodyBytes, body.length)
    assert.equal(known.bodyAt, head.length)
    assert.ok(bodyIsWhole(body, known.bodyCrc))
  })
  test('keep all that the kernel side wants to find again', () => {
    const progress = {
      ...meta.progress,
      counts: { exec: { submitted: '7', lost: { ring_full: '1' } } },
      told: ['0123456789abcdef 5'],
    }
    const head = encodeRecordHead({ ...meta, progress }, body)
    assert.deepEqual(decodeMeta(head)?.meta.progress, progress)
  })
  test('are none when what is beside the batch is not what this version writes', () => {
    const row = meta.manifest[0]
    assert.ok(row)
    for (const other of [
      { ...meta, manifest: [null] },
      { ...meta, manifest: [{ ...row, lost: '7' }] },
      { ...meta, manifest: [{ ...row, hook: undefined }] },
      { ...meta, manifest: [{ ...row, offered: -1n }] },
      { ...meta, progress: { lifecycle: 12 } },
      { ...meta, sequence: 1n << 64n },
    ])
      assert.equal(decodeMeta(encodeRecordHead(other as unknown as typeof meta, body)), undefined)
  })
  test('are refused when they are longer than is taken back', () => {
    const row = meta.manifest[0]
    assert.ok(row)
    const manifest = Array.from({ length: 8000 }, () => row)
    assert.throws(() => encodeRecordHead({ ...meta, manifest }, body), { code: 'HG_BATCH_INVALID' })
  })
  test('are what was written or nothing, whatever bytes lie there', () => {
    const head = encodeRecordHead(meta, body)
    const header = encodeSegmentHeader(new Uint8Array(16).fill(3), 9)
    const changes = fc.array(fc.tuple(fc.nat(head.length - 1), fc.nat(255)), { maxLength: 4 })
    fc.assert(
      fc.property(
        fc.oneof(fc.uint8Array({ maxLength: 200 }), changes),
        fc.nat(head.length),
        (what, cut) => {
          let bytes: Uint8Array
          if (what instanceof Uint8Array) bytes = what
          else {
            bytes = new Uint8Array(head)
            for (const [at, value] of what) bytes[at] = value
            bytes = bytes.subarray(0, cut)
          }
          decodeLengths(bytes)
          const known = decodeMeta(bytes)
          if (known) assert.deepEqual(known.meta, meta)
          const torn = new Uint8Array(header)
          torn.set(bytes.subarray(0, 32))
          const segment = decodeSegmentHeader(torn)
          if (segment) assert.equal(segment.run, 9)
        },
      ),
      { numRuns: 10_000 },
    )
  })
})
