/**
 * What a probe is to the loader: one folder under `src/probes` exports one of these as `probe`, and
 * nothing else has to know about it. Its C file declares the programs; its table in
 * `packages/model` gives the id under which the kernel counts and stamps its records.
 */
import type { BpfMap, FeatureName, RecordMemory } from '@honeyguide/bpf'
import type { BatchBuilder } from '@honeyguide/model/batch'
import type { FileSettings } from '@honeyguide/model/settings'
import type { TableName } from '@honeyguide/model/tables'
import type { Redactor } from '@honeyguide/policy/redaction'
import type { DnsConversations } from '../dns/conversations.ts'
import type { ProcessCache } from '../process-cache/process-cache.ts'
import type { WorkloadNames } from '../workload/workload-names.ts'

/** A program for the end of system calls: loaded, not attached, reached through the table of `hook/sys_exit.h`. */
export interface SyscallExit {
  readonly program: string
  /** Numbers of the x86-64 ABI (x32 ones too, without their bit). */
  readonly native: readonly number[]
  /** Numbers of the 32-bit ABI (`int $0x80`). */
  readonly compat: readonly number[]
  /** Bits of the third argument (of the lowest 8) without any of which the program has nothing to do. */
  readonly third?: number
  /** The numbers cost nothing until a program puts them into play (`hg_arm_syscall`). */
  readonly isArmedLater?: true
}

/** A program that adds something where the kernel has what it takes; the probe works without it. */
export interface OptionalProgram {
  readonly program: string
  readonly needs: FeatureName
}

/** Programs that see the same as the exits of system calls, and better, on kernels that have what it takes. */
export interface BetterWay {
  readonly needs: FeatureName
  /** To attach, all of them or none. */
  readonly programs: readonly string[]
  /** What is left for the exits of system calls then. */
  readonly syscallExits: readonly SyscallExit[]
}

/** What probes are told by the configuration. */
export interface ProbeSettings {
  readonly file?: FileSettings | undefined
  /** Ports on which DNS is spoken; 53 and 5353 unless said. */
  readonly dns?: { readonly ports: readonly number[] } | undefined
  /** Silence that ends a UDP flow, ms; 30,000 unless said. */
  readonly udpIdleMs?: number | undefined
}

/** Repeats of an event that were counted and not told one by one (`bpf/emit/repeat.h`). */
export interface Repeats {
  readonly count: bigint
  /** ns since boot. */
  readonly firstNs: bigint
  readonly lastNs: bigint
}

/** What decoders write to and look up in. */
export interface DecodeContext {
  readonly builder: BatchBuilder
  readonly processes: ProcessCache
  readonly workloads: WorkloadNames
  /** Replaces secrets in an argument list; undefined when there are none. */
  readonly redact: Redactor['redact']
  /** Takes a process out of the own ones: it runs something else now. */
  readonly disown: (pid: number) => void
  /** Questions that wait for their answers. */
  readonly dns: DnsConversations
}

export interface Probe {
  /** Name of its table, and of its hook in `loss` and `hook` rows. */
  readonly name: TableName
  readonly ring: 'lifecycle' | 'data'
  /**
   * Programs to attach; several probes may name the same. Those of cgroups are attached to the root
   * of version 2. Each entry lists alternatives, best first: the first that the kernel takes is used.
   */
  readonly programs: readonly (readonly string[])[]
  readonly optionalPrograms?: readonly OptionalProgram[]
  readonly syscallExits: readonly SyscallExit[]
  readonly better?: BetterWay
  /** Maps of its own that outlive the sensor, by name. */
  readonly maps?: readonly string[]
  /** Maps that have one entry for each CPU: memory of programs that is too large for a per-CPU array. */
  readonly cpuMaps?: readonly string[]
  /** Tells the programs, through the maps named above, what to go by. At every start; until then they let all pass. */
  readonly configure?: (map: (name: string) => BpfMap, settings: ProbeSettings) => void
  /** Iterators that are run once when the programs are attached: they find what is older, and write nothing. */
  readonly startIterators?: readonly string[]
  /** Values of the programs' `const volatile` globals. */
  readonly constants?: (settings: ProbeSettings) => Readonly<Record<string, unknown>>
  /** C structs whose layout the decoders and the pins depend on. */
  readonly structs: readonly string[]
  /**
   * Writes the record at byte `at` as a row; as several, or none, where a record is a piece of a
   * stream. False when it makes no sense: the caller counts it as lost (`decode`). Never throws,
   * whatever the bytes.
   */
  readonly decode: (
    context: DecodeContext,
    memory: RecordMemory,
    at: number,
    length: number,
  ) => boolean
  /** Makes the row that `decode` has just written, of the first of some events, that of its repeats. */
  readonly decodeRepeats?: (context: DecodeContext, repeats: Repeats) => void
}
