/**
 * What the kernel says about its own eBPF objects: programs, maps, links.
 *
 * Field offsets are those of `struct bpf_prog_info`, `bpf_map_info` and `bpf_link_info` in
 * <linux/bpf.h>. Older kernels fill a shorter structure: what they lack reads as undefined.
 */
import { BpfError, isPermissionErrno } from './error.ts'
import { enableStats, fdById, infoByFd, nextId, type KernelObjectKind } from './kernel-call.ts'
import { Descriptor } from './descriptor.ts'
import { addressOf, closeFd, keeping } from './ffi.ts'

/** What the kernel counts about a program. */
export interface ProgramInfo {
  readonly id: number
  /** First 15 bytes of the C name. */
  readonly name: string
  /** `enum bpf_prog_type`. */
  readonly type: number
  /** Hash of the instructions, hex. */
  readonly tag: string
  /** When it was loaded, ns since boot. */
  readonly loadedBootNs: bigint
  readonly createdByUid: number
  /** Runs so far; counted only while statistics are on (`enableRunTimeStats`). */
  readonly runCount: bigint
  /** Time spent in it, ns; counted only while statistics are on. */
  readonly runTimeNs: bigint
  /** Runs skipped because the program was already running on that CPU (5.12). */
  readonly recursionMisses: bigint
  /** Instructions that the verifier walked (5.16); undefined before. */
  readonly verifiedInstructions: number | undefined
  readonly mapIds: readonly number[]
}

/** Shape of a map. */
export interface MapInfo {
  readonly id: number
  readonly name: string
  /** `enum bpf_map_type`. */
  readonly type: number
  readonly keySizeBytes: number
  readonly valueSizeBytes: number
  readonly maxEntries: number
  /** `BPF_F_*` flags. */
  readonly flags: number
}

/** Where a link is attached. */
export interface LinkInfo {
  readonly id: number
  /** `enum bpf_link_type`. */
  readonly type: number
  readonly programId: number
  /** Raw attach data of the link type, bytes 16 and up of `struct bpf_link_info`. */
  readonly detail: DataView
}

const utf8 = new TextDecoder()

function readInfo(fd: number, sizeBytes: number, what: string): DataView {
  const info = new Uint8Array(sizeBytes)
  const error = infoByFd(fd, info)
  if (error < 0) {
    throw new BpfError('BPF_MAP_FAILED', `cannot read the ${what}'s info`, { errno: -error })
  }
  return new DataView(info.buffer)
}

function nameAt(view: DataView, at: number): string {
  const bytes = new Uint8Array(view.buffer, at, 16)
  const end = bytes.indexOf(0)
  return utf8.decode(end < 0 ? bytes : bytes.subarray(0, end))
}

/** Reads a program's info from its descriptor. */
export function readProgramInfo(fd: number): ProgramInfo {
  const first = readInfo(fd, 232, 'program')
  const mapCount = first.getUint32(52, true)
  return {
    type: first.getUint32(0, true),
    id: first.getUint32(4, true),
    tag: Buffer.from(first.buffer, 8, 8).toString('hex'),
    loadedBootNs: first.getBigUint64(40, true),
    createdByUid: first.getUint32(48, true),
    name: nameAt(first, 64),
    runTimeNs: first.getBigUint64(192, true),
    runCount: first.getBigUint64(200, true),
    recursionMisses: first.getBigUint64(208, true),
    verifiedInstructions: first.getUint32(216, true) || undefined,
    mapIds: mapCount === 0 ? [] : readMapIds(fd, mapCount),
  }
}

/** What the kernel counts about a program; run time and runs only while statistics are on. */
export interface ProgramCounters {
  readonly runTimeNs: bigint
  readonly runCount: bigint
  /** Runs that were left out because the program was running on that CPU already (5.12). */
  readonly recursionMisses: bigint
}

const counterInfo = new Uint8Array(new ArrayBuffer(232))
const counterView = new DataView(counterInfo.buffer)

