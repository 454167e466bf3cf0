/** What is found out of a file: a row of `provenance` but for who wrote it. Plain data, sent between threads. */
import type { BatchBuilder } from '@honeyguide/model/batch'
import { bytesOf } from './byte-text.ts'
import type { Writer } from './writers.ts'

export interface Fact {
  readonly device: number
  readonly inode: bigint
  readonly changedNs: bigint
  /** Texts of files and databases are a byte a character. */
  readonly path: string
  readonly mountNs: number
  readonly role: number
  readonly state: number
  readonly reason: string
  readonly flags: number
  readonly manager: string
  readonly package: string
  readonly version: string
  readonly architecture: string
  readonly packagedPath: string
  readonly digestAlgorithm: string
  readonly packagedDigest: string
  readonly digest: string
  readonly sha256: string
  readonly sizeBytes: bigint
  readonly modifiedNs: bigint
  readonly bornNs: bigint
  readonly uid: number
  readonly gid: number
  readonly mode: number
}

const textColumns = [
  'path',
  'reason',
  'manager',
  'package',
  'version',
  'architecture',
  'packagedPath',
  'digestAlgorithm',
  'packagedDigest',
  'digest',
  'sha256',
] as const
const smallColumns = ['device', 'mountNs', 'role', 'state', 'flags', 'uid', 'gid', 'mode'] as const
const largeColumns = ['inode', 'changedNs', 'sizeBytes', 'modifiedNs', 'bornNs'] as const

/** Adds it as a row, with who wrote the file where that is known. */
export function writeFact(
  builder: BatchBuilder,
  fact: Fact,
  writer: Writer | undefined,
  atNs: bigint,
): void {
  const table = builder.table('provenance')
  const row = table.add()
  const { columns } = table
  columns.atNs[row] = atNs
  for (const name of textColumns) columns[name][row] = builder.text(bytesOf(fact[name]))
  for (const name of smallColumns) columns[name][row] = fact[name]
  for (const name of largeColumns) columns[name][row] = BigInt.asUintN(64, fact[name])
  if (!writer) return
  columns.writerPid[row] = writer.pid
  columns.writerStartNs[row] = writer.startNs
  columns.writerExecNo[row] = writer.execNo
  columns.writtenNs[row] = writer.atNs
}
