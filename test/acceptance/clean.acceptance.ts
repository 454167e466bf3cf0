/** `down` leaves nothing: programs, maps, links, pins, cgroups, namespaces, sockets, after success, failure and kill −9. */
import { execFile } from 'node:child_process'
import { glob, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Acceptance } from './harness/acceptance.ts'
import { honeyguide, startStack } from './harness/stack.ts'

const run = promisify(execFile)

/** What of ours there is on this machine, as text lines. */
async function inventory(state: string): Promise<string[]> {
  const found: string[] = []
  for (const kind of ['prog', 'map', 'link']) {
    const { stdout } = await run('bpftool', ['-j', kind, 'show'], { maxBuffer: 64 << 20 }).catch(
      () => ({ stdout: '[]' }),
    )
    for (const item of JSON.parse(stdout === '' ? '[]' : stdout) as { id: number; name?: string }[])
      found.push(`${kind} ${item.id} ${item.name ?? ''}`)
  }
  for await (const pin of glob('/sys/fs/bpf/**')) found.push(`pin ${pin}`)
  const mounts = await readFile('/proc/mounts', 'utf8')
  for (const line of mounts.split('\n'))
    if (line.includes('honeyguide') || line.startsWith('bpf ')) found.push(`mount ${line}`)
  for await (const folder of glob('/sys/fs/cgroup/**/*honeyguide*')) found.push(`cgroup ${folder}`)
  const sockets = await readFile('/proc/net/unix', 'utf8')
  for (const line of sockets.split('\n'))
    if (line.includes(state)) found.push(`socket ${line.split(/\s+/).at(-1)}`)
  for await (const path of glob('/run/honeyguide*')) found.push(`run ${path}`)
  return found.sort()
}

export const acceptances: readonly Acceptance[] = [
  {
    id: 'clean',
    promise:
      '`down` after success, failure and kill −9 leaves no program, map, link, pin, cgroup, namespace or socket of ours',
    target: 'nothing left in 3 of 3',
    inTests: true,
    needsRoot: true,
    async run({ root, folder, log }) {
      const details: string[] = []
      const ways = ['success', 'failure', 'kill'] as const
      for (const way of ways) {
        const before = await inventory(`${folder}/${way}`)
        const stack = await startStack({ root, folder: `${folder}/${way}`, log })
        const pids = Object.values(await stack.pids())
        if (way === 'success') await stack.stop()
        if (way === 'failure') for (const pid of pids) process.kill(pid, 'SIGKILL')
        if (way === 'kill') stack.launcher.kill('SIGKILL')
        await sleep(500)
        const down = await honeyguide(root, ['down', '--state', stack.state])
        if (down.code !== 0)
          details.push(`${way}: down exits ${down.code}: ${down.stderr.slice(-300)}`)
        await sleep(500)
        const left = (await inventory(`${folder}/${way}`)).filter((item) => !before.includes(item))
        details.push(...left.map((item) => `${way}: ${item}`))
        for (const pid of pids) {
          // Ended, and waiting for pid 1 to notice, is ended.
          const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
          if (stat !== '' && !/\) [ZX] /.test(stat)) details.push(`${way}: process ${pid} lives`)
        }
        await honeyguide(root, ['down', '--purge', '--state', stack.state])
        if (way === 'kill') stack.launcher.kill('SIGKILL')
        const users = await readFile('/etc/passwd', 'utf8')
        if (way === 'kill' && /^honeyguide(-sensor)?:/m.test(users))
          details.push('purge leaves users')
      }
      return {
        measured: details.length === 0 ? 'nothing left in 3 of 3' : `${details.length} things left`,
        n: 3,
        pass: details.length === 0,
        details,
      }
    },
  },
]
