import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { DuckDBConnection } from '@duckdb/node-api'
import { HoneyguideError } from '@honeyguide/model'
import fc from 'fast-check'
import { openSpool, type Spool } from '../../spool/index.ts'
import { guard } from '../duckdb/ask.ts'
import { openTestStore } from '../duckdb/test-store.ts'
import { openParser } from '../duckdb/database.ts'
import { addLife, addShell, scriptedHost, shell } from '../scripted-host.ts'
import type { EventStore } from '../store.ts'
import { checkTree, type Json } from './check-tree.ts'
import { functionGroups } from './functions.ts'
import { placeOf, SqlRefused } from './sql-refused.ts'
import { benignHunts, hostileStatements } from './statements.ts'

suite('guard', () => {
  let parser: DuckDBConnection
  before(async () => {
    parser = await openParser()
  })
  after(() => parser.closeSync())

  test('refuses what is no hunt, saying why', async () => {
    for (const { kind, sql } of hostileStatements) {
      if (kind === 'long') continue
      await assert.rejects(
        guard(parser, sql),
        (error) => error instanceof SqlRefused && error.detail.length > 5,
        `${kind}: ${sql.slice(0, 200)}`,
      )
    }
  })
  test('lets hunts through', async () => {
    for (const sql of benignHunts) await assert.doesNotReject(guard(parser, sql), sql)
  })
  test('names the columns that a query needs, and all where it cannot tell', async () => {
    const of = async (sql: string) => {
      const { columns } = await guard(parser, sql)
      return columns === 'all' ? 'all' : [...columns].sort()
    }
    assert.deepEqual(await of('SELECT count(*) FROM process_activity WHERE process_pid = 1'), [
      'process_pid',
    ])
    assert.deepEqual(await of('SELECT p.Process_Name FROM process_activity p'), [
      'p',
      'process_name',
    ])
    assert.equal(await of('SELECT * FROM process_activity'), 'all')
    assert.equal(await of('SELECT process_activity FROM process_activity'), 'all')
    assert.equal(await of('SELECT p FROM process_activity p'), 'all')
    assert.equal(await of('SELECT a FROM process_activity AS t(a, b)'), 'all')
    assert.equal(await of('SELECT 1 FROM process_activity NATURAL JOIN processes'), 'all')
  })
  test('names what must match in every row that is wanted, and nothing where a row may do without', async () => {
    const of = async (sql: string) =>
      (await guard(parser, `SELECT * FROM process_activity p ${sql}`)).matches.map(
        ({ column, function: name, arguments: texts }) => [column, name, ...texts],
      )
    const match = `regexp_matches(process_cmd_line, 'it''s')`
    const told = ['process_cmd_line', 'regexp_matches', "it's"]
    assert.deepEqual(await of(`WHERE ${match}`), [told])
    assert.deepEqual(
      await of(`WHERE time > now() AND regexp_full_match(p.Process_Name, 'a', 'i') AND ${match}`),
      [['process_name', 'regexp_full_match', 'a', 'i'], told],
    )
    assert.deepEqual(await of(`WHERE ${match} OR process_cmd_line IS NULL`), [])
    assert.deepEqual(await of(`WHERE NOT ${match}`), [])
    assert.deepEqual(await of(`WHERE coalesce(${match}, true)`), [])
    assert.deepEqual(await of(`WHERE regexp_matches(coalesce(process_cmd_line, 'x'), 'x')`), [])
    // The same view again, for which it does not hold; and a name that is another table's.
    assert.deepEqual(
      await of(`WHERE ${match} AND process_uid IN (SELECT process_uid FROM process_activity)`),
      [],
    )
    assert.deepEqual(
      await of(`JOIN (VALUES ('x')) t(c) ON true WHERE regexp_matches(t.c, 'x')`),
      [],
    )
  })
  test('knows every function that it lists, and no two groups list the same', async () => {
    const known = new Set(
      (
        await parser.runAndReadAll(
          `SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE function_type IN ('scalar', 'aggregate', 'macro')`,
        )
      )
        .getRows()
        .map((row) => String(row[0])),
    )
    // Windows and UNNEST are not in the list.
    const special = new Set<string>([...functionGroups.windows.names, 'unnest'])
    const seen = new Set<string>()
    for (const { names } of Object.values(functionGroups))
      for (const name of names) {
        assert.ok(!seen.has(name), `${name} twice`)
        seen.add(name)
        assert.ok(known.has(name.toLowerCase()) || special.has(name), `no function ${name}`)
      }
  })
  test('places an error by line and column, also behind letters of several bytes', () => {
    assert.deepEqual(placeOf('SELECT 1', 7), { line: 1, column: 8 })
    assert.deepEqual(placeOf('äö\nSELECT x', Buffer.byteLength('äö\nSELECT ')), {
      line: 2,
      column: 8,
    })
  })
  test('decides on ten thousand mutated queries without failing, and passes only SELECTs', async () => {
    const corpus = [...benignHunts, ...hostileStatements.map(({ sql }) => sql)].filter(
      (sql) => sql.length < 2000,
    )
    const pieces = corpus
      .flatMap((sql) => sql.split(/(?<=\W)|(?=\W)/))
      .filter((piece) => piece !== '')
    const random = fc.tuple(
      fc.nat(corpus.length - 1),
      fc.array(fc.tuple(fc.nat(400), fc.nat(4), fc.nat(pieces.length - 1), fc.nat(0x7f)), {
        maxLength: 6,
      }),
    )
    let passed = 0
    await fc.assert(
      fc.asyncProperty(random, async ([which, changes]) => {
        let sql = corpus[which] ?? ''
        for (const [at, how, piece, char] of changes) {
          const place = sql.length === 0 ? 0 : at % sql.length
          const insert =
            how === 0 ? String.fromCharCode(char) : how === 1 ? '' : (pieces[piece] ?? '')
          sql = sql.slice(0, place) + insert + sql.slice(place + (how === 4 ? 0 : 1))
        }
        try {
          await guard(parser, sql)
        } catch (error) {
          assert.ok(error instanceof SqlRefused, String(error))
          return
        }
        passed += 1
        const statements = await parser.extractStatements(sql)
        assert.equal(statements.count, 1, sql)
        const prepared = await statements.prepare(0).catch(() => undefined)
        // 1 is SELECT in DuckDB's own list of statement types.
        if (prepared) assert.equal(prepared.statementType, 1, sql)
      }),
      { numRuns: 10_000 },
    )
    assert.ok(passed > 100, `${passed} passed`)
  })
  test('refuses any tree that it does not know', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (tree) => {
        assert.throws(() => checkTree('SELECT 1', tree as Json), SqlRefused)
      }),
      { numRuns: 2000 },
    )
  })
})

