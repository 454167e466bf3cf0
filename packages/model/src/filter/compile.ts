/**
 * Turns a filter into functions over events: over `ActivityRow` objects, and over the rows of an
 * `ActivityBatch` without making objects. Both say the same of the same event; tests hold them together.
 *
 * Over a batch the verdict of a text condition is kept per distinct value (`valueId`), so that a glob over
 * long command lines runs once per dictionary entry and not once per row.
 */
import type { ActivityBatch, ActivityValue } from '../ocsf/activity-batch.ts'
import {
  eventClassOfRow,
  eventKind,
  eventKindInfo,
  eventKinds,
  type ActivityColumn,
  type ActivityRow,
  type ActivityView,
  type EventKind,
} from '../ocsf/event-classes.ts'
import { filterFields, textColumns, type FieldColumns } from './field.ts'
import { compileGlob } from './glob.ts'
import type { Filter, OrderOperator } from './syntax.ts'

export interface CompiledFilter {
  /** Whether this event passes. */
  matches(row: ActivityRow): boolean
  /** A function that tells for each row of one batch; use it for that batch only. */
  forBatch(batch: ActivityBatch): (row: number) => boolean
}

/** An event as the conditions see it, wherever it lies. */
interface Cursor {
  kind(): EventKind
  /** Undefined for a class that this version does not know. */
  view(): ActivityView | undefined
  value(column: ActivityColumn): ActivityValue
  /** ms since 1970. */
  timeMs(): number
  valueId(column: ActivityColumn): number
}

type Test = (cursor: Cursor) => boolean

/** Kinds that a condition on `kind` accepts. */
export function kindsOf(filter: Filter): ReadonlySet<EventKind> {
  switch (filter.kind) {
    case 'compare':
      return new Set(
        eventKinds.filter((kind) => (kind === filter.value) === (filter.operator === '=')),
      )
    case 'glob':
      return new Set(eventKinds.filter(compileGlob(filter.pattern)))
    case 'in':
      return new Set(eventKinds.filter((kind) => filter.values.includes(kind)))
    default:
      return new Set(eventKinds)
  }
}

const orders: Readonly<Record<OrderOperator, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
}

const none: readonly ActivityColumn[] = []

/** Whether any of the event's columns of this field passes; verdicts kept per value while `fresh` says so. */
function anyColumn(
  columns: FieldColumns,
  test: (value: ActivityValue) => boolean,
): { readonly run: Test; readonly reset: () => void } {
  const verdicts = new Map<ActivityColumn, Map<number, boolean>>()
  const run: Test = (cursor) => {
    const view = cursor.view()
    if (view === undefined) return false
    for (const column of columns[view] ?? none) {
      const id = cursor.valueId(column)
      if (id < 0) {
        if (test(cursor.value(column))) return true
        continue
      }
      let ofColumn = verdicts.get(column)
      if (!ofColumn) verdicts.set(column, (ofColumn = new Map()))
      let verdict = ofColumn.get(id)
      if (verdict === undefined) ofColumn.set(id, (verdict = test(cursor.value(column))))
      if (verdict) return true
    }
    return false
  }
  return { run, reset: () => verdicts.clear() }
}

export function compileFilter(filter: Filter): CompiledFilter {
  const resets: (() => void)[] = []
  const held = (columns: FieldColumns, test: (value: ActivityValue) => boolean): Test => {
    const { run, reset } = anyColumn(columns, test)
    resets.push(reset)
    return run
  }

  function compile(node: Filter): Test {
    switch (node.kind) {
      case 'all':
        return () => true
      case 'and': {
        const tests = node.parts.map(compile)
        return (cursor) => tests.every((test) => test(cursor))
      }
      case 'or': {
        const tests = node.parts.map(compile)
        return (cursor) => tests.some((test) => test(cursor))
      }
      case 'not': {
        const test = compile(node.part)
        return (cursor) => !test(cursor)
      }
      case 'text': {
        const wanted = node.text.toLowerCase()
        return held(
          textColumns,
          (value) => typeof value === 'string' && value.toLowerCase().includes(wanted),
        )
      }
      default: {
        const field = filterFields.get(node.field)
        if (!field) return () => false
        if (field.type === 'kind') {
          if (node.kind === 'exists') return () => true
          const kinds = kindsOf(node)
          return (cursor) => kinds.has(cursor.kind())
        }
        if (field.type === 'time') {
          if (node.kind !== 'compare') return () => node.kind === 'exists'
          const { operator, value } = node
          if (operator === '=' || operator === '!=') return () => false
          return (cursor) => orders[operator](cursor.timeMs(), Number(value))
        }
        switch (node.kind) {
          case 'exists':
            return held(field.columns, (value) => value !== null && value !== '')
          case 'glob': {
            const glob = compileGlob(node.pattern)
            return held(field.columns, (value) => typeof value === 'string' && glob(value))
          }
          case 'in': {
            const values = new Set<ActivityValue>(node.values)
            return held(field.columns, (value) => values.has(value))
          }
          case 'compare': {
            const { operator, value: wanted } = node
            if (operator === '=') return held(field.columns, (value) => value === wanted)
            if (operator === '!=') {
              const equal = held(field.columns, (value) => value === wanted)
              return (cursor) => !equal(cursor)
            }
            const order = orders[operator]
            return held(
              field.columns,
              (value) => typeof value === 'number' && order(value, Number(wanted)),
            )
          }
        }
      }
    }
  }

  // Two trees: verdicts kept for a batch must not be asked for single rows.
  const rowTest = compile(filter)
  resets.length = 0
  const batchTest = compile(filter)
  return {
    matches(row) {
      return rowTest({
        kind: () => eventKind(row),
        view: () => eventClassOfRow(row)?.view,
        value: (column) => row[column] ?? null,
        timeMs: () => Date.parse(String(row.time)),
        valueId: () => -1,
      })
    },
    forBatch(batch) {
      for (const reset of resets) reset()
      let at = 0
      const cursor: Cursor = {
        kind: () => batch.kind(at),
        view: () => eventKindInfo(batch.kind(at)).class.view,
        value: (column) => batch.value(at, column),
        timeMs: () => batch.timeUs(at) / 1000,
        valueId: (column) => batch.valueId(at, column),
      }
      return (row) => {
        at = row
        return batchTest(cursor)
      }
    },
  }
}
