/**
 * Rows as files. CSV as in RFC 4180, with one care more: a cell that a spreadsheet would take for a formula
 * (`=`, `+`, `-`, `@`, tab, CR first) gets an apostrophe, because its text comes from watched hosts.
 */

export type Cell = string | number | boolean | null | undefined

export function csvCell(value: Cell): string {
  if (value === null || value === undefined) return ''
  if (typeof value !== 'string') return String(value)
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

export function csvTable(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [columns, ...rows].map((row) => row.map(csvCell).join(',')).join('\r\n') + '\r\n'
}

/** Columns are the keys of all rows, in order of appearance. */
export function csvOf(rows: readonly Readonly<Record<string, Cell>>[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  return csvTable(
    columns,
    rows.map((row) => columns.map((column) => row[column])),
  )
}

/** JSON objects by column name, as `hunt --json` prints them. */
export function objectsOf(
  columns: readonly { readonly name: string }[],
  rows: readonly (readonly Cell[])[],
): readonly Readonly<Record<string, Cell>>[] {
  return rows.map((row) =>
    Object.fromEntries(columns.map((column, at) => [column.name, row[at] ?? null])),
  )
}
