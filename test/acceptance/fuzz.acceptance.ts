/** Every parser fuzzed: a million inputs each in full, three thousand in `npm test`; findings go into the corpus. */
import { availableParallelism } from 'node:os'
import { relative } from 'node:path'
import { keepInput } from '../fuzz/corpus.ts'
import type { FuzzResult } from '../fuzz/fuzz.ts'
import { findingLines, loadTargets, resultLine, runTarget } from '../fuzz/run.ts'
import type { Acceptance } from './harness/acceptance.ts'

export const acceptances: readonly Acceptance[] = [
  {
    id: 'fuzz',
    promise:
      'Every parser and decoder takes ≥ 10⁶ mutations of recorded good inputs within bounds of time and memory: refused with its own error, or read with its property',
    target: 'findings 0',
    inTests: true,
    needsRoot: false,
    async run({ size, root, log, signal }) {
      const runs = size === 'full' ? 1_000_000 : 3000
      // The same inputs in every test run, new ones in every full run: what they find is in the corpus afterwards.
      const seed = size === 'full' ? Date.now() % 2 ** 31 : 1
      const results: FuzzResult[] = []
      const details: string[] = []
      const began = performance.now()
      const cpuBegan = process.cpuUsage()
      const targets = (await loadTargets()).values()
      // One on each processor: a parser is one thread, and the million of the slowest takes minutes.
      const processors = Math.min(4, availableParallelism())
      await Promise.all(
        Array.from({ length: processors }, async () => {
          for (const target of targets) {
            const result = await runTarget(target, { runs, seed, signal })
            results.push(result)
            log(resultLine(result))
            details.push(...findingLines(result))
            if (size === 'full')
              for (const { input } of result.findings)
                details.push(`  kept as ${relative(root, keepInput(result.target, input))}`)
          }
        }),
      )
      const { user, system } = process.cpuUsage(cpuBegan)
      const minutes = (performance.now() - began) / 60_000
      const inputs = results.reduce((sum, one) => sum + one.runs, 0)
      const findings = results.reduce((sum, one) => sum + one.findings.length, 0)
      const rates = results
        .map(({ target, runs: made, cpuSeconds }) => ({ target, rate: made / cpuSeconds }))
        .toSorted((a, b) => a.rate - b.rate)
      const rateOf = (one: (typeof rates)[number] | undefined): string =>
        one ? `${one.target} ${Math.round(one.rate)}/s` : 'none'
      return {
        measured: `${results.length} parsers, ${inputs} inputs: findings ${findings}; ${minutes.toFixed(1)} minutes on ${processors} processors, ${((user + system) / 60e6).toFixed(1)} of CPU; from ${rateOf(rates[0])} to ${rateOf(rates.at(-1))}; seed ${seed}`,
        n: inputs,
        pass: findings === 0 && results.length > 0 && results.every((one) => one.runs >= runs),
        details: [...details, ...(size === 'full' ? results.map(resultLine) : [])],
      }
    },
  },
]
