/**
 * Every call that leaves JavaScript, in one file: bpf(2), perf_event_open(2), netlink sockets, mmap(2) and libbpf
 * through koffi.
 *
 * System calls return a value >= 0 or a negative errno and never throw. libbpf is loaded on the
 * first use, so that a process that only reads pinned rings and maps never maps it.
 */
import { arch } from 'node:process'
import koffi, { type KoffiFunc, type LibraryHandle } from 'koffi'
import { BpfError } from './error.ts'

const libc = koffi.load('libc.so.6')

const syscall = libc.func('long syscall(long number, long command, void *attr, long size)')
const syscallPerf = libc.func(
  'long syscall(long number, void *attr, int pid, int cpu, int group, unsigned long flags)',
)
// `int` for the two descriptors, 64 bit for the offset: the kernel's own widths.
const mmap = libc.func(
  'int64_t mmap(int64_t at, size_t length, int prot, int flags, int fd, int64_t offset)',
)
const munmap = libc.func('int munmap(int64_t at, size_t length)')
const madvise = libc.func('int madvise(int64_t at, size_t length, int advice)')
const mallocTrim = libc.func('int malloc_trim(size_t pad)')
const readInto = libc.func('int64_t read(int fd, void *into, size_t length)')
const close = libc.func('int close(int fd)')
const getPageSize = libc.func('int getpagesize()')
const fcntl = libc.func('int fcntl(int fd, int command, int value)')
const vasprintf = libc.func('int vasprintf(_Out_ void **out, const char *format, void *arguments)')
const freeNative = libc.func('void free(void *memory)')
const clockGettime = libc.func('int clock_gettime(int clock, void *time)')
const flock = libc.func('int flock(int fd, int operation)')
const setns = libc.func('int setns(int fd, int kind)')
const ifNameToIndex = libc.func('unsigned int if_nametoindex(const char *name)')
const openSocket = libc.func('int socket(int family, int type, int protocol)')
const send = libc.func('int64_t send(int fd, void *bytes, size_t length, int flags)')
const receive = libc.func('int64_t recv(int fd, void *into, size_t length, int flags)')

const bpfNumbers: Readonly<Record<string, number>> = { x64: 321, arm64: 280 }
const bpfNumber = bpfNumbers[arch] ?? 0
const perfNumbers: Readonly<Record<string, number>> = { x64: 298, arm64: 241 }
const perfNumber = perfNumbers[arch] ?? 0

/**
 * bpf(2). `attr` is one `union bpf_attr`, `size` the bytes of it that the command knows (the kernel
 * refuses non-zero bytes beyond what it knows, so pass no more than is used).
 * Returns >= 0, or a negative errno.
 */
export function bpf(command: number, attr: Uint8Array, size: number): number {
  if (bpfNumber === 0) return -38 // ENOSYS: an architecture whose syscall number we do not know
  const result = Number(syscall(bpfNumber, command, attr, size))
  return result < 0 ? -koffi.errno() : result
}

/**
 * perf_event_open(2) without a group; the descriptor is closed on exec. `pid` -1 is every process, `cpu` -1 every CPU
 * (not both). Returns the descriptor, or a negative errno.
 */
export function perfEventOpen(attr: Uint8Array, pid: number, cpu: number): number {
  if (perfNumber === 0) return -38
  const closeOnExec = 8
  const result = Number(syscallPerf(perfNumber, attr, pid, cpu, -1, closeOnExec))
  return result < 0 ? -koffi.errno() : result
}

/**
 * Moves the calling thread into the network namespace that `fd` is open on (setns(2)). Only this thread: whoever
 * calls must go back before anything else runs on it. Returns 0, or a negative errno.
 */
export function enterNetworkNamespace(fd: number): number {
  const networkNamespace = 0x4000_0000
  return Number(setns(fd, networkNamespace)) < 0 ? -koffi.errno() : 0
}

/** Index of a network interface of the calling thread's namespace; a negative errno when there is none. */
export function indexOfInterface(name: string): number {
  const index = Number(ifNameToIndex(name))
  return index === 0 ? -koffi.errno() : index
}

/** A socket for rtnetlink in the calling thread's namespace, closed on exec. A negative errno on failure. */
export function openRouteSocket(): number {
  const netlinkFamily = 16
  const rawCloseOnExec = 3 | 0x8_0000
  const result = Number(openSocket(netlinkFamily, rawCloseOnExec, 0))
  return result < 0 ? -koffi.errno() : result
}

/** Sends one datagram. Returns its length, or a negative errno. */
export function sendTo(fd: number, bytes: Uint8Array): number {
  const result = Number(send(fd, bytes, bytes.length, 0))
  return result < 0 ? -koffi.errno() : result
}

