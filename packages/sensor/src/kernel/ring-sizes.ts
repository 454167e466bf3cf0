/**
 * Rings that run keep their size: they hold what a sensor before this one has not read, and programs write to them.
 * A changed setting therefore waits until they are made anew, and whoever changed it is told so. Pure.
 */
export interface RingSizes {
  readonly lifecycleBytes: number
  readonly dataBytes: number
}

/** Why the rings are not as the settings say; undefined when they are. */
export function sizesThatWait(wanted: RingSizes, pinned: RingSizes): string | undefined {
  const mib = (bytes: number): string => `${bytes / 2 ** 20} MiB`
  const other = (['lifecycleBytes', 'dataBytes'] as const)
    .filter((name) => wanted[name] !== pinned[name])
    .map((name) => `sensor.rings.${name} is ${mib(pinned[name])}, not ${mib(wanted[name])}`)
  if (other.length === 0) return undefined
  return `${other.join('; ')}: the rings are those of an earlier start and still in use. 'honeyguide down' removes them; the next start makes them as configured.`
}
