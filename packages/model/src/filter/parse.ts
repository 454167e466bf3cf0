/**
 * Reads a filter from text that a person or a URL gave.
 *
 *   or    = and { "or" and }          and = unary { "and" unary }       unary = "not" unary | "(" or ")" | test
 *   test  = field ("=" | "!=" | "~" | "<" | "<=" | ">" | ">=") value | field "in" "(" value { "," value } ")"
 *         | field "exists" | value
 *
 * Values are bare words or quoted by " or ' with the escapes \\ \" \' \n \r \t \u{hex}. Recursion is bounded.
 */
import { HoneyguideError } from '../errors.ts'
import type { EventKind } from '../ocsf/activity-batch.ts'
import { eventKinds } from '../ocsf/event-classes.ts'
import { filterFields, findField, type FilterField } from './field.ts'
import { allOf, anyOf, filterLimits, type Filter, type FilterValue } from './syntax.ts'

/** HG_FILTER_INVALID with the place of what could not be read. */
export class FilterError extends HoneyguideError {
  /** From 1, in UTF-16 units. */
  readonly column: number
  constructor(detail: string, column: number) {
    super('HG_FILTER_INVALID', `Column ${column}: ${detail}.`)
    this.name = 'FilterError'
    this.column = column
  }
}

interface Token {
  readonly kind: 'word' | 'quoted' | 'symbol' | 'end'
  readonly text: string
  /** Index of its first character. */
  readonly at: number
}

