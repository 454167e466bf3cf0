/**
 * Ends and removes what an instance has: processes, pins, cgroup, sockets, settings; on demand data and users.
 *
 * Idempotent, and right after success, failure and kill -9 alike: it goes by what it finds, not by what should be.
 */
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Instance } from '../place.ts'
import { cgroupDir, cgroupPids, killCgroup, removeCgroup } from './cgroup.ts'
import { isLocked } from './lock.ts'
import { removePins } from './pins.ts'
import { isAlive, readRunRecord } from './run-record.ts'
import { removeUser, userNames } from './users.ts'

/** Ends daemons that a launcher left behind; gives the pids of what it had to end. */
export async function endOrphans(instance: Instance): Promise<number[]> {
  const record = readRunRecord(instance.recordFile)
  const orphans = (record?.daemons ?? []).flatMap(({ process: one }) =>
    one && isAlive(one) ? [one] : [],
  )
  for (const { pid } of orphans) signal(pid, 'SIGTERM')
  for (let round = 0; round < 30 && orphans.some(isAlive); round++) await sleep(50)
  for (const one of orphans) if (isAlive(one)) signal(one.pid, 'SIGKILL')
  const cgroup = instance.isPrivileged ? cgroupDir(instance.id) : undefined
  const left = cgroup === undefined ? [] : cgroupPids(cgroup)
  if (cgroup !== undefined) await killCgroup(cgroup)
  return [...new Set([...orphans.map(({ pid }) => pid), ...left])]
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended in the meantime.
  }
}

/**
 * Removes pins, cgroup and runtime folder. Nothing of the instance runs any more; if something still does, because the
 * kernel could not end it yet, its cgroup stays and is named in what is returned: nothing else is.
 */
export function removeTraces(instance: Instance): string[] {
  const left: string[] = []
  if (instance.isPrivileged) {
    removePins(instance.pinDir)
    if (!removeCgroup(instance.id)) left.push(`the cgroup ${cgroupDir(instance.id)}`)
  }
  rmSync(instance.runDir, { recursive: true, force: true })
  const above = dirname(instance.runDir)
  if (existsSync(above) && readdirSync(above).length === 0) rmdirSync(above)
  return left
}

/** Whether another instance of this machine runs. */
export function othersRun(instance: Instance): boolean {
  const above = dirname(instance.runDir)
  if (!existsSync(above)) return false
  return readdirSync(above, { withFileTypes: true }).some(
    (entry) =>
      entry.isDirectory() &&
      entry.name !== instance.id &&
      isLocked(join(above, entry.name, 'launcher.lock')),
  )
}

/** Removes the data of the instance and, when no other runs, the users that were made here. Says what it removed. */
export function purge(instance: Instance): string[] {
  const removed: string[] = []
  if (existsSync(instance.stateDir)) {
    rmSync(instance.stateDir, { recursive: true, force: true })
    removed.push(instance.stateDir)
  }
  if (instance.isPrivileged && !othersRun(instance))
    for (const name of Object.values(userNames)) if (removeUser(name)) removed.push(`user ${name}`)
  return removed
}
