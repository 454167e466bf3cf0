import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import {
  argvLine,
  commandLine,
  decodeText,
  encodeText,
  hasHidden,
  splitArgv,
  visible,
} from './text.ts'

suite('text', () => {
  test('gives back every byte string that it was given', () => {
    const hostile = fc.uint8Array({ maxLength: 64 })
    const ours = fc
      .constantFrom(...[0x80, 0xff].map((b) => encodeText(String.fromCodePoint(0x10f700 + b))))
      .map((b) => b)
    fc.assert(
      fc.property(
        fc.array(fc.oneof(hostile, ours, fc.constant(Uint8Array.of(0xf4, 0x8f, 0x9f, 0xbf))), {
          maxLength: 6,
        }),
        (parts) => {
          const bytes = Uint8Array.from(parts.flatMap((part) => [...part]))
          assert.deepEqual([...encodeText(decodeText(bytes))], [...bytes])
        },
      ),
      { numRuns: 10_000 },
    )
  })
  test('keeps different invalid bytes apart', () => {
    assert.notEqual(decodeText(Uint8Array.of(0xff)), decodeText(Uint8Array.of(0xfe)))
    assert.equal(visible(decodeText(Uint8Array.of(0x61, 0xff, 0x62))), 'a\\xffb')
  })
  test('shows control and bidi characters instead of obeying them', () => {
    assert.equal(visible('\u001b[31m\u202eabc\n'), '\\x1b[31m\\u{202e}abc\\x0a')
    assert.equal(hasHidden('plain ünïcode 漢字'), false)
  })
  test('splits and joins argument lists', () => {
    assert.deepEqual(splitArgv('sh\0-c\0\0'), ['sh', '-c', ''])
    assert.equal(commandLine(['sh', '-c', "echo 'a b'", '']), `sh -c 'echo '\\''a b'\\''' ''`)
  })
  test('writes an argument column as its list would be written', () => {
    const word = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', '/', ' ', "'", '$', 'é') }),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(word), fc.boolean(), (words, isCut) => {
        const packed = words.map((one) => `${one.replaceAll('\0', '')}\0`).join('')
        const column = isCut ? packed.slice(0, -1) : packed
        assert.equal(argvLine(column), commandLine(splitArgv(column)))
      }),
    )
  })
})
