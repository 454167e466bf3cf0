/**
 * The commands of bpf(2) that this package uses, as functions.
 *
 * Layouts are those of `union bpf_attr` in <linux/bpf.h>, which is ABI. Each function returns a
 * value >= 0 or a negative errno; nobody throws here, because callers know what went wrong.
 */
import { addressOf, bpf } from './ffi.ts'

const command = {
  mapCreate: 0,
  mapLookup: 1,
  mapUpdate: 2,
  mapDelete: 3,
  mapNextKey: 4,
  progLoad: 5,
  pin: 6,
  get: 7,
  testRun: 10,
  progNextId: 11,
  mapNextId: 12,
  progFdById: 13,
  mapFdById: 14,
  infoByFd: 15,
  rawTracepointOpen: 17,
  btfLoad: 18,
  btfFdById: 19,
  mapLookupAndDelete: 21,
  mapFreeze: 22,
  btfNextId: 23,
  mapLookupBatch: 24,
  mapLookupAndDeleteBatch: 25,
  mapUpdateBatch: 26,
  mapDeleteBatch: 27,
  linkCreate: 28,
  linkUpdate: 29,
  linkFdById: 30,
  linkNextId: 31,
  enableStats: 32,
  iterCreate: 33,
  linkDetach: 34,
} as const

// One attribute block for the thread: calls are synchronous, so none can overlap.
const attr = new Uint8Array(152)
const fields = new DataView(attr.buffer)

function begin(size: number): void {
  attr.fill(0, 0, size)
}

function u32(at: number, value: number): void {
  fields.setUint32(at, value, true)
}

function u64(at: number, value: bigint): void {
  fields.setBigUint64(at, value, true)
}

// What the block points to. The engine sees addresses as mere numbers: without a reference it may
// free a buffer between here and the system call.
const held: Uint8Array[] = []

function pointer(at: number, memory: Uint8Array): void {
  held.push(memory)
  fields.setBigUint64(at, addressOf(memory), true)
}

const EAGAIN = -11

/** Up to `tries` times while the kernel says EAGAIN. */
function call(which: number, size: number, tries = 1): number {
  let result = EAGAIN
  for (let left = tries; result === EAGAIN && left > 0; left--) result = bpf(which, attr, size)
  held.length = 0
  return result
}

const text = new TextEncoder()

/** A NUL-terminated copy, for paths and names. */
export function cString(value: string): Uint8Array {
  return text.encode(`${value}\0`)
}

/** BPF_MAP_CREATE. */
export function mapCreate(options: {
  readonly type: number
  readonly keySize: number
  readonly valueSize: number
  readonly maxEntries: number
  readonly flags?: number
  readonly name?: string
  /** A map whose shape those have that are put into it (maps of maps). */
  readonly innerFd?: number
  /** map_extra: the number of hash functions of a bloom filter (5.16). */
  readonly extra?: number
  readonly btfFd?: number
  readonly keyTypeId?: number
  readonly valueTypeId?: number
}): number {
  begin(72)
  u32(0, options.type)
  u32(4, options.keySize)
  u32(8, options.valueSize)
  u32(12, options.maxEntries)
  u32(16, options.flags ?? 0)
  u32(20, options.innerFd ?? 0)
  attr.set(text.encode(options.name ?? '').subarray(0, 15), 28)
  u32(48, options.btfFd ?? 0)
  u32(52, options.keyTypeId ?? 0)
  u32(56, options.valueTypeId ?? 0)
  u64(64, BigInt(options.extra ?? 0))
  // Kernels before 5.16 refuse a block that is longer than theirs unless the rest is 0.
  return call(command.mapCreate, 72)
}

function element(
  which: number,
  fd: number,
  key: Uint8Array | undefined,
  value: Uint8Array | undefined,
  flags: number,
): number {
  begin(32)
  u32(0, fd)
  // Queues and stacks have no key, and demand a null pointer for it.
  if (key && key.length > 0) pointer(8, key)
  if (value) pointer(16, value)
  u64(24, BigInt(flags))
  return call(which, 32)
}

/** BPF_MAP_LOOKUP_ELEM into `value`. */
export function mapLookup(fd: number, key: Uint8Array, value: Uint8Array): number {
  return element(command.mapLookup, fd, key, value, 0)
}

