import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { Incident, IncidentEdge, IncidentNode } from '@honeyguide/model/incident'
import { layoutStory, nextBox, samePlaces, stepsOfNode, type StoryBox } from './story-layout.ts'

function node(id: string, step: number, more: Partial<IncidentNode> = {}): IncidentNode {
  return {
    id,
    kind: 'process',
    label: id,
    detail: '',
    full: id,
    host: 'web-03',
    step,
    reasonNo: null,
    processUid: null,
    count: 1,
    weight: 0.1,
    firstTime: `2026-11-24T13:42:${String(step).padStart(2, '0')}.000Z`,
    ...more,
  }
}

function edge(from: string, to: string, kind: IncidentEdge['kind'] = 'process'): IncidentEdge {
  return { from, to, kind, verb: 'exec', detail: '', time: '2026-11-24T13:42:00.000Z', count: 1 }
}

function incident(nodes: readonly IncidentNode[], edges: readonly IncidentEdge[]): Incident {
  const steps = [...new Set(nodes.map((one) => one.step))].sort((a, b) => a - b)
  return {
    uid: 'INC-0000000000',
    severity: 'high',
    title: [],
    rootProcessUid: '',
    firstTime: '',
    lastTime: '',
    openedTime: '',
    hosts: ['web-03'],
    users: [],
    steps: steps.map((no) => ({
      no,
      name: `step ${no}`,
      techniqueUid: '',
      techniqueName: '',
      tacticUid: `TA${no % 3}`,
      tacticName: '',
      time: '',
      offsetMs: 0,
      nodeIds: [],
      sentence: [],
      eventUids: [],
    })),
    nodes,
    edges,
    reasons: [],
    findings: [],
    ticks: [],
    tactics: [],
    nodeTotal: nodes.length,
    leftOut: 0,
    alive: null,
  }
}

