import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { HoneyguideError } from '@honeyguide/model'
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
      const log = createAuditLog(database)
      for (const detail of ['a', 'b', 'c']) log.append(act(detail))
    }
    using database = openStateDatabase(path)
    const log = createAuditLog(database)
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
    const log = createAuditLog(database)
    for (const detail of ['a', 'b', 'c']) log.append(act(detail))
    assert.throws(() => database.exec(`UPDATE audit SET detail = 'x'`), /append-only/)
    assert.throws(() => database.exec('DELETE FROM audit'), /append-only/)
    database.exec(`DROP TRIGGER audit_stays_as_it_is; UPDATE audit SET detail = 'x' WHERE no = 2`)
    assert.equal(log.firstBroken(), 2)
  })
})
