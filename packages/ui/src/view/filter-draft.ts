/**
 * The filter field's model: conditions as chips that can be added, taken away and completed.
 *
 * The text in the URL is the canonical text of `@honeyguide/model/filter`; chips are its top-level `and` parts.
 */
import {
  allOf,
  FilterError,
  filterFields,
  findField,
  parseFilter,
  printFilter,
  type Filter,
} from '@honeyguide/model/filter'
import { eventKinds } from '@honeyguide/model/ocsf'

export interface FilterChip {
  /** Canonical text of this part. */
  readonly text: string
  readonly field: string
  readonly operator: string
  readonly value: string
  /** Whether it excludes. */
  readonly not: boolean
}

export type FilterReading =
  | { readonly kind: 'good'; readonly text: string; readonly chips: readonly FilterChip[] }
  | {
      readonly kind: 'bad'
      readonly text: string
      readonly message: string
      readonly column: number
    }

function partsOf(filter: Filter): readonly Filter[] {
  if (filter.kind === 'all') return []
  return filter.kind === 'and' ? filter.parts : [filter]
}

function chipOf(part: Filter): FilterChip {
  const text = printFilter(part)
  switch (part.kind) {
    case 'compare': {
      const value = text.slice(part.field.length + part.operator.length + 2)
      return {
        text,
        field: part.field,
        operator: part.operator,
        value,
        not: part.operator === '!=',
      }
    }
    case 'glob':
      return { text, field: part.field, operator: '~', value: part.pattern, not: false }
    case 'in':
      return {
        text,
        field: part.field,
        operator: 'in',
        value: text.slice(part.field.length + 4),
        not: false,
      }
    case 'exists':
      return { text, field: part.field, operator: 'exists', value: '', not: false }
    case 'text':
      return { text, field: '', operator: '', value: part.text, not: false }
    case 'not':
      return { text, field: 'not', operator: '', value: printFilter(part.part), not: true }
    default:
      return { text, field: '', operator: '', value: text, not: false }
  }
}

/** Reads what a URL or a person gave; never throws. */
export function readFilter(text: string): FilterReading {
  try {
    const filter = parseFilter(text)
    return { kind: 'good', text: printFilter(filter), chips: partsOf(filter).map(chipOf) }
  } catch (error) {
    if (error instanceof FilterError)
      return { kind: 'bad', text, message: error.message, column: error.column }
    return { kind: 'bad', text, message: String(error), column: 1 }
  }
}

function filterOf(text: string): Filter {
  try {
    return parseFilter(text)
  } catch {
    // What cannot be read cannot be kept when a condition is added to it.
    return { kind: 'all' }
  }
}

/**
 * `text` and one more condition. The opposite of a condition that is there replaces it; an equal one is not
 * repeated. Returns the text unchanged when `field` is none of the filter's or the value cannot be said in one.
 */
export function withCondition(
  text: string,
  field: string,
  value: string | number,
  act: 'only' | 'not',
): string {
  const known = findField(field)
  if (!known) return text
  const typed = known.type === 'integer' ? Number(value) : String(value)
  const same = (part: Filter) =>
    part.kind === 'compare' && part.field === known.name && part.value === typed
  const kept = partsOf(filterOf(text)).filter((part) => !same(part))
  const added: Filter = {
    kind: 'compare',
    field: known.name,
    operator: act === 'only' ? '=' : '!=',
    value: typed,
  }
  const out = printFilter(allOf([...kept, added]))
  // A value with a NUL, or one that makes the filter too long, cannot be said in a filter.
  return readFilter(out).kind === 'good' ? out : text
}

/** Without the chip at `index`. */
export function withoutChip(text: string, index: number): string {
  return printFilter(allOf(partsOf(filterOf(text)).filter((_, at) => at !== index)))
}

/** Joins two filter texts by `and`; what cannot be read is left out. */
export function bothFilters(first: string, second: string): string {
  return printFilter(allOf([filterOf(first), filterOf(second)]))
}

/** A condition on hosts, for the scope of a screen; empty for all. */
export function hostsFilter(hosts: readonly string[]): string {
  if (hosts.length === 0) return ''
  return printFilter(
    hosts.length === 1
      ? { kind: 'compare', field: 'host', operator: '=', value: hosts[0] ?? '' }
      : { kind: 'in', field: 'host', values: hosts },
  )
}

