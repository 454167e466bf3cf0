/**
 * Where files come from that ran: one row per file of a host, the newest that a sensor told.
 *
 * A file is known by device and inode, or by its path where the kernel did not tell the inode. Few and small, so
 * they are written as statements, and a later row takes the place of an earlier one.
 */
import {
  imageUid,
  provenanceFlags,
  provenanceRoles,
  provenanceStates,
  type Batch,
  type TableReader,
} from '@honeyguide/model'
import { modeText } from '../../normalise/numbers.ts'
import { wordMaker } from '../../normalise/flag-words.ts'
import type { Origin } from './batch-rows.ts'
import { col, originJoin, type ViewDefinition } from './activity/view-column.ts'

/** Columns of the table in the order of its rows, with their SQL types. */
const columns = {
  device_uid: 'VARCHAR',
  device: 'UINTEGER',
  inode: 'UBIGINT',
  /** The path where there is no inode; empty otherwise. */
  path_key: 'VARCHAR',
  origin: 'INTEGER',
  time: 'TIMESTAMP',
  path: 'VARCHAR',
  role: 'VARCHAR',
  integrity: 'VARCHAR',
  reason: 'VARCHAR',
  manager: 'VARCHAR',
  package: 'VARCHAR',
  version: 'VARCHAR',
  architecture: 'VARCHAR',
  packaged_path: 'VARCHAR',
  packaged_digest: 'VARCHAR',
  digest: 'VARCHAR',
  sha256: 'VARCHAR',
  size: 'BIGINT',
  modified: 'TIMESTAMP',
  changed: 'TIMESTAMP',
  born: 'TIMESTAMP',
  owner: 'UINTEGER',
  owner_group: 'UINTEGER',
  mode: 'VARCHAR',
  writer: 'VARCHAR',
  written: 'TIMESTAMP',
  flags: 'VARCHAR',
} as const

export const createProvenance = `CREATE TABLE IF NOT EXISTS file_origin (${Object.entries(columns)
  .map(([name, type]) => `"${name}" ${type}`)
  .join(', ')}, PRIMARY KEY (device_uid, device, inode, path_key))`

export type ProvenanceRow = Readonly<Record<keyof typeof columns, string | number | bigint | null>>

const integrity: Readonly<Record<number, string>> = {
  [provenanceStates.ownedMatches]: 'as packaged',
  [provenanceStates.ownedDiffers]: 'differs',
  [provenanceStates.ownedNoDigest]: 'not compared',
  [provenanceStates.notOwned]: 'unpackaged',
}

const roles: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(provenanceRoles).map(([name, number]) => [number, name]),
)

const flagWords = wordMaker(provenanceFlags, {
  configuration: 'configuration',
  deleted: 'deleted',
  memfd: 'memfd',
  byPath: 'by path',
  foreignDatabase: 'foreign database',
  provisional: 'provisional',
})

/** µs since 1970 of ns since 1970; null for 0. */
const wall = (ns: bigint | undefined): bigint | null => (ns ? ns / 1000n : null)

