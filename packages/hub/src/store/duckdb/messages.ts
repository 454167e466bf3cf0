/** What the hub and the store's process say to each other over the IPC channel (JSON). */
import type { ErrorCode } from '@honeyguide/model'
import type { CoreMethod } from '../backend.ts'
import type { LogName } from './intake.ts'

export interface OpenMessage {
  readonly kind: 'open'
  readonly path: string
  readonly memoryBytes: number
  readonly spoolDir: string
  readonly derivedDir: string
  readonly ends: Readonly<Record<LogName, number>>
  readonly flushMs: number
}

export type ToChild =
  | OpenMessage
  | { readonly kind: 'extend'; readonly log: LogName; readonly end: number }
  | {
      readonly kind: 'call'
      readonly id: number
      readonly method: CoreMethod
      readonly args: readonly unknown[]
    }
  | { readonly kind: 'close' }

export interface CallError {
  readonly code: ErrorCode
  readonly detail: string
  readonly line?: number
  readonly column?: number
}

export type FromChild =
  | {
      readonly kind: 'progress'
      readonly taken: Readonly<Record<LogName, number>>
      readonly error?: string
    }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly error: CallError }
  /** It cannot go on, and starting it again would not help. */
  | { readonly kind: 'fatal'; readonly error: CallError }
