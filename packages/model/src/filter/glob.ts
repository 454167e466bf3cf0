/**
 * Globs of filters: `*` any run of characters, `?` one character, `\` takes the next as it is.
 *
 * Split into literal pieces once; matching searches each piece from left to right and never goes back over
 * a piece that was found, so that a pattern from anybody cannot hang: at most value × pattern steps.
 */

/** One character of a pattern: itself, any one, or any run. */
export type GlobToken =
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'one' }
  | { readonly kind: 'run' }

export function globTokens(pattern: string): GlobToken[] {
  const out: GlobToken[] = []
  let escaped = false
  for (const char of pattern) {
    if (escaped) {
      out.push({ kind: 'char', char })
      escaped = false
    } else if (char === '\\') escaped = true
    else if (char === '*') out.push({ kind: 'run' })
    else if (char === '?') out.push({ kind: 'one' })
    else out.push({ kind: 'char', char })
  }
  // A backslash that ends the pattern means itself.
  if (escaped) out.push({ kind: 'char', char: '\\' })
  return out
}

/** A piece between two `*`: literal text, or characters of which null is any one. */
interface Piece {
  readonly literal: string | null
  readonly chars: readonly (string | null)[]
}

function pieceOf(tokens: readonly GlobToken[]): Piece {
  const chars = tokens.map((token) => (token.kind === 'char' ? token.char : null))
  return { literal: chars.includes(null) ? null : chars.join(''), chars }
}

/** Index after the piece when it lies at `at`, or -1. */
function endOf(piece: Piece, value: string, at: number): number {
  if (piece.literal !== null)
    return value.startsWith(piece.literal, at) ? at + piece.literal.length : -1
  let i = at
  for (const char of piece.chars) {
    if (i >= value.length) return -1
    if (char === null) i += (value.codePointAt(i) ?? 0) > 0xffff ? 2 : 1
    else if (value.startsWith(char, i)) i += char.length
    else return -1
  }
  return i
}

/** Index after the first place at or after `from` where the piece lies, or -1. */
function findPiece(piece: Piece, value: string, from: number): number {
  if (piece.literal !== null) {
    const at = value.indexOf(piece.literal, from)
    return at < 0 ? -1 : at + piece.literal.length
  }
  for (let at = from; at <= value.length; at++) {
    // The second half of a pair is no character.
    const unit = value.charCodeAt(at)
    if (unit >= 0xdc00 && unit <= 0xdfff && at > 0) {
      const before = value.charCodeAt(at - 1)
      if (before >= 0xd800 && before <= 0xdbff) continue
    }
    const end = endOf(piece, value, at)
    if (end >= 0) return end
  }
  return -1
}

/** Whether the last piece ends the value, beginning at or after `from`. */
function endsWithPiece(piece: Piece, value: string, from: number): boolean {
  if (piece.literal !== null)
    return value.length - from >= piece.literal.length && value.endsWith(piece.literal)
  let at = value.length
  for (let i = piece.chars.length - 1; i >= 0; i--) {
    const char = piece.chars[i] ?? null
    if (char !== null) {
      if (!value.endsWith(char, at)) return false
      at -= char.length
    } else {
      if (at <= 0) return false
      const low = value.charCodeAt(at - 1)
      const high = at > 1 ? value.charCodeAt(at - 2) : 0
      at -= low >= 0xdc00 && low <= 0xdfff && high >= 0xd800 && high <= 0xdbff ? 2 : 1
    }
    if (at < from) return false
  }
  return true
}

/** A function that says whether a whole value matches. */
export function compileGlob(pattern: string): (value: string) => boolean {
  const pieces: Piece[] = []
  let tokens: GlobToken[] = []
  for (const token of globTokens(pattern)) {
    if (token.kind === 'run') {
      pieces.push(pieceOf(tokens))
      tokens = []
    } else tokens.push(token)
  }
  const last = pieceOf(tokens)
  const [first, ...middle] = pieces
  if (!first) return (value) => endOf(last, value, 0) === value.length
  const inner = middle.filter((piece) => piece.chars.length > 0)
  return (value) => {
    let at = endOf(first, value, 0)
    if (at < 0) return false
    for (const piece of inner) {
      at = findPiece(piece, value, at)
      if (at < 0) return false
    }
    return endsWithPiece(last, value, at)
  }
}
