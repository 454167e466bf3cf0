import { defineTable, eventColumns, text, u32, u64 } from './table.ts'

/** Values of `operation`. */
export const memoryOperations = {
  /** mmap of anonymous memory that may be executed. */
  mapAnonymous: 1,
  /** mprotect or pkey_mprotect that makes anonymous memory executable. */
  protectAnonymous: 2,
  /** The same of a private file mapping whose pages were written. */
  protectWritten: 3,
  /** mmap, to be executed, of a file that no name leads to: a memfd, a deleted one. */
  mapUnlinked: 4,
  /** mprotect of a mapping of such a file. */
  protectUnlinked: 5,
  /** mmap of a file that may be both written and executed. */
  mapWritable: 6,
  /** shmat with SHM_EXEC. */
  attachShared: 7,
  memfdCreate: 8,
  memfdSecret: 9,
  /** process_vm_readv. */
  processRead: 10,
  /** process_vm_writev. */
  processWrite: 11,
  /** /proc/PID/mem was opened to be written. */
  procOpen: 12,
  /** /proc/PID/mem was written. */
  procWrite: 13,
  userfaultfd: 14,
} as const

/** Bits of `flags` of `memory`. */
export const memoryFlags = {
  /** Something had been written there before it became executable. */
  wasWritten: 1 << 0,
  /** It is a stack. */
  stack: 1 << 1,
  /** It is the heap that brk gives. */
  heap: 1 << 2,
  textTruncated: 1 << 3,
  /** The walk to the root of `path` did not finish. */
  pathPartial: 1 << 4,
  /** The mappings could not all be looked at: what the memory is, is not known for sure. */
  unseen: 1 << 5,
} as const

export const memory = defineTable({
  name: 'memory',
  id: 16,
  ring: 'lifecycle',
  doc: 'Memory became code, or memory of another process was read or written.',
  bits: { flags: memoryFlags },
  values: { operation: memoryOperations },
  columns: {
    ...eventColumns,
    uid: u32(13, 'Real user id of the process.'),
    flags: u32(40, 'Bits of `memoryFlags`.'),
    errno: u32(61, 'Positive error number (EPERM, EACCES); 0 when the call succeeded.'),
    operation: u32(100, 'One of `memoryOperations`.'),
    count: u64(
      101,
      'How many events this row stands for: 1, or so many by this image that are alike in all columns but those of time, `bytes` and `address`.',
    ),
    firstNs: u64(102, 'When the first of them was, ns since boot.'),
    lastNs: u64(103, 'When the last of them was.'),
    bytes: u64(
      104,
      'Bytes mapped, made executable, read or written; the sum over the events of the row.',
    ),
    address: u64(
      105,
      'Where, of the last event: in the process itself, or in the target for processRead, processWrite and procWrite.',
    ),
    protection: u32(106, 'PROT_ bits that were asked for: 1 read, 2 write, 4 execute.'),
    callFlags: u64(107, 'Flags of mmap, shmat, memfd_create, memfd_secret or userfaultfd.'),
    targetPid: u32(
      108,
      'Process whose memory it is (tgid, initial pid namespace). As the caller gave it, with `targetStartNs` 0, when there is no such process.',
    ),
    targetTid: u32(109, 'Thread that was named.'),
    targetStartNs: u64(110, "The target's start_boottime in ns."),
    targetExecNo: u32(111, "The target's exec number."),
    path: text(
      112,
      'The file behind the mapping, the memfd (`memfd:name`) or the file of /proc, as the kernel resolved it; of a memfd that was refused the name as typed.',
    ),
    inode: u64(35, 'Inode number of that file; of attachShared the id of the segment.'),
    device: u32(36, "Device of that file: the kernel's dev_t."),
  },
})