suite('guard in front of the store, while events arrive', () => {
  let dir: string
  let spool: Spool
  let derived: Spool
  let store: EventStore
  const stop = new AbortController()
  let feeding: Promise<void>
  let fed = 0
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'hg-guard-'))
    spool = await openSpool(join(dir, 'spool'))
    derived = await openSpool(join(dir, 'derived'))
    store = await openTestStore({ dir, spool, derived }, 100)
    const web = scriptedHost(1, Date.now() - 60_000)
    await spool.append(web.hello('web-1'))
    addShell(web)
    feeding = (async () => {
      while (!stop.signal.aborted) {
        for (let i = 0; i < 100; i++) addLife(web, fed++, shell)
        await spool.append(web.batch())
        await new Promise((resume) => setTimeout(resume, 50))
      }
    })()
    await store.caughtUp({ spool: 1 })
  })
  after(async () => {
    stop.abort()
    await feeding
    await store[Symbol.asyncDispose]()
    await spool[Symbol.asyncDispose]()
    await derived[Symbol.asyncDispose]()
    await rm(dir, { recursive: true, force: true })
  })

  test('refuses or cancels every hostile statement; nothing is changed or made, and ingest goes on', async () => {
    let lastTaken = 0
    for (const { kind, sql } of hostileStatements) {
      if (kind === 'long') continue
      await assert.rejects(
        store.hunt(sql),
        (error) =>
          error instanceof HoneyguideError &&
          (error.code === 'HG_SQL_REFUSED' || error.code === 'HG_SQL_CANCELLED'),
        sql.slice(0, 200),
      )
      assert.ok(store.state.taken.spool >= lastTaken)
      lastTaken = store.state.taken.spool
    }
    assert.equal(store.state.restarts, 0)
    // What the statements name; other suites have folders there whose names begin so.
    assert.deepEqual(
      (await readdir('/tmp')).filter((name) => /^hg-hostile(\.|$)/.test(name)),
      [],
    )
    assert.deepEqual(
      (await readdir(dir)).filter((name) => !/^(spool|derived|events\.duckdb(\.wal)?)$/.test(name)),
      [],
    )
  })
  test('runs every benign hunt meanwhile', async () => {
    for (const sql of benignHunts) await assert.doesNotReject(store.hunt(sql), sql)
  })
  test('ends hunts that take too long or too much, and takes in every event once meanwhile', async () => {
    const before = store.state.taken.spool
    const long = hostileStatements.filter(({ kind }) => kind === 'long')
    await Promise.all(
      long.map(({ sql }) =>
        assert.rejects(
          store.hunt(sql),
          (error) => error instanceof HoneyguideError && error.code === 'HG_SQL_CANCELLED',
          sql,
        ),
      ),
    )
    // What they held of the memory may have been all of it, until now.
    await store.caughtUp({ spool: before + 1 }, AbortSignal.timeout(20_000))
    stop.abort()
    await feeding
    await store.caughtUp({ spool: spool.end })
    const { rows } = await store.hunt(
      `SELECT count(*), count(DISTINCT event_uid) FROM process_activity`,
    )
    assert.deepEqual(rows, [[fed * 3, fed * 3]])
  })
})