/** The counters alone: one call, for those that ask often and of many. */
export function readProgramCounters(fd: number): ProgramCounters {
  // The kernel takes lengths of an answer before for room that is offered.
  counterInfo.fill(0)
  const error = infoByFd(fd, counterInfo)
  if (error < 0)
    throw new BpfError('BPF_MAP_FAILED', `cannot read the program's info`, { errno: -error })
  return {
    runTimeNs: counterView.getBigUint64(192, true),
    runCount: counterView.getBigUint64(200, true),
    recursionMisses: counterView.getBigUint64(208, true),
  }
}

function readMapIds(fd: number, count: number): number[] {
  const ids = new Uint32Array(count)
  const info = new Uint8Array(232)
  const view = new DataView(info.buffer)
  view.setUint32(52, count, true)
  const idBytes = new Uint8Array(ids.buffer)
  view.setBigUint64(56, addressOf(idBytes), true)
  const error = keeping([ids], () => infoByFd(fd, info))
  // The kernel zeroes what it cannot give; ids are a nicety, never worth an exception.
  return error < 0 ? [] : Array.from(ids).filter((id) => id !== 0)
}

/** Reads a map's shape from its descriptor. */
export function readMapInfo(fd: number): MapInfo {
  const info = readInfo(fd, 88, 'map')
  return {
    type: info.getUint32(0, true),
    id: info.getUint32(4, true),
    keySizeBytes: info.getUint32(8, true),
    valueSizeBytes: info.getUint32(12, true),
    maxEntries: info.getUint32(16, true),
    flags: info.getUint32(20, true),
    name: nameAt(info, 24),
  }
}

/** Reads where a link is attached from its descriptor. */
export function readLinkInfo(fd: number): LinkInfo {
  const info = readInfo(fd, 64, 'link')
  return {
    type: info.getUint32(0, true),
    id: info.getUint32(4, true),
    programId: info.getUint32(8, true),
    detail: new DataView(info.buffer, 16),
  }
}

/** Ids of every program, map, link or BTF of the machine (CAP_SYS_ADMIN); ascending. */
export function listKernelIds(kind: KernelObjectKind): number[] {
  const ids: number[] = []
  let id = 0
  for (;;) {
    id = nextId(kind, id)
    if (id === -2) return ids
    if (id < 0) {
      const code = isPermissionErrno(-id) ? 'BPF_NOT_PERMITTED' : 'BPF_MAP_FAILED'
      throw new BpfError(code, `cannot list the machine's ${kind}s`, { errno: -id })
    }
    ids.push(id)
  }
}

/** Everything of the machine by id, to prove that nothing was left behind. */
export interface KernelInventory {
  readonly programs: ReadonlyMap<number, ProgramInfo>
  readonly maps: ReadonlyMap<number, MapInfo>
  readonly links: ReadonlyMap<number, LinkInfo>
}

/** Lists all programs, maps and links (CAP_SYS_ADMIN). One that vanishes meanwhile is left out. */
export function takeInventory(): KernelInventory {
  return {
    programs: infoById('program', readProgramInfo),
    maps: infoById('map', readMapInfo),
    links: infoById('link', readLinkInfo),
  }
}

function infoById<Info>(kind: KernelObjectKind, read: (fd: number) => Info): Map<number, Info> {
  const found = new Map<number, Info>()
  for (const id of listKernelIds(kind)) {
    const fd = fdById(kind, id)
    if (fd < 0) continue
    try {
      found.set(id, read(fd))
    } finally {
      closeFd(fd)
    }
  }
  return found
}

/** Counts run times of all programs until disposed (5.8; CAP_SYS_ADMIN). Costs some ns a run. */
export function enableRunTimeStats(): Disposable {
  const fd = enableStats()
  if (fd < 0) {
    throw new BpfError('BPF_NOT_PERMITTED', 'cannot enable run-time statistics', { errno: -fd })
  }
  return new Descriptor(fd, 'run-time statistics')
}
