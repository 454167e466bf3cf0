/**
 * Generated from BTF; do not edit.
 * Again: npm run gen
 */
import type { LayoutClaim, RecordMemory } from '@honeyguide/bpf'

/** The layout that these decoders are for; pass it to `openObject`. */
export const layout = {
  hash: '55410131a46f45fb',
  structs: ['hg_task', 'hg_task_socket'],
  enums: [],
} as const satisfies LayoutClaim

/** Bytes of one struct hg_task. */
export const taskSizeBytes = 168

/** Byte offsets of its fields. */
export const taskOffsets = {
  startNs: 0,
  parentStartNs: 8,
  pid: 16,
  execNo: 20,
  parentPid: 24,
  parentExecNo: 28,
  uid: 32,
  euid: 36,
  gid: 40,
  egid: 44,
  suid: 48,
  sgid: 52,
  fsuid: 56,
  fsgid: 60,
  loginUid: 64,
  sessionId: 68,
  nsPid: 72,
  isKernelThread: 76,
  capEffective: 80,
  capPermitted: 88,
  capInheritable: 96,
  mountNs: 104,
  pidNs: 108,
  netNs: 112,
  userNs: 116,
  cgroupId: 120,
  workloadId: 128,
  inode: 136,
  device: 144,
  tty: 152,
} as const

/** Reads single fields of the struct hg_task at byte `at` of `m`. */
export const task = {
  /** u64 start_ns */
  startNs: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 parent_start_ns */
  parentStartNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
  /** u32 pid */
  pid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 16) >>> 2] as number,
  /** u32 exec_no */
  execNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 20) >>> 2] as number,
  /** u32 parent_pid */
  parentPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 24) >>> 2] as number,
  /** u32 parent_exec_no */
  parentExecNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 28) >>> 2] as number,
  /** u32 uid */
  uid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 32) >>> 2] as number,
  /** u32 euid */
  euid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 36) >>> 2] as number,
  /** u32 gid */
  gid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 40) >>> 2] as number,
  /** u32 egid */
  egid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 44) >>> 2] as number,
  /** u32 suid */
  suid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 48) >>> 2] as number,
  /** u32 sgid */
  sgid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 52) >>> 2] as number,
  /** u32 fsuid */
  fsuid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 56) >>> 2] as number,
  /** u32 fsgid */
  fsgid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 60) >>> 2] as number,
  /** u32 login_uid */
  loginUid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 64) >>> 2] as number,
  /** u32 session_id */
  sessionId: (m: RecordMemory, at: number): number =>
    m.u32[(at + 68) >>> 2] as number,
  /** u32 ns_pid */
  nsPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 72) >>> 2] as number,
  /** u32 is_kernel_thread */
  isKernelThread: (m: RecordMemory, at: number): number =>
    m.u32[(at + 76) >>> 2] as number,
  /** u64 cap_effective */
  capEffective: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 80) >>> 3] as bigint,
  /** u64 cap_permitted */
  capPermitted: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 88) >>> 3] as bigint,
  /** u64 cap_inheritable */
  capInheritable: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 96) >>> 3] as bigint,
  /** u32 mount_ns */
  mountNs: (m: RecordMemory, at: number): number =>
    m.u32[(at + 104) >>> 2] as number,
  /** u32 pid_ns */
  pidNs: (m: RecordMemory, at: number): number =>
    m.u32[(at + 108) >>> 2] as number,
  /** u32 net_ns */
  netNs: (m: RecordMemory, at: number): number =>
    m.u32[(at + 112) >>> 2] as number,
  /** u32 user_ns */
  userNs: (m: RecordMemory, at: number): number =>
    m.u32[(at + 116) >>> 2] as number,
  /** u64 cgroup_id */
  cgroupId: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 120) >>> 3] as bigint,
  /** u64 workload_id */
  workloadId: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 128) >>> 3] as bigint,
  /** u64 inode */
  inode: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 136) >>> 3] as bigint,
  /** u32 device */
  device: (m: RecordMemory, at: number): number =>
    m.u32[(at + 144) >>> 2] as number,
  /** 16 bytes tty */
  tty: (m: RecordMemory, at: number): Uint8Array =>
    m.u8.subarray(at + 152, at + 168),
} as const

