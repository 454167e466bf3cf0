import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { RE2JS } from 're2js'
import { regexLiterals } from './prefilter.ts'

suite('literals of a regular expression', () => {
  test('are the longest of each alternative', () => {
    for (const [source, literals] of [
      ['crontab\\s+-', ['crontab']],
      ['/var/log/(wtmp|btmp)|/run/utmp', ['/var/log/', '/run/utmp']],
      ['(^|[\\s=@])/etc/g?shadow-?(\\s|$)', ['shadow']],
      ['a|(b|c)', []],
      ['abc|', []],
      ['(abc)?', []],
      ['AbC+d', ['abc']],
    ] as const)
      assert.deepEqual(regexLiterals(source), literals, source)
  })

  test('hold: what matches has one of them', () => {
    const piece = fc.constantFrom(
      'a',
      'b',
      'A',
      'ab',
      'a?',
      'b*',
      'ab+',
      'a{0,2}',
      'b{2}',
      '.',
      '[ab]',
      '[^a]',
      '\\.',
      '\\s',
      '|',
      '(a|b)',
      '(ab|)',
      '(a(b|A)?)*',
      '(?:ab)?',
      '^',
      '$',
    )
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'A', '.', ' '), maxLength: 12 })
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), text, (pieces, of) => {
        const source = pieces.join('')
        let pattern: RE2JS
        try {
          pattern = RE2JS.compile(source)
        } catch {
          return
        }
        if (!pattern.matcher(of).find()) return
        const literals = regexLiterals(source)
        assert.ok(
          literals.length === 0 || literals.some((one) => of.toLowerCase().includes(one)),
          `${source} matches ${JSON.stringify(of)} without ${literals.join(', ')}`,
        )
      }),
      { numRuns: 5000 },
    )
  })
})
