/** `down` leaves nothing: programs, maps, links, pins, cgroups, namespaces, sockets, after success, failure and kill −9. */
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { othersRun } from '../../packages/honeyguide/src/launcher/clean.ts'
import { findUser, userNames } from '../../packages/honeyguide/src/launcher/users.ts'
import type { Instance } from '../../packages/honeyguide/src/place.ts'
import type { Acceptance } from './harness/acceptance.ts'
import { honeyguide, startStack } from './harness/stack.ts'
import { noteTraces, remaining, traceKinds, type Traces } from './harness/traces.ts'

/** What remains of these once the kernel has had `patienceMs`: it frees programs and maps after a grace period. */
async function leftOf(noted: readonly Traces[], patienceMs: number): Promise<string[]> {
  const began = performance.now()
  for (;;) {
    const left = [...new Set(noted.flatMap(remaining))]
    if (left.length === 0 || performance.now() - began > patienceMs) return left
    await sleep(100)
  }
}

/**
 * Removes data and users; gives the users that stay. They belong to all instances of the machine and the last one takes
 * them along: they may stay while another one runs. Beside other tests one may have run just in between, so there it is
 * asked up to `attempts` times; alone once, as a purge that has to be asked twice is a fault.
 */
async function usersAfterPurge(
  { root, instance }: { readonly root: string; readonly instance: Instance },
  state: string,
  attempts: number,
): Promise<string[]> {
  for (let attempt = 1; ; attempt++) {
    const ranBefore = othersRun(instance)
    await honeyguide(root, ['down', '--purge', '--state', state])
    const ours = Object.values(userNames).filter((name) => findUser(name)?.isOurs)
    if (ranBefore || othersRun(instance)) return []
    if (ours.length === 0 || attempt === attempts) return ours
  }
}

export const acceptances: readonly Acceptance[] = [
  {
    id: 'clean',
    promise:
      '`down` after success, failure and kill −9 leaves no program, map, link, pin, cgroup, namespace or socket of ours',
    target: 'nothing left in 3 of 3',
    inTests: true,
    needsRoot: true,
    async run({ root, size, folder, log }) {
      const details: string[] = []
      const patienceMs = size === 'full' ? 3000 : 30_000
      const seen = new Map<string, number>()
      for (const way of ['success', 'failure', 'kill'] as const) {
        const stack = await startStack({ root, folder: `${folder}/${way}`, log })
        const { instance, launcher } = stack
        const daemons = Object.values(await stack.pids())
        const note = (): Traces =>
          noteTraces(instance, launcher.pid === undefined ? daemons : [launcher.pid, ...daemons])
        using held = new DisposableStack()
        const noted = [held.use(note())]
        // What is not found while it is there would not be found afterwards either.
        const there = noted.flatMap(remaining)
        for (const kind of traceKinds) {
          const count = there.filter((one) => one.startsWith(`${kind} `)).length
          seen.set(kind, Math.max(seen.get(kind) ?? 0, count))
          if (count === 0) details.push(`${way}: no ${kind} of it is seen while it runs`)
        }
        if (way === 'success') await stack.stop()
        if (way === 'failure') for (const pid of daemons) process.kill(pid, 'SIGKILL')
        if (way === 'kill') launcher.kill('SIGKILL')
        await sleep(500)
        // After a failure there are daemons that were started again.
        if (way === 'failure') noted.push(held.use(note()))
        const down = await honeyguide(root, ['down', '--state', stack.state])
        if (down.code !== 0)
          details.push(`${way}: down exits ${down.code}: ${down.stderr.slice(-300)}`)
        details.push(...(await leftOf(noted, patienceMs)).map((item) => `${way}: ${item}`))
        const attempts = size === 'full' ? 1 : 3
        for (const name of await usersAfterPurge({ root, instance }, stack.state, attempts))
          details.push(`${way}: purge leaves the user ${name}`)
        if (existsSync(stack.state)) details.push(`${way}: purge leaves ${stack.state}`)
      }
      return {
        measured:
          details.length === 0
            ? `nothing left in 3 of 3 of ${[...seen].map(([kind, count]) => `${kind} ${count}`).join(', ')}`
            : `${details.length} things wrong`,
        n: 3,
        pass: details.length === 0,
        details,
      }
    },
  },
]
