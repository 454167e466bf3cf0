import { join } from 'node:path'
import { storeSuite } from '../store.suite.ts'
import { openDuckdbStore } from './client.ts'

storeSuite('DuckDB', ({ dir, spool, derived }) =>
  openDuckdbStore({
    path: join(dir, 'events.duckdb'),
    spool,
    derived,
    processBytes: 2 * 1024 ** 3,
    memoryBytes: 512 * 1024 ** 2,
    flushMs: 20,
    onLog: (line) => process.stderr.write(`${line}\n`),
  }),
)
