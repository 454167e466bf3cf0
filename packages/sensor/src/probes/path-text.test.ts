import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createBatchBuilder } from '@honeyguide/model/batch'
import { pathText } from './path-text.ts'

/** What becomes of it, within something longer. */
function turned(text: string, isCut = false): string {
  const builder = createBatchBuilder()
  const bytes = Buffer.from(`/before/${text}/behind/`, 'latin1')
  const from = '/before/'.length
  const id = pathText(builder, bytes, from, from + text.length, isCut)
  return Buffer.from(builder.bytes(id)).toString('latin1')
}

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
    assert.equal(turned('true/bin/us', true), '/bin/true')
    assert.equal(turned('true/bin/', true), '/bin/true')
    assert.equal(turned('tru', true), '')
  })

  test('of names of any length and number, each keeps its bytes', () => {
    for (let count = 1; count < 140; count++) {
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
