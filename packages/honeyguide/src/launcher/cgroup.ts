/**
 * A cgroup of our own for the daemons of an instance: by it the sensor knows what is ours, and whatever is
 * in it can be ended for certain, children of children included (cgroup.kill, Linux 5.14).
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cgroup2Root } from './mounts.ts'

/** Where the cgroup of an instance is or would be; undefined without cgroup v2. */
export function cgroupDir(id: string): string | undefined {
  const root = cgroup2Root()
  return root === undefined ? undefined : join(root, 'honeyguide', id)
}

/** Makes it; undefined when this machine does not let us. */
export function makeCgroup(id: string): string | undefined {
  const folder = cgroupDir(id)
  if (folder === undefined) return undefined
  try {
    mkdirSync(folder, { recursive: true })
    return folder
  } catch {
    return undefined
  }
}

/** Processes in it. */
export function cgroupPids(folder: string): number[] {
  try {
    return readFileSync(join(folder, 'cgroup.procs'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map(Number)
  } catch {
    return []
  }
}

/**
 * Whether something in it has not wholly ended. `cgroup.procs` is no answer: it leaves out a process whose first thread
 * is gone while others still end, for seconds on a busy machine, and rmdir(2) refuses until then (cgroup-v2, cgroup.events).
 */
function isPopulated(folder: string): boolean {
  try {
    return /^populated 1$/m.test(readFileSync(join(folder, 'cgroup.events'), 'utf8'))
  } catch {
    return false
  }
}

/** What is killed on a starved machine needs seconds to give its memory back. */
const patienceMs = 10_000

/** Ends whatever is in it, at once, and waits until it is empty; false when it is not so after 10 s. */
export async function killCgroup(folder: string): Promise<boolean> {
  const began = performance.now()
  while (isPopulated(folder)) {
    if (performance.now() - began > patienceMs) return false
    try {
      writeFileSync(join(folder, 'cgroup.kill'), '1')
    } catch {
      for (const pid of cgroupPids(folder)) {
        try {
          process.kill(pid, 'SIGKILL')
        } catch {
          // It has ended in the meantime.
        }
      }
    }
    await sleep(20)
  }
  return true
}

/** Removes the cgroup, and the folder above when no other instance has one; false when something is still in it. */
export function removeCgroup(id: string): boolean {
  const folder = cgroupDir(id)
  if (folder === undefined) return true
  const isGone = removeFolder(folder)
  if (isGone) removeFolder(dirname(folder))
  return isGone
}

function removeFolder(folder: string): boolean {
  try {
    rmdirSync(folder)
    return true
  } catch {
    return !existsSync(folder)
  }
}
