/**
 * Sigma's text patterns: `*` is any text, `?` any one character, `\` makes the next of these (or itself) plain.
 *
 * A pattern is a list of pieces between stars; a piece is a list of characters where null is `?`. Matching
 * takes the leftmost place for each piece, so it never backtracks over a star.
 */

export interface Pattern {
  /** Pieces between stars: one piece means no star. `null` in a piece is any one character (UTF-16 unit). */
  readonly pieces: readonly (readonly (string | null)[])[]
}

export type Anchor = 'exact' | 'contains' | 'startswith' | 'endswith'

/** Reads the escapes and wildcards of a rule's value. */
export function parsePattern(value: string): Pattern {
  const pieces: (string | null)[][] = [[]]
  for (let at = 0; at < value.length; at++) {
    const char = value[at] ?? ''
    const next = value[at + 1]
    if (char === '\\' && (next === '*' || next === '?' || next === '\\')) {
      pieces.at(-1)?.push(next)
      at += 1
    } else if (char === '*') pieces.push([])
    else pieces.at(-1)?.push(char === '?' ? null : char)
  }
  return { pieces }
}

/** A pattern without wildcards. */
export function plainPattern(value: string): Pattern {
  return { pieces: [Array.from({ length: value.length }, (_, at) => value[at] ?? '')] }
}

/** Adds the stars that a modifier means. */
export function anchor(pattern: Pattern, how: Anchor): Pattern {
  const front = how === 'contains' || how === 'endswith' ? [[]] : []
  const back = how === 'contains' || how === 'startswith' ? [[]] : []
  return { pieces: [...front, ...pattern.pieces, ...back] }
}

/** Lower case, as the text that it is compared with. */
export function lowerPattern(pattern: Pattern): Pattern {
  return {
    pieces: pattern.pieces.map((piece) => {
      const out: (string | null)[] = []
      let run = ''
      const flush = () => {
        const lower = run.toLowerCase()
        for (let at = 0; at < lower.length; at++) out.push(lower[at] ?? '')
        run = ''
      }
      for (const char of piece) {
        if (char === null) {
          flush()
          out.push(null)
        } else run += char
      }
      flush()
      return out
    }),
  }
}

/** The longest run of plain ASCII that whatever matches must contain; empty when there is none. */
export function longestLiteral(pattern: Pattern): string {
  let best = ''
  for (const piece of pattern.pieces) {
    let run = ''
    for (const char of [...piece, null]) {
      if (char !== null && char.charCodeAt(0) < 128) run += char
      else {
        if (run.length > best.length) best = run
        run = ''
      }
    }
  }
  return best
}

function pieceAt(piece: readonly (string | null)[], text: string, at: number): boolean {
  if (at < 0 || at + piece.length > text.length) return false
  for (let i = 0; i < piece.length; i++) {
    const char = piece[i]
    if (char !== null && char !== text[at + i]) return false
  }
  return true
}

function findPiece(piece: readonly (string | null)[], text: string, from: number): number {
  if (!piece.includes(null)) return text.indexOf(piece.join(''), from)
  for (let at = from; at + piece.length <= text.length; at++)
    if (pieceAt(piece, text, at)) return at
  return -1
}

/** A function that says whether a text matches, the cheapest for the pattern's form. */
export function compilePattern(pattern: Pattern): (text: string) => boolean {
  const { pieces } = pattern
  const isPlain = pieces.every((piece) => !piece.includes(null))
  const [first = [], second = [], third = []] = pieces
  if (isPlain && pieces.length === 1) {
    const whole = first.join('')
    return (text) => text === whole
  }
  if (isPlain && pieces.length === 2) {
    const start = first.join('')
    const end = second.join('')
    if (start === '' && end === '') return () => true
    if (start === '') return (text) => text.endsWith(end)
    if (end === '') return (text) => text.startsWith(start)
    return (text) =>
      text.length >= start.length + end.length && text.startsWith(start) && text.endsWith(end)
  }
  if (isPlain && pieces.length === 3 && first.length === 0 && third.length === 0) {
    const middle = second.join('')
    return (text) => text.includes(middle)
  }
  return (text) => {
    const last = pieces.length - 1
    if (last === 0) return first.length === text.length && pieceAt(first, text, 0)
    const end = text.length - (pieces[last]?.length ?? 0)
    if (!pieceAt(first, text, 0) || !pieceAt(pieces[last] ?? [], text, end)) return false
    let at = first.length
    for (let i = 1; i < last; i++) {
      const piece = pieces[i] ?? []
      const found = findPiece(piece, text, at)
      if (found < 0) return false
      at = found + piece.length
    }
    return at <= end
  }
}
