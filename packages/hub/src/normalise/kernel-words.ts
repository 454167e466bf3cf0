/**
 * Numbers of `cred`, `io_uring` and `memory` as the words of their views. The live stream and the store take them
 * from here, so that both say one thing.
 */
import { credOperations, ioUringOperations, memoryOperations } from '@honeyguide/model'
import type { kernelClass, TableReader } from '@honeyguide/model'

export type KernelKind = keyof typeof kernelClass.kinds
type CredOperation = keyof typeof credOperations

const kinds: Readonly<Record<CredOperation, KernelKind>> = {
  setuid: 'credentials',
  setgid: 'credentials',
  setreuid: 'credentials',
  setregid: 'credentials',
  setresuid: 'credentials',
  setresgid: 'credentials',
  setfsuid: 'credentials',
  setfsgid: 'credentials',
  setgroups: 'credentials',
  capset: 'credentials',
  unexplained: 'credentials',
  ptrace: 'ptrace',
  prctl: 'prctl',
  rename: 'rename',
  seccomp: 'seccomp',
  personality: 'personality',
  initModule: 'module',
  finitModule: 'module',
  deleteModule: 'module',
  kexecLoad: 'module',
  kexecFileLoad: 'module',
  bpf: 'bpf',
  addKey: 'key',
  requestKey: 'key',
  keyctl: 'key',
  mount: 'mount',
  umount: 'mount',
  fsopen: 'mount',
  fsconfig: 'mount',
  fsmount: 'mount',
  fspick: 'mount',
  moveMount: 'mount',
  openTree: 'mount',
  mountSetattr: 'mount',
  pivotRoot: 'root',
  chroot: 'root',
  unshare: 'namespace',
  setns: 'namespace',
  clone: 'namespace',
  perfEventOpen: 'perf_event',
}

const operations = new Map(
  Object.entries(credOperations).map(([name, number]) => [number as number, name as CredOperation]),
)

/** `initModule` as `init_module`, as the kernel spells it. */
function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** Kind of a row of `cred`. An operation of a newer sensor counts as prctl: something was asked of the kernel. */
export function credKind(operation: number): KernelKind {
  const name = operations.get(operation)
  return name === undefined ? 'prctl' : kinds[name]
}

/** The system call of a row of `cred`. */
export function credCall(operation: number): string {
  const name = operations.get(operation)
  return name === undefined ? `operation ${operation}` : snakeCase(name)
}

/** Operations whose `request` says something. */
const withRequest: ReadonlySet<number> = new Set([
  credOperations.ptrace,
  credOperations.prctl,
  credOperations.seccomp,
  credOperations.keyctl,
  credOperations.bpf,
  credOperations.fsconfig,
  credOperations.unexplained,
])

/** `request` of a row of `cred`, null where the call has none. */
export function credRequest(operation: number, request: number): number | null {
  return withRequest.has(operation) ? request : null
}

const ofIds: ReadonlySet<number> = new Set([
  credOperations.setuid,
  credOperations.setgid,
  credOperations.setreuid,
  credOperations.setregid,
  credOperations.setresuid,
  credOperations.setresgid,
  credOperations.setfsuid,
  credOperations.setfsgid,
])

/** The id that a row of `cred` asks for, null where it asks for none. */
export function askedId(operation: number, id: number): number | null {
  return ofIds.has(operation) && id !== 0xffffffff ? id : null
}

type Cred = TableReader<'cred'>['columns']
type Suffix = {
  [Name in keyof Cred]: Name extends `before${infer Rest}` ? Rest : never
}[keyof Cred]

/** What can change, with the words for it; capabilities are told in hex. */
const changeable: Readonly<Record<Suffix, string>> = {
  Uid: 'uid',
  Euid: 'euid',
  Suid: 'suid',
  Fsuid: 'fsuid',
  Gid: 'gid',
  Egid: 'egid',
  Sgid: 'sgid',
  Fsgid: 'fsgid',
  CapEffective: 'effective',
  CapPermitted: 'permitted',
  CapInheritable: 'inheritable',
  CapBounding: 'bounding',
  CapAmbient: 'ambient',
  Securebits: 'securebits',
  MountNs: 'mnt',
  PidNs: 'pid',
  NetNs: 'net',
  UserNs: 'user',
  UtsNs: 'uts',
  IpcNs: 'ipc',
  CgroupNs: 'cgroup',
  TimeNs: 'time',
}
const changes = Object.entries(changeable) as [Suffix, string][]

/** Not known where only what was last told of the process is known of before. */
const unremembered: ReadonlySet<Suffix> = new Set([
  'CapBounding',
  'CapAmbient',
  'Securebits',
  'UtsNs',
  'IpcNs',
  'CgroupNs',
  'TimeNs',
])

export interface CredChange {
  /** Which of `beforeKnown` and `beforeRemembered` the row has. */
  readonly known: 'seen' | 'remembered' | 'no'
}

/** `uid 1000 → 0, mnt 4026531841 → 4026532262`; empty when nothing changed, null when it is not known. */
export function credChanges(c: Cred, row: number, known: CredChange['known']): string | null {
  if (known === 'no') return null
  const words: string[] = []
  for (const [suffix, word] of changes) {
    if (known === 'remembered' && unremembered.has(suffix)) continue
    const before = c[`before${suffix}`][row]
    const after = c[`after${suffix}`][row]
    if (before === after) continue
    const text = (value: number | bigint | undefined): string =>
      typeof value === 'bigint' ? value.toString(16) : String(value)
    words.push(`${word} ${text(before)} → ${text(after)}`)
  }
  return words.join(', ')
}

