import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
  type BigIntStats,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { openPinnedMap, probeFeature } from '@honeyguide/bpf'
import { createBatchBuilder } from '@honeyguide/model/batch'
import type { FileSettings } from '@honeyguide/model/settings'
import { fileFlags, fileOperations, repeatsBit } from '@honeyguide/model/tables/file'
import { layout } from '../../../gen/records.ts'
import {
  amount,
  kernelSkip,
  openTestKernel,
  runProgram,
  testProgram,
  type PlainRow,
  type TestKernel,
} from '../../kernel/kernel-harness.ts'
import { keyBytes } from '../../kernel/sequences.ts'
import { unifiedMount } from '../../kernel/unified-mount.ts'

/** What `file-doors` says of each thing that it did. */
interface Told {
  readonly door: string
  readonly pid: number
  readonly operation: string
  readonly path: string
  readonly second: string
  readonly inode: string
  readonly device: number
  readonly mode: number
  readonly owner: number
  readonly group: number
  readonly size: number
  readonly openFlags: number
  readonly errno: number
  /** It had names only. */
  readonly named: boolean
}

const fileSettings = (change: Partial<FileSettings>): FileSettings => ({
  watch: [],
  ignore: [],
  sensitive: [],
  watchWorkloads: [],
  ignoreWorkloads: [],
  ...change,
})
const nobody = 65_534

/** A folder for files, removed by dispose; everybody may look into it. */
function makeFolder(): Disposable & { readonly path: string } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'hg-file-')))
  chmodSync(path, 0o755)
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

const operationOf = (told: Told): number =>
  fileOperations[told.operation.split(' ')[0] as keyof typeof fileOperations]

/** Whether the row is what was told, as far as a name-only call can be told apart by its words. */
function isOf(row: PlainRow, told: Told): boolean {
  const { operation } = told
  return (
    row['pid'] === told.pid &&
    row['operation'] === operationOf(told) &&
    row['path'] === told.path &&
    row['secondPath'] === told.second &&
    row['errno'] === told.errno &&
    (operation !== 'chmod' || row['mode'] === told.mode) &&
    (operation !== 'chown' || (row['owner'] === told.owner && row['group'] === told.group)) &&
    (operation !== 'truncate' || row['size'] === BigInt(told.size)) &&
    (!/^(?:read|write)$/.test(operation) || row['openFlags'] === told.openFlags)
  )
}

/** Runs the program in a folder of its own; gives what it says, and the rows of its processes. */
function goThroughDoors(sensor: TestKernel, folder: string) {
  sensor.drain()
  const ran = runProgram(testProgram('file-doors'), [folder])
  assert.equal(ran.status, 0, ran.text)
  const said = ran.text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Told | { missing: string; errno: number })
  const told = said.flatMap((line) => ('door' in line ? [line] : []))
  const missing = said.flatMap((line) => ('missing' in line ? [line.missing] : []))
  const rows = sensor.drain()
  assert.deepEqual(rows.get('loss') ?? [], [])
  const pids = new Set(told.map(({ pid }) => pid))
  return {
    told,
    missing,
    rows: (rows.get('file') ?? []).filter((row) => pids.has(Number(row['pid']))),
  }
}

const shown = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one))

