import assert from 'node:assert/strict'
import { normalize } from 'node:path/posix'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { scriptPath, terminalName } from './image-text.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const path = (typed: string, cwd: string): string =>
  Buffer.from(scriptPath(bytes(typed), bytes(cwd))).toString('latin1')

suite('texts of an image', () => {
  test('a script is found from where it was typed', () => {
    assert.equal(path('/usr/bin/x', '/tmp'), '/usr/bin/x')
    assert.equal(path('./x', '/tmp/a'), '/tmp/a/x')
    assert.equal(path('../../x', '/tmp/a'), '/x')
    assert.equal(path('../../../../x', '/tmp'), '/x')
    assert.equal(path('x\xff', '/'), '/x\xff')
    assert.equal(path('', '/tmp'), '')
  })

  test('it is what normalize gives, for any path', () => {
    const part = fc.constantFrom('a', 'b', '.', '..', '', 'x y', '...')
    fc.assert(
      fc.property(fc.array(part, { minLength: 1 }), fc.array(part), (typed, cwd) => {
        const t = typed.join('/') || 'a'
        const c = `/${cwd.join('/')}`
        const wanted = normalize(t.startsWith('/') ? t : `${c}/${t}`).replace(/(.)\/$/, '$1')
        assert.equal(path(t, c), wanted.replace(/^\/\//, '/'))
      }),
      { numRuns: 5000 },
    )
  })

  test('a terminal is named as its device', () => {
    const name = (text: string): string => terminalName(bytes(text.padEnd(16, '\0')))
    assert.equal(name('pts12'), 'pts/12')
    assert.equal(name('tty1'), 'tty1')
    assert.equal(name('ttyS0'), 'ttyS0')
    assert.equal(name(''), '')
    assert.equal(terminalName(bytes('0123456789abcdef')), '0123456789abcdef')
  })
})
