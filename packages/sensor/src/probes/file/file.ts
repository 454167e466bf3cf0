/** Rows of `file`. */
import { fileFlags, fileOperations, repeatsBit } from '@honeyguide/model/tables/file'
import { file as fields, fileSizeBytes } from '../../../gen/records.ts'
import { writeHead } from '../event-head.ts'
import type { Probe, SyscallExit } from '../probe.ts'
import { pathText } from '../path-text.ts'
import { configureFile } from './configure.ts'

const slash = 47

/** Whether it is a path of which the first names are missing: one name has no slash in it. */
function isCut(written: Uint8Array, from: number, to: number): boolean {
  if (to <= from || written[to - 1] === slash) return false
  for (let at = from; at < to; at++) if (written[at] === slash) return true
  return false
}

/** Calls that name a file; by their numbers in file-calls.h. */
const names = {
  program: 'hg_file_name_exit',
  native: [
    76, 77, 82, 83, 84, 86, 87, 88, 90, 91, 92, 93, 94, 133, 258, 259, 260, 263, 264, 265, 266, 268,
    316, 452,
  ],
  compat: [
    9, 10, 14, 15, 16, 38, 39, 40, 83, 92, 93, 94, 95, 182, 193, 194, 198, 207, 212, 296, 297, 298,
    301, 302, 303, 304, 306, 353, 452,
  ],
} as const satisfies SyscallExit

export const probe = {
  name: 'file',
  ring: 'data',
  programs: [],
  syscallExits: [
    {
      program: 'hg_file_open_exit',
      native: [2, 85, 257, 304, 437],
      compat: [5, 8, 295, 342, 437],
    },
    names,
  ],
  better: {
    needs: 'fentry',
    programs: [
      'hg_file_open_end',
      'hg_file_unlink_begin',
      'hg_file_unlink_end',
      'hg_file_rmdir_begin',
      'hg_file_rmdir_end',
      'hg_file_mkdir_begin',
      'hg_file_mkdir_end',
      'hg_file_mknod_begin',
      'hg_file_mknod_end',
      'hg_file_create_end',
      'hg_file_symlink_begin',
      'hg_file_symlink_end',
      'hg_file_link_begin',
      'hg_file_link_end',
      'hg_file_rename_begin',
      'hg_file_rename_end',
      'hg_file_chmod_begin',
      'hg_file_chown_begin',
      'hg_file_truncate_begin',
      'hg_file_attribute_end',
    ],
    syscallExits: [
      // Not through do_filp_open, and through functions that differ by version.
      { program: 'hg_file_open_exit', native: [304], compat: [342] },
      { program: 'hg_file_name_exit', native: [77], compat: [93, 194] },
    ],
  },
  maps: [
    'hg_file_control',
    'hg_file_names',
    'hg_file_sensitive',
    'hg_file_sensitive_bits',
    'hg_file_workloads',
    'hg_file_written',
  ],
  cpuMaps: ['hg_file_memory'],
  configure: configureFile,
  structs: ['hg_file', 'hg_file_settings'],
  decode({ builder }, memory, at, length) {
    if (length < fileSizeBytes) return false
    const pathAt = at + fileSizeBytes
    const pathEnd = pathAt + fields.pathBytes(memory, at)
    const secondEnd = pathEnd + fields.secondBytes(memory, at)
    if (secondEnd > at + length) return false
    const { u8 } = memory
    const operation = fields.operation(memory, at)
    const table = builder.table('file')
    const row = table.add()
    const { columns } = table
    writeHead(columns, row, memory, at)
    columns.operation[row] = operation
    columns.path[row] = pathText(builder, u8, pathAt, pathEnd, isCut(u8, pathAt, pathEnd))
    columns.secondPath[row] =
      operation === fileOperations.symlink
        ? builder.text(u8, pathEnd, secondEnd)
        : pathText(builder, u8, pathEnd, secondEnd, isCut(u8, pathEnd, secondEnd))
    columns.inode[row] = fields.inode(memory, at)
    columns.device[row] = fields.device(memory, at)
    columns.mountNs[row] = fields.mountNs(memory, at)
    columns.mode[row] = fields.mode(memory, at)
    columns.owner[row] = fields.owner(memory, at)
    columns.group[row] = fields.group(memory, at)
    columns.openFlags[row] = fields.openFlags(memory, at)
    columns.size[row] = fields.size(memory, at)
    columns.errno[row] = fields.error(memory, at)
    columns.uid[row] = fields.eventUid(memory, at)
    columns.flags[row] = fields.eventFlags(memory, at)
    const bootNs = fields.eventBootNs(memory, at)
    columns.count[row] = 1n
    columns.firstNs[row] = bootNs
    columns.lastNs[row] = bootNs
    columns.writerPid[row] = fields.writerPid(memory, at)
    columns.writerStartNs[row] = fields.writerStartNs(memory, at)
    columns.writerExecNo[row] = fields.writerExecNo(memory, at)
    return true
  },
  decodeRepeats({ builder }, { count, firstNs, lastNs }) {
    const { columns, rows } = builder.table('file')
    const row = rows - 1
    columns.seq[row] = (columns.seq[row] ?? 0n) | repeatsBit
    columns.flags[row] = (columns.flags[row] ?? 0) | fileFlags.repeats
    columns.bootNs[row] = lastNs
    columns.count[row] = count
    columns.firstNs[row] = firstNs
    columns.lastNs[row] = lastNs
  },
} as const satisfies Probe