/** BPF_MAP_LOOKUP_AND_DELETE_ELEM into `value` (queues; hashes since 5.14). */
export function mapLookupAndDelete(fd: number, key: Uint8Array, value: Uint8Array): number {
  return element(command.mapLookupAndDelete, fd, key, value, 0)
}

/** BPF_MAP_UPDATE_ELEM; flags 0 any, 1 only new, 2 only existing. */
export function mapUpdate(fd: number, key: Uint8Array, value: Uint8Array, flags: number): number {
  return element(command.mapUpdate, fd, key, value, flags)
}

/** BPF_MAP_DELETE_ELEM. */
export function mapDelete(fd: number, key: Uint8Array): number {
  return element(command.mapDelete, fd, key, undefined, 0)
}

/** BPF_MAP_GET_NEXT_KEY; no key asks for the first. */
export function mapNextKey(fd: number, key: Uint8Array | undefined, next: Uint8Array): number {
  return element(command.mapNextKey, fd, key, next, 0)
}

/** BPF_MAP_FREEZE: from now on user space cannot write it. */
export function mapFreeze(fd: number): number {
  begin(4)
  u32(0, fd)
  return call(command.mapFreeze, 4)
}

/** What a batch command did: `error` is 0 or a negative errno, `count` the elements handled. */
export interface BatchResult {
  readonly error: number
  readonly count: number
}

function batch(
  which: number,
  fd: number,
  count: number,
  keys: Uint8Array,
  values: Uint8Array | undefined,
  cursorIn: Uint8Array | undefined,
  cursorOut: Uint8Array | undefined,
): BatchResult {
  begin(56)
  if (cursorIn) pointer(0, cursorIn)
  if (cursorOut) pointer(8, cursorOut)
  pointer(16, keys)
  if (values) pointer(24, values)
  u32(32, count)
  u32(36, fd)
  const error = call(which, 56)
  return { error: Math.min(error, 0), count: fields.getUint32(32, true) }
}

/** BPF_MAP_LOOKUP_BATCH: -2 (ENOENT) with a count means that this was the last batch. */
export function mapLookupBatch(
  fd: number,
  count: number,
  keys: Uint8Array,
  values: Uint8Array,
  cursorIn: Uint8Array | undefined,
  cursorOut: Uint8Array,
): BatchResult {
  return batch(command.mapLookupBatch, fd, count, keys, values, cursorIn, cursorOut)
}

/** BPF_MAP_LOOKUP_AND_DELETE_BATCH, under the same terms. */
export function mapTakeBatch(
  fd: number,
  count: number,
  keys: Uint8Array,
  values: Uint8Array,
  cursorIn: Uint8Array | undefined,
  cursorOut: Uint8Array,
): BatchResult {
  return batch(command.mapLookupAndDeleteBatch, fd, count, keys, values, cursorIn, cursorOut)
}

/** BPF_MAP_UPDATE_BATCH. */
export function mapUpdateBatch(
  fd: number,
  count: number,
  keys: Uint8Array,
  values: Uint8Array,
): BatchResult {
  return batch(command.mapUpdateBatch, fd, count, keys, values, undefined, undefined)
}

/** BPF_MAP_DELETE_BATCH. */
export function mapDeleteBatch(fd: number, count: number, keys: Uint8Array): BatchResult {
  return batch(command.mapDeleteBatch, fd, count, keys, undefined, undefined, undefined)
}

/** BPF_OBJ_PIN: makes the file `path` hold a reference to `fd`. */
export function pinFd(fd: number, path: string): number {
  const name = cString(path)
  begin(16)
  pointer(0, name)
  u32(8, fd)
  return call(command.pin, 16)
}

/** BPF_OBJ_GET: a new descriptor of what is pinned at `path`. */
export function openPinnedFd(path: string): number {
  const name = cString(path)
  begin(16)
  pointer(0, name)
  return call(command.get, 16)
}

/** BPF_OBJ_GET_INFO_BY_FD; the kernel writes at most `info.length` bytes. */
export function infoByFd(fd: number, info: Uint8Array): number {
  begin(16)
  u32(0, fd)
  u32(4, info.length)
  pointer(8, info)
  return call(command.infoByFd, 16)
}

/** BPF_RAW_TRACEPOINT_OPEN; without a name the target was fixed at load (tp_btf, fentry, lsm). */
export function openRawTracepoint(programFd: number, name?: string): number {
  const tracepoint = name === undefined ? undefined : cString(name)
  begin(16)
  if (tracepoint) pointer(0, tracepoint)
  u32(8, programFd)
  return call(command.rawTracepointOpen, 16)
}

