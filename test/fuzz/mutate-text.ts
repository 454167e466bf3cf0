/**
 * Text of a language: words, numbers, signs and lines are changed as wholes, with the language's own words at
 * hand, and now and then single characters that act, hide or are no characters.
 */
import { changes, mostLength, type Mutator } from './mutator.ts'
import type { Random } from './random.ts'

const hostileCharacters: readonly string[] = [
  '\0',
  '\u0001',
  '\u001b',
  '\u007f',
  '\u0085',
  '\u00a0',
  '\u202e',
  '\u2028',
  '\u2066',
  '\ufeff',
  '\ufffd',
  '\ud800',
  '\udc00',
  '\u{10f7ff}',
  '\u{1f600}',
  '\u{e0041}',
  'é',
  'ß',
  'İ',
  'ſ',
  '٣',
  '"',
  "'",
  '\\',
  '`',
  '$',
  '%',
  '#',
  '*',
  '?',
  '/',
  '\t',
  '\r',
  '\n',
]
const hostileWords: readonly string[] = [
  '',
  '0',
  '-1',
  '00',
  '1e309',
  '-0',
  '0x7f',
  '9007199254740993',
  '18446744073709551616',
  '99999999999999999999999999',
  'NaN',
  'null',
  'true',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
]

interface TextParts {
  readonly tokens: readonly string[]
  /** Places of tokens that begin a line. */
  readonly lineStarts: readonly number[]
}

/** A newline takes the indentation behind it along. */
const tokenPattern = /\r?\n[ \t]*|[ \t]+|[\p{L}\p{N}_]+|[^]/gu

function partsOf(text: string): TextParts {
  const tokens: string[] = text.match(tokenPattern) ?? []
  const lineStarts = [0]
  tokens.forEach((token, at) => {
    if (token.includes('\n')) lineStarts.push(at)
  })
  return { tokens, lineStarts }
}

/** The token changed by one character. */
function changeCharacter(random: Random, token: string): string {
  const at = random.below(token.length + 1)
  const added = random.once(4)
    ? String.fromCharCode(random.below(0x3000))
    : random.pick(hostileCharacters)
  return token.slice(0, at) + added + token.slice(random.once(2) ? at : at + 1)
}

function change(
  random: Random,
  tokens: string[],
  parts: TextParts,
  others: TextParts,
  words: readonly string[],
): void {
  const at = random.below(tokens.length)
  const word = (): string =>
    words.length === 0 || random.once(5) ? random.pick(hostileWords) : random.pick(words)
  switch (random.below(14)) {
    case 0:
    case 1:
      tokens[at] = word()
      return
    case 2:
    case 3:
      tokens.splice(at, 0, word())
      return
    case 4:
    case 5:
      tokens.splice(at, 1 + (random.once(4) ? random.below(8) : 0))
      return
    case 6:
      tokens.splice(at, 0, tokens[at] ?? '')
      return
    case 7: {
      const other = random.below(tokens.length)
      const held = tokens[at]
      tokens[at] = tokens[other] ?? ''
      tokens[other] = held ?? ''
      return
    }
    case 8:
    case 9: {
      const from = random.below(others.tokens.length)
      const block = others.tokens.slice(from, from + 1 + random.below(12))
      tokens.splice(at, random.once(2) ? 0 : block.length, ...block)
      return
    }
    case 10:
      tokens[at] = changeCharacter(random, tokens[at] ?? '')
      return
    case 11: {
      // Depth and length: rare, as each costs as much as many others.
      const token = random.once(2) ? word() : (tokens[at] ?? '')
      const times = random.once(24) ? 200 + random.below(1800) : random.once(4) ? 30 : 3
      tokens.splice(
        at,
        1,
        token.repeat(token.length === 0 ? 0 : Math.min(times, 4096 / token.length)),
      )
      return
    }
    case 12:
    case 13: {
      if (parts.lineStarts.length < 3) {
        tokens[at] = word()
        return
      }
      const line = random.below(parts.lineStarts.length)
      const from = parts.lineStarts[line] ?? 0
      const block = parts.tokens.slice(
        from,
        parts.lineStarts[line + 1 + random.below(3)] ?? parts.tokens.length,
      )
      const to = Math.min(random.pick(parts.lineStarts), tokens.length)
      if (random.once(2)) tokens.splice(to, 0, ...block)
      else tokens.splice(from, block.length)
      return
    }
  }
}

/** `words` are those of the language: names, signs, and what nests. */
export function mutateText(words: readonly string[]): Mutator<string> {
  return {
    knows: `tokens and lines, ${words.length} words of the language`,
    take: partsOf,
    make(random, parts, others) {
      const whole = parts as TextParts
      const tokens = whole.tokens.slice()
      for (let i = changes(random); i > 0; i--)
        change(random, tokens, whole, others as TextParts, words)
      const text = tokens.join('')
      return text.length > mostLength ? text.slice(0, mostLength) : text
    },
  }
}

/** The same for parsers that take bytes: UTF-8, sometimes broken. */
export function mutateTextBytes(words: readonly string[]): Mutator<Uint8Array> {
  const text = mutateText(words)
  return {
    knows: `${text.knows}; UTF-8, sometimes broken`,
    take: (input) => partsOf(Buffer.from(input).toString('latin1')),
    make(random, parts, others) {
      // Bytes stand for themselves, so that what was not UTF-8 stays what it was.
      const made = text.make(random, parts, others)
      return new Uint8Array(Buffer.from(made, random.once(2) ? 'utf8' : 'latin1'))
    },
  }
}
