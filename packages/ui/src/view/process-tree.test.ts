import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { ProcessNode } from '@honeyguide/model/api'
import {
  lifetimeBar,
  matchesWords,
  processByUid,
  treeRows,
  whyNotNarrowed,
} from './process-tree.ts'

function node(uid: string, parentUid: string | null, more: Partial<ProcessNode> = {}): ProcessNode {
  return {
    uid,
    parentUid,
    pid: Number(uid.replaceAll(/\D/g, '')) || 1,
    name: uid,
    cmdLine: uid,
    filePath: '',
    user: '',
    unit: '',
    container: '',
    start: '2026-11-24T13:42:00.000Z',
    end: null,
    exitCode: null,
    exitSignal: null,
    flags: '',
    filePackage: null,
    fileIntegrity: null,
    writer: null,
    incidentUid: null,
    marks: [],
    hiddenChildren: 0,
    ...more,
  }
}

const all = { closed: new Set<string>(), incidentUid: null }

suite('process tree', () => {
  test('says why it is not narrowed to the incident of the address', () => {
    const nodes = [node('a', null), node('b', 'a', { incidentUid: 'INC-1' })]
    assert.equal(whyNotNarrowed('', { nodes, total: 2 }), undefined)
    assert.equal(whyNotNarrowed('INC-1', { nodes, total: 9000 }), undefined)
    assert.match(
      whyNotNarrowed('INC-2', { nodes, total: 9000 }) ?? '',
      /^No process of INC-2 is among the 2 of 9,000 that are drawn/,
    )
    assert.match(whyNotNarrowed('INC-2', { nodes, total: 2 }) ?? '', /ran on this host/)
  })
  test('shows every process once, below its parent, whatever the input', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(30)), { maxLength: 30 }), (parents) => {
        // A parent earlier in the list is no cycle; later ones and itself may be.
        const nodes = parents.map((parent, at) =>
          node(`p${at}`, parent === null || parent >= at ? null : `p${parent}`),
        )
        const rows = treeRows(nodes, all)
        assert.equal(rows.length, nodes.length)
        rows.forEach((row, at) => {
          assert.ok(row.parentRow < at)
          if (row.parentRow >= 0) {
            assert.equal(rows[row.parentRow]?.node.uid, row.node.parentUid)
            assert.equal(rows[row.parentRow]?.depth, row.depth - 1)
          }
        })
      }),
    )
  })

  test('stands a chain of 10,000 processes and a cycle', () => {
    const chain = Array.from({ length: 10_000 }, (_, at) =>
      node(`p${at}`, at === 0 ? null : `p${at - 1}`),
    )
    assert.equal(treeRows(chain, all).length, 10_000)
    assert.deepEqual(treeRows([node('a', 'b'), node('b', 'a')], all), [])
  })

  test('draws guides that end with the last child', () => {
    const rows = treeRows(
      [node('p1', null), node('p2', 'p1'), node('p3', 'p2'), node('p4', 'p1')],
      all,
    )
    assert.deepEqual(
      rows.map((row) => row.guides),
      [[], ['branch'], ['pass', 'last'], ['last']],
    )
  })

  test('folds what is closed', () => {
    const rows = treeRows([node('p1', null), node('p2', 'p1')], { ...all, closed: new Set(['p1']) })
    assert.equal(rows.length, 1)
    assert.equal(rows[0]?.childCount, 1)
  })

  test('narrows to an incident and its ancestors, which are no part of it', () => {
    const rows = treeRows(
      [
        node('p1', null),
        node('p2', 'p1', { incidentUid: 'INC-1' }),
        node('p3', 'p1'),
        node('p4', 'p2', { incidentUid: 'INC-1' }),
      ],
      { ...all, incidentUid: 'INC-1' },
    )
    assert.deepEqual(
      rows.map((row) => [row.node.uid, row.hot]),
      [
        ['p1', false],
        ['p2', true],
        ['p4', true],
      ],
    )
  })

  test('clips lifetimes to the span and says which ends are open', () => {
    const from = Date.parse('2026-11-24T13:42:00.000Z')
    const bar = lifetimeBar(
      { start: '2026-11-24T13:41:00.000Z', end: '2026-11-24T13:43:00.000Z' },
      from,
      from + 120_000,
    )
    assert.deepEqual(bar, { from: 0, to: 0.5, openLeft: true, openRight: false })
    assert.equal(
      lifetimeBar({ start: '2026-11-24T13:50:00.000Z', end: null }, from, from + 120_000),
      undefined,
    )
  })

  test('finds a process by the uid of an image or of the process', () => {
    const nodes = [node('0f3a-77aa-a1-b2-1', null), node('0f3a-77aa-a1-b2-2', null)]
    assert.equal(processByUid(nodes, '0f3a-77aa-a1-b2-1')?.uid, '0f3a-77aa-a1-b2-1')
    assert.equal(processByUid(nodes, '0f3a-77aa-a1-b2')?.uid, '0f3a-77aa-a1-b2-2')
    assert.equal(processByUid(nodes, '0f3a-77aa-a1-b2-9')?.uid, '0f3a-77aa-a1-b2-2')
    assert.equal(processByUid(nodes, '0f3a-77aa-a1-zz'), undefined)
    assert.equal(processByUid(nodes, ''), undefined)
  })

  test('keeps what the filter says with its ancestors, and folds away the rest', () => {
    const nodes = [
      node('p1', null, { name: 'systemd' }),
      node('p2', 'p1', { name: 'sshd', user: 'root' }),
      node('p3', 'p2', { name: 'bash', cmdLine: 'bash -c "curl example.com"' }),
      node('p4', 'p1', { name: 'cron' }),
    ]
    const rows = treeRows(nodes, { ...all, matches: (one) => matchesWords(one, 'CURL bash') })
    assert.deepEqual(
      rows.map((row) => row.node.uid),
      ['p1', 'p2', 'p3'],
    )
    assert.deepEqual(treeRows(nodes, { ...all, matches: (one) => matchesWords(one, 'nginx') }), [])
  })
})
