import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { createWordFinder } from './word-finder.ts'

suite('words in bytes', () => {
  test('are found as a regular expression finds them', () => {
    const letters = (from: string, most: number): fc.Arbitrary<string> =>
      fc.string({ unit: fc.constantFrom(...from), minLength: 1, maxLength: most })
    fc.assert(
      fc.property(
        fc.array(letters('aBc:', 4), { minLength: 1, maxLength: 5 }),
        letters('abcABC:@[`{\0\xff', 30),
        fc.nat({ max: 30 }),
        (words, text, skipped) => {
          const bytes = Buffer.from(text, 'latin1')
          const isThere = new RegExp(words.join('|'), 'i').test(text.slice(skipped))
          assert.equal(createWordFinder(words)(bytes, skipped, bytes.length), isThere)
          const isBefore = new RegExp(words.join('|'), 'i').test(text.slice(0, skipped))
          assert.equal(createWordFinder(words)(bytes, 0, Math.min(skipped, bytes.length)), isBefore)
        },
      ),
      { numRuns: 2000 },
    )
  })
})
