import assert from 'node:assert/strict'
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readClockNs } from '@honeyguide/bpf'
import { decodeBatch } from '@honeyguide/model/batch'
import type { TableName } from '@honeyguide/model/tables'
import {
  provenanceFlags,
  provenanceRoles,
  provenanceStates,
} from '@honeyguide/model/tables/provenance'
import {
  kernelSkip,
  openTestKernel,
  plainRows,
  runProgram,
  said,
  testProgram,
  type PlainRow,
  type TestKernel,
} from '../kernel/kernel-harness.ts'
import type { Progress } from '../pump/kernel-port.ts'
import type { KernelProgress } from '../kernel/kernel.ts'
import { createPump, type Pump } from '../pump/pump.ts'
import { createProvenance, openProvenanceThread } from './provenance.ts'

const md5 = (path: string): string => createHash('md5').update(readFileSync(path)).digest('hex')

/**
 * Real programs under the loaded probes, through pump and thread, to the rows of batches. The root that they run
 * in has a database of packages of its own, so that any machine shows the same.
 */
suite('provenance of programs that run', { skip: kernelSkip }, () => {
  const told = new Map<TableName, PlainRow[]>()
  const logs: string[] = []
  const abort = new AbortController()
  let sensor: TestKernel
  let running: Promise<void>
  let pump: Pump
  let root = ''
  let shell: ChildProcessByStdio<Writable, Readable, null>
  const program = testProgram('sample', true)
  const family = testProgram('family')
  const who = testProgram('who')

  before(async () => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'hg-root-')))
    for (const folder of ['bin', 'dev', 'tmp', 'var/lib/dpkg/info'])
      mkdirSync(join(root, folder), { recursive: true })
    for (const name of ['good', 'changed', 'unknown'])
      copyFileSync(program, join(root, 'bin', name))
    // What a shell gives to what it runs beside itself.
    writeFileSync(join(root, 'dev/null'), '')
    const info = join(root, 'var/lib/dpkg/info')
    writeFileSync(
      join(root, 'var/lib/dpkg/status'),
      'Package: who\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0\n',
    )
    writeFileSync(join(info, 'who.list'), '/.\n/bin\n/bin/good\n/bin/changed\n/bin/script\n')
    writeFileSync(
      join(info, 'who.md5sums'),
      `${md5(program)}  bin/good\n${'0'.repeat(32)}  bin/changed\n`,
    )
    writeFileSync(join(root, 'bin/script'), '#!/bin/good\n', { mode: 0o755 })

    const busybox = ['/usr/bin/busybox', '/bin/busybox'].find(existsSync) ?? 'busybox'
    copyFileSync(realpathSync(busybox), join(root, 'bin/busybox'))

    sensor = await openTestKernel({
      probes: ['fork', 'exec', 'exit', 'file', 'memory'],
      isAtTracepoint: true,
    })
    const provenance = createProvenance({
      open: openProvenanceThread({ enabled: true, maxFileBytes: 64 << 20, cpuPercent: 100 }),
      onFindings: () => pump.sayFindings(),
      log: (_level, message, fields) =>
        void logs.push(`${message} ${String(fields?.['error'] ?? '')}`),
    })
    const { kernel } = sensor
    const spool = {
      nextSequence: 1n,
      append(item: { readonly batch: Uint8Array }) {
        for (const [name, more] of plainRows(decodeBatch(new Uint8Array(item.batch))))
          told.set(name, [...(told.get(name) ?? []), ...(name === 'file' ? [] : more)])
        spool.nextSequence += 1n
      },
    }
    pump = createPump({
      kernel: {
        pump: (builder, limits) => kernel.pump(builder, limits),
        look: () => kernel.look(),
        commit: (progress: Progress) => kernel.commit(progress as KernelProgress),
        watch: (onWake, signal) => kernel.watch(onWake, signal),
        snapshot: (builder) => kernel.snapshot(builder),
        features: (builder) => kernel.features(builder),
        hooks: (builder) => kernel.hooks(builder),
        [Symbol.dispose]: () => undefined,
      },
      spool,
      clock: { bootNs: () => readClockNs('boottime'), wallNs: () => readClockNs('realtime') },
      identity: { sensor: new Uint8Array(16), boot: new Uint8Array(16), run: 1 },
      progress: null,
      batch: { events: 512, delayMs: 100, quietMs: 10, bytes: 1 << 20 },
      provenance,
      onBatch: () => undefined,
      onError: (message) => assert.fail(message),
    })
    running = pump.run(abort.signal)
    shell = spawn(
      'unshare',
      ['--mount', '--propagation=private', '--', 'chroot', root, '/bin/busybox', 'sh'],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    )
  })
  after(async () => {
    shell.kill('SIGKILL')
    abort.abort()
    await running
    await sensor[Symbol.asyncDispose]()
    rmSync(root, { recursive: true })
  })

  const rows = (table: TableName): readonly PlainRow[] => told.get(table) ?? []

  /** What `find` gives once it gives something. */
  async function soon<Found>(find: () => Found | undefined): Promise<Found> {
    const end = Date.now() + 60_000
    for (;;) {
      const found = find()
      if (found !== undefined) return found
      if (Date.now() > end) {
        const counts = [...told].map(([name, { length }]) => `${name} ${length}`).join(', ')
        throw new Error(`not within a minute; rows: ${counts}; said: ${logs.join(' ')}`)
      }
      await sleep(10)
    }
  }

  /** The row for what this exec ran, once it is there. */
  async function provenanceOf(pid: number, column: 'inode' | 'interpreterInode' = 'inode') {
    return soon(() => {
      const exec = rows('exec').findLast((row) => row['pid'] === pid)
      const device = column === 'inode' ? 'device' : 'interpreterDevice'
      const path = column === 'inode' ? 'file' : 'interpreter'
      const found = rows('provenance').findLast(
        (row) =>
          exec !== undefined &&
          row['path'] === exec[path] &&
          (exec[column] === 0n ||
            (row['inode'] === exec[column] && row['device'] === exec[device])),
      )
      return exec && found ? { exec, row: found } : undefined
    })
  }
  /** Runs it in that root, beside a shell that stays, as containers have a process that stays; gives its pid. */
  async function inRoot(command: string): Promise<number> {
    const said = once(shell.stdout, 'data')
    shell.stdin.write(`${command} & echo $!; wait\n`)
    return Number(String((await said)[0]))
  }

  test('says of each whose it is and whether it is as packaged', async () => {
    for (const [name, state, owner] of [
      ['good', provenanceStates.ownedMatches, 'who'],
      ['changed', provenanceStates.ownedDiffers, 'who'],
      ['unknown', provenanceStates.notOwned, ''],
    ] as const) {
      const { row } = await provenanceOf(await inRoot(`/bin/${name}`))
      const { ino, ctimeNs, mtimeNs, size } = statSync(join(root, 'bin', name), { bigint: true })
      assert.deepEqual(
        {
          path: row['path'],
          state: row['state'],
          reason: row['reason'],
          flags: row['flags'],
          package: row['package'],
          version: row['version'],
          inode: row['inode'],
          changedNs: row['changedNs'],
          modifiedNs: row['modifiedNs'],
          size: row['sizeBytes'],
          role: row['role'],
          sha256: row['sha256'],
        },
        {
          path: `/bin/${name}`,
          state,
          reason: '',
          flags: provenanceFlags.foreignDatabase,
          package: owner,
          version: owner === '' ? '' : '1.0',
          inode: ino,
          changedNs: ctimeNs,
          modifiedNs: mtimeNs,
          size,
          role: provenanceRoles.image,
          sha256: createHash('sha256').update(readFileSync(program)).digest('hex'),
        },
      )
    }
  })

  test('names a script and what runs it', async () => {
    const pid = await inRoot('/bin/script')
    const { row } = await provenanceOf(pid)
    assert.equal(row['path'], '/bin/script')
    assert.equal(row['state'], provenanceStates.ownedNoDigest)
    assert.equal(row['inode'], statSync(join(root, 'bin/script'), { bigint: true }).ino)
    const { row: interpreter } = await provenanceOf(pid, 'interpreterInode')
    assert.equal(interpreter['path'], '/bin/good')
    assert.equal(interpreter['state'], provenanceStates.ownedMatches)
  })

  test('says of a memfd and of a deleted file what they are', async () => {
    const memfd = await provenanceOf(said(runProgram(family, ['memfd', program]), 'memfd'))
    assert.equal(memfd.row['state'], provenanceStates.notOwned)
    assert.ok(Number(memfd.row['flags']) & provenanceFlags.memfd)
    const copy = join(root, 'tmp/copy')
    copyFileSync(program, copy)
    const deleted = await provenanceOf(
      said(runProgram(family, ['deleted', program, copy]), 'deleted'),
    )
    assert.equal(deleted.row['state'], provenanceStates.unknown)
    assert.ok(Number(deleted.row['flags']) & provenanceFlags.deleted)
  })

  test('names the process that wrote the file, across a rename', async () => {
    copyFileSync(program, join(root, 'tmp/new'))
    renameSync(join(root, 'tmp/new'), join(root, 'bin/written'))
    const { exec, row: first } = await provenanceOf(await inRoot('/bin/written'))
    // The row of the write may come after that of the exec: then it is told again.
    const row = await soon(() =>
      rows('provenance').findLast(
        (one) => one['inode'] === first['inode'] && one['writerPid'] !== 0,
      ),
    )
    const self = rows('process').find((one) => one['pid'] === process.pid)
    assert.equal(row['state'], provenanceStates.notOwned)
    assert.equal(row['writerPid'], process.pid)
    assert.equal(row['writerStartNs'], self?.['startNs'])
    assert.equal(row['writerExecNo'], self?.['execNo'])
    assert.ok(BigInt(row['writtenNs'] ?? 0n) > 0n)
    assert.ok(BigInt(row['writtenNs'] ?? 0n) < BigInt(exec['bootNs'] ?? 0n))
  })

  test('looks at a library that was written and is mapped by a program that is known', async () => {
    const library = realpathSync('/lib/x86_64-linux-gnu/libm.so.6')
    const copy = join(root, 'tmp/library.so')
    // The program is known by now, so what it has mapped is not looked at with it.
    await provenanceOf(runProgram(who).pid)
    copyFileSync(library, copy)
    runProgram(who, [], { env: { LD_PRELOAD: copy } })
    const row = await soon(() =>
      rows('provenance').find((one) => one['path'] === copy && one['writerPid'] !== 0),
    )
    assert.equal(row['role'], provenanceRoles.library)
    assert.equal(row['writerPid'], process.pid)
    assert.equal(row['sha256'], createHash('sha256').update(readFileSync(library)).digest('hex'))
  })

  test('knows the processes that were there before', async () => {
    const live = rows('process').find((row) => row['pid'] === process.pid)
    assert.ok(live)
    const found = await soon(() =>
      rows('provenance').find(
        (row) =>
          row['inode'] === live['inode'] &&
          row['device'] === live['device'] &&
          row['path'] === live['file'],
      ),
    )
    assert.equal(found['path'], realpathSync(process.execPath))
  })

  test('has lost nothing of it', () => {
    assert.deepEqual(
      rows('loss').filter((row) => row['hook'] === 'provenance'),
      [],
    )
  })
})
