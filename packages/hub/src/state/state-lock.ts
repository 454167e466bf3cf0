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

/** What this version writes; a folder of a newer one is not touched. */
const format = 1

/** Throws HG_STATE_FORMAT for a folder of a newer version, or one whose FORMAT file says nothing. */
async function checkFormat(stateDir: string): Promise<void> {
  const path = join(stateDir, 'FORMAT')
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) {
    await writeFile(path, `${format}\n`, { mode: 0o600 })
    return
  }
  const found = /^(\d{1,9})\n?$/.exec(text)?.[1]
  if (found === undefined || Number(found) > format)
    throw new HoneyguideError(
      'HG_STATE_FORMAT',
      `${path} says ${found ?? 'nothing readable'}; this version writes ${format}.`,
    )
}

/** Makes the folder (0700) and takes it. Throws HG_STATE_LOCKED when another hub has it, HG_STATE_FORMAT when a newer version wrote it. */
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
  try {
    await checkFormat(stateDir)
  } catch (error) {
    database.close()
    throw error
  }
  // For people and the message above only; the lock is what counts.
  await writeFile(owner, String(process.pid), { mode: 0o600 })
  return {
    [Symbol.dispose]() {
      database.close()
    },
  }
}