/** Receives one datagram that is there already (-11, EAGAIN, when none is). Returns its length, or a negative errno. */
export function receiveFrom(fd: number, into: Uint8Array): number {
  const dontWait = 0x40
  const result = Number(receive(fd, into, into.length, dontWait))
  return result < 0 ? -koffi.errno() : result
}

/**
 * Address of a buffer's first byte, for pointers inside `union bpf_attr`. Keep the buffer referenced
 * until the call returns; typed arrays are moved off the JavaScript heap by asking.
 */
export function addressOf(memory: Uint8Array): bigint {
  return koffi.address(memory)
}

// Buffers whose addresses native code holds although no JavaScript value leads to them.
const kept = new Set<unknown>()

/** Runs `call` while `buffers`, which it knows by address only, cannot be freed. */
export function keeping<T>(buffers: readonly unknown[], call: () => T): T {
  kept.add(buffers)
  try {
    return call()
  } finally {
    kept.delete(buffers)
  }
}

/** Reads up to `into.length` bytes. Returns the bytes read, 0 at the end, or a negative errno. */
export function readFd(fd: number, into: Uint8Array): number {
  const result = Number(readInto(fd, into, into.length))
  return result < 0 ? -koffi.errno() : result
}

/**
 * Closes a descriptor that bpf(2) gave us. Not `fs.closeSync`: in a worker Node keeps a list of what
 * it opened itself, and warns about every other number that is closed through it.
 */
export function closeFd(fd: number): void {
  close(fd)
}

/** A second descriptor of the same thing, closed on exec. Returns it, or a negative errno. */
export function duplicateFd(fd: number): number {
  const duplicateCloseOnExec = 1030 // F_DUPFD_CLOEXEC
  const result = Number(fcntl(fd, duplicateCloseOnExec, 0))
  return result < 0 ? -koffi.errno() : result
}

/** Bytes of a page of this machine: the unit of mapped memory. */
export const pageSizeBytes: number = getPageSize()

/** Memory of a map seen from JavaScript. */
export interface MappedMemory extends Disposable {
  /** The mapped bytes. Detached by dispose, so a late reader sees length 0 and never faults. */
  readonly buffer: ArrayBuffer
}

/**
 * Maps `length` bytes of `fd` from `offset`. Writing into a mapping that is not `writable` kills the
 * process with SIGSEGV; hand such views to readers only. Returns a negative errno on failure.
 */
export function mapMemory(
  fd: number,
  offset: number,
  length: number,
  writable: boolean,
): MappedMemory | number {
  const protRead = 1
  const protWrite = 2
  const mapShared = 1
  const at = mmap(0, length, writable ? protRead | protWrite : protRead, mapShared, fd, offset)
  if (Number(at) === -1) return -koffi.errno()
  const buffer = koffi.view(BigInt(at), length)
  let isMapped = true
  return {
    buffer,
    [Symbol.dispose](): void {
      if (!isMapped) return
      isMapped = false
      // Detaches every typed array over the memory before it goes away.
      buffer.transfer()
      munmap(at, length)
    },
  }
}

/**
 * Drops the pages of a range (MADV_DONTNEED of madvise(2)). Only for mappings of files without pages of
 * their own: everything else would lose what it holds. False when the kernel refuses.
 */
export function adviseUnneeded(at: bigint, length: bigint): boolean {
  const dontNeed = 4
  return Number(madvise(at, length, dontNeed)) === 0
}

/** Gives free memory of the C library's heap back to the kernel (malloc_trim(3)). */
export function trimHeap(): void {
  mallocTrim(0)
}

/** A file descriptor watched by the event loop. */
export interface FdWatch extends Disposable {
  /** Asks for one more run of events; calls back as soon as the descriptor is readable. */
  start(): void
  /** Stops asking; the descriptor may be started again. */
  stop(): void
}

// koffi's handle is collected when nobody holds it, and events then stop without a word: the set
// holds every handle until it is disposed.
type PollHandle = ReturnType<typeof koffi.node.poll>
const liveWatches = new Set<PollHandle>()

/** Watches `fd` for reading through libuv (uv_poll). Starts stopped. */
export function watchFd(fd: number, onReadable: () => void): FdWatch {
  let handle: PollHandle | undefined = koffi.node.poll(fd, { readable: true }, onReadable)
  handle.stop()
  liveWatches.add(handle)
  return {
    start: () => handle?.start({ readable: true }, onReadable),
    stop: () => handle?.stop(),
    [Symbol.dispose](): void {
      if (!handle) return
      handle.close()
      liveWatches.delete(handle)
      handle = undefined
    },
  }
}

