/** What the pump's thread and the main thread say to each other. Batches are transferred, not copied. */
import type { Ack, Pending } from '@honeyguide/model/frames'
import type { LogLevel } from '@honeyguide/model/log'
import type { SensorSettings } from '@honeyguide/model/settings'
import type { SpoolItem, SpoolPosition } from '../spool/spool.ts'
import type { SensorIdentity } from './sensor-identity.ts'

/** `workerData` of the pump's thread. */
export interface PumpStart {
  readonly settings: SensorSettings
  readonly identity: SensorIdentity
  /** URL of the module that opens the kernel side. */
  readonly kernelModule: string
  /** Most batches that the uplink sends without an acknowledgement. */
  readonly window: number
}

export type ToPump =
  /** Flush, sync, close and answer `stopped`. */
  | { readonly kind: 'stop' }
  /** Whether there is an observer, who is shown batches; the uplink reads them from the spool. */
  | { readonly kind: 'observed'; readonly observed: boolean }
  /** Nothing happened for a while: look at counters. */
  | { readonly kind: 'tick' }
  /** The hub is there: anything that it may have missed as a statement is said again. */
  | { readonly kind: 'connected' }
  | {
      readonly kind: 'read'
      readonly id: number
      readonly after: SpoolPosition | undefined
      readonly items: number
      readonly bytes: number
    }
  | { readonly kind: 'ack'; readonly id: number; readonly acks: readonly Ack[] }
  /** For an observer. */
  | { readonly kind: 'snapshot'; readonly id: number }

export type FromPump =
  | { readonly kind: 'ready'; readonly layout: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  /** A batch is in the spool. */
  | {
      readonly kind: 'batch'
      readonly sequence: bigint
      readonly wallOffsetNs: bigint
      /** Undefined when nobody observes. */
      readonly batch: Uint8Array<ArrayBuffer> | undefined
      /** Rows that an observer loses with it. */
      readonly rows: number
    }
  | { readonly kind: 'read'; readonly id: number; readonly items: readonly SpoolItem[] }
  /** The acknowledgements are taken in; what still waits. */
  | { readonly kind: 'acked'; readonly id: number; readonly pending: readonly Pending[] }
  | {
      readonly kind: 'snapshot'
      readonly id: number
      readonly batches: readonly Uint8Array<ArrayBuffer>[]
    }
  | {
      readonly kind: 'log'
      readonly level: LogLevel
      readonly message: string
      readonly fields: Readonly<Record<string, string | number>>
    }
  | { readonly kind: 'stopped' }
