/** What a frame may be. Both ends check before they allocate. */
import { batchLimits } from '../batch/limits.ts'

export const frameLimits = {
  /** Longest frame without its 4 bytes of length: a batch of `batchLimits.batchBytes` and its tag. */
  bytes: batchLimits.frameBytes,
  /** Longest frame of every other kind, in bytes. */
  controlBytes: 64 * 1024,
  /** Most labels of a sensor. */
  labels: 64,
  /** Longest text in a frame, in UTF-16 units. */
  text: 4096,
  /** Most runs that a sensor may name as pending; more wait until these are acknowledged. */
  pending: 1024,
} as const

/** The protocol that this code speaks. A major version is refused by who does not know it; a minor one only adds. */
export const protocolVersion = { major: 1, minor: 0 } as const
