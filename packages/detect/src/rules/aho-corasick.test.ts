import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { createAutomaton } from './aho-corasick.ts'

suite('automaton', () => {
  test('finds what the text in lower case holds, without making it', () => {
    // With the two letters outside ASCII whose lower case begins with one inside: the Kelvin sign and I with a dot.
    const text = fc.string({ unit: fc.constantFrom(...'aAkK\u212aiI\u0130\u0307/.é漢') })
    const literal = fc.string({ unit: fc.constantFrom(...'aki/.'), minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(fc.uniqueArray(literal, { minLength: 1, maxLength: 6 }), text, (literals, of) => {
        const automaton = createAutomaton(literals.map((one, at) => [one, at]))
        const found = new Set<number>()
        automaton.scan(of, (value) => found.add(value))
        const expected = literals.flatMap((one, at) => (of.toLowerCase().includes(one) ? [at] : []))
        assert.deepEqual(
          [...found].sort((a, b) => a - b),
          expected,
        )
      }),
      { numRuns: 2000 },
    )
  })
})
