import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { ask, type AskAnswer } from './ask.ts'
import { openDatabase, openParser } from './database.ts'

const events = 5_000_000
const images = 1_000_000
const mib = 1024 ** 2

/** A file of starts and ends, made in SQL: through a log it would take minutes. */
async function fill(path: string): Promise<void> {
  using database = await openDatabase({ path, memoryBytes: 2048 * mib, threads: 1 })
  const { connection } = database.writer
  await connection.run(
    `INSERT INTO origin VALUES (1, 'aa', 'bb', 'aaaaaaaaaaaa-bbbbbbbb', 'web-1')`,
  )
  await connection.run(`INSERT INTO text VALUES (1, '/usr/bin/tool', 'tool')`)
  await connection.run(`INSERT INTO image
    SELECT i + 1, i + 1, 1, 1, 1, 1000 + i % 30000, (1000000000 + i * 1000)::UBIGINT, 2,
      make_timestamp(1700000000000000 + i), make_timestamp(1700000000000000 + i), 'tool', '/usr/bin/tool', 'tool', '',
      'tool --number ' || i || ' --output=/var/lib/app/' || md5(i::VARCHAR) || md5((i + 1)::VARCHAR),
      '/srv', 'app.service', '', '/system.slice', '', '', 'root', 0, 0, 0, 0, 0, 5, 1, 1, 0, 0
    FROM range(${images}) t(i)`)
  await connection.run(`INSERT INTO process_fact
    SELECT make_timestamp(1700000000000000 + i * 1000), 1, CASE i % 2 WHEN 0 THEN 1 ELSE 4 END, i,
      CASE WHEN i % 4 < 2 THEN i % ${images} + 1 ELSE 0 END, 1, 1, i % ${images} + 1, 1000, 1, 1, 1, 1, 1, 0, 0, 0, 0, 5, 1, 100000, 0, 0
    FROM range(${events}) t(i)`)
  await connection.run('CHECKPOINT')
}

interface Opened {
  /** At most `limit` rows, 10,000 by default. */
  hunt(sql: string, limit?: number): Promise<AskAnswer>
  /** What DuckDB holds for queries, bytes. */
  heldBytes(): Promise<number>
}

async function opened(t: TestContext, memoryBytes: number): Promise<Opened> {
  const dir = await mkdtemp(join(tmpdir(), 'hg-ask-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  const path = join(dir, 'events.duckdb')
  await fill(path)
  const database = await openDatabase({ path, memoryBytes, threads: 2 })
  const parser = await openParser()
  t.after(() => {
    parser.closeSync()
    database[Symbol.dispose]()
  })
  // What is asked here is memory, and a busy machine may take its time.
  return {
    hunt: (sql, limit = 10_000) => ask(database.instance, parser, sql, limit, 120_000),
    async heldBytes() {
      const answer = await database.writer.connection.runAndReadAll(
        `SELECT sum(memory_usage_bytes)::BIGINT FROM duckdb_memory() WHERE tag IN ('HASH_TABLE', 'ORDER_BY', 'COLUMN_DATA', 'ALLOCATOR')`,
      )
      return Number(answer.getRows()[0]?.[0])
    },
  }
}

suite('hunts over five million events', () => {
  test('need no more memory for all columns than for the time that they are ordered by', async (t) => {
    const { hunt } = await opened(t, 160 * mib)
    const newest = await hunt('SELECT * FROM process_activity ORDER BY time DESC LIMIT 1000')
    assert.equal(newest.rows.length, 1000)
    assert.equal(newest.truncated, false)
    const at = newest.columns.findIndex(({ name }) => name === 'event_uid')
    assert.equal(newest.rows[0]?.[at], `aaaaaaaaaaaa-bbbbbbbb-l${(events - 1).toString(36)}`)
    assert.equal(newest.rows[999]?.[at], `aaaaaaaaaaaa-bbbbbbbb-l${(events - 1000).toString(36)}`)

    // An expression is put to each command line once, not to the command line of every event.
    const pattern = `regexp_matches(process_cmd_line, 'number 77[0-9]0 ')`
    const [counted] = (await hunt(`SELECT count(*) FROM process_activity WHERE ${pattern}`)).rows
    const [compared] = (
      await hunt(
        `SELECT count(*) FROM process_activity WHERE process_cmd_line LIKE '%number 77_0 %'`,
      )
    ).rows
    assert.deepEqual(counted, compared)
    assert.ok(Number(counted?.[0]) > 0)
    const wide = await hunt(
      `SELECT * FROM process_activity WHERE ${pattern} AND activity_name = 'Launch' ORDER BY time LIMIT 10`,
    )
    assert.equal(wide.rows.length, 10)
    const line = wide.columns.findIndex(({ name }) => name === 'process_cmd_line')
    for (const row of wide.rows) assert.match(String(row[line]), /number 77\d0 /)
    const quoted = await hunt(
      `SELECT count(*) FROM process_activity WHERE regexp_matches(process_cmd_line, 'it''s "(x)"')`,
    )
    assert.deepEqual(quoted.rows, [[0]])
  })
  test('give back what they held when only the first rows of their answer were wanted', async (t) => {
    const { hunt, heldBytes } = await opened(t, 512 * mib)
    const before = await heldBytes()
    for (let times = 0; times < 3; times++) {
      const answer = await hunt('SELECT time, run_ms FROM process_activity ORDER BY run_ms', 10)
      assert.equal(answer.truncated, true)
      assert.equal(await heldBytes(), before)
    }
  })
})