/** One row for each thing, each with every field as stat(2) had it; where only words were there, with those. */
function compare(told: readonly Told[], rows: readonly PlainRow[], isTyped: boolean): void {
  const taken = new Set<PlainRow>()
  for (const one of told) {
    const found = rows.filter((row) => isOf(row, one) && !taken.has(row))
    assert.equal(
      found.length,
      1,
      `${one.door}: ${shown(one)}\n${shown(rows.filter((row) => row['path'] === one.path))}`,
    )
    const row = found[0] as PlainRow
    taken.add(row)
    const { operation } = one
    const flags = Number(row['flags'])
    const isRefused = one.errno !== 0
    const isByWords = isRefused || (one.named && isTyped)
    assert.equal((flags & fileFlags.asTyped) !== 0, isByWords, one.door)
    assert.equal((flags & fileFlags.directory) !== 0, /directory/.test(`${operation} ${one.door}`))
    assert.equal((flags & fileFlags.sensitive) !== 0, operation === 'read', one.door)
    assert.equal((flags & fileFlags.exchanged) !== 0, one.door.includes('exchange'), one.door)
    assert.equal((flags & fileFlags.truncated) !== 0, one.door.includes('emptied'), one.door)
    const others = fileFlags.pathPartial | fileFlags.secondPartial | fileFlags.unreadable
    assert.equal(flags & (others | fileFlags.deleted | fileFlags.repeats), 0, one.door)
    assert.equal(row['uid'], isRefused ? nobody : 0, one.door)
    assert.equal(row['count'], 1n)
    assert.equal(row['firstNs'], row['bootNs'])
    assert.equal(row['lastNs'], row['bootNs'])
    assert.ok(Number(row['mountNs']) > 0)
    assert.equal(row['inode'], isByWords ? 0n : BigInt(one.inode), one.door)
    assert.equal(row['device'], isByWords ? 0 : one.device, one.door)
    if (isRefused) {
      assert.equal(row['openFlags'], one.openFlags, one.door)
      continue
    }
    const saysMode = !isByWords || /^(?:create|mknod|chmod)/.test(operation)
    assert.equal(row['mode'], saysMode ? one.mode : 0, one.door)
    const saysOwner = !isByWords || operation === 'chown'
    assert.equal(row['owner'], saysOwner ? one.owner : 0, one.door)
    assert.equal(row['group'], saysOwner ? one.group : 0, one.door)
    const saysSize = !isByWords || operation === 'truncate'
    assert.equal(row['size'], saysSize ? BigInt(one.size) : 0n, one.door)
    if (operation === 'create' && !one.named) assert.equal(row['openFlags'], one.openFlags)
  }
  // What is no event: a read of what is not sensitive, and what was not there.
  for (const row of rows) {
    assert.ok(!String(row['path']).endsWith('/absent'), shown(row))
    if (row['operation'] === fileOperations.read)
      assert.match(String(row['path']), /hg-key|other-name/)
  }
}

suite('file probe', { skip: kernelSkip }, () => {
  for (const hooks of ['auto', 'syscalls'] as const) {
    suite(`by ${hooks}`, () => {
      let sensor: TestKernel
      before(async () => {
        sensor = await openTestKernel({
          probes: ['file'],
          hooks,
          file: fileSettings({ sensitive: ['hg-secret/hg-key'] }),
        })
      })
      after(() => sensor[Symbol.asyncDispose]())

      test('each thing through each door of each ABI is told once, with every field', (t) => {
        using folder = makeFolder()
        const { told, missing, rows } = goThroughDoors(sensor, folder.path)
        for (const door of missing) {
          t.diagnostic(`this kernel has no ${door}`)
          assert.match(door, /^x32|open_by_handle_at|fchmodat2/)
        }
        const isTyped = hooks === 'syscalls' || !probeFeature('fentry').supported
        compare(told, rows, isTyped)
        t.diagnostic(`${told.length} things, ${isTyped ? 'as typed' : 'resolved'}`)
      })
    })
  }
})

const fentry = probeFeature('fentry')
const withoutFentry = fentry.supported
  ? false
  : `fentry: ${fentry.reason} (${fentry.minimumKernel})`

suite('files through io_uring', { skip: kernelSkip || withoutFentry }, () => {
  test('what needs no system call is told all the same, resolved', async () => {
    await using sensor = await openTestKernel({ probes: ['file'] })
    using folder = makeFolder()
    sensor.drain()
    const ran = runProgram(testProgram('uring-doors'), [folder.path])
    assert.equal(ran.status, 0, ran.text)
    const rows = rowsOf(sensor, ran.pid)
    const { create, rename, link, delete: gone, symlink } = fileOperations
    for (const ring of ['', 'thread-']) {
      const [a, b] = [join(folder.path, `${ring}a`), join(folder.path, `${ring}b`)]
      const told = rows
        .filter((row) => row['path'] === a || row['path'] === b)
        .map((row) => [row['operation'], row['path'], row['secondPath'], row['flags']])
      assert.deepEqual(told, [
        [create, a, '', 0],
        [rename, a, b, 0],
        [link, b, a, 0],
        [gone, b, '', 0],
        [symlink, b, '/where/it/leads', 0],
      ])
    }
  })
})

