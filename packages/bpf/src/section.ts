/**
 * What the ELF section of a program says: which hook it is for, at what target, and which feature it needs.
 *
 * The names are libbpf's. The distribution's libbpf (1.1) does not know those that came later; `later` gives type and
 * attach type of these, so that objects written for newer libraries load all the same.
 */
import type { FeatureName } from './feature.ts'

/** How a program is attached. */
export type Hook =
  | 'tracing'
  | 'rawTracepoint'
  | 'tracepoint'
  | 'iterator'
  | 'cgroup'
  | 'xdp'
  | 'tc'
  | 'skLookup'
  | 'flowDissector'
  | 'netfilter'
  | 'kprobe'
  | 'kprobeMulti'
  | 'uprobe'
  | 'uprobeMulti'
  | 'sampling'
  | 'other'

/** A section, understood. */
export interface SectionMeaning {
  readonly hook: Hook
  /** What follows the first slash: `sched_process_exec`. */
  readonly target: string
  /** kretprobe, uretprobe. */
  readonly isReturn: boolean
  /** What the kernel must have, where that is known. */
  readonly feature: FeatureName | undefined
  /** What libbpf 1.1 does not know: `enum bpf_prog_type` and `enum bpf_attach_type`. */
  readonly later: { readonly programType: number; readonly attachType: number } | undefined
}

interface SectionRow {
  readonly hook: Hook
  readonly feature?: FeatureName
  readonly isReturn?: true
}

/** By the part before the first slash, without `.s` for sleepable programs. */
const rows: Readonly<Record<string, SectionRow>> = {
  fentry: { hook: 'tracing', feature: 'fentry' },
  fexit: { hook: 'tracing', feature: 'fentry' },
  fmod_ret: { hook: 'tracing', feature: 'fentry' },
  lsm: { hook: 'tracing', feature: 'lsm' },
  raw_tp: { hook: 'rawTracepoint' },
  raw_tracepoint: { hook: 'rawTracepoint' },
  tp: { hook: 'tracepoint' },
  tracepoint: { hook: 'tracepoint' },
  lsm_cgroup: { hook: 'cgroup', feature: 'lsm' },
  cgroup: { hook: 'cgroup' },
  cgroup_skb: { hook: 'cgroup', feature: 'cgroup_skb' },
  sockops: { hook: 'cgroup', feature: 'sockops' },
  xdp: { hook: 'xdp', feature: 'xdp' },
  'xdp.frags': { hook: 'xdp', feature: 'xdp' },
  tc: { hook: 'tc', feature: 'tc' },
  tcx: { hook: 'tc', feature: 'tc' },
  classifier: { hook: 'tc', feature: 'tc' },
  sk_lookup: { hook: 'skLookup', feature: 'sk_lookup' },
  flow_dissector: { hook: 'flowDissector' },
  netfilter: { hook: 'netfilter', feature: 'netfilter' },
  kprobe: { hook: 'kprobe', feature: 'kprobe' },
  kretprobe: { hook: 'kprobe', feature: 'kprobe', isReturn: true },
  ksyscall: { hook: 'other', feature: 'kprobe' },
  kretsyscall: { hook: 'other', feature: 'kprobe' },
  'kprobe.multi': { hook: 'kprobeMulti', feature: 'kprobe_multi' },
  'kretprobe.multi': { hook: 'kprobeMulti', feature: 'kprobe_multi', isReturn: true },
  uprobe: { hook: 'uprobe', feature: 'uprobe' },
  uretprobe: { hook: 'uprobe', feature: 'uprobe', isReturn: true },
  'uprobe.multi': { hook: 'uprobeMulti', feature: 'uprobe_multi' },
  'uretprobe.multi': { hook: 'uprobeMulti', feature: 'uprobe_multi', isReturn: true },
  perf_event: { hook: 'sampling', feature: 'perf_event' },
}

