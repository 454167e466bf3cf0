/** Facts and view of Process Activity. Its rows are written by `batch-rows.ts`, as they make images. */
import { processClass } from '@honeyguide/model'
import type { StoreColumn } from '../store-column.ts'
import { defineActivityStore } from './activity-store.ts'
import {
  col,
  eventViewColumns,
  imageJoin,
  originJoin,
  processDetailColumns,
  processViewColumns,
  textJoin,
  type ViewDefinition,
} from './view-column.ts'

/** Values of `kind` of `process_fact`. On disk: for ever. */
export const processKind = { exec: 1, execFailed: 2, fork: 3, exit: 4 } as const

const columns = {
  time: 'time',
  origin: 'i32',
  kind: 'u8',
  seq: 'u64',
  image: 'i64',
  parent: 'i64',
  actor: 'i64',
  process: 'i64',
  pid: 'u32',
  parent_pid: 'u32',
  actor_pid: 'u32',
  /** Ids of `text`. */
  file: 'i32',
  parent_file: 'i32',
  actor_file: 'i32',
  user_name: 'i32',
  uid: 'u32',
  exit_code: 'u32',
  signal: 'u32',
  run_ms: 'i64',
  cpu_ms: 'i64',
  peak_rss: 'u64',
  errno: 'u32',
  /** Of an exit: bit 0 is "core dumped". */
  flags: 'u32',
} as const satisfies Record<string, StoreColumn>

const view: ViewDefinition = {
  from: 'process_fact',
  joins: {
    o: originJoin,
    i: imageJoin('i', 'f.image'),
    p: imageJoin('p', 'f.parent'),
    a: imageJoin('a', 'f.actor'),
    ft: textJoin('ft', 'f.file'),
    pt: textJoin('pt', 'f.parent_file'),
    aft: textJoin('aft', 'f.actor_file'),
    ut: textJoin('ut', 'f.user_name'),
  },
  columns: {
    ...eventViewColumns(processClass.uid, 'l', {
      id: 'CASE f.kind WHEN 1 THEN 1 WHEN 4 THEN 2 ELSE 99 END',
      name: `CASE f.kind WHEN 1 THEN 'Launch' WHEN 4 THEN 'Terminate' WHEN 3 THEN 'Fork' ELSE 'Launch Failed' END`,
    }),
    ...processViewColumns('process', 'i', {
      pid: col('f.pid'),
      file: 'ft',
      user: col(`nullif(ut.value, '')`, 'ut'),
      uid: col('nullif(f.uid, 4294967295)'),
    }),
    ...processDetailColumns('i'),
    process_flags: col(
      `concat_ws(', ', nullif(i.flags, ''), CASE WHEN f.kind = 4 AND f.flags & 1 > 0 THEN 'core dumped' END)`,
      'i',
    ),
    ...processViewColumns('process_parent_process', 'p', {
      pid: col('nullif(f.parent_pid, 0)'),
      file: 'pt',
    }),
    ...processViewColumns('actor_process', 'a', {
      pid: col('nullif(f.actor_pid, 0)'),
      file: 'aft',
    }),
    exit_code: col('CASE f.kind WHEN 4 THEN f.exit_code END'),
    exit_signal: col('nullif(f.signal, 0)'),
    run_ms: col('CASE f.kind WHEN 4 THEN f.run_ms END'),
    cpu_ms: col('CASE f.kind WHEN 4 THEN f.cpu_ms END'),
    peak_rss_bytes: col('CASE f.kind WHEN 4 THEN f.peak_rss END'),
    status_code: col('nullif(f.errno, 0)'),
  },
}

export const processStore = defineActivityStore({
  view: 'process_activity',
  class: processClass,
  table: 'process_fact',
  columns,
  ring: 'l',
  definition: view,
  hookSql: `CASE f.kind WHEN ${processKind.exec} THEN 'exec' WHEN ${processKind.execFailed} THEN 'exec_failed' WHEN ${processKind.fork} THEN 'fork' ELSE 'exit' END`,
  images: ['image', 'parent', 'actor'],
  pids: {
    process_uid: 'f.pid',
    process_parent_process_uid: 'f.parent_pid',
    actor_process_uid: 'f.actor_pid',
  },
  sequences: { event_uid: 'f.seq' },
})
