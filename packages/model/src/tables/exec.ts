import { defineTable, eventColumns, text, u32, u64 } from './table.ts'

/** What a process image is: shared by `exec`, and by `process` (the snapshot of what ran before the sensor). Ids 10 to 59. */
export const imageColumns = {
  parentPid: u32(
    10,
    'tgid of real_parent when the event happened, initial pid namespace; 0 when there is none.',
  ),
  parentStartNs: u64(11, "The parent's start_boottime in ns."),
  parentExecNo: u32(12, "The parent's exec number when the event happened."),
  uid: u32(13, 'Real user id (initial user namespace).'),
  euid: u32(14, 'Effective user id.'),
  gid: u32(15, 'Real group id.'),
  egid: u32(16, 'Effective group id.'),
  loginUid: u32(17, 'Audit login uid; 4294967295 when unset.'),
  sessionId: u32(18, 'Audit session id; 4294967295 when unset.'),
  capEffective: u64(19, 'Effective capabilities, one bit per CAP_ number.'),
  capPermitted: u64(20, 'Permitted capabilities.'),
  capInheritable: u64(21, 'Inheritable capabilities.'),
  mountNs: u32(22, 'Inode number of the mount namespace.'),
  pidNs: u32(23, 'Inode number of the pid namespace (for children).'),
  netNs: u32(24, 'Inode number of the network namespace.'),
  userNs: u32(25, 'Inode number of the user namespace.'),
  nsPid: u32(26, 'Process id as seen in its own pid namespace.'),
  cgroupId: u64(
    27,
    'Id of the cgroup v2 cgroup (kernfs id); 1 is the root, where processes of v1 hosts are.',
  ),
  cgroup: text(
    28,
    'Path of the cgroup that tells the workload: v2, or the v1 pids/systemd hierarchy when v2 says root.',
  ),
  unit: text(
    29,
    'systemd unit taken from the cgroup path, for example nginx.service; empty when none.',
  ),
  container: text(
    30,
    'Container id (first 31 hex digits as Tetragon prints it are a prefix) from the cgroup path; empty when none.',
  ),
  tty: text(31, 'Controlling terminal, for example pts/0; empty when none.'),
  file: text(
    32,
    'The executed file as the kernel resolved it, seen from the root of the process; for a script, the script.',
  ),
  fileTyped: text(33, 'The file as the caller typed it (bprm->filename).'),
  interpreter: text(
    34,
    'For a script, the interpreter that runs it (bprm->interp, resolved file of the mm); empty otherwise.',
  ),
  inode: u64(
    35,
    'Inode number of the executed file; of a script 0 where the kernel has no fentry, as only its path is left then.',
  ),
  device: u32(36, "Device of the executed file: the kernel's dev_t, (major << 20) | minor."),
  cwd: text(37, 'Working directory.'),
  argv: text(
    38,
    'The argument list as raw bytes, each argument followed by one NUL. argv[0] included. May hold invalid UTF-8.',
  ),
  argvBytes: u32(
    39,
    'Length of the whole argument list in the kernel, in bytes, also when `argv` is truncated.',
  ),
  flags: u32(40, 'Bits of `imageFlags`.'),
} as const

/** Bits of the `flags` column of `exec` and `process`. */
export const imageFlags = {
  /** argv is longer than what is here (over 128 KiB, or the ring had no room for all of it). */
  argvTruncated: 1 << 0,
  /** argv could not be read: the user page was not resident. */
  argvUnreadable: 1 << 1,
  /** The executed file lives in a memfd. */
  memfd: 1 << 2,
  /** The executed file has no name any more (unlinked before or during exec). */
  deleted: 1 << 3,
  /** `file` is a script run by `interpreter`. */
  script: 1 << 4,
  /** The walk to the root of `file` did not finish: `file` is its tail. */
  filePartial: 1 << 5,
  /** The walk to the root of `cwd` did not finish. */
  cwdPartial: 1 << 6,
  /** The sensor replaced secrets in argv. */
  redacted: 1 << 7,
  /** Effective ids or capabilities grew by this exec (set-uid, set-gid or file capabilities). */
  privilegesRaised: 1 << 8,
  /** Taken from an iterator or /proc, not seen as it happened. */
  fromSnapshot: 1 << 9,
  /** The parent or an ancestor is not known: lineage is incomplete. */
  lineageIncomplete: 1 << 10,
  /** A parent was known once, and has been evicted from the bounded cache. */
  lineageEvicted: 1 << 11,
  /** A kernel thread. */
  kernelThread: 1 << 12,
  /** Own process of Honeyguide (sensor, hub, store, launcher). */
  own: 1 << 13,
  /**
   * The real user id is not one that the process was told to have: no call that the sensor saw stands for it.
   * Also on rows of `fork` and `exit`.
   */
  unexplainedUid: 1 << 14,
} as const

export const exec = defineTable({
  name: 'exec',
  id: 1,
  ring: 'lifecycle',
  doc: 'A process has begun to run a new program (tracepoint sched_process_exec).',
  bits: { flags: imageFlags },
  columns: {
    ...eventColumns,
    ...imageColumns,
    previousExecNo: u32(60, 'Exec number of the image that called exec.'),
    interpreterInode: u64(62, 'For a script, inode number of the interpreter; 0 otherwise.'),
    interpreterDevice: u32(63, 'For a script, device of the interpreter; 0 otherwise.'),
  },
})
