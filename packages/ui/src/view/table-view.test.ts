import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  arrangedColumns,
  groupedLines,
  readTableView,
  toggled,
  trackWidth,
  writeTableView,
} from './table-view.ts'

const columns = ['a', 'b', 'c', 'd'].map((key) => ({ key }))
const keys = (list: readonly { readonly key: string }[]) => list.map((one) => one.key).join('')

suite('table view', () => {
  test('hides columns and puts pinned ones first, in the order of pinning', () => {
    const view = { hidden: ['b'], pinned: ['d', 'c', 'gone'], group: '' }
    assert.equal(keys(arrangedColumns(columns, view)), 'dca')
  })

  test('never hides all columns: a link cannot make a table that has no way back', () => {
    const view = { hidden: ['a', 'b', 'c', 'd'], pinned: [], group: '' }
    assert.equal(keys(arrangedColumns(columns, view)), 'abcd')
  })

  test('comes back from the address as it was, whatever columns are called', () => {
    const view = { hidden: ['count(a, b)', '100 %'], pinned: ['%2C', 'ü'], group: 'x,y' }
    assert.deepEqual(readTableView(writeTableView(view)), view)
    assert.deepEqual(readTableView({ hide: ',a,,a', pin: '', group: '' }).hidden, ['a'])
  })

  test('puts a name in and takes it out again', () => {
    assert.deepEqual(toggled(['a'], 'b'), ['a', 'b'])
    assert.deepEqual(toggled(['a', 'b'], 'a'), ['b'])
  })

  test('groups rows under their value, keeps their order, and folds closed groups', () => {
    const lines = groupedLines(['web', 'db', undefined, 'web'], new Set(['db']))
    assert.deepEqual(lines, [
      { kind: 'group', value: 'db', count: 1 },
      { kind: 'group', value: 'web', count: 2 },
      { kind: 'row', index: 0 },
      { kind: 'row', index: 3 },
    ])
  })

  test('reads the width that a track asks for', () => {
    assert.equal(trackWidth('96px', 200), 96)
    assert.equal(trackWidth('minmax(130px, 1.2fr)', 200), 130)
    assert.equal(trackWidth('minmax(0, 1fr)', 200), 200)
  })
})
