import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { activityBatchOf, type ActivityRow } from '@honeyguide/model'
import { tacticName, techniqueTactic } from '../attack/attack.ts'
import { ownRules, rulesFolder } from '../../../../rules/own-rules.ts'
import type { RowFacts } from './fields.ts'
import { interpret } from './interpreter.ts'
import type { Rule } from './rule.ts'

interface Sample {
  readonly why: string
  /** The row is that of an event of a kernel, by scripts/record-samples.ts. */
  readonly recorded?: boolean
  readonly row: ActivityRow
  readonly facts?: {
    readonly parentIsServer?: boolean
    readonly ancestorImages?: readonly string[]
  }
}
interface Samples {
  readonly positive: readonly Sample[]
  readonly negative: readonly Sample[]
}

const set = ownRules()
const samplesOf = (rule: Rule): URL =>
  new URL(`samples/${rule.file.replace(/\.yml$/, '')}.json`, rulesFolder)

function matched({ row, facts }: Sample): Set<string> {
  const of: RowFacts = {
    parentIsServer: () => facts?.parentIsServer ?? false,
    ancestorImages: () => facts?.ancestorImages ?? [],
  }
  const batch = activityBatchOf([row])
  const files = new Set<string>()
  set.match(batch, 0, of, (rule) => files.add(rule.file))
  for (const rule of set.rules)
    assert.equal(interpret(rule, batch, 0, of), files.has(rule.file), `${rule.file} by interpreter`)
  return files
}

suite('own rules', () => {
  test('are all loaded, with what people need to judge them', () => {
    assert.deepEqual(
      set.refused.map((one) => one.error.message),
      [],
    )
    assert.ok(set.rules.length >= 12)
    assert.equal(new Set(set.rules.map((rule) => rule.uid)).size, set.rules.length)
    for (const rule of set.rules) {
      assert.equal(rule.author, 'Honeyguide')
      assert.ok(rule.description.length > 20, rule.file)
      assert.ok(rule.falsePositives.length > 0, rule.file)
      assert.ok(rule.techniques.length > 0 && rule.tactics.length > 0, rule.file)
      for (const technique of rule.techniques)
        assert.notEqual(techniqueTactic(technique), '', `${technique} is in our table`)
      for (const tactic of rule.tactics) assert.notEqual(tacticName(tactic), tactic)
    }
  })
  test('each have samples, and there are no others', () => {
    const files = readdirSync(new URL('samples/', rulesFolder)).filter((file) =>
      file.endsWith('.json'),
    )
    assert.deepEqual(
      files.sort(),
      set.rules.map((rule) => rule.file.replace(/yml$/, 'json')).sort(),
    )
  })
  for (const rule of set.rules) {
    if (!existsSync(samplesOf(rule))) continue
    const samples = JSON.parse(readFileSync(samplesOf(rule), 'utf8')) as Samples
    test(`${rule.file} finds its positive samples and only these`, () => {
      assert.ok(samples.positive.length >= 2 && samples.negative.length >= 2)
      for (const { recorded, row, why } of [...samples.positive, ...samples.negative]) {
        assert.ok(recorded, `not recorded: ${why}`)
        assert.equal(row.device_hostname, 'web-01', why)
      }
      for (const sample of samples.positive)
        assert.ok(matched(sample).has(rule.file), `not found: ${sample.why}`)
      for (const sample of samples.negative)
        assert.ok(!matched(sample).has(rule.file), `found: ${sample.why}`)
    })
  }
})
