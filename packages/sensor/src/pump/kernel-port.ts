/**
 * What the pump needs of the kernel side: rows, how far they reach, and a way to say "these are safe".
 *
 * Adapters: `../kernel/kernel.ts` (eBPF) and `test/fake-kernel.ts` (a deterministic generator).
 * What always holds: a row is given out once per process life of the sensor; `commit` publishes consumer
 * positions only up to the progress that it is given; a kernel opened with the progress of the newest
 * batch in the spool goes on exactly after that batch.
 */
import type { BatchBuilder, RingPosition } from '@honeyguide/model/batch'
import type { SensorSettings } from '@honeyguide/model/settings'

/**
 * Where the kernel side stands after a batch: ring positions and the counters that were already told.
 * It is stored with the batch as JSON (bigints survive, see `spool/record.ts`) and given back at the
 * next start in the same boot. Only `rings` is looked into, to be sent with the batch.
 */
export interface KernelProgress {
  readonly rings: readonly RingPosition[]
  /** Whatever else the kernel side wants to find again; JSON values and bigints. */
  readonly state?: unknown
}

export interface PumpResult {
  /** Rows added to the builder by this call, loss rows included. */
  readonly rows: number
  /** True when it stopped because the builder was full: call again after the batch has left. */
  readonly more: boolean
  /** Covers every row given out since the kernel was opened. */
  readonly progress: KernelProgress
}

export interface Kernel extends AsyncDisposable {
  /** Hash of the event layout of the loaded objects, 16 hex digits. */
  readonly layout: string
  /** Wall clock minus CLOCK_BOOTTIME, in ns; sampled by the kernel side. */
  readonly wallOffsetNs: bigint
  /** CLOCK_BOOTTIME in ns. */
  bootNs(): bigint
  /**
   * Resolves when rows may be there, after `timeoutMs` (undefined: no limit), when `wake` is called, or
   * when the signal of `openKernel` aborts. Never rejects for these.
   */
  wait(timeoutMs: number | undefined): Promise<void>
  /** Ends the current (or the next) `wait` at once. */
  wake(): void
  /** Adds what is in the rings, merged by boot time, until `builder.full`. `drain` gives out what is held back for merging, too. */
  pump(builder: BatchBuilder, drain?: boolean): PumpResult
  /** The rows up to here are in the spool file: publishes the consumer positions. */
  commit(progress: KernelProgress): void
  /**
   * Adds live processes to the `process` table (and users, if any) from the given index on until
   * `builder.full`; returns the index to go on from, or -1 when all are there.
   */
  snapshot(builder: BatchBuilder, from: number): number
  /** Adds one row per feature. */
  features(builder: BatchBuilder): void
  /** Adds the rows of hooks whose counters changed since they were last added. */
  hooks(builder: BatchBuilder): void
}

/** Attaches and goes on from `progress` (undefined after a boot, or when nothing was spooled in this one). */
export type OpenKernel = (
  settings: SensorSettings,
  progress: KernelProgress | undefined,
  signal: AbortSignal,
) => Promise<Kernel>

/** What a kernel module exports. */
export interface KernelModule {
  readonly openKernel: OpenKernel
}
