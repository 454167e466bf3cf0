export { openLogReader, type Chunk, type Damage, type LogReader } from './reader.ts'
export { type LogRecord, type NewRecord, type RefusedBatch } from './record.ts'
export type { RunKey } from './sequence-index.ts'
export { openSpool, type Appended, type Spool } from './spool.ts'
