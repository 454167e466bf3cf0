/** Rows of `fork`. */
import { fork as fields, forkOffsets, forkSizeBytes } from '../../../gen/records.ts'
import { doubleAt, exactAt, writeHead } from '../event-head.ts'
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
    const uid = fields.eventUid(memory, at)
    columns.parentPid[row] = parentPid
    columns.parentStartNs[row] = fields.parentStartNs(memory, at)
    columns.parentExecNo[row] = fields.parentExecNo(memory, at)
    columns.uid[row] = uid
    columns.cgroupId[row] = fields.cgroupId(memory, at)
    columns.cgroup[row] = builder.text(
      workloads.pathOf(exactAt(memory, at + forkOffsets.workloadId)),
    )
    columns.nsPid[row] = fields.nsPid(memory, at)
    columns.flags[row] =
      fields.eventFlags(memory, at) |
      processes.fork(
        {
          pid: fields.eventPid(memory, at),
          startNs: doubleAt(memory, at + forkOffsets.eventStartNs),
          execNo: fields.eventExecNo(memory, at),
          parentPid,
          parentStartNs: doubleAt(memory, at + forkOffsets.parentStartNs),
        },
        { uid, atNs: doubleAt(memory, at + forkOffsets.eventBootNs) },
      )
    return true
  },
} as const satisfies Probe
