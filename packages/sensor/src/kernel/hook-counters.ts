/** Reads the kernel's counters of all hooks, and the runs that it skipped. */
import type { BpfMap, PinnedProgram } from '@honeyguide/bpf'
import { possibleCpuCount } from '@honeyguide/bpf'
import { lossReasons } from '@honeyguide/model/loss-reasons'
import { tables } from '@honeyguide/model/tables'
import { countersOffsets, countersSizeBytes } from '../../gen/records.ts'
import type { Probe } from '../probes/probe.ts'

/** Reasons that C code counts, by their number there. */
const kernelReasons = Object.entries(lossReasons)
  .filter(([, reason]) => reason.where === 'kernel')
  .map(([name, { id }]) => ({ name, id }))

export interface HookReading {
  readonly submitted: bigint
  readonly filtered: bigint
  readonly deduplicated: bigint
  readonly lost: Map<string, bigint>
}

export interface HookCounters {
  /** One reading of every hook: a system call each. */
  read(): Map<string, HookReading>
}

export function openHookCounters(counts: BpfMap, probes: readonly Probe[]): HookCounters {
  const bytes = new Uint8Array(new ArrayBuffer(counts.valueSizeBytes))
  const words = new BigUint64Array(bytes.buffer)
  const key = new Uint8Array(4)
  const keyView = new DataView(key.buffer)
  const stride = countersSizeBytes / 8
  const cpus = possibleCpuCount()
  const lostAt = countersOffsets.lost / 8
  const submittedAt = countersOffsets.submitted / 8
  const filteredAt = countersOffsets.filtered / 8
  const deduplicatedAt = countersOffsets.deduplicated / 8

  function sum(at: number): bigint {
    let total = 0n
    for (let cpu = 0; cpu < cpus; cpu++) total += words[cpu * stride + at] ?? 0n
    return total
  }

  return {
    read() {
      const reading = new Map<string, HookReading>()
      for (const { name } of probes) {
        keyView.setUint32(0, tables[name].id, true)
        counts.getBytes(key, bytes)
        const lost = new Map<string, bigint>()
        for (const reason of kernelReasons) {
          const count = sum(lostAt + reason.id)
          if (count > 0n) lost.set(reason.name, count)
        }
        reading.set(name, {
          submitted: sum(submittedAt),
          filtered: sum(filteredAt),
          deduplicated: sum(deduplicatedAt),
          lost,
        })
      }
      return reading
    },
  }
}

/** A program of a hook; `hook` is the probe's name, or `sys_exit` for the one that all share. */
export interface HookProgram {
  readonly name: string
  readonly hook: string
  readonly program: PinnedProgram
}
