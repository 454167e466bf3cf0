/**
 * Turns a filter into a SQL condition over one view, with every value a quoted literal.
 *
 * SQL's logic is three-valued and the filter's is not: below `not` each condition is wrapped so that
 * "unknown" is false; elsewhere WHERE does that by itself, and an index or zone map can still be used.
 */
import { eventKinds, filterFields, processKinds, textColumns, type FilterField } from './field.ts'
import { globTokens } from './glob.ts'
import { kindsOf } from './compile.ts'
import type { EventKind } from '../ocsf/activity-batch.ts'
import type { Filter, FilterValue } from './syntax.ts'

export type FilterView = 'process_activity' | 'network_activity'

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

const kindConditions: Readonly<Record<EventKind, string>> = {
  exec: `activity_name = 'Launch'`,
  exec_failed: `activity_name = 'Launch Failed'`,
  fork: `activity_name = 'Fork'`,
  exit: `activity_name = 'Terminate'`,
  connect: `(activity_name = 'Open' AND connection_info_direction = 'Outbound')`,
  accept: `(activity_name = 'Open' AND connection_info_direction = 'Inbound')`,
  close: `activity_name IN ('Close', 'Reset')`,
  connect_failed: `activity_name = 'Fail'`,
  listen: `activity_name = 'Listen'`,
}

/** An expression over the columns of `view` that gives the kind of a row, as `kind = ...` asks for it. */
export function kindSql(view: FilterView): string {
  const cases = eventKinds
    .filter((kind) => processKinds.has(kind) === (view === 'process_activity'))
    .map((kind) => `WHEN ${kindConditions[kind]} THEN '${kind}'`)
  return `CASE ${cases.join(' ')} END`
}

function either(conditions: readonly string[]): string {
  const [only] = conditions
  if (only === undefined) return 'FALSE'
  return conditions.length === 1 ? only : `(${conditions.join(' OR ')})`
}

/** A boolean expression over the columns of `view`; `TRUE` for everything. */
export function filterToSql(filter: Filter, view: FilterView): string {
  const isProcess = view === 'process_activity'
  const columnsOf = (field: Pick<FilterField, 'process' | 'network'>) =>
    isProcess ? field.process : field.network

  function condition(node: Exclude<Filter, { kind: 'all' | 'and' | 'or' | 'not' }>): string {
    if (node.kind === 'text') {
      const wanted = literal(
        `%${[...node.text.toLowerCase()].map((char) => (/[%_#]/.test(char) ? `#${char}` : char)).join('')}%`,
      )
      return either(
        columnsOf(textColumns).map((column) => `lower(${column}) LIKE ${wanted} ESCAPE '#'`),
      )
    }
    const field = filterFields.get(node.field)
    if (!field) return 'FALSE'
    if (field.type === 'kind') {
      if (node.kind === 'exists') return 'TRUE'
      const wanted = kindsOf(node)
      const here = eventKinds.filter((kind) => processKinds.has(kind) === isProcess)
      if (here.every((kind) => wanted.has(kind))) return 'TRUE'
      return either(here.filter((kind) => wanted.has(kind)).map((kind) => kindConditions[kind]))
    }
    const columns = columnsOf(field)
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
