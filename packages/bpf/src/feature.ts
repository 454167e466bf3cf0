/**
 * Finds out what the running kernel allows, by loading the smallest program or map of the kind.
 *
 * Version numbers and configuration files mislead: a hardened 6.18 lists "bpf" among its LSMs and
 * refuses every LSM program. Each probe runs once a process; an unsupported feature is a value.
 */
import { existsSync, readFileSync } from 'node:fs'
import { BpfError, isPermissionErrno, nameOfErrno } from './error.ts'
import { closeFd, libbpf, type NativePointer } from './ffi.ts'
import {
  btfLoad,
  linkCreate,
  mapCreate,
  mapLookupBatch,
  openRawTracepoint,
  programLoad,
  testRun,
} from './kernel-call.ts'
import { mapTypes } from './map.ts'

/** What the kernel lacks, since which version kernels have it, and why not here. */
export interface Unsupported {
  readonly supported: false
  /** Mainline version that brought the feature, `5.8`. */
  readonly minimumKernel: string
  readonly reason: string
}

/** Whether a feature may be used. */
export type FeatureSupport = { readonly supported: true } | Unsupported

interface Feature {
  readonly minimumKernel: string
  /** undefined when it works, else the reason why not. */
  readonly probe: (kernel: KernelTypes) => string | undefined
}

/** Looks up ids in the kernel's own BTF. */
interface KernelTypes {
  /** Undefined when the kernel has no such type, or no BTF. */
  find(name: string, kind: number): number | undefined
}

const programTypes = {
  kprobe: 2,
  trafficControl: 3,
  tracepoint: 5,
  xdp: 6,
  perfEvent: 7,
  cgroupSkb: 8,
  cgroupSock: 9,
  sockOps: 13,
  cgroupDevice: 15,
  rawTracepoint: 17,
  cgroupSockAddr: 18,
  cgroupSysctl: 23,
  cgroupSockopt: 25,
  tracing: 26,
  lsm: 29,
  skLookup: 30,
  netfilter: 32,
}
const attachTypes = {
  sockCreate: 2,
  sockOps: 3,
  cgroupDevice: 6,
  inet4Connect: 10,
  sysctl: 18,
  setsockopt: 22,
  rawTracepoint: 23,
  fentry: 24,
  lsmMac: 27,
  iterator: 28,
  skLookup: 36,
  xdp: 37,
  kprobeMulti: 42,
  netfilter: 45,
  tcxIngress: 46,
  uprobeMulti: 48,
  unixConnect: 49,
}
const btfKinds = { typedef: 8, function: 12 }

// r0 = 0; exit
const returnZero = Uint8Array.of(0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0)
// r0 = 1; exit: "allow" for cgroup programs
const returnOne = Uint8Array.of(0xb7, 0, 0, 0, 1, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0)

// r1 = 0; r2 = 0; call the kernel's function with this id in its BTF; r0 = *(u64 *)r0; r0 = 0; exit
function castNothing(functionId: number): Uint8Array {
  const bytes = Uint8Array.of(
    ...[0xb7, 0x01, 0, 0, 0, 0, 0, 0, 0xb7, 0x02, 0, 0, 0, 0, 0, 0],
    ...[0x85, 0x20, 0, 0, 0, 0, 0, 0, 0x79, 0x00, 0, 0, 0, 0, 0, 0],
    ...returnZero,
  )
  new DataView(bytes.buffer).setUint32(20, functionId, true)
  return bytes
}

function refused(error: number): string {
  const name = nameOfErrno(-error)
  return isPermissionErrno(-error)
    ? `the kernel refuses it (${name}): missing capability or hardened kernel`
    : `the kernel refuses it (${name})`
}

/** Loads a program, lets `use` try more with it, and closes it. */
function tryProgram(
  options: Parameters<typeof programLoad>[0],
  use: (fd: number) => string | undefined = () => undefined,
): string | undefined {
  const fd = programLoad(options)
  if (fd < 0) return refused(fd)
  try {
    return use(fd)
  } finally {
    closeFd(fd)
  }
}

function closing(fd: number): string | undefined {
  if (fd < 0) return refused(fd)
  closeFd(fd)
  return undefined
}

