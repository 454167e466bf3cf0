/**
 * One hub per state folder: a lock that dies with its owner, however that ends.
 *
 * An SQLite file held in an exclusive transaction: the kernel drops its lock with the process, so nothing
 * is left behind to be cleaned, and no process id has to be guessed at.
 */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { HoneyguideError } from '@honeyguide/model'

/** Makes the folder (0700) and takes it. Throws HG_STATE_LOCKED when another hub has it. */
export async function lockState(stateDir: string): Promise<Disposable> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 })
  const path = join(stateDir, 'hub.lock')
  const owner = join(stateDir, 'hub.pid')
  const database = new DatabaseSync(path, { timeout: 200 })
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    const pid = await readFile(owner, 'utf8').catch(() => '')
    throw new HoneyguideError(
      'HG_STATE_LOCKED',
      `${stateDir} is in use${/^\d+$/.test(pid) ? ` by the hub with process id ${pid}` : ''}.`,
      { cause },
    )
  }
  await chmod(path, 0o600)
  // For people and the message above only; the lock is what counts.
  await writeFile(owner, String(process.pid), { mode: 0o600 })
  return {
    [Symbol.dispose]() {
      database.close()
    },
  }
}
