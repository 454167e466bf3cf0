import { deserialize, serialize } from 'node:v8'
import { zstdCompressSync } from 'node:zlib'
import { createDetector, createLineage, compileRules, lineageVersion } from '@honeyguide/detect'
import { wholeSnapshot } from '@honeyguide/detect/fixture/whole-snapshot'
import { decodeBatch } from '@honeyguide/model'
import { mutateBytes } from '../../../../test/fuzz/mutate-bytes.ts'
import type { Mutator } from '../../../../test/fuzz/mutator.ts'
import { recordedBatches } from '../../../../test/fuzz/recorded.ts'
import { defineTarget } from '../../../../test/fuzz/target.ts'
import { createFleet } from '../fleet/fleet.ts'
import type { PipelineSnapshot } from './pipeline.ts'
import {
  decodeManifest,
  decodePiece,
  partHead,
  snapshotHead,
  type Manifest,
} from './snapshot-file.ts'

const bytes = mutateBytes({ headBytes: 200 })

/** An input is the snapshot's file, its length before it, and then the file of one piece. */
function join(manifest: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(manifest.length)
  const framed = parts.flatMap((part) => [partHead(part), part])
  return new Uint8Array(Buffer.concat([length, manifest, ...framed]))
}

function split(input: Uint8Array): { readonly manifest: Buffer; readonly piece: Buffer } {
  const buffer = Buffer.from(input)
  const length = buffer.length < 4 ? 0 : buffer.readUInt32LE(0)
  return { manifest: buffer.subarray(4, 4 + length), piece: buffer.subarray(4 + length) }
}

interface Parts {
  readonly raw: Uint8Array
  /** What lies behind heads and compression: the content, then each part. Empty when it cannot be reached. */
  readonly bodies: readonly Uint8Array[]
}

function take(input: Uint8Array): Parts {
  const { manifest, piece } = split(input)
  try {
    return {
      raw: input,
      // Plain arrays: a Buffer's `slice` is no copy.
      bodies: [
        decodeManifest(manifest).content,
        ...decodePiece(piece).map((part) => serialize(part)),
      ].map((body) => new Uint8Array(body)),
    }
  } catch {
    return { raw: input, bodies: [] }
  }
}

function build(content: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  const manifest = serialize({ content, pieces: [] } satisfies Manifest)
  return join(
    Buffer.concat([snapshotHead(manifest), manifest]),
    parts.map((part) => zstdCompressSync(part)),
  )
}

/** The file of a hub that stopped in the middle of writing has a checksum that fails; one of another version does not. */
const mutateSnapshot: Mutator<Uint8Array> = {
  knows: `${bytes.knows} behind checksums and compression that fit, mostly`,
  take,
  make(random, parts, others) {
    const { raw, bodies } = parts as Parts
    const [content, ...rest] = bodies
    if (!content || random.once(8)) return bytes.make(random, raw, (others as Parts).raw)
    const at = random.below(bodies.length)
    const other = random.pick((others as Parts).bodies) ?? content
    const change = (body: Uint8Array) => bytes.make(random, body, other)
    return build(
      at === 0 ? change(content) : content,
      rest.map((body, index) => (index + 1 === at ? change(body) : body)),
    )
  },
}

export const target = defineTarget({
  name: 'snapshot',
  parser: 'decodeManifest and decodePiece, and restoring lineage, detection and fleet from them',
  seeds: async () => {
    const lineage = createLineage()
    const batches = (await recordedBatches(600)).map((one) => decodeBatch(one))
    for (const batch of batches.slice(0, 2)) lineage.apply(batch)
    const detector = createDetector({ rules: compileRules([]) })
    const content: PipelineSnapshot = {
      version: 2,
      at: 7,
      lineageVersion,
      detector: detector.snapshot(),
      fleet: createFleet().save(),
    }
    const [parts = []] = wholeSnapshot(lineage).hosts
    return [
      build(
        serialize(content),
        parts.map((part) => serialize(part)),
      ),
    ]
  },
  mutator: mutateSnapshot,
  property:
    'A snapshot restores, or is refused by an error that is caught: then the log is read again.',
  open: () => (input) => {
    const { manifest, piece } = split(input)
    try {
      const content = deserialize(decodeManifest(manifest).content) as PipelineSnapshot
      if (content.version !== 2) return 'of another version'
      createFleet(content.fleet)
      createLineage().restore({
        version: content.lineageVersion,
        hosts: [decodePiece(piece)] as never,
      })
      createDetector({ rules: compileRules([]) }).restore(content.detector)
    } catch (error) {
      return `refused: ${(error as Error).message}`
    }
    return 'taken'
  },
})