/** What a kind of link is told besides program and target: the union at the end of `link_create`. */
export type LinkDetail =
  /** `union bpf_iter_link_info`, to bind an iterator to one task or map. */
  | { readonly kind: 'iterator'; readonly info: Uint8Array }
  /** A number that the program reads with bpf_get_attach_cookie (5.15). */
  | { readonly kind: 'perfEvent'; readonly cookie: bigint }
  /** Where among the programs of the hook: next to that link, 0 for first or last (6.6). */
  | { readonly kind: 'tcx'; readonly relativeFd: number }
  | {
      readonly kind: 'netfilter'
      readonly family: number
      readonly hook: number
      readonly priority: number
      readonly flags: number
    }
  | {
      readonly kind: 'kprobeMulti'
      readonly isReturn: boolean
      readonly symbols: readonly string[]
      readonly cookies: BigUint64Array | undefined
    }
  | {
      readonly kind: 'uprobeMulti'
      readonly isReturn: boolean
      readonly path: string
      /** Offsets in the file. */
      readonly offsets: BigUint64Array
      readonly cookies: BigUint64Array | undefined
      /** 0 is every process. */
      readonly pid: number
    }

function bytesOf(array: BigUint64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}

/** Writes the detail; returns how many bytes of the attribute block are used. */
function writeLinkDetail(detail: LinkDetail): number {
  switch (detail.kind) {
    case 'iterator':
      pointer(16, detail.info)
      u32(24, detail.info.length)
      return 28
    case 'perfEvent':
      u64(16, detail.cookie)
      return 24
    case 'tcx':
      u32(16, detail.relativeFd)
      return 32
    case 'netfilter':
      u32(16, detail.family)
      u32(20, detail.hook)
      fields.setInt32(24, detail.priority, true)
      u32(28, detail.flags)
      return 32
    case 'kprobeMulti': {
      const names = detail.symbols.map(cString)
      held.push(...names)
      u32(16, detail.isReturn ? 1 : 0)
      u32(20, names.length)
      pointer(24, bytesOf(BigUint64Array.from(names, addressOf)))
      if (detail.cookies) pointer(40, bytesOf(detail.cookies))
      return 48
    }
    case 'uprobeMulti':
      pointer(16, cString(detail.path))
      pointer(24, bytesOf(detail.offsets))
      if (detail.cookies) pointer(40, bytesOf(detail.cookies))
      u32(48, detail.offsets.length)
      u32(52, detail.isReturn ? 1 : 0)
      u32(56, detail.pid)
      return 60
  }
}

/** BPF_LINK_CREATE. */
export function linkCreate(options: {
  readonly programFd: number
  /** A cgroup, a network namespace or a perf event by descriptor, an interface by index; 0 for the rest. */
  readonly target: number
  /** `enum bpf_attach_type`. */
  readonly attachType: number
  readonly flags?: number
  readonly detail?: LinkDetail | undefined
}): number {
  begin(64)
  u32(0, options.programFd)
  u32(4, options.target)
  u32(8, options.attachType)
  u32(12, options.flags ?? 0)
  const size = options.detail ? writeLinkDetail(options.detail) : 16
  return call(command.linkCreate, size)
}

/** BPF_LINK_UPDATE: swaps the program of a link without a moment between. */
export function linkUpdate(linkFd: number, programFd: number): number {
  begin(16)
  u32(0, linkFd)
  u32(4, programFd)
  return call(command.linkUpdate, 16)
}

/** BPF_LINK_DETACH: takes the program off although descriptors and pins remain. */
export function linkDetach(linkFd: number): number {
  begin(4)
  u32(0, linkFd)
  return call(command.linkDetach, 4)
}

/** BPF_ITER_CREATE: a descriptor whose reads run the iterator. */
export function iteratorCreate(linkFd: number): number {
  begin(8)
  u32(0, linkFd)
  return call(command.iterCreate, 8)
}

/** BPF_BTF_LOAD: a descriptor of type information for maps. */
export function btfLoad(btf: Uint8Array): number {
  begin(32)
  pointer(0, btf)
  u32(16, btf.length)
  return call(command.btfLoad, 32)
}

