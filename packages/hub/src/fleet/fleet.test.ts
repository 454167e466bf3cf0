import assert from 'node:assert/strict'
import { deserialize, serialize } from 'node:v8'
import { suite, test } from 'node:test'
import { decodeBatch, hex, type BatchBuilder } from '@honeyguide/model'
import { batchOf, fillExecs, helloOf } from '../ingest/scripted-sensor.ts'
import { createFleet, type SavedFleet } from './fleet.ts'
import { createLossLedger } from './loss-ledger.ts'

const hello = helloOf()
const deviceUid = hex(hello.sensor)
const start = Date.UTC(2026, 10, 24, 14, 0, 0)

/** Boot was at `start`. */
function batch(sequence: number, fill: (builder: BatchBuilder) => void) {
  return decodeBatch(batchOf(hello, sequence, fill, BigInt(start) * 1_000_000n))
}

function loss(builder: BatchBuilder, fromS: number, toS: number, lost: number): void {
  const table = builder.table('loss')
  const row = table.add()
  table.columns.fromNs[row] = BigInt(fromS) * 1_000_000_000n
  table.columns.toNs[row] = BigInt(toS) * 1_000_000_000n
  table.columns.hook[row] = builder.string('tcp')
  table.columns.reason[row] = builder.string('ring_full')
  table.columns.offered[row] = BigInt(lost + 10)
  table.columns.seen[row] = 10n
  table.columns.lost[row] = BigInt(lost)
}

