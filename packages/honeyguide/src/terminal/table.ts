/** Rows as a table of text: columns as wide as needed, cut at a width. Pure; every cell passes `visible`. */
import { visible } from '@honeyguide/model/text'

/** Columns that a character takes on a terminal: 2 for wide East Asian ones and emoji, 0 for marks. */
function charWidth(code: number): number {
  if (code >= 0x300 && code <= 0x36f) return 0
  const isWide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0x1f300 && code <= 0x1faff)
  return isWide ? 2 : 1
}

export function textWidth(text: string): number {
  let width = 0
  for (const char of text) width += charWidth(char.codePointAt(0) ?? 0)
  return width
}

function fit(text: string, width: number): string {
  if (textWidth(text) <= width) return text + ' '.repeat(width - textWidth(text))
  let out = ''
  let used = 0
  for (const char of text) {
    const one = charWidth(char.codePointAt(0) ?? 0)
    if (used + one > width - 1) break
    out += char
    used += one
  }
  return `${out}…${' '.repeat(Math.max(0, width - used - 1))}`
}

/** Lines of the table, the heading first. `widest` bounds one column, in columns of the terminal. */
export function formatTable(
  heading: readonly string[],
  rows: readonly (readonly unknown[])[],
  widest = 60,
): string[] {
  const cells = rows.map((row) =>
    heading.map((_, index) => {
      const value = row[index]
      return value === null || value === undefined
        ? '-'
        : visible(
            typeof value === 'string'
              ? value
              : typeof value === 'object'
                ? JSON.stringify(value)
                : String(value),
          )
    }),
  )
  const heads = heading.map(visible)
  const widths = heads.map((head, index) =>
    Math.min(
      widest,
      Math.max(
        textWidth(head),
        ...cells.slice(0, 10_000).map((row) => Math.min(widest, textWidth(row[index] ?? ''))),
      ),
    ),
  )
  const line = (row: readonly string[]): string =>
    row
      .map((cell, index) => fit(cell, widths[index] ?? 0))
      .join('  ')
      .trimEnd()
  return [line(heads), widths.map((width) => '─'.repeat(width)).join('  '), ...cells.map(line)]
}
