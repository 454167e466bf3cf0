import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { suite, test } from 'node:test'
import { createRandom } from '../../../../../test/fuzz/random.ts'
import {
  openSqliteFile,
  SqliteFormatError,
  type ReadAt,
  type SqliteFile,
  type SqliteValue,
} from './sqlite-file.ts'

const readerOf =
  (bytes: Uint8Array): ReadAt =>
  (offset, length) =>
    bytes.subarray(offset, offset + length)

/** A database in a folder of its own; what `use` does with it is written by SQLite itself. */
function withDatabase(
  pageBytes: number,
  use: (database: DatabaseSync, open: () => SqliteFile, bytes: () => Buffer) => void,
): void {
  const folder = mkdtempSync(join(tmpdir(), 'hg-sqlite-'))
  try {
    const path = join(folder, 'database')
    const database = new DatabaseSync(path)
    database.exec(`PRAGMA page_size = ${pageBytes}; PRAGMA synchronous = OFF`)
    const open = (): SqliteFile => {
      let log: Uint8Array | undefined
      try {
        log = readFileSync(`${path}-wal`)
      } catch {
        // There is none.
      }
      return openSqliteFile(readerOf(readFileSync(path)), log && readerOf(log))
    }
    use(database, open, () => readFileSync(path))
    database.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const schema = `
  CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL);
  CREATE TABLE 'Basenames' (key 'TEXT' NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL);
  CREATE INDEX 'Basenames_key_idx' ON 'Basenames'(key ASC);
`

/** Everything that was written is found again, and nothing else. */
function compare(database: DatabaseSync, file: SqliteFile): void {
  const index = file.root('index', 'Basenames_key_idx')
  const names = file.root('table', 'Basenames')
  const packages = file.root('table', 'Packages')
  assert.ok(index !== undefined && names !== undefined && packages !== undefined)
  const keys = database.prepare('SELECT DISTINCT key FROM Basenames').all() as { key: string }[]
  for (const key of [...keys.map((row) => row.key), 'absent', '', '\u{10ffff}']) {
    const expected = database
      .prepare('SELECT rowid AS id, hnum, idx FROM Basenames WHERE key = ? ORDER BY rowid')
      .all(key) as { id: number; hnum: number; idx: number }[]
    const found: number[] = []
    file.lookUp(index, Buffer.from(key), (rowId) => found.push(rowId) > 0)
    assert.deepEqual(
      found,
      expected.map(({ id }) => id),
    )
    for (const { id, hnum, idx } of expected)
      assert.deepEqual(file.row(names, id), [Buffer.from(key), hnum, idx])
  }
  for (const { hnum, blob } of database.prepare('SELECT hnum, blob FROM Packages').all() as {
    hnum: number
    blob: Uint8Array
  }[]) {
    const [own, content]: SqliteValue[] = file.row(packages, hnum) ?? []
    assert.equal(own, null)
    assert.ok(content instanceof Uint8Array && Buffer.compare(content, blob) === 0)
  }
  assert.equal(file.row(packages, 1_000_000), undefined)
}

suite('SQLite file', () => {
  for (const pageBytes of [512, 4096, 65_536])
    test(`reads what SQLite wrote, in pages of ${pageBytes} bytes`, () => {
      const random = createRandom(pageBytes)
      const words = ['a', 'b', 'tool', 'é', '\u{1f600}', 'lib', '.', 'x'.repeat(300)]
      withDatabase(pageBytes, (database, open) => {
        database.exec(schema)
        const name = database.prepare('INSERT INTO Basenames VALUES (?, ?, ?)')
        const blob = database.prepare('INSERT INTO Packages (blob) VALUES (?)')
        database.exec('BEGIN')
        for (let i = 0; i < 3000; i++)
          name.run(
            Array.from({ length: 1 + random.below(3) }, () => random.pick(words)).join(''),
            random.below(2) === 0 ? i : -i * 1_000_003,
            random.below(2 ** 31) * (random.once(3) ? 4096 : 1),
          )
        for (let i = 0; i < 40; i++)
          blob.run(Buffer.alloc(random.below(random.once(4) ? 200_000 : 600), i + 1))
        database.exec('COMMIT')
        database.exec(
          'DELETE FROM Packages WHERE hnum % 7 = 0; DELETE FROM Basenames WHERE hnum % 5 = 0',
        )
        compare(database, open())
      })
    })

  test('reads what only the log holds, up to the last commit', () =>
    withDatabase(1024, (database, open) => {
      database.exec(schema)
      database.exec("INSERT INTO Packages (blob) VALUES (x'00')")
      assert.deepEqual(database.prepare('PRAGMA journal_mode = WAL').get(), {
        journal_mode: 'wal',
        __proto__: null,
      })
      database.exec('PRAGMA wal_autocheckpoint = 0')
      const name = database.prepare('INSERT INTO Basenames VALUES (?, ?, ?)')
      for (let i = 0; i < 200; i++) name.run(`name-${i}`, i, i)
      compare(database, open())
      // Not committed: pages may be in the log already, and do not count.
      database.exec('PRAGMA cache_size = 1; BEGIN')
      for (let i = 0; i < 2000; i++) name.run(`later-${i}`, i, i)
      const during = open()
      const found: number[] = []
      const index = during.root('index', 'Basenames_key_idx') ?? 0
      during.lookUp(index, Buffer.from('later-1'), (id) => found.push(id) > 0)
      during.lookUp(index, Buffer.from('name-7'), (id) => found.push(id) > 0)
      assert.deepEqual(found, [8])
      database.exec('ROLLBACK')
      compare(database, open())
      // A second round of the log, over frames of the first.
      database.exec('PRAGMA wal_checkpoint(RESTART)')
      name.run('again', 1, 2)
      compare(database, open())
    }))

  test('stops when it is told enough', () =>
    withDatabase(512, (database, open) => {
      database.exec(schema)
      const name = database.prepare('INSERT INTO Basenames VALUES (?, 1, 1)')
      for (let i = 0; i < 500; i++) name.run('same')
      const file = open()
      const found: number[] = []
      file.lookUp(
        file.root('index', 'Basenames_key_idx') ?? 0,
        Buffer.from('same'),
        (id) => found.push(id) < 10,
      )
      assert.deepEqual(found, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
      assert.equal(file.root('table', 'sqlite_master'), undefined)
      assert.equal(file.root('index', 'Basenames'), undefined)
    }))

  test('refuses what is no database, and a tree that leads to itself', () => {
    const refusal = (bytes: Uint8Array, use: (file: SqliteFile) => void = () => undefined) =>
      assert.throws(() => use(openSqliteFile(readerOf(bytes))), SqliteFormatError)
    refusal(new Uint8Array(0))
    refusal(new Uint8Array(8192))
    withDatabase(512, (database, open, read) => {
      database.exec(schema)
      const insert = database.prepare('INSERT INTO Basenames VALUES (?, 1, 1)')
      for (let i = 0; i < 1000; i++) insert.run(`${i}`)
      const file = open()
      const root = file.root('index', 'Basenames_key_idx') ?? 0
      const bytes = read()
      const at = (root - 1) * 512
      const cells = bytes.readUInt16BE(at + 3)
      for (let i = 0; i < cells; i++)
        bytes.writeUInt32BE(root, at + bytes.readUInt16BE(at + 12 + 2 * i))
      bytes.writeUInt32BE(root, at + 8)
      refusal(bytes, (changed) => changed.lookUp(root, Buffer.from('999999'), () => true))
    })
  })
})
