import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { HoneyguideError } from '@honeyguide/model'
import fc from 'fast-check'
import { createAuditLog } from './audit-log.ts'
import { openStateDatabase } from './state-database.ts'
import { stateMigrations } from './state-migrations.ts'

async function file(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'hg-state-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return join(dir, 'state.sqlite')
}

suite('state database', () => {
  test('is brought up to date step by step, and each step once', async (t) => {
    const path = await file(t)
    openStateDatabase(path).close()
    const more = [
      ...stateMigrations,
      {
        what: 'a table',
        sql: 'CREATE TABLE later (x INTEGER) STRICT; INSERT INTO later VALUES (1)',
      },
    ]
    openStateDatabase(path, more).close()
    using database = openStateDatabase(path, more)
    assert.deepEqual(Number(database.prepare('SELECT count(*) AS n FROM later').get()?.['n']), 1)
  })
  test('of a newer version is refused and left alone', async (t) => {
    const path = await file(t)
    openStateDatabase(path, [...stateMigrations, { what: 'newer', sql: 'SELECT 1' }]).close()
    assert.throws(
      () => openStateDatabase(path),
      (error) => error instanceof HoneyguideError && error.code === 'HG_STATE_FORMAT',
    )
  })
  test('keeps nothing of a step that fails', async (t) => {
    const path = await file(t)
    assert.throws(() =>
      openStateDatabase(path, [{ what: 'bad', sql: 'CREATE TABLE half (x INTEGER); nonsense' }]),
    )
    using database = openStateDatabase(path)
    assert.equal(
      database.prepare(`SELECT count(*) AS n FROM sqlite_master WHERE name = 'half'`).get()?.['n'],
      0,
    )
  })
})

suite('audit log', () => {
  const roomy = { keepMs: 1e12, bytes: 1e9 }
  const act = (detail: string) => ({
    timeMs: 1,
    who: 'ann',
    act: 'incident.status',
    subject: 'INC-1',
    detail,
  })
  test('lists acts newest first, also after a restart', async (t) => {
    const path = await file(t)
    {
      using database = openStateDatabase(path)
      const log = createAuditLog(database, roomy, 1)
      for (const detail of ['a', 'b', 'c']) log.append(act(detail))
    }
    using database = openStateDatabase(path)
    const log = createAuditLog(database, roomy, 1)
    log.append(act('d'))
    assert.deepEqual(
      log.list(3).map(({ no, detail }) => [no, detail]),
      [
        [4, 'd'],
        [3, 'c'],
        [2, 'b'],
      ],
    )
    assert.equal(log.firstBroken(), undefined)
  })
  test('cannot be changed by its own statements, and shows where somebody changed it all the same', async (t) => {
    using database = openStateDatabase(await file(t))
    const log = createAuditLog(database, roomy, 1)
    for (const detail of ['a', 'b', 'c']) log.append(act(detail))
    assert.throws(() => database.exec(`UPDATE audit SET detail = 'x'`), /append-only/)
    assert.throws(() => database.exec('DELETE FROM audit'), /append-only/)
    database.exec(`DROP TRIGGER audit_stays_as_it_is; UPDATE audit SET detail = 'x' WHERE no = 2`)
    assert.equal(log.firstBroken(), 2)
  })
  test('lets its oldest entries go when they are too old, and can be followed from there', async (t) => {
    const path = await file(t)
    using database = openStateDatabase(path)
    const log = createAuditLog(database, { keepMs: 1000, bytes: 1e9 }, 0)
    for (let timeMs = 0; timeMs < 5000; timeMs += 10) log.append({ ...act('x'), timeMs })
    const [newest] = log.list(1)
    assert.equal(newest?.timeMs, 4990)
    const again = createAuditLog(database, { keepMs: 1000, bytes: 1e9 }, 5000)
    const left = again.list(1000)
    assert.ok(left.every(({ timeMs }) => timeMs >= 4000))
    assert.equal(left[0]?.act, 'audit.trim')
    assert.equal(again.firstBroken(), undefined)
    assert.throws(() => database.exec('DELETE FROM audit'), /append-only/)
    assert.throws(() => database.exec('UPDATE audit_begin SET no = 1'), /later each time/)
    assert.throws(
      () => database.exec(`UPDATE audit_begin SET no = no + 1, hash = 'x'`),
      /at an entry/,
    )
    // Moving the begin without an entry that says so shows.
    database.exec(
      'UPDATE audit_begin SET no = no + 3, hash = (SELECT hash FROM audit a WHERE a.no = audit_begin.no + 3)',
    )
    const gone = Number(database.prepare('SELECT no FROM audit_begin').get()?.['no'])
    assert.equal(again.firstBroken(), gone + 1)
    database.exec('DELETE FROM audit WHERE no <= (SELECT no FROM audit_begin)')
    assert.equal(again.firstBroken(), gone + 1)
  })
  test('keeps within its size whatever is written, and stays whole', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(2000), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 2000, max: 200_000 }),
        (lengths, bytes) => {
          using database = openStateDatabase(':memory:')
          let log = createAuditLog(database, { keepMs: 1e12, bytes }, 0)
          let written = 0
          for (let at = 0; at < 600; at++) {
            log.append(act('é'.repeat((lengths[at % lengths.length] ?? 0) / 2)))
            written += 1
            if (at % 200 === 199) log = createAuditLog(database, { keepMs: 1e12, bytes }, 1)
          }
          const rows = database
            .prepare(
              'SELECT sum(octet_length(who || act || subject || detail) + 128) AS bytes, count(*) AS n FROM audit',
            )
            .get()
          // A look every 256 entries, and the one that tells of the last.
          assert.ok(
            Number(rows?.['bytes']) <= bytes + 500 + 2200,
            `${String(rows?.['bytes'])} of ${bytes}`,
          )
          assert.equal(log.firstBroken(), undefined)
          const no = log.list(1)[0]?.no ?? 0
          assert.ok(no >= written)
        },
      ),
      { numRuns: 20 },
    )
  })
})
