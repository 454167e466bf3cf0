/** Rows of `exit`. */
import { imageFlags } from '@honeyguide/model/tables/exec'
import { exit as fields, exitOffsets, exitSizeBytes } from '../../../gen/records.ts'
import { doubleAt, writeHead } from '../event-head.ts'
import type { Probe } from '../probe.ts'
import { splitCpuTime } from './cpu-time.ts'

const coreDumped = 0x80
const pageBytes = 4096n

export const probe = {
  name: 'exit',
  ring: 'lifecycle',
  programs: [['hg_exit', 'hg_exit_by_count']],
  syscallExits: [],
  structs: ['hg_exit'],
  decode({ builder, processes }, memory, at, length) {
    if (length < exitSizeBytes) return false
    const table = builder.table('exit')
    const row = table.add()
    const { columns } = table
    writeHead(columns, row, memory, at)
    const status = fields.status(memory, at)
    const bootNs = fields.eventBootNs(memory, at)
    const startNs = fields.eventStartNs(memory, at)
    const cpu = splitCpuTime(
      fields.userNs(memory, at),
      fields.systemNs(memory, at),
      fields.runNs(memory, at),
    )
    columns.exitCode[row] = (status >>> 8) & 0xff
    columns.signal[row] = status & 0x7f
    const pid = fields.eventPid(memory, at)
    let flags = fields.eventFlags(memory, at)
    const born = doubleAt(memory, at + exitOffsets.eventStartNs)
    const ended = doubleAt(memory, at + exitOffsets.eventBootNs)
    const isOwn = (flags & imageFlags.own) !== 0
    const uid = fields.eventUid(memory, at)
    if (processes.isUnexplained(pid, born, { uid, atNs: ended, isOwn }))
      flags |= imageFlags.unexplainedUid
    columns.flags[row] = flags | ((status & coreDumped) !== 0 ? 1 : 0)
    columns.runNs[row] = bootNs > startNs ? bootNs - startNs : 0n
    columns.userNs[row] = cpu.userNs
    columns.systemNs[row] = cpu.systemNs
    columns.peakRssBytes[row] = fields.maxRssPages(memory, at) * pageBytes
    processes.exit(pid, born, ended)
    return true
  },
} as const satisfies Probe
