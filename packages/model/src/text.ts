/**
 * Bytes from the kernel as text and back, without losing any.
 *
 * Valid UTF-8 becomes the same text. A byte b that is not part of valid UTF-8 becomes the private-use
 * character U+10F700 + b; the (otherwise valid) encodings of those characters themselves are treated as
 * invalid bytes, so that the mapping is one to one. Control characters pass: showing them is `visible`'s work.
 */

const escapeBase = 0x10f700
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** Length of the valid UTF-8 sequence at `at`, or 0; RFC 3629, shortest forms, no surrogates. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0
  if (first < 0x80) return 1
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  if (first < 0xc2 || first > 0xf4 || at + length > bytes.length) return 0
  for (let i = 1; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0
  const second = bytes[at + 1] ?? 0
  if (first === 0xe0 && second < 0xa0) return 0
  if (first === 0xed && second > 0x9f) return 0
  if (first === 0xf0 && second < 0x90) return 0
  if (first === 0xf4 && second > 0x8f) return 0
  // U+10F780 to U+10F7FF (f4 8f 9e|9f xx) are ours.
  if (first === 0xf4 && second === 0x8f && ((bytes[at + 2] ?? 0) & 0xfe) === 0x9e) return 0
  return length
}

/** Text of `bytes`; see above. Never throws. */
export function decodeText(bytes: Uint8Array): string {
  let ours = false
  for (let i = 0; i + 2 < bytes.length; i++)
    if (bytes[i] === 0xf4 && bytes[i + 1] === 0x8f) {
      ours = true
      break
    }
  if (!ours) {
    try {
      return strict.decode(bytes)
    } catch {
      // Falls through to the slow path: some byte is invalid.
    }
  }
  let out = ''
  let from = 0
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at)
    if (length > 0) {
      at += length
      continue
    }
    out +=
      strict.decode(bytes.subarray(from, at)) + String.fromCodePoint(escapeBase + (bytes[at] ?? 0))
    at += 1
    from = at
  }
  return out + strict.decode(bytes.subarray(from))
}

/** The bytes that `decodeText` was given. */
export function encodeText(value: string): Uint8Array {
  if (!/[\u{10f780}-\u{10f7ff}]/u.test(value)) return encoder.encode(value)
  const parts: number[] = []
  for (const char of value) {
    const code = char.codePointAt(0) ?? 0
    if (code >= escapeBase + 0x80 && code <= escapeBase + 0xff) parts.push(code - escapeBase)
    else parts.push(...encoder.encode(char))
  }
  return Uint8Array.from(parts)
}

// C0 and C1 controls, DEL, bidi controls and isolates, line and paragraph separators, zero-width
// characters, BOM, tags, lone surrogates and our escaped bytes.
const hidden =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\u{10f780}-\u{10f7ff}]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/gu

/** For a terminal or a page: what would act or hide is shown as `\x1b` or `\u{202e}`; an invalid byte as `\xff`. */
export function visible(value: string): string {
  return value.replace(hidden, (char) => {
    const code = char.codePointAt(0) ?? 0
    if (code >= escapeBase + 0x80) return `\\x${(code - escapeBase).toString(16)}`
    if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
    return `\\u{${code.toString(16)}}`
  })
}

/** Whether `visible` would change it. */
export function hasHidden(value: string): boolean {
  hidden.lastIndex = 0
  return hidden.test(value)
}

/** The argument list of an `argv` column: NUL-terminated arguments. */
export function splitArgv(argv: string): string[] {
  if (argv === '') return []
  const parts = argv.split('\0')
  if (parts[parts.length - 1] === '') parts.pop()
  return parts
}

/**
 * One line for an argument list, as `cmd_line` columns hold it: arguments joined by a space; one that is
 * empty or has white space, a quote, a backslash or `$` is put in single quotes the way a POSIX shell reads them.
 */
export function commandLine(argv: readonly string[]): string {
  return argv
    .map((word) => (word === '' || quoted.test(word) ? `'${word.replaceAll("'", `'\\''`)}'` : word))
    .join(' ')
}

const quoted = /[\s'"\\$`]/

/** `commandLine(splitArgv(argv))`: at once where no argument has to be quoted, as in most, a third of the cost. */
export function argvLine(argv: string): string {
  if (argv.charCodeAt(0) === 0 || argv.includes('\0\0') || quoted.test(argv))
    return commandLine(splitArgv(argv))
  return (argv.endsWith('\0') ? argv.slice(0, -1) : argv).replaceAll('\0', ' ')
}
