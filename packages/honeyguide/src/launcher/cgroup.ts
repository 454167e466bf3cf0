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

/** Ends whatever is in it, at once, and waits until it is empty or 2 s have passed. */
export async function killCgroup(folder: string): Promise<void> {
  for (let round = 0; round < 40 && cgroupPids(folder).length > 0; round++) {
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
    await sleep(50)
  }
}

/** Removes the empty cgroup, and the folder above when no other instance has one. */
export function removeCgroup(id: string): void {
  const folder = cgroupDir(id)
  if (folder === undefined) return
  for (const one of [folder, dirname(folder)]) {
    try {
      if (existsSync(one)) rmdirSync(one)
    } catch {
      return // not empty: somebody else's
    }
  }
}
