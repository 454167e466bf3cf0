/** What the pump's thread and the one that looks at files say to each other. */
import type { Findings } from './inspector.ts'
import type { SeenFile } from './seen-file.ts'

/** `workerData` of the thread. */
export interface ProvenanceStart {
  readonly maxFileBytes: number
  readonly cpuPercent: number
}

export type ToProvenance =
  | { readonly kind: 'see'; readonly files: readonly SeenFile[] }
  /** Tell again what is seen again. */
  | { readonly kind: 'forget' }

export interface FromProvenance extends Findings {
  /** Files of messages that were taken in since the last answer. */
  readonly taken: number
  /** Looks that are wanted and not done. */
  readonly waiting: number
  /** Package databases that had to go for others, ever. */
  readonly evictions: number
}
