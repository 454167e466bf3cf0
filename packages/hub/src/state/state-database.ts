/**
 * The hub's own state in SQLite: what people did and what cannot be derived from events again.
 *
 * Written so that what a person changed and a spent sign-in link survive a power loss (WAL, synchronous
 * FULL): writes are rare. The version of its
 * tables is SQLite's `user_version`; each step is one migration in one transaction.
 */
import { DatabaseSync } from 'node:sqlite'
import { HoneyguideError } from '@honeyguide/model'
import { stateMigrations, type StateMigration } from './state-migrations.ts'

/** Opens or makes the file and brings it up to date. Throws HG_STATE_FORMAT when a newer version wrote it. */
export function openStateDatabase(
  path: string,
  migrations: readonly StateMigration[] = stateMigrations,
): DatabaseSync {
  const database = new DatabaseSync(path)
  try {
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 1000',
    )
    const found = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0)
    if (found > migrations.length)
      throw new HoneyguideError(
        'HG_STATE_FORMAT',
        `${path} has version ${found}; this is ${migrations.length}.`,
      )
    for (const [at, { sql }] of migrations.entries()) {
      if (at < found) continue
      database.exec('BEGIN IMMEDIATE')
      try {
        database.exec(sql)
        database.exec(`PRAGMA user_version = ${at + 1}`)
        database.exec('COMMIT')
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK')
        throw error
      }
    }
  } catch (error) {
    database.close()
    throw error
  }
  return database
}
