import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fromBinary, toBinary } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { BatchSchema } from '../../gen/honeyguide/v1/uplink_pb.ts'
import { createBatchBuilder } from './builder.ts'
import { standsForMissing } from './missing.ts'
import { decodeBatch } from './reader.ts'

const identity = {
  sensor: new Uint8Array(16).fill(7),
  boot: new Uint8Array(16).fill(9),
  run: 3,
  sequence: 5n,
}

function sample(): Uint8Array {
  const builder = createBatchBuilder()
  const exec = builder.table('exec')
  for (let i = 0; i < 200; i++) {
    const row = exec.add()
    exec.columns.pid[row] = i
    exec.columns.bootNs[row] = BigInt(i) << 40n
    exec.columns.uid[row] = 1000
    exec.columns.file[row] = builder.string(`/bin/program-${i % 7}`)
  }
  const loss = builder.table('loss')
  loss.add()
  loss.columns.lost[0] = 12n
  return builder.encode(identity, 1_700_000_000_000_000_000n, [
    { ring: 'lifecycle', position: 1n << 40n },
  ])
}

suite('batch', () => {
  test('gives back every row, with constant and absent columns filled in', () => {
    const batch = decodeBatch(sample())
    const exec = batch.table('exec')
    assert.ok(exec)
    assert.equal(exec.rows, 200)
    assert.equal(exec.columns.pid[199], 199)
    assert.equal(exec.columns.bootNs[199], 199n << 40n)
    assert.equal(exec.columns.uid[77], 1000)
    assert.equal(exec.columns.gid[77], 0)
    assert.equal(batch.text(exec.columns.file[8] ?? 0), '/bin/program-1')
    assert.equal(batch.table('loss')?.columns.lost[0], 12n)
    assert.equal(batch.table('tcp'), undefined)
    assert.deepEqual(batch.rings, [{ ring: 'lifecycle', position: 1n << 40n }])
  })
  test('is written as the library writes it', () => {
    const u32 = fc.oneof(fc.constantFrom(0, 1, 0xffff_ffff), fc.nat())
    const u64 = fc.oneof(fc.constantFrom(0n, 1n << 63n), fc.bigInt({ min: 0n, max: 1n << 60n }))
    const row = fc.record({ pid: u32, bootNs: u64, file: fc.string({ maxLength: 200 }) })
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 150 }),
        fc.bigInt({ min: 1n, max: (1n << 53n) - 1n }),
        fc.integer({ min: 1, max: 2 ** 31 - 1 }),
        (rows, sequence, run) => {
          const builder = createBatchBuilder()
          for (const { pid, bootNs, file } of rows) {
            const exec = builder.table('exec')
            const at = exec.add()
            exec.columns.pid[at] = pid
            exec.columns.bootNs[at] = bootNs
            exec.columns.startNs[at] = 1n << 40n
            exec.columns.file[at] = builder.string(file)
          }
          const rings = [{ ring: 'data', position: sequence }]
          const bytes = builder.encode({ ...identity, run, sequence }, -sequence, rings)
          assert.deepEqual(toBinary(BatchSchema, fromBinary(BatchSchema, bytes)), bytes)
          const exec = decodeBatch(bytes).table('exec')
          for (const [at, { pid, bootNs }] of rows.entries())
            assert.deepEqual([exec?.columns.pid[at], exec?.columns.bootNs[at]], [pid, bootNs])
        },
      ),
    )
  })
  test('keeps the offset of a clock that stands before the boot', () => {
    const bytes = createBatchBuilder().encode(identity, -5n, [])
    assert.equal(decodeBatch(bytes).wallOffsetNs, -5n)
  })
  test('is empty again after a reset', () => {
    const builder = createBatchBuilder()
    const fork = builder.table('fork')
    fork.columns.pid[fork.add()] = 4
    builder.reset()
    assert.equal(builder.rows, 0)
    assert.equal(fork.columns.pid[fork.add()], 0)
  })
  test('refuses millions of entries, columns or rings before it makes objects of them', () => {
    const good = sample()
    for (const [field, words] of [
      [6, /dictionary entries/],
      [7, /tables/],
      [8, /rings/],
    ] as const) {
      const bytes = new Uint8Array(good.length + 2_000_000)
      bytes.set(good)
      for (let at = good.length; at < bytes.length; at += 2) bytes[at] = (field << 3) | 2
      const before = process.memoryUsage().heapUsed
      assert.throws(() => decodeBatch(bytes), words)
      // A million objects are more than twice that. Heaps also grow by what other tests left for later.
      const grown = process.memoryUsage().heapUsed - before
      assert.ok(grown < 32_000_000, `${grown} bytes`)
    }
  })
  test('tells which batch stands for those that fell off a spool', () => {
    for (const [reason, stands] of [
      ['spool_full', true],
      ['spool_corrupt', true],
      ['ring_full', false],
    ] as const) {
      const builder = createBatchBuilder()
      const loss = builder.table('loss')
      loss.columns.reason[loss.add()] = builder.string(reason)
      assert.equal(standsForMissing(decodeBatch(builder.encode(identity, 0n, []))), stands)
    }
    assert.equal(standsForMissing(decodeBatch(sample())), false)
  })
})