/** What `file-burst` says. */
interface Burst {
  readonly count: number
  readonly self: number
}

function burst(
  folder: string,
  seconds: number | string,
  paths: number,
  cgroup: readonly string[] = [],
) {
  const ran = runProgram(testProgram('file-burst'), [
    String(seconds),
    String(paths),
    folder,
    '1',
    ...cgroup,
  ])
  assert.equal(ran.status, 0)
  return JSON.parse(ran.text) as Burst
}

/** File rows of these processes: all that is in the rings, or, after `look`, repeats as well. */
function rowsOf(sensor: TestKernel, ...pids: readonly number[]): PlainRow[] {
  const rows = sensor.drain()
  assert.deepEqual(rows.get('loss') ?? [], [])
  return (rows.get('file') ?? []).filter((row) => pids.includes(Number(row['pid'])))
}

function repeatsOf(sensor: TestKernel, pid: number): PlainRow[] {
  sensor.kernel.look()
  return rowsOf(sensor, pid)
}

/** All rows of processes that have ended: those of events, and those of repeats, whenever the turn has ended. */
function allOf(sensor: TestKernel, ...pids: readonly number[]) {
  const rows = rowsOf(sensor, ...pids)
  sensor.kernel.look()
  rows.push(...rowsOf(sensor, ...pids))
  const isRepeat = (row: PlainRow): boolean => (Number(row['flags']) & fileFlags.repeats) !== 0
  return { now: rows.filter((row) => !isRepeat(row)), later: rows.filter(isRepeat) }
}

const total = (rows: readonly PlainRow[]): number =>
  rows.reduce((sum, row) => sum + Number(row['count']), 0)

/** Counters of the hook. */
function counters(sensor: TestKernel) {
  sensor.reopen()
  const builder = createBatchBuilder()
  sensor.kernel.hooks(builder)
  const table = builder.table('hook')
  for (let row = 0; row < table.rows; row++)
    if (new TextDecoder().decode(builder.bytes(table.columns.hook[row] ?? 0)) === 'file')
      return {
        offered: table.columns.offered[row] ?? 0n,
        filtered: table.columns.filtered[row] ?? 0n,
        deduplicated: table.columns.deduplicated[row] ?? 0n,
        lost: table.columns.lost[row] ?? 0n,
      }
  throw new Error('no counters of the hook file')
}

/** Where the kernel side keeps the writer of a file (file-writers.h). */
function writerSetOf({ ino, dev }: BigIntStats): number {
  // As the kernel has it: 12 bits of the major number before 20 of the minor one.
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn)
  const minor = (dev & 0xffn) | ((dev >> 12n) & 0xffff_ff00n)
  const device = (major << 20n) | minor
  const hash = BigInt.asUintN(64, (ino ^ (device << 40n)) * 0x9e3779b97f4a7c15n)
  return Number(hash >> 49n)
}

