import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createBatchBuilder, type BatchBuilder } from '@honeyguide/model/batch'
import { imageFlags } from '@honeyguide/model/tables/exec'
import { fileFlags, fileOperations } from '@honeyguide/model/tables/file'
import { provenanceRoles } from '@honeyguide/model/tables/provenance'
import { seenFiles, type SeenFile } from './seen-file.ts'
import { createWriters } from './writers.ts'

type Values = Readonly<Record<string, string | number | bigint>>

function add(builder: BatchBuilder, name: 'exec' | 'process' | 'file', values: Values): void {
  const table = builder.table(name)
  const row = table.add()
  const columns = table.columns as Record<string, Uint32Array | BigUint64Array>
  for (const [column, value] of Object.entries(values)) {
    const array = columns[column]
    assert.ok(array, column)
    array[row] = typeof value === 'string' ? builder.text(Buffer.from(value, 'latin1')) : value
  }
}

const process = { pid: 7, parentPid: 6, mountNs: 5 }
const plain: SeenFile = {
  role: provenanceRoles.image,
  device: 8,
  inode: 9n,
  path: '/bin/\xff\n',
  isTyped: false,
  isPartial: false,
  isDeleted: false,
  isMemfd: false,
  isFromSnapshot: false,
  ...process,
}

suite('files of a batch', () => {
  test('are those that ran, each once, with what the flags say', () => {
    const builder = createBatchBuilder()
    const exec = { ...process, file: '/bin/\xff\n', inode: 9n, device: 8 }
    for (let i = 0; i < 3; i++) add(builder, 'exec', { ...exec, pid: 7 + i })
    add(builder, 'exec', { ...exec, file: '/bin/other' })
    add(builder, 'exec', { ...exec, inode: 10n, flags: imageFlags.deleted })
    add(builder, 'exec', { ...exec, file: 'memfd:x', inode: 11n, flags: imageFlags.memfd })
    add(builder, 'exec', { ...exec, file: 'end/of/it', inode: 12n, flags: imageFlags.filePartial })
    assert.deepEqual(seenFiles(builder), {
      files: [
        plain,
        { ...plain, path: '/bin/other' },
        { ...plain, inode: 10n, isDeleted: true },
        { ...plain, path: 'memfd:x', inode: 11n, isMemfd: true },
        { ...plain, path: 'end/of/it', inode: 12n, isPartial: true },
      ],
      refused: 0,
    })
  })
  test('are a script as it was typed, and its interpreter as the kernel resolved it', () => {
    const builder = createBatchBuilder()
    add(builder, 'exec', {
      ...process,
      file: '/bin/script',
      flags: imageFlags.script | imageFlags.deleted,
      interpreter: '/usr/bin/dash',
      interpreterInode: 3n,
      interpreterDevice: 2,
    })
    const script = { ...plain, path: '/bin/script', inode: 0n, device: 0, isTyped: true }
    assert.deepEqual(seenFiles(builder).files, [
      script,
      {
        ...plain,
        role: provenanceRoles.interpreter,
        path: '/usr/bin/dash',
        inode: 3n,
        device: 2,
        isDeleted: true,
      },
    ])
  })
  test('are those of live processes, but not of kernel threads', () => {
    const builder = createBatchBuilder()
    const flags = imageFlags.fromSnapshot
    add(builder, 'process', { ...process, file: '/sbin/init', inode: 1n, device: 8, flags })
    add(builder, 'process', { ...process, flags: flags | imageFlags.kernelThread })
    add(builder, 'process', { ...process, flags })
    assert.deepEqual(seenFiles(builder).files, [
      { ...plain, path: '/sbin/init', inode: 1n, isFromSnapshot: true },
    ])
  })
  test('are those that were mapped executable', () => {
    const builder = createBatchBuilder()
    const row = { pid: 7, mountNs: 5, device: 8, inode: 9n, path: '/tmp/lib.so' }
    add(builder, 'file', { ...row, operation: fileOperations.mapExecutable })
    add(builder, 'file', {
      ...row,
      inode: 10n,
      operation: fileOperations.mapExecutable,
      flags: fileFlags.deleted,
    })
    add(builder, 'file', { ...row, inode: 11n, operation: fileOperations.write })
    const library = { ...plain, role: provenanceRoles.library, path: '/tmp/lib.so', parentPid: 0 }
    assert.deepEqual(seenFiles(builder).files, [
      library,
      { ...library, inode: 10n, isDeleted: true },
    ])
  })
  test('are no more than are taken from one batch; the others are counted', () => {
    const builder = createBatchBuilder({ rows: 8192, bytes: 1 << 20 })
    for (let i = 0; i < 3000; i++)
      add(builder, 'exec', { ...process, file: '/bin/x', inode: BigInt(i + 1), device: 8 })
    const { files, refused } = seenFiles(builder)
    assert.deepEqual([files.length, refused], [2048, 952])
  })
})

suite('writers', () => {
  const row = { pid: 3, startNs: 4n, execNo: 5, device: 8, inode: 9n, bootNs: 10n }
  const writer = { pid: 3, startNs: 4n, execNo: 5, atNs: 10n }

  test('are the last that opened for writing, made or cut a file', () => {
    const writers = createWriters(10)
    const builder = createBatchBuilder()
    add(builder, 'file', { ...row, operation: fileOperations.write })
    add(builder, 'file', { ...row, pid: 33, inode: 10n, operation: fileOperations.create })
    add(builder, 'file', { ...row, pid: 34, inode: 10n, operation: fileOperations.truncate })
    add(builder, 'file', { ...row, inode: 11n, operation: fileOperations.read })
    add(builder, 'file', { ...row, inode: 12n, errno: 13, operation: fileOperations.write })
    writers.note(builder)
    assert.deepEqual(writers.of(8, 9n), writer)
    assert.deepEqual(writers.of(8, 10n), { ...writer, pid: 34 })
    for (const [device, inode] of [
      [7, 9n],
      [8, 11n],
      [8, 12n],
    ] as const)
      assert.equal(writers.of(device, inode), undefined)
    // Repeats that are told later.
    const later = createBatchBuilder()
    add(later, 'file', { ...row, operation: fileOperations.write, lastNs: 99n })
    writers.note(later)
    assert.equal(writers.of(8, 9n)?.atNs, 99n)
  })
  test('of many files the oldest are forgotten', () => {
    const writers = createWriters(2)
    for (const inode of [1n, 2n, 1n, 3n]) {
      const builder = createBatchBuilder()
      add(builder, 'file', { ...row, inode, operation: fileOperations.write })
      writers.note(builder)
    }
    assert.ok(writers.of(8, 1n))
    assert.equal(writers.of(8, 2n), undefined)
    assert.ok(writers.of(8, 3n))
  })
})
