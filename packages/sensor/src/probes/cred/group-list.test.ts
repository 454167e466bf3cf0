import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { groupList } from './group-list.ts'

suite('lists of groups', () => {
  test('are decimal numbers with a space between', () => {
    const bytes = Buffer.alloc(9)
    bytes.writeUInt32LE(4, 1)
    bytes.writeUInt32LE(4294967295, 5)
    assert.equal(groupList(bytes.subarray(1)), '4 4294967295')
  })

  test('leave out what is no whole number', () => {
    assert.equal(groupList(Uint8Array.of(1, 0, 0, 0, 7, 7)), '1')
    assert.equal(groupList(new Uint8Array(0)), '')
  })
})
