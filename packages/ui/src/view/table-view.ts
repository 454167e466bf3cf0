/**
 * How a person has arranged a table: columns hidden, pinned at the left, and what rows are grouped by.
 *
 * Kept in the address as names, so that a link shows the same table; names that the table does not have (a hunt
 * was edited since) are of no effect and stay.
 */
export interface TableView {
  readonly hidden: readonly string[]
  readonly pinned: readonly string[]
  /** Empty when rows are not grouped. */
  readonly group: string
}

/** Names of the query values that hold it. */
export type TableQuery = Readonly<Record<'hide' | 'pin' | 'group', string>>

function names(text: string): readonly string[] {
  return [
    ...new Set(
      text
        .split(',')
        .filter((one) => one !== '')
        .map((one) => one.replaceAll('%2C', ',').replaceAll('%25', '%')),
    ),
  ]
}

/** A column of a hunt may be called anything, a comma too. */
function text(list: readonly string[]): string {
  return list.map((one) => one.replaceAll('%', '%25').replaceAll(',', '%2C')).join(',')
}

export function readTableView(query: TableQuery): TableView {
  return { hidden: names(query.hide), pinned: names(query.pin), group: query.group }
}

export function writeTableView(view: TableView): TableQuery {
  return { hide: text(view.hidden), pin: text(view.pinned), group: view.group }
}

/** With `key` in the list, or without it when it is there. */
export function toggled(list: readonly string[], key: string): readonly string[] {
  return list.includes(key) ? list.filter((one) => one !== key) : [...list, key]
}

/** Pinned columns first, in the order in which they were pinned, then the rest; hidden ones left out, never all. */
export function arrangedColumns<Column extends { readonly key: string }>(
  columns: readonly Column[],
  view: TableView,
): readonly Column[] {
  const visible = columns.filter((one) => !view.hidden.includes(one.key))
  const shown = visible.length === 0 ? columns : visible
  const pinned = view.pinned.flatMap((key) => shown.filter((one) => one.key === key))
  return [...pinned, ...shown.filter((one) => !view.pinned.includes(one.key))]
}

export type TableLine =
  | { readonly kind: 'row'; readonly index: number }
  | { readonly kind: 'group'; readonly value: string; readonly count: number }

/**
 * The lines of a grouped table: the head of each group, then its rows unless it is closed. Groups come in the
 * order of their rank or names, so that rows that arrive while one looks do not make them change places; rows keep
 * their order. A row without a value is in no group and left out: it only parts other rows.
 */
export function groupedLines(
  values: readonly (string | undefined)[],
  closed: ReadonlySet<string>,
  /** Place of a value before its name decides. */
  rank: (value: string) => number = () => 0,
): readonly TableLine[] {
  const groups = new Map<string, number[]>()
  values.forEach((value, index) => {
    if (value === undefined) return
    const rows = groups.get(value)
    if (rows) rows.push(index)
    else groups.set(value, [index])
  })
  return [...groups]
    .sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .flatMap(([value, rows]): readonly TableLine[] => [
      { kind: 'group', value, count: rows.length },
      ...(closed.has(value) ? [] : rows.map((index) => ({ kind: 'row', index }) as const)),
    ])
}

/** Least width, px, that a track of `grid-template-columns` asks for; `otherwise` when it names none. */
export function trackWidth(track: string, otherwise: number): number {
  const found = /(\d+(?:\.\d+)?)px/.exec(track)
  const px = found ? Number(found[1]) : 0
  return px > 0 ? px : otherwise
}
