/**
 * The shape of a columnar table on our own wire: what a batch can hold.
 *
 * One file per table; a new probe adds a table file and a line in `index.ts`, and nothing else on
 * the wire changes. Ids are for ever: a removed column's id is never used again. A reader skips
 * tables and columns that it does not know and reads columns that are missing as 0 or empty.
 */

/** How a column travels: fixed-width little-endian numbers, or ids into the batch's dictionary of bytes. */
export type ColumnKind = 'u32' | 'u64' | 'text'

export interface ColumnDefinition {
  /** Number on the wire, unique within the table. */
  readonly id: number
  readonly kind: ColumnKind
  /** Unit, shape and source of the meaning, in one or two sentences; printed in the reference. */
  readonly doc: string
}

export interface TableDefinition<
  Columns extends Record<string, ColumnDefinition> = Record<string, ColumnDefinition>,
> {
  readonly name: string
  /** Number on the wire, unique among tables. */
  readonly id: number
  /** Which kernel ring its rows come from; `none` for what the sensor itself says. */
  readonly ring: 'lifecycle' | 'data' | 'none'
  readonly doc: string
  readonly columns: Columns
  /** Columns of bits or of numbers with names, printed in the reference: what each number means. */
  readonly bits?: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly values?: Readonly<Record<string, Readonly<Record<string, number>>>>
}

export function defineTable<const Columns extends Record<string, ColumnDefinition>>(
  table: TableDefinition<Columns>,
): TableDefinition<Columns> {
  return table
}

type ArrayOf<Kind extends ColumnKind> = Kind extends 'u64' ? BigUint64Array : Uint32Array

/** A table's columns as typed arrays; `text` columns hold dictionary ids (0 is the empty string). */
export type ColumnArrays<Table extends TableDefinition> = {
  readonly [Name in keyof Table['columns']]: ArrayOf<Table['columns'][Name]['kind']>
}

export const u32 = (id: number, doc: string) => ({ id, kind: 'u32', doc }) as const
export const u64 = (id: number, doc: string) => ({ id, kind: 'u64', doc }) as const
export const text = (id: number, doc: string) => ({ id, kind: 'text', doc }) as const

/** Columns that every event from a kernel ring begins with. Ids 1 to 9 are theirs. */
export const eventColumns = {
  bootNs: u64(
    1,
    'When, in ns since boot (CLOCK_BOOTTIME), stamped before the ring slot is reserved.',
  ),
  seq: u64(
    2,
    "The ring's kernel sequence number. Gaps are records that the ring refused. Never repeats within a boot.",
  ),
  pid: u32(3, 'Process id (tgid) in the initial pid namespace of the process that acted.'),
  tid: u32(4, 'Thread id in the initial pid namespace.'),
  startNs: u64(
    5,
    "The process's identity beside its pid: group_leader->start_boottime in ns. Stable over exec.",
  ),
  execNo: u32(
    6,
    'Which image of the process: task->self_exec_id, inherited at fork, plus one per exec (Linux 5.7+).',
  ),
} as const