/** A struct hg_task as an object of its own. */
export interface Task {
  readonly startNs: bigint
  readonly parentStartNs: bigint
  readonly pid: number
  readonly execNo: number
  readonly parentPid: number
  readonly parentExecNo: number
  readonly uid: number
  readonly euid: number
  readonly gid: number
  readonly egid: number
  readonly suid: number
  readonly sgid: number
  readonly fsuid: number
  readonly fsgid: number
  readonly loginUid: number
  readonly sessionId: number
  readonly nsPid: number
  readonly isKernelThread: number
  readonly capEffective: bigint
  readonly capPermitted: bigint
  readonly capInheritable: bigint
  readonly mountNs: number
  readonly pidNs: number
  readonly netNs: number
  readonly userNs: number
  readonly cgroupId: bigint
  readonly workloadId: bigint
  readonly inode: bigint
  readonly device: number
  readonly tty: Uint8Array
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readTask(m: RecordMemory, at: number): Task {
  return {
    startNs: task.startNs(m, at),
    parentStartNs: task.parentStartNs(m, at),
    pid: task.pid(m, at),
    execNo: task.execNo(m, at),
    parentPid: task.parentPid(m, at),
    parentExecNo: task.parentExecNo(m, at),
    uid: task.uid(m, at),
    euid: task.euid(m, at),
    gid: task.gid(m, at),
    egid: task.egid(m, at),
    suid: task.suid(m, at),
    sgid: task.sgid(m, at),
    fsuid: task.fsuid(m, at),
    fsgid: task.fsgid(m, at),
    loginUid: task.loginUid(m, at),
    sessionId: task.sessionId(m, at),
    nsPid: task.nsPid(m, at),
    isKernelThread: task.isKernelThread(m, at),
    capEffective: task.capEffective(m, at),
    capPermitted: task.capPermitted(m, at),
    capInheritable: task.capInheritable(m, at),
    mountNs: task.mountNs(m, at),
    pidNs: task.pidNs(m, at),
    netNs: task.netNs(m, at),
    userNs: task.userNs(m, at),
    cgroupId: task.cgroupId(m, at),
    workloadId: task.workloadId(m, at),
    inode: task.inode(m, at),
    device: task.device(m, at),
    tty: task.tty(m, at).slice(),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface TaskColumns {
  readonly startNs: BigUint64Array
  readonly parentStartNs: BigUint64Array
  readonly pid: Uint32Array
  readonly execNo: Uint32Array
  readonly parentPid: Uint32Array
  readonly parentExecNo: Uint32Array
  readonly uid: Uint32Array
  readonly euid: Uint32Array
  readonly gid: Uint32Array
  readonly egid: Uint32Array
  readonly suid: Uint32Array
  readonly sgid: Uint32Array
  readonly fsuid: Uint32Array
  readonly fsgid: Uint32Array
  readonly loginUid: Uint32Array
  readonly sessionId: Uint32Array
  readonly nsPid: Uint32Array
  readonly isKernelThread: Uint32Array
  readonly capEffective: BigUint64Array
  readonly capPermitted: BigUint64Array
  readonly capInheritable: BigUint64Array
  readonly mountNs: Uint32Array
  readonly pidNs: Uint32Array
  readonly netNs: Uint32Array
  readonly userNs: Uint32Array
  readonly cgroupId: BigUint64Array
  readonly workloadId: BigUint64Array
  readonly inode: BigUint64Array
  readonly device: Uint32Array
  readonly tty: Uint8Array
}

/** Makes columns with room for `capacity` rows. */
export function createTaskColumns(capacity: number): TaskColumns {
  return {
    startNs: new BigUint64Array(capacity),
    parentStartNs: new BigUint64Array(capacity),
    pid: new Uint32Array(capacity),
    execNo: new Uint32Array(capacity),
    parentPid: new Uint32Array(capacity),
    parentExecNo: new Uint32Array(capacity),
    uid: new Uint32Array(capacity),
    euid: new Uint32Array(capacity),
    gid: new Uint32Array(capacity),
    egid: new Uint32Array(capacity),
    suid: new Uint32Array(capacity),
    sgid: new Uint32Array(capacity),
    fsuid: new Uint32Array(capacity),
    fsgid: new Uint32Array(capacity),
    loginUid: new Uint32Array(capacity),
    sessionId: new Uint32Array(capacity),
    nsPid: new Uint32Array(capacity),
    isKernelThread: new Uint32Array(capacity),
    capEffective: new BigUint64Array(capacity),
    capPermitted: new BigUint64Array(capacity),
    capInheritable: new BigUint64Array(capacity),
    mountNs: new Uint32Array(capacity),
    pidNs: new Uint32Array(capacity),
    netNs: new Uint32Array(capacity),
    userNs: new Uint32Array(capacity),
    cgroupId: new BigUint64Array(capacity),
    workloadId: new BigUint64Array(capacity),
    inode: new BigUint64Array(capacity),
    device: new Uint32Array(capacity),
    tty: new Uint8Array(capacity * 16),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyTask(
  m: RecordMemory,
  at: number,
  columns: TaskColumns,
  row: number,
): void {
  columns.startNs[row] = task.startNs(m, at)
  columns.parentStartNs[row] = task.parentStartNs(m, at)
  columns.pid[row] = task.pid(m, at)
  columns.execNo[row] = task.execNo(m, at)
  columns.parentPid[row] = task.parentPid(m, at)
  columns.parentExecNo[row] = task.parentExecNo(m, at)
  columns.uid[row] = task.uid(m, at)
  columns.euid[row] = task.euid(m, at)
  columns.gid[row] = task.gid(m, at)
  columns.egid[row] = task.egid(m, at)
  columns.suid[row] = task.suid(m, at)
  columns.sgid[row] = task.sgid(m, at)
  columns.fsuid[row] = task.fsuid(m, at)
  columns.fsgid[row] = task.fsgid(m, at)
  columns.loginUid[row] = task.loginUid(m, at)
  columns.sessionId[row] = task.sessionId(m, at)
  columns.nsPid[row] = task.nsPid(m, at)
  columns.isKernelThread[row] = task.isKernelThread(m, at)
  columns.capEffective[row] = task.capEffective(m, at)
  columns.capPermitted[row] = task.capPermitted(m, at)
  columns.capInheritable[row] = task.capInheritable(m, at)
  columns.mountNs[row] = task.mountNs(m, at)
  columns.pidNs[row] = task.pidNs(m, at)
  columns.netNs[row] = task.netNs(m, at)
  columns.userNs[row] = task.userNs(m, at)
  columns.cgroupId[row] = task.cgroupId(m, at)
  columns.workloadId[row] = task.workloadId(m, at)
  columns.inode[row] = task.inode(m, at)
  columns.device[row] = task.device(m, at)
  columns.tty.set(m.u8.subarray(at + 152, at + 168), row * 16)
}

/** Bytes of one struct hg_task_socket. */
export const taskSocketSizeBytes = 32

/** Byte offsets of its fields. */
export const taskSocketOffsets = {
  sock: 0,
  startNs: 8,
  pid: 16,
  execNo: 20,
  uid: 24,
  state: 28,
} as const

/** Reads single fields of the struct hg_task_socket at byte `at` of `m`. */
export const taskSocket = {
  /** u64 sock */
  sock: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 start_ns */
  startNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
  /** u32 pid */
  pid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 16) >>> 2] as number,
  /** u32 exec_no */
  execNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 20) >>> 2] as number,
  /** u32 uid */
  uid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 24) >>> 2] as number,
  /** u32 state */
  state: (m: RecordMemory, at: number): number =>
    m.u32[(at + 28) >>> 2] as number,
} as const