/** Rows of a batch's table `provenance`. `timeUs` turns ns since boot into µs since 1970. */
export function provenanceRows(
  batch: Batch,
  table: TableReader<'provenance'>,
  origin: Origin,
  timeUs: (bootNs: bigint) => bigint,
): ProvenanceRow[] {
  const c = table.columns
  return Array.from({ length: table.rows }, (_, row) => {
    const text = (ids: Uint32Array): string => batch.text(ids[row] ?? 0)
    const inode = BigInt.asUintN(63, c.inode[row] ?? 0n)
    const algorithm = text(c.digestAlgorithm)
    const packaged = text(c.packagedDigest)
    const writer = c.writerPid[row] ?? 0
    return {
      device_uid: origin.deviceUid,
      device: c.device[row] ?? 0,
      inode,
      path_key: inode === 0n ? text(c.path) : '',
      origin: origin.id,
      time: timeUs(c.atNs[row] ?? 0n),
      path: text(c.path),
      role: roles[c.role[row] ?? 0] ?? 'image',
      integrity: integrity[c.state[row] ?? 0] ?? 'unknown',
      reason: text(c.reason),
      manager: text(c.manager),
      package: text(c.package),
      version: text(c.version),
      architecture: text(c.architecture),
      packaged_path: text(c.packagedPath),
      packaged_digest: packaged === '' ? '' : `${algorithm}:${packaged}`,
      digest: text(c.digest),
      sha256: text(c.sha256),
      size: BigInt.asUintN(63, c.sizeBytes[row] ?? 0n),
      modified: wall(c.modifiedNs[row]),
      changed: wall(c.changedNs[row]),
      born: wall(c.bornNs[row]),
      owner: c.uid[row] ?? 0,
      owner_group: c.gid[row] ?? 0,
      mode: modeText(c.mode[row] ?? 0),
      writer:
        writer === 0
          ? null
          : imageUid(origin.prefix, writer, c.writerStartNs[row] ?? 0n, c.writerExecNo[row] ?? 0),
      written: c.writtenNs[row] ? timeUs(c.writtenNs[row]) : null,
      flags: flagWords(c.flags[row] ?? 0),
    }
  })
}

const quote = (value: string): string =>
  `'${value.toWellFormed().replaceAll("'", "''").replaceAll('\0', '')}'`

/** One statement for these rows; the last of several of a file holds. */
export function provenanceSql(rows: readonly ProvenanceRow[]): string {
  const newest = new Map(
    rows.map((row) => [`${row.device_uid}/${row.device}/${row.inode}/${row.path_key}`, row]),
  )
  const names = Object.keys(columns) as (keyof typeof columns)[]
  const values = [...newest.values()].map((row) =>
    names.map((name) => {
      const value = row[name]
      if (value === null) return 'NULL'
      if (typeof value === 'string') return quote(value)
      return columns[name] === 'TIMESTAMP' ? `make_timestamp(${value})` : String(value)
    }),
  )
  return `INSERT OR REPLACE INTO file_origin VALUES ${values.map((row) => `(${row.join(', ')})`).join(', ')}`
}

export const provenanceDefinition: ViewDefinition = {
  from: 'file_origin',
  joins: { o: originJoin },
  columns: {
    time: col('f.time'),
    device_hostname: col('o.hostname', 'o'),
    device_uid: col('f.device_uid'),
    file_path: col('f.path'),
    file_inode: col('nullif(f.inode, 0)'),
    file_device: col(
      `CASE WHEN f.device <> 0 THEN (f.device >> 20)::VARCHAR || ':' || (f.device & 1048575)::VARCHAR END`,
    ),
    file_role: col('f.role'),
    file_integrity: col('f.integrity'),
    file_reason: col('f.reason'),
    package_manager: col('f.manager'),
    package_name: col('f.package'),
    package_version: col('f.version'),
    package_architecture: col('f.architecture'),
    package_path: col('f.packaged_path'),
    package_digest: col('f.packaged_digest'),
    file_digest: col('f.digest'),
    file_sha256: col('f.sha256'),
    file_size: col('f.size'),
    file_modified_time: col('f.modified'),
    file_changed_time: col('f.changed'),
    file_created_time: col('f.born'),
    file_owner_uid: col('f.owner'),
    file_owner_gid: col('f.owner_group'),
    file_mode: col('f.mode'),
    writer_process_uid: col('f.writer'),
    written_time: col('f.written'),
    file_flags: col('f.flags'),
  },
}

/** The join and columns of what is known of the executable of the image `f` of host `o`. */
export const executableJoin = {
  sql: 'LEFT JOIN file_origin pv ON pv.device_uid = o.device_uid AND pv.inode = f.inode AND pv.device = f.device AND f.inode <> 0',
}
export const executableColumns = {
  process_file_package: col(
    `CASE WHEN pv.inode IS NOT NULL THEN trim(pv.package || ' ' || pv.version) END`,
    'o',
    'pv',
  ),
  process_file_integrity: col('pv.integrity', 'o', 'pv'),
  process_file_sha256: col('pv.sha256', 'o', 'pv'),
}
