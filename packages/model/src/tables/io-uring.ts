import { defineTable, eventColumns, text, u32, u64 } from './table.ts'

/** Values of `operation` of `io_uring`. */
export const ioUringOperations = {
  /** A ring was made. */
  setup: 1,
  /** Something was registered with a ring (buffers, files, credentials ...). */
  register: 2,
  /** A request was taken from a ring. */
  submit: 3,
  /** A request that was told came to its end. */
  complete: 4,
  /** Requests that move data (read, write, send, receive, accept ...): the first at once, then how many more. */
  transfer: 5,
} as const

/** Bits of `flags` of `io_uring`. */
export const ioUringFlags = {
  /** The request names its file by its place in the ring's own table: which file is not known. */
  fixedFile: 1 << 0,
  /** Taken by the ring's own kernel thread (SQPOLL): the process made no system call. */
  submissionThread: 1 << 1,
  /** A path could not be read whole; never a shortened one in silence. */
  pathUnknown: 1 << 2,
  /** Called through the 32-bit ABI. */
  compat: 1 << 4,
  /** The row tells repeats of one that was told before: same process, opcode and file. */
  repeats: 1 << 8,
} as const

export const ioUring = defineTable({
  name: 'io_uring',
  id: 15,
  ring: 'data',
  doc: 'What a process asks of the kernel through io_uring, past the system calls that are watched: rings, and the requests by opcode.',
  bits: { flags: ioUringFlags },
  values: { operation: ioUringOperations },
  columns: {
    ...eventColumns,
    operation: u32(70, 'One of `ioUringOperations`.'),
    opcode: u32(
      100,
      'enum io_uring_op of the request (18 OPENAT, 16 CONNECT ...); of `register`, enum io_uring_register_op.',
    ),
    fd: u32(
      101,
      'Descriptor that the request works on, as it was given (with `fixedFile` a place in the table); for paths the folder that they begin at, 4294967196 (AT_FDCWD) for the working folder. 4294967295 where it has none. Of `setup` and `register` the ring.',
    ),
    path: text(
      102,
      'First path of the request as typed, from the copy that the kernel works with; a relative one begins at `fd`.',
    ),
    path2: text(103, 'Second path (rename, link), or the link to be made (symlink).'),
    fd2: u32(104, 'Folder that `path2` begins at.'),
    result: u32(
      105,
      'Of `complete`, `setup` and `register`: what it gave, as a signed 32-bit number: -errno when it failed.',
    ),
    requestId: u64(
      106,
      'Joins `submit` and `complete` of one request, unique within a boot; 0 for others.',
    ),
    count: u64(107, 'How many requests this row tells: 1, or that of the repeats (`repeats`).'),
    firstNs: u64(111, 'When the first of them was, ns since boot.'),
    lastNs: u64(112, 'When the last of them was, ns since boot.'),
    inode: u64(50, 'Inode of the file behind `fd`; 0 where not known.'),
    device: u32(51, 'Device of that file, as in `exec`; 0 where not known.'),
    family: u32(71, 'Address family where the file is a socket, or of the address to connect to.'),
    protocol: u32(108, 'IP protocol where the file is an internet socket.'),
    remoteAddress: text(
      74,
      'Other end of the socket, or the address to connect to, in network order.',
    ),
    remotePort: u32(75, 'Port of the same.'),
    requestFlags: u32(109, 'IOSQE_* bits of the request; of `setup`, IORING_SETUP_* bits.'),
    entries: u32(110, 'Of `setup`: places in the submission queue. Of `register`: arguments.'),
    uid: u32(13, 'Real user id of the process.'),
    flags: u32(40, 'Bits of `ioUringFlags`.'),
  },
})
