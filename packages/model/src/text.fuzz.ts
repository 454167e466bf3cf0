import { mutateTextBytes } from '../../../test/fuzz/mutate-text.ts'
import { defineTarget, must } from '../../../test/fuzz/target.ts'
import { commandLine, decodeText, encodeText, hasHidden, splitArgv, visible } from './text.ts'

const bytes = (text: string, encoding: BufferEncoding = 'utf8'): Uint8Array =>
  new Uint8Array(Buffer.from(text, encoding))

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

export const target = defineTarget({
  name: 'kernel-text',
  parser: 'decodeText, encodeText, visible, splitArgv, commandLine',
  seeds: () => [
    bytes('/usr/bin/curl\0-fsSL\0https://example.org/a?b=c\0'),
    bytes('sh\0-c\0echo \'it is\' "$HOME" \\\0\0'),
    bytes('/tmp/مرحبا/😀\u202e\u2066.txt\0'),
    bytes('\xff\xfe\x80\xf4\x8f\x9f\xbf\xed\xa0\x80', 'latin1'),
  ],
  mutator: mutateTextBytes([
    '\0',
    '\xf4\x8f\x9e\x80',
    '\xf4\x8f\x9f\xbf',
    '\xed\xa0\x80',
    '\xc0\x80',
    '\xf0\x9f\x98',
    '\xe2\x80\xae',
    '\xef\xbb\xbf',
  ]),
  property:
    'Bytes become text and the same bytes again; what is shown has nothing that acts or hides; as many arguments come out as NULs went in.',
  open: () => (input) => {
    const text = decodeText(input)
    must(equal(encodeText(text), input), 'the same bytes come back')
    must(!hasHidden(visible(text)), 'nothing hidden is shown')
    const words = splitArgv(text)
    must(words.length <= text.length, 'no more arguments than characters')
    must(
      words.join('\0') === text || `${words.join('\0')}\0` === text,
      'arguments are the text between NULs',
    )
    must(!commandLine(words).includes('\0'), 'a command line has no NUL')
    return 'taken'
  },
})
