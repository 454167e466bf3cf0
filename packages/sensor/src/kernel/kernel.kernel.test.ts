import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  listKernelIds,
  openPinnedLink,
  openPinnedMap,
  openPinnedProgram,
  openPinnedRing,
  probeFeature,
  readClockNs,
} from '@honeyguide/bpf'
import { createBatchBuilder } from '@honeyguide/model/batch'
import { HoneyguideError } from '@honeyguide/model/errors'
import type { TableName } from '@honeyguide/model/tables'
import { imageFlags } from '@honeyguide/model/tables/exec'
import { tcpOperations } from '@honeyguide/model/tables/tcp'
import { probes } from '../../gen/probes.ts'
import { layout } from '../../gen/records.ts'
import { attachHere, type Attach } from './attach-child.ts'
import { keyBytes } from './sequences.ts'
import { writeFeatures } from './feature-rows.ts'
import { openHookCounters } from './hook-counters.ts'
import { consumedLines, type ConsumedLine } from './kernel-consumer.ts'
import {
  amount,
  isSmallLoad,
  kernelSkip,
  mountTestPins,
  openTestKernel,
  plainProbes,
  runProgram,
  testObjects,
  testProgram,
  type PlainRow,
  type TestKernel,
} from './kernel-harness.ts'
import { openKernel, removePins, type KernelProgress, type KernelSettings } from './kernel.ts'

const consumer = fileURLToPath(new URL('./kernel-consumer.ts', import.meta.url))
/** What is quickly loaded, for tests that load again and again and are about no hook. */
const fewProbes = ['fork', 'exit'] as const
/** Processes whose records are more than a ring of 64 KiB holds. */
const overflowing = String(amount(2000, 800))
const processes = amount(1500, 500)
const sockets = amount(300, 100)

/** Without a child that attaches: in an emulated machine each is seconds of starting. */
const openHere: typeof openKernel = (settings, options) =>
  openKernel(settings, { attach: attachHere, ...options })

/** Counters of the kernel by hook. */
function offered(sensor: TestKernel): Map<string, bigint> {
  // A fresh reader each time: rows come only for what has changed.
  const builder = createBatchBuilder()
  sensor.kernel.hooks(builder)
  const table = builder.table('hook')
  const found = new Map<string, bigint>()
  for (let row = 0; row < table.rows; row++)
    found.set(
      new TextDecoder().decode(builder.bytes(table.columns.hook[row] ?? 0)),
      table.columns.offered[row] ?? 0n,
    )
  return found
}

/** Waits for the consumer's first word; rejects when it ends before. */
async function ready(child: ChildProcess): Promise<void> {
  const stop = new AbortController()
  const { signal } = stop
  try {
    await Promise.race([
      once(child.stdout as NodeJS.EventEmitter, 'data', { signal }),
      once(child, 'exit', { signal }).then(([code, name]) => {
        throw new Error(`the consumer ended with ${name ?? code} before it was ready`)
      }),
    ])
  } finally {
    stop.abort()
  }
}

const sum = (rows: readonly PlainRow[], column: string): bigint =>
  rows.reduce((total, row) => total + BigInt(row[column] ?? 0), 0n)

const lostForks = (rows: readonly PlainRow[] = []): bigint =>
  sum(
    rows.filter((row) => row['hook'] === 'fork'),
    'lost',
  )

