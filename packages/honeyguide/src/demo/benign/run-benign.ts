/** Does ordinary work, round after round, until its time is over; says what could not be done here and why. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../random.ts'
import { createBench } from './bench.ts'
import { works } from './work.ts'

export interface BenignOptions {
  readonly minutes: number
  readonly random: Random
  readonly signal: AbortSignal
  readonly onStep: (step: {
    readonly time: string
    readonly name: string
    readonly what: string
  }) => void
}

interface Left {
  readonly name: string
  readonly why: string
}

export interface BenignSummary {
  readonly rounds: number
  readonly done: number
  readonly skipped: readonly Left[]
  readonly failed: readonly Left[]
}

/** People work in their home, not in /tmp: what is compiled there runs there. */
function workFolder(): string {
  for (const parent of [homedir(), tmpdir()])
    if (existsSync(parent)) {
      try {
        return mkdtempSync(join(parent, 'honeyguide-demo-'))
      } catch {
        // A home that cannot be written to: the next one.
      }
    }
  throw new Error('there is no folder to work in')
}

export async function runBenign(options: BenignOptions): Promise<BenignSummary> {
  const { minutes, random, signal, onStep } = options
  const until = performance.now() + minutes * 60_000
  const say = (name: string, what: string): void =>
    onStep({ time: new Date().toISOString(), name, what })
  const skipped: Left[] = []
  const possible = works.filter(({ name, missing }) => {
    const why = missing()
    if (why !== undefined) skipped.push({ name, why })
    return why === undefined
  })
  for (const { name, why } of skipped) say(name, `skipped: ${why}`)
  const failed = new Map<string, string>()
  let rounds = 0
  let done = 0
  while (performance.now() < until && !signal.aborted) {
    for (const work of random.shuffle(possible)) {
      if (performance.now() >= until || signal.aborted) break
      const folder = workFolder()
      try {
        await using bench = createBench(folder, random, signal)
        say(work.name, await work.run(bench))
        done += 1
      } catch (error) {
        if (signal.aborted) break
        const why = error instanceof Error ? error.message : String(error)
        failed.set(work.name, why)
        say(work.name, `failed: ${why}`)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
      await sleep(random.whole(200, 2000), undefined, { signal }).catch(() => undefined)
    }
    rounds += 1
  }
  return { rounds, done, skipped, failed: [...failed].map(([name, why]) => ({ name, why })) }
}
