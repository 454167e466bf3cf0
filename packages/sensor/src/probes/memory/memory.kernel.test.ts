import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { memoryFlags, memoryOperations } from '@honeyguide/model/tables/memory'
import type { TableName } from '@honeyguide/model/tables'
import {
  amount,
  kernelSkip,
  openTestKernel,
  runProgram,
  testProgram,
  type PlainRow,
  type TestKernel,
} from '../../kernel/kernel-harness.ts'
import { doorEvents, doorsOf } from '../door-events.ts'

/** Others work on this machine, too: what their events lose is not ours. */
const lost = (rows: ReadonlyMap<TableName, readonly PlainRow[]>): readonly PlainRow[] =>
  (rows.get('loss') ?? []).filter((row) => row['hook'] === 'memory')

const words = (row: PlainRow | undefined): string =>
  JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))

const operationOf = (name: string): number =>
  memoryOperations[name as keyof typeof memoryOperations]

suite('memory probe', { skip: kernelSkip }, () => {
  let sensor: TestKernel
  const program = testProgram('code-memory')
  before(async () => {
    sensor = await openTestKernel({ probes: ['memory', 'file', 'exec', 'exit', 'fork'] })
  })
  after(() => sensor[Symbol.asyncDispose]())

  test('every operation through each of its doors, and nothing of what is no code and no other’s', () => {
    sensor.drain()
    const ran = runProgram(program)
    const said = doorEvents(ran.text)
    for (const { file = '' } of said.things) rmSync(file, { force: true })
    assert.equal(ran.status, 0, ran.text)
    const rows = sensor.drain()
    assert.deepEqual(lost(rows), [])
    const startOf = new Map((rows.get('fork') ?? []).map((row) => [row['pid'], row['startNs']]))
    const pids = new Set(said.events.map(({ pid }) => pid))
    const left = (rows.get('memory') ?? []).filter((row) => pids.has(Number(row['pid'])))
    for (const event of said.events) {
      const at = left.findIndex(
        (row) => row['pid'] === event.pid && row['operation'] === operationOf(event.operation),
      )
      const [row] = at < 0 ? [] : left.splice(at, 1)
      assert.ok(row, `${event.door} ${event.operation} was told`)
      for (const [column, value] of Object.entries(event.columns))
        assert.equal(String(row[column]), String(value), `${column} of ${event.door} ${words(row)}`)
      assert.equal(row['startNs'], startOf.get(event.pid))
      assert.equal(row['count'], 1n)
      assert.equal(row['firstNs'], row['bootNs'])
      assert.equal(row['lastNs'], row['bootNs'])
      const target = Number(row['targetPid'])
      if (target > 1) assert.equal(row['targetStartNs'], startOf.get(target), words(row))
    }
    assert.deepEqual(left.map(words), [], 'nothing else was told of these processes')
    assert.ok(doorsOf(said).has('native'))
  })

  test('a JIT compiler is told by a count that is exact, and by few rows', () => {
    sensor.drain()
    const times = amount(100_000, 5000)
    const ran = runProgram(program, ['jit', String(times)])
    const rows = sensor.drain()
    assert.deepEqual(lost(rows), [])
    const ours = (rows.get('memory') ?? []).filter((row) => row['pid'] === ran.pid)
    const [event] = doorEvents(ran.text).events
    const sum = (column: string): bigint =>
      ours.reduce((total, row) => total + (row[column] as bigint), 0n)
    assert.equal(String(sum('count')), event?.columns['count'])
    assert.equal(String(sum('bytes')), event?.columns['bytes'])
    assert.ok(ours.length < 24, `${ours.length} rows`)
    for (const row of ours) {
      assert.equal(row['operation'], memoryOperations.protectAnonymous)
      assert.equal(row['flags'], memoryFlags.wasWritten)
      assert.equal(String(row['address']), event?.columns['address'])
    }
  })
})
