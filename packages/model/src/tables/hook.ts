import { defineTable, text, u32, u64 } from './table.ts'

export const hook = defineTable({
  name: 'hook',
  id: 8,
  ring: 'none',
  doc: "A hook's own counters since its ring was made, at most every 10 s and only when they changed: what Fleet and `status` show.",
  columns: {
    atNs: u64(1, 'When the counters were read, ns since boot.'),
    hook: text(2, 'Which hook.'),
    offered: u64(
      3,
      'Events that happened at the hook and passed its filters: those submitted to the ring, `deduplicated` ones, and `lost` ones.',
    ),
    lost: u64(4, 'Events of these that did not reach the ring or the batch, all reasons.'),
    filtered: u64(5, 'Events that a filter of ours left out in the kernel.'),
    runNs: u64(
      6,
      'Time spent in the program as the kernel counts it (bpf_stats); 0 when statistics are off.',
    ),
    runs: u64(7, 'How often the program ran, by the same statistics.'),
    recursionMisses: u64(8, 'Runs that the kernel skipped to avoid recursion.'),
    state: u32(9, '1: attached. 0: not available on this kernel. 2: detached or failed.'),
    deduplicated: u64(
      10,
      'Events of these that are told only as the count of a row, being repeats of an earlier one.',
    ),
  },
})
