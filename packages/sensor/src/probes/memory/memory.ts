/** Rows of `memory`. */
import { memoryFlags } from '@honeyguide/model/tables/memory'
import { memory as fields, memorySizeBytes } from '../../../gen/records.ts'
import { writeHead } from '../event-head.ts'
import type { Probe } from '../probe.ts'
import { pathText } from '../path-text.ts'

/** PROT_EXEC of mmap and mprotect. */
const protExec = 4

export const probe = {
  name: 'memory',
  ring: 'lifecycle',
  programs: [['hg_tallies_end']],
  syscallExits: [
    { program: 'hg_memory_mmap_exit', native: [9], compat: [192], third: protExec },
    { program: 'hg_memory_old_mmap_exit', native: [], compat: [90] },
    {
      program: 'hg_memory_protect_exit',
      native: [10, 329],
      compat: [125, 380],
      third: protExec,
    },
    { program: 'hg_memory_shmat_exit', native: [30], compat: [397] },
    { program: 'hg_memory_ipc_exit', native: [], compat: [117] },
    { program: 'hg_memory_memfd_exit', native: [319, 447], compat: [356, 447] },
    { program: 'hg_memory_process_exit', native: [310, 311, 539, 540], compat: [347, 348] },
    { program: 'hg_memory_userfaultfd_exit', native: [323], compat: [374] },
    {
      program: 'hg_memory_write_exit',
      native: [1, 18, 20, 296, 328, 516, 535, 547],
      compat: [4, 146, 181, 334, 379],
      isArmedLater: true,
    },
  ],
  cpuMaps: ['hg_memory_memory'],
  structs: ['hg_memory'],
  decode({ builder }, memory, at, length) {
    if (length < memorySizeBytes) return false
    const textAt = at + memorySizeBytes
    const textEnd = textAt + fields.pathBytes(memory, at)
    // Of a repeat the record may hold no more than the first part of its text.
    const end = Math.min(textEnd, at + length)
    let flags = fields.countedEventFlags(memory, at)
    if (end < textEnd) flags |= memoryFlags.textTruncated
    const table = builder.table('memory')
    const row = table.add()
    const { columns } = table
    writeHead(columns, row, memory, at)
    columns.uid[row] = fields.countedEventUid(memory, at)
    columns.flags[row] = flags
    columns.errno[row] = fields.error(memory, at)
    columns.operation[row] = fields.operation(memory, at)
    columns.count[row] = fields.countedCount(memory, at)
    columns.firstNs[row] = fields.countedSinceNs(memory, at)
    columns.lastNs[row] = fields.countedLastNs(memory, at)
    columns.bytes[row] = fields.countedAmount(memory, at)
    columns.address[row] = fields.countedAddress(memory, at)
    columns.protection[row] = fields.protection(memory, at)
    columns.callFlags[row] = fields.flags(memory, at)
    columns.targetPid[row] = fields.targetPid(memory, at)
    columns.targetTid[row] = fields.targetTid(memory, at)
    columns.targetStartNs[row] = fields.targetStartNs(memory, at)
    columns.targetExecNo[row] = fields.targetExecNo(memory, at)
    columns.path[row] = pathText(builder, memory.u8, textAt, end, end < textEnd)
    columns.inode[row] = fields.inode(memory, at)
    columns.device[row] = fields.device(memory, at)
    return true
  },
} as const satisfies Probe