const anyIncident = fc
  .array(
    fc.record({
      step: fc.integer({ min: 1, max: 14 }),
      kind: fc.constantFrom<IncidentNode['kind']>('process', 'file', 'socket'),
      host: fc.constantFrom('web-03', 'db-02', 'outside', 'a', 'b', 'c'),
      reasonNo: fc.option(fc.integer({ min: 1, max: 5 })),
      weight: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .chain((seeds) =>
    fc
      .array(fc.tuple(fc.nat(seeds.length - 1), fc.nat(seeds.length - 1)), { maxLength: 60 })
      .map((pairs) =>
        incident(
          seeds.map((seed, at) => node(`n${at}`, seed.step, seed)),
          pairs.filter(([a, b]) => a !== b).map(([a, b]) => edge(`n${a}`, `n${b}`)),
        ),
      ),
  )

function crosses(
  box: StoryBox,
  a: readonly [number, number],
  b: readonly [number, number],
): boolean {
  const left = Math.min(a[0], b[0])
  const right = Math.max(a[0], b[0])
  const top = Math.min(a[1], b[1])
  const bottom = Math.max(a[1], b[1])
  return (
    right > box.x + 1 &&
    left < box.x + box.width - 1 &&
    bottom > box.y + 1 &&
    top < box.y + box.height - 1
  )
}

suite('story layout', () => {
  test('gives the same picture for the same incident', () => {
    fc.assert(
      fc.property(anyIncident, (one) => {
        const options = { width: 1000, most: 16 }
        assert.deepEqual(layoutStory(one, options), layoutStory(structuredClone(one), options))
      }),
      { numRuns: 100 },
    )
  })

  test('draws at most as many nodes as wanted, and no two in one place', () => {
    fc.assert(
      fc.property(anyIncident, (one) => {
        const picture = layoutStory(one, { width: 1000, most: 16 })
        assert.ok(picture.boxes.length <= 16)
        assert.ok(picture.columns.length <= 10)
        const places = new Set(picture.boxes.map((box) => `${box.x}/${box.y}`))
        assert.equal(places.size, picture.boxes.length)
        for (const box of picture.boxes) {
          assert.ok(box.x >= 0 && box.x + box.width <= picture.width)
          assert.ok(box.y >= 0 && box.y + box.height <= picture.height)
        }
      }),
      { numRuns: 200 },
    )
  })

  test('draws every edge in horizontal and vertical pieces', () => {
    fc.assert(
      fc.property(anyIncident, (one) => {
        for (const drawn of layoutStory(one, { width: 1000, most: 16 }).edges)
          for (let at = 1; at < drawn.points.length; at++) {
            const a = drawn.points[at - 1] ?? [0, 0]
            const b = drawn.points[at] ?? [0, 0]
            assert.ok(a[0] === b[0] || a[1] === b[1], `${drawn.from} to ${drawn.to}`)
          }
      }),
      { numRuns: 200 },
    )
  })

  test('leads no forward edge through a box', () => {
    fc.assert(
      fc.property(anyIncident, fc.boolean(), (one, narrow) => {
        const picture = layoutStory(one, { width: narrow ? 390 : 1400, most: 16 })
        const column = new Map(picture.boxes.map((box) => [box.node.id, box.column]))
        for (const drawn of picture.edges) {
          if ((column.get(drawn.to) ?? 0) < (column.get(drawn.from) ?? 0)) continue
          for (const box of picture.boxes) {
            if (box.node.id === drawn.from || box.node.id === drawn.to) continue
            for (let at = 1; at < drawn.points.length; at++)
              assert.ok(
                !crosses(box, drawn.points[at - 1] ?? [0, 0], drawn.points[at] ?? [0, 0]),
                `${drawn.from} to ${drawn.to} crosses ${box.node.id}: ${JSON.stringify(drawn.points)}`,
              )
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  test('never points an edge of a chain to the left', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 12 }),
        (steps) => {
          const nodes = steps.map((step, at) => node(`n${at}`, step))
          const edges = nodes.slice(1).map((_, at) => edge(`n${at}`, `n${at + 1}`))
          const picture = layoutStory(incident(nodes, edges), { width: 1000, most: 16 })
          const column = new Map(picture.boxes.map((box) => [box.node.id, box.column]))
          for (const one of edges)
            assert.ok((column.get(one.to) ?? 0) >= (column.get(one.from) ?? 0))
        },
      ),
    )
  })

  test('keeps the path with the most evidence on one straight row', () => {
    const nodes = [1, 2, 3, 4].map((step) => node(`n${step}`, step, { weight: 0.2 }))
    const picture = layoutStory(
      incident(
        [...nodes, node('file', 3, { kind: 'file' }), node('other', 2, { weight: 0 })],
        [
          edge('n1', 'n2'),
          edge('n2', 'n3'),
          edge('n3', 'n4'),
          edge('n3', 'file', 'file'),
          edge('n1', 'other'),
        ],
      ),
      { width: 1000, most: 16 },
    )
    const rows = new Set(
      picture.boxes.filter((box) => /^n\d$/.test(box.node.id)).map((box) => box.y),
    )
    assert.equal(rows.size, 1)
  })

  test('folds siblings that differ in nothing but their number', () => {
    const beacons = Array.from({ length: 45 }, (_, at) =>
      node(`b${at}`, 2, { kind: 'socket', label: '203.0.113.77', host: 'outside' }),
    )
    const picture = layoutStory(
      incident(
        [node('x', 1), ...beacons],
        beacons.map((one) => edge('x', one.id, 'socket')),
      ),
      { width: 1000, most: 16 },
    )
    assert.equal(picture.boxes.length, 2)
    assert.equal(picture.boxes[1]?.count, 45)
    assert.equal(picture.shown, 46)
  })

  test('shares a lane among hosts that did the same when there are more than four', () => {
    const nodes = ['a', 'b', 'c', 'd', 'e'].map((host) =>
      node(`n-${host}`, 1, { host, label: 'x' }),
    )
    const picture = layoutStory(incident(nodes, []), { width: 1000, most: 16 })
    assert.deepEqual(
      picture.lanes.map((lane) => lane.label),
      ['a × 5'],
    )
  })

  test('leads the arrow keys along edges first', () => {
    const picture = layoutStory(
      incident([node('a', 1), node('b', 3), node('c', 2, { host: 'db-02' })], [edge('a', 'b')]),
      { width: 1000, most: 16 },
    )
    assert.equal(nextBox(picture, 'a', 'ArrowRight'), 'b')
    assert.equal(nextBox(picture, 'b', 'ArrowLeft'), 'a')
  })

  test('draws one arrow for fork and exec of the same child, and writes no word on it', () => {
    const made = incident(
      [node('sh', 1), node('curl', 2)],
      [
        { ...edge('sh', 'curl'), verb: 'exec', time: '2026-11-24T13:42:01.000Z' },
        { ...edge('sh', 'curl'), verb: 'fork', time: '2026-11-24T13:42:00.000Z' },
      ],
    )
    const { edges } = layoutStory(made, { width: 900, most: 16 })
    assert.deepEqual(
      edges.map(({ label, labelAt, count }) => ({ label, labelAt, count })),
      [{ label: 'fork, exec', labelAt: undefined, count: 1 }],
    )
  })

  test('leaves every node in its column and row when the incident grows, until it is laid out anew', () => {
    const early = incident([node('a', 1), node('b', 2)], [edge('a', 'b')])
    const first = layoutStory(early, { width: 900, most: 16 })
    // A step between the two, and a process on the row where `b` was.
    const grown = incident(
      [node('a', 1), node('new', 2, { weight: 0.9 }), node('late', 4), node('b', 3)],
      [edge('a', 'new'), edge('a', 'b'), edge('b', 'late')],
    )
    const kept = layoutStory(grown, { width: 900, most: 16, keep: first.places })
    const fresh = layoutStory(grown, { width: 900, most: 16 })
    const place = (id: string, picture: typeof kept) => {
      const box = picture.boxes.find((one) => one.node.id === id)
      return box === undefined ? undefined : `${box.column}/${box.row}`
    }
    for (const id of ['a', 'b']) assert.equal(place(id, kept), place(id, first), id)
    assert.equal(
      new Set(kept.boxes.map((box) => `${box.x}/${box.y}`)).size,
      4,
      'no two share a cell',
    )
    assert.ok(!samePlaces(kept.places, fresh.places))
    assert.ok(samePlaces(fresh.places, layoutStory(grown, { width: 1400, most: 16 }).places))
    const tidied = layoutStory(grown, { width: 900, most: 16, keep: fresh.places })
    assert.ok(samePlaces(tidied.places, fresh.places))
  })

  test('knows the steps of a node: its own and those it led to', () => {
    const made = incident(
      [node('a', 1), node('b', 2), node('c', 3)],
      [edge('a', 'b'), edge('b', 'c')],
    )
    assert.deepEqual([...(stepsOfNode(made, 'a') ?? [])], [1, 2])
    assert.equal(stepsOfNode(made, 'gone'), null)
  })

  test('draws what a shell ran in its place, unless the shell did more or is a reason itself', () => {
    const made = incident(
      [
        node('perl', 1),
        node('s1', 1, { label: 'dash' }),
        node('s2', 1, { label: 'sh -c', reasonNo: 1 }),
        node('s3', 1, { label: 'bash' }),
        node('whoami', 2),
        node('uname', 2),
        node('curl', 3),
        node('out', 3, { kind: 'file' }),
      ],
      [
        edge('perl', 's1'),
        edge('s1', 'whoami'),
        edge('perl', 's2'),
        edge('s2', 'uname'),
        edge('perl', 's3'),
        edge('s3', 'curl'),
        { ...edge('s3', 'out', 'file'), verb: 'write' },
      ],
    )
    const story = layoutStory(made, { width: 900, most: 16, throughShells: true })
    const drawn = story.boxes.map((box) => box.node.id).sort()
    assert.deepEqual(drawn, ['curl', 'out', 'perl', 's2', 's3', 'uname', 'whoami'])
    const through = story.edges.find((one) => one.to === 'whoami')
    assert.deepEqual(
      [through?.from, through?.label, through?.labelAt],
      ['perl', 'exec, through dash', undefined],
    )
    assert.equal(story.shown, 8, 'the shell is counted: its place is drawn')
    assert.equal(layoutStory(made, { width: 900, most: 200 }).boxes.length, 8)
  })
})
