/**
 * Samples: a program that runs many times a second on a CPU, whatever it does just then. What profilers are made of.
 */
import { readFileSync } from 'node:fs'
import { BpfError } from './error.ts'
import type { BpfLink } from './link.ts'
import { attachPerfEvent } from './perf-event.ts'

/** What to sample. */
export interface SamplingTarget {
  /** Samples a second. Take an odd one (99): it does not march in step with timers. */
  readonly frequencyHz: number
  /** One CPU, or one thread wherever it runs. */
  readonly on: { readonly cpu: number } | { readonly threadId: number }
  /**
   * What counts: time on the CPU by the kernel's clock (every machine), or cycles by the processor's counter (not in
   * most virtual machines; also interrupts code that has interrupts off). Default `cpu-clock`.
   */
  readonly event?: 'cpu-clock' | 'cpu-cycles'
}

/** PERF_TYPE_*, PERF_COUNT_* of <linux/perf_event.h>. */
const events = {
  'cpu-clock': { type: 1, config: 0n },
  'cpu-cycles': { type: 0, config: 0n },
} as const

/** Runs a perf_event program on samples. Throws `BPF_ATTACH_FAILED` and others. */
export function attachSampling(programFd: number, what: string, target: SamplingTarget): BpfLink {
  const { frequencyHz, on, event = 'cpu-clock' } = target
  if (!Number.isInteger(frequencyHz) || frequencyHz < 1) {
    throw new BpfError('BPF_ARGUMENT', `${frequencyHz} is no number of samples a second`)
  }
  return attachPerfEvent(
    programFd,
    `${what} to ${event} of ${'cpu' in on ? `CPU ${on.cpu}` : `thread ${on.threadId}`}`,
    {
      ...events[event],
      frequencyHz,
      pid: 'cpu' in on ? -1 : on.threadId,
      cpu: 'cpu' in on ? on.cpu : -1,
    },
  )
}

/** The CPUs that run now, ascending: where a profiler attaches. Throws `BPF_MAP_FAILED` without /sys. */
export function onlineCpus(): readonly number[] {
  const path = '/sys/devices/system/cpu/online'
  try {
    return parseCpuList(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new BpfError('BPF_MAP_FAILED', `cannot read ${path}: is /sys mounted?`, { cause })
  }
}

/** `0-1,4` as the kernel writes lists of CPUs. */
export function parseCpuList(text: string): readonly number[] {
  return text
    .trim()
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [first = 0, last = first] = part.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, i) => first + i)
    })
}
