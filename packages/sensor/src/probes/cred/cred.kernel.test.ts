import assert from 'node:assert/strict'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { release } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { probeFeature } from '@honeyguide/bpf'
import { credFlags, credOperations } from '@honeyguide/model/tables/cred'
import { imageFlags } from '@honeyguide/model/tables/exec'
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
import { doorEvents, doorsOf, type DoorEvent } from '../door-events.ts'

const waysThere = ['auto', 'syscalls'] as const

/** Where guests have modules that nothing needs and that can be loaded again. */
const moduleFolder = join('/modules', release())
const modules = existsSync(moduleFolder) ? readdirSync(moduleFolder) : []
const moduleSkip = modules.length === 0 && 'needs a module that may be loaded: the guests have some'

/** What user space does not remember of a process that has just begun. */
const unremembered = new Set([
  'beforeCapBounding',
  'beforeCapAmbient',
  'beforeSecurebits',
  'beforeUtsNs',
  'beforeIpcNs',
  'beforeCgroupNs',
])

/** Others work on this machine, too: what their events lose is not ours. */
const lost = (rows: ReadonlyMap<TableName, readonly PlainRow[]>): readonly PlainRow[] =>
  (rows.get('loss') ?? []).filter((row) => row['hook'] === 'cred')

const words = (row: PlainRow | undefined): string =>
  JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))

const isChange = ({ columns }: DoorEvent): boolean => columns['beforeUid'] !== undefined

/** The rows of these processes, each with what its process said that it did; fails when one has no partner. */
function pairs(
  rows: readonly PlainRow[],
  events: readonly DoorEvent[],
): readonly (readonly [DoorEvent, PlainRow])[] {
  const pids = new Set(events.map(({ pid }) => pid))
  const left = rows
    .filter((row) => pids.has(Number(row['pid'])))
    .toSorted((a, b) => Number((a['seq'] as bigint) - (b['seq'] as bigint)))
  const found = events.map((event) => {
    const operation = credOperations[event.operation as keyof typeof credOperations]
    const at = left.findIndex((row) => row['pid'] === event.pid && row['operation'] === operation)
    const [row] = at < 0 ? [] : left.splice(at, 1)
    assert.ok(row, `${event.door} ${event.operation} was told: ${JSON.stringify(event)}`)
    return [event, row] as const
  })
  assert.deepEqual(left.map(words), [], 'nothing else was told of these processes')
  return found
}

function compare(event: DoorEvent, row: PlainRow, isFirst: boolean): void {
  const flags = Number(row['flags'])
  const about = `${event.door} ${event.operation} ${words(row)}`
  const { refused, isBeforeUnknown, ...columns } = event.columns
  assert.equal((flags & credFlags.refused) !== 0, refused === 1, about)
  const isRemembered = (flags & credFlags.beforeRemembered) !== 0
  if (isChange(event))
    assert.equal((flags & credFlags.beforeKnown) !== 0, isBeforeUnknown !== 1, about)
  for (const [column, value] of Object.entries(columns)) {
    if (column.startsWith('before') && isBeforeUnknown === 1) continue
    if (isFirst && isRemembered && unremembered.has(column)) continue
    assert.equal(String(row[column]), String(value), `${column} of ${about}`)
  }
  assert.equal(row['uid'], row['afterUid'] === undefined ? row['uid'] : Number(row['uid']), about)
  assert.equal(row['count'], 1n, about)
  assert.equal(row['firstNs'], row['bootNs'], about)
  assert.equal(row['lastNs'], row['bootNs'], about)
  assert.equal(flags & credFlags.unexplainedUid, 0, about)
}

/** Where the kernel has fentry the other way is tried as well: both tell the same. */
const ways = kernelSkip === false && probeFeature('fentry').supported ? waysThere : [waysThere[0]]

