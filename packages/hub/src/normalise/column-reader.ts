/**
 * How one OCSF column is read from one table of a batch: the value of a row, and a number that is equal only
 * for equal values (see `ActivityBatch.valueId`).
 *
 * Numbers of one column must not collide between tables of a batch, as a verdict is kept per number: dictionary
 * ids and plain integers are themselves, images are counted from `imageIds` on, and null has its own.
 */
import type { ActivityValue, Batch } from '@honeyguide/model'

export interface ColumnReader {
  value(row: number): ActivityValue
  /** -1 when not known cheaply. */
  id(row: number): number
}

export const nullId = 2 ** 40
/** Above every dictionary id. */
export const imageIds = 2 ** 20
const unknownId = -1

export const absent: ColumnReader = { value: () => null, id: () => nullId }

/** The same for every row of a table; it may differ between tables. */
export function constantColumn(value: ActivityValue): ColumnReader {
  return { value: () => value, id: () => unknownId }
}

/** The same for every row of the batch. */
export function batchConstant(value: ActivityValue): ColumnReader {
  return { value: () => value, id: () => 0 }
}

export function textColumn(batch: Batch, ids: Uint32Array): ColumnReader {
  return { value: (row) => batch.text(ids[row] ?? 0), id: (row) => ids[row] ?? 0 }
}

/** A function of a dictionary text, called once per distinct one. */
export function derivedColumn(ids: Uint32Array, derive: (id: number) => string): ColumnReader {
  const known = new Map<number, string>()
  return {
    value(row) {
      const id = ids[row] ?? 0
      let text = known.get(id)
      if (text === undefined) known.set(id, (text = derive(id)))
      return text
    },
    id: (row) => ids[row] ?? 0,
  }
}

/** A whole number that is never negative, or null. */
export function integerColumn(read: (row: number) => number | null): ColumnReader {
  return { value: read, id: (row) => read(row) ?? nullId }
}

/** Anything else. */
export function plainColumn(read: (row: number) => ActivityValue): ColumnReader {
  return { value: read, id: () => unknownId }
}
