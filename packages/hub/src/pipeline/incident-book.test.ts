import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { openStateDatabase } from '../state/state-database.ts'
import { incidentBookSuite, incidentOf } from './incident-book.suite.ts'
import { createMemoryBook } from './memory-book.ts'
import { createSqliteBook } from './sqlite-book.ts'

incidentBookSuite('memory', () => ({ book: createMemoryBook(), reopen: null }))
incidentBookSuite('SQLite', () => {
  const database = openStateDatabase(':memory:')
  return { book: createSqliteBook(database), reopen: () => createSqliteBook(database) }
})

suite('SQLite incident book', () => {
  test('is bounded: the incidents that were quiet for longest leave', () => {
    const book = createSqliteBook(openStateDatabase(':memory:'))
    for (let no = 0; no < 2100; no++) {
      const time = new Date(1_000_000 + no * 1000).toISOString()
      book.upsert([{ incident: incidentOf(`i${no}`, time), mergedInto: null }])
    }
    book.flush()
    assert.equal(book.list().length, 2000)
    assert.equal(book.get('i99'), undefined)
    assert.ok(book.get('i100'))
  })
})
