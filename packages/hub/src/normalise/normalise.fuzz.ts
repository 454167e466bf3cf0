import { createLineage } from '@honeyguide/detect'
import { decodeBatch } from '@honeyguide/model'
import { mutateProtobuf } from '../../../../test/fuzz/mutate-protobuf.ts'
import { recordedBatches } from '../../../../test/fuzz/recorded.ts'
import { defineTarget, must, withCode } from '../../../../test/fuzz/target.ts'
import { normalise } from './normalise.ts'

export const target = defineTarget({
  name: 'normalise',
  parser: 'Lineage.apply and normalise, over what decodeBatch takes',
  seeds: () => recordedBatches(700),
  mutator: mutateProtobuf(),
  property:
    'Whatever the numbers and texts in a batch, lineage takes it and every event has a time, a kind and a row.',
  open: () => (input) => {
    let batch
    try {
      batch = decodeBatch(input)
    } catch (error) {
      // Its own target looks at what is refused; here only what is taken counts.
      if (withCode('HG_BATCH_INVALID')(error) === undefined) throw error
      return 'refused'
    }
    const lineage = createLineage()
    lineage.apply(batch)
    const events = normalise(batch, lineage, 'host')
    for (let row = 0; row < Math.min(events.rows, 1); row++) {
      must(Number.isFinite(events.timeUs(row)), 'an event has a time')
      must(typeof events.kind(row) === 'string', 'an event has a kind')
      const object = events.row(row)
      must(
        typeof object.event_uid === 'string' && typeof object.time === 'string',
        'an event has its names',
      )
    }
    return 'taken'
  },
})
