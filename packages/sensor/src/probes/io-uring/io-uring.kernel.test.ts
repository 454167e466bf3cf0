import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { ioUringFlags, ioUringOperations } from '@honeyguide/model/tables/io-uring'
import { tcpFlags, tcpOperations } from '@honeyguide/model/tables/tcp'
import {
  kernelSkip,
  openTestKernel,
  runProgram,
  said,
  testProgram,
  type PlainRow,
  type ProgramRun,
  type TestKernel,
} from '../../kernel/kernel-harness.ts'

const { setup, register, submit, complete, transfer } = ioUringOperations
const print = (value: unknown): string =>
  JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one))

/** Names of the requests that `uring-doors` makes in each ring, without the prefix. */
const named = ['create', 'openat2', 'missing', 'rename', 'link', 'unlink', 'symlink', 'mkdir']
const counted = [
  ...['write', 'read', 'write-other', 'write-third', 'write-fixed', 'accept', 'send', 'recv'],
]

suite('io_uring probe', { skip: kernelSkip }, () => {
  let sensor: TestKernel
  let folder = ''
  let ran: ProgramRun
  let rows: PlainRow[] = []
  let tcp: PlainRow[] = []
  let compat: PlainRow[] = []
  const hasCompat = (): boolean => ran.lines.some(([role]) => role === 'compat-ring')
  before(async () => {
    sensor = await openTestKernel({ probes: ['io_uring', 'tcp'] })
    folder = mkdtempSync(join(tmpdir(), 'hg-uring-'))
    sensor.drain()
    ran = runProgram(testProgram('uring-doors'), [folder])
    assert.equal(ran.status, 0, ran.text)
    const drained = sensor.drain()
    // Repeats are told in turns: now.
    sensor.kernel.look()
    const repeats = sensor.drain()
    assert.deepEqual([...(drained.get('loss') ?? []), ...(repeats.get('loss') ?? [])], [])
    const ours = (name: 'io_uring' | 'tcp', pid: number = ran.pid): PlainRow[] =>
      [...(drained.get(name) ?? []), ...(repeats.get(name) ?? [])].filter(
        (row) => row['pid'] === pid,
      )
    if (hasCompat()) compat = ours('io_uring', said(ran, 'compat-ring'))
    rows = ours('io_uring')
    tcp = ours('tcp')
  })
  after(async () => {
    await sensor[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  test('rings are told as they are made', () => {
    const rings = rows.filter((row) => row['operation'] === setup)
    const made = ran.lines.filter(([role]) => role === 'ring')
    assert.deepEqual(
      rings.map((row) => [row['fd'], row['entries'], row['requestFlags'], row['result']]),
      made.map(([, , , fd, entries, flags]) => [Number(fd), Number(entries), Number(flags), 0]),
    )
    const files = rows.filter((row) => row['operation'] === register)
    assert.deepEqual(
      files.map((row) => [row['fd'], row['opcode'], row['entries'], row['result']]),
      [[2, 3, 4, 5].map((at) => said(ran, 'register', at))],
    )
  })

  test('a ring through the 32-bit ABI is told as such', (t) => {
    if (!hasCompat()) {
      t.skip('needs the 32-bit ABI (CONFIG_IA32_EMULATION), which Debian 6.1 and 6.12 have')
      return
    }
    const [fd, entries, flags, result] = [2, 3, 4, 5].map((at) => said(ran, 'compat-ring', at))
    assert.deepEqual(
      compat.map((row) => [
        row['operation'],
        row['fd'],
        row['entries'],
        row['requestFlags'],
        Number(row['result']) | 0,
        row['flags'],
      ]),
      [
        [setup, fd, entries, flags, 0, ioUringFlags.compat],
        [register, fd, 0, 0, result, ioUringFlags.compat],
      ],
    )
    assert.equal(compat[1]?.['opcode'], 3)
  })

  test('requests that a watched system call would have told are told, with how they ended', () => {
    const told = ran.lines.filter(
      ([, pid, ...rest]) => Number(pid) === ran.pid && rest.length === 5,
    )
    const names = told.map(([name]) => name)
    for (const name of [...named, ...named.map((one) => `thread-${one}`), 'connect', 'refused'])
      assert.ok(names.includes(name), name)
    const submitted = rows.filter((row) => row['operation'] === submit)
    assert.equal(submitted.length, told.length, print(submitted))
    const ids = new Set(submitted.map((row) => row['requestId']))
    assert.equal(ids.size, told.length)
    for (const [at, [name = '', , opcode, fd, result, path = '', path2 = '']] of told.entries()) {
      const row = submitted[at]
      assert.equal(row?.['opcode'], Number(opcode), name)
      // The text of a symbolic link begins nowhere, and a new socket is none yet.
      if (name.endsWith('symlink')) assert.equal(row['fd2'], Number(fd), name)
      else if (name !== 'socket') assert.equal(row['fd'], Number(fd) >>> 0, name)
      if (name.endsWith('symlink') || name === 'socket') assert.equal(row['fd'], 0xffff_ffff, name)
      assert.equal(row['path'], path === '-' ? '' : path, name)
      assert.equal(row['path2'], path2 === '-' ? '' : path2, name)
      assert.equal(row['uid'], 0)
      const isThread = name.startsWith('thread-')
      assert.equal(row['flags'], isThread ? ioUringFlags.submissionThread : 0, name)
      assert.equal(row['tid'] === ran.pid, !isThread, name)
      const ends = rows.filter(
        (end) => end['operation'] === complete && end['requestId'] === row['requestId'],
      )
      assert.equal(ends.length, 1, name)
      assert.equal(Number(ends[0]?.['result']) | 0, Number(result), name)
      assert.equal(ends[0]?.['opcode'], Number(opcode), name)
      assert.equal(ends[0]['startNs'], row['startNs'])
    }
  })

  test('a connect has where it goes', () => {
    const connects = rows.filter((row) => row['operation'] === submit && row['opcode'] === 16)
    assert.deepEqual(
      connects.map((row) => [row['family'], row['remoteAddress'], row['remotePort']]),
      [
        [2, '\x7f\0\0\x01', said(ran, 'connected', 2)],
        [2, '\x7f\0\0\x01', 77],
        [10, `\x20\x01\x0d\xb8${'\0'.repeat(11)}\x07`, 78],
      ],
    )
  })

  test('requests that move data are told once for each file, and counted exactly', () => {
    const moved = ran.lines.filter(([role]) => role === 'moved')
    assert.deepEqual(
      moved.map(([, name]) => name),
      counted,
    )
    const inodeOf = (file: string): bigint => statSync(join(folder, file), { bigint: true }).ino
    // Two files that have had the same descriptor.
    const inodes = new Map([
      ['write-other', inodeOf('other')],
      ['write-third', inodeOf('third')],
    ])
    for (const [, name = '', pid, opcode, fd, count] of moved) {
      const inode = inodes.get(name)
      const found = rows.filter(
        (row) =>
          row['operation'] === transfer &&
          row['opcode'] === Number(opcode) &&
          row['fd'] === Number(fd) &&
          (inode === undefined || row['inode'] === inode) &&
          (Number(row['flags']) & ioUringFlags.fixedFile) ===
            (name === 'write-fixed' ? ioUringFlags.fixedFile : 0),
      )
      assert.equal(found[0]?.['count'], 1n, name)
      assert.equal(Number(found[0]['flags']) & ioUringFlags.repeats, 0, name)
      const sum = found.reduce((total, row) => total + (row['count'] as bigint), 0n)
      assert.equal(sum, BigInt(count ?? 0), `${name}: ${print(found)}`)
      assert.equal(found.length, Number(count) === 1 ? 1 : 2, `${name}: ${print(found)}`)
      for (const row of found.slice(1)) {
        assert.equal(Number(row['flags']) & ioUringFlags.repeats, ioUringFlags.repeats)
        assert.ok((row['firstNs'] as bigint) >= (found[0]['bootNs'] as bigint))
        assert.ok((row['lastNs'] as bigint) >= (row['firstNs'] as bigint))
      }
      assert.equal(found[0]['pid'], Number(pid))
    }
    const first = (opcode: number): PlainRow | undefined =>
      rows.find((row) => row['operation'] === transfer && row['opcode'] === opcode)
    const written = first(23)
    assert.equal(written?.['inode'], inodeOf('data'))
    const sent = first(26)
    assert.deepEqual(
      [sent?.['family'], sent?.['protocol'], sent?.['remotePort'], sent?.['remoteAddress']],
      [2, 6, said(ran, 'connected', 2), '\x7f\0\0\x01'],
    )
  })

  test('TCP connections through it are told like any other', () => {
    const port = said(ran, 'connected', 2)
    const ends = (operation: number): PlainRow[] =>
      tcp.filter((row) => row['operation'] === operation)
    assert.deepEqual(
      ends(tcpOperations.connect).map((row) => row['remotePort']),
      [port, said(ran, 'many', 2), said(ran, 'many', 2)],
    )
    const accepts = ends(tcpOperations.accept)
    const many = said(ran, 'many', 2)
    assert.deepEqual(
      accepts.map((row) => [row['localPort'], row['flags']]),
      [
        [port, 0],
        // Of one request that goes on accepting.
        [many, 0],
        [many, 0],
      ],
    )
    const failed = ends(tcpOperations.connectFailed)
    assert.deepEqual(
      failed.map((row) => [row['remotePort'], row['errno'], row['flags']]),
      [
        [77, 111, 0],
        [78, 101, tcpFlags.unsent],
      ],
      print(failed),
    )
    // Both ends of each.
    assert.equal(ends(tcpOperations.close).length, 6)
  })
})