export interface FilterCompletion {
  readonly kind: 'field' | 'operator' | 'value' | 'word'
  /** What is shown. */
  readonly label: string
  readonly detail: string
  /** The draft after it is taken. */
  readonly draft: string
}

const usual = [
  'kind',
  'name',
  'cmd',
  'path',
  'user',
  'host',
  'pid',
  'ip',
  'port',
  'process_name',
  'process_cmd_line',
  'process_file_path',
  'process_parent_process_name',
  'process_pid',
  'process_user_name',
  'process_unit',
  'dst_endpoint_ip',
  'dst_endpoint_port',
]

/**
 * What could come next after `draft` (the text behind the chips): fields, operators or values.
 * `valuesOf` gives the frequent values of a field among what is on screen.
 */
export function completeFilter(
  draft: string,
  valuesOf: (field: string) => readonly { readonly value: string; readonly count: number }[],
): readonly FilterCompletion[] {
  const condition = /(?:^|\band\s+|\bor\s+|\bnot\s+|\()([\w.]*)$/i.exec(draft)
  if (condition) {
    const typed = condition[1] ?? ''
    const wanted = typed.toLowerCase().replaceAll('.', '_')
    const head = draft.slice(0, draft.length - typed.length)
    const all = [...filterFields.values()]
    const rank = (name: string) => {
      const at = usual.indexOf(name)
      return (name.startsWith(wanted) ? 0 : 100) + (at < 0 ? 50 : at)
    }
    return all
      .filter((field) => field.name !== 'type' && field.name.includes(wanted))
      .sort((a, b) => rank(a.name) - rank(b.name) || a.name.localeCompare(b.name))
      .slice(0, 40)
      .map((field) => ({
        kind: 'field',
        label: field.name,
        detail: field.doc,
        draft: `${head}${field.name} `,
      }))
  }
  const operator = /([\w.]+)\s+([!<>=~]*|i|in|e\w*)$/.exec(draft)
  const field = operator && findField(operator[1] ?? '')
  if (operator && field) {
    const head = draft.slice(0, draft.length - (operator[2] ?? '').length)
    const offered =
      field.type === 'integer' || field.type === 'time'
        ? ['=', '!=', '<', '<=', '>', '>=', 'in', 'exists']
        : ['=', '!=', '~', 'in', 'exists']
    const exact = offered.includes(operator[2] ?? '')
    if (!exact)
      return offered
        .filter((one) => one.startsWith(operator[2] ?? ''))
        .map((one) => ({
          kind: 'operator',
          label: one,
          detail: operatorDoc[one] ?? '',
          draft: `${head}${one}${one === 'exists' ? '' : one === 'in' ? ' (' : ' '}`,
        }))
  }
  const value = /([\w.]+)\s*(!=|<=|>=|=|~|<|>)\s*("?)([^"\s]*)$/.exec(draft)
  const valueField = value && findField(value[1] ?? '')
  if (value && valueField) {
    const typed = value[4] ?? ''
    const head = draft.slice(0, draft.length - typed.length - (value[3] ?? '').length)
    const values =
      valueField.type === 'kind'
        ? eventKinds.map((one): { value: string; count: number } => ({ value: one, count: 0 }))
        : valuesOf(valueField.name)
    return values
      .filter((one) => one.value.toLowerCase().startsWith(typed.toLowerCase()))
      .slice(0, 20)
      .map((one) => {
        const text = printFilter({
          kind: 'compare',
          field: valueField.name,
          operator: '=',
          value: valueField.type === 'integer' ? Number(one.value) : one.value,
        }).slice(valueField.name.length + 3)
        return {
          kind: 'value',
          label: one.value,
          detail: one.count > 0 ? String(one.count) : '',
          draft: `${head}${text}`,
        }
      })
  }
  return []
}

const operatorDoc: Readonly<Record<string, string>> = {
  '=': 'is',
  '!=': 'is not',
  '~': 'matches a pattern with * and ?',
  in: 'is one of (a, b, c)',
  exists: 'is there and not empty',
  '<': 'is less than',
  '<=': 'is at most',
  '>': 'is more than',
  '>=': 'is at least',
}
