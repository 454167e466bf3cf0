/**
 * Replaces secrets in argument lists, before they are stored or sent anywhere.
 *
 * Works on the bytes of the list (each argument followed by one NUL). What is replaced becomes
 * `<redacted>`; every other byte stays as it is. Doing it twice changes nothing more. Time grows
 * linearly with the list; a list without any hint of a secret costs one pass.
 *
 * Seen: `--password=X`, `--password X`, `-pX` of mysql-like programs, `PASSWORD=X`, headers such as
 * `Authorization: X`, the password in a URL, and tokens by their shape; the same within the words of an
 * argument (`sh -c '...'`). Names are those of `secret-shapes.ts`, by their last word.
 */
import { HoneyguideError } from '@honeyguide/model/errors'
import { createWordFinder } from './word-finder.ts'
import {
  hints,
  secretHeader,
  secretName,
  separatePasswordPrograms,
  shortPasswordPrograms,
  tokenShapes,
} from './secret-shapes.ts'

export interface Redactor {
  /** The list in bytes `from` to `to` (all of them by default) with its secrets replaced, or undefined when there are none. `argv` is not changed. */
  redact(argv: Uint8Array, from?: number, to?: number): Uint8Array | undefined
  /** Secrets replaced so far. */
  readonly count: number
}

export interface RedactorOptions {
  /**
   * Further patterns, in RE2's syntax (no back-references, no look-around: linear by construction),
   * matched against each argument. A first group, if there is one, is what is replaced; otherwise the match.
   */
  readonly patterns?: readonly string[]
}

/** A part of the text of the list, to be replaced. */
interface Span {
  readonly from: number
  readonly to: number
}

const mark = '<redacted>'
const markBytes = new TextEncoder().encode(mark)
/** Two are usual when there are secrets at all; the bound is for what nobody thought of. */
const mostRounds = 8
const hasHint = createWordFinder(hints)
const space = /[ \t\n\r\f\v]/
/** One byte is one character: positions in the text are positions in the bytes. */
function byteText({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}

/** Positions where a custom pattern wants something replaced, relative to the argument. */
type CustomMatcher = (argument: string) => Span[]

/** Finds the secrets of one list. `text` has one character a byte. */
function findSecrets(text: string, custom: readonly CustomMatcher[]): Span[] {
  const found: Span[] = []
  const add = (from: number, to: number): void => {
    // What an earlier pass has left is no secret, whatever white space stands around it.
    if (from < to && text.slice(from, to).replaceAll(mark, '').trim() !== '')
      found.push({ from, to })
  }

  /** Where a value that begins at `from` ends: at its closing quote, if it has one, or at `to`. */
  function valueEnd(from: number, wordEnd: number, to: number): Span {
    const quote = text[from]
    if (quote === '"' || quote === "'") {
      const close = text.indexOf(quote, from + 1)
      return { from: from + 1, to: close === -1 || close >= to ? to : close }
    }
    // A word that ends a quoted string of a shell keeps the quote.
    const last = text[wordEnd - 1]
    return { from, to: last === '"' || last === "'" ? wordEnd - 1 : wordEnd }
  }

  /** Whether an earlier word named a program whose `-p` is a password, and that it may stand apart. */
  let program = { joined: false, apart: false }
  /** The value of an option that came as a word of its own. */
  let expectsValue = false

  /** One argument, or one word of an argument; `to` bounds a quoted value. */
  function scanWord(from: number, end: number, to: number): number {
    if (expectsValue) {
      expectsValue = false
      if (text[from] !== '-') {
        const value = valueEnd(from, end, to)
        add(value.from, value.to)
        return Math.max(end, value.to)
      }
    }
    let nameFrom = from
    while (nameFrom < end && (text[nameFrom] === '"' || text[nameFrom] === "'")) nameFrom += 1
    const isOption = text[nameFrom] === '-'
    while (nameFrom < end && text[nameFrom] === '-') nameFrom += 1
    if (isOption && nameFrom === from + 1 && program.joined && text[nameFrom] === 'p') {
      if (end > nameFrom + 1) {
        const value = valueEnd(nameFrom + 1, end, to)
        add(value.from, value.to)
        return Math.max(end, value.to)
      }
      expectsValue = program.apart
      return end
    }
    let nameEnd = nameFrom
    // A name is short; a long run of letters is none.
    const most = Math.min(end, nameFrom + 128)
    while (nameEnd < most) {
      const code = text.charCodeAt(nameEnd)
      const isName =
        (code >= 0x61 && code <= 0x7a) ||
        (code >= 0x41 && code <= 0x5a) ||
        (code >= 0x30 && code <= 0x39) ||
        code === 0x2d ||
        code === 0x2e ||
        code === 0x5f
      if (!isName) break
      nameEnd += 1
    }
    if (nameEnd > nameFrom) {
      if (text[nameEnd] === '=' && nameEnd < end) {
        if (secretName.test(text.slice(nameFrom, nameEnd))) {
          const value = valueEnd(nameEnd + 1, end, to)
          add(value.from, value.to)
          return Math.max(end, value.to)
        }
      } else if (nameEnd === end && isOption && nameFrom === from + 2) {
        expectsValue = secretName.test(text.slice(nameFrom, nameEnd))
      }
    }
    if (!isOption && end - from < 256) {
      const name = text.slice(Math.max(from, text.lastIndexOf('/', end - 1) + 1), end)
      if (shortPasswordPrograms.has(name))
        program = { joined: true, apart: separatePasswordPrograms.has(name) }
    }
    return end
  }

  function scanWords(from: number, to: number): void {
    const outer = program
    expectsValue = false
    for (let at = from; at < to;) {
      while (at < to && space.test(text[at] ?? '')) at += 1
      let end = at
      while (end < to && !space.test(text[end] ?? '')) end += 1
      if (at === end) break
      const last = text[end - 1]
      const next = scanWord(at, end, to)
      if (last === ';' || last === '|' || last === '&') program = outer
      at = Math.max(next, end)
    }
    expectsValue = false
    program = outer
  }

  function scanUrls(from: number, to: number): void {
    for (let at = text.indexOf('://', from); at !== -1 && at < to;) {
      let colon = -1
      let sign = -1
      let end = at + 3
      for (; end < to; end++) {
        const char = text[end]
        if (char === '/' || char === '?' || char === '#' || char === '"' || char === "'") break
        if (space.test(char ?? '')) break
        if (char === ':' && colon === -1) colon = end
        if (char === '@') sign = end
      }
      if (colon !== -1 && sign > colon) add(colon + 1, sign)
      at = text.indexOf('://', end)
    }
  }

  function scanHeaders(from: number, to: number): void {
    secretHeader.lastIndex = from
    for (let match = secretHeader.exec(text); match; match = secretHeader.exec(text)) {
      const begin = match.index + match[0].length
      if (begin >= to) return
      let end = begin
      while (end < to && text[end] !== '"' && text[end] !== "'" && text[end] !== '\n') end += 1
      add(begin, end)
      secretHeader.lastIndex = Math.max(end, begin)
    }
  }

  let isAfterDashC = false
  for (let from = 0; from < text.length;) {
    let to = text.indexOf('\0', from)
    if (to === -1) to = text.length
    const hasWords = space.test(text.slice(from, to))
    const isExpected = expectsValue
    const begins = text[from]
    // `PASSWORD=a b` is one value, unless it is a script for a shell.
    if (!hasWords || isExpected || begins === '-' || (!isAfterDashC && hasNameFirst(from, to)))
      scanWord(from, to, to)
    else scanWords(from, to)
    isAfterDashC = text.slice(from, to) === '-c'
    scanUrls(from, to)
    scanHeaders(from, to)
    for (const match of custom)
      for (const span of match(text.slice(from, to))) add(from + span.from, from + span.to)
    from = to + 1
  }
  tokenShapes.lastIndex = 0
  for (let match = tokenShapes.exec(text); match; match = tokenShapes.exec(text))
    add(match.index, match.index + match[0].length)
  return found

  function hasNameFirst(from: number, to: number): boolean {
    const equals = text.indexOf('=', from)
    return (
      equals !== -1 &&
      equals < to &&
      /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(text.slice(from, Math.min(equals, from + 130)))
    )
  }
}

/** Spans in order, overlapping ones as one. */
function mergeSpans(spans: readonly Span[]): Span[] {
  const out: Span[] = []
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const last = out.at(-1)
    if (last && span.from < last.to)
      out[out.length - 1] = { from: last.from, to: Math.max(last.to, span.to) }
    else out.push(span)
  }
  return out
}

