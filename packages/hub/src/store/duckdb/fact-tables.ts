/**
 * The tables of the events file: facts with integer ids, dimensions written once, and how far the logs were taken in.
 *
 * Facts hold ids and what hunts filter and group by most (time, host, pids, executables, users), so that
 * a group-by over ten million rows touches no dimension. An image (a process and its exec number) is
 * written once. Command lines are never interned: nearly all of them differ. Absent is 0 or empty here;
 * the views turn it into null.
 */

import { dnsStore } from './activity/dns.ts'
import { fileStore, moduleStore } from './activity/file.ts'
import { kernelStore } from './activity/kernel.ts'
import { memoryStore } from './activity/memory.ts'
import { networkStore } from './activity/network.ts'
import { processStore } from './activity/process.ts'
import { createProvenance } from './provenance.ts'
import { storeSqlTypes, type StoreColumn } from './store-column.ts'

/** Values of `kind` of `image`. */
export const imageKind = {
  exec: 1,
  /** A forked child that has not called exec: what its parent was. */
  fork: 2,
  /** It ran before the sensor. */
  snapshot: 3,
  /** Known by name only, from an event that refers to it. */
  placeholder: 4,
  /** What a failed exec would have run; not a process. */
  attempt: 5,
} as const

const textTable = { id: 'i32', value: 'text', base: 'text' } as const
const imageTable = {
  id: 'i64',
  /** Id of the first image of its process that the store saw. */
  process: 'i64',
  /** Image id; 0 when there is none. */
  parent: 'i64',
  origin: 'i32',
  kind: 'u8',
  pid: 'u32',
  start_ns: 'u64',
  exec_no: 'u32',
  created: 'time',
  started: 'time',
  name: 'text',
  file: 'text',
  typed: 'text',
  interpreter: 'text',
  cmd_line: 'text',
  cwd: 'text',
  unit: 'text',
  container: 'text',
  cgroup: 'text',
  tty: 'text',
  flags: 'text',
  user_name: 'text',
  uid: 'u32',
  euid: 'u32',
  gid: 'u32',
  session_id: 'u32',
  cap_effective: 'u64',
  ns_pid: 'u32',
  mount_ns: 'u32',
  net_ns: 'u32',
  inode: 'u64',
  device: 'u32',
} as const
const lossTable = {
  origin: 'i32',
  hook: 'text',
  reason: 'text',
  from_time: 'time',
  to_time: 'time',
  offered: 'i64',
  seen: 'i64',
  lost: 'i64',
} as const

/** Tables that are filled by appending, by name. */
export const factTables = {
  text: textTable,
  image: imageTable,
  process_fact: processStore.columns,
  network_fact: networkStore.columns,
  file_fact: fileStore.columns,
  module_fact: moduleStore.columns,
  dns_fact: dnsStore.columns,
  kernel_fact: kernelStore.columns,
  memory_fact: memoryStore.columns,
  loss_fact: lossTable,
} as const satisfies Record<string, Record<string, StoreColumn>>
export type FactTable = keyof typeof factTables

/** Version of the events file. 2: more classes of events. What an older file lacks is added by `migrate.ts`. */
export const schemaVersion = 2

/** Statement that makes one of the tables. */
export function createTable(name: FactTable): string {
  const columns = Object.entries<StoreColumn>(factTables[name]).map(
    ([column, type]) => `"${column}" ${storeSqlTypes[type]} NOT NULL`,
  )
  return `CREATE TABLE ${name} (${columns.join(', ')})`
}

/** Statements that make an empty events file. */
export const createStatements: readonly string[] = [
  ...(Object.keys(factTables) as FactTable[]).map(createTable),
  // Row 0 is the empty text, so that joins find it.
  `INSERT INTO text VALUES (0, '', '')`,
  `CREATE TABLE origin (id INTEGER PRIMARY KEY, device_uid VARCHAR NOT NULL, boot_uid VARCHAR NOT NULL, prefix VARCHAR NOT NULL, hostname VARCHAR NOT NULL)`,
  `CREATE TABLE user_name (device_uid VARCHAR, uid BIGINT, name VARCHAR, PRIMARY KEY (device_uid, uid))`,
  `CREATE TABLE finding (uid VARCHAR PRIMARY KEY, time TIMESTAMP, data JSON)`,
  `CREATE TABLE incident (uid VARCHAR PRIMARY KEY, start_time TIMESTAMP, end_time TIMESTAMP, data JSON)`,
  createProvenance,
  // How far each log was taken in: written in the transaction of the rows themselves.
  `CREATE TABLE progress (log VARCHAR PRIMARY KEY, taken BIGINT NOT NULL)`,
  `INSERT INTO progress VALUES ('spool', 0), ('derived', 0)`,
  // Everything that ended before this was removed by retention; null while nothing was.
  `CREATE TABLE retention (trimmed_to TIMESTAMP, rows_removed BIGINT NOT NULL)`,
  `INSERT INTO retention VALUES (NULL, 0)`,
  `CREATE TABLE schema_version (version INTEGER NOT NULL)`,
  `INSERT INTO schema_version VALUES (${schemaVersion})`,
]
