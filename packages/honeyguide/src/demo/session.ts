/** Every process of a session (setsid(2)), from /proc, and how to end them all. */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Living processes whose session id is `leader`. */
export function sessionPids(leader: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
        const words = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        return words[3] === String(leader) && words[0] !== 'Z'
      } catch {
        return false
      }
    })
}

/** SIGTERM, then after 300 ms SIGKILL; resolves when none is left or 2 s have passed. */
export async function endSession(leader: number): Promise<void> {
  for (let round = 0; round < 40; round++) {
    const pids = sessionPids(leader)
    if (pids.length === 0) return
    for (const pid of pids) {
      try {
        process.kill(pid, round < 6 ? 'SIGTERM' : 'SIGKILL')
      } catch {
        // It has ended in the meantime.
      }
    }
    await sleep(50)
  }
}
