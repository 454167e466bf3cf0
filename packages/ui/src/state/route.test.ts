import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { addressOf, pathOf, readRoute } from './route.ts'
import { tokenIn } from './sign-in-token.ts'
import { readRange, readTime, spanOf, stripSpan, writeRange } from './time-range.ts'

const now = Date.parse('2026-11-24T14:05:11.000Z')

suite('addresses', () => {
  test('every screen has one, and reading it gives the screen', () => {
    for (const screen of [
      'landing',
      'first-run',
      'incidents',
      'live',
      'processes',
      'hunt',
      'fleet',
    ] as const)
      assert.deepEqual(readRoute(pathOf({ screen })), { screen })
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (uid) => {
        fc.pre(uid !== '.' && uid !== '..')
        assert.deepEqual(readRoute(pathOf({ screen: 'incident', uid })), {
          screen: 'incident',
          uid,
        })
      }),
    )
  })

  test('what is no screen is said to be none', () => {
    assert.equal(readRoute('/nothing/here').screen, 'unknown')
    assert.equal(readRoute('/incidents/%E0%A4%A').screen, 'unknown')
  })

  test('leave empty values out', () => {
    assert.equal(addressOf({ screen: 'live' }, { filter: '', row: null }), '/live')
    assert.equal(addressOf({ screen: 'live' }, { filter: 'a = b' }), '/live?filter=a+%3D+b')
  })
})

suite('time range', () => {
  test('survives the address', () => {
    for (const range of [
      { kind: 'last', name: '1h' },
      { kind: 'between', fromMs: now - 5000, toMs: now },
    ] as const) {
      const params = new URLSearchParams()
      for (const [name, value] of Object.entries(writeRange(range)))
        if (value !== null) params.set(name, value)
      assert.deepEqual(readRange(params, '24h'), range)
    }
    assert.deepEqual(readRange(new URLSearchParams('from=x&to=y'), '24h'), {
      kind: 'last',
      name: '24h',
    })
  })

  test('the strip always holds the range', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40 * 86_400_000 }),
        fc.integer({ min: 1000, max: 30 * 86_400_000 }),
        (ago, length) => {
          const range = { kind: 'between', fromMs: now - ago - length, toMs: now - ago } as const
          const strip = stripSpan(range, now)
          const span = spanOf(range, now)
          assert.ok(strip.fromMs <= span.fromMs && strip.toMs >= span.toMs)
        },
      ),
      // Three milliseconds longer than a week, and not up to now.
      { examples: [[1001, 604_800_003]] },
    )
  })

  test('reads what a person types, as UTC', () => {
    assert.equal(readTime('now', now), now)
    assert.equal(readTime('13:42', now), Date.parse('2026-11-24T13:42:00Z'))
    assert.equal(readTime('2026-11-24 13:42:07', now), Date.parse('2026-11-24T13:42:07Z'))
    assert.equal(readTime('2026-11-24T13:42:07.391Z', now), Date.parse('2026-11-24T13:42:07.391Z'))
    assert.equal(readTime('soon', now), undefined)
    assert.equal(readTime('25:99', now), undefined)
  })
})

suite('sign-in token', () => {
  test('is found in an address, after a name, or alone; nothing else is taken for one', () => {
    const token = 'hg1_k7QmTest0000000000R2vd'
    assert.equal(tokenIn(`http://127.0.0.1:7461/#${token}`), token)
    assert.equal(tokenIn(`#token=${token}`), token)
    assert.equal(tokenIn(` ${token}\n`), token)
    assert.equal(tokenIn(''), undefined)
    assert.equal(tokenIn('#section'), undefined)
    assert.equal(tokenIn('<script>alert(1)</script>'), undefined)
  })
})