/** An address that libbpf gave us; never dereferenced here but through libbpf. */
export type NativePointer = bigint & { readonly native: never }

/** The libbpf functions that are used, with the meaning that libbpf.h gives them. */
export interface Libbpf {
  openMem(bytes: Uint8Array, length: number, options: Uint8Array): NativePointer | null
  load(object: NativePointer): number
  close(object: NativePointer): void
  findMap(object: NativePointer, name: string): NativePointer | null
  nextMap(object: NativePointer, previous: NativePointer | null): NativePointer | null
  mapName(map: NativePointer): string
  mapFd(map: NativePointer): number
  setMaxEntries(map: NativePointer, count: number): number
  setPinPath(map: NativePointer, path: string): number
  reuseFd(map: NativePointer, fd: number): number
  setAutocreate(map: NativePointer, autocreate: boolean): number
  initialValue(map: NativePointer): ArrayBuffer | undefined
  findProgram(object: NativePointer, name: string): NativePointer | null
  nextProgram(object: NativePointer, previous: NativePointer | null): NativePointer | null
  programName(program: NativePointer): string
  programSection(program: NativePointer): string
  programFd(program: NativePointer): number
  programType(program: NativePointer): number
  expectedAttachType(program: NativePointer): number
  setProgramType(program: NativePointer, type: number): number
  setExpectedAttachType(program: NativePointer, type: number): number
  setAutoload(program: NativePointer, autoload: boolean): number
  /** `into` is the descriptor of a program, or 0 for the kernel. */
  setAttachTarget(program: NativePointer, into: number, name: string): number
  /** A copy of the instructions as they were loaded, 8 bytes each: descriptors of maps are filled in. */
  instructions(program: NativePointer): Uint8Array
  attach(program: NativePointer): NativePointer | null
  linkFd(link: NativePointer): number
  linkDestroy(link: NativePointer): number
  /** The running kernel's BTF; tens of MB until freed. */
  loadVmlinuxBtf(): NativePointer | null
  /** Type id, or a negative errno. `kind` is a BTF_KIND number. */
  findBtfType(btf: NativePointer, name: string, kind: number): number
  /** Type id that a function of the BTF points to (its prototype), of the function's type id. */
  prototypeOf(btf: NativePointer, functionId: number): number
  freeBtf(btf: NativePointer): void
  /** 1 when a program of that type may call the helper, 0 when not, else a negative errno. */
  probeHelper(programType: number, helper: number, options: null): number
  version(): string
}

let loaded: Libbpf | undefined
let setPrint: KoffiFunc<(fn: bigint | null) => unknown> | undefined

/** libbpf, loaded on first use. Throws `BPF_LIBRARY_MISSING`. */
export function libbpf(): Libbpf {
  loaded ??= loadLibbpf()
  return loaded
}

