import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { createBatchBuilder } from '@honeyguide/model/batch'
import { tables } from '@honeyguide/model/tables'
import { imageFlags } from '@honeyguide/model/tables/exec'
import {
  amount,
  kernelSkip,
  openTestKernel,
  runProgram,
  said,
  testProgram,
  type PlainRow,
  type ProgramRun,
  type TestKernel,
} from '../../kernel/kernel-harness.ts'

/** What happened to each process, in order of time. */
interface Life {
  readonly forks: readonly PlainRow[]
  readonly execs: readonly PlainRow[]
  readonly exits: readonly PlainRow[]
}

suite('lives of processes', { skip: kernelSkip }, () => {
  let sensor: TestKernel
  const who = testProgram('who')
  const family = testProgram('family')

  before(async () => {
    // The storm is drained afterwards: the ring has to hold all of it.
    sensor = await openTestKernel({
      probes: ['exec', 'exit', 'fork'],
      rings: { lifecycleBytes: 8 << 20, dataBytes: 1 << 20 },
    })
    for (const _ of sensor.kernel.snapshot(createBatchBuilder()));
    sensor.drain()
  })
  after(() => sensor[Symbol.asyncDispose]())

  function run(scenario: string, ...args: string[]): ProgramRun & { life(pid: number): Life } {
    const ran = runProgram(family, [scenario, who, ...args])
    assert.equal(ran.status, 0, ran.text)
    const rows = sensor.drain()
    assert.deepEqual(rows.get('loss') ?? [], [])
    const of = (name: 'fork' | 'exec' | 'exit', pid: number): PlainRow[] =>
      (rows.get(name) ?? []).filter((row) => row['pid'] === pid)
    return {
      ...ran,
      life: (pid) => ({ forks: of('fork', pid), execs: of('exec', pid), exits: of('exit', pid) }),
    }
  }

  /** One fork, as many execs, one exit, all of one process; the parent as given. */
  function assertLife(life: Life, parentPid: number, execs: number): void {
    assert.equal(life.forks.length, 1, 'forks')
    assert.equal(life.execs.length, execs, 'execs')
    assert.equal(life.exits.length, 1, 'exits')
    const fork = life.forks[0] as PlainRow
    assert.equal(fork['parentPid'], parentPid)
    assert.equal(Number(fork['flags']) & imageFlags.lineageIncomplete, 0)
    for (const row of [...life.execs, ...life.exits]) {
      assert.equal(row['startNs'], fork['startNs'])
      assert.ok((row['bootNs'] as bigint) > (fork['bootNs'] as bigint))
    }
    for (const [i, exec] of life.execs.entries())
      assert.equal(exec['execNo'], Number(fork['execNo']) + i + 1)
    assert.equal(life.exits[0]?.['execNo'], Number(fork['execNo']) + execs)
  }

  test('a double fork keeps the parent that forked', () => {
    const ran = run('double-fork')
    const self = said(ran, 'self')
    const child = said(ran, 'child')
    assertLife(ran.life(child), self, 0)
    const grandchild = ran.life(said(ran, 'grandchild'))
    assertLife(grandchild, child, 0)
    assert.equal(grandchild.forks[0]?.['parentStartNs'], ran.life(child).forks[0]?.['startNs'])
    assert.equal(grandchild.exits[0]?.['exitCode'], 7)
  })

  test('setsid and a false name change nothing about who it is', () => {
    const session = run('session')
    assertLife(session.life(said(session, 'session')), said(session, 'self'), 1)
    const ran = run('disguise')
    const life = ran.life(said(ran, 'disguised'))
    assertLife(life, said(ran, 'self'), 1)
    assert.equal(life.execs[0]?.['file'], who)
    assert.equal(life.execs[0]?.['argv'], '[kworker/0:1]\0--hidden\0')
  })

  test('a thread that execs becomes its process', () => {
    const ran = run('thread-exec')
    const pid = said(ran, 'threaded')
    const life = ran.life(pid)
    assertLife(life, said(ran, 'self'), 1)
    assert.equal(life.execs[0]?.['tid'], pid)
    assert.equal(life.execs[0]?.['argv'], 'from-thread\0')
  })

  test('vfork and exec', () => {
    const ran = run('vfork')
    assertLife(ran.life(said(ran, 'vforked')), said(ran, 'self'), 1)
  })

  test('an orphan forks from its parent and execs under the one that took it in', () => {
    const ran = run('parent-first')
    const life = ran.life(said(ran, 'orphan'))
    assertLife(life, said(ran, 'leaving'), 1)
    assert.equal(life.execs[0]?.['parentPid'], said(ran, 'orphan', 2))
    assert.equal(Number(life.execs[0]?.['flags']) & imageFlags.lineageIncomplete, 0)
  })

  test('exit codes and signals are what wait says', () => {
    const ran = run('endings')
    let seen = 0
    for (const [role, pid, value] of ran.lines) {
      if (role !== 'code' && role !== 'signal') continue
      const exit = ran.life(Number(pid)).exits[0]
      assert.equal(exit?.['exitCode'], role === 'code' ? Number(value) : 0)
      assert.equal(exit?.['signal'], role === 'signal' ? Number(value) : 0)
      seen += 1
    }
    assert.equal(seen, 7)
  })

  test('a process ends once, with its last thread', () => {
    const ran = run('threads')
    let seen = 0
    for (const [role, pid] of ran.lines) {
      if (role !== 'leader-first' && role !== 'together') continue
      assertLife(ran.life(Number(pid)), said(ran, 'self'), 0)
      seen += 1
    }
    assert.equal(seen, 21)
    const exit = ran.life(said(ran, 'leader-first')).exits[0]
    assert.notEqual(exit?.['tid'], exit?.['pid'])
    assert.ok((exit?.['runNs'] as bigint) > 50_000_000n)
  })

  test('CPU time and peak memory are what wait4 says', () => {
    const ran = run('burn')
    const exit = ran.life(said(ran, 'burnt')).exits[0]
    const userNs = BigInt(said(ran, 'user-us', 2)) * 1000n
    const systemNs = BigInt(said(ran, 'system-us', 2)) * 1000n
    const near = (a: bigint, b: bigint): boolean => (a > b ? a - b : b - a) <= 20_000_000n
    assert.ok(near(exit?.['userNs'] as bigint, userNs), `${exit?.['userNs']} ~ ${userNs}`)
    assert.ok(near(exit?.['systemNs'] as bigint, systemNs), `${exit?.['systemNs']} ~ ${systemNs}`)
    assert.equal(exit?.['peakRssBytes'], BigInt(said(ran, 'rss-kb', 2)) * 1024n)
    assert.ok((exit?.['runNs'] as bigint) >= userNs + systemNs - 20_000_000n)
  })

  test('a pid that is used again is another process', (t) => {
    const ran = run('reuse-pid')
    if (!ran.lines.some(([role]) => role === 'reused')) {
      t.skip('the pid was taken by others each time')
      return
    }
    const life = ran.life(said(ran, 'reused'))
    assert.equal(life.forks.length, 2)
    assert.equal(life.exits.length, 2)
    assert.notEqual(life.forks[0]?.['startNs'], life.forks[1]?.['startNs'])
    assert.deepEqual(
      life.exits.map((exit) => [exit['startNs'], exit['exitCode']]),
      [
        [life.forks[0]?.['startNs'], 11],
        [life.forks[1]?.['startNs'], 12],
      ],
    )
  })

  test('a storm of processes: each forked and ended once, nothing lost', () => {
    const count = amount(10_000, 1500)
    const storm = runProgram(family, ['storm', String(count), '4'])
    const rows = sensor.drain()
    const ours = (rows.get('fork') ?? []).filter((row) => row['execNo'] !== 0)
    const parents = new Set(
      ours.filter((row) => row['parentPid'] === storm.pid).map((row) => row['pid']),
    )
    assert.equal(parents.size, 4)
    const children = ours.filter((row) => parents.has(row['parentPid'] as number))
    assert.equal(children.length, count)
    const identities = new Set(children.map((row) => `${row['pid']} ${row['startNs']}`))
    assert.equal(identities.size, count)
    const exits = (rows.get('exit') ?? []).filter((row) =>
      identities.has(`${row['pid']} ${row['startNs']}`),
    )
    assert.equal(exits.length, count)
    assert.deepEqual(rows.get('loss') ?? [], [])
  })

  test('sequence numbers have no gap', () => {
    sensor.drain()
    const count = amount(2000, 800)
    runProgram(family, ['storm', String(count), '4'])
    const rows = sensor.drain()
    const seqs = [...rows]
      .filter(([name]) => tables[name].ring === 'lifecycle')
      .flatMap(([, found]) => found)
      .map((row) => row['seq'] as bigint)
      .toSorted((a, b) => (a < b ? -1 : 1))
    assert.ok(seqs.length > 2 * count)
    for (let i = 1; i < seqs.length; i++)
      assert.equal(seqs[i], (seqs[i - 1] as bigint) + 1n, `after ${seqs[i - 1]}`)
  })
})
