/** A row as it goes to a page: text bounded, so that one command line of 128 KiB cannot make a message of megabytes. */
import type { ActivityRow } from '@honeyguide/model'

/** Longest text in UTF-16 units; what is cut ends in an ellipsis. The whole is in the event's own answer. */
const mostText = 4096

export function boundedText(text: string): string {
  return text.length > mostText ? `${text.slice(0, mostText - 1)}…` : text
}

export function boundedRow(row: ActivityRow): ActivityRow {
  let out: Record<string, unknown> | undefined
  // No arrays of entries: this runs for every row that anybody watches.
  for (const column in row) {
    const value = row[column as keyof ActivityRow]
    if (typeof value !== 'string' || value.length <= mostText) continue
    out ??= { ...row }
    out[column] = boundedText(value)
  }
  return (out as ActivityRow | undefined) ?? row
}