function iterator(target: string): (kernel: KernelTypes) => string | undefined {
  return (kernel) => {
    const id = kernel.find(`bpf_iter_${target}`, btfKinds.function)
    if (id === undefined) return `the kernel has no iterator ${target}`
    return tryProgram(
      {
        type: programTypes.tracing,
        instructions: returnZero,
        expectedAttachType: attachTypes.iterator,
        attachBtfId: id,
      },
      (programFd) =>
        closing(linkCreate({ programFd, target: 0, attachType: attachTypes.iterator })),
    )
  }
}

function map(type: number, keySize: number, valueSize: number, maxEntries: number, flags = 0) {
  return (): string | undefined =>
    closing(mapCreate({ type, keySize, valueSize, maxEntries, flags }))
}

/** Makes a map, lets `use` try more with it, and closes it. */
function tryMap(
  options: Parameters<typeof mapCreate>[0],
  use: (fd: number) => string | undefined,
): string | undefined {
  const fd = mapCreate(options)
  if (fd < 0) return refused(fd)
  try {
    return use(fd)
  } finally {
    closeFd(fd)
  }
}

const smallArray = { type: mapTypes.array, keySize: 4, valueSize: 4, maxEntries: 1 }
const noPreallocation = 1

function mapInMap(): string | undefined {
  return tryMap(smallArray, (innerFd) =>
    closing(
      mapCreate({ type: mapTypes.arrayOfMaps, keySize: 4, valueSize: 4, maxEntries: 1, innerFd }),
    ),
  )
}

function mapBatch(): string | undefined {
  return tryMap(smallArray, (fd) => {
    const { error } = mapLookupBatch(
      fd,
      1,
      new Uint8Array(4),
      new Uint8Array(4),
      undefined,
      new Uint8Array(8),
    )
    return error < 0 && error !== -2 ? refused(error) : undefined
  })
}

/** A program of a type that the kernel has when it loads. */
function program(type: number, expectedAttachType = 0) {
  return (): string | undefined => tryProgram({ type, instructions: returnOne, expectedAttachType })
}

/**
 * A link on a target that does not exist: `wanted` is what a kernel says that knows the kind of link. One that does
 * not says EINVAL.
 */
function linkRefusal(
  load: Parameters<typeof programLoad>[0],
  link: Omit<Parameters<typeof linkCreate>[0], 'programFd'>,
  wanted: number,
) {
  return (): string | undefined =>
    tryProgram(load, (programFd) => {
      const fd = linkCreate({ programFd, ...link })
      if (fd >= 0) closeFd(fd)
      if (fd >= 0 || fd === wanted) return undefined
      return fd === -22 ? 'the kernel has no such link' : refused(fd)
    })
}

/** No interface has this index: they are given out from 1. */
const noInterface = 0x7fff_fff0
const ENODEV = -19
const EBADF = -9
const EAFNOSUPPORT = -97
const EOPNOTSUPP = -95

// BTF with one type, `int`: task storage demands types of its key and value.
function tinyBtf(): Uint8Array {
  const bytes = new Uint8Array(24 + 16 + 5)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, 0xeb9f, true)
  view.setUint8(2, 1)
  view.setUint32(4, 24, true)
  view.setUint32(12, 16, true)
  view.setUint32(16, 16, true)
  view.setUint32(20, 5, true)
  view.setUint32(24, 1, true)
  view.setUint32(28, 1 << 24, true)
  view.setUint32(32, 4, true)
  view.setUint32(36, (1 << 24) | 32, true)
  bytes.set(new TextEncoder().encode('int'), 41)
  return bytes
}

function taskStorage(): string | undefined {
  const btfFd = btfLoad(tinyBtf())
  if (btfFd < 0) return refused(btfFd)
  try {
    return closing(
      mapCreate({
        type: mapTypes.taskStorage,
        keySize: 4,
        valueSize: 4,
        maxEntries: 0,
        flags: 1, // BPF_F_NO_PREALLOC, which local storage demands
        btfFd,
        keyTypeId: 1,
        valueTypeId: 1,
      }),
    )
  } finally {
    closeFd(btfFd)
  }
}

function kernelLsms(): readonly string[] | undefined {
  try {
    return readFileSync('/sys/kernel/security/lsm', 'utf8').trim().split(',')
  } catch {
    return undefined // securityfs is not mounted: nothing can be told from it
  }
}

