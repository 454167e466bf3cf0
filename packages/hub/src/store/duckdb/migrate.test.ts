import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { openDatabase } from './database.ts'
import { factTables, schemaVersion } from './fact-tables.ts'

const limits = { memoryBytes: 256 << 20, threads: 1 }

suite('migration of the events file', () => {
  test('adds the tables and columns that an older file lacks, and keeps what is in it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hg-migrate-'))
    try {
      const path = join(folder, 'events.db')
      {
        using database = await openDatabase({ path, ...limits })
        const { connection } = database.writer
        await connection.run(`INSERT INTO text VALUES (1, '/usr/bin/true', 'true')`)
        // A file of before: without its last column, and without a table.
        await connection.run(
          `ALTER TABLE network_fact DROP COLUMN ${Object.keys(factTables.network_fact).at(-1)}`,
        )
        await connection.run('DROP TABLE loss_fact')
        await connection.run('UPDATE schema_version SET version = 1')
      }
      using database = await openDatabase({ path, ...limits })
      const { connection } = database.writer
      const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRows()
      assert.deepEqual(
        (
          await rows(
            `SELECT column_name FROM duckdb_columns() WHERE table_name = 'network_fact' ORDER BY column_index`,
          )
        ).flat(),
        Object.keys(factTables.network_fact),
        'in the order in which rows are appended',
      )
      assert.deepEqual(await rows('SELECT count(*) FROM loss_fact'), [[0n]])
      assert.deepEqual(await rows('SELECT value FROM text WHERE id = 1'), [['/usr/bin/true']])
      assert.deepEqual(await rows('SELECT version FROM schema_version'), [[schemaVersion]])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('a file of a newer version is refused', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hg-migrate-'))
    try {
      const path = join(folder, 'events.db')
      {
        using database = await openDatabase({ path, ...limits })
        await database.writer.connection.run(
          `UPDATE schema_version SET version = ${schemaVersion + 1}`,
        )
      }
      await assert.rejects(openDatabase({ path, ...limits }), {
        code: 'HG_STATE_FORMAT',
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
