import { crc32 } from 'node:zlib'
import { changeBytes } from '../../../../test/fuzz/mutate-bytes.ts'
import type { Mutator } from '../../../../test/fuzz/mutator.ts'
import { defineTarget, must } from '../../../../test/fuzz/target.ts'
import {
  encodeRecord,
  parseRecord,
  recordLimits,
  recordOverhead,
  type NewRecord,
} from './record.ts'

const record = (over: Partial<NewRecord>, pack: boolean): Uint8Array =>
  new Uint8Array(
    encodeRecord(
      {
        kind: 'batch',
        sensor: new Uint8Array(16).fill(1),
        boot: new Uint8Array(16).fill(2),
        run: 3,
        sequence: 4n,
        receivedNs: 1_700_000_000_000_000_000n,
        body: Uint8Array.from({ length: 90 }, (_, at) => at),
        ...over,
      },
      pack,
    ),
  )

/** Bytes of a record change, and length and checksum are made right for them three times in four. */
const mutateRecord: Mutator<Uint8Array> = {
  knows: 'head and body of one record, checksum and length that fit, mostly',
  take: (input) => input,
  make(random, parts, others) {
    const whole = parts as Uint8Array
    const bytes = Buffer.from(
      changeBytes(random, whole.slice(), others as Uint8Array, { headBytes: recordOverhead + 16 }),
    )
    if (bytes.length < 8 || random.once(4)) return new Uint8Array(bytes)
    bytes.writeUInt32LE(bytes.length - 8, 0)
    bytes.writeUInt32LE(crc32(bytes.subarray(8)), 4)
    return new Uint8Array(bytes)
  },
}

export const target = defineTarget({
  name: 'hub-log',
  parser: 'parseRecord, record after record',
  seeds: () => [
    record({}, false),
    record({ body: new Uint8Array(5000).fill(7) }, true),
    record(
      { kind: 'derived', sequence: 0n, body: Buffer.from('{"view":"incident_finding"}') },
      false,
    ),
  ],
  mutator: mutateRecord,
  property:
    'Bytes are a record within its limits, need more bytes than there are, or are damaged; reading on always moves on.',
  open: () => (input) => {
    const bytes = Buffer.from(input.buffer, input.byteOffset, input.length)
    let end = 'nothing'
    for (let at = 0; at < bytes.length;) {
      const parsed = parseRecord(bytes, at, at)
      if (parsed.state === 'short') {
        must(
          parsed.bytes === 0 || parsed.bytes > bytes.length - at,
          'more bytes are needed than there are',
        )
        return end === 'nothing' ? 'short' : end
      }
      if (parsed.state === 'damaged') {
        if (parsed.bytes === 0) return 'damaged'
        end = 'damaged'
      } else {
        must(parsed.bytes <= bytes.length - at, 'a record lies in the bytes')
        must((parsed.record?.body.length ?? 0) <= recordLimits.bodyBytes, 'a body is bounded')
        if (end === 'nothing') end = parsed.record ? 'taken' : 'of a newer version'
      }
      must(parsed.bytes > 0, 'it moves on')
      at += parsed.bytes
    }
    return end
  },
  // A packed body may become as long as a body may be.
  mostBytes: 40 * 1024 * 1024,
})
