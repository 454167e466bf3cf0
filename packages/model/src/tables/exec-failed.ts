import { defineTable, eventColumns, text, u32, u64 } from './table.ts'

export const execFailed = defineTable({
  name: 'exec_failed',
  id: 2,
  ring: 'lifecycle',
  doc: 'An execve or execveat that returned an error.',
  columns: {
    ...eventColumns,
    parentPid: u32(10, 'tgid of real_parent.'),
    parentStartNs: u64(11, "The parent's start_boottime in ns."),
    uid: u32(13, 'Real user id.'),
    errno: u32(61, 'Positive error number, for example 2 for ENOENT.'),
    fileTyped: text(
      33,
      'The file as typed, read when the call returned; empty when its page was not resident.',
    ),
    argv: text(38, 'As in `exec`; read when the call returned, at most 4 KiB.'),
    argvBytes: u32(39, 'Length of `argv` in bytes as far as it was read.'),
    flags: u32(40, 'Bits of `imageFlags`.'),
  },
})
