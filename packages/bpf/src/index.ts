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
  type AttachOptions,
  type BpfLinks,
  type BpfObject,
  type BpfProgram,
  type MapOptions,
  type OpenOptions,
  type ProgramOptions,
} from './object.ts'
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
export { BpfLink, openPinnedLink } from './link.ts'
export { openPinnedProgram, type PinnedProgram } from './pinned-program.ts'
export { lockFd, readClockNs, trimHeap } from './ffi.ts'
export { releaseFilePages } from './file-pages.ts'
export { forEachIterated, readIterator, type ReadIteratorOptions } from './iterator.ts'
export { isOnBpfFilesystem, makePinFolder, requireBpfFilesystem, unpin } from './pin.ts'
export {
  featureNames,
  featureOfSection,
  probeFeature,
  probeFeatures,
  type FeatureName,
  type FeatureSupport,
  type Unsupported,
} from './feature.ts'
export {
  enableRunTimeStats,
  listKernelIds,
  takeInventory,
  type KernelInventory,
  type LinkInfo,
  type MapInfo,
  type ProgramInfo,
} from './kernel-info.ts'
export type { KernelObjectKind, TestRunResult } from './kernel-call.ts'
export type { LoaderMap, LoaderObject, LoaderProgram, ObjectLoader } from './loader.ts'
export { createValueCodec, type ValueCodec } from './value-codec.ts'
export { parseBtf, type Btf, type BtfType } from './btf.ts'
export { parseElf, type ElfFile } from './elf.ts'
export type { LayoutClaim } from './layout.ts'
