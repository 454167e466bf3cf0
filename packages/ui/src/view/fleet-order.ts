/** Order of hosts: by default who needs a look comes first. */
import type { Host } from '@honeyguide/model/api'

export const fleetSortKeys = [
  'host',
  'health',
  'system',
  'kernel',
  'sensor',
  'rate',
  'lost',
] as const
export type FleetSortKey = (typeof fleetSortKeys)[number]

const severityRank = { critical: 0, high: 1, medium: 2, low: 3 } as const
const healthRank = { losing: 0, silent: 1, healthy: 2 } as const

function byName(a: Host, b: Host): number {
  return a.hostname < b.hostname ? -1 : a.hostname > b.hostname ? 1 : 0
}

function compare(key: FleetSortKey, a: Host, b: Host): number {
  const words = (x: string, y: string) => (x < y ? -1 : x > y ? 1 : 0)
  switch (key) {
    case 'host':
      return 0
    case 'health': {
      const attacked = (host: Host) =>
        host.worstSeverity === null ? 9 : severityRank[host.worstSeverity]
      return attacked(a) - attacked(b) || healthRank[a.health] - healthRank[b.health]
    }
    case 'system':
      return words(a.operatingSystem, b.operatingSystem)
    case 'kernel':
      return words(a.kernel, b.kernel)
    case 'sensor':
      return words(a.version, b.version)
    case 'rate':
      return a.eventsPerSecond - b.eventsPerSecond
    case 'lost':
      return a.lost24h - b.lost24h
  }
}

export function fleetOrder(
  hosts: readonly Host[],
  key: FleetSortKey,
  down: boolean,
): readonly Host[] {
  const known = fleetSortKeys.find((one) => one === key) ?? 'health'
  const sign = down ? -1 : 1
  return [...hosts].sort(
    (a, b) => compare(known, a, b) * sign || byName(a, b) * (known === 'host' ? sign : 1),
  )
}

export function byHealth(hosts: readonly Host[]): Readonly<Record<Host['health'], number>> {
  const counts = { healthy: 0, losing: 0, silent: 0 }
  for (const host of hosts) counts[host.health] += 1
  return counts
}
