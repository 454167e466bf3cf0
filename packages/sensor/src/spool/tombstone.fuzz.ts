import { createBatchBuilder, decodeBatch } from '@honeyguide/model/batch'
import { mutateJson } from '../../../../test/fuzz/mutate-json.ts'
import { defineTarget, must } from '../../../../test/fuzz/target.ts'
import { addLossRows } from './manifest.ts'
import { decodeTombstones, encodeTombstones } from './tombstone.ts'

const row = {
  hook: 'exec',
  reason: 'spool_full',
  fromNs: 1n,
  toNs: 9n,
  offered: 4n,
  seen: 0n,
  lost: 4n,
}

export const target = defineTarget({
  name: 'sensor-tombstones',
  parser: 'decodeTombstones, and the batch that is made of one',
  seeds: () => [
    encodeTombstones({ through: 0, stones: [] }),
    encodeTombstones({
      through: 3,
      stones: [
        {
          boot: '02'.repeat(16),
          run: 3,
          last: 7n,
          batches: 2,
          wallOffsetNs: 1n << 60n,
          rows: [row, { ...row, hook: 'tcp' }],
          sealed: true,
        },
        {
          boot: '03'.repeat(16),
          run: 4,
          last: 1n,
          batches: 1,
          wallOffsetNs: 0n,
          rows: [],
          sealed: false,
        },
      ],
    }),
  ],
  mutator: mutateJson([
    'through',
    'stones',
    'boot',
    'run',
    'last',
    'batches',
    'rows',
    'sealed',
    '$bigint',
    'hook',
    'lost',
    '12',
    '-1',
  ]),
  property:
    'A text is no list of tombstones, or each of them can be told as a batch that reads again.',
  open: () => (input) => {
    const read = decodeTombstones(input)
    if (!read) return 'refused'
    for (const { rows, run, last, wallOffsetNs } of read.stones) {
      const builder = createBatchBuilder()
      addLossRows(builder, rows)
      const id = new Uint8Array(16)
      const encoded = builder.encode(
        { sensor: id, boot: id, run, sequence: last },
        wallOffsetNs,
        [],
      )
      must(decodeBatch(encoded).sequence === last, 'the batch reads again')
    }
    return 'taken'
  },
})
