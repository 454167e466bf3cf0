/** Reads the selections of a rule's `detection`: field names, modifiers and values become tests. */
import { isMap, isScalar, isSeq } from 'yaml'
import { RE2JS } from 're2js'
import { compileNetwork } from './cidr.ts'
import { ruleCategories } from './categories.ts'
import {
  anchor,
  lowerPattern,
  parsePattern,
  plainPattern,
  type Anchor,
  type Pattern,
} from './pattern.ts'
import type { Detection, FieldTest, RuleCategory } from './rule.ts'
import { entriesOf, offsetOf, RuleComplaint, type Entry } from './rule-text.ts'

const known = [
  'contains',
  'startswith',
  'endswith',
  'all',
  're',
  'i',
  'm',
  's',
  'cidr',
  'base64',
  'base64offset',
  'windash',
  'exists',
  'lt',
  'lte',
  'gt',
  'gte',
  'cased',
  'fieldref',
] as const
type Modifier = (typeof known)[number]

const refusedModifiers: Readonly<Record<string, string>> = {
  expand: 'placeholders are filled in by a deployment and none is here; write the values out',
  wide: 'command lines on Linux are not UTF-16; remove it',
  utf16: 'command lines on Linux are not UTF-16; remove it',
  utf16le: 'command lines on Linux are not UTF-16; remove it',
  utf16be: 'command lines on Linux are not UTF-16; remove it',
  neq: 'use "not" in the condition',
  minute: 'parts of times are not compared here',
  hour: 'parts of times are not compared here',
  day: 'parts of times are not compared here',
  week: 'parts of times are not compared here',
  month: 'parts of times are not compared here',
  year: 'parts of times are not compared here',
}

const dashes = ['-', '/', '\u2013', '\u2014', '\u2015']

/** The value with each other dash in place of the one that begins an option. */
function dashVariants(value: string): string[] {
  return [...new Set(dashes.map((dash) => value.replaceAll(/\B[-/](?=\w)/g, dash)))]
}

function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/** What base64 shows of a value that begins at each of the three offsets of its groups. */
function base64Offsets(value: string): string[] {
  const bytes = new TextEncoder().encode(value)
  const cutFront = [0, 2, 3]
  const cutBack = [0, 3, 2]
  return [0, 1, 2].map((offset) => {
    const padded = new Uint8Array(offset + bytes.length)
    padded.fill(32, 0, offset)
    padded.set(bytes, offset)
    const text = toBase64(padded)
    return text.slice(cutFront[offset], text.length - (cutBack[padded.length % 3] ?? 0))
  })
}

interface Target {
  readonly field: string
  readonly modifiers: readonly Modifier[]
}

function readTarget(one: Entry, category: RuleCategory): Target {
  const at = offsetOf(one.keyNode)
  const [field = '', ...modifiers] = one.key.split('|')
  for (const modifier of modifiers) {
    const why = refusedModifiers[modifier]
    if (why) throw new RuleComplaint(`the modifier "${modifier}" is refused: ${why}`, at)
    if (!(known as readonly string[]).includes(modifier))
      throw new RuleComplaint(
        `the modifier "${modifier}" is not known; there are ${known.join(', ')}`,
        at,
      )
  }
  if (field !== '' && !Object.hasOwn(ruleCategories[category].fields, field))
    throw new RuleComplaint(
      `events of ${category} have no field "${field}" here; see docs/reference/events.md for those that there are`,
      at,
    )
  return { field, modifiers: modifiers as Modifier[] }
}

function checkRegex(source: string, flags: string, at: number): FieldTest {
  try {
    RE2JS.compile(source, regexFlags(flags))
  } catch (error) {
    throw new RuleComplaint(
      `the regular expression is refused: ${(error as Error).message}; look-around and back references do not run in linear time, rewrite it without`,
      at,
    )
  }
  return { kind: 'regex', source, flags }
}

/** `i`, `m` and `s` as RE2JS takes them. */
export function regexFlags(flags: string): number {
  return (
    (flags.includes('i') ? RE2JS.CASE_INSENSITIVE : 0) |
    (flags.includes('m') ? RE2JS.MULTILINE : 0) |
    (flags.includes('s') ? RE2JS.DOTALL : 0)
  )
}

