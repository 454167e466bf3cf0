/**
 * Evaluates a rule the obvious way: walks its tree and looks at one value after the other.
 *
 * It is what the compiled rules are tested against and measured against; nothing else uses it.
 */
import { RE2JS } from 're2js'
import type { ActivityBatch } from '@honeyguide/model'
import { addressBytes } from './cidr.ts'
import { ruleCategories } from './categories.ts'
import type { RowFacts } from './fields.ts'
import type { Pattern } from './pattern.ts'
import type { Detection, FieldTest, Rule, RuleCategory } from './rule.ts'

const patterns = new WeakMap<Pattern, RegExp>()
const regexes = new WeakMap<FieldTest, RE2JS>()

/** As a regular expression of JavaScript: shorter to see through than the compiled matcher. */
function matchPattern(pattern: Pattern, text: string): boolean {
  let expression = patterns.get(pattern)
  if (!expression) {
    const source = pattern.pieces
      .map((piece) =>
        piece
          .map((char) =>
            char === null ? '[^]' : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
          )
          .join(''),
      )
      .join('[^]*')
    expression = new RegExp(`^${source}$`)
    patterns.set(pattern, expression)
  }
  return expression.test(text)
}

function bits(address: string): string | undefined {
  const bytes = addressBytes(address)
  return bytes && Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')
}

function valueHolds(test: FieldTest, value: string): boolean {
  switch (test.kind) {
    case 'text':
      return matchPattern(test.pattern, test.cased ? value : value.toLowerCase())
    case 'regex': {
      let expression = regexes.get(test)
      if (!expression) {
        const prefix = test.flags === '' ? '' : `(?${test.flags})`
        expression = RE2JS.compile(prefix + test.source)
        regexes.set(test, expression)
      }
      return expression.matcher(value).find()
    }
    case 'cidr': {
      const [base = '', length] = test.network.split('/')
      const network = bits(base)
      const address = bits(value)
      if (!network || !address || network.length !== address.length) return false
      const shared = Number(length ?? network.length)
      return address.slice(0, shared) === network.slice(0, shared)
    }
    case 'number': {
      if (value.trim() === '') return false
      const number = Number(value)
      if (test.compare === 'lt') return number < test.limit
      if (test.compare === 'lte') return number <= test.limit
      if (test.compare === 'gt') return number > test.limit
      return number >= test.limit
    }
    default:
      return false
  }
}

function testHolds(test: FieldTest, field: string, read: (field: string) => string[]): boolean {
  const values = read(field)
  if (test.kind === 'null') return values.length === 0
  if (test.kind === 'exists') return values.length > 0 === test.exists
  if (
    test.kind === 'text' &&
    test.pattern.pieces.flat().length === 0 &&
    test.pattern.pieces.length === 1
  )
    return values.length === 0
  if (test.kind === 'fieldref') {
    const fold = (value: string) => (test.cased ? value : value.toLowerCase())
    return values.some((value) =>
      read(test.other).some((other) => {
        const [a, b] = [fold(value), fold(other)]
        if (test.how === 'exact') return a === b
        if (test.how === 'contains') return a.includes(b)
        return test.how === 'startswith' ? a.startsWith(b) : a.endsWith(b)
      }),
    )
  }
  return values.some((value) => valueHolds(test, value))
}

function holds(
  detection: Detection,
  category: RuleCategory,
  read: (field: string) => string[],
): boolean {
  switch (detection.kind) {
    case 'all':
      return detection.parts.every((part) => holds(part, category, read))
    case 'any':
      return detection.parts.some((part) => holds(part, category, read))
    case 'not':
      return !holds(detection.part, category, read)
    case 'field':
      return testHolds(detection.test, detection.field, read)
    case 'keyword':
      return ruleCategories[category].keywords.some((field) =>
        testHolds(detection.test, field, read),
      )
  }
}

/** Whether the rule matches the event, its category included. */
export function interpret(rule: Rule, batch: ActivityBatch, row: number, facts: RowFacts): boolean {
  const { kinds, fields } = ruleCategories[rule.category]
  if (!kinds.includes(batch.kind(row))) return false
  return holds(rule.detection, rule.category, (field) => {
    const out: string[] = []
    fields[field]?.read(batch, row, facts, out)
    return out
  })
}
