import { defineTable, eventColumns, text, u32, u64 } from './table.ts'

/** Values of `operation`: a system call's name, but for the two that no call stands for. */
export const credOperations = {
  setuid: 1,
  setgid: 2,
  setreuid: 3,
  setregid: 4,
  setresuid: 5,
  setresgid: 6,
  setfsuid: 7,
  setfsgid: 8,
  setgroups: 9,
  capset: 10,
  /** Credentials changed in the kernel, and no system call stands for it. */
  unexplained: 11,
  ptrace: 12,
  prctl: 13,
  /** The main thread has another name: prctl(PR_SET_NAME), or a write to /proc/self/comm. */
  rename: 14,
  seccomp: 15,
  personality: 16,
  initModule: 17,
  finitModule: 18,
  deleteModule: 19,
  kexecLoad: 20,
  kexecFileLoad: 21,
  bpf: 22,
  addKey: 23,
  requestKey: 24,
  keyctl: 25,
  mount: 26,
  umount: 27,
  fsopen: 28,
  fsconfig: 29,
  fsmount: 30,
  fspick: 31,
  moveMount: 32,
  openTree: 33,
  mountSetattr: 34,
  pivotRoot: 35,
  chroot: 36,
  unshare: 37,
  setns: 38,
  /** A child born into other namespaces; or clone and clone3 that were refused them. */
  clone: 39,
  perfEventOpen: 40,
} as const

/** Bits of `flags` of `cred`. */
export const credFlags = {
  /** The columns `before...` hold what was before. */
  beforeKnown: 1 << 0,
  /** They do, but as what was last told of the process; the kernel did not let it be read at the call. */
  beforeRemembered: 1 << 1,
  /** A text or the list of groups is longer than what is here. */
  textTruncated: 1 << 2,
  /** A text could not be read: its page was not resident. */
  textUnreadable: 1 << 3,
  /** The walk to the root of `path` did not finish. */
  pathPartial: 1 << 4,
  /** setfsuid or setfsgid, which give no error, had no effect. */
  refused: 1 << 5,
  /** The process's real user id is not what it was last told to have, and no call between stands for it. */
  unexplainedUid: 1 << 6,
} as const

const when = 'before the call; see `credFlags.beforeKnown`.'
const then = 'after the call.'

