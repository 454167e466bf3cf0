/**
 * What the pump needs of the kernel side: rows, how far they reach, and a way to say "these are safe".
 *
 * Adapters: `../kernel/kernel.ts` (eBPF) and `test/fake-kernel.ts` (a deterministic generator).
 * What always holds: a row is given out once in the life of this process; `commit` publishes consumer
 * positions only up to the progress that it is given; a kernel opened with the progress of the newest
 * batch in the spool goes on exactly behind that batch.
 */
import type { BatchBuilder } from '@honeyguide/model/batch'
import type { SensorSettings } from '@honeyguide/model/settings'
import type { Redactor } from '@honeyguide/policy/redaction'

/**
 * Where the kernel side stands behind a batch: ring positions and the counters that were already told.
 * Plain JSON, stored with the batch and given back at the next start. Only the kernel side looks into it,
 * but for ring positions, which are sent with the batch when they are there.
 */
export interface Progress {
  /** Byte positions as decimal text. */
  readonly lifecycle?: string
  readonly data?: string
}

export interface PumpedRows {
  /** Rows added to the builder, loss rows included. */
  readonly rows: number
  /** Covers every row given out so far. */
  readonly progress: Progress
  /** Whether a bound was reached before the rings were empty. */
  readonly isMore: boolean
}

export interface PumpKernel extends Disposable {
  /** Moves what the rings hold into the builder, up to the limits. */
  pump(
    builder: BatchBuilder,
    limits: { readonly records: number; readonly bytes: number },
  ): PumpedRows
  /** The next `pump` reads the counters of losses whatever flows, so that intervals begin there. */
  look(): void
  /** The rows up to here are in the spool: gives their space in the rings back. */
  commit(progress: Progress): void
  /**
   * Calls `onWake`, and waits for what it returns, whenever `pump` may have something, until the signal aborts. While
   * rows keep coming it need not be called more often than every `steadyMs`.
   */
  watch(onWake: () => Promise<void>, signal: AbortSignal, steadyMs: number): Promise<void>
  /** Writes a `process` row for every live process; yields when the builder should leave. */
  snapshot(builder: BatchBuilder): Generator<void, number, undefined>
  /** Writes a row for each feature of this kernel. */
  features(builder: BatchBuilder): number
  /** Writes a row for each hook whose counters changed since the last call. */
  hooks(builder: BatchBuilder): number
}

/** What the kernel side is opened with beside the settings. */
export interface PumpKernelOptions {
  readonly progress: Progress | undefined
  /** Replaces secrets in an argument list (each argument followed by NUL); undefined when there are none. */
  readonly redact: Redactor['redact']
}

/** A module of the kernel side, loaded in the pump's thread. */
export interface PumpKernelModule {
  /** Taken before the spool is opened; ends with the process. Throws HG_STATE_LOCKED when another sensor has it. */
  lockState(stateDir: string): Disposable
  /** Throws a `HoneyguideError` or `BpfError` when it cannot attach. */
  openPumpKernel(settings: SensorSettings, options: PumpKernelOptions): OpenedKernel
}

/** What the sensor goes without although it was asked for, or the kernel has it: told as a `feature`, and in the log. */
export interface Shortfall {
  /** Of the row: `settings`, or what is missing. */
  readonly name: string
  /** Why, and what to do. */
  readonly reason: string
  /** What it costs. */
  readonly costs: string
}

export interface OpenedKernel {
  readonly kernel: PumpKernel
  /** Hash of the event layout of the loaded objects, 16 hex digits. */
  readonly layout: string
  readonly clock: Clock
  /** What could not be had. */
  readonly shortfalls: readonly Shortfall[]
  /** Gives back memory that only the start needed. */
  release(): void
}

export interface Clock {
  /** CLOCK_BOOTTIME in ns. */
  bootNs(): bigint
  /** CLOCK_REALTIME in ns since 1970. */
  wallNs(): bigint
}
