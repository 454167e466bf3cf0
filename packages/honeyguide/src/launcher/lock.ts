/**
 * One launcher per state folder: a lock of the kernel (flock(2)) that dies with its owner.
 *
 * Node.js has no flock; the program of util-linux locks the descriptor that we share with it, and the lock
 * stays with our open file when that program has ended.
 */
import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { HoneyguideError } from '@honeyguide/model/errors'

export interface HeldLock extends Disposable {
  readonly path: string
}

/** The lock, or undefined when somebody holds it. Its folder exists. Throws HG_SETUP_FAILED. */
export function takeLock(path: string): HeldLock | undefined {
  const fd = openSync(path, 'a', 0o600)
  const done = spawnSync('flock', ['--nonblock', '--conflict-exit-code', '75', '3'], {
    stdio: ['ignore', 'ignore', 'pipe', fd],
  })
  if (done.status === 0) return { path, [Symbol.dispose]: () => closeSync(fd) }
  closeSync(fd)
  if (done.status === 75) return undefined
  throw new HoneyguideError(
    'HG_SETUP_FAILED',
    `flock could not be run (${done.error?.message ?? String(done.stderr).trim()}); it is part of util-linux`,
  )
}

/** Whether somebody holds the lock. */
export function isLocked(path: string): boolean {
  try {
    using lock = takeLock(path)
    return lock === undefined
  } catch (error) {
    if (error instanceof Error && 'code' in error) {
      if (error.code === 'ENOENT') return false
      // Another user's: whether its process lives is told by the run record.
      if (error.code === 'EACCES') return true
    }
    throw error
  }
}
