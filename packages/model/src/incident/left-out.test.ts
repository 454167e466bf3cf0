import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { leftOutWords } from './left-out.ts'

suite('what an incident left out', () => {
  test('is said with its number, and not at all when it has everything', () => {
    assert.equal(leftOutWords({ leftOut: 0 }), '')
    assert.match(leftOutWords({ leftOut: 1 }), /1 more event or process of/)
    assert.match(leftOutWords({ leftOut: 12_345 }), /12,345 more events and processes/)
  })
})
