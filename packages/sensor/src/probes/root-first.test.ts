import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { rootFirst } from './root-first.ts'

const turned = (text: string): string =>
  Buffer.from(rootFirst(Buffer.from(text, 'latin1'))).toString('latin1')

suite('paths from their root on', () => {
  test('names change places', () => {
    assert.equal(turned('true/bin/usr/'), '/usr/bin/true')
    assert.equal(turned('a/'), '/a')
    assert.equal(turned('/'), '/')
  })

  test('what is no path stays', () => {
    for (const text of ['', 'memfd:a/b', 'pipe:[1]']) assert.equal(turned(text), text)
  })

  test('of a path whose first names are missing, whole names are left', () => {
    const cut = (text: string): string =>
      Buffer.from(rootFirst(Buffer.from(text, 'latin1'), true)).toString('latin1')
    assert.equal(cut('true/bin/us'), '/bin/true')
    assert.equal(cut('true/bin/'), '/bin/true')
    assert.equal(cut('tru'), '')
  })

  test('of names of any length and number, each keeps its bytes', () => {
    for (let count = 1; count < 40; count++) {
      const names = Array.from({ length: count }, (_, i) =>
        String.fromCharCode(1 + i, 255 - i)
          .repeat(1 + ((i * 7) % 100))
          .replaceAll('/', 'x'),
      )
      const last = names.toReversed().map((name) => `${name}/`)
      assert.equal(turned(last.join('')), names.map((name) => `/${name}`).join(''))
    }
  })
})
