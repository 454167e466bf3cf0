/** The answer to a hunt as a table: kinds of columns, values as filters of the result, order, sparklines. */
import type { HuntAnswer } from '@honeyguide/model/api'
import type { ValueKind } from './event-words.ts'

export type ResultValue = string | number | boolean | null

export interface ResultColumn {
  readonly name: string
  readonly index: number
  readonly kind: 'number' | 'time' | 'list' | 'text'
  readonly icon: ValueKind
  /** Widest text seen, characters, 4 to 60. */
  readonly chars: number
  /** Largest number, for micro bars; 0 when none. */
  readonly most: number
}

const numeric = /^(u?(big|huge|small|tiny)?int(eger)?|double|float|real|decimal.*|long|integer)$/i

function iconOf(name: string): ValueKind {
  if (/(^|_)(host|hostname|device)/i.test(name)) return 'host'
  if (/(path|file)/i.test(name)) return 'file'
  if (/(^|_)(ip|endpoint|address|port)(_|$)/i.test(name)) return 'net'
  if (/user/i.test(name)) return 'user'
  if (/(process_name|started_by|_by$|^name$|parent)/i.test(name)) return 'proc'
  return 'text'
}

/** Numbers of a list cell: an array as JSON text, or DuckDB's `[1, 2]`. Undefined when it is none. */
export function listNumbers(value: ResultValue): readonly number[] | undefined {
  if (typeof value !== 'string' || !value.startsWith('[')) return undefined
  try {
    const list: unknown = JSON.parse(value)
    if (!Array.isArray(list) || list.length === 0) return undefined
    const numbers = list.filter((one): one is number => typeof one === 'number')
    return numbers.length === list.length ? numbers.slice(-60) : undefined
  } catch {
    return undefined
  }
}

export function resultColumns(answer: HuntAnswer): readonly ResultColumn[] {
  return answer.columns.map((column, index) => {
    const sample = answer.rows.slice(0, 200).map((row) => row[index] ?? null)
    const filled = sample.filter((value) => value !== null)
    const kind: ResultColumn['kind'] =
      /\[\]$|list/i.test(column.type) ||
      (filled.length > 0 && filled.every((value) => listNumbers(value) !== undefined))
        ? 'list'
        : /timestamp|date|time/i.test(column.type)
          ? 'time'
          : numeric.test(column.type) ||
              (filled.length > 0 && filled.every((value) => typeof value === 'number'))
            ? 'number'
            : 'text'
    return {
      name: column.name,
      index,
      kind,
      icon: kind === 'text' ? iconOf(column.name) : 'text',
      chars: Math.max(
        4,
        Math.min(60, Math.max(column.name.length, ...filled.map((value) => String(value).length))),
      ),
      most:
        kind === 'number'
          ? Math.max(0, ...filled.map((value) => Number(value)).filter(Number.isFinite))
          : 0,
    }
  })
}

export interface ResultOrder {
  readonly column: string
  readonly down: boolean
}

/** One condition on the result: `column:value`, `!` before it excludes. */
export interface ResultCondition {
  readonly column: string
  readonly value: string
  readonly not: boolean
}

export function readConditions(text: string): readonly ResultCondition[] {
  if (text === '') return []
  try {
    const list: unknown = JSON.parse(text)
    if (!Array.isArray(list)) return []
    return list.flatMap((one: unknown) =>
      Array.isArray(one) && typeof one[0] === 'string' && typeof one[1] === 'string'
        ? [{ column: one[0], value: one[1], not: one[2] === 1 }]
        : [],
    )
  } catch {
    return []
  }
}

export function writeConditions(conditions: readonly ResultCondition[]): string {
  return conditions.length === 0
    ? ''
    : JSON.stringify(
        conditions.map((one) => (one.not ? [one.column, one.value, 1] : [one.column, one.value])),
      )
}

export function resultRows(
  answer: HuntAnswer,
  conditions: readonly ResultCondition[],
  order: ResultOrder | null,
): readonly (readonly ResultValue[])[] {
  const index = new Map(answer.columns.map((column, at) => [column.name, at]))
  const kept = answer.rows.filter((row) =>
    conditions.every((one) => {
      const at = index.get(one.column)
      return at === undefined || (String(row[at] ?? '') === one.value) !== one.not
    }),
  )
  const at = order === null ? undefined : index.get(order.column)
  if (order === null || at === undefined) return kept
  const sign = order.down ? -1 : 1
  return [...kept].sort((a, b) => {
    const x = a[at] ?? null
    const y = b[at] ?? null
    if (x === y) return 0
    // Absent values last in both directions.
    if (x === null) return 1
    if (y === null) return -1
    if (typeof x === 'number' && typeof y === 'number') return (x - y) * sign
    return (String(x) < String(y) ? -1 : 1) * sign
  })
}
