/**
 * eBPF for Node.js: objects, maps, rings, links, iterators, pins, feature probes, BTF.
 *
 * Build-time parts live behind their own entries so that a long-lived process loads none of them:
 * `@honeyguide/bpf/compile` and `@honeyguide/bpf/decoders`.
 *
 * @module
 */
export {
  BpfError,
  bpfErrors,
  nameOfErrno,
  type BpfErrorCode,
  type BpfErrorDetail,
} from './error.ts'
export {
  openObject,
  type BpfLinks,
  type BpfObject,
  type BpfProgram,
  type MapOptions,
  type OpenOptions,
  type ProgramOptions,
} from './object.ts'
export type { AttachOptions } from './attach.ts'
export {
  BpfMap,
  createMap,
  mapFromFd,
  mapTypes,
  openPinnedMap,
  possibleCpuCount,
  type MapBatch,
  type MapCodecs,
  type MapType,
  type UpdateRule,
} from './map.ts'
export { openPinnedRing, Ring, type Drained, type DrainLimits, type OnRecord } from './ring.ts'
export { watchRings, type RingWatchOptions } from './ring-watch.ts'
export { copyToRecordMemory, recordMemory, type RecordMemory } from './record-memory.ts'
export { formatAddress, ipPrefixCodec, parseAddress } from './lpm-key.ts'
export { BpfLink, openPinnedLink } from './link.ts'
export type { XdpMode, XdpTarget } from './xdp.ts'
export {
  attachTc,
  listTcFilters,
  removeTcFilters,
  type ClassicTcOptions,
  type TcAttachment,
  type TcFilter,
  type TcTarget,
  type TcxTarget,
} from './tc.ts'
export type { NetfilterHook, NetfilterTarget } from './netfilter.ts'
export { inNetworkNamespace, interfaceIndex, type InterfaceTarget } from './network-namespace.ts'
export type { KprobeMultiTarget, KprobeTarget } from './kprobe.ts'
export { findBinary, type UprobeMultiTarget, type UprobeTarget } from './uprobe.ts'
export { onlineCpus, type SamplingTarget } from './sampling.ts'
export { kernelNames, processNames, type AddressNames, type ResolvedAddress } from './symbols.ts'
export { openNativeElf, type NativeElf, type NativeFunction } from './native-elf.ts'
export {
  findKernelFunctions,
  type FunctionProgram,
  type KernelFunction,
} from './kernel-function.ts'
export { openPinnedProgram, type PinnedProgram } from './pinned-program.ts'
export { lockFd, readClockNs, trimHeap, type MappedMemory } from './ffi.ts'
export { releaseFilePages } from './file-pages.ts'
export { forEachIterated, readIterator, type ReadIteratorOptions } from './iterator.ts'
export { isOnBpfFilesystem, makePinFolder, requireBpfFilesystem, unpin } from './pin.ts'
export {
  featureNames,
  minimumKernelOf,
  probeFeature,
  probeFeatures,
  type FeatureName,
  type FeatureSupport,
  type Unsupported,
} from './feature.ts'
export { featureOfSection } from './section.ts'
export {
  enableRunTimeStats,
  listKernelIds,
  takeInventory,
  type KernelInventory,
  type LinkInfo,
  type MapInfo,
  type ProgramCounters,
  type ProgramInfo,
} from './kernel-info.ts'
export type { KernelObjectKind } from './kernel-call.ts'
export {
  testRunAbilities,
  type TestRunAbility,
  type TestRunOptions,
  type TestRunResult,
} from './test-run.ts'
export type { LoaderMap, LoaderObject, LoaderProgram, ObjectLoader } from './loader.ts'
export { createValueCodec, type ValueCodec } from './value-codec.ts'
export { parseBtf, type Btf, type BtfMember, type BtfType } from './btf.ts'
export { parseElf, type ElfFile, type ElfSection, type ElfSymbol } from './elf.ts'
export type { LayoutClaim } from './layout.ts'
