import { decodeBatch } from '@honeyguide/model'
import { mutateBytes } from '../../../../test/fuzz/mutate-bytes.ts'
import { recordedBatches } from '../../../../test/fuzz/recorded.ts'
import { defineTarget, must } from '../../../../test/fuzz/target.ts'
import { peekBatchIdentity } from './batch-identity.ts'

export const target = defineTarget({
  name: 'batch-identity',
  parser: 'peekBatchIdentity',
  seeds: async () => (await recordedBatches(300)).map((bytes) => bytes.subarray(0, 120)),
  mutator: mutateBytes({ headBytes: 56 }),
  property:
    'The first bytes give an identity within its limits, or none; for a batch that can be read it is that of the batch.',
  open: async () => {
    for (const bytes of await recordedBatches()) {
      const { sensor, run, sequence } = decodeBatch(bytes)
      const peeked = peekBatchIdentity(bytes)
      must(
        peeked?.run === run &&
          peeked.sequence === sequence &&
          Buffer.compare(peeked.sensor, sensor) === 0,
        'the identity is that of the batch',
      )
    }
    return (input) => {
      const identity = peekBatchIdentity(input)
      if (!identity) return 'none'
      const { sensor, boot, run, sequence } = identity
      must(sensor.length === 16 && boot.length === 16, 'ids have 16 bytes')
      must(
        run >= 0 && run <= 0xffff_ffff && sequence > 0n && sequence < 1n << 64n,
        'numbers are within their widths',
      )
      return 'taken'
    }
  },
})
