/** A query that may not be asked, and where in its text. */
import { HoneyguideError } from '@honeyguide/model'

export class SqlRefused extends HoneyguideError {
  /** From 1; undefined when it has no place. */
  readonly line: number | undefined
  readonly column: number | undefined
  constructor(detail: string, place?: { readonly line: number; readonly column: number }) {
    super(
      'HG_SQL_REFUSED',
      place ? `Line ${place.line}, column ${place.column}: ${detail}` : detail,
    )
    this.name = 'SqlRefused'
    this.line = place?.line
    this.column = place?.column
  }
}

/** Line and column (both from 1, in characters) of a byte offset into the UTF-8 of `sql`. */
export function placeOf(sql: string, byteOffset: number): { line: number; column: number } {
  const before = Buffer.from(sql, 'utf8').subarray(0, byteOffset).toString('utf8')
  const lines = before.split('\n')
  return { line: lines.length, column: [...(lines.at(-1) ?? '')].length + 1 }
}
