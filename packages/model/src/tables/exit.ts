import { defineTable, eventColumns, u32, u64 } from './table.ts'

export const exit = defineTable({
  name: 'exit',
  id: 4,
  ring: 'lifecycle',
  doc: 'The last thread of a process is gone (sched_process_exit with signal->live == 0).',
  columns: {
    ...eventColumns,
    exitCode: u32(50, 'Exit status 0 to 255, as wait(2) gives it; 0 when ended by a signal.'),
    signal: u32(51, 'Signal that ended it; 0 when it exited by itself.'),
    flags: u32(40, 'Bit 0: core dumped. Bits 13 and 14 as in `imageFlags`.'),
    runNs: u64(52, 'From start_boottime to exit, in ns.'),
    userNs: u64(53, 'User CPU time of all its threads, in ns.'),
    systemNs: u64(54, 'System CPU time of all its threads, in ns.'),
    peakRssBytes: u64(
      55,
      'Largest resident set (mm->hiwater_rss or the current one), in bytes; 0 when the mm was gone.',
    ),
  },
})
