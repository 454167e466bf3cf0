/**
 * Turns a filter into a SQL condition over one view, with every value a quoted literal.
 *
 * SQL's logic is three-valued and the filter's is not: below `not` each condition is wrapped so that
 * "unknown" is false; elsewhere WHERE does that by itself, and an index or zone map can still be used.
 */
import {
  eventKindInfo,
  kindsOfView,
  type ActivityColumn,
  type ActivityView,
  type EventKind,
} from '../ocsf/event-classes.ts'
import { filterFields, textColumns } from './field.ts'
import { globTokens } from './glob.ts'
import { kindsOf } from './compile.ts'
import type { Filter, FilterValue } from './syntax.ts'

/** A text literal. Filters hold no NUL (the parser refuses it). */
function literal(value: FilterValue): string {
  return typeof value === 'number' ? String(value) : `'${value.replaceAll("'", "''")}'`
}

/** `*` and `?` as LIKE has them; `#` escapes, as a backslash would meet string escapes of some engines. */
function likePattern(pattern: string): string {
  return globTokens(pattern)
    .map((token) => {
      if (token.kind === 'run') return '%'
      if (token.kind === 'one') return '_'
      return /[%_#]/.test(token.char) ? `#${token.char}` : token.char
    })
    .join('')
}

/** When a row of the kind's view is of that kind. */
function kindCondition(kind: EventKind): string {
  const { activity, also = [], where } = eventKindInfo(kind)
  const names = [activity, ...also].map(({ name }) => literal(name))
  const condition =
    names.length === 1 ? `activity_name = ${names[0]}` : `activity_name IN (${names.join(', ')})`
  const more = Object.entries(where ?? {}).map(([column, value]) => `${column} = ${literal(value)}`)
  return more.length > 0 ? `(${[condition, ...more].join(' AND ')})` : condition
}

/** An expression over the columns of `view` that gives the kind of a row, as `kind = ...` asks for it. */
export function kindSql(view: ActivityView): string {
  const cases = kindsOfView(view).map((kind) => `WHEN ${kindCondition(kind)} THEN '${kind}'`)
  return `CASE ${cases.join(' ')} END`
}

/** An expression over the columns of `view` that gives the group of a row: a constant where all kinds have one. */
export function groupSql(view: ActivityView): string {
  const kinds = kindsOfView(view)
  const groups = new Set(kinds.map((kind) => eventKindInfo(kind).group))
  const [only] = groups
  if (only !== undefined && groups.size === 1) return literal(only)
  const cases = kinds.map(
    (kind) => `WHEN ${kindCondition(kind)} THEN ${literal(eventKindInfo(kind).group)}`,
  )
  return `CASE ${cases.join(' ')} END`
}

function either(conditions: readonly string[]): string {
  const [only] = conditions
  if (only === undefined) return 'FALSE'
  return conditions.length === 1 ? only : `(${conditions.join(' OR ')})`
}

/** A boolean expression over the columns of `view`; `TRUE` for everything. */
export function filterToSql(filter: Filter, view: ActivityView): string {
  const kindsHere = kindsOfView(view)

  function condition(node: Exclude<Filter, { kind: 'all' | 'and' | 'or' | 'not' }>): string {
    if (node.kind === 'text') {
      const wanted = literal(
        `%${[...node.text.toLowerCase()].map((char) => (/[%_#]/.test(char) ? `#${char}` : char)).join('')}%`,
      )
      return either(
        (textColumns[view] ?? []).map((column) => `lower(${column}) LIKE ${wanted} ESCAPE '#'`),
      )
    }
    const field = filterFields.get(node.field)
    if (!field) return 'FALSE'
    if (field.type === 'kind') {
      if (node.kind === 'exists') return 'TRUE'
      const wanted = kindsOf(node)
      if (kindsHere.every((kind) => wanted.has(kind))) return 'TRUE'
      return either(kindsHere.filter((kind) => wanted.has(kind)).map(kindCondition))
    }
    const columns: readonly ActivityColumn[] = field.columns[view] ?? []
    switch (node.kind) {
      case 'exists':
        return either(
          columns.map((column) =>
            field.type === 'text'
              ? `(${column} IS NOT NULL AND ${column} <> '')`
              : `${column} IS NOT NULL`,
          ),
        )
      case 'glob':
        return either(
          columns.map(
            (column) => `${column} LIKE ${literal(likePattern(node.pattern))} ESCAPE '#'`,
          ),
        )
      case 'in':
        return either(
          columns.map((column) => `${column} IN (${node.values.map(literal).join(', ')})`),
        )
      case 'compare': {
        const value =
          field.type === 'time'
            ? `TIMESTAMP '${new Date(Number(node.value)).toISOString().replace('T', ' ').replace('Z', '')}'`
            : literal(node.value)
        if (node.operator === '!=') {
          return columns.length === 0
            ? 'TRUE'
            : `(${columns.map((column) => `${column} IS DISTINCT FROM ${value}`).join(' AND ')})`
        }
        return either(columns.map((column) => `${column} ${node.operator} ${value}`))
      }
    }
  }

  function write(node: Filter, negated: boolean): string {
    switch (node.kind) {
      case 'all':
        return 'TRUE'
      case 'and':
      case 'or':
        return `(${node.parts.map((part) => write(part, negated)).join(node.kind === 'and' ? ' AND ' : ' OR ')})`
      case 'not':
        return `(NOT ${write(node.part, true)})`
      default: {
        const text = condition(node)
        return negated && text !== 'TRUE' && text !== 'FALSE' ? `coalesce(${text}, FALSE)` : text
      }
    }
  }
  return write(filter, false)
}