const features = {
  ringbuf: { minimumKernel: '5.8', probe: map(mapTypes.ring, 0, 0, 4096) },
  task_storage: { minimumKernel: '5.11', probe: taskStorage },
  bloom_filter: { minimumKernel: '5.16', probe: map(mapTypes.bloomFilter, 0, 4, 1) },
  lpm_trie: { minimumKernel: '4.11', probe: map(mapTypes.lpmTrie, 8, 4, 1, noPreallocation) },
  stack_trace: { minimumKernel: '4.6', probe: map(mapTypes.stackTrace, 4, 8, 1) },
  queue: { minimumKernel: '4.20', probe: map(mapTypes.queue, 0, 4, 1) },
  lru_hash: { minimumKernel: '4.10', probe: map(mapTypes.lruHash, 4, 4, 1) },
  map_in_map: { minimumKernel: '4.12', probe: mapInMap },
  sockmap: { minimumKernel: '4.14', probe: map(mapTypes.sockMap, 4, 4, 1) },
  sockhash: { minimumKernel: '4.18', probe: map(mapTypes.sockHash, 4, 4, 1) },
  user_ringbuf: { minimumKernel: '6.1', probe: map(mapTypes.userRing, 0, 0, 4096) },
  map_batch: { minimumKernel: '5.6', probe: mapBatch },
  test_run: {
    minimumKernel: '4.12',
    probe: () =>
      tryProgram({ type: programTypes.rawTracepoint, instructions: returnZero }, (programFd) => {
        const { error } = testRun({ programFd })
        return error < 0 ? refused(error) : undefined
      }),
  },
  tp_btf: {
    minimumKernel: '5.5',
    probe(kernel) {
      const id = kernel.find('btf_trace_sched_process_exec', btfKinds.typedef)
      if (id === undefined) return 'the kernel has no BTF (CONFIG_DEBUG_INFO_BTF)'
      return tryProgram({
        type: programTypes.tracing,
        instructions: returnZero,
        expectedAttachType: attachTypes.rawTracepoint,
        attachBtfId: id,
      })
    },
  },
  fentry: {
    minimumKernel: '5.5',
    probe(kernel) {
      // Called by the kernel's own self-test only, so attaching there is harmless.
      const id = kernel.find('bpf_fentry_test1', btfKinds.function)
      if (id === undefined) return 'the kernel has no BTF of its functions'
      return tryProgram(
        {
          type: programTypes.tracing,
          instructions: returnZero,
          expectedAttachType: attachTypes.fentry,
          attachBtfId: id,
        },
        (fd) => closing(openRawTracepoint(fd)),
      )
    },
  },
  lsm: {
    minimumKernel: '5.7',
    probe(kernel) {
      const id = kernel.find('bpf_lsm_path_chroot', btfKinds.function)
      if (id === undefined) return 'the kernel is built without BPF LSM (CONFIG_BPF_LSM)'
      const reason = tryProgram(
        {
          type: programTypes.lsm,
          instructions: returnZero,
          expectedAttachType: attachTypes.lsmMac,
          attachBtfId: id,
        },
        (fd) => closing(openRawTracepoint(fd)),
      )
      if (reason !== undefined) return reason
      // Loads and attaches even where the LSM is off, and is then never called.
      return kernelLsms()?.includes('bpf') === false
        ? 'BPF LSM is off: start the kernel with `lsm=...,bpf`'
        : undefined
    },
  },
  kprobe: {
    minimumKernel: '4.1',
    probe: () =>
      existsSync('/sys/bus/event_source/devices/kprobe/type')
        ? tryProgram({ type: programTypes.kprobe, instructions: returnZero })
        : 'the kernel is built without kprobe events (CONFIG_KPROBE_EVENTS)',
  },
  uprobe: {
    minimumKernel: '4.3',
    probe: () =>
      existsSync('/sys/bus/event_source/devices/uprobe/type')
        ? tryProgram({ type: programTypes.kprobe, instructions: returnZero })
        : 'the kernel is built without uprobe events (CONFIG_UPROBE_EVENTS)',
  },
  kprobe_multi: { minimumKernel: '5.18', probe: kprobeMulti },
  uprobe_multi: {
    minimumKernel: '6.6',
    // A folder is no file that could hold functions.
    probe: linkRefusal(
      {
        type: programTypes.kprobe,
        instructions: returnZero,
        expectedAttachType: attachTypes.uprobeMulti,
      },
      {
        target: 0,
        attachType: attachTypes.uprobeMulti,
        detail: {
          kind: 'uprobeMulti',
          isReturn: false,
          path: '/',
          offsets: new BigUint64Array(1),
          cookies: undefined,
          pid: 0,
        },
      },
      EBADF,
    ),
  },
  tracepoint: {
    minimumKernel: '4.7',
    probe: program(programTypes.tracepoint),
  },
  perf_event: {
    minimumKernel: '4.9',
    probe: () =>
      existsSync('/sys/bus/event_source/devices/software')
        ? tryProgram({ type: programTypes.perfEvent, instructions: returnZero })
        : 'the kernel is built without perf events (CONFIG_PERF_EVENTS)',
  },
  xdp: { minimumKernel: '5.9', probe: program(programTypes.xdp, attachTypes.xdp) },
  tc: { minimumKernel: '4.1', probe: program(programTypes.trafficControl) },
  tcx: {
    minimumKernel: '6.6',
    probe: linkRefusal(
      { type: programTypes.trafficControl, instructions: returnOne },
      {
        target: noInterface,
        attachType: attachTypes.tcxIngress,
        detail: { kind: 'tcx', relativeFd: 0 },
      },
      ENODEV,
    ),
  },
  sk_lookup: {
    minimumKernel: '5.9',
    probe: program(programTypes.skLookup, attachTypes.skLookup),
  },
  netfilter: {
    minimumKernel: '6.4',
    // 0 is no family of protocols.
    probe: linkRefusal(
      {
        type: programTypes.netfilter,
        instructions: returnOne,
        expectedAttachType: attachTypes.netfilter,
      },
      {
        target: 0,
        attachType: attachTypes.netfilter,
        detail: { kind: 'netfilter', family: 0, hook: 0, priority: 1, flags: 0 },
      },
      EAFNOSUPPORT,
    ),
  },
  sockops: { minimumKernel: '4.13', probe: program(programTypes.sockOps, attachTypes.sockOps) },
  cgroup_skb: { minimumKernel: '4.10', probe: program(programTypes.cgroupSkb) },
  cgroup_sock: {
    minimumKernel: '4.10',
    probe: program(programTypes.cgroupSock, attachTypes.sockCreate),
  },
  cgroup_sock_addr: {
    minimumKernel: '4.17',
    probe: program(programTypes.cgroupSockAddr, attachTypes.inet4Connect),
  },
  cgroup_sock_addr_unix: {
    minimumKernel: '6.7',
    probe: program(programTypes.cgroupSockAddr, attachTypes.unixConnect),
  },
  cgroup_device: {
    minimumKernel: '4.15',
    probe: program(programTypes.cgroupDevice, attachTypes.cgroupDevice),
  },
  cgroup_sysctl: {
    minimumKernel: '5.2',
    probe: program(programTypes.cgroupSysctl, attachTypes.sysctl),
  },
  cgroup_sockopt: {
    minimumKernel: '5.3',
    probe: program(programTypes.cgroupSockopt, attachTypes.setsockopt),
  },
  bpf_loop: {
    minimumKernel: '5.17',
    probe() {
      const loopHelper = 181
      const result = libbpf().probeHelper(programTypes.cgroupSkb, loopHelper, null)
      if (result === 1) return undefined
      return result === 0 ? 'the kernel has no such helper' : refused(result)
    },
  },
  bpf_rdonly_cast_void: {
    minimumKernel: '6.17',
    // A cast to type 0, memory of no type. The function itself is there since 6.2.
    probe(kernel) {
      const id = kernel.find('bpf_rdonly_cast', btfKinds.function)
      if (id === undefined) return 'the kernel has no function bpf_rdonly_cast'
      return tryProgram({ type: programTypes.rawTracepoint, instructions: castNothing(id) })
    },
  },
  'iter/task': { minimumKernel: '5.8', probe: iterator('task') },
  'iter/task_file': { minimumKernel: '5.8', probe: iterator('task_file') },
  'iter/tcp': { minimumKernel: '5.9', probe: iterator('tcp') },
  'iter/udp': { minimumKernel: '5.9', probe: iterator('udp') },
  'tracepoint/sched_prepare_exec': {
    minimumKernel: '6.10',
    probe: (kernel) => tracepoint(kernel, 'sched_prepare_exec'),
  },
} as const satisfies Record<string, Feature>