suite('fleet', () => {
  test('shows a host as its sensor describes it, with hooks and features', () => {
    const fleet = createFleet()
    fleet.hello(hello, start)
    fleet.apply(
      batch(1, (b) => {
        const hook = b.table('hook')
        const row = hook.add()
        hook.columns.hook[row] = b.string('exec')
        hook.columns.offered[row] = 100n
        hook.columns.lost[row] = 4n
        hook.columns.runNs[row] = 1000n
        hook.columns.runs[row] = 10n
        hook.columns.state[row] = 1
        const feature = b.table('feature')
        feature.columns.name[feature.add()] = b.string('lsm')
        feature.columns.minimumKernel[0] = b.string('5.7')
      }),
      start,
    )
    fleet.heard(deviceUid, start)
    const [host] = fleet.hosts(
      start + 1000,
      new Map([['web-1', [{ uid: 'INC-1', severity: 'high' }]]]),
    )
    assert.equal(host?.hostname, 'web-1')
    assert.equal(host?.health, 'healthy')
    assert.deepEqual(host?.hooks, [
      {
        hook: 'exec',
        state: 'attached',
        offered: 100,
        seen: 96,
        lost: 4,
        filtered: 0,
        deduplicated: 0,
        lostBy: [],
        nsPerRun: 100,
        recursionMisses: 0,
      },
    ])
    assert.equal(host?.features[0]?.works, false)
    assert.deepEqual([host?.openIncidents, host?.worstSeverity], [['INC-1'], 'high'])
    assert.equal(fleet.hosts(start + 31_000, new Map())[0]?.health, 'silent')
    assert.deepEqual(fleet.sensors(start + 31_000), { known: 1, up: 0 })
  })
  test('tells what was lost, of which host, and for how long it is losing', () => {
    const fleet = createFleet()
    fleet.hello(hello, start)
    const gaps = fleet.apply(
      batch(1, (b) => {
        fillExecs(b, 1, 90)
        loss(b, 2, 3, 10)
        loss(b, 4, 5, 0)
      }),
      start,
    )
    assert.equal(gaps.length, 1)
    assert.deepEqual(gaps[0], {
      host: 'web-1',
      hook: 'tcp',
      reason: 'ring_full',
      from: '2026-11-24T14:00:02.000Z',
      to: '2026-11-24T14:00:03.000Z',
      offered: 20,
      lost: 10,
      mayHide: 'It may hide connections; it cannot hide a process start.',
    })
    const evidence = fleet.evidence(start, start + 60_000)
    assert.deepEqual(
      [evidence.complete, evidence.offered, evidence.lost, evidence.gapCount],
      [false, 100, 10, 1],
    )
    assert.equal(fleet.evidence(start + 10_000, start + 60_000).complete, true)
    assert.equal(fleet.evidence(start, start + 60_000, new Set(['other'])).complete, true)
    fleet.heard(deviceUid, start + 60_000)
    assert.equal(fleet.hosts(start + 60_000, new Map())[0]?.health, 'losing')
    fleet.heard(deviceUid, start + 400_000)
    assert.equal(fleet.hosts(start + 400_000, new Map())[0]?.health, 'healthy')
    assert.deepEqual(
      fleet.evidenceByKind(start, start + 60_000).filter(({ offered }) => offered > 0),
      [
        { kind: 'exec', offered: 90, lost: 0 },
        { kind: 'tcp', offered: 10, lost: 10 },
      ],
    )
  })
  test('draws the strip: counts, quiet minutes as 0, and nothing where nobody reported', () => {
    const fleet = createFleet()
    fleet.hello(hello, start)
    const at = (sequence: number, no: number, count: number) =>
      fleet.apply(
        batch(sequence, (b) => fillExecs(b, no, count)),
        start,
      )
    at(1, 1, 5)
    // Three minutes later, the next batch of the run: it was there all the time.
    at(2, 185_000, 7)
    // And another one after a hole in the sequence, six minutes later.
    at(9, 545_000, 1)
    const strip = fleet.timeline({ fromMs: start, toMs: start + 600_000, buckets: 10 })
    assert.equal(strip.bucketMs, 60_000)
    assert.deepEqual(strip.groups.process, [5, 0, 0, 7, null, null, null, null, null, 1])
    assert.deepEqual(strip.groups.network?.slice(0, 4), [0, 0, 0, 0])
    const fine = fleet.timeline({ fromMs: start + 540_000, toMs: start + 560_000, buckets: 20 })
    assert.deepEqual([fine.bucketMs, fine.groups.process?.[5]], [1000, 1])
  })
  test('never counts an event twice, however old and fine the strip is', () => {
    const fleet = createFleet()
    fleet.hello(hello, start)
    for (let sequence = 1; sequence <= 60; sequence++)
      fleet.apply(
        batch(sequence, (b) => fillExecs(b, sequence * 60_000 - 30_000, 10)),
        start,
      )
    for (const [fromMinute, toMinute, buckets] of [
      [0, 60, 180],
      [50, 60, 240],
      [0, 10, 600],
      [20, 60, 7],
    ] as const) {
      const strip = fleet.timeline({
        fromMs: start + fromMinute * 60_000,
        toMs: start + toMinute * 60_000,
        buckets,
      })
      const sum = (strip.groups.process ?? []).reduce<number>(
        (total, count) => total + (count ?? 0),
        0,
      )
      const shownMinutes = (Date.parse(strip.to) - Date.parse(strip.from)) / 60_000
      const exact = Math.min(60, shownMinutes) * 10
      assert.ok(
        sum <= exact && sum >= (toMinute - fromMinute) * 10,
        `${buckets}: ${sum} of ${exact}`,
      )
    }
  })
  test('is the same after it was saved and restored', () => {
    const fleet = createFleet()
    fleet.hello(hello, start)
    fleet.apply(
      batch(1, (b) => {
        fillExecs(b, 1, 90)
        loss(b, 2, 3, 10)
      }),
      start,
    )
    const again = createFleet(deserialize(serialize(fleet.save())) as SavedFleet)
    const query = { fromMs: start, toMs: start + 600_000, buckets: 10 }
    assert.deepEqual(again.timeline(query), fleet.timeline(query))
    assert.deepEqual(
      again.hosts(start, new Map()),
      fleet.hosts(start, new Map()).map((host) => ({ ...host, eventsPerSecond: 0 })),
    )
  })
})

suite('loss ledger', () => {
  test('never forgets a lost event, however many intervals there are', () => {
    const ledger = createLossLedger()
    for (let i = 0; i < 50_000; i++)
      ledger.add({
        deviceUid: 'a',
        hook: 'tcp',
        reason: 'ring_full',
        fromMs: i,
        toMs: i + 1,
        offered: 2,
        lost: 1,
      })
    const all = ledger.between(0, 60_000)
    assert.ok(all.length <= 20_000)
    assert.equal(
      all.reduce((sum, loss) => sum + loss.lost, 0),
      50_000,
    )
  })
})