/** Of `cgroup/...`, whose second part says the type of the program. */
const cgroupFeatures: readonly (readonly [RegExp, FeatureName])[] = [
  [/^(?:bind|connect|sendmsg|recvmsg|getpeername|getsockname)[46]$/, 'cgroup_sock_addr'],
  [/^(?:connect|sendmsg|recvmsg|getpeername|getsockname)_unix$/, 'cgroup_sock_addr_unix'],
  [/^(?:sock|sock_create|sock_release|post_bind[46])$/, 'cgroup_sock'],
  [/^[gs]etsockopt$/, 'cgroup_sockopt'],
  [/^sysctl$/, 'cgroup_sysctl'],
  [/^dev$/, 'cgroup_device'],
  [/^skb$/, 'cgroup_skb'],
]

const trafficControl = 3
const kprobeType = 2
const sockAddrType = 18
/** Sections that came after libbpf 1.1: 1.2 netfilter, 1.3 tcx and uprobe.multi, 1.3 unix sockets. */
const later: Readonly<Record<string, NonNullable<SectionMeaning['later']>>> = {
  'tc/ingress': { programType: trafficControl, attachType: 46 },
  'tc/egress': { programType: trafficControl, attachType: 47 },
  'tcx/ingress': { programType: trafficControl, attachType: 46 },
  'tcx/egress': { programType: trafficControl, attachType: 47 },
  netfilter: { programType: 32, attachType: 45 },
  'uprobe.multi': { programType: kprobeType, attachType: 48 },
  'uretprobe.multi': { programType: kprobeType, attachType: 48 },
  'cgroup/connect_unix': { programType: sockAddrType, attachType: 49 },
  'cgroup/sendmsg_unix': { programType: sockAddrType, attachType: 50 },
  'cgroup/recvmsg_unix': { programType: sockAddrType, attachType: 51 },
  'cgroup/getpeername_unix': { programType: sockAddrType, attachType: 52 },
  'cgroup/getsockname_unix': { programType: sockAddrType, attachType: 53 },
}

/** What a section means; `other` is left to libbpf. */
export function meaningOfSection(section: string): SectionMeaning {
  const slash = section.indexOf('/')
  const before = slash < 0 ? section : section.slice(0, slash)
  const target = slash < 0 ? '' : section.slice(slash + 1)
  const kind = before.replace(/\.s$/, '')
  const newer = later[section] ?? later[kind]
  if (kind === 'tp_btf') return meaning('tracing', target, `tracepoint/${target}`)
  if (kind === 'iter') return meaning('iterator', target, iteratorFeature(target))
  const row = rows[kind]
  if (!row) return meaning('other', target, undefined)
  const feature = kind === 'cgroup' ? cgroupFeature(target) : row.feature
  return {
    hook: row.hook,
    target,
    isReturn: row.isReturn === true,
    feature,
    later: newer,
  }
}

function meaning(hook: Hook, target: string, feature: FeatureName | undefined): SectionMeaning {
  return { hook, target, isReturn: false, feature, later: undefined }
}

function cgroupFeature(target: string): FeatureName | undefined {
  return cgroupFeatures.find(([pattern]) => pattern.test(target))?.[1]
}

const iterators = ['task', 'task_file', 'tcp', 'udp'] as const

function iteratorFeature(target: string): FeatureName | undefined {
  const known = iterators.find((name) => name === target)
  return known === undefined ? undefined : `iter/${known}`
}

/** The feature that a program of this ELF section needs, where one is known. */
export function featureOfSection(section: string): FeatureName | undefined {
  return meaningOfSection(section).feature
}

/** Whether a program runs only where the caller says: `attachAll` leaves it alone. */
export function needsTarget({ hook, target }: SectionMeaning): boolean {
  switch (hook) {
    case 'tracing':
    case 'other':
      return false
    case 'rawTracepoint':
    case 'tracepoint':
    case 'kprobe':
    case 'kprobeMulti':
    case 'uprobe':
    case 'uprobeMulti':
      return target === ''
    default:
      return true
  }
}
