import { serialize } from 'node:v8'
import { createDetector, createLineage, compileRules } from '@honeyguide/detect'
import { decodeBatch } from '@honeyguide/model'
import { mutateBytes } from '../../../../test/fuzz/mutate-bytes.ts'
import type { Mutator } from '../../../../test/fuzz/mutator.ts'
import { recordedBatches } from '../../../../test/fuzz/recorded.ts'
import { defineTarget } from '../../../../test/fuzz/target.ts'
import { createFleet } from '../fleet/fleet.ts'
import { decodeSnapshot, snapshotHead } from './snapshot-file.ts'

const bytes = mutateBytes({ headBytes: 200 })

/** The file of a hub that stopped in the middle of writing has a checksum that fails; one of another version does not. */
const mutateSnapshot: Mutator<Uint8Array> = {
  knows: `${bytes.knows} behind a checksum that fits, mostly`,
  take: (input) => input.subarray(12),
  make(random, parts, others) {
    const body = bytes.make(random, parts, others)
    const head = snapshotHead(body)
    if (random.once(16)) head[random.below(head.length)] = random.word() & 0xff
    return new Uint8Array(Buffer.concat([head, body]))
  },
}

export const target = defineTarget({
  name: 'snapshot',
  parser: 'decodeSnapshot, and restoring lineage, detection and fleet from it',
  seeds: async () => {
    const lineage = createLineage()
    const batches = (await recordedBatches(600)).map((one) => decodeBatch(one))
    for (const batch of batches.slice(0, 2)) lineage.apply(batch)
    const detector = createDetector({ rules: compileRules([]) })
    const content = {
      version: 1,
      at: 7,
      lineage: lineage.snapshot(),
      detector: detector.snapshot(),
      fleet: createFleet().save(),
    }
    const body = serialize(content)
    return [new Uint8Array(Buffer.concat([snapshotHead(body), body]))]
  },
  mutator: mutateSnapshot,
  property:
    'A snapshot is none, or restores, or is refused by an error that is caught: then the log is read again.',
  open: () => (input) => {
    const saved = decodeSnapshot(Buffer.from(input)) as
      | {
          readonly version?: unknown
          readonly lineage?: unknown
          readonly detector?: unknown
          readonly fleet?: unknown
        }
      | undefined
    if (saved?.version !== 1) return 'none'
    try {
      createLineage().restore(saved.lineage as never)
      createDetector({ rules: compileRules([]) }).restore(saved.detector as never)
      createFleet(saved.fleet as never)
    } catch (error) {
      return `of another version: ${(error as Error).message}`
    }
    return 'taken'
  },
})