function kprobeMulti(kernel: KernelTypes): string | undefined {
  // Called by the kernel's own self-test only, so attaching there is harmless.
  const name = 'bpf_fentry_test1'
  if (kernel.find(name, btfKinds.function) === undefined) return 'the kernel has no BTF'
  return tryProgram(
    {
      type: programTypes.kprobe,
      instructions: returnZero,
      expectedAttachType: attachTypes.kprobeMulti,
    },
    (programFd) => {
      const fd = linkCreate({
        programFd,
        target: 0,
        attachType: attachTypes.kprobeMulti,
        detail: { kind: 'kprobeMulti', isReturn: false, symbols: [name], cookies: undefined },
      })
      return fd === EOPNOTSUPP ? 'the kernel is built without CONFIG_FPROBE' : closing(fd)
    },
  )
}

function tracepoint(kernel: KernelTypes, name: string): string | undefined {
  return kernel.find(`btf_trace_${name}`, btfKinds.typedef) === undefined
    ? `the kernel has no tracepoint ${name}`
    : undefined
}

/** A feature that can be asked for. `tracepoint/<name>` asks for any BTF tracepoint. */
export type FeatureName = keyof typeof features | `tracepoint/${string}`

/** All features that have a probe of their own. */
export const featureNames = Object.keys(features) as readonly (keyof typeof features)[]

