/** Turns a rule's detection into one closure over an `EventView`: no tree is walked per event. */
import { RE2JS } from 're2js'
import { compileNetwork } from './cidr.ts'
import type { EventView } from './event-view.ts'
import { ruleCategories } from './categories.ts'
import { compilePattern } from './pattern.ts'
import { regexLiterals } from './prefilter.ts'
import type { Detection, FieldTest, RuleCategory } from './rule.ts'
import { regexFlags } from './selection.ts'

export type Verdict = (event: EventView) => boolean

function someOf(
  read: 'values' | 'lower',
  field: number,
  holds: (value: string) => boolean,
): Verdict {
  return (event) => {
    const values = event[read](field)
    for (let i = 0; i < values.length; i++) if (holds(values[i] ?? '')) return true
    return false
  }
}

/** `number` gives a field's place in the view. */
function compileTest(test: FieldTest, field: number, number: (name: string) => number): Verdict {
  switch (test.kind) {
    case 'text': {
      const { pieces } = test.pattern
      // Nothing to compare with: an empty value is a null one.
      if (pieces.length === 1 && pieces[0]?.length === 0)
        return (event) => event.values(field).length === 0
      return someOf(test.cased ? 'values' : 'lower', field, compilePattern(test.pattern))
    }
    case 'regex': {
      const pattern = RE2JS.compile(test.source, regexFlags(test.flags))
      const literals =
        test.flags.includes('i') || test.source.includes('(?') ? [] : regexLiterals(test.source)
      const matches = someOf('values', field, (value) => pattern.matcher(value).find())
      if (literals.length === 0) return matches
      const mayMatch = someOf('lower', field, (value) => {
        for (let i = 0; i < literals.length; i++) if (value.includes(literals[i] ?? '')) return true
        return false
      })
      return (event) => mayMatch(event) && matches(event)
    }
    case 'cidr':
      return someOf('values', field, compileNetwork(test.network) ?? (() => false))
    case 'number': {
      const { limit } = test
      const compare = {
        lt: (value: number) => value < limit,
        lte: (value: number) => value <= limit,
        gt: (value: number) => value > limit,
        gte: (value: number) => value >= limit,
      }[test.compare]
      return someOf('values', field, (value) => value.trim() !== '' && compare(Number(value)))
    }
    case 'null':
      return (event) => event.values(field).length === 0
    case 'exists': {
      const { exists } = test
      return (event) => event.values(field).length > 0 === exists
    }
    case 'fieldref': {
      const other = number(test.other)
      const read = test.cased ? 'values' : 'lower'
      const compare = {
        exact: (value: string, wanted: string) => value === wanted,
        contains: (value: string, wanted: string) => value.includes(wanted),
        startswith: (value: string, wanted: string) => value.startsWith(wanted),
        endswith: (value: string, wanted: string) => value.endsWith(wanted),
      }[test.how]
      return (event) => {
        const wanted = event[read](other)
        for (const value of event[read](field))
          for (const one of wanted) if (compare(value, one)) return true
        return false
      }
    }
  }
}

/** The one field that a verdict depends on; undefined when there are several or none. */
function onlyField(detection: Detection): string | undefined {
  switch (detection.kind) {
    case 'field':
      return detection.test.kind === 'fieldref' ? undefined : detection.field
    case 'keyword':
      return undefined
    case 'not':
      return onlyField(detection.part)
    default: {
      const [first, ...rest] = detection.parts.map(onlyField)
      return rest.every((one) => one === first) ? first : undefined
    }
  }
}

/** Whether a verdict costs more than looking up what it was: an expression, or several comparisons. */
function isDear(detection: Detection): boolean {
  switch (detection.kind) {
    case 'field':
      return detection.test.kind === 'regex' || detection.test.kind === 'cidr'
    case 'keyword':
      return false
    case 'not':
      return isDear(detection.part)
    default:
      return detection.parts.length > 2 || detection.parts.some(isDear)
  }
}

const remembered = 4096

/** Keeps the verdicts on values of a field, for fields whose values are few. */
function remember(verdict: Verdict, field: number): Verdict {
  let known = new Map<string, boolean>()
  return (event) => {
    const values = event.values(field)
    const [value] = values
    if (value === undefined || values.length > 1) return verdict(event)
    const before = known.get(value)
    if (before !== undefined) return before
    const holds = verdict(event)
    if (known.size >= remembered) known = new Map()
    known.set(value, holds)
    return holds
  }
}

export function compileDetection(
  detection: Detection,
  category: RuleCategory,
  number: (name: string) => number,
): Verdict {
  const field = onlyField(detection)
  const isFew = field !== undefined && ruleCategories[category].fields[field]?.isRepetitive === true
  const verdict = compileParts(detection, category, number)
  return isFew && isDear(detection) ? remember(verdict, number(field)) : verdict
}

function compileParts(
  detection: Detection,
  category: RuleCategory,
  number: (name: string) => number,
): Verdict {
  switch (detection.kind) {
    case 'field':
      return compileTest(detection.test, number(detection.field), number)
    case 'keyword': {
      const tests = ruleCategories[category].keywords.map((field) =>
        compileTest(detection.test, number(field), number),
      )
      return (event) => tests.some((test) => test(event))
    }
    case 'not': {
      const part = compileDetection(detection.part, category, number)
      return (event) => !part(event)
    }
    default: {
      const parts = detection.parts.map((part) => compileDetection(part, category, number))
      const [first, second] = parts
      if (detection.kind === 'all') {
        if (parts.length === 2 && first && second) return (event) => first(event) && second(event)
        return (event) => {
          for (let i = 0; i < parts.length; i++) if (!parts[i]?.(event)) return false
          return true
        }
      }
      if (parts.length === 2 && first && second) return (event) => first(event) || second(event)
      return (event) => {
        for (let i = 0; i < parts.length; i++) if (parts[i]?.(event)) return true
        return false
      }
    }
  }
}
