export {
  createBatchBuilder,
  type BatchBounds,
  type BatchBuilder,
  type BatchIdentity,
  type RingPosition,
  type TableWriter,
} from './builder.ts'
export { batchLimits } from './limits.ts'
export { standsForMissing } from './missing.ts'
export { decodeBatch, type Batch, type TableReader } from './reader.ts'
