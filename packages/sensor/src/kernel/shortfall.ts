/** What the kernel could give and does not, as `feature` rows tell it. */
import type { Shortfall } from '../pump/kernel-port.ts'

/**
 * System calls are seen at the tracepoint of all of them, as the kernel did not take the programs at their functions.
 * `reason` in the kernel's words; undefined when an earlier start has seen it.
 */
export function callsAtTracepoint(reason: string | undefined): Shortfall {
  return {
    name: 'syscall_functions',
    reason:
      reason === undefined
        ? 'the kernel refused it when the programs were loaded'
        : `the kernel refused it: ${reason}`,
    costs:
      'Every system call of the machine pays for a look at its end (50 to 90 ns), and not only those that are asked for.',
  }
}