suite('kernel side', { skip: kernelSkip }, () => {
  test('what a killed test left is taken away by the next', () => {
    const harness = new URL('./kernel-harness.ts', import.meta.url).href
    const { stdout } = spawnSync(
      process.execPath,
      [
        ...['--input-type=module', '--eval'],
        `import { mountTestPins } from '${harness}'; process.stdout.write(mountTestPins().folder); process.kill(process.pid, 'SIGKILL')`,
      ],
      { encoding: 'utf8' },
    )
    assert.ok(existsSync(stdout), stdout)
    using pins = mountTestPins()
    assert.ok(existsSync(pins.folder))
    assert.ok(!existsSync(stdout), stdout)
  })

  test(
    'killed at random under load: nothing lost, nothing twice',
    { timeout: 200_000 },
    async (t) => {
      const objectDir = await testObjects()
      const family = testProgram('family')
      const connection = testProgram('connection')
      using pins = mountTestPins()
      const settings: KernelSettings = {
        stateDir: pins.folder,
        objectDir,
        pinDir: pins.pinDir,
        rings: { lifecycleBytes: 8 << 20, dataBytes: 8 << 20 },
        cache: { processes: 65_536, exitedMs: 60_000 },
        probes: plainProbes,
        isAtTracepoint: true,
        ownPids: [],
      }
      const file = join(pins.folder, 'spool')
      let child: ChildProcess | undefined
      const start = async (): Promise<void> => {
        child = spawn(process.execPath, [consumer, JSON.stringify(settings), file], {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        await once(child.stdout as NodeJS.EventEmitter, 'data')
      }
      const kill = async (): Promise<void> => {
        const victim = child
        child = undefined
        if (!victim || victim.exitCode !== null || victim.signalCode !== null) return
        victim.kill('SIGKILL')
        await once(victim, 'exit')
      }
      let rounds = 0
      const storms = new Set<number>()
      const connections = new Set<number>()
      try {
        await start()
        for (; rounds < amount(12, 2); rounds++) {
          const load = spawn(family, ['storm', String(processes), '2'], { stdio: 'ignore' })
          const net = spawn(connection, ['storm', '4', String(sockets)], { stdio: 'ignore' })
          storms.add(load.pid ?? 0)
          connections.add(net.pid ?? 0)
          const ends = [once(load, 'exit'), once(net, 'exit')]
          await setTimeout((rounds * 37) % 150)
          await kill()
          const restarted = start()
          for (const [code, signal] of await Promise.all(ends))
            assert.equal(signal ?? code, 0, 'the generator came to its end')
          await restarted
        }
        // Behind everything else in both rings comes this one.
        const { pid } = runProgram(connection, ['storm', '4', '1'])
        const isInLifecycle = (line: ConsumedLine): boolean =>
          line.exits.some((who) => who.startsWith(`${pid} `))
        const isInData = (line: ConsumedLine): boolean =>
          line.tcp.some(([who, kind]) => who === pid && kind === tcpOperations.close)
        for (let tries = 0; tries < 100; tries++) {
          const all = consumedLines(file)
          if (all.some(isInLifecycle) && all.some(isInData)) break
          await setTimeout(500)
        }
        // What was lost is told within a second after the last record.
        await setTimeout(1500)
      } finally {
        await kill()
      }
      t.diagnostic(`${rounds} kills`)
      const lines = consumedLines(file)
      const loss = lines.flatMap((line) => line.loss)
      for (const row of loss) t.diagnostic(`lost: ${JSON.stringify(row)}`)
      // The kernel may skip a program that would run inside itself (a softirq in the middle of it).
      assert.deepEqual(
        loss.filter((row) => row['reason'] !== 'recursion'),
        [],
      )
      const forks = lines.flatMap((line) => line.forks)
      const workers = forks.flatMap(([pid, , child]) => (storms.has(pid) ? [child] : []))
      const workerSet = new Set(workers)
      const children = forks.flatMap(([, parent, child]) => (workerSet.has(parent) ? [child] : []))
      const ours = new Set([...workers, ...children])
      // Hook by hook, against nobody's arithmetic but the generator's.
      for (const [hook, made, seen] of [
        ['fork', rounds * (processes + 2), workers.length + children.length],
        [
          'exit',
          rounds * (processes + 2),
          lines.flatMap((line) => line.exits).filter((who) => ours.has(who)).length,
        ],
        [
          'tcp',
          rounds * 4 * sockets,
          lines
            .flatMap((line) => line.tcp)
            .filter(([pid, kind]) => connections.has(pid) && kind !== tcpOperations.listen).length,
        ],
      ] as const) {
        const told = loss
          .filter((row) => row['hook'] === hook)
          .reduce((total, row) => total + Number(row['lost']), 0)
        const short = made - seen
        assert.ok(short >= 0 && short <= told, `${hook}: ${made} made, ${seen} seen, ${told} lost`)
      }
      for (const ring of ['lifecycle', 'data'] as const) {
        const seqs = lines.flatMap((line) => line[ring]).map(BigInt)
        const sorted = seqs.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
        for (let i = 1; i < sorted.length; i++)
          assert.equal(sorted[i], (sorted[i - 1] as bigint) + 1n, `${ring} after ${sorted[i - 1]}`)
      }
    },
  )

  test('what rings of another layout hold is told as lost before they are removed', async () => {
    await using sensor = await openTestKernel({
      rings: { lifecycleBytes: 64 << 10, dataBytes: 64 << 10 },
      probes: fewProbes,
    })
    // Spooled and not committed: told as events, so not as lost.
    runProgram('/bin/true')
    const spooled = sensor.kernel.pump(createBatchBuilder()).progress
    sensor.kernel[Symbol.dispose]()
    const { pinDir } = sensor.settings
    const old = join(pinDir, '0123456789abcdef')
    runProgram(testProgram('family'), ['storm', overflowing, '4'])
    renameSync(join(pinDir, layout.hash), old)
    // Killed twice before a batch with the notice is safe: counted again.
    for (let start = 0; start < 2; start++) {
      const killed = openHere(sensor.settings, { progress: spooled })
      assert.ok(existsSync(old))
      killed[Symbol.dispose]()
    }
    sensor.kernel = openHere(sensor.settings, { progress: spooled })
    const openedNs = readClockNs('boottime')
    using ring = openPinnedRing(join(old, 'hg_lifecycle'), BigInt(spooled.lifecycle))
    let left = 0n
    ring.drain(() => (left += 1n))
    using counts = openPinnedMap(join(old, 'hg_counts'))
    const refused = openHookCounters(counts, probes).read()
    const loss = sensor.drain().get('loss') ?? []
    const of = (hook: string, reason: string): PlainRow | undefined => {
      const rows = loss.filter((row) => row['hook'] === hook && row['reason'] === reason)
      assert.ok(rows.length <= 1, `${hook} ${reason}`)
      return rows[0]
    }
    assert.ok(left > 0n)
    assert.equal(of('lifecycle', 'decode')?.['lost'], left)
    for (const hook of ['fork', 'exit']) {
      const count = refused.get(hook)?.lost.get('ring_full') ?? 0n
      assert.ok(count > 0n)
      assert.equal(of(hook, 'ring_full')?.['lost'], count)
    }
    for (const row of loss) {
      assert.ok((row['fromNs'] as bigint) >= BigInt(spooled.readNs) - 20_000_000n)
      assert.ok((row['fromNs'] as bigint) < (row['toNs'] as bigint))
    }
    for (const row of loss.filter(({ reason }) => reason !== 'down'))
      assert.ok((row['toNs'] as bigint) <= openedNs + 1_000_000_000n)
    for (const hook of fewProbes) assert.equal(of(hook, 'down')?.['fromNs'], BigInt(spooled.readNs))
    // The drain has committed: its batch is safe, and nothing is kept any longer, nor told again.
    assert.deepEqual(readdirSync(pinDir), [layout.hash])
    sensor.reopen()
    assert.deepEqual(sensor.drain().get('loss') ?? [], [])
  })

  test('a set that was told and not removed any more is removed, and not told again', async () => {
    await using sensor = await openTestKernel({ probes: fewProbes })
    sensor.drain()
    const { pinDir } = sensor.settings
    const { progress } = sensor
    sensor.kernel[Symbol.dispose]()
    runProgram('/bin/true')
    renameSync(join(pinDir, layout.hash), join(pinDir, '0123456789abcdef'))
    sensor.kernel = openHere(sensor.settings, { progress })
    // In the spool, and then killed before the commit.
    const { progress: spooled } = sensor.kernel.pump(createBatchBuilder())
    assert.equal(spooled.told?.length, 1)
    assert.equal(readdirSync(pinDir).length, 2)
    sensor.reopen(spooled)
    assert.deepEqual(readdirSync(pinDir), [layout.hash])
    const loss = sensor.drain().get('loss') ?? []
    assert.ok(loss.every((row) => row['reason'] !== 'decode'))
  })

  test('rings of another size make room for those of now, and are told', async () => {
    await using sensor = await openTestKernel({ probes: fewProbes })
    sensor.drain()
    const { progress, settings } = sensor
    sensor.kernel[Symbol.dispose]()
    for (let i = 0; i < 2; i++) assert.equal(runProgram('/bin/true').status, 0)
    // Rings that run are kept as they are; other programs need others.
    const rings = { lifecycleBytes: 1 << 20, dataBytes: 1 << 20 }
    assert.deepEqual(sensor.kernel.shortfalls, [])
    sensor.kernel = openHere({ ...settings, rings }, { progress })
    assert.match(
      sensor.kernel.shortfalls.map(({ reason }) => reason).join(),
      /lifecycleBytes is .* not 1 MiB.*honeyguide down/,
    )
    const features = sensor.kernel.features(createBatchBuilder())
    assert.equal(features, writeFeatures(createBatchBuilder()) + 1)
    sensor.kernel[Symbol.dispose]()
    sensor.kernel = openHere({ ...settings, rings, probes: ['fork'] }, { progress })
    const loss = sensor.drain().get('loss') ?? []
    const left = loss.find((row) => row['hook'] === 'lifecycle' && row['reason'] === 'decode')
    assert.ok((left?.['lost'] as bigint) >= 4n)
    assert.deepEqual(readdirSync(settings.pinDir), [layout.hash])
  })

  test('programs that are refused at the functions of system calls are told, with what it costs', async () => {
    using pins = mountTestPins()
    const settings: KernelSettings = {
      stateDir: pins.folder,
      pinDir: pins.pinDir,
      objectDir: await testObjects(),
      rings: { lifecycleBytes: 2 << 20, dataBytes: 1 << 20 },
      cache: { processes: 1024, exitedMs: 1000 },
      probes: ['exec_failed'],
    }
    // One without fentry has no such functions, and nothing to tell.
    const names = probeFeature('fentry').supported ? ['syscall_functions'] : []
    // As on a kernel whose policy lets no program at them.
    const attach: Attach = (request) => {
      const attached = attachHere({ ...request, isAtTracepoint: true })
      return attached === 'mismatch' ? attached : { callsRefused: 'Operation not permitted' }
    }
    for (const options of [{ attach }, {}]) {
      // Who comes back finds them running, and says it again.
      using kernel = openKernel(settings, options)
      const { shortfalls } = kernel
      assert.deepEqual(
        shortfalls.map(({ name }) => name),
        names,
      )
      for (const { reason, costs } of shortfalls) {
        assert.match(reason, 'attach' in options ? /Operation not permitted/ : /refused/)
        assert.match(costs, /Every system call/)
      }
    }
  })

  test('a time without programs is told also when who attached them again was killed before it could', async () => {
    await using sensor = await openTestKernel({ probes: fewProbes })
    sensor.drain()
    const { progress } = sensor
    sensor.kernel.removePins()
    for (let start = 0; start < 2; start++) {
      sensor.kernel[Symbol.dispose]()
      sensor.kernel = openHere(sensor.settings, { progress })
      assert.equal(sensor.kernel.isFresh, start === 0)
    }
    const loss = sensor.drain().get('loss') ?? []
    for (const hook of fewProbes)
      assert.equal(loss.filter((row) => row['hook'] === hook && row['reason'] === 'down').length, 1)
    sensor.kernel[Symbol.dispose]()
    sensor.kernel = openHere(sensor.settings, { progress: sensor.progress })
    const again = sensor.drain().get('loss') ?? []
    assert.ok(again.every((row) => row['reason'] !== 'down'))
  })

  test('all probes run without root, by five capabilities and a folder of its own, and leave nothing', async () => {
    const objectDir = await testObjects()
    using pins = mountTestPins()
    const uid = 65_534
    chmodSync(pins.folder, 0o755)
    mkdirSync(pins.pinDir)
    chownSync(pins.pinDir, uid, uid)
    const stateDir = join(pins.folder, 'state')
    mkdirSync(stateDir)
    chownSync(stateDir, uid, uid)
    const settings: KernelSettings = {
      stateDir,
      objectDir,
      pinDir: pins.pinDir,
      rings: { lifecycleBytes: 1 << 20, dataBytes: 1 << 20 },
      cache: { processes: 1000, exitedMs: 1000 },
      probes: [],
      // Functions of the kernel ask for nothing more, and loading for all of them is a minute of an emulated machine.
      isAtTracepoint: isSmallLoad,
      ownPids: [],
    }
    const file = join(stateDir, 'spool')
    const wanted = 'bpf,perfmon,net_admin,sys_ptrace,dac_read_search'.split(',')
    const capabilities = ['-all', ...wanted.map((name) => `+${name}`)].join(',')
    const child = spawn(
      '/usr/bin/setpriv',
      [
        '--reuid',
        String(uid),
        '--regid',
        String(uid),
        '--clear-groups',
        '--no-new-privs',
        '--bounding-set',
        capabilities,
        '--inh-caps',
        capabilities,
        '--ambient-caps',
        capabilities,
        process.execPath,
        consumer,
        JSON.stringify(settings),
        file,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    await ready(child)
    runProgram('/bin/true')
    for (let tries = 0; tries < 50 && consumedLines(file).length === 0; tries++)
      await setTimeout(100)
    child.kill('SIGKILL')
    await once(child, 'exit')
    assert.ok(consumedLines(file).some((line) => line.lifecycle.length > 0))

    const folder = join(pins.pinDir, layout.hash)
    const ids = { map: new Set<number>(), program: new Set<number>(), link: new Set<number>() }
    for (const name of readdirSync(folder)) {
      const path = join(folder, name)
      if (name.startsWith('hg_')) {
        using map = openPinnedMap(path)
        ids.map.add(map.info.id)
      } else if (name.startsWith('program-')) {
        using program = openPinnedProgram(path)
        ids.program.add(program.info().id)
        for (const id of program.info().mapIds) ids.map.add(id)
      } else if (!statSync(path).isDirectory()) {
        using link = openPinnedLink(path)
        ids.link.add(link.info.id)
      }
    }
    assert.ok(ids.map.size >= 7 && ids.program.size >= 5 && ids.link.size >= 7)
    removePins(pins.pinDir)
    assert.deepEqual(existsSync(pins.pinDir) ? readdirSync(pins.pinDir) : [], [])
    // The kernel frees them after a grace period; programs at its functions one after another, each after its own.
    for (let tries = 0; tries < 600; tries++) {
      const left = (['map', 'program', 'link'] as const).flatMap((kind) =>
        listKernelIds(kind).filter((id) => ids[kind].has(id)),
      )
      if (left.length === 0) return
      await setTimeout(100)
    }
    assert.fail('objects of the removed set are still there')
  })
})

suite('rings that are too small', { skip: kernelSkip }, () => {
  const smallProbes = ['fork', 'exit', 'tcp'] as const
  let sensor: TestKernel
  before(async () => {
    sensor = await openTestKernel({
      rings: { lifecycleBytes: 64 << 10, dataBytes: 64 << 10 },
      probes: smallProbes,
      isAtTracepoint: true,
    })
  })
  after(() => sensor[Symbol.asyncDispose]())

  // First, while nothing was offered before.
  test('an overflow: offered = seen + lost, exactly, hook by hook', async () => {
    const seen = new Map<string, bigint>()
    const lost = new Map<string, bigint>()
    const told = new Map<string, bigint>()
    const offers = new Map<string, bigint>()
    const take = (rows: Map<TableName, PlainRow[]>): void => {
      for (const hook of smallProbes)
        seen.set(hook, (seen.get(hook) ?? 0n) + BigInt(rows.get(hook)?.length ?? 0))
      for (const row of rows.get('loss') ?? []) {
        const hook = String(row['hook'])
        assert.equal(row['reason'], 'ring_full')
        assert.ok((row['fromNs'] as bigint) < (row['toNs'] as bigint))
        lost.set(hook, (lost.get(hook) ?? 0n) + (row['lost'] as bigint))
        told.set(hook, (told.get(hook) ?? 0n) + (row['offered'] as bigint))
        assert.equal(row['offered'], (row['seen'] as bigint) + (row['lost'] as bigint))
      }
    }
    const family = testProgram('family')
    const connection = testProgram('connection')
    for (let round = 0; round < amount(3, 1); round++) {
      runProgram(family, ['storm', overflowing, '4'])
      runProgram(connection, ['storm', '4', String(amount(1000, 400))])
      take(sensor.drain())
    }
    // Others work on this machine too, also between the reading of rows and of counters: what does
    // not add up never will, and what does needs one quiet moment. Losses are told once a second.
    const accounted = (hook: string): bigint => (seen.get(hook) ?? 0n) + (lost.get(hook) ?? 0n)
    for (let tries = 0; tries < 20; tries++) {
      await setTimeout(1100)
      take(sensor.drain())
      for (const [hook, count] of offered(sensor)) offers.set(hook, count)
      if (smallProbes.every((hook) => accounted(hook) === offers.get(hook))) break
    }
    for (const hook of smallProbes) {
      assert.ok((lost.get(hook) ?? 0n) > 0n, `${hook} lost some`)
      const all = offers.get(hook) ?? 0n
      assert.equal(accounted(hook), all, `${hook}: ${seen.get(hook)} seen, ${lost.get(hook)} lost`)
    }
  })

  test('a loss stands in an interval that holds it and is not much longer', async () => {
    sensor.drain()
    await setTimeout(1100)
    runProgram('/bin/true')
    // A second after the last one: this drain reads the counters.
    const readNs = readClockNs('boottime')
    sensor.drain()
    const fromNs = readClockNs('boottime')
    runProgram(testProgram('family'), ['storm', overflowing, '4'])
    const toNs = readClockNs('boottime')
    const loss = (sensor.drain().get('loss') ?? []).find((row) => row['hook'] === 'fork')
    const toldNs = readClockNs('boottime')
    assert.ok(loss, 'forks were lost')
    assert.ok((loss['fromNs'] as bigint) <= fromNs)
    assert.ok((loss['fromNs'] as bigint) >= readNs - 20_000_000n)
    assert.ok((loss['toNs'] as bigint) >= toNs)
    assert.ok((loss['toNs'] as bigint) <= toldNs)
    assert.equal(sum([loss], 'offered'), sum([loss], 'seen') + sum([loss], 'lost'))
  })

  test('losses after a quiet time stand in an interval that begins with the last look', async () => {
    sensor.drain()
    await setTimeout(1500)
    const lookedNs = readClockNs('boottime')
    sensor.kernel.look()
    sensor.drain()
    runProgram(testProgram('family'), ['storm', overflowing, '4'])
    const loss = (sensor.drain().get('loss') ?? []).filter((row) => row['hook'] === 'fork')
    assert.ok(loss.length > 0)
    for (const row of loss) assert.ok((row['fromNs'] as bigint) >= lookedNs - 20_000_000n)
  })

  test('own processes that end while the ring has no room leave the map', async () => {
    const own = spawn('/bin/cat', { stdio: ['pipe', 'ignore', 'inherit'] })
    await once(own, 'spawn')
    sensor.drain()
    sensor.kernel.own([own.pid ?? 0])
    using map = openPinnedMap(join(sensor.settings.pinDir, layout.hash, 'hg_own'))
    using counts = openPinnedMap(join(sensor.settings.pinDir, layout.hash, 'hg_counts'))
    const hasOwn = (): boolean =>
      map.getBytes(keyBytes(own.pid ?? 0), new Uint8Array(new ArrayBuffer(8)))
    const refused = (): bigint =>
      openHookCounters(counts, probes).read().get('exit')?.lost.get('ring_full') ?? 0n
    assert.ok(hasOwn())
    runProgram(testProgram('family'), ['storm', overflowing, '4'])
    const before = refused()
    own.stdin.end()
    await once(own, 'exit')
    assert.ok(refused() > before, 'its end found no room')
    assert.ok(!hasOwn())
  })

  test('a loss that was told in a batch is not told again after a restart', async () => {
    sensor.drain()
    runProgram(testProgram('family'), ['storm', overflowing, '4'])
    const first = sensor.drain()
    assert.ok(lostForks(first.get('loss')) > 0n)
    const saved = JSON.parse(JSON.stringify(sensor.progress))
    sensor.reopen(saved)
    assert.ok(!sensor.kernel.isFresh)
    // Others may have lost something while the rings were still full: that is new, from the last reading on.
    const again = sensor.drain().get('loss') ?? []
    for (const row of again)
      assert.ok(
        (row['fromNs'] as bigint) >= BigInt(saved.readNs) - 20_000_000n,
        String(row['hook']),
      )
    assert.ok(lostForks(again) < lostForks(first.get('loss')) / 4n)
    // Lost while nobody looked: told by whoever comes next, from where the last reading was.
    sensor.kernel[Symbol.dispose]()
    runProgram(testProgram('family'), ['storm', overflowing, '4'])
    const progress = sensor.progress as KernelProgress
    sensor.kernel = openHere(sensor.settings, { progress })
    const fork = (sensor.drain().get('loss') ?? []).filter((row) => row['hook'] === 'fork')
    assert.equal(fork.length, 1)
    assert.ok((fork[0]?.['fromNs'] as bigint) <= BigInt(progress.readNs) + 20_000_000n)
  })
})

suite('one kernel side', { skip: kernelSkip }, () => {
  let sensor: TestKernel
  before(async () => {
    sensor = await openTestKernel({ isAtTracepoint: true })
  })
  after(() => sensor[Symbol.asyncDispose]())

  test('after a restart every living process is a known parent, without a snapshot', async () => {
    sensor.drain()
    sensor.reopen()
    const run = runProgram('/bin/true')
    const rows = sensor.drain()
    for (const name of ['fork', 'exec'] as const) {
      const row = (rows.get(name) ?? []).find((one) => one['pid'] === run.pid)
      assert.ok(row, name)
      assert.equal(Number(row['flags']) & imageFlags.lineageIncomplete, 0, name)
    }
  })

  test('a second consumer is refused', async () => {
    assert.throws(
      () => openKernel(sensor.settings),
      (error) => error instanceof HoneyguideError && error.code === 'HG_STATE_LOCKED',
    )
  })

  test('watch wakes for a record, and once more for what was lost after it', async () => {
    sensor.drain()
    const stop = new AbortController()
    let wakes = 0
    let isInside = false
    const watching = sensor.kernel.watch(async () => {
      assert.ok(!isInside, 'one call at a time')
      isInside = true
      wakes += 1
      sensor.drain()
      await setTimeout(5)
      isInside = false
    }, stop.signal)
    await setTimeout(100)
    const wakesBefore = wakes
    runProgram('/bin/true')
    await setTimeout(300)
    assert.ok(wakes > wakesBefore, 'woken')
    await setTimeout(1200)
    stop.abort()
    await watching
    const wakesAfter = wakes
    runProgram('/bin/true')
    await setTimeout(100)
    assert.equal(wakes, wakesAfter, 'nothing runs after the end')
  })

  test('watch ends with the error of who it calls', async () => {
    const stop = new AbortController()
    await assert.rejects(
      sensor.kernel.watch(() => {
        throw new Error('the spool is gone')
      }, stop.signal),
      /the spool is gone/,
    )
  })

  suite('own processes', () => {
    before(() => {
      sensor.kernel.own([process.pid])
    })

    test('are counted and not reported, but for exec and exit', async () => {
      sensor.drain()
      // A child of an own process is own until it runs a foreign program: its forks are told from then on.
      const run = runProgram(testProgram('connection'), ['storm', '4', '5'])
      const first = sensor.drain()
      const exec = (first.get('exec') ?? []).find((row) => row['pid'] === run.pid)
      assert.ok(exec, 'the exec is told')
      assert.equal(Number(exec['flags']) & imageFlags.own, imageFlags.own)
      assert.ok(
        (first.get('exit') ?? []).some((row) => row['pid'] === run.pid),
        'and the exit',
      )
      assert.deepEqual(
        (first.get('fork') ?? []).filter((row) => row['parentPid'] === process.pid),
        [],
      )
      assert.deepEqual(
        (first.get('tcp') ?? []).filter((row) => row['pid'] === run.pid),
        [],
      )
      const builder = createBatchBuilder()
      sensor.kernel.hooks(builder)
      const { columns, rows } = builder.table('hook')
      const filtered = new Map<string, bigint>()
      for (let row = 0; row < rows; row++)
        filtered.set(
          new TextDecoder().decode(builder.bytes(columns.hook[row] ?? 0)),
          columns.filtered[row] ?? 0n,
        )
      assert.ok((filtered.get('fork') ?? 0n) >= 1n)
      assert.ok((filtered.get('tcp') ?? 0n) >= 20n, `${filtered.get('tcp')}`)
    })

    test('one that runs a foreign program is watched as any other', async () => {
      sensor.drain()
      const shell = spawn('/bin/sh', ['-c', 'read line; /bin/true; exit 0'], {
        stdio: ['pipe', 'ignore', 'inherit'],
      })
      await setTimeout(100)
      sensor.drain() // reads the exec, and takes the shell out of the own ones
      shell.stdin.end('go\n')
      await once(shell, 'exit')
      const forks = sensor.drain().get('fork') ?? []
      assert.equal(forks.filter((row) => row['parentPid'] === shell.pid).length, 1)
    })
  })
})
