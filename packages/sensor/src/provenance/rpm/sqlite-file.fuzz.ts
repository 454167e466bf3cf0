import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { mutateBytes } from '../../../../../test/fuzz/mutate-bytes.ts'
import { defineTarget, must, takenOr } from '../../../../../test/fuzz/target.ts'
import { finish } from '../work.ts'
import { findInRpm } from './rpm-database.ts'
import { openSqliteFile, SqliteFormatError, type ReadAt } from './sqlite-file.ts'
import { writeRpmHeader } from './fixture/write-header.ts'

const header = writeRpmHeader([
  { tag: 1000, type: 'string', values: ['tool'] },
  { tag: 1001, type: 'string', values: ['1'] },
  { tag: 1002, type: 'string', values: ['2'] },
  { tag: 1116, type: 'int32', values: [0] },
  { tag: 1117, type: 'array', values: ['tool'] },
  { tag: 1118, type: 'array', values: ['/usr/bin/'] },
])
/** In front of the log, where there is one: where it begins. */
const prefixBytes = 4

/** A database of rpm, small, with trees of two levels and a row over several pages; with its log when it has one. */
function seed(isLogged: boolean): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'hg-fuzz-'))
  try {
    const path = join(folder, 'database')
    const database = new DatabaseSync(path)
    database.exec(`PRAGMA page_size = 512; PRAGMA synchronous = OFF;
      CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL);
      CREATE TABLE 'Basenames' (key 'TEXT' NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL);
      CREATE INDEX 'Basenames_key_idx' ON 'Basenames'(key ASC); BEGIN`)
    const name = database.prepare('INSERT INTO Basenames VALUES (?, ?, ?)')
    for (let i = 0; i < 60; i++) name.run(`name-${i}`, i, i)
    name.run('tool', 1, 0)
    database.exec('COMMIT')
    const blob = database.prepare('INSERT INTO Packages (blob) VALUES (?)')
    if (isLogged) database.exec('PRAGMA journal_mode = WAL')
    blob.run(Buffer.concat([header, Buffer.alloc(2000)]))
    const main = readFileSync(path)
    const log = isLogged ? readFileSync(`${path}-wal`) : Buffer.alloc(0)
    database.close()
    const prefix = Buffer.alloc(prefixBytes)
    prefix.writeUInt32LE(main.length)
    return new Uint8Array(Buffer.concat([prefix, main, log]))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export const target = defineTarget({
  name: 'sqlite-file',
  parser: 'openSqliteFile and findInRpm of the sensor',
  seeds: () => [seed(false), seed(true)],
  mutator: mutateBytes({ headBytes: 3 * 512 }),
  property:
    'Whatever the file and its log hold, a question ends in an answer or in SqliteFormatError, and the owner that is found has the file.',
  open: () => (input) => {
    const length = input.length < prefixBytes ? 0 : Buffer.from(input).readUInt32LE(0)
    const main = input.subarray(prefixBytes, prefixBytes + length)
    const log = input.subarray(prefixBytes + length)
    const readerOf =
      (bytes: Uint8Array): ReadAt =>
      (offset, count) =>
        bytes.subarray(offset, offset + count)
    return takenOr(
      () => {
        const file = openSqliteFile(readerOf(main), readerOf(log))
        const found = finish(findInRpm(file, ['/usr/bin/tool']))
        must(
          found.kind !== 'owned' || found.owner.path === '/usr/bin/tool',
          'the owner has the file',
        )
      },
      (error) => (error instanceof SqliteFormatError ? error.message : undefined),
    )
  },
  // A tree may lead through 24,576 pages.
  mostMs: 1000,
})
