import { defineTable, eventColumns, text, u32, u64 } from './table.ts'

/** Values of `operation`. */
export const fileOperations = {
  /** Opened for reading only; told of sensitive files. */
  read: 1,
  /** Opened for writing, or emptied by its open. */
  write: 2,
  /** Made: by an open, as a regular file by mknod, or as a directory by mkdir (flag `directory`). */
  create: 3,
  rename: 4,
  /** One more name for a file that has one. */
  link: 5,
  symlink: 6,
  /** A name taken away; that of a directory has the flag `directory`. */
  delete: 7,
  /** A device, fifo or socket made; `mode` says which. */
  mknod: 8,
  chmod: 9,
  chown: 10,
  truncate: 11,
  /** A file that was written since the sensor started is mapped executable. */
  mapExecutable: 12,
} as const

/** Bits of `flags` of `file`. */
export const fileFlags = {
  /**
   * The paths are the caller's words behind the directory that they begin in: symbolic links and `..` in them
   * are not followed, and another thread may have changed them while the call ran.
   */
  asTyped: 1 << 0,
  /** `path` is a tail: the walk to the root did not finish, or the text had no more room. */
  pathPartial: 1 << 1,
  /** `secondPath` is a tail or has been cut. */
  secondPartial: 1 << 2,
  /** The caller's words could not be read when the call ended. */
  unreadable: 1 << 3,
  /** The open emptied the file (O_TRUNC). */
  truncated: 1 << 4,
  directory: 1 << 5,
  /** One of the configured sensitive files. */
  sensitive: 1 << 6,
  /** The file has no name any more, or never had one (O_TMPFILE, memfd). */
  deleted: 1 << 7,
  /** Not an event of its own: `count` more of the event whose `seq` is this one less bit 62. */
  repeats: 1 << 8,
  /** The two names of the rename changed places (RENAME_EXCHANGE). */
  exchanged: 1 << 9,
} as const

/** Set in the `seq` of a row that tells repeats. */
export const repeatsBit = 1n << 62n

export const file = defineTable({
  name: 'file',
  id: 11,
  ring: 'data',
  doc: 'Something done to a file. Opens for reading are told of sensitive files only. What the same image of a process does again to the same file is counted from its second time on, and told within about a second as one row more with the flag `repeats`: the sum of `count` over rows is the number of events.',
  bits: { flags: fileFlags },
  values: { operation: fileOperations },
  columns: {
    ...eventColumns,
    operation: u32(100, 'One of `fileOperations`.'),
    path: text(
      101,
      'The file, seen from the root of the process; of a rename or hard link, the name of before.',
    ),
    secondPath: text(
      102,
      'Of a rename or hard link, the new name; of a symbolic link, what it holds; empty otherwise.',
    ),
    inode: u64(35, 'Inode number of the file; 0 when only names are known.'),
    device: u32(36, "Device of the file: the kernel's dev_t, (major << 20) | minor."),
    mountNs: u32(22, 'Inode number of the mount namespace of the process.'),
    mode: u32(
      103,
      'Type and permission bits (st_mode) after the event; of chmod the permission bits only, of mkdir and mknod as asked for when the flag `asTyped` is set. 0 when not known.',
    ),
    owner: u32(
      104,
      'Owning user of the file (initial user namespace); of chown the new one, 4294967295 for unchanged. 0 when `inode` is 0, but for chown.',
    ),
    group: u32(105, 'Owning group, as `owner`.'),
    openFlags: u32(
      106,
      'Of opens, the O_ flags of x86-64 Linux as the kernel keeps them; of those that failed, as asked for.',
    ),
    size: u64(107, 'Size in bytes when the event was told; 0 when not known.'),
    errno: u32(61, 'Positive error number of an open that was refused; 0 otherwise.'),
    uid: u32(13, 'Real user id of the process.'),
    flags: u32(40, 'Bits of `fileFlags`.'),
    count: u64(108, 'How many events this row tells: 1, or that of the repeats.'),
    firstNs: u64(109, 'When the first of them was, ns since boot.'),
    lastNs: u64(110, 'When the last of them was, ns since boot.'),
    writerPid: u32(
      111,
      'Of `mapExecutable`, the process that last opened the file for writing; 0 when it is not known any more.',
    ),
    writerStartNs: u64(112, "The writer's start_boottime in ns."),
    writerExecNo: u32(113, "The writer's exec number."),
  },
})
