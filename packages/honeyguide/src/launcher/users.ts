/**
 * The system users that the daemons run as, made when they are missing.
 *
 * A user that was made here says so in its comment field: only such a user is ever removed again.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { HoneyguideError } from '@honeyguide/model/errors'

export interface SystemUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
  /** Whether Honeyguide made it. */
  readonly isOurs: boolean
}

export const userNames = { sensor: 'honeyguide-sensor', hub: 'honeyguide' } as const
const comment = 'Honeyguide daemon (made by honeyguide up)'

/** Reads one line of passwd(5). */
export function parsePasswd(line: string): SystemUser | undefined {
  const [name, , uid, gid, gecos] = line.split(':')
  if (name === undefined || name === '' || !/^\d+$/.test(uid ?? '') || !/^\d+$/.test(gid ?? ''))
    return undefined
  return { name, uid: Number(uid), gid: Number(gid), isOurs: gecos === comment }
}

/** The user, from whatever the name service knows; undefined when there is none. */
export function findUser(name: string): SystemUser | undefined {
  const found = spawnSync('getent', ['passwd', '--', name], { encoding: 'utf8' })
  if (!found.error && found.status === 0) return parsePasswd(found.stdout.trim())
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${name}:`))
  return line === undefined ? undefined : parsePasswd(line)
}

/** The user, made when it is missing. Throws HG_SETUP_FAILED. */
export function ensureUser(name: string): { readonly user: SystemUser; readonly made: boolean } {
  const known = findUser(name)
  if (known) {
    if (known.uid === 0)
      throw new HoneyguideError('HG_SETUP_FAILED', `the user ${name} is root; it must not be`)
    return { user: known, made: false }
  }
  const done = spawnSync(
    'useradd',
    [
      '--system',
      '--user-group',
      '--no-create-home',
      '--home-dir',
      '/nonexistent',
      '--shell',
      '/usr/sbin/nologin',
      '--comment',
      comment,
      name,
    ],
    { encoding: 'utf8' },
  )
  const user = findUser(name)
  if (!user)
    throw new HoneyguideError(
      'HG_SETUP_FAILED',
      `the user ${name} could not be made (useradd: ${(done.error?.message ?? done.stderr).trim()})`,
    )
  return { user, made: true }
}

/** Removes the user if Honeyguide made it; true when it did. */
export function removeUser(name: string): boolean {
  if (findUser(name)?.isOurs !== true) return false
  return spawnSync('userdel', ['--', name], { stdio: 'ignore' }).status === 0
}
