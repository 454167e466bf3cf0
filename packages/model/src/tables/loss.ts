import { defineTable, text, u64 } from './table.ts'

export const loss = defineTable({
  name: 'loss',
  id: 7,
  ring: 'none',
  doc: 'What was not seen, said in band: one row per interval, hook and reason. offered = seen + lost over the interval.',
  columns: {
    fromNs: u64(
      1,
      'Begin of the interval, ns since boot: nothing was lost before it that an earlier row does not tell.',
    ),
    toNs: u64(2, 'End of the interval, ns since boot.'),
    hook: text(
      3,
      'Which hook: exec, exec_failed, fork, exit, tcp ... or `batch` for what fell off the spool.',
    ),
    reason: text(4, 'A key of `lossReasons`.'),
    offered: u64(5, 'Events that the hook had in the interval.'),
    seen: u64(6, 'Events of these that are in batches.'),
    lost: u64(7, 'Events that are not.'),
  },
})