/** BPF_ENABLE_STATS for run times; counting lasts as long as the descriptor. */
export function enableStats(): number {
  begin(4)
  u32(0, 0)
  return call(command.enableStats, 4)
}

/** The kinds of objects that the kernel numbers. */
export type KernelObjectKind = 'program' | 'map' | 'link' | 'btf'

const nextIdCommand = {
  program: command.progNextId,
  map: command.mapNextId,
  link: command.linkNextId,
  btf: command.btfNextId,
} as const satisfies Record<KernelObjectKind, number>

const fdByIdCommand = {
  program: command.progFdById,
  map: command.mapFdById,
  link: command.linkFdById,
  btf: command.btfFdById,
} as const satisfies Record<KernelObjectKind, number>

/** BPF_*_GET_NEXT_ID: the next id above `after`, or -2 (ENOENT) after the last. */
export function nextId(kind: KernelObjectKind, after: number): number {
  begin(12)
  u32(0, after)
  const error = call(nextIdCommand[kind], 12)
  return error < 0 ? error : fields.getUint32(4, true)
}

/** BPF_*_GET_FD_BY_ID (CAP_SYS_ADMIN). */
export function fdById(kind: KernelObjectKind, id: number): number {
  begin(12)
  u32(0, id)
  return call(fdByIdCommand[kind], 12)
}

/** Twice as often as libbpf 1.1 tries. */
const loadTries = 10

/**
 * BPF_PROG_LOAD of raw instructions, without a verifier log unless `log` is given. A signal that waits for the
 * thread makes the verifier give up with EAGAIN (Linux 4.20), whatever it would have said: that is tried again.
 */
export function programLoad(options: {
  readonly type: number
  readonly instructions: Uint8Array
  readonly license?: string
  readonly expectedAttachType?: number
  readonly attachBtfId?: number
  readonly flags?: number
  /** Shown by tools, cut to 15 bytes. */
  readonly name?: string
  readonly log?: Uint8Array
}): number {
  const license = cString(options.license ?? 'GPL')
  begin(120)
  u32(0, options.type)
  u32(4, options.instructions.length / 8)
  pointer(8, options.instructions)
  pointer(16, license)
  if (options.log) {
    u32(24, 1)
    u32(28, options.log.length)
    pointer(32, options.log)
  }
  u32(44, options.flags ?? 0)
  if (options.name !== undefined)
    for (const [i, byte] of new TextEncoder().encode(options.name).subarray(0, 15).entries())
      fields.setUint8(48 + i, byte)
  u32(68, options.expectedAttachType ?? 0)
  u32(108, options.attachBtfId ?? 0)
  return call(command.progLoad, 120, loadTries)
}

/** What BPF_PROG_TEST_RUN gave back. */
export interface TestRunCallResult {
  /** 0, or a negative errno. */
  readonly error: number
  readonly returnValue: number
  readonly durationNs: number
  /** Bytes that the program left, even where `dataOut` had room for fewer (-28, ENOSPC). */
  readonly dataOutLength: number
  readonly contextOutLength: number
}

/** BPF_PROG_TEST_RUN. */
export function testRun(options: {
  readonly programFd: number
  readonly repeat?: number | undefined
  readonly dataIn?: Uint8Array | undefined
  readonly dataOut?: Uint8Array | undefined
  readonly contextIn?: Uint8Array | undefined
  readonly contextOut?: Uint8Array | undefined
  readonly flags?: number | undefined
  readonly cpu?: number | undefined
}): TestRunCallResult {
  begin(80)
  u32(0, options.programFd)
  if (options.dataIn) {
    u32(8, options.dataIn.length)
    pointer(16, options.dataIn)
  }
  if (options.dataOut) {
    u32(12, options.dataOut.length)
    pointer(24, options.dataOut)
  }
  u32(32, options.repeat ?? 0)
  if (options.contextIn) {
    u32(40, options.contextIn.length)
    pointer(48, options.contextIn)
  }
  if (options.contextOut) {
    u32(44, options.contextOut.length)
    pointer(56, options.contextOut)
  }
  u32(64, options.flags ?? 0)
  u32(68, options.cpu ?? 0)
  const error = Math.min(call(command.testRun, 80), 0)
  return {
    error,
    returnValue: fields.getUint32(4, true),
    durationNs: fields.getUint32(36, true),
    dataOutLength: fields.getUint32(12, true),
    contextOutLength: fields.getUint32(44, true),
  }
}