/** Numbers of a call that are not 0, up to the last that is not, hexadecimal. */
export function callArguments(...values: readonly (bigint | undefined)[]): string {
  const last = values.findLastIndex((value) => value !== undefined && value !== 0n)
  return values
    .slice(0, last + 1)
    .map((value) => `0x${(value ?? 0n).toString(16)}`)
    .join(' ')
}

/** enum io_uring_op (uapi/linux/io_uring.h of Linux 6.18). */
const opcodes =
  'NOP READV WRITEV FSYNC READ_FIXED WRITE_FIXED POLL_ADD POLL_REMOVE SYNC_FILE_RANGE SENDMSG RECVMSG TIMEOUT TIMEOUT_REMOVE ACCEPT ASYNC_CANCEL LINK_TIMEOUT CONNECT FALLOCATE OPENAT CLOSE FILES_UPDATE STATX READ WRITE FADVISE MADVISE SEND RECV OPENAT2 EPOLL_CTL SPLICE PROVIDE_BUFFERS REMOVE_BUFFERS TEE SHUTDOWN RENAMEAT UNLINKAT MKDIRAT SYMLINKAT LINKAT MSG_RING FSETXATTR SETXATTR FGETXATTR GETXATTR SOCKET URING_CMD SEND_ZC SENDMSG_ZC READ_MULTISHOT WAITID FUTEX_WAIT FUTEX_WAKE FUTEX_WAITV FIXED_FD_INSTALL FTRUNCATE BIND LISTEN RECV_ZC EPOLL_WAIT READV_FIXED WRITEV_FIXED PIPE'.split(
    ' ',
  )

/** The name of an opcode of io_uring, or `OP` and its number. */
export function opcodeName(opcode: number): string {
  return opcodes[opcode] ?? `OP${opcode}`
}

const uringCalls: Readonly<Record<number, string>> = {
  [ioUringOperations.setup]: 'io_uring_setup',
  [ioUringOperations.register]: 'io_uring_register',
}

/** The system call that a row of `io_uring` stands for. */
export function uringCall(operation: number): string {
  return uringCalls[operation] ?? 'io_uring_enter'
}

const uringStages = new Map(
  Object.entries(ioUringOperations).map(([name, number]) => [number as number, name]),
)

/** Stage of a row of `io_uring`: submit, complete ... */
export function uringStage(operation: number): string {
  return uringStages.get(operation) ?? `operation ${operation}`
}

/** Name of what a row of `io_uring` asks for: its opcode; of a ring's own calls nothing. */
export function uringName(operation: number, opcode: number): string {
  return operation === ioUringOperations.setup || operation === ioUringOperations.register
    ? ''
    : opcodeName(opcode)
}

/** The error of a request that came to its end; 0 when it worked. */
export function uringError(result: number): number {
  const signed = result | 0
  return signed < 0 ? -signed : 0
}

type MemoryKind =
  | 'memory_execute'
  | 'memory_file'
  | 'process_read'
  | 'process_write'
  | 'process_open'
  | 'userfault'

/** Each operation of `memory`: its kind and its activity of OCSF's Memory Activity. */
const memoryWords: Readonly<
  Record<keyof typeof memoryOperations, readonly [kind: MemoryKind, id: number, activity: string]>
> = {
  mapAnonymous: ['memory_execute', 1, 'Allocate Page'],
  protectAnonymous: ['memory_execute', 2, 'Modify Page'],
  protectWritten: ['memory_execute', 2, 'Modify Page'],
  mapUnlinked: ['memory_execute', 9, 'Map View'],
  protectUnlinked: ['memory_execute', 2, 'Modify Page'],
  mapWritable: ['memory_execute', 9, 'Map View'],
  attachShared: ['memory_execute', 9, 'Map View'],
  memfdCreate: ['memory_file', 99, 'Create File'],
  memfdSecret: ['memory_file', 99, 'Create File'],
  processRead: ['process_read', 7, 'Read'],
  processWrite: ['process_write', 8, 'Write'],
  procOpen: ['process_open', 99, 'Open'],
  procWrite: ['process_write', 8, 'Write'],
  userfaultfd: ['userfault', 99, 'Handle Faults'],
}

export interface MemoryWords {
  readonly kind: MemoryKind
  readonly activity: { readonly id: number; readonly name: string }
  /** `map anonymous`. */
  readonly operation: string
}

export const memoryByNumber: ReadonlyMap<number, MemoryWords> = new Map(
  Object.entries(memoryOperations).map(([name, number]) => {
    const [kind, id, activity] = memoryWords[name as keyof typeof memoryOperations]
    return [
      number,
      { kind, activity: { id, name: activity }, operation: snakeCase(name).replaceAll('_', ' ') },
    ]
  }),
)

/** What a row of `memory` is. An operation of a newer sensor counts as memory that may be executed. */
export function memoryOf(operation: number): MemoryWords {
  return (
    memoryByNumber.get(operation) ?? {
      kind: 'memory_execute',
      activity: { id: 1, name: 'Allocate Page' },
      operation: `operation ${operation}`,
    }
  )
}

/** PROT_ bits as r, w and x. */
export function protectionText(bits: number): string {
  return `${bits & 1 ? 'r' : ''}${bits & 2 ? 'w' : ''}${bits & 4 ? 'x' : ''}`
}
