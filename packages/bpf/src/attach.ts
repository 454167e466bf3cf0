/**
 * Attaches a loaded program to the hook that its section is for, at the place that section or caller names.
 */
import { BpfError } from './error.ts'
import { explainRefusal } from './feature.ts'
import { duplicateFd } from './ffi.ts'
import {
  attachKprobe,
  attachKprobeMulti,
  parseKprobeTarget,
  type KprobeMultiTarget,
  type KprobeTarget,
} from './kprobe.ts'
import {
  attachCgroup,
  attachIterator,
  attachNetworkNamespace,
  attachRawTracepoint,
  attachTracing,
  BpfLink,
} from './link.ts'
import type { LoaderProgram } from './loader.ts'
import { attachNetfilter, type NetfilterTarget } from './netfilter.ts'
import { attachTracepoint } from './perf-event.ts'
import { attachSampling, type SamplingTarget } from './sampling.ts'
import { meaningOfSection, type SectionMeaning } from './section.ts'
import { attachTcx, type TcxTarget } from './tc.ts'
import {
  attachUprobe,
  attachUprobeMulti,
  parseUprobeTarget,
  type UprobeMultiTarget,
  type UprobeTarget,
} from './uprobe.ts'
import { attachXdp, type XdpTarget } from './xdp.ts'

/** Where to attach a program that needs more than its section says. */
export interface AttachOptions {
  /** Path of a pin for the link: then it outlives the process. */
  readonly pin?: string
  /** Folder of a version 2 cgroup, for cgroup programs. */
  readonly cgroup?: string
  /** An interface, for XDP programs. */
  readonly xdp?: XdpTarget
  /** An interface, for tc programs, by tcx (6.6); `attachTc` also knows older kernels. */
  readonly tc?: TcxTarget
  /** A hook of netfilter, for netfilter programs. */
  readonly netfilter?: NetfilterTarget
  /** File of a network namespace, for sk_lookup and flow dissector programs. Default: ours. */
  readonly networkNamespace?: string
  /** A function of the kernel, or many for `kprobe.multi`. Default: the section's. */
  readonly kprobe?: KprobeTarget | KprobeMultiTarget
  /** A function of a program or library, or many for `uprobe.multi`. Default: the section's. */
  readonly uprobe?: UprobeTarget | UprobeMultiTarget
  /** What to sample, for perf_event programs. */
  readonly sampling?: SamplingTarget
  /** What a program of a classic tracepoint reads with bpf_get_attach_cookie (5.15). */
  readonly cookie?: bigint
  /** `union bpf_iter_link_info`, for iterators that are bound to something. */
  readonly iteratorInfo?: Uint8Array
}

/** Attaches `source`, whose descriptor is `fd`. Throws a `BpfError` that names the feature that is missing. */
export function attachProgram(source: LoaderProgram, fd: number, options: AttachOptions): BpfLink {
  const meaning = meaningOfSection(source.section)
  try {
    return attachByHook(source, fd, meaning, options)
  } catch (cause) {
    throw explainRefusal(cause, meaning.hook === 'tc' ? 'tcx' : meaning.feature)
  }
}

function attachByHook(
  source: LoaderProgram,
  fd: number,
  { hook, target, isReturn }: SectionMeaning,
  options: AttachOptions,
): BpfLink {
  const what = `${source.name} (${source.section})`
  const needed = <T>(value: T | undefined, name: string): T => {
    if (value !== undefined) return value
    throw new BpfError('BPF_ARGUMENT', `${what} needs the option ${name}`)
  }
  switch (hook) {
    case 'tracing':
      return attachTracing(fd, what)
    case 'rawTracepoint':
      return attachRawTracepoint(fd, target)
    case 'tracepoint':
      return attachTracepoint(fd, target, options.cookie)
    case 'iterator':
      return attachIterator(fd, what, options.iteratorInfo)
    case 'cgroup':
      return attachCgroup(fd, source.expectedAttachType, needed(options.cgroup, 'cgroup'))
    case 'xdp':
      return attachXdp(fd, what, needed(options.xdp, 'xdp'))
    case 'tc':
      return attachTcx(fd, what, needed(options.tc, 'tc'))
    case 'skLookup':
    case 'flowDissector':
      return attachNetworkNamespace(fd, hook, what, options.networkNamespace)
    case 'netfilter':
      return attachNetfilter(fd, what, needed(options.netfilter, 'netfilter'))
    case 'kprobe': {
      const wanted = needed(options.kprobe ?? parseKprobeTarget(target), 'kprobe')
      return attachKprobe(fd, what, one(wanted, what), isReturn)
    }
    case 'kprobeMulti': {
      const wanted = options.kprobe ?? (target === '' ? undefined : { functions: [target] })
      return attachKprobeMulti(fd, what, many(needed(wanted, 'kprobe')), isReturn)
    }
    case 'uprobe': {
      const wanted = needed(options.uprobe ?? parseUprobeTarget(target), 'uprobe')
      return attachUprobe(fd, what, one(wanted, what), isReturn)
    }
    case 'uprobeMulti': {
      const wanted = needed(options.uprobe ?? parseUprobeTarget(target), 'uprobe')
      return attachUprobeMulti(fd, what, manyOfFile(wanted, what), isReturn)
    }
    case 'sampling':
      return attachSampling(fd, what, needed(options.sampling, 'sampling'))
    case 'other':
      return attachByLoader(source, what)
  }
}

interface Many {
  readonly functions: readonly string[]
}

/** Only a `.multi` program takes many functions. */
function one<T extends object>(target: T, what: string): Exclude<T, Many> {
  if (!('functions' in target)) return target as Exclude<T, Many>
  throw new BpfError('BPF_ARGUMENT', `${what} takes one function; a .multi section takes many`)
}

function many(target: KprobeTarget | KprobeMultiTarget): KprobeMultiTarget {
  if ('functions' in target) return target
  const { function: name, cookie } = target
  return { functions: [name], ...(cookie === undefined ? {} : { cookies: [cookie] }) }
}

function manyOfFile(target: UprobeTarget | UprobeMultiTarget, what: string): UprobeMultiTarget {
  if ('functions' in target) return target
  const { binary, function: name, cookie, pid } = target
  if (name === undefined) throw new BpfError('BPF_ARGUMENT', `${what} needs names of functions`)
  return {
    binary,
    functions: [name],
    ...(cookie === undefined ? {} : { cookies: [cookie] }),
    ...(pid === undefined ? {} : { pid }),
  }
}

function attachByLoader(source: LoaderProgram, what: string): BpfLink {
  const attached = source.attach()
  const copy = duplicateFd(attached.fd)
  if (copy < 0) {
    attached.release()
    throw new BpfError('BPF_ATTACH_FAILED', `cannot keep ${what}`, { errno: -copy })
  }
  return new BpfLink(copy, () => attached.release())
}
