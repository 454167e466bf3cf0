/** Reads one Sigma rule: YAML to a checked `Rule`, or a refusal that says where and what to do. */
import { isMap, isScalar, isSeq } from 'yaml'
import { tacticOfTag } from '../attack/attack.ts'
import { isRuleCategory, ruleCategories, ruleCategoryNames } from './categories.ts'
import { parseCondition, type Condition } from './condition.ts'
import type { RuleRefusal, RuleSource } from './rule-source.ts'
import { readSelection } from './selection.ts'
import {
  entriesOf,
  entry,
  offsetOf,
  readRuleText,
  refusal,
  RuleComplaint,
  textOf,
  textsOf,
  type RuleText,
} from './rule-text.ts'
import {
  levelWeight,
  type Detection,
  type Rule,
  type RuleCategory,
  type RuleLevel,
  type SentenceWord,
} from './rule.ts'

/** The rule, or why it is refused. Never throws. */
export function readRule(source: RuleSource): Rule | RuleRefusal {
  let text: RuleText | undefined
  try {
    text = readRuleText(source)
    return checkRule(source, text)
  } catch (error) {
    if (error instanceof RuleComplaint) {
      const place = (error as { place?: { line: number; column: number } }).place ??
        text?.place(error.offset) ?? { line: 1, column: 1 }
      return refusal(source, error.message, place)
    }
    // Nothing in a rule's text may stop the others: what we did not foresee is refused like the rest.
    return refusal(source, `it cannot be read: ${String(error)}`, { line: 1, column: 1 })
  }
}

export function isRefusal(read: Rule | RuleRefusal): read is RuleRefusal {
  return 'error' in read
}

const notRecorded: Readonly<Record<string, string>> = {
  process_access: 'accesses between processes are not recorded in this version',
  webserver: 'logs of web servers are not read',
}

const known = ruleCategoryNames.join(', ')

function categoryOf(root: RuleText['root']): RuleCategory {
  const logsource = entry(root, 'logsource')
  if (!logsource || !isMap(logsource.value))
    throw new RuleComplaint(
      'there is no logsource; add one with category and product',
      offsetOf(logsource?.keyNode ?? root),
    )
  const place = (key: string) => offsetOf(entry(logsource.value as never, key)?.value)
  const category = textOf(logsource.value, 'category')
  const product = textOf(logsource.value, 'product')
  const service = textOf(logsource.value, 'service')
  if (product !== undefined && product !== 'linux')
    throw new RuleComplaint(
      `the rule is for ${product}, and all hosts here run linux`,
      place('product'),
    )
  if (service !== undefined)
    throw new RuleComplaint(
      `the log of ${service} is not read; only events of the kernel are (${known})`,
      place('service'),
    )
  if (isRuleCategory(category)) return category
  if (category === undefined)
    throw new RuleComplaint(
      `the logsource has no category; there are ${known}`,
      offsetOf(logsource.value),
    )
  throw new RuleComplaint(
    `the category ${category} is refused: ${notRecorded[category] ?? 'no such events are recorded'}; there are ${known}`,
    place('category'),
  )
}

function resolve(condition: Condition, selections: ReadonlyMap<string, Detection>): Detection {
  switch (condition.kind) {
    case 'selection':
      return selections.get(condition.name) ?? { kind: 'any', parts: [] }
    case 'not':
      return { kind: 'not', part: resolve(condition.part, selections) }
    default:
      return {
        kind: condition.kind,
        parts: condition.parts.map((part) => resolve(part, selections)),
      }
  }
}

function readDetection(root: RuleText['root'], category: RuleCategory): Detection {
  const found = entry(root, 'detection')
  if (!found || !isMap(found.value))
    throw new RuleComplaint(
      'there is no detection; add selections and a condition',
      offsetOf(found?.keyNode ?? root),
    )
  const selections = new Map<string, Detection>()
  let conditions: readonly unknown[] | undefined
  for (const one of entriesOf(found.value)) {
    if (one.key === 'timeframe')
      throw new RuleComplaint(
        'timeframe needs a count over several events, which rules here do not have; remove it, or write a rule for one event',
        offsetOf(one.keyNode),
      )
    if (one.key === 'condition') conditions = isSeq(one.value) ? one.value.items : [one.value]
    else selections.set(one.key, readSelection(one, category))
  }
  if (!conditions || conditions.length === 0)
    throw new RuleComplaint('the detection has no condition; add one', offsetOf(found.keyNode))
  const names = [...selections.keys()]
  if (names.length === 0)
    throw new RuleComplaint('the detection has no selection; add one', offsetOf(found.keyNode))
  const parts = conditions.map((condition) => {
    if (!isScalar(condition) || typeof condition.value !== 'string')
      throw new RuleComplaint('a condition is text', offsetOf(condition ?? found.keyNode))
    // Offsets inside a folded or quoted scalar are not those of its text.
    const base = offsetOf(condition) + (condition.type === 'PLAIN' ? 0 : 1)
    return resolve(parseCondition(condition.value, base, names), selections)
  })
  return parts.length === 1 && parts[0] ? parts[0] : { kind: 'any', parts }
}

function readSentence(root: RuleText['root'], category: RuleCategory): Rule['sentence'] {
  const told = textOf(root, 'sentence')
  if (told === undefined || told.trim() === '') return null
  return told
    .trim()
    .split(/(\{[^}]*\})/)
    .filter((word) => word !== '')
    .map((word): SentenceWord => {
      if (!word.startsWith('{') || !word.endsWith('}')) return { text: word }
      const slot = ruleCategories[category].slots.find((name) => `{${name}}` === word)
      if (!slot)
        throw new RuleComplaint(
          `the sentence names ${word}; ${ruleCategories[category].slots.map((name) => `{${name}}`).join(', ')} can stand there`,
          offsetOf(entry(root, 'sentence')?.value),
        )
      return { slot }
    })
}

function checkRule(source: RuleSource, { root }: RuleText): Rule {
  for (const key of ['correlation', 'action'])
    if (entry(root, key))
      throw new RuleComplaint(
        `"${key}" is refused: correlations of rules are not evaluated; incidents join what rules find by lineage`,
        offsetOf(entry(root, key)?.keyNode),
      )
  const title = textOf(root, 'title')
  if (title === undefined || title.trim() === '')
    throw new RuleComplaint('there is no title; add one', offsetOf(root))
  const level = textOf(root, 'level') ?? 'medium'
  if (!Object.hasOwn(levelWeight, level))
    throw new RuleComplaint(
      `the level "${level}" is not one of ${Object.keys(levelWeight).join(', ')}`,
      offsetOf(entry(root, 'level')?.value),
    )
  const category = categoryOf(root)
  const detection = readDetection(root, category)
  const techniques: string[] = []
  const tactics: string[] = []
  for (const tag of textsOf(root, 'tags')) {
    const name = /^attack\.(.+)$/i.exec(tag)?.[1]
    if (name === undefined) continue
    if (/^t\d{4}(\.\d{3})?$/i.test(name)) techniques.push(name.toUpperCase())
    else {
      const tactic = tacticOfTag(name)
      if (tactic !== undefined) tactics.push(tactic)
    }
  }
  return {
    uid: textOf(root, 'id') ?? source.file,
    file: source.file,
    title,
    description: textOf(root, 'description') ?? '',
    author: textOf(root, 'author') ?? '',
    level: level as RuleLevel,
    category,
    techniques,
    tactics,
    falsePositives: textsOf(root, 'falsepositives'),
    sentence: readSentence(root, category),
    detection,
  }
}
