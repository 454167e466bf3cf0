/** Rows of `io_uring`. */
import { repeatsBit } from '@honeyguide/model/tables/file'
import { ioUringFlags } from '@honeyguide/model/tables/io-uring'
import { ioUring as fields, ioUringOffsets, ioUringSizeBytes } from '../../../gen/records.ts'
import { writeHead } from '../event-head.ts'
import type { Probe } from '../probe.ts'

const inet = 2
const inet6 = 10

export const probe = {
  name: 'io_uring',
  ring: 'data',
  programs: [],
  optionalPrograms: [
    { program: 'hg_uring_submit', needs: 'tracepoint/io_uring_submit_req' },
    { program: 'hg_uring_submit_sqe', needs: 'tracepoint/io_uring_submit_sqe' },
    { program: 'hg_uring_complete', needs: 'tracepoint/io_uring_complete' },
  ],
  syscallExits: [
    { program: 'hg_uring_setup_exit', native: [425], compat: [425] },
    { program: 'hg_uring_register_exit', native: [427], compat: [427] },
  ],
  cpuMaps: ['hg_uring_memory'],
  structs: ['hg_io_uring'],
  decode({ builder }, memory, at, length) {
    if (length < ioUringSizeBytes) return false
    const pathEnd = at + ioUringSizeBytes + fields.pathBytes(memory, at)
    const path2End = pathEnd + fields.path2Bytes(memory, at)
    if (path2End > at + length) return false
    const { u8 } = memory
    const table = builder.table('io_uring')
    const row = table.add()
    const { columns } = table
    writeHead(columns, row, memory, at)
    const family = fields.family(memory, at)
    const addressBytes = family === inet ? 4 : family === inet6 ? 16 : 0
    columns.operation[row] = fields.operation(memory, at)
    columns.opcode[row] = fields.opcode(memory, at)
    columns.fd[row] = fields.fd(memory, at)
    columns.fd2[row] = fields.fd2(memory, at)
    columns.path[row] = builder.text(u8, at + ioUringSizeBytes, pathEnd)
    columns.path2[row] = builder.text(u8, pathEnd, path2End)
    columns.result[row] = fields.result(memory, at)
    columns.requestId[row] = fields.requestId(memory, at)
    const bootNs = fields.eventBootNs(memory, at)
    columns.count[row] = 1n
    columns.firstNs[row] = bootNs
    columns.lastNs[row] = bootNs
    columns.inode[row] = fields.inode(memory, at)
    columns.device[row] = fields.device(memory, at)
    columns.family[row] = family
    columns.protocol[row] = fields.protocol(memory, at)
    const remoteAddress = at + ioUringOffsets.remoteAddress
    columns.remoteAddress[row] = builder.text(
      memory.u8,
      remoteAddress,
      remoteAddress + addressBytes,
    )
    columns.remotePort[row] = fields.remotePort(memory, at)
    columns.requestFlags[row] = fields.requestFlags(memory, at)
    columns.entries[row] = fields.entries(memory, at)
    columns.uid[row] = fields.eventUid(memory, at)
    columns.flags[row] = fields.eventFlags(memory, at)
    return true
  },
  decodeRepeats({ builder }, { count, firstNs, lastNs }) {
    const { columns, rows } = builder.table('io_uring')
    const row = rows - 1
    columns.seq[row] = (columns.seq[row] ?? 0n) | repeatsBit
    columns.flags[row] = (columns.flags[row] ?? 0) | ioUringFlags.repeats
    columns.bootNs[row] = lastNs
    columns.count[row] = count
    columns.firstNs[row] = firstNs
    columns.lastNs[row] = lastNs
  },
} as const satisfies Probe