for (const hooks of ways)
  suite(`cred probe, hooks: ${hooks}`, { skip: kernelSkip }, () => {
    let sensor: TestKernel
    const rights = testProgram('rights')
    before(async () => {
      sensor = await openTestKernel({ hooks, probes: ['cred', 'exec', 'exit', 'fork'] })
    })
    after(() => sensor[Symbol.asyncDispose]())

    test('every operation through each of its doors, as the process saw itself before and after', () => {
      sensor.drain()
      const ran = runProgram(rights)
      const said = doorEvents(ran.text)
      for (const { file, folder } of said.things)
        rmSync(file ?? folder ?? '', { force: true, recursive: true })
      assert.equal(ran.status, 0, ran.text)
      const rows = sensor.drain()
      assert.deepEqual(lost(rows), [])
      const seen = new Set<number>()
      const startOf = new Map((rows.get('fork') ?? []).map((row) => [row['pid'], row['startNs']]))
      for (const [event, row] of pairs(rows.get('cred') ?? [], said.events)) {
        compare(event, row, isChange(event) && !seen.has(event.pid))
        if (isChange(event)) seen.add(event.pid)
        assert.equal(row['startNs'], startOf.get(event.pid))
        const target = Number(row['targetPid'])
        if (target > 1 && startOf.has(target)) {
          assert.equal(row['targetStartNs'], startOf.get(target))
          assert.equal(row['targetExecNo'], row['execNo'])
        }
      }
      const doors = doorsOf(said)
      assert.ok(doors.has('native'))
      const operations = new Set(said.events.map(({ operation }) => operation))
      for (const operation of Object.keys(credOperations)) {
        // Keys, and moving the root of a machine that runs from memory, are not everywhere.
        if (/^(unexplained|addKey|requestKey|keyctl|pivotRoot|perfEventOpen)$/.test(operation))
          continue
        assert.ok(operations.has(operation), operation)
      }
    })

    test('what was before is read at the call where the kernel has fentry, and remembered elsewhere', () => {
      sensor.drain()
      runProgram(rights, ['threads'])
      const rows = (sensor.drain().get('cred') ?? []).filter(
        (row) => row['operation'] === credOperations.setresuid,
      )
      assert.deepEqual(
        rows.map((row) => row['afterUid']),
        [73002, 73003],
      )
      const [thread, main] = rows
      assert.notEqual(thread?.['tid'], thread?.['pid'])
      assert.equal(main?.['tid'], main?.['pid'])
      const hasFentry = hooks === 'auto' && probeFeature('fentry').supported
      for (const row of rows) {
        assert.equal(row['beforeUid'], 0)
        const flags = Number(row['flags'])
        if (hasFentry) assert.equal(flags, credFlags.beforeKnown)
      }
      if (hasFentry) return
      assert.equal(thread?.['flags'], credFlags.beforeKnown | credFlags.beforeRemembered)
      // Of the second thread to change nobody knows for sure what it was.
      assert.equal(main?.['flags'], 0)
    })

    test('a process that is named by its number in another pid namespace is found', () => {
      sensor.drain()
      const ran = runProgram(rights, ['nested'])
      assert.equal(ran.status, 0, ran.text)
      const rows = sensor.drain()
      const [event] = doorEvents(ran.text).events
      const seized = (rows.get('cred') ?? []).filter(
        (row) => row['operation'] === credOperations.ptrace && row['request'] === 0x4206,
      )
      const children = (rows.get('fork') ?? []).filter(
        (row) =>
          row['nsPid'] === event?.columns['nsPid'] && row['parentPid'] === seized[0]?.['pid'],
      )
      assert.equal(children.length, 1)
      assert.deepEqual(
        seized.map((row) => [row['targetPid'], row['targetStartNs'], row['targetTid']]),
        children.map((row) => [row['pid'], row['startNs'], row['tid']]),
      )
      assert.notEqual(seized[0]?.['targetPid'], event?.columns['nsPid'])
    })

    test('a module that is loaded has its name, by whichever call', { skip: moduleSkip }, () => {
      const [file = ''] = modules
      const name = file.replace(/\.ko$/, '').replaceAll('-', '_')
      runProgram('rmmod', [name])
      sensor.drain()
      const loaded = runProgram('insmod', [join(moduleFolder, file)])
      const removed = runProgram('rmmod', [name])
      runProgram('insmod', [join(moduleFolder, file)])
      assert.equal(loaded.status, 0)
      assert.equal(removed.status, 0)
      const rows = (sensor.drain().get('cred') ?? []).filter(
        (row) => row['name'] === name && row['errno'] === 0,
      )
      const of = (pid: number): PlainRow | undefined => rows.find((row) => row['pid'] === pid)
      const operation = of(loaded.pid)?.['operation']
      assert.ok(
        operation === credOperations.initModule || operation === credOperations.finitModule,
        words(of(loaded.pid)),
      )
      if (operation === credOperations.finitModule)
        assert.equal(of(loaded.pid)?.['path'], join(moduleFolder, file))
      assert.equal(of(removed.pid)?.['operation'], credOperations.deleteModule)
    })

    test('the name of a thread that is not the first is counted, not told', () => {
      sensor.drain()
      runProgram(rights, ['threads'])
      const renamed = (sensor.drain().get('cred') ?? []).filter(
        (row) => row['name'] === 'hg-thread',
      )
      assert.deepEqual(renamed, [])
    })

    test('repeats are told by a count that is exact, and by few rows', () => {
      sensor.drain()
      const times = amount(20_000, 2000)
      const ran = runProgram(rights, ['repeats', String(times)])
      const rows = sensor.drain()
      assert.deepEqual(lost(rows), [])
      const ours = (rows.get('cred') ?? []).filter((row) => row['pid'] === ran.pid)
      for (const effective of [73001, 0]) {
        const told = ours.filter((row) => row['askedEffectiveId'] === effective)
        const sum = told.reduce((total, row) => total + (row['count'] as bigint), 0n)
        assert.equal(sum, BigInt(times), `to ${effective}`)
        assert.ok(told.length < 40, `${told.length} rows`)
        let last = 0n
        for (const row of told) {
          assert.equal(row['afterEuid'], effective)
          assert.equal(row['beforeEuid'], effective === 0 ? 73001 : 0)
          assert.ok((row['firstNs'] as bigint) > last)
          assert.ok((row['lastNs'] as bigint) >= (row['firstNs'] as bigint))
          assert.ok((row['bootNs'] as bigint) >= (row['lastNs'] as bigint))
          last = row['lastNs'] as bigint
        }
      }
      // The end of a process that went to and fro is explained, in whichever of its states.
      const exit = rows.get('exit')?.find((row) => row['pid'] === ran.pid)
      assert.equal(Number(exit?.['flags']) & imageFlags.unexplainedUid, 0)
    })
  })
