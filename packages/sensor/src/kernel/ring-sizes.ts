/**
 * Rings that run keep their size: they hold what a sensor before this one has not read, and programs write to them.
 * A changed setting therefore waits until they are made anew, and whoever changed it is told so. Pure.
 */
import type { Shortfall } from '../pump/kernel-port.ts'

export interface RingSizes {
  readonly lifecycleBytes: number
  readonly dataBytes: number
}

/** What of the rings is not as the settings say; undefined when all is. */
export function sizesThatWait(wanted: RingSizes, pinned: RingSizes): Shortfall | undefined {
  const mib = (bytes: number): string => `${bytes / 2 ** 20} MiB`
  const other = (['lifecycleBytes', 'dataBytes'] as const)
    .filter((name) => wanted[name] !== pinned[name])
    .map((name) => `sensor.rings.${name} is ${mib(pinned[name])}, not ${mib(wanted[name])}`)
  if (other.length === 0) return undefined
  return {
    name: 'settings',
    reason: `${other.join('; ')}: the rings are those of an earlier start and still in use. 'honeyguide down' removes them; the next start makes them as configured.`,
    costs: 'The sensor works with what it found.',
  }
}