function replaceSpans(argv: Uint8Array, spans: readonly Span[]): Uint8Array {
  const removed = spans.reduce((sum, { from, to }) => sum + (to - from), 0)
  const out = new Uint8Array(argv.length - removed + spans.length * markBytes.length)
  let read = 0
  let write = 0
  for (const { from, to } of spans) {
    out.set(argv.subarray(read, from), write)
    write += from - read
    out.set(markBytes, write)
    write += markBytes.length
    read = to
  }
  out.set(argv.subarray(read), write)
  return out
}

async function compile(patterns: readonly string[]): Promise<CustomMatcher[]> {
  if (patterns.length === 0) return []
  // Only who has patterns of their own pays for the engine.
  const { RE2JS } = await import('re2js')
  return patterns.map((pattern): CustomMatcher => {
    let compiled: ReturnType<typeof RE2JS.compile>
    try {
      compiled = RE2JS.compile(pattern)
    } catch (cause) {
      throw new HoneyguideError(
        'HG_CONFIG_INVALID',
        `The redaction pattern ${JSON.stringify(pattern)} is not a regular expression of RE2's syntax: ${(cause as Error).message}`,
        { cause },
      )
    }
    return (argument) => {
      const out: Span[] = []
      const matcher = compiled.matcher(argument)
      while (matcher.find()) {
        const group = matcher.groupCount() > 0 && matcher.group(1) !== null ? 1 : 0
        out.push({ from: matcher.start(group), to: matcher.end(group) })
      }
      return out
    }
  })
}

/** Throws HG_CONFIG_INVALID, naming a pattern that is none. */
export async function createRedactor(options: RedactorOptions = {}): Promise<Redactor> {
  const custom = await compile(options.patterns ?? [])
  let count = 0
  return {
    redact(argv, from = 0, to = argv.length) {
      // Nearly all lists go no further, so that none of them becomes a string.
      if (custom.length === 0 && !hasHint(argv, from, to)) return undefined
      const list = argv.subarray(from, to)
      let out: Uint8Array | undefined
      // Where two secrets overlap, what is left beside them can look like another one: until nothing does.
      for (let round = 0; round < mostRounds; round++) {
        if (out && custom.length === 0 && !hasHint(out, 0, out.length)) return out
        const text = byteText(out ?? list)
        const spans = mergeSpans(findSecrets(text, custom))
        if (spans.length === 0) return out
        count += spans.length
        out = replaceSpans(out ?? list, spans)
      }
      return out
    },
    get count() {
      return count
    },
  }
}