/** Characters that a bare word is made of. */
const wordPattern = /[^\s()",'=!<>~]+/y
const symbolPattern = /!=|<=|>=|[()=~<>,]/y
const keywords = new Set(['and', 'or', 'not', 'in', 'exists'])

function readQuoted(text: string, start: number): { value: string; end: number } {
  const quote = text[start]
  let value = ''
  for (let at = start + 1; at < text.length;) {
    const char = text[at] ?? ''
    if (char === quote) return { value, end: at + 1 }
    if (char !== '\\') {
      value += char
      at += 1
      continue
    }
    const next = text[at + 1] ?? ''
    const simple = { n: '\n', r: '\r', t: '\t', '\\': '\\', '"': '"', "'": "'" }[next]
    if (simple !== undefined) {
      value += simple
      at += 2
      continue
    }
    const unicode = /^\\u\{([0-9a-fA-F]{1,6})\}/.exec(text.slice(at, at + 10))
    const code = unicode ? parseInt(unicode[1] ?? '', 16) : Infinity
    // A backslash before another character is kept, so that "C:\x" and the glob "\*" read as typed.
    if (next !== 'u') {
      value += char
      at += 1
    } else if (unicode && code <= 0x10ffff) {
      value += String.fromCodePoint(code)
      at += unicode[0].length
    } else throw new FilterError('\\u is followed by a code point in braces, as \\u{1b}', at + 1)
  }
  throw new FilterError('the quote is not closed', start + 1)
}

function tokenize(text: string): Token[] {
  const out: Token[] = []
  for (let at = 0; at < text.length;) {
    const char = text[at] ?? ''
    if (/\s/.test(char)) {
      at += 1
      continue
    }
    if (char === '"' || char === "'") {
      const { value, end } = readQuoted(text, at)
      out.push({ kind: 'quoted', text: value, at })
      at = end
      continue
    }
    symbolPattern.lastIndex = at
    const symbol = symbolPattern.exec(text)?.[0]
    if (symbol !== undefined) {
      out.push({ kind: 'symbol', text: symbol, at })
      at += symbol.length
      continue
    }
    wordPattern.lastIndex = at
    const word = wordPattern.exec(text)?.[0]
    if (word === undefined)
      throw new FilterError(`${JSON.stringify(char)} has no meaning here`, at + 1)
    out.push({ kind: 'word', text: word, at })
    at += word.length
  }
  out.push({ kind: 'end', text: '', at: text.length })
  return out
}

function nearest(name: string): string {
  const wanted = name.toLowerCase().replaceAll('.', '_')
  const close = [...filterFields.keys()].filter(
    (field) =>
      field.includes(wanted) || (wanted.length > 3 && field.startsWith(wanted.slice(0, 4))),
  )
  return close.length === 0 ? '' : `; did you mean ${close.slice(0, 3).join(', ')}?`
}

/** The canonical value for a field, or a FilterError at the value. */
function readValue(field: FilterField, token: Token): FilterValue {
  const { text, at } = token
  if (text.includes('\0')) throw new FilterError('a value cannot hold NUL', at + 1)
  switch (field.type) {
    case 'text':
      return text
    case 'integer': {
      const value = Number(text)
      if (!/^-?[0-9]{1,16}$/.test(text) || !Number.isSafeInteger(value))
        throw new FilterError(
          `${field.name} is a whole number, not ${JSON.stringify(text)}`,
          at + 1,
        )
      return value === 0 ? 0 : value
    }
    case 'time': {
      const value = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?Z?$/.test(text)
        ? Date.parse(
            /[T ]/.test(text)
              ? `${text.replace(' ', 'T').replace(/Z$/, '')}Z`
              : text.replace(/Z$/, ''),
          )
        : NaN
      if (Number.isNaN(value))
        throw new FilterError(`${field.name} is a UTC time as 2026-11-24T14:05:00Z`, at + 1)
      return value
    }
    case 'kind': {
      const kind = text.toLowerCase()
      if (!eventKinds.includes(kind as EventKind))
        throw new FilterError(
          `${JSON.stringify(text)} is no kind of event; there are ${eventKinds.join(', ')}`,
          at + 1,
        )
      return kind
    }
  }
}

/** Throws a FilterError (HG_FILTER_INVALID) with the column. Empty text is `all`. */
export function parseFilter(text: string): Filter {
  if (text.length > filterLimits.length)
    throw new FilterError(
      `${text.length} characters, at most ${filterLimits.length} are taken`,
      filterLimits.length + 1,
    )
  const tokens = tokenize(text)
  let position = 0
  let nodes = 0

  const peek = (): Token => tokens[position] as Token
  const next = (): Token => tokens[position++] as Token
  const isKeyword = (word: string): boolean =>
    peek().kind === 'word' && peek().text.toLowerCase() === word
  const isSymbol = (symbol: string): boolean => peek().kind === 'symbol' && peek().text === symbol

  function count(at: number): void {
    nodes += 1
    if (nodes > filterLimits.nodes)
      throw new FilterError(`more than ${filterLimits.nodes} conditions`, at + 1)
  }

  function found(token: Token): string {
    return token.kind === 'end' ? 'the filter ends here' : `found ${JSON.stringify(token.text)}`
  }

  function readOr(depth: number): Filter {
    const parts = [readAnd(depth)]
    while (isKeyword('or')) {
      next()
      parts.push(readAnd(depth))
    }
    return anyOf(parts)
  }

  function readAnd(depth: number): Filter {
    const parts = [readUnary(depth)]
    while (isKeyword('and')) {
      next()
      parts.push(readUnary(depth))
    }
    return allOf(parts)
  }

  function readUnary(depth: number): Filter {
    if (depth > filterLimits.depth)
      throw new FilterError(`nested deeper than ${filterLimits.depth}`, peek().at + 1)
    if (isKeyword('not')) {
      count(next().at)
      return { kind: 'not', part: readUnary(depth + 1) }
    }
    if (isSymbol('(')) {
      const open = next()
      const inner = readOr(depth + 1)
      if (!isSymbol(')'))
        throw new FilterError(
          `a ")" is missing for the "(" at column ${open.at + 1}; ${found(peek())}`,
          peek().at + 1,
        )
      next()
      return inner
    }
    return readTest()
  }

  function readOperand(): Token {
    const token = next()
    if (token.kind === 'word' || token.kind === 'quoted') return token
    throw new FilterError(`a value is missing; ${found(token)}`, token.at + 1)
  }

  function readTest(): Filter {
    const subject = next()
    count(subject.at)
    if (subject.kind === 'end' || subject.kind === 'symbol')
      throw new FilterError(`a condition is missing; ${found(subject)}`, subject.at + 1)
    if (subject.kind === 'word' && keywords.has(subject.text.toLowerCase()))
      throw new FilterError(`a condition is missing; ${found(subject)}`, subject.at + 1)
    const operator = peek()
    const word = operator.kind === 'word' ? operator.text.toLowerCase() : ''
    const hasOperator =
      (operator.kind === 'symbol' && !['(', ')', ','].includes(operator.text)) ||
      word === 'in' ||
      word === 'exists'
    if (!hasOperator) {
      if (subject.text === '' || subject.text.includes('\0'))
        throw new FilterError('a word to look for is missing', subject.at + 1)
      return { kind: 'text', text: subject.text }
    }
    const field = subject.kind === 'word' ? findField(subject.text) : undefined
    if (!field)
      throw new FilterError(
        `there is no field ${JSON.stringify(subject.text)}${nearest(subject.text)}`,
        subject.at + 1,
      )
    next()
    if (word === 'exists') return { kind: 'exists', field: field.name }
    if (word === 'in') {
      if (!isSymbol('('))
        throw new FilterError(
          `"in" is followed by a list in parentheses; ${found(peek())}`,
          peek().at + 1,
        )
      next()
      const values: FilterValue[] = []
      for (;;) {
        const token = readOperand()
        values.push(readValue(field, token))
        if (values.length > filterLimits.values)
          throw new FilterError(`more than ${filterLimits.values} values`, token.at + 1)
        if (isSymbol(',')) {
          next()
          continue
        }
        if (!isSymbol(')'))
          throw new FilterError(`"," or ")" is missing; ${found(peek())}`, peek().at + 1)
        next()
        break
      }
      if (field.type === 'time')
        throw new FilterError(`${field.name} is compared by < <= > >=`, operator.at + 1)
      return { kind: 'in', field: field.name, values }
    }
    const operand = readOperand()
    switch (operator.text) {
      case '~':
        if (field.type !== 'text' && field.type !== 'kind')
          throw new FilterError(
            `~ matches text, and ${field.name} is a number or time`,
            operator.at + 1,
          )
        if (operand.text.includes('\0'))
          throw new FilterError('a value cannot hold NUL', operand.at + 1)
        return { kind: 'glob', field: field.name, pattern: operand.text }
      case '=':
      case '!=':
        if (field.type === 'time')
          throw new FilterError(`${field.name} is compared by < <= > >=`, operator.at + 1)
        return {
          kind: 'compare',
          field: field.name,
          operator: operator.text,
          value: readValue(field, operand),
        }
      case '<':
      case '<=':
      case '>':
      case '>=':
        if (field.type !== 'integer' && field.type !== 'time')
          throw new FilterError(
            `${operator.text} compares numbers and times, and ${field.name} is text`,
            operator.at + 1,
          )
        return {
          kind: 'compare',
          field: field.name,
          operator: operator.text,
          value: readValue(field, operand),
        }
      default:
        throw new FilterError(`${JSON.stringify(operator.text)} is no operator`, operator.at + 1)
    }
  }

  if (peek().kind === 'end') return { kind: 'all' }
  const filter = readOr(0)
  const rest = peek()
  if (rest.kind !== 'end')
    throw new FilterError(
      `"and" or "or" is missing before ${JSON.stringify(rest.text)}`,
      rest.at + 1,
    )
  return filter
}
