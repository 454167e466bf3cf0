/** Values of the programs' `const volatile` globals: they become part of the loaded programs. Pure. */
import type { Probe, ProbeSettings } from './probe.ts'

/** Of all probes together, by the names of the globals. */
export function constantsOf(
  probes: readonly Probe[],
  settings: ProbeSettings,
): Readonly<Record<string, unknown>> {
  return Object.assign({}, ...probes.map((probe) => probe.constants?.(settings))) as Record<
    string,
    unknown
  >
}

/** The same as a text: programs with other constants are other programs. */
export function constantsText(probes: readonly Probe[], settings: ProbeSettings): string {
  return JSON.stringify(constantsOf(probes, settings), (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )
}
