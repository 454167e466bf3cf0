export {
  createBatchBuilder,
  type BatchBounds,
  type BatchBuilder,
  type TableWriter,
} from './builder.ts'
export type { BatchIdentity, RingPosition } from './encode.ts'
export { batchLimits } from './limits.ts'
export { standsForMissing } from './missing.ts'
export { decodeBatch, type Batch, type TableReader } from './reader.ts'
