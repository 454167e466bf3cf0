import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { completenessOf } from './completeness.ts'
import { bytesWords, grouped, shareWords, short, tiny } from './number-words.ts'
import { middle, shown, start } from './shorten.ts'
import {
  axisTicks,
  clockMs,
  lengthWords,
  offsetWords,
  sharedPrefix,
  spanWords,
} from './time-words.ts'

suite('number words', () => {
  test('group every digit, shorten only from a million on', () => {
    assert.equal(grouped(1_284_110), '1,284,110')
    assert.equal(grouped(-12), '−12')
    assert.equal(short(144_093), '144,093')
    assert.equal(short(6_100_000_000), '6.1 B')
    assert.equal(tiny(67_214), '67.2 k')
    assert.equal(bytesWords(48_640), '48.6 kB')
    assert.equal(bytesWords(88), '88 B')
  })

  test('never round a share with a loss to 100 percent, nor one with a sight to 0', () => {
    assert.equal(shareWords(99_999, 100_000), '99.999 %')
    assert.equal(shareWords(1, 1), '100 %')
    assert.equal(shareWords(0, 0), 'unknown')
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 40 }), fc.nat(), (offered, part) => {
        const seen = part % offered
        const words = shareWords(seen, offered)
        assert.notEqual(words, '100 %')
        if (seen > 0) assert.notEqual(words, '0 %')
      }),
    )
  })
})

suite('completeness', () => {
  test('an opened ring for any gap, even one without a count', () => {
    assert.equal(completenessOf({ complete: true, offered: 5, lost: 0 }).ring, 'full')
    assert.equal(completenessOf({ complete: false, offered: 5, lost: 0 }, 1).ring, 'part')
    assert.equal(completenessOf({ complete: false, offered: 5, lost: 1 }, 1).gaps, '1 gap')
    assert.equal(completenessOf(undefined).ring, 'unknown')
    assert.equal(completenessOf({ complete: true, offered: 0, lost: 0 }).share, 'not known yet')
  })
})

suite('time words', () => {
  test('are UTC and say a new day once', () => {
    const at = Date.parse('2026-11-24T13:42:07.391Z')
    assert.equal(clockMs('2026-11-24T13:42:07.391Z'), '13:42:07.391')
    assert.equal(clockMs('yesterday'), 'yesterday')
    assert.equal(spanWords(at, at + 60_000), '24 Nov 13:42:07 → 13:43:07 UTC')
    assert.equal(spanWords(at - 86_400_000, at), '23 Nov 13:42 → 24 Nov 13:42 UTC')
  })

  test('give lengths in the unit that fits', () => {
    assert.equal(lengthWords(31), '31 ms')
    assert.equal(lengthWords(8000), '8.0 s')
    assert.equal(lengthWords(123_000), '2:03 min')
    assert.equal(lengthWords(9_900_000), '2 h 45 min')
    assert.equal(offsetWords(123_000), '+2:03')
  })

  test('put at most as many ticks as wanted, all inside', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 41 }),
        fc.integer({ min: 1, max: 2 ** 32 }),
        fc.integer({ min: 1, max: 20 }),
        (from, length, most) => {
          const ticks = axisTicks(from, from + length, most)
          assert.ok(ticks.length <= most + 1)
          for (const tick of ticks) assert.ok(tick.at >= from && tick.at <= from + length)
        },
      ),
    )
  })

  test('dim whole groups only', () => {
    assert.equal(sharedPrefix('13:42:07.391', '13:42:07.120'), 9)
    assert.equal(sharedPrefix('13:42:17.391', '13:42:07.120'), 6)
    assert.equal(sharedPrefix('13:42:07.391', undefined), 0)
  })
})

suite('shortening', () => {
  test('escapes first, and never leaves a character that acts', () => {
    assert.equal(shown('a\u202eb\x1b[31m'), 'a\\u{202e}b\\x1b[31m')
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 2000 }),
        fc.integer({ min: 1, max: 300 }),
        (text, most) => {
          const out = shown(text, most)
          assert.doesNotMatch(out, /[\u0000-\u001f\u202a-\u202e\u2066-\u2069\u200b]/)
          assert.ok([...middle(out, most)].length <= most)
          assert.ok([...start(out, most)].length <= Math.max(1, most))
        },
      ),
      { numRuns: 300 },
    )
  })

  test('keeps both ends of a path', () => {
    assert.equal(middle('/var/www/app/public/index.php', 15), '/var/ww…dex.php')
  })
})