export const cred = defineTable({
  name: 'cred',
  id: 12,
  ring: 'lifecycle',
  doc: 'A process took or was refused other rights, another view of the system, or a hand in the kernel or in another process.',
  bits: { flags: credFlags },
  values: { operation: credOperations },
  columns: {
    ...eventColumns,
    uid: u32(13, 'Real user id of the process, after the call.'),
    flags: u32(40, 'Bits of `credFlags`.'),
    errno: u32(61, 'Positive error number; 0 when the call succeeded.'),
    operation: u32(100, 'One of `credOperations`.'),
    count: u64(
      101,
      'How many events this row stands for: 1, or so many that are alike in all columns but those of time and `address`.',
    ),
    firstNs: u64(102, 'When the first of them was, ns since boot.'),
    lastNs: u64(103, 'When the last of them was.'),
    targetPid: u32(
      104,
      'Process that was meant (tgid, initial pid namespace): of ptrace, perf_event_open, PR_SET_PTRACER, and the child of clone. As the caller gave it, with `targetStartNs` 0, when there is no such process.',
    ),
    targetTid: u32(105, 'Thread that was meant.'),
    targetStartNs: u64(106, "The target's start_boottime in ns."),
    targetExecNo: u32(107, "The target's exec number."),
    request: u32(
      108,
      'What was asked of a call that does many things: the request of ptrace, option of prctl, operation of seccomp and keyctl, command of bpf and fsconfig; of `unexplained` the number of the call the thread was in (32-bit ABI: plus 1024).',
    ),
    callFlags: u64(
      109,
      'Flags of the call: of mount and its kin, umount, module loading, BPF_MAP_CREATE, perf_event_open, seccomp, unshare; type of setns; bits asked of personality; CLONE_NEW bits of what differs at birth, or of what was refused.',
    ),
    argument1: u64(
      110,
      'Asked effective capabilities (capset); first argument (prctl); what personality was before; length of a module image, segments of kexec; attach type (bpf) or entries (BPF_MAP_CREATE); config (perf_event_open); key or keyring; attributes of fsmount, to set of mount_setattr.',
    ),
    argument2: u64(
      111,
      'Asked permitted capabilities; second argument (prctl); instructions (BPF_PROG_LOAD); second key; attributes to clear.',
    ),
    argument3: u64(112, 'Asked inheritable capabilities; propagation of mount_setattr.'),
    askedId: u32(
      113,
      'Id that was asked for: of setuid, setgid, setfsuid and setfsgid; real id of setreuid and so on, 4294967295 to leave it.',
    ),
    askedEffectiveId: u32(114, 'Effective id of setreuid, setregid, setresuid and setresgid.'),
    askedSavedId: u32(115, 'Saved id of setresuid and setresgid.'),
    groupCount: u32(116, 'How many groups setgroups gave.'),
    groups: text(
      117,
      'These groups, ascending as the kernel keeps them: decimal, with a space between; the first 32.',
    ),
    objectType: u32(
      118,
      'Type of an eBPF program or map, or of a perf event, as the kernel numbers them.',
    ),
    objectId: u32(119, 'Id of an eBPF program, map or link; serial number of a key.'),
    name: text(
      120,
      'Name of a module, eBPF program or map; new name of the process; description of a key; key of fsconfig.',
    ),
    oldName: text(121, 'Name of the process before.'),
    path: text(
      122,
      'Of a module or kernel that was loaded by descriptor, resolved. Else as the caller typed it: where to mount, what to unmount, the new root, where eBPF objects are pinned.',
    ),
    source: text(123, 'What is mounted or moved, as typed; where pivot_root puts the old root.'),
    type: text(124, 'Type of file system or key; tracepoint of an eBPF program.'),
    options: text(
      125,
      'Options of mount, value of fsconfig, parameters of a module, command line of a kernel.',
    ),
    inode: u64(
      35,
      'Inode number of the module or kernel file; of setns the number of the namespace.',
    ),
    device: u32(36, "Device of that file: the kernel's dev_t."),
    beforeUid: u32(130, `Real user id ${when}`),
    beforeEuid: u32(131, `Effective user id ${when}`),
    beforeSuid: u32(132, `Saved user id ${when}`),
    beforeFsuid: u32(133, `File system user id ${when}`),
    beforeGid: u32(134, `Real group id ${when}`),
    beforeEgid: u32(135, `Effective group id ${when}`),
    beforeSgid: u32(136, `Saved group id ${when}`),
    beforeFsgid: u32(137, `File system group id ${when}`),
    beforeCapEffective: u64(138, `Effective capabilities ${when}`),
    beforeCapPermitted: u64(139, `Permitted capabilities ${when}`),
    beforeCapInheritable: u64(140, `Inheritable capabilities ${when}`),
    beforeCapBounding: u64(
      141,
      `Bounding set ${when} 0 when \`beforeRemembered\`, as for the next two.`,
    ),
    beforeCapAmbient: u64(142, `Ambient capabilities ${when}`),
    beforeSecurebits: u32(143, `Secure bits ${when}`),
    beforeMountNs: u32(144, `Mount namespace ${when}`),
    beforePidNs: u32(145, `Pid namespace for children ${when}`),
    beforeNetNs: u32(146, `Network namespace ${when}`),
    beforeUserNs: u32(147, `User namespace ${when}`),
    beforeUtsNs: u32(
      148,
      `UTS namespace ${when} 0 when \`beforeRemembered\`, as for the next three.`,
    ),
    beforeIpcNs: u32(149, `IPC namespace ${when}`),
    beforeCgroupNs: u32(150, `Cgroup namespace ${when}`),
    beforeTimeNs: u32(151, `Time namespace ${when}`),
    afterUid: u32(160, `Real user id ${then} Of clone all of these are the child's.`),
    afterEuid: u32(161, `Effective user id ${then}`),
    afterSuid: u32(162, `Saved user id ${then}`),
    afterFsuid: u32(163, `File system user id ${then}`),
    afterGid: u32(164, `Real group id ${then}`),
    afterEgid: u32(165, `Effective group id ${then}`),
    afterSgid: u32(166, `Saved group id ${then}`),
    afterFsgid: u32(167, `File system group id ${then}`),
    afterCapEffective: u64(168, `Effective capabilities ${then}`),
    afterCapPermitted: u64(169, `Permitted capabilities ${then}`),
    afterCapInheritable: u64(170, `Inheritable capabilities ${then}`),
    afterCapBounding: u64(171, `Bounding set ${then}`),
    afterCapAmbient: u64(172, `Ambient capabilities ${then}`),
    afterSecurebits: u32(173, `Secure bits ${then}`),
    afterMountNs: u32(174, `Mount namespace ${then}`),
    afterPidNs: u32(175, `Pid namespace for children ${then}`),
    afterNetNs: u32(176, `Network namespace ${then}`),
    afterUserNs: u32(177, `User namespace ${then}`),
    afterUtsNs: u32(178, `UTS namespace ${then}`),
    afterIpcNs: u32(179, `IPC namespace ${then}`),
    afterCgroupNs: u32(180, `Cgroup namespace ${then}`),
    afterTimeNs: u32(181, `Time namespace ${then}`),
  },
})
