/** Rows of `fork`. */
import { fork as fields, forkSizeBytes } from '../../../gen/records.ts'
import { writeHead } from '../event-head.ts'
import type { Probe } from '../probe.ts'

export const probe = {
  name: 'fork',
  ring: 'lifecycle',
  programs: [['hg_fork']],
  syscallExits: [],
  structs: ['hg_fork'],
  decode({ builder, processes, workloads }, memory, at, length) {
    if (length < forkSizeBytes) return false
    const table = builder.table('fork')
    const row = table.add()
    const { columns } = table
    writeHead(columns, row, memory, at)
    const parentPid = fields.parentPid(memory, at)
    const parentStartNs = fields.parentStartNs(memory, at)
    columns.parentPid[row] = parentPid
    columns.parentStartNs[row] = parentStartNs
    columns.parentExecNo[row] = fields.parentExecNo(memory, at)
    columns.uid[row] = fields.eventUid(memory, at)
    columns.cgroupId[row] = fields.cgroupId(memory, at)
    columns.cgroup[row] = builder.text(workloads.pathOf(fields.workloadId(memory, at)))
    columns.nsPid[row] = fields.nsPid(memory, at)
    columns.flags[row] =
      fields.eventFlags(memory, at) |
      processes.fork(
        {
          pid: fields.eventPid(memory, at),
          startNs: fields.eventStartNs(memory, at),
          execNo: fields.eventExecNo(memory, at),
          parentPid,
          parentStartNs,
        },
        { uid: fields.eventUid(memory, at), atNs: fields.eventBootNs(memory, at) },
      )
    return true
  },
} as const satisfies Probe
