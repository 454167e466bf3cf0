/**
 * kprobes and kretprobes: programs at the beginning of a function of the kernel, at an offset in it, or at its end.
 *
 * One function by a perf event (4.17), or many by one link (`kprobe.multi`, 5.18), which is far cheaper to attach and to
 * run. Functions are not an ABI: kernels rename and inline them.
 */
import { BpfError } from './error.ts'
import { linkCreate } from './kernel-call.ts'
import { linked, type BpfLink } from './link.ts'
import { attachPerfEvent, probeSource, readTraceFile } from './perf-event.ts'

/** Where to attach a kprobe. */
export interface KprobeTarget {
  /** Name of the function. */
  readonly function: string
  /** Bytes into it; not for returns. */
  readonly offset?: number
  /** What the program reads with bpf_get_attach_cookie (5.15). */
  readonly cookie?: bigint
}

/** Where to attach a program to many functions at once. */
export interface KprobeMultiTarget {
  /**
   * Names; `*` and `?` stand for any letters and any one, and need tracefs, which lists the functions: of several
   * names of one function only one (`__x64_sys_getppid` may be there as `__ia32_sys_getppid`).
   */
  readonly functions: readonly string[]
  /** One for each function, in their order; not with patterns. */
  readonly cookies?: readonly bigint[]
}

/** `tcp_connect+0x10` as a section says it. */
export function parseKprobeTarget(text: string): KprobeTarget | undefined {
  const found = /^([\w.$]+)(?:\+(0x[0-9a-f]+|\d+))?$/i.exec(text)
  if (!found?.[1]) return undefined
  return { function: found[1], ...(found[2] === undefined ? {} : { offset: Number(found[2]) }) }
}

/** Attaches to one function. Throws `BPF_TARGET_MISSING`, `BPF_ATTACH_FAILED` and others. */
export function attachKprobe(
  programFd: number,
  what: string,
  target: KprobeTarget,
  isReturn: boolean,
): BpfLink {
  const source = probeSource('kprobe')
  if (!source) {
    throw new BpfError(
      'BPF_TARGET_MISSING',
      `${what}: the kernel is built without kprobe events (CONFIG_KPROBE_EVENTS)`,
    )
  }
  if (isReturn && (target.offset ?? 0) !== 0) {
    throw new BpfError('BPF_ARGUMENT', `${what}: a return has no offset`)
  }
  return attachPerfEvent(
    programFd,
    `${what} to ${target.function}`,
    {
      type: source.type,
      config: isReturn ? source.returnConfig : 0n,
      name: target.function,
      offset: BigInt(target.offset ?? 0),
      pid: -1,
      // One CPU stands for all: the program is called wherever the function runs.
      cpu: 0,
    },
    target.cookie,
  )
}

/** `enum bpf_attach_type`. */
const kprobeMultiType = 42

/** Attaches to many functions by one link. Throws `BPF_TARGET_MISSING` when no function fits. */
export function attachKprobeMulti(
  programFd: number,
  what: string,
  target: KprobeMultiTarget,
  isReturn: boolean,
): BpfLink {
  const { functions, cookies } = target
  const hasPattern = functions.some((name) => /[*?]/.test(name))
  if (cookies && (hasPattern || cookies.length !== functions.length)) {
    throw new BpfError('BPF_ARGUMENT', `${what}: one cookie for each function, and no patterns`)
  }
  const symbols = hasPattern ? expandPatterns(functions, traceableFunctions(what)) : functions
  if (symbols.length === 0) {
    throw new BpfError(
      'BPF_TARGET_MISSING',
      `${what}: no function is called ${functions.join(', ')}`,
    )
  }
  return linked(
    linkCreate({
      programFd,
      target: 0,
      attachType: kprobeMultiType,
      detail: {
        kind: 'kprobeMulti',
        isReturn,
        symbols,
        cookies: cookies ? BigUint64Array.from(cookies) : undefined,
      },
    }),
    `${what} to ${symbols.length} functions`,
  )
}

function traceableFunctions(what: string): readonly string[] {
  const list = readTraceFile('available_filter_functions')
  if (list !== undefined) return list.split('\n').map((line) => line.replace(/\s.*/, ''))
  throw new BpfError(
    'BPF_TARGET_MISSING',
    `${what}: patterns need tracefs at /sys/kernel/tracing, which lists the functions`,
  )
}

/** The names that fit one of the patterns, each once. */
export function expandPatterns(
  patterns: readonly string[],
  names: Iterable<string>,
): readonly string[] {
  const any = patterns.map((pattern) =>
    pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.'),
  )
  const fits = new RegExp(`^(?:${any.join('|')})$`)
  const found = new Set<string>()
  for (const name of names) if (fits.test(name)) found.add(name)
  return [...found]
}
