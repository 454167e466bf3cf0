/**
 * Perf events: the doors behind which kprobes, uprobes, classic tracepoints and samples lie.
 *
 * A program is attached to an open event by a link (5.15), which then holds the event: so the descriptor is closed at
 * once, and the link may be pinned like any other.
 */
import { readFileSync } from 'node:fs'
import { BpfError, isPermissionErrno } from './error.ts'
import { addressOf, closeFd, keeping, perfEventOpen } from './ffi.ts'
import { cString, linkCreate } from './kernel-call.ts'
import { linked, type BpfLink } from './link.ts'

/** What to open: `struct perf_event_attr`, as far as it is used. */
export interface PerfEventOptions {
  /** PERF_TYPE_*, or the number of a source in /sys/bus/event_source/devices. */
  readonly type: number
  readonly config: bigint
  /** A text that config1 points to: the kernel's function, or the file. */
  readonly name?: string
  /** config2: offset in the function or file, or the kernel address. */
  readonly offset?: bigint
  /** Samples a second; the kernel adapts the period. */
  readonly frequencyHz?: number
  /** -1 is every thread. */
  readonly pid: number
  /** -1 is every CPU. */
  readonly cpu: number
}

/** PERF_ATTR_SIZE_VER5: what every kernel since 4.1 knows. */
const attrBytes = 112
const frequencyFlag = 1n << 10n
/** `enum bpf_attach_type`. */
const attachPerfEventType = 41

/** Opens a perf event. Returns a descriptor, or a negative errno. */
export function openPerfEvent(options: PerfEventOptions): number {
  const attr = new Uint8Array(new ArrayBuffer(attrBytes))
  const view = new DataView(attr.buffer)
  view.setUint32(0, options.type, true)
  view.setUint32(4, attrBytes, true)
  view.setBigUint64(8, options.config, true)
  if (options.frequencyHz !== undefined) {
    view.setBigUint64(16, BigInt(options.frequencyHz), true)
    view.setBigUint64(40, frequencyFlag, true)
  }
  const name = options.name === undefined ? undefined : cString(options.name)
  if (name) view.setBigUint64(56, addressOf(name), true)
  view.setBigUint64(64, options.offset ?? 0n, true)
  return keeping([name], () => perfEventOpen(attr, options.pid, options.cpu))
}

/** Opens an event and attaches a program to it. Throws `BPF_ATTACH_FAILED` or `BPF_NOT_PERMITTED`. */
export function attachPerfEvent(
  programFd: number,
  what: string,
  event: PerfEventOptions,
  cookie?: bigint,
): BpfLink {
  const fd = openPerfEvent(event)
  if (fd < 0) {
    const code = isPermissionErrno(-fd) ? 'BPF_NOT_PERMITTED' : 'BPF_ATTACH_FAILED'
    throw new BpfError(code, `cannot open the perf event for ${what}`, { errno: -fd })
  }
  try {
    return linked(
      linkCreate({
        programFd,
        target: fd,
        attachType: attachPerfEventType,
        detail: cookie === undefined ? undefined : { kind: 'perfEvent', cookie },
      }),
      what,
    )
  } finally {
    closeFd(fd)
  }
}

/** Number of a source of perf events, and the bit of `config` that asks for returns. */
export interface ProbeSource {
  readonly type: number
  readonly returnConfig: bigint
}

/** The source of kprobes or uprobes; undefined where the kernel has none. */
export function probeSource(kind: 'kprobe' | 'uprobe'): ProbeSource | undefined {
  const folder = `/sys/bus/event_source/devices/${kind}`
  try {
    const type = Number(readFileSync(`${folder}/type`, 'utf8'))
    const bit = /config:(\d+)/.exec(readFileSync(`${folder}/format/retprobe`, 'utf8'))?.[1]
    return { type, returnConfig: 1n << BigInt(bit ?? 0) }
  } catch {
    return undefined
  }
}

const traceFolders = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'] as const

/** A file of tracefs as text; undefined where it is not mounted or has no such file. */
export function readTraceFile(path: string): string | undefined {
  for (const folder of traceFolders) {
    try {
      return readFileSync(`${folder}/${path}`, 'utf8')
    } catch {
      // Not mounted there: the other place, or nowhere.
    }
  }
  return undefined
}

/**
 * Attaches to a classic tracepoint, `syscalls/sys_enter_openat`: its number is told by tracefs. Throws
 * `BPF_TARGET_MISSING` where there is no such tracepoint, or no tracefs.
 */
export function attachTracepoint(programFd: number, tracepoint: string, cookie?: bigint): BpfLink {
  const id = readTraceFile(`events/${tracepoint}/id`)
  if (id === undefined) {
    const isMounted = readTraceFile('available_events') !== undefined
    throw new BpfError(
      'BPF_TARGET_MISSING',
      isMounted
        ? `the kernel has no tracepoint ${tracepoint}`
        : `tracepoint ${tracepoint}: tracefs is not mounted at /sys/kernel/tracing, so its number is unknown`,
    )
  }
  const tracepointType = 2
  return attachPerfEvent(
    programFd,
    `to tracepoint ${tracepoint}`,
    { type: tracepointType, config: BigInt(id.trim()), pid: -1, cpu: 0 },
    cookie,
  )
}
