/** Rows of `exec_failed`. */
import { imageFlags } from '@honeyguide/model/tables/exec'
import { execFailed as fields, execFailedSizeBytes } from '../../../gen/records.ts'
import { writeHead } from '../event-head.ts'
import type { Probe } from '../probe.ts'

export const probe = {
  name: 'exec_failed',
  ring: 'lifecycle',
  programs: [],
  syscallExits: [
    { program: 'hg_execve_exit', native: [59, 520], compat: [11] },
    { program: 'hg_execveat_exit', native: [322, 545], compat: [358] },
  ],
  structs: ['hg_exec_failed'],
  decode({ builder, redact }, memory, at, length) {
    if (length < execFailedSizeBytes) return false
    const typedEnd = at + execFailedSizeBytes + fields.typedBytes(memory, at)
    const argvEnd = typedEnd + fields.argvBytes(memory, at)
    if (argvEnd > at + length) return false
    let flags = fields.eventFlags(memory, at)
    const redacted = redact(memory.u8, typedEnd, argvEnd)
    if (redacted) flags |= imageFlags.redacted
    const table = builder.table('exec_failed')
    const row = table.add()
    const { columns } = table
    writeHead(columns, row, memory, at)
    columns.parentPid[row] = fields.parentPid(memory, at)
    columns.parentStartNs[row] = fields.parentStartNs(memory, at)
    columns.uid[row] = fields.eventUid(memory, at)
    columns.errno[row] = fields.error(memory, at)
    columns.fileTyped[row] = builder.text(memory.u8, at + execFailedSizeBytes, typedEnd)
    columns.argv[row] = redacted
      ? builder.text(redacted)
      : builder.text(memory.u8, typedEnd, argvEnd)
    columns.argvBytes[row] = fields.argvBytes(memory, at)
    columns.flags[row] = flags
    return true
  },
} as const satisfies Probe
