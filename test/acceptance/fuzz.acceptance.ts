/** Every parser fuzzed: a million inputs each in full, ten thousand in `npm test`; findings go into the corpus. */
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
      const runs = size === 'full' ? 1_000_000 : 10_000
      // The same inputs in every test run, new ones in every full run: what they find is in the corpus afterwards.
      const seed = size === 'full' ? Date.now() % 2 ** 31 : 1
      const results: FuzzResult[] = []
      const details: string[] = []
      for (const target of await loadTargets()) {
        const result = await runTarget(target, { runs, seed, signal })
        results.push(result)
        log(resultLine(result))
        details.push(...findingLines(result))
        if (size === 'full')
          for (const { input } of result.findings)
            details.push(`  kept as ${relative(root, keepInput(result.target, input))}`)
      }
      const inputs = results.reduce((sum, one) => sum + one.runs, 0)
      const cpuMinutes = results.reduce((sum, one) => sum + one.cpuSeconds, 0) / 60
      const findings = results.reduce((sum, one) => sum + one.findings.length, 0)
      const rates = results
        .map(({ target, runs: made, cpuSeconds }) => ({ target, rate: made / cpuSeconds }))
        .toSorted((a, b) => a.rate - b.rate)
      const rateOf = (one: (typeof rates)[number] | undefined): string =>
        one ? `${one.target} ${Math.round(one.rate)}/s` : 'none'
      return {
        measured: `${results.length} parsers, ${inputs} inputs: findings ${findings}; ${cpuMinutes.toFixed(1)} minutes of CPU, from ${rateOf(rates[0])} to ${rateOf(rates.at(-1))}; seed ${seed}`,
        n: inputs,
        pass: findings === 0 && results.length > 0 && results.every((one) => one.runs >= runs),
        details: [...details, ...(size === 'full' ? results.map(resultLine) : [])],
      }
    },
  },
]
