/** The behaviour every incident book must show. Call it from each adapter's test file. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Incident } from '@honeyguide/model'
import type { IncidentBook } from './incident-book.ts'

export function incidentOf(uid: string, lastTime: string): Incident {
  return {
    uid,
    severity: 'high',
    title: [{ kind: 'text', text: `${uid} did it` }],
    rootProcessUid: 'p',
    firstTime: '2026-11-24T14:00:00.000Z',
    lastTime,
    openedTime: '2026-11-24T14:00:00.000Z',
    hosts: ['web-1'],
    users: ['ann'],
    steps: [],
    nodes: [],
    edges: [],
    reasons: [],
    findings: [],
    ticks: [],
    tactics: [],
    nodeTotal: 0,
    leftOut: 0,
    alive: null,
  }
}

const at = (second: number): string => `2026-11-24T14:00:0${second}.000Z`

/** `reopen` gives a book over what the one before it has flushed; null when the adapter keeps nothing. */
export function incidentBookSuite(
  name: string,
  open: () => { readonly book: IncidentBook; readonly reopen: (() => IncidentBook) | null },
): void {
  suite(`${name} incident book`, () => {
    test('lists what was upserted, newest first, each once', () => {
      const { book } = open()
      book.upsert([
        { incident: incidentOf('a', at(1)), mergedInto: null },
        { incident: incidentOf('b', at(2)), mergedInto: null },
      ])
      book.upsert([{ incident: incidentOf('a', at(3)), mergedInto: null }])
      assert.deepEqual(
        book.list().map(({ incident }) => [incident.uid, incident.lastTime]),
        [
          ['a', at(3)],
          ['b', at(2)],
        ],
      )
      assert.equal(book.get('c'), undefined)
    })
    test('gives the one that an incident was merged into', () => {
      const { book } = open()
      book.upsert([
        { incident: incidentOf('a', at(1)), mergedInto: null },
        { incident: incidentOf('b', at(2)), mergedInto: null },
        { incident: incidentOf('b', at(2)), mergedInto: 'a' },
      ])
      assert.equal(book.list().length, 1)
      assert.equal(book.get('b')?.incident.uid, 'a')
      book.change('b', { note: 'seen' }, 'ann', at(3))
      assert.equal(book.get('a')?.notes.length, 1)
    })
    test('keeps what people say through every upsert', () => {
      const { book } = open()
      book.upsert([{ incident: incidentOf('a', at(1)), mergedInto: null }])
      assert.equal(book.get('a')?.status, 'new')
      book.change('a', { status: 'in_progress', assignee: 'ann', note: 'mine' }, 'ann', at(2))
      book.change('a', { assignee: null }, 'bob', at(3))
      book.upsert([{ incident: incidentOf('a', at(4)), mergedInto: null }])
      const { incident, ...said } = book.get('a') ?? assert.fail()
      assert.equal(incident.lastTime, at(4))
      assert.deepEqual(said, {
        status: 'in_progress',
        assignee: null,
        notes: [{ time: at(2), user: 'ann', text: 'mine' }],
      })
      assert.equal(book.change('none', { note: 'x' }, 'ann', at(1)), undefined)
    })
    test('has after a restart what was flushed, and what people said at any time', () => {
      const { book, reopen } = open()
      if (!reopen) return
      book.upsert([
        { incident: incidentOf('a', at(1)), mergedInto: null },
        { incident: incidentOf('b', at(1)), mergedInto: 'a' },
      ])
      book.flush()
      book.upsert([{ incident: incidentOf('c', at(1)), mergedInto: null }])
      book.change('a', { status: 'true_positive', note: 'it was' }, 'ann', at(2))
      book.change('c', { status: 'suppressed' }, 'ann', at(2))
      const again = reopen()
      assert.deepEqual(
        again.list().map(({ incident, status, notes }) => [incident.uid, status, notes.length]),
        [['a', 'true_positive', 1]],
      )
      assert.equal(again.get('b')?.incident.uid, 'a')
      again.upsert([{ incident: incidentOf('c', at(1)), mergedInto: null }])
      assert.equal(
        again.get('c')?.status,
        'suppressed',
        'derived again, it is what people made of it',
      )
    })
  })
}
