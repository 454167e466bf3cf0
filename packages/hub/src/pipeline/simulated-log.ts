/** Stories of detect's simulated hosts as records of a log, for tests: cut into batches as one likes. */
import { playOrdinary, playWhole } from '@honeyguide/detect/fixture/chains'
import {
  simulatedBootUs,
  simulatedHost,
  type SimulatedEvent,
} from '@honeyguide/detect/fixture/simulated-host'
import { createBatchBuilder } from '@honeyguide/model'
import { encodeFrame } from '@honeyguide/model/frames'
import { helloOf } from '../ingest/scripted-sensor.ts'
import type { NewRecord } from '../spool/index.ts'

/** Events of one host as records: a hello, then batches of at most `size` events. */
export function recordsOf(
  number: number,
  events: readonly SimulatedEvent[],
  size: number,
): NewRecord[] {
  const sensor = new Uint8Array(16).fill(number)
  const boot = new Uint8Array(16).fill(0xb0)
  const at = { sensor, boot, run: 1, receivedNs: BigInt(simulatedBootUs) * 1000n }
  const hello = helloOf({ sensor, boot, hostname: `host-${number}` })
  const records: NewRecord[] = [
    { kind: 'hello', ...at, sequence: 0n, body: encodeFrame({ kind: 'hello', hello }).subarray(4) },
  ]
  const builder = createBatchBuilder()
  for (let from = 0; from < events.length; from += size) {
    builder.reset()
    for (const event of events.slice(from, from + size)) {
      const writer = builder.table(event.table)
      const row = writer.add()
      const columns = writer.columns as unknown as Record<string, Uint32Array | BigUint64Array>
      for (const [column, value] of Object.entries(event.values)) {
        const array = columns[column]
        if (!array) throw new RangeError(`no column ${event.table}.${column}`)
        array[row] =
          typeof value === 'string'
            ? builder.string(value)
            : value instanceof Uint8Array
              ? builder.text(value)
              : value
      }
    }
    const sequence = BigInt(records.length)
    const body = builder.encode(
      { sensor, boot, run: 1, sequence },
      BigInt(simulatedBootUs) * 1000n,
      [],
    )
    records.push({ kind: 'batch', ...at, sequence, body })
  }
  return records
}

/** Two attacked hosts and a quiet one. */
export function threeStories(): readonly (readonly [number, readonly SimulatedEvent[]])[] {
  return [1, 2, 3].map((number) => {
    const host = simulatedHost(number)
    if (number < 3) playWhole(host, number === 1 ? {} : { tool: 'wget', payload: '/dev/shm/x' })
    playOrdinary(host)
    return [number, host.events] as const
  })
}

/** All stories with their records taken in turn. */
export function interleaved(size: number): NewRecord[] {
  const lists = threeStories().map(([number, events]) => recordsOf(number, events, size))
  const out: NewRecord[] = []
  for (let at = 0; lists.some((list) => at < list.length); at++)
    for (const list of lists) {
      const record = list[at]
      if (record) out.push(record)
    }
  return out
}