suite('repeats of file events', { skip: kernelSkip }, () => {
  let sensor: TestKernel
  before(async () => {
    // The programs at the end of mmap and mprotect are the other one's.
    sensor = await openTestKernel({ probes: ['file', 'memory'], isAtTracepoint: true })
  })
  after(() => sensor[Symbol.asyncDispose]())

  test('the first two are told at once, the others as one row with their count', () => {
    using folder = makeFolder()
    sensor.drain()
    const earlier = counters(sensor)
    const { count, self } = burst(folder.path, 0.3, 3)
    const { now, later } = allOf(sensor, self)
    assert.equal(now.filter((row) => row['operation'] === fileOperations.create).length, 3)
    const firsts = now.filter((row) => row['operation'] === fileOperations.write)
    // One only of what shares its mark with something else.
    assert.ok(firsts.length === 6 || firsts.length === 5, `${firsts.length} firsts`)
    assert.equal(later.length, 3)
    assert.equal(total(now) + total(later), count)
    for (const row of later) {
      const first = firsts.findLast((one) => one['path'] === row['path']) as PlainRow
      assert.equal(row['seq'], (first['seq'] as bigint) | repeatsBit)
      assert.equal(row['flags'], Number(first['flags']) | fileFlags.repeats)
      for (const column of ['pid', 'startNs', 'execNo', 'inode', 'device', 'openFlags', 'uid'])
        assert.equal(row[column], first[column], column)
      assert.ok((row['firstNs'] as bigint) > (first['bootNs'] as bigint))
      assert.ok((row['lastNs'] as bigint) >= (row['firstNs'] as bigint))
      assert.equal(row['bootNs'], row['lastNs'])
    }
    const after = counters(sensor)
    assert.ok(after.deduplicated - earlier.deduplicated >= BigInt(total(later)))
    assert.ok(after.offered - earlier.offered >= BigInt(count))
    assert.deepEqual(repeatsOf(sensor, self), [], 'told once')
  })

  test('what was written at run time and is mapped executable is told with its writer', () => {
    using folder = makeFolder()
    sensor.drain()
    const ran = runProgram(testProgram('written-code'), [folder.path, '/bin/true'])
    assert.equal(ran.status, 0, ran.text)
    const said = JSON.parse(ran.text) as Record<'self' | 'writer' | 'inode' | 'size', number>
    const { now, later } = allOf(sensor, said.self, said.writer)
    const mapped = now.filter((row) => row['operation'] === fileOperations.mapExecutable)
    assert.equal(mapped.length, 1, shown(mapped))
    const [row] = mapped as [PlainRow]
    const written = now.find((one) => one['operation'] === fileOperations.create) as PlainRow
    assert.equal(row['pid'], said.self)
    assert.equal(row['path'], join(folder.path, 'code'))
    assert.equal(row['inode'], BigInt(said.inode))
    assert.equal(row['device'], written['device'])
    assert.equal(row['size'], BigInt(said.size))
    assert.equal(row['writerPid'], said.writer)
    assert.equal(row['writerStartNs'], written['startNs'])
    assert.equal(row['writerExecNo'], written['execNo'])
    assert.equal(row['flags'], 0)
    // Once more by mmap, and by mprotect.
    assert.equal(total(later), 2)
  })

  test('of files that share a set of writers the last two are remembered', () => {
    using folder = makeFolder()
    using map = openPinnedMap(join(sensor.settings.pinDir, layout.hash, 'hg_file_written'))
    const path = join(folder.path, 'code')
    writeFileSync(path, readFileSync(testProgram('hot-calls')))
    const key = keyBytes(writerSetOf(statSync(path, { bigint: true })))
    const read = (): BigUint64Array<ArrayBuffer> => {
      const set = new BigUint64Array(8)
      assert.ok(map.getBytes(key, new Uint8Array(set.buffer)))
      return set
    }
    const write = (newer: BigUint64Array, older: BigUint64Array): void =>
      map.setBytes(key, new Uint8Array(BigUint64Array.of(...newer, ...older).buffer))
    const writerOf = (): unknown => {
      sensor.drain()
      const { pid, status } = spawnSync('/lib64/ld-linux-x86-64.so.2', [path])
      assert.equal(status, 64, 'it says how it is used')
      const mapped = rowsOf(sensor, pid).filter((row) => row['path'] === path)
      assert.ok(mapped.length <= 1, shown(mapped))
      return mapped[0]?.['writerPid']
    }
    const ours = read().slice(0, 4)
    assert.equal(ours[0], statSync(path, { bigint: true }).ino)
    // Other files of this set: numbers that none has.
    const [one, another] = [BigUint64Array.of(1n, 1n, 1n, 1n), BigUint64Array.of(2n, 1n, 2n, 2n)]
    write(one, ours)
    assert.equal(writerOf(), process.pid)
    appendFileSync(path, ' ')
    assert.deepEqual(read(), BigUint64Array.of(...ours, ...one))
    write(one, another)
    // Told by its change time, if that is not of the second in which the sensor began.
    assert.ok(!writerOf())
  })

  test('the same file by another name, and by another image, is another first', () => {
    using folder = makeFolder()
    const file = join(folder.path, 'file')
    writeFileSync(file, '')
    linkSync(file, join(folder.path, 'link'))
    sensor.drain()
    const script =
      'for i in 1 2 3; do echo >> file; echo >> link; done; exec /bin/sh -c "echo >> file"'
    const { pid } = runProgram('/bin/sh', ['-c', script], { cwd: folder.path })
    const { now, later } = allOf(sensor, pid)
    const paths = now.map((row) => String(row['path']).slice(folder.path.length + 1))
    assert.deepEqual(paths, ['file', 'link', 'file', 'link', 'file'])
    assert.equal(total(later), 2)
  })

  test('more keys than the map has room for: all are told, one by one where there is none', () => {
    using folder = makeFolder()
    sensor.drain()
    const { count, self } = burst(folder.path, '0,2', 9000)
    // It is full now, or nearly so: of these hardly any repeat is known as one.
    const more = burst(mkdirIn(folder.path, 'more'), amount(0.05, 0.01), 100)
    const rows = rowsOf(sensor, self, more.self)
    sensor.kernel.look()
    const later = rowsOf(sensor, self, more.self)
    assert.ok(total(later) < more.count / 2)
    assert.equal(total([...rows, ...later]), count + more.count)
  })

  test('turns that end under load of several threads lose nothing and tell nothing twice', async () => {
    using folder = makeFolder()
    sensor.drain()
    const child = spawn(
      testProgram('file-burst'),
      [String(amount(1.5, 1)), '20', folder.path, '4'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more))
    const ended = once(child, 'close')
    let isOver = false
    const over = ended.then(() => (isOver = true))
    let told = 0
    let turns = 0
    do {
      told += total(repeatsOf(sensor, Number(child.pid)))
      turns += 1
      await setTimeout(20)
    } while (!isOver)
    await over
    told += total(rowsOf(sensor, Number(child.pid))) + total(repeatsOf(sensor, Number(child.pid)))
    assert.equal(child.exitCode, 0)
    // One that began under load and ended under it, at least.
    assert.ok(turns > 1, `${turns} turns`)
    assert.equal(told, (JSON.parse(text) as Burst).count)
  })

  test('killed at any step: repeats are told once', () => {
    using folder = makeFolder()
    const paths = 100
    /** A burst of which the repeats are still to be told. */
    const keepFirsts = (name: string): Burst & { told: number } => {
      for (let tries = 0; ; tries++) {
        // A turn that began long ago would end with the first ones.
        repeatsOf(sensor, 0)
        const done = burst(
          mkdirIn(folder.path, `${name}-${tries}`),
          `${amount(0.1, 0.02)},4`,
          paths,
        )
        const told = total(rowsOf(sensor, done.self))
        if (told < done.count || tries === 29) return { ...done, told }
      }
    }
    /** A batch with some of the repeats: how many of this process, and the progress that goes with it. */
    const pumpSome = (pid: number): { told: number; progress: TestKernel['progress'] } => {
      sensor.kernel.look()
      const builder = createBatchBuilder()
      const { isMore, progress } = sensor.kernel.pump(builder, { records: 16 })
      assert.ok(isMore)
      const { columns, rows } = builder.table('file')
      let told = 0
      for (let row = 0; row < rows; row++)
        if (columns.pid[row] === pid) told += Number(columns.count[row])
      return { told, progress: JSON.parse(JSON.stringify(progress)) as typeof progress }
    }

    // The batch with some of them was lost with the sensor: all are told again.
    const first = keepFirsts('first')
    pumpSome(first.self)
    sensor.reopen()
    assert.equal(first.told + total(rowsOf(sensor, first.self)), first.count)

    // It was spooled, and not committed: the others are told.
    const second = keepFirsts('second')
    const safe = pumpSome(second.self)
    sensor.reopen(safe.progress)
    const rest = rowsOf(sensor, second.self)
    assert.equal(second.told + safe.told + total(rest), second.count)

    // All were spooled, and none committed: none is told again, and the next turn begins with nothing.
    const third = keepFirsts('third')
    sensor.kernel.look()
    let told = 0
    let last: TestKernel['progress']
    for (let isMore = true; isMore;) {
      const all = createBatchBuilder()
      const pumped = sensor.kernel.pump(all)
      const table = all.table('file')
      for (let row = 0; row < table.rows; row++)
        if (table.columns.pid[row] === third.self) told += Number(table.columns.count[row])
      last = pumped.progress
      isMore = pumped.isMore
    }
    sensor.reopen(last)
    assert.deepEqual(rowsOf(sensor, third.self), [])
    assert.deepEqual(repeatsOf(sensor, third.self), [])
    assert.equal(third.told + told, third.count)
  })
})

