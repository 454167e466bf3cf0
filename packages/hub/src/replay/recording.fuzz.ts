import { crc32, zstdCompressSync } from 'node:zlib'
import { batchLimits } from '@honeyguide/model'
import { changeBytes } from '../../../../test/fuzz/mutate-bytes.ts'
import { mutateJson } from '../../../../test/fuzz/mutate-json.ts'
import type { Mutator } from '../../../../test/fuzz/mutator.ts'
import { defineTarget, must, withCode } from '../../../../test/fuzz/target.ts'
import { readRecording } from './recording.ts'

function batch(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(16)
  head.writeUInt32LE(bytes.length, 0)
  head.writeUInt32LE(crc32(bytes), 4)
  head.writeBigUInt64LE(1_700_000_000_000_000n, 8)
  return Buffer.concat([head, bytes])
}

const packed = (bytes: Uint8Array): Buffer => batch(zstdCompressSync(bytes))

const fields = {
  honeyguide: 'recording',
  version: 1,
  hostname: 'web-1',
  sensorVersion: '0.1.0',
  cpus: 2,
  memoryBytes: 4_294_967_296,
  labels: { role: 'web' },
  began: '2026-11-24T14:00:00.000Z',
  label: 'a test',
}
const header = JSON.stringify(fields)
const packedHeader = JSON.stringify({ ...fields, version: 2 })
const inside = mutateJson([
  'honeyguide',
  'recording',
  'version',
  'hostname',
  'labels',
  'cpus',
  'began',
])

const mutateRecording: Mutator<Uint8Array> = {
  knows: `a line with ${inside.knows}, then length-prefixed batches`,
  take(input) {
    const end = input.indexOf(0x0a)
    const at = end < 0 ? input.length : end
    return {
      header: inside.take(Buffer.from(input.subarray(0, at)).toString()),
      rest: input.subarray(at),
    }
  },
  make(random, parts, others) {
    const { header: tree, rest } = parts as { header: unknown; rest: Uint8Array }
    const other = others as { header: unknown; rest: Uint8Array }
    if (random.once(2)) {
      const line = inside.make(random, tree, other.header)
      return new Uint8Array(Buffer.concat([Buffer.from(line), rest]))
    }
    const changed = changeBytes(random, rest.slice(), other.rest, { headBytes: 40 })
    return new Uint8Array(
      Buffer.concat([Buffer.from(random.once(2) ? header : packedHeader), changed]),
    )
  },
}

export const target = defineTarget({
  name: 'recording',
  parser: 'readRecording: header and batches',
  seeds: () => [
    new Uint8Array(Buffer.from(`${header}\n`)),
    new Uint8Array(
      Buffer.concat([
        Buffer.from(`${header}\n`),
        batch(Buffer.alloc(40, 7)),
        batch(Buffer.alloc(0)),
        batch(Buffer.alloc(9, 1)),
      ]),
    ),
    new Uint8Array(
      Buffer.concat([
        Buffer.from(`${packedHeader}\n`),
        packed(Buffer.alloc(40, 7)),
        packed(Buffer.from('batches of some texts and of some numbers, and of some texts')),
      ]),
    ),
  ],
  mutator: mutateRecording,
  property:
    'A file is refused with HG_REQUEST_INVALID, or its header has texts and numbers, no batch is larger than one may be, and unpacked ones and a torn end are all of its bytes.',
  open: () => async (input) => {
    const source = {
      read(into: Uint8Array, at: number, length: number, place: number) {
        const part = input.subarray(place, place + length)
        into.set(part, at)
        return Promise.resolve({ bytesRead: part.length })
      },
      close: () => Promise.resolve(),
    }
    try {
      const reader = await readRecording(source, 'x')
      must(
        typeof reader.header.hostname === 'string' && Number.isFinite(reader.header.cpus),
        'a header has texts and numbers',
      )
      let bytes = input.indexOf(0x0a) + 1
      for await (const one of reader.batches()) {
        must(one.bytes.length <= batchLimits.batchBytes, 'no batch is larger than one may be')
        bytes += 16 + one.bytes.length
      }
      must(
        reader.isPacked || bytes + reader.tornBytes === input.length,
        'batches and a torn end are all there is',
      )
      return reader.tornBytes > 0 ? 'torn' : 'taken'
    } catch (error) {
      const said = withCode('HG_REQUEST_INVALID')(error)
      if (said === undefined) throw error
      return said
    }
  },
})
