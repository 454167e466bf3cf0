/**
 * Files that rows name: what ran and what was mapped, as the kernel told it. Each once per batch.
 *
 * Whoever adds a table with files of its own (mapped ones, written ones) adds it here.
 */
import type { BatchBuilder } from '@honeyguide/model/batch'
import { imageFlags } from '@honeyguide/model/tables/exec'
import { fileFlags, fileOperations } from '@honeyguide/model/tables/file'
import { provenanceRoles } from '@honeyguide/model/tables/provenance'
import { textOf } from './byte-text.ts'

export interface SeenFile {
  /** One of `provenanceRoles`. */
  readonly role: number
  /** The kernel's dev_t and inode number; 0 where only the path is known. */
  readonly device: number
  readonly inode: bigint
  /** Path from the root of the process, a byte a character; of a memfd its name. */
  readonly path: string
  /** The path is as somebody typed it: it may lead through symbolic links. */
  readonly isTyped: boolean
  /** Only the end of the path is known. */
  readonly isPartial: boolean
  readonly isDeleted: boolean
  readonly isMemfd: boolean
  /** Was there already when it was seen: there is no hurry. */
  readonly isFromSnapshot: boolean
  readonly pid: number
  readonly parentPid: number
  readonly mountNs: number
}

/** Names the file as it was seen, to tell whether it was asked for before. */
export function keyOf({ device, inode, mountNs, path }: SeenFile): string {
  return inode === 0n ? `${mountNs} ${path}` : `${device} ${inode} ${path}`
}

/** Most different files that are taken from one batch; it has 8,192 rows at most. */
const mostOfBatch = 2048

/** Files of the builder's rows, and how many more there were than are taken. */
export function seenFiles(builder: BatchBuilder): {
  readonly files: SeenFile[]
  readonly refused: number
} {
  const files: SeenFile[] = []
  const known = new Set<number>()
  let refused = 0

  function see(
    role: number,
    inode: bigint,
    device: number,
    path: number,
    flags: number,
    process: { readonly pid: number; readonly parentPid: number; readonly mountNs: number },
  ): void {
    const isMemfd = (flags & imageFlags.memfd) !== 0
    const isPartial = (flags & imageFlags.filePartial) !== 0
    if (path === 0 || (flags & imageFlags.kernelThread) !== 0) return
    if (inode === 0n && (isMemfd || isPartial)) return
    // Ids of texts are small, so both fit into a double without loss.
    const key = path * 2 ** 32 + Number(inode & 0xffff_ffffn)
    if (known.has(key)) return
    known.add(key)
    if (files.length === mostOfBatch) {
      refused += 1
      return
    }
    files.push({
      role,
      device,
      inode,
      path: textOf(builder.bytes(path)),
      isPartial,
      isTyped:
        inode === 0n || (role === provenanceRoles.image && (flags & imageFlags.script) !== 0),
      isDeleted: (flags & imageFlags.deleted) !== 0,
      isMemfd,
      isFromSnapshot: (flags & imageFlags.fromSnapshot) !== 0,
      ...process,
    })
  }

  const { names } = builder
  for (const name of ['exec', 'process'] as const) {
    if (!names.includes(name)) continue
    const { columns, rows } = builder.table(name)
    for (let row = 0; row < rows; row++) {
      const flags = columns.flags[row] ?? 0
      see(
        provenanceRoles.image,
        columns.inode[row] ?? 0n,
        columns.device[row] ?? 0,
        columns.file[row] ?? 0,
        // Of a script, what the others say is said of its interpreter.
        (flags & imageFlags.script) !== 0 ? imageFlags.script : flags,
        {
          pid: columns.pid[row] ?? 0,
          parentPid: columns.parentPid[row] ?? 0,
          mountNs: columns.mountNs[row] ?? 0,
        },
      )
    }
  }
  if (names.includes('exec')) {
    const { columns, rows } = builder.table('exec')
    for (let row = 0; row < rows; row++) {
      const inode = columns.interpreterInode[row] ?? 0n
      if (inode === 0n) continue
      see(
        provenanceRoles.interpreter,
        inode,
        columns.interpreterDevice[row] ?? 0,
        columns.interpreter[row] ?? 0,
        (columns.flags[row] ?? 0) & ~imageFlags.script,
        {
          pid: columns.pid[row] ?? 0,
          parentPid: columns.parentPid[row] ?? 0,
          mountNs: columns.mountNs[row] ?? 0,
        },
      )
    }
  }
  if (names.includes('file')) {
    const { columns, rows } = builder.table('file')
    for (let row = 0; row < rows; row++) {
      if (columns.operation[row] !== fileOperations.mapExecutable) continue
      const flags = columns.flags[row] ?? 0
      see(
        provenanceRoles.library,
        columns.inode[row] ?? 0n,
        columns.device[row] ?? 0,
        columns.path[row] ?? 0,
        ((flags & fileFlags.deleted) !== 0 ? imageFlags.deleted : 0) |
          ((flags & fileFlags.pathPartial) !== 0 ? imageFlags.filePartial : 0),
        { pid: columns.pid[row] ?? 0, parentPid: 0, mountNs: columns.mountNs[row] ?? 0 },
      )
    }
  }
  return { files, refused }
}