/** Tests of which one must hold for a value. */
function readValue(value: unknown, target: Target, category: RuleCategory): FieldTest[] {
  const at = offsetOf(value)
  const { modifiers } = target
  const has = (modifier: Modifier) => modifiers.includes(modifier)
  if (value !== null && !isScalar(value))
    throw new RuleComplaint('a value is text, a number, null, or a list of these', at)
  const raw = value === null ? null : value.value
  if (has('exists')) {
    if (typeof raw !== 'boolean') throw new RuleComplaint('exists takes true or false', at)
    return [{ kind: 'exists', exists: raw }]
  }
  if (raw === null || raw === undefined) {
    if (modifiers.some((modifier) => modifier !== 'all' && modifier !== 'cased'))
      throw new RuleComplaint('null takes no modifier', at)
    return [{ kind: 'null' }]
  }
  // A number as it was typed: 0755 and 1.10 are texts in command lines.
  const text =
    isScalar(value) && typeof raw !== 'string' && value.source !== undefined
      ? value.source
      : String(raw)
  for (const compare of ['lt', 'lte', 'gt', 'gte'] as const)
    if (has(compare)) {
      if (text.trim() === '' || !Number.isFinite(Number(text)))
        throw new RuleComplaint(`${compare} compares numbers, "${text}" is none`, at)
      return [{ kind: 'number', compare, limit: Number(text) }]
    }
  if (has('cidr')) {
    if (!compileNetwork(text))
      throw new RuleComplaint(`"${text}" is not a network; write it like 10.0.0.0/8`, at)
    return [{ kind: 'cidr', network: text }]
  }
  const how: Anchor = has('contains')
    ? 'contains'
    : has('startswith')
      ? 'startswith'
      : has('endswith')
        ? 'endswith'
        : 'exact'
  const cased = has('cased')
  if (has('re')) {
    if (how !== 'exact' || has('base64') || has('base64offset'))
      throw new RuleComplaint('re takes no other modifier than i, m, s and all', at)
    return [checkRegex(text, modifiers.filter((one) => /^[ims]$/.test(one)).join(''), at)]
  }
  if (has('fieldref')) {
    if (!Object.hasOwn(ruleCategories[category].fields, text))
      throw new RuleComplaint(`events of ${category} have no field "${text}" here`, at)
    return [{ kind: 'fieldref', other: text, how, cased }]
  }
  const values = has('windash') ? dashVariants(text) : [text]
  const encoded = has('base64') || has('base64offset')
  const patterns: Pattern[] = values.flatMap((one) => {
    if (has('base64offset')) return base64Offsets(one).map(plainPattern)
    if (has('base64')) return [plainPattern(toBase64(new TextEncoder().encode(one)))]
    return [parsePattern(one)]
  })
  return patterns.map((pattern) => {
    const anchored = anchor(pattern, how)
    // Base64 is a matter of case whatever the rest of Sigma says.
    const isCased = cased || encoded
    return {
      kind: 'text',
      cased: isCased,
      pattern: isCased ? anchored : lowerPattern(anchored),
    }
  })
}

const oneOf = (parts: readonly Detection[]): Detection =>
  parts.length === 1 && parts[0] ? parts[0] : { kind: 'any', parts }

function readField(one: Entry, category: RuleCategory): Detection {
  const target = readTarget(one, category)
  const values = isSeq(one.value) ? one.value.items : [one.value]
  if (values.length === 0) throw new RuleComplaint(`${one.key} has no value`, offsetOf(one.keyNode))
  const parts = values.map((value) =>
    oneOf(
      readValue(value, target, category).map((test) =>
        target.field === ''
          ? ({ kind: 'keyword', test } as const)
          : ({ kind: 'field', field: target.field, test } as const),
      ),
    ),
  )
  if (parts.length === 1 && parts[0]) return parts[0]
  return { kind: target.modifiers.includes('all') ? 'all' : 'any', parts }
}

/** A selection: a mapping (all of it), a list of mappings (one of them), or keywords (one of them). */
export function readSelection(one: Entry, category: RuleCategory): Detection {
  const { value } = one
  if (isMap(value)) {
    const entries = entriesOf(value)
    if (entries.length === 0)
      throw new RuleComplaint(`the selection "${one.key}" is empty`, offsetOf(one.keyNode))
    const parts = entries.map((inner) => readField(inner, category))
    return parts.length === 1 && parts[0] ? parts[0] : { kind: 'all', parts }
  }
  const keyword: Target = { field: '', modifiers: ['contains'] }
  const items = isSeq(value) ? value.items : [value]
  if (items.length === 0)
    throw new RuleComplaint(`the selection "${one.key}" is empty`, offsetOf(one.keyNode))
  return oneOf(
    items.map((item) => {
      if (isMap(item)) return readSelection({ ...one, value: item }, category)
      if (item === null || (isScalar(item) && item.value === null))
        throw new RuleComplaint('a keyword cannot be null', offsetOf(item ?? one.keyNode))
      return oneOf(
        readValue(item, keyword, category).map((test) => ({ kind: 'keyword', test }) as const),
      )
    }),
  )
}
