/** One event as rules see it: the values of fields, read and lowered once per event, without new objects. */
import type { ActivityBatch } from '@honeyguide/model'
import type { RowFacts, RuleField } from './fields.ts'

export interface EventView {
  batch: ActivityBatch | null
  row: number
  /** Moves to another event; what was read of the last one is forgotten. */
  begin(batch: ActivityBatch, row: number, facts: RowFacts): void
  /** Values of field number `field`; none for null. Valid until the next `begin`. */
  values(field: number): readonly string[]
  /** The same in lower case. */
  lower(field: number): readonly string[]
}

export function createEventView(fields: readonly RuleField[]): EventView {
  const raw = fields.map((): string[] => [])
  const low = fields.map((): string[] => [])
  const rawAt = new Float64Array(fields.length)
  const lowAt = new Float64Array(fields.length)
  let turn = 0
  let facts: RowFacts

  const view: EventView = {
    batch: null,
    row: 0,
    begin(batch, row, of) {
      view.batch = batch
      view.row = row
      facts = of
      turn += 1
    },
    values(field) {
      const out = raw[field] ?? []
      if (rawAt[field] === turn || !view.batch) return out
      rawAt[field] = turn
      out.length = 0
      fields[field]?.read(view.batch, view.row, facts, out)
      return out
    },
    lower(field) {
      const out = low[field] ?? []
      if (lowAt[field] === turn) return out
      lowAt[field] = turn
      out.length = 0
      for (const value of view.values(field)) out.push(value.toLowerCase())
      return out
    },
  }
  return view
}
