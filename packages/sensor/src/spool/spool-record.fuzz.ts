import { crc32 } from 'node:zlib'
import { changeBytes } from '../../../../test/fuzz/mutate-bytes.ts'
import { mutateJson } from '../../../../test/fuzz/mutate-json.ts'
import type { Mutator } from '../../../../test/fuzz/mutator.ts'
import { defineTarget, must } from '../../../../test/fuzz/target.ts'
import { asLost, mergeRows } from './manifest.ts'
import {
  bodyIsWhole,
  decodeLengths,
  decodeMeta,
  encodeRecordHead,
  metaLimitBytes,
  recordHeadBytes,
  type RecordMeta,
} from './record.ts'

const batch = Uint8Array.from({ length: 40 }, (_, at) => at)
const record = (meta: RecordMeta): Uint8Array =>
  new Uint8Array(Buffer.concat([encodeRecordHead(meta, batch), batch]))

const inside = mutateJson([
  'sequence',
  'wallOffsetNs',
  'progress',
  'manifest',
  '$bigint',
  'hook',
  'reason',
  'lost',
  '12',
])

/** Head, meta and batch: the meta's JSON changes and the checksums are right for it, or bytes change and they are not. */
const mutateRecord: Mutator<Uint8Array> = {
  knows: `head, ${inside.knows} of the meta, batch; checksums that fit, mostly`,
  take(input) {
    const meta = decodeLengths(input)?.meta ?? 0
    const json = Buffer.from(input.subarray(recordHeadBytes, recordHeadBytes + meta)).toString()
    return { input, json: inside.take(json) }
  },
  make(random, parts, others) {
    const { input, json } = parts as { input: Uint8Array; json: unknown }
    if (random.once(3))
      return changeBytes(random, input.slice(), (others as { input: Uint8Array }).input, {
        headBytes: recordHeadBytes,
      })
    const meta = Buffer.from(inside.make(random, json, (others as { json: unknown }).json))
    const out = Buffer.concat([input.subarray(0, recordHeadBytes), meta, batch])
    if (out.length < recordHeadBytes) return out
    out.writeUInt32LE(meta.length, 4)
    out.writeUInt32LE(crc32(meta, crc32(out.subarray(0, 16))), 16)
    return new Uint8Array(out)
  },
}

export const target = defineTarget({
  name: 'sensor-spool',
  parser: 'decodeLengths, decodeMeta, and what is made of a manifest',
  seeds: () => [
    record({
      sequence: 1n,
      wallOffsetNs: 1_700_000_000_000_000_000n,
      progress: null,
      manifest: [],
    }),
    record({
      sequence: 12n,
      wallOffsetNs: -5n,
      progress: null,
      manifest: [
        { hook: 'exec', reason: '', fromNs: 1n, toNs: 9n, offered: 4n, seen: 4n, lost: 0n },
        { hook: 'tcp', reason: 'ring_full', fromNs: 1n, toNs: 9n, offered: 9n, seen: 2n, lost: 7n },
      ],
    }),
  ],
  mutator: mutateRecord,
  property:
    'A record is none, or its meta has numbers, a progress and a list of loss rows from which a loss can be told.',
  open: () => (input) => {
    const lengths = decodeLengths(input)
    if (!lengths) return 'no head'
    must(lengths.meta <= metaLimitBytes, 'lengths are bounded')
    const known = decodeMeta(input)
    if (!known) return 'no record'
    must(typeof known.meta.sequence === 'bigint', 'a sequence is a number')
    mergeRows(asLost(known.meta.manifest, 'spool_corrupt'))
    bodyIsWhole(input.subarray(known.bodyAt, known.bodyAt + known.bodyBytes), known.bodyCrc)
    return 'taken'
  },
})
