import { storeSuite } from '../store.suite.ts'
import { openMemoryStore } from './memory-store.ts'

storeSuite('memory', ({ spool, derived }) =>
  openMemoryStore({ spool, derived, memoryBytes: 512 * 1024 * 1024, flushMs: 20 }),
)
