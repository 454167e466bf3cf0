/**
 * uprobes and uretprobes: programs at the beginning or the end of a function of a program or library, in every process
 * that has it mapped, or in one.
 *
 * The kernel puts a breakpoint into the file's pages: a hit costs about a microsecond, so probe what is called thousands
 * of times a second, not millions.
 */
import { existsSync } from 'node:fs'
import { arch, env } from 'node:process'
import { isAbsolute, join, resolve } from 'node:path'
import { BpfError } from './error.ts'
import { linkCreate } from './kernel-call.ts'
import { linked, type BpfLink } from './link.ts'
import { openNativeElf } from './native-elf.ts'
import { attachPerfEvent, probeSource } from './perf-event.ts'

/** Where to attach a uprobe. */
export interface UprobeTarget {
  /**
   * The file: a path, or a bare name that is looked for as the system would: `libc.so.6` among the libraries, `bash` in
   * PATH. For a process in a container: `/proc/PID/root/usr/bin/thing`.
   */
  readonly binary: string
  /** Function, by its symbol; without it `offset` is one in the file. */
  readonly function?: string
  /** Bytes into the function, or into the file. Default 0. */
  readonly offset?: number
  /** One process (all its threads) instead of all. */
  readonly pid?: number
  /** What the program reads with bpf_get_attach_cookie (5.15). */
  readonly cookie?: bigint
}

/** Where to attach a program to many functions of one file by one link (6.6). */
export interface UprobeMultiTarget {
  readonly binary: string
  readonly functions: readonly string[]
  /** One for each function, in their order. */
  readonly cookies?: readonly bigint[]
  readonly pid?: number
}

/** `libc.so.6:malloc+0x10`, as a section says it. */
export function parseUprobeTarget(text: string): UprobeTarget | undefined {
  const found = /^(.+):([^:+]+)(?:\+(0x[0-9a-f]+|\d+))?$/i.exec(text)
  const [, binary, name, offset] = found ?? []
  if (binary === undefined || name === undefined) return undefined
  const isAddress = /^(?:0x[0-9a-f]+|\d+)$/i.test(name)
  if (isAddress) return { binary, offset: Number(name) + Number(offset ?? 0) }
  return { binary, function: name, ...(offset === undefined ? {} : { offset: Number(offset) }) }
}

const machineFolders: Readonly<Record<string, string>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
}

/** The path of a program or library, as `UprobeTarget.binary` names it. Throws `BPF_NOT_FOUND`. */
export function findBinary(name: string): string {
  if (isAbsolute(name)) return name
  if (name.includes('/')) return resolve(name)
  const machine = machineFolders[arch] ?? ''
  const folders = /\.so(?:\.|$)/.test(name)
    ? [
        ...(env['LD_LIBRARY_PATH'] ?? '').split(':'),
        ...[`/lib/${machine}`, `/usr/lib/${machine}`, '/lib64', '/usr/lib64', '/lib', '/usr/lib'],
        '/usr/local/lib',
      ]
    : (env['PATH'] ?? '').split(':')
  const found = folders.find((folder) => isAbsolute(folder) && existsSync(join(folder, name)))
  if (found !== undefined) return join(found, name)
  throw new BpfError('BPF_NOT_FOUND', `no ${name} in ${folders.filter(isAbsolute).join(', ')}`)
}

/** Offsets in the file of functions. Throws `BPF_NOT_FOUND` with names that are there. */
function fileOffsets(path: string, functions: readonly string[]): readonly bigint[] {
  const elf = openNativeElf(path)
  return functions.map((name) => {
    const found = elf.findFunction(name)
    if (found) return BigInt(found.fileOffset)
    const like = elf.namesLike(name, 5)
    throw new BpfError(
      'BPF_NOT_FOUND',
      `no function ${name} in ${path}` +
        (like.length > 0 ? `; there are: ${like.join(', ')}` : ' (stripped, or inlined?)'),
    )
  })
}

/** Attaches to one place. Throws `BPF_NOT_FOUND`, `BPF_TARGET_MISSING` and others. */
export function attachUprobe(
  programFd: number,
  what: string,
  target: UprobeTarget,
  isReturn: boolean,
): BpfLink {
  const source = probeSource('uprobe')
  if (!source) {
    throw new BpfError(
      'BPF_TARGET_MISSING',
      `${what}: the kernel is built without uprobe events (CONFIG_UPROBE_EVENTS)`,
    )
  }
  const path = findBinary(target.binary)
  const [start = 0n] = target.function === undefined ? [] : fileOffsets(path, [target.function])
  return attachPerfEvent(
    programFd,
    `${what} to ${path}${target.function === undefined ? '' : `:${target.function}`}`,
    {
      type: source.type,
      config: isReturn ? source.returnConfig : 0n,
      name: path,
      offset: start + BigInt(target.offset ?? 0),
      pid: target.pid ?? -1,
      // Of all processes one CPU stands for all; one process is followed wherever it runs.
      cpu: target.pid === undefined ? 0 : -1,
    },
    target.cookie,
  )
}

/** `enum bpf_attach_type`. */
const uprobeMultiType = 48

/** Attaches to many functions of a file by one link. Throws `BPF_NOT_FOUND` when one is missing. */
export function attachUprobeMulti(
  programFd: number,
  what: string,
  target: UprobeMultiTarget,
  isReturn: boolean,
): BpfLink {
  const { functions, cookies } = target
  if (cookies && cookies.length !== functions.length) {
    throw new BpfError('BPF_ARGUMENT', `${what}: one cookie for each function`)
  }
  const path = findBinary(target.binary)
  return linked(
    linkCreate({
      programFd,
      target: 0,
      attachType: uprobeMultiType,
      detail: {
        kind: 'uprobeMulti',
        isReturn,
        path,
        offsets: BigUint64Array.from(fileOffsets(path, functions)),
        cookies: cookies ? BigUint64Array.from(cookies) : undefined,
        pid: target.pid ?? 0,
      },
    }),
    `${what} to ${functions.length} functions of ${path}`,
  )
}
