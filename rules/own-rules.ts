/** The rules of this folder, read and compiled: for tests and benchmarks, which may read files where `detect` may not. */
import { readdirSync, readFileSync } from 'node:fs'
import { compileRules, type RuleSet } from '../packages/detect/src/rules/rule-set.ts'

export const rulesFolder = new URL('./', import.meta.url)

export function ownRules(): RuleSet {
  return compileRules(
    readdirSync(rulesFolder)
      .filter((file) => file.endsWith('.yml'))
      .sort()
      .map((file) => ({ file, text: readFileSync(new URL(file, rulesFolder), 'utf8') })),
  )
}
