/** A full disk under the state folder: everything waits and says so, goes on by itself when there is room, and has it all. */
import { execFile } from 'node:child_process'
import { mkdir, open, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Acceptance } from './harness/acceptance.ts'
import { type Counted, runProgram, testProgram } from './harness/program.ts'
import { startStack } from './harness/stack.ts'

const run = promisify(execFile)

/**
 * Takes all room of the disk that `path` is on, and keeps taking what becomes free (a database that
 * tidies up gives some back) until it is disposed of.
 */
async function fill(path: string): Promise<AsyncDisposable> {
  const handle = await open(path, 'w')
  const takeAll = async () => {
    for (let bytes = 1 << 20; bytes >= 512;) {
      try {
        await handle.write(Buffer.alloc(bytes, 1))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        bytes >>= 1
      }
    }
  }
  await takeAll()
  const ended = new AbortController()
  const taking = (async () => {
    while (!ended.signal.aborted) {
      await sleep(50)
      await takeAll()
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      ended.abort()
      await taking
      await handle.close()
      await rm(path)
    },
  }
}

export const acceptances: readonly Acceptance[] = [
  {
    id: 'full-disk',
    promise:
      'The disk of the state folder fills up: events go on, HG_DISK_FULL is said once a minute, and with room again everything goes on by itself with nothing lost',
    target: 'each connection once or within a told loss; HG_DISK_FULL at most once a minute',
    inTests: true,
    needsRoot: true,
    async run({ size, root, folder, log }) {
      const connects = testProgram('numbered-connects')
      const disk = `${folder}/disk`
      await mkdir(disk)
      await run('mount', ['-t', 'tmpfs', '-o', 'size=160m,mode=0711', 'tmpfs', disk])
      try {
        return await withDisk()
      } finally {
        await run('umount', ['-l', disk])
      }

      async function withDisk() {
        const details: string[] = []
        await using stack = await startStack({ root, folder: disk, log })
        await stack.settle()
        const base = 0x21_00_00
        const before = await runProgram<Counted>(connects, [2, 200, base])
        const fullFrom = performance.now()
        const filler = await fill(`${disk}/filler`)
        const seconds = size === 'full' ? 75 : 8
        const during = await runProgram<Counted>(connects, [seconds, 50, base + 0x1_00_00])
        const status = await stack.ask<{ components: { name: string; state: string }[] }>(
          '/api/v1/status',
        )
        await filler[Symbol.asyncDispose]()
        const fullMs = performance.now() - fullFrom
        const after = await runProgram<Counted>(connects, [2, 200, base + 0x2_00_00])
        await stack.settle(120_000)
        await sleep(500)
        const offered = before.count + during.count + after.count
        const { rows } = await stack.hunt(
          `SELECT count(*) AS n, count(DISTINCT dst_endpoint_ip) AS once FROM network_activity
            WHERE activity_name = 'Open' AND connection_info_direction = 'Outbound' AND actor_process_name = 'numbered-connects'`,
        )
        const lost = Number(
          (await stack.hunt('SELECT coalesce(sum(lost), 0) AS n FROM losses')).rows[0]?.['n'],
        )
        const stored = Number(rows[0]?.['n'])
        if (stored !== Number(rows[0]?.['once'])) details.push(`twice: ${JSON.stringify(rows[0])}`)
        if (stored !== offered)
          details.push(`${offered} connections, ${stored} stored, ${lost} events told as lost`)
        if (lost > 0) details.push(`${lost} events lost`)
        if (!status.components.some(({ state }) => state === 'down'))
          details.push(`nobody said that the disk was full: ${JSON.stringify(status.components)}`)
        // Whoever comes first to a full disk says it: the other waits for it.
        const lines = stack
          .output()
          .split('\n')
          .filter((line) => line.includes('HG_DISK_FULL'))
        const byWhom = ['ingest', 'pump'].map(
          (component) => lines.filter((line) => line.includes(`"component":"${component}"`)).length,
        )
        const said = Math.max(...byWhom)
        const most = 1 + Math.ceil(fullMs / 60_000)
        if (said < 1 || said > most)
          details.push(`HG_DISK_FULL was said ${byWhom.join(' and ')} times, 1 to ${most}`)
        return {
          measured: `${offered} connections, ${stored} stored, lost ${lost}; full for ${(fullMs / 1000).toFixed(0)} s, said ${said} times`,
          n: offered,
          pass: details.length === 0,
          details,
        }
      }
    },
  },
]
