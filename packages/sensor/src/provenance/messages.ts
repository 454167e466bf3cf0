/** What the pump's thread and the one that looks at files say to each other. */
import type { Findings, Remembered } from './inspector.ts'
import type { SeenFile } from './seen-file.ts'

/** `workerData` of the thread. */
export interface ProvenanceStart {
  readonly maxFileBytes: number
  readonly cpuPercent: number
  /** With nothing to do for so long it offers to end, ms. */
  readonly idleMs: number
  /** Of the thread before this one. */
  readonly before: Remembered | undefined
}

export type ToProvenance =
  | { readonly kind: 'see'; readonly files: readonly SeenFile[] }
  /** Tell again what is seen again. */
  | { readonly kind: 'forget' }

export type FromProvenance =
  | ({ readonly kind: 'findings' } & Answer)
  /** Nothing has happened for a while: it may be ended, and this goes to the next one. */
  | { readonly kind: 'idle'; readonly remembered: Remembered }

export interface Answer extends Findings {
  /** Files of messages that were taken in since the last answer. */
  readonly taken: number
  /** Looks that are wanted and not done. */
  readonly waiting: number
  /** Package databases that had to go for others since the last answer. */
  readonly evictions: number
}
