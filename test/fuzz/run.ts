/**
 * Finds the targets and fuzzes them one after the other, each in a thread that may hang or run out of memory.
 *
 *     bin/node test/fuzz/run.ts [target …] [--runs 1000000] [--seed 1] [--keep] [--list]
 *
 * `--list` prints the table of parsers, mutators and properties. `--keep` puts findings into the corpus.
 */
import { glob } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { corpusFolder, keepInput } from './corpus.ts'
import type { FuzzResult } from './fuzz.ts'
import { boxBytes, inputBox } from './input-box.ts'
import type { FuzzTarget, Input } from './target.ts'
import type { WorkerData } from './worker.ts'

const root = resolve(import.meta.dirname, '../..')
/** An input that takes this long never ends: all but those over their bound take microseconds. */
const hangMs = 60_000

export interface FoundTarget {
  readonly file: string
  readonly target: FuzzTarget
}

/** Every target, by name. Throws when two have the same. */
export async function loadTargets(): Promise<FoundTarget[]> {
  const files = await Array.fromAsync(glob('packages/*/src/**/*.fuzz.ts', { cwd: root }))
  const found: FoundTarget[] = []
  for (const name of files) {
    const file = join(root, name)
    const { target } = (await import(file)) as { target: FuzzTarget }
    found.push({ file, target })
  }
  found.sort((a, b) => (a.target.name < b.target.name ? -1 : 1))
  for (const [at, { target }] of found.entries())
    if (found[at + 1]?.target.name === target.name)
      throw new Error(`two fuzz targets are named ${target.name}`)
  return found
}

export interface RunOptions {
  readonly runs: number
  readonly seed: number
  readonly signal?: AbortSignal
  readonly corpusFolder?: string
  readonly hangMs?: number
  /** Heap that a thread may have, MiB. */
  readonly heapMb?: number
}

/** Fuzzes one target. A thread that hangs or dies is a finding with the input that it died of. */
export async function runTarget(
  { file, target }: FoundTarget,
  options: RunOptions,
): Promise<FuzzResult> {
  const shared = new SharedArrayBuffer(boxBytes)
  const box = inputBox(shared)
  const data: WorkerData = {
    file,
    runs: options.runs,
    seed: options.seed,
    shared,
    corpusFolder: options.corpusFolder ?? corpusFolder,
  }
  const began = performance.now()
  const worker = new Worker(new URL('worker.ts', import.meta.url), {
    workerData: data,
    execArgv: ['--no-warnings'],
    resourceLimits: { maxOldGenerationSizeMb: options.heapMb ?? 512, maxYoungGenerationSizeMb: 32 },
  })
  const died = (kind: 'hang' | 'broken' | 'memory', what: string): FuzzResult => ({
    target: target.name,
    runs: box.count,
    seconds: (performance.now() - began) / 1000,
    cpuSeconds: Number.NaN,
    ends: new Map(),
    slowestMs: 0,
    mostBytes: 0,
    findings: [{ kind, what, input: box.last ?? '' }],
  })
  const done = new AbortController()
  const abort = (): void => done.abort()
  options.signal?.addEventListener('abort', abort, { once: true })
  const watch = (async (): Promise<FuzzResult | undefined> => {
    const limit = options.hangMs ?? hangMs
    let last = -1
    let since = performance.now()
    while (!done.signal.aborted) {
      await sleep(Math.min(500, limit / 4), undefined, { signal: done.signal }).catch(
        () => undefined,
      )
      if (box.count !== last) {
        last = box.count
        since = performance.now()
      } else if (performance.now() - since > limit) return died('hang', `no end within ${limit} ms`)
    }
    return undefined
  })()
  const ended = new Promise<FuzzResult>((take) => {
    worker.on('message', (result: FuzzResult) => take(result))
    worker.on('error', (error: Error & { code?: string }) =>
      take(
        died(
          error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'broken',
          `the thread ended: ${error.stack ?? error.message}`,
        ),
      ),
    )
    worker.on('exit', (code) => take(died('broken', `the thread ended with ${code}`)))
  })
  try {
    const first = await Promise.race([ended, watch])
    return first ?? died('broken', 'stopped')
  } finally {
    done.abort()
    options.signal?.removeEventListener('abort', abort)
    await worker.terminate()
  }
}

/** One line for a person: what it did, how fast, how deep, and the findings. */
export function resultLine(result: FuzzResult): string {
  const taken = result.ends.get('taken') ?? 0
  return [
    result.target.padEnd(22),
    `${String(result.runs).padStart(8)} inputs`,
    `${String(Math.round(result.runs / Math.max(result.cpuSeconds, 0.001))).padStart(7)}/s of CPU`,
    `${result.cpuSeconds.toFixed(1).padStart(6)} s (${result.seconds.toFixed(1)} on the clock)`,
    `taken ${((100 * taken) / Math.max(result.runs, 1)).toFixed(0).padStart(3)} %`,
    `${String(result.ends.size).padStart(4)} ends`,
    `slowest ${result.slowestMs.toFixed(1)} ms`,
    `most ${(result.mostBytes / 2 ** 20).toFixed(1)} MiB`,
    ...(result.findings.length > 0 ? [`${result.findings.length} FINDINGS`] : []),
  ].join('  ')
}

export function findingLines(result: FuzzResult): string[] {
  const shown = (input: Input): string =>
    typeof input === 'string'
      ? JSON.stringify(input.slice(0, 300))
      : `base64 ${Buffer.from(input.subarray(0, 300)).toString('base64')}`
  return result.findings.map(
    ({ kind, what, input }) =>
      `${result.target}: ${kind}: ${what}\n  input of ${input.length}: ${shown(input)}`,
  )
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: '1' },
      keep: { type: 'boolean' },
      list: { type: 'boolean' },
      ends: { type: 'boolean' },
    },
  })
  const targets = await loadTargets()
  if (values.list) {
    for (const { target } of targets)
      console.log(
        `${target.name}\n  parser   ${target.parser}\n  mutator  ${target.mutator.knows}\n  property ${target.property}`,
      )
    return
  }
  const unknown = positionals.filter((name) => !targets.some(({ target }) => target.name === name))
  if (unknown.length > 0)
    throw new Error(`no fuzz target is named ${unknown.join(', ')}; --list shows them`)
  for (const one of targets) {
    if (positionals.length > 0 && !positionals.includes(one.target.name)) continue
    const result = await runTarget(one, { runs: Number(values.runs), seed: Number(values.seed) })
    console.log(resultLine(result))
    for (const line of findingLines(result)) console.log(line)
    if (values.ends)
      for (const [end, count] of [...result.ends].toSorted((a, b) => b[1] - a[1]))
        console.log(`  ${count} ${end}`)
    if (result.findings.length > 0) process.exitCode = 1
    if (values.keep)
      for (const { input } of result.findings)
        console.log(`  kept ${keepInput(result.target, input)}`)
  }
}

if (import.meta.main) await main()
