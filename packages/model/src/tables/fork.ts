import { defineTable, eventColumns, text, u32, u64 } from './table.ts'

export const fork = defineTable({
  name: 'fork',
  id: 3,
  ring: 'lifecycle',
  doc: 'A new process (not a thread) exists: tracepoint sched_process_fork, child is its own group leader. `pid`, `startNs`, `execNo` are the child.',
  columns: {
    ...eventColumns,
    parentPid: u32(
      10,
      "tgid of the child's real_parent (the caller, or its parent under CLONE_PARENT).",
    ),
    parentStartNs: u64(11, "The parent's start_boottime in ns."),
    parentExecNo: u32(12, "The parent's exec number, which the child inherits."),
    uid: u32(13, 'Real user id of the child.'),
    cgroupId: u64(27, 'Id of the cgroup v2 cgroup.'),
    cgroup: text(28, 'As in `exec`.'),
    nsPid: u32(26, 'Process id as seen in its own pid namespace.'),
    flags: u32(40, 'Bits of `imageFlags`.'),
  },
})
