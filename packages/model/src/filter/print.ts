/** Writes a filter in its one canonical text: `parseFilter(printFilter(x))` is x. Equal filters print equally. */
import { filterFields } from './field.ts'
import type { Filter, FilterValue } from './syntax.ts'

/** A word that reads as itself. Letters first would do; digits, paths, addresses and globs are common. */
const bare = /^[A-Za-z0-9_./:@*?%+-]+$/
const keywords = new Set(['and', 'or', 'not', 'in', 'exists'])

function quote(value: string): string {
  if (bare.test(value) && !keywords.has(value.toLowerCase())) return value
  let out = '"'
  for (const char of value) {
    const code = char.codePointAt(0) ?? 0
    if (char === '"' || char === '\\') out += `\\${char}`
    else if (char === '\n') out += '\\n'
    else if (char === '\r') out += '\\r'
    else if (char === '\t') out += '\\t'
    else if (code < 0x20 || code === 0x7f || (code >= 0xd800 && code <= 0xdfff))
      out += `\\u{${code.toString(16)}}`
    else out += char
  }
  return `${out}"`
}

function value(field: string, of: FilterValue): string {
  if (typeof of === 'string') return quote(of)
  return filterFields.get(field)?.type === 'time' ? new Date(of).toISOString() : String(of)
}

function print(filter: Filter, inside: 'or' | 'and' | 'not'): string {
  switch (filter.kind) {
    case 'all':
      return ''
    case 'or': {
      const text = filter.parts.map((part) => print(part, 'or')).join(' or ')
      return inside === 'or' ? text : `(${text})`
    }
    case 'and': {
      const text = filter.parts.map((part) => print(part, 'and')).join(' and ')
      return inside === 'not' ? `(${text})` : text
    }
    case 'not':
      return `not ${print(filter.part, 'not')}`
    case 'compare':
      return `${filter.field} ${filter.operator} ${value(filter.field, filter.value)}`
    case 'glob':
      return `${filter.field} ~ ${quote(filter.pattern)}`
    case 'in':
      return `${filter.field} in (${filter.values.map((of) => value(filter.field, of)).join(', ')})`
    case 'exists':
      return `${filter.field} exists`
    case 'text':
      return quote(filter.text)
  }
}

export function printFilter(filter: Filter): string {
  return print(filter, 'or')
}
