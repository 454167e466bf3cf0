import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { createDictionary } from './dictionary.ts'

suite('dictionary of a batch', () => {
  test('gives each text one number, in the order in which they came, and its bytes back', () => {
    const dictionary = createDictionary(20)
    const texts = fc.array(fc.uint8Array({ maxLength: 24 }), { maxLength: 200 })
    fc.assert(
      // One dictionary for all of them: what was there before a reset must not show.
      fc.property(fc.array(texts, { minLength: 1, maxLength: 3 }), (batches) => {
        for (const batch of batches) {
          dictionary.reset()
          const known: string[] = []
          let bytes = 0
          for (const text of batch) {
            const cut = Buffer.from(text.subarray(0, 20)).toString('latin1')
            const around = Buffer.concat([Buffer.from('ab'), text, Buffer.from('cd')])
            const id = dictionary.text(around, 2, 2 + text.length)
            assert.equal(dictionary.text(text), id)
            if (cut === '') assert.equal(id, 0)
            else {
              if (!known.includes(cut)) {
                known.push(cut)
                bytes += cut.length
              }
              assert.equal(id, known.indexOf(cut) + 1)
            }
            assert.equal(Buffer.from(dictionary.bytes(id)).toString('latin1'), cut)
          }
          assert.deepEqual([dictionary.size, dictionary.heldBytes], [known.length, bytes])
          for (const [i, text] of known.entries())
            assert.equal(Buffer.from(dictionary.bytes(i + 1)).toString('latin1'), text)
          assert.equal(dictionary.bytes(known.length + 1).length, 0)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('grows, and lets go what a large batch has taken', () => {
    const dictionary = createDictionary(1 << 20)
    for (const count of [40_000, 3, 40_000]) {
      dictionary.reset()
      for (let i = 0; i < count; i++) assert.equal(dictionary.string(`entry ${i}`), i + 1)
      for (let i = 0; i < count; i++)
        assert.equal(dictionary.text(new TextEncoder().encode(`entry ${i}`)), i + 1)
    }
    const long = new Uint8Array(300_000).fill(7)
    const id = dictionary.text(long)
    assert.equal(dictionary.text(long), id)
    assert.deepEqual(dictionary.bytes(id), long)
  })
})