/** Mainline version that brought a feature, `6.6`; of a tracepoint, that brought typed ones as such. */
export function minimumKernelOf(name: FeatureName): string {
  return featureOf(name).minimumKernel
}

const answers = new Map<FeatureName, FeatureSupport>()

/** Probes one feature; the answer is kept for the life of the process. */
export function probeFeature(name: FeatureName): FeatureSupport {
  const known = answers.get(name)
  if (known) return known
  return probeFeatures([name]).get(name) as FeatureSupport
}

/** Probes several at once: the kernel's BTF (100 ms, freed again) is read once for all. */
export function probeFeatures(
  names: readonly FeatureName[] = featureNames,
): ReadonlyMap<FeatureName, FeatureSupport> {
  using kernel = lazyKernelTypes()
  const found = new Map<FeatureName, FeatureSupport>()
  for (const name of names) {
    let answer = answers.get(name)
    if (!answer) {
      const feature = featureOf(name)
      const reason = feature.probe(kernel)
      answer =
        reason === undefined
          ? { supported: true }
          : { supported: false, minimumKernel: feature.minimumKernel, reason }
      answers.set(name, answer)
    }
    found.set(name, answer)
  }
  return found
}

function featureOf(name: FeatureName): Feature {
  if (Object.hasOwn(features, name)) return features[name as keyof typeof features]
  const tracepointName = name.slice('tracepoint/'.length)
  return {
    // When each tracepoint came is not known here; typed tracepoints as such came with 5.5.
    minimumKernel: '5.5',
    probe: (kernel) => tracepoint(kernel, tracepointName),
  }
}

function lazyKernelTypes(): KernelTypes & Disposable {
  let btf: NativePointer | null | undefined
  return {
    find(name, kind) {
      btf ??= libbpf().loadVmlinuxBtf()
      if (btf === null) return undefined
      const id = libbpf().findBtfType(btf, name, kind)
      return id > 0 ? id : undefined
    },
    [Symbol.dispose]() {
      if (btf) libbpf().freeBtf(btf)
      btf = undefined
    },
  }
}

/**
 * An error of loading or attaching with the feature that the kernel lacks for it, where that is why; else as it is.
 */
export function explainRefusal(cause: unknown, feature: FeatureName | undefined): unknown {
  if (!(cause instanceof BpfError) || feature === undefined || cause.feature !== undefined)
    return cause
  const answer = probeFeature(feature)
  if (answer.supported) return cause
  const { minimumKernel, reason } = answer
  return new BpfError(
    cause.code,
    `${cause.summary}: it needs ${feature}, in Linux since ${minimumKernel}; here ${reason}`,
    {
      cause,
      errno: cause.errno,
      log: cause.log,
      verifier: cause.verifier,
      verifierOmitted: cause.verifierOmitted,
      feature,
      minimumKernel,
      ...(cause.program === undefined ? {} : { program: cause.program }),
    },
  )
}
