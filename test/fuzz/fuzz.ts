/**
 * Fuzzes one target in this thread: corpus, seeds, then mutations of both, each measured.
 *
 * Time is CPU time of this thread and memory what the heap and its buffers grew by. Both are read around every
 * input, and an input over a bound is tried twice more: only what is over it each time is a finding, so that
 * neither a busy machine nor a collection of garbage makes one.
 */
import { setFlagsFromString, getHeapStatistics } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { minimise } from './minimise.ts'
import { createRandom } from './random.ts'
import type { Check, FuzzTarget, Input } from './target.ts'

export interface Finding {
  readonly kind: 'broken' | 'slow' | 'memory' | 'hang' | 'seed'
  readonly what: string
  readonly input: Input
}

export interface FuzzResult {
  readonly target: string
  /** Inputs made by mutation. */
  readonly runs: number
  readonly seconds: number
  /** Of the thread that runs the parser; what a database does in threads of its own is not in it. */
  readonly cpuSeconds: number
  /** How often inputs ended in each way, numbers left out. */
  readonly ends: ReadonlyMap<string, number>
  readonly slowestMs: number
  readonly mostBytes: number
  /** One of each kind and text, minimised. */
  readonly findings: readonly Finding[]
}

export interface FuzzOptions {
  readonly runs: number
  readonly seed: number
  readonly corpus: readonly Input[]
  /** Called before each input: who watches can tell which one never ended. */
  readonly onInput?: (input: Input) => void
}

const mostPool = 300
const mostFindings = 5
/** Ways to end that are told apart: refusals name words of the input. */
const mostEnds = 20_000

/** Two ends that differ in numbers and in what an input named are one. */
function endOf(said: string): string {
  return said
    .slice(0, 160)
    .replaceAll(/(["'`]).*?\1/gs, '…')
    .replaceAll(/[^\x20-\x7e]+/g, '?')
    .replaceAll(/-?\d[\d.a-fx]*/g, 'N')
}

const collectGarbage = (() => {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
})()

const heldBytes = (): number => {
  const { used_heap_size, external_memory } = getHeapStatistics()
  return used_heap_size + external_memory
}
const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

interface Measured {
  readonly end: string | undefined
  readonly error: unknown
  readonly ms: number
  readonly bytes: number
}

export async function fuzz<In extends Input>(
  target: FuzzTarget<In>,
  options: FuzzOptions,
): Promise<FuzzResult> {
  const { mostMs = 250, mostBytes = 32 * 1024 * 1024, mutator } = target
  const check: Check<In> = await target.open()
  const seeds = await target.seeds()
  if (seeds.length === 0) throw new Error(`${target.name} has no seeds`)
  const random = createRandom(options.seed, target.name)
  const ends = new Map<string, number>()
  const findings = new Map<string, Finding>()
  let slowest = 0
  let largest = 0

  async function once(input: In): Promise<Measured> {
    let end: string | undefined
    let error: unknown
    options.onInput?.(input)
    const before = heldBytes()
    const began = performance.now()
    try {
      const said = check(input)
      end = typeof said === 'string' ? said : await said
    } catch (thrown) {
      error = thrown ?? new Error('something that is no error was thrown')
    }
    return { end, error, ms: performance.now() - began, bytes: heldBytes() - before }
  }

  /** The least of three, measured exactly. */
  async function exactly(input: In): Promise<{ readonly ms: number; readonly bytes: number }> {
    let ms = Infinity
    let bytes = Infinity
    for (let i = 0; i < 3; i++) {
      collectGarbage()
      const began = cpuMs()
      const measured = await once(input)
      ms = Math.min(ms, cpuMs() - began)
      bytes = Math.min(bytes, measured.bytes)
    }
    return { ms, bytes }
  }

  async function find(
    kind: Finding['kind'],
    what: string,
    input: In,
    isSame: (smaller: In) => Promise<boolean>,
    mostTries: number,
  ): Promise<void> {
    const key = `${kind} ${endOf(what)}`
    if (findings.has(key) || findings.size >= mostFindings) return
    findings.set(key, { kind, what, input: await minimise(input, isSame, mostTries) })
  }

  /** Measures; gives how it ended, undefined for a finding. */
  async function tell(input: In): Promise<string | undefined> {
    const { end, error, ms, bytes } = await once(input)
    if (error !== undefined) {
      Error.stackTraceLimit = 20
      const what = wordsOf((await once(input)).error ?? error)
      await find(
        'broken',
        what,
        input,
        async (smaller) => {
          const again = await once(smaller)
          return again.error !== undefined && endOf(wordsOf(again.error)) === endOf(what)
        },
        2000,
      )
      Error.stackTraceLimit = 0
      return undefined
    }
    const mayBe = (kind: 'slow' | 'memory', is: boolean): boolean =>
      is && !findings.values().some((finding) => finding.kind === kind)
    if (mayBe('slow', ms > mostMs) || mayBe('memory', bytes > mostBytes)) {
      const exact = await exactly(input)
      slowest = Math.max(slowest, exact.ms)
      largest = Math.max(largest, exact.bytes)
      if (exact.ms > mostMs)
        await find(
          'slow',
          `more than ${mostMs} ms`,
          input,
          async (smaller) => (await exactly(smaller)).ms > mostMs,
          40,
        )
      if (exact.bytes > mostBytes)
        await find(
          'memory',
          `more than ${mostBytes} bytes`,
          input,
          async (smaller) => (await exactly(smaller)).bytes > mostBytes,
          60,
        )
    } else {
      slowest = Math.max(slowest, ms)
      largest = Math.max(largest, bytes)
    }
    return endOf(end ?? '')
  }

  const pool: { readonly parts: unknown; readonly length: number }[] = []
  let longest = 0
  for (const input of [...seeds, ...(options.corpus as readonly In[])]) {
    longest = Math.max(longest, input.length)
    pool.push({ parts: mutator.take(input), length: input.length })
  }
  const given = pool.length
  const seen = new Set<string>()
  // Most inputs end as an error, and its stack costs more than the parser.
  Error.stackTraceLimit = 0
  for (const input of options.corpus) seen.add((await tell(input as In)) ?? '')
  for (const input of seeds) {
    const end = await tell(input)
    seen.add(end ?? '')
    if (end !== 'taken' && end !== undefined)
      findings.set(`seed ${end}`, { kind: 'seed', what: `a seed is not taken: ${end}`, input })
  }

  const began = performance.now()
  const cpuBegan = cpuMs()
  for (let run = 0; run < options.runs; run++) {
    const parent = pool[random.once(2) ? random.below(given) : random.below(pool.length)]
    const other = pool[random.below(given)]
    const input = mutator.make(random, parent?.parts, other?.parts)
    const said = await tell(input)
    if (said === undefined) continue
    const end = ends.size < mostEnds || ends.has(said) ? said : 'others'
    ends.set(end, (ends.get(end) ?? 0) + 1)
    if (seen.has(end)) continue
    seen.add(end)
    // What ended in a new way is worth more changes, unless it is so long that these would be slow.
    if (pool.length < mostPool && input.length <= longest * 1.5)
      pool.push({ parts: mutator.take(input), length: input.length })
  }
  return {
    target: target.name,
    runs: options.runs,
    seconds: (performance.now() - began) / 1000,
    cpuSeconds: (cpuMs() - cpuBegan) / 1000,
    ends,
    slowestMs: slowest,
    mostBytes: largest,
    findings: [...findings.values()],
  }
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const place =
    error.stack
      ?.split('\n')
      .find((line) => line.includes('/src/'))
      ?.trim() ?? ''
  return `${error.name}: ${error.message} ${place}`
}
