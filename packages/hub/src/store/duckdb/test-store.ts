/** The store of events in DuckDB as its tests open it: with the limits that it has by default. */
import { join } from 'node:path'
import type { Spool } from '../../spool/index.ts'
import type { EventStore } from '../store.ts'
import { openDuckdbStore } from './client.ts'

/** `flushMs`: how long a row waits for its commit at most, ms. */
export function openTestStore(
  { dir, spool, derived }: { readonly dir: string; readonly spool: Spool; readonly derived: Spool },
  flushMs: number,
): Promise<EventStore> {
  return openDuckdbStore({
    path: join(dir, 'events.duckdb'),
    spool,
    derived,
    processBytes: 2 * 1024 ** 3,
    memoryBytes: 512 * 1024 ** 2,
    flushMs,
    onLog: (line) => process.stderr.write(`${line}\n`),
  })
}