function mkdirIn(folder: string, name: string): string {
  const path = join(folder, name)
  mkdirSync(path)
  return path
}

suite('filters of the file probe', { skip: kernelSkip }, () => {
  test('folders, workloads and own processes are left out and counted, sensitive files never', async () => {
    using folder = makeFolder()
    const [ignored, seen, keys] = ['ignored', 'seen', 'keys'].map((name) =>
      mkdirIn(folder.path, name),
    ) as [string, string, string]
    writeFileSync(join(keys, 'old'), 'secret')
    const mount = unifiedMount()
    const workload = `hg-file-${process.pid}`
    if (mount !== undefined) mkdirSync(join(mount, workload))
    try {
      await using sensor = await openTestKernel({
        probes: ['file'],
        isAtTracepoint: true,
        file: fileSettings({
          watch: [folder.path, ...(mount === undefined ? [] : [mount])],
          ignore: [ignored],
          sensitive: [`${keys}/`, 'hg-key'],
          ignoreWorkloads: [`/${workload}`],
        }),
      })
      const quiet = burst(ignored, 0, 10)
      const loud = burst(seen, 0, 10)
      const elsewhere = mkdtempSync(join(tmpdir(), 'hg-elsewhere-'))
      const unwatched = burst(elsewhere, 0, 10)
      rmSync(elsewhere, { recursive: true })
      const rows = rowsOf(sensor, quiet.self, loud.self, unwatched.self)
      assert.equal(rows.length, 20)
      assert.ok(rows.every((row) => row['pid'] === loud.self))
      assert.ok(counters(sensor).filtered >= 40n)

      const key = join(ignored, 'hg-key')
      const script = `cat ${join(keys, 'old')}; echo x > ${join(keys, 'new')}; cat ${join(keys, 'new')}; echo x > ${key}; mv ${key} ${ignored}/harmless; cat ${ignored}/harmless; cat ${join(seen, 'file-1')}`
      sensor.drain()
      assert.equal(runProgram('/bin/sh', ['-c', script]).status, 0)
      const told = (sensor.drain().get('file') ?? []).filter(
        (row) =>
          String(row['path']).startsWith(folder.path) && row['operation'] !== fileOperations.rename,
      )
      const flag = (row: PlainRow): boolean => (Number(row['flags']) & fileFlags.sensitive) !== 0
      const shownRows = told.map((row) => [row['operation'], row['path'], flag(row)])
      assert.deepEqual(shownRows, [
        [fileOperations.read, join(keys, 'old'), true],
        [fileOperations.create, join(keys, 'new'), true],
        [fileOperations.read, join(keys, 'new'), true],
        [fileOperations.create, key, true],
        [fileOperations.read, join(ignored, 'harmless'), true],
      ])

      if (mount !== undefined) {
        const before = counters(sensor).filtered
        const inside = burst(mkdirIn(seen, 'inside'), 0, 10, [join(mount, workload)])
        // Its first write is the one that puts it there.
        assert.equal(total(rowsOf(sensor, inside.self)), 1)
        assert.ok(counters(sensor).filtered - before >= 20n)
      }

      sensor.kernel.own([process.pid])
      const before = counters(sensor).filtered
      const own = join(seen, 'own')
      writeFileSync(own, '')
      appendFileSync(own, 'x')
      renameSync(own, join(seen, 'own too'))
      readFileSync(join(keys, 'old'))
      assert.deepEqual(rowsOf(sensor, process.pid), [])
      assert.ok(counters(sensor).filtered - before >= 4n)
    } finally {
      if (mount !== undefined) rmdirSync(join(mount, workload))
    }
  })
})