function loadLibbpf(): Libbpf {
  let library: LibraryHandle
  try {
    library = koffi.load('libbpf.so.1')
  } catch (cause) {
    throw new BpfError('BPF_LIBRARY_MISSING', 'libbpf.so.1 could not be loaded', { cause })
  }
  setPrint = library.func('void *libbpf_set_print(void *fn)') as typeof setPrint
  setPrint?.(null)
  const initialValue = library.func('void *bpf_map__initial_value(void *map, _Out_ size_t *size)')
  const instructionsAt = library.func('void *bpf_program__insns(void *program)')
  const instructionCount = library.func('size_t bpf_program__insn_cnt(void *program)')
  const typeById = library.func('void *btf__type_by_id(void *btf, uint32_t id)')
  return {
    openMem: library.func('void *bpf_object__open_mem(void *bytes, size_t length, void *options)'),
    load: library.func('int bpf_object__load(void *object)'),
    close: library.func('void bpf_object__close(void *object)'),
    findMap: library.func('void *bpf_object__find_map_by_name(void *object, const char *name)'),
    nextMap: library.func('void *bpf_object__next_map(void *object, void *previous)'),
    mapName: library.func('const char *bpf_map__name(void *map)'),
    mapFd: library.func('int bpf_map__fd(void *map)'),
    setMaxEntries: library.func('int bpf_map__set_max_entries(void *map, uint32_t count)'),
    setPinPath: library.func('int bpf_map__set_pin_path(void *map, const char *path)'),
    reuseFd: library.func('int bpf_map__reuse_fd(void *map, int fd)'),
    setAutocreate: library.func('int bpf_map__set_autocreate(void *map, bool autocreate)'),
    initialValue(map) {
      const size: [number | bigint] = [0]
      const address: bigint | null = initialValue(map, size)
      return address === null ? undefined : koffi.view(address, Number(size[0]))
    },
    findProgram: library.func(
      'void *bpf_object__find_program_by_name(void *object, const char *name)',
    ),
    nextProgram: library.func('void *bpf_object__next_program(void *object, void *previous)'),
    programName: library.func('const char *bpf_program__name(void *program)'),
    programSection: library.func('const char *bpf_program__section_name(void *program)'),
    programFd: library.func('int bpf_program__fd(void *program)'),
    programType: library.func('int bpf_program__type(void *program)'),
    expectedAttachType: library.func('int bpf_program__expected_attach_type(void *program)'),
    setProgramType: library.func('int bpf_program__set_type(void *program, int type)'),
    setExpectedAttachType: library.func(
      'int bpf_program__set_expected_attach_type(void *program, int type)',
    ),
    setAutoload: library.func('int bpf_program__set_autoload(void *program, bool autoload)'),
    setAttachTarget: library.func(
      'int bpf_program__set_attach_target(void *program, int into, const char *name)',
    ),
    instructions(program) {
      const address: bigint | null = instructionsAt(program)
      if (address === null) return new Uint8Array()
      return new Uint8Array(koffi.view(address, 8 * Number(instructionCount(program))).slice(0))
    },
    attach: library.func('void *bpf_program__attach(void *program)'),
    linkFd: library.func('int bpf_link__fd(void *link)'),
    linkDestroy: library.func('int bpf_link__destroy(void *link)'),
    loadVmlinuxBtf: library.func('void *btf__load_vmlinux_btf()'),
    findBtfType: library.func(
      'int btf__find_by_name_kind(void *btf, const char *name, uint32_t kind)',
    ),
    prototypeOf(btf, functionId) {
      const address: bigint | null = typeById(btf, functionId)
      // struct btf_type: name_off, info, and of a function the type.
      return address === null ? 0 : new DataView(koffi.view(address, 12)).getUint32(8, true)
    },
    freeBtf: library.func('void btf__free(void *btf)'),
    probeHelper: library.func(
      'int libbpf_probe_bpf_helper(int program_type, int helper, void *options)',
    ),
    version: library.func('const char *libbpf_version_string()'),
  }
}

/** errno of the last libbpf call of this thread that returned NULL. */
export function lastErrno(): number {
  return koffi.errno()
}

/** One message of libbpf: level 0 warning, 1 information, 2 debugging. */
export interface LibbpfMessage {
  readonly level: number
  readonly text: string
}

// 1 MiB of a verifier log's end is more than is ever shown.
const longestMessage = 1 << 20

const printPrototype = koffi.proto('int BpfPrint(int level, const char *format, void *arguments)')

/**
 * Runs `call` and collects what libbpf prints meanwhile (its printer is one for the process, so
 * objects are opened and loaded from one thread at a time). A long message keeps its end.
 */
export function withLibbpfLog<T>(call: () => T): { result: T; messages: LibbpfMessage[] } {
  libbpf()
  const messages: LibbpfMessage[] = []
  const callback = koffi.register((level: number, format: unknown, values: unknown): number => {
    if (level > 1) return 0
    // A va_list is passed as a pointer on x86-64 and arm64, which is what vasprintf wants.
    const out: [bigint | null] = [null]
    const length: number = vasprintf(out, format, values)
    const text = out[0]
    if (length < 0 || text === null) return 0
    const from = Math.max(0, length - longestMessage)
    messages.push({ level, text: koffi.decode.string(text + BigInt(from), length - from) })
    freeNative(text)
    return length
  }, koffi.pointer(printPrototype))
  setPrint?.(callback)
  try {
    return { result: call(), messages }
  } finally {
    setPrint?.(null)
    koffi.unregister(callback)
  }
}

const clocks = { realtime: 0, boottime: 7 } as const
const time = new BigInt64Array(new ArrayBuffer(16))
const timeBytes = new Uint8Array(time.buffer)

/** A clock in ns: `boottime` is the one that programs stamp with (it counts suspended time too). */
export function readClockNs(clock: keyof typeof clocks): bigint {
  clockGettime(clocks[clock], timeBytes)
  return (time[0] as bigint) * 1_000_000_000n + (time[1] as bigint)
}

/** Locks an open file for this process alone, until it closes the file or dies. False when another has it. */
export function lockFd(fd: number): boolean {
  const exclusiveNonBlocking = 2 | 4
  return Number(flock(fd, exclusiveNonBlocking)) === 0
}
