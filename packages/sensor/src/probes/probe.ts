/**
 * What a probe is to the loader: one folder under `src/probes` exports one of these as `probe`, and
 * nothing else has to know about it. Its C file declares the programs; its table in
 * `packages/model` gives the id under which the kernel counts and stamps its records.
 */
import type { FeatureName, RecordMemory } from '@honeyguide/bpf'
import type { BatchBuilder } from '@honeyguide/model/batch'
import type { TableName } from '@honeyguide/model/tables'
import type { ProcessCache } from '../process-cache/process-cache.ts'
import type { WorkloadNames } from '../workload/workload-names.ts'

/** A program for the end of system calls: loaded, not attached, reached through the table of `hook/sys_exit.h`. */
export interface SyscallExit {
  readonly program: string
  /** Numbers of the x86-64 ABI (x32 ones too, without their bit). */
  readonly native: readonly number[]
  /** Numbers of the 32-bit ABI (`int $0x80`). */
  readonly compat: readonly number[]
}

/** A program that adds something where the kernel has what it takes; the probe works without it. */
export interface OptionalProgram {
  readonly program: string
  readonly needs: FeatureName
}

/** What decoders write to and look up in. */
export interface DecodeContext {
  readonly builder: BatchBuilder
  readonly processes: ProcessCache
  readonly workloads: WorkloadNames
  /** Replaces secrets in an argument list; undefined when there are none. */
  readonly redact: (argv: Uint8Array) => Uint8Array | undefined
  /** Takes a process out of the own ones: it runs something else now. */
  readonly disown: (pid: number) => void
}

export interface Probe {
  /** Name of its table, and of its hook in `loss` and `hook` rows. */
  readonly name: TableName
  readonly ring: 'lifecycle' | 'data'
  /** Programs to attach. Each entry lists alternatives, best first: the first that the kernel takes is used. */
  readonly programs: readonly (readonly string[])[]
  readonly optionalPrograms?: readonly OptionalProgram[]
  readonly syscallExits: readonly SyscallExit[]
  /** C structs whose layout the decoders and the pins depend on. */
  readonly structs: readonly string[]
  /**
   * Writes the record at byte `at` as a row. False when it makes no sense: the caller counts it as
   * lost (`decode`). Never throws, whatever the bytes.
   */
  readonly decode: (
    context: DecodeContext,
    memory: RecordMemory,
    at: number,
    length: number,
  ) => boolean
}
