/**
 * The folder on a bpffs where a sensor pins its rings, links and counters.
 *
 * The sensor may not mount, so the launcher does, if nobody has; only what was mounted here is unmounted again.
 */
import { spawnSync } from 'node:child_process'
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { HoneyguideError } from '@honeyguide/model/errors'
import { bpffs } from '../place.ts'
import { readMounts } from './mounts.ts'

/** Says that bpffs was mounted by us; lies in /run, so it goes with the mount at a reboot. */
const marker = '/run/honeyguide/bpffs-is-ours'

function isMounted(): boolean {
  return readMounts().some(({ target, type }) => target === bpffs && type === 'bpf')
}

/** Makes `pinDir` for this user alone; true when bpffs had to be mounted. Throws HG_SETUP_FAILED. */
export function makePinDir(
  pinDir: string,
  owner: { readonly uid: number; readonly gid: number },
): boolean {
  let mounted = false
  if (!isMounted()) {
    const done = spawnSync(
      'mount',
      ['-n', '-t', 'bpf', '-o', 'nosuid,nodev,noexec,mode=0755', 'bpf', bpffs],
      { encoding: 'utf8' },
    )
    if (done.status !== 0)
      throw new HoneyguideError(
        'HG_SETUP_FAILED',
        `bpffs could not be mounted at ${bpffs} (${(done.error?.message ?? done.stderr).trim()})`,
      )
    mkdirSync(dirname(marker), { recursive: true, mode: 0o755 })
    writeFileSync(marker, '')
    mounted = true
  }
  mkdirSync(dirname(pinDir), { recursive: true, mode: 0o755 })
  mkdirSync(pinDir, { recursive: true, mode: 0o700 })
  chownTree(pinDir, owner)
  return mounted
}

/** What an earlier run left may belong to a user that was removed and made again. */
function chownTree(path: string, owner: { readonly uid: number; readonly gid: number }): void {
  chownSync(path, owner.uid, owner.gid)
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name)
    if (entry.isDirectory()) chownTree(child, owner)
    else chownSync(child, owner.uid, owner.gid)
  }
}

function removeTree(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name)
    if (entry.isDirectory()) removeTree(child)
    else unlinkSync(child)
  }
  rmdirSync(path)
}

/** Removes the pins, with them what they hold in the kernel, and the mount if it is ours and empty. */
export function removePins(pinDir: string): void {
  if (existsSync(pinDir)) removeTree(pinDir)
  const above = dirname(pinDir)
  if (existsSync(above) && readdirSync(above).length === 0) rmdirSync(above)
  if (!existsSync(marker)) return
  // The kernel itself puts two files there.
  const others = isMounted()
    ? readdirSync(bpffs).filter((name) => !/^(maps|progs)\.debug$/.test(name))
    : []
  if (isMounted() && others.length === 0) spawnSync('umount', ['-n', bpffs], { stdio: 'ignore' })
  if (!isMounted()) rmSync(marker, { force: true })
}
