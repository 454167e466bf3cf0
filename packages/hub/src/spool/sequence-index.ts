/**
 * The last sequence taken of each (sensor, boot, run): what tells a repeat from something new.
 *
 * Bounded: of one sensor the 64 runs used last are kept; a sensor that still sends from an older
 * run would have restarted 64 times without being heard.
 */
import { hex } from '@honeyguide/model'

const runsPerSensor = 64

export interface RunKey {
  readonly sensor: Uint8Array
  readonly boot: Uint8Array
  readonly run: number
}

export interface SequenceIndex {
  /** 0n when nothing of this run was taken. */
  last(key: RunKey): bigint
  /** Never goes back. */
  take(key: RunKey, sequence: bigint): void
  /** Every run: sensor and boot in hex, run, last sequence in decimal. */
  entries(): readonly (readonly [string, string, number, string])[]
}

export function createSequenceIndex(
  entries: readonly (readonly [string, string, number, string])[] = [],
): SequenceIndex {
  const sensors = new Map<string, Map<string, bigint>>()

  function set(sensor: string, run: string, sequence: bigint): void {
    let runs = sensors.get(sensor)
    if (!runs) sensors.set(sensor, (runs = new Map()))
    const before = runs.get(run) ?? 0n
    // Deleted and set again, so that the map's order is that of last use.
    runs.delete(run)
    runs.set(run, sequence > before ? sequence : before)
    if (runs.size > runsPerSensor) {
      const oldest = runs.keys().next().value
      if (oldest !== undefined) runs.delete(oldest)
    }
  }

  for (const [sensor, boot, run, sequence] of entries)
    set(sensor, `${boot}/${run}`, BigInt(sequence))
  return {
    last: (key) => sensors.get(hex(key.sensor))?.get(`${hex(key.boot)}/${key.run}`) ?? 0n,
    take: (key, sequence) => set(hex(key.sensor), `${hex(key.boot)}/${key.run}`, sequence),
    entries: () =>
      [...sensors].flatMap(([sensor, runs]) =>
        [...runs].map(([run, sequence]) => {
          const [boot = '', number = '0'] = run.split('/')
          return [sensor, boot, Number(number), String(sequence)] as const
        }),
      ),
  }
}