/** A struct hg_task_socket as an object of its own. */
export interface TaskSocket {
  readonly sock: bigint
  readonly startNs: bigint
  readonly pid: number
  readonly execNo: number
  readonly uid: number
  readonly state: number
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readTaskSocket(m: RecordMemory, at: number): TaskSocket {
  return {
    sock: taskSocket.sock(m, at),
    startNs: taskSocket.startNs(m, at),
    pid: taskSocket.pid(m, at),
    execNo: taskSocket.execNo(m, at),
    uid: taskSocket.uid(m, at),
    state: taskSocket.state(m, at),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface TaskSocketColumns {
  readonly sock: BigUint64Array
  readonly startNs: BigUint64Array
  readonly pid: Uint32Array
  readonly execNo: Uint32Array
  readonly uid: Uint32Array
  readonly state: Uint32Array
}

/** Makes columns with room for `capacity` rows. */
export function createTaskSocketColumns(capacity: number): TaskSocketColumns {
  return {
    sock: new BigUint64Array(capacity),
    startNs: new BigUint64Array(capacity),
    pid: new Uint32Array(capacity),
    execNo: new Uint32Array(capacity),
    uid: new Uint32Array(capacity),
    state: new Uint32Array(capacity),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyTaskSocket(
  m: RecordMemory,
  at: number,
  columns: TaskSocketColumns,
  row: number,
): void {
  columns.sock[row] = taskSocket.sock(m, at)
  columns.startNs[row] = taskSocket.startNs(m, at)
  columns.pid[row] = taskSocket.pid(m, at)
  columns.execNo[row] = taskSocket.execNo(m, at)
  columns.uid[row] = taskSocket.uid(m, at)
  columns.state[row] = taskSocket.state(m, at)
}
