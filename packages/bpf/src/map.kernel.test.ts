import assert from 'node:assert/strict'
import { release } from 'node:os'
import { suite, test } from 'node:test'
import { BpfError } from './error.ts'
import { buildTestProgram, skipUnless } from './kernel-test.ts'
import { createMap, mapFromFd, possibleCpuCount } from './map.ts'
import { openObject, type BpfObject } from './object.ts'

interface Pair {
  left: number
  right: number
  tag: Uint8Array
}
interface Value {
  count: bigint
  delta: number
  pair: Pair
  text: Uint8Array
}

const tag = Uint8Array.of(1, 2)

async function loaded(): Promise<BpfObject> {
  return openObject(await buildTestProgram('maps')).load()
}

function pair(left: number): Pair {
  return { left, right: 65_535, tag }
}

function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? [])
    .toString()
    .replace(/\0+$/, '')
}

suite('maps', { skip: skipUnless() }, () => {
  test('a hash holds structs by the types of the object', async () => {
    using object = await loaded()
    const hash = object.map<Pair, Value | { text: string }>('hash')
    assert.equal(hash.get(pair(1)), undefined)
    const value = { count: 2n ** 63n, delta: -5, pair: pair(9), text: Buffer.alloc(12, 'hé') }
    hash.set(pair(1), value)
    assert.deepEqual(hash.get(pair(1)), { ...value, text: new Uint8Array(value.text) })
    hash.set(pair(2), { text: 'short' })
    assert.equal(text((hash.get(pair(2)) as Value).text), 'short')
    assert.equal(hash.entries().toArray().length, 2)
    assert.equal(hash.delete(pair(1)), true)
    assert.equal(hash.delete(pair(1)), false)
  })

  test('in a program, a refused update is told by its errno only as an int before 6.4', async () => {
    using object = await loaded()
    const [major = 0, minor = 0] = release().split('.').map(Number)
    const isLong = major > 6 || (major === 6 && minor >= 4)
    assert.equal(object.program('add_twice').testRun().returnValue, isLong ? 3 : 2)
  })

  test('update rules and a full map are told by their errno', async () => {
    using object = await loaded()
    const hash = object.map<number, bigint[]>('per_cpu_hash')
    const values = Array.from({ length: possibleCpuCount() }, () => 1n)
    assert.throws(() => hash.set(1, values, 'only-existing'), {
      code: 'BPF_MAP_FAILED',
      errnoName: 'ENOENT',
    })
    hash.set(1, values, 'only-new')
    assert.throws(() => hash.set(1, values, 'only-new'), { errnoName: 'EEXIST' })
    for (let key = 2; key <= 16; key++) hash.set(key, values)
    assert.throws(() => hash.set(17, values), { errnoName: 'E2BIG' })
    assert.deepEqual(hash.get(16), values)
  })

  test('an LRU map forgets instead of filling', async () => {
    using object = await loaded()
    const lru = object.map<number, bigint>('lru')
    for (let key = 0; key < 1000; key++) lru.set(key, BigInt(key))
    const kept = lru.keys().toArray()
    assert.ok(kept.length <= 64 && kept.length > 0)
    assert.equal(lru.get(999), 999n)
  })

  test('an array is read in memory without system calls', async () => {
    using object = await loaded()
    const array = object.map<number, bigint>('array')
    array.set(3, 42n)
    using memory = array.mmap()
    const values = new BigUint64Array(memory.buffer)
    assert.equal(memory.stride, 8)
    assert.equal(Atomics.load(values, 3), 42n)
    Atomics.store(values, 4, 7n)
    assert.equal(array.get(4), 7n)
    assert.throws(() => array.delete(3), { errnoName: 'EINVAL' })
    memory[Symbol.dispose]()
    assert.equal(values.length, 0, 'views are detached, never dangling')
    assert.throws(() => object.map('hash').mmap(), { code: 'BPF_MAP_FAILED' })
  })

  test('per-CPU values come one for each CPU', async () => {
    using object = await loaded()
    const perCpu = object.map<number, number[]>('per_cpu')
    const values = Array.from({ length: possibleCpuCount() }, (_, cpu) => cpu + 1)
    perCpu.set(1, values)
    assert.deepEqual(perCpu.get(1), values)
    assert.throws(
      () => perCpu.set(1, [1, 2, 3, 4, 5, 6, 7, 8, 9].slice(0, possibleCpuCount() + 1)),
      {
        code: 'BPF_ARGUMENT',
      },
    )
  })

  test('a queue gives each element once, first in first out', async () => {
    using object = await loaded()
    const queue = object.map<undefined, Uint8Array>('queue')
    queue.setBytes(new Uint8Array(0), Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0))
    queue.setBytes(new Uint8Array(0), Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0))
    assert.equal(queue.take(undefined)?.[0], 1)
    assert.equal(queue.take(undefined)?.[0], 2)
    assert.equal(queue.take(undefined), undefined)
  })

  test('batches write, read and delete many with one call', async () => {
    using object = await loaded()
    const hash = object.map<Pair, Value>('hash')
    hash.setBatch(
      Array.from({ length: 1000 }, (_, i) => [
        pair(i),
        { count: BigInt(i), delta: i, pair: pair(i), text: new Uint8Array(12) },
      ]),
    )
    const seen = new Set<number>()
    for (const { count, keys } of hash.batches(64)) {
      const view = new DataView(keys.buffer, keys.byteOffset, keys.byteLength)
      for (let i = 0; i < count; i++) seen.add(view.getUint32(i * hash.keySizeBytes, true))
    }
    assert.equal(seen.size, 1000)
    assert.equal(hash.deleteBatch(Array.from({ length: 1000 }, (_, i) => pair(i))), 1000)
    assert.equal(hash.keys().toArray().length, 0)
    assert.equal(object.map('array').batches(4).toArray().length, 4, 'arrays, too')
  })

  test('a map made without an object holds bytes, and can be frozen', () => {
    using map = createMap({
      type: 'array',
      keySizeBytes: 4,
      valueSizeBytes: 4,
      maxEntries: 2,
      name: 'bytes',
    })
    const key = new Uint8Array(4)
    map.set(key, Uint8Array.of(1, 2, 3, 4))
    assert.deepEqual(map.get(key), Uint8Array.of(1, 2, 3, 4))
    map.freeze()
    assert.throws(() => map.set(key, key), { code: 'BPF_NOT_PERMITTED' })
    using second = mapFromFd(map.fd)
    assert.equal(second.info.id, map.info.id)
    assert.throws(() => map.getBytes(new Uint8Array(3), new Uint8Array(4)), {
      code: 'BPF_ARGUMENT',
    })
  })

  test('a value that does not fit is refused before the kernel sees it', async () => {
    using object = await loaded()
    const lru = object.map<unknown, unknown>('lru')
    for (const wrong of [-1, 2 ** 32, 1.5, 'text', null, undefined]) {
      assert.throws(() => lru.set(wrong, 1n), BpfError)
    }
    assert.throws(() => lru.set(1, 2n ** 64n), { code: 'BPF_ARGUMENT' })
  })

  test('a closed map says so', async () => {
    const object = await loaded()
    const map = object.map<number, bigint>('array')
    object[Symbol.dispose]()
    assert.throws(() => map.get(0), { code: 'BPF_CLOSED' })
  })
})
