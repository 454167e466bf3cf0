import assert from 'node:assert/strict'
import { closeSync, openSync } from 'node:fs'
import { createServer } from 'node:net'
import { release } from 'node:os'
import { suite, test } from 'node:test'
import { BpfError } from './error.ts'
import { buildTestProgram, skipUnless } from './kernel-test.ts'
import { ipPrefixCodec } from './lpm-key.ts'
import { createMap, mapFromFd, possibleCpuCount, type BpfMap } from './map.ts'
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

  test('a stack gives the newest first, and forgets the oldest where it may', async () => {
    using object = await loaded()
    const stack = object.map<undefined, bigint>('stack')
    assert.equal(stack.pop(), undefined)
    for (const value of [1n, 2n, 3n, 4n]) stack.push(value)
    assert.throws(() => stack.push(5n), { code: 'BPF_MAP_FAILED', errnoName: 'E2BIG' })
    stack.push(5n, { replaceOldest: true })
    assert.equal(stack.peek(), 5n)
    assert.deepEqual(
      Array.from({ length: 5 }, () => stack.pop()),
      [5n, 4n, 3n, 2n, undefined],
    )
    assert.throws(() => object.map('lru').push(1), { code: 'BPF_ARGUMENT', message: /no queue/ })
    assert.throws(() => object.map('networks').pop(), { code: 'BPF_ARGUMENT' })
  })

  test('a bloom filter never denies what it was given', async () => {
    using object = await loaded()
    const bloom = object.map<undefined, bigint>('bloom')
    for (let value = 0n; value < 500n; value++) bloom.push(value)
    for (let value = 0n; value < 500n; value++) assert.equal(bloom.mightContain(value), true)
    let wrong = 0
    for (let value = 1000n; value < 2000n; value++) if (bloom.mightContain(value)) wrong += 1
    assert.ok(wrong < 500, `${wrong} of 1000 others`)
    using made = createMap<undefined, Uint8Array>({
      type: 'bloomFilter',
      keySizeBytes: 0,
      valueSizeBytes: 4,
      maxEntries: 10,
      hashFunctions: 15,
    })
    made.push(Uint8Array.of(1, 2, 3, 4))
    assert.equal(made.mightContain(Uint8Array.of(1, 2, 3, 4)), true)
    assert.equal(made.mightContain(Uint8Array.of(9, 2, 3, 4)), false)
  })

  test('an LPM trie finds the longest prefix, by text or by struct', async () => {
    using object = await loaded()
    const networks = object.map<string, number>('networks', { key: ipPrefixCodec(4) })
    networks.setBatch([
      ['10.0.0.0/8', 1],
      ['10.1.0.0/16', 2],
      ['10.1.2.3', 3],
      ['0.0.0.0/0', 4],
    ])
    assert.deepEqual(
      ['10.9.9.9', '10.1.9.9', '10.1.2.3', '192.0.2.1'].map((address) => networks.get(address)),
      [1, 2, 3, 4],
    )
    assert.deepEqual(
      new Map(networks.entriesInBatches(2)),
      new Map([
        ['10.0.0.0/8', 1],
        ['10.1.0.0/16', 2],
        ['10.1.2.3/32', 3],
        ['0.0.0.0/0', 4],
      ]),
    )
    assert.equal(networks.delete('10.1.0.0/16'), true)
    assert.equal(networks.get('10.1.9.9'), 1)
    using second = await loaded()
    const structs = second.map<unknown, number>('networks')
    structs.set({ prefix_length: 8, address: Uint8Array.of(10, 0, 0, 0) }, 7)
    assert.equal(structs.get({ prefix_length: 32, address: Uint8Array.of(10, 1, 1, 1) }), 7)

    using made = createMap<string, Uint8Array>({
      type: 'lpmTrie',
      keySizeBytes: 20,
      valueSizeBytes: 1,
      maxEntries: 4,
      key: ipPrefixCodec(6),
    })
    made.set('2001:db8::/32', Uint8Array.of(1))
    assert.equal(made.get('2001:db8::1')?.[0], 1)
    assert.equal(made.get('2001:db9::1'), undefined)
    assert.deepEqual(made.keys().toArray(), ['2001:db8::/32'])
  })

  test('maps in maps are put in, found by programs, and opened again', async () => {
    using object = await loaded()
    object.map<undefined, bigint>('bloom').push(42n)
    object.map<undefined, bigint>('stack').push(9n)
    object.map<string, number>('networks', { key: ipPrefixCodec(4) }).set('10.0.0.0/8', 23)
    const inner = (value: bigint): BpfMap<Uint8Array, Uint8Array> => {
      const map = createMap({ type: 'hash', keySizeBytes: 4, valueSizeBytes: 8, maxEntries: 16 })
      const bytes = new Uint8Array(8)
      new DataView(bytes.buffer).setBigUint64(0, value, true)
      map.set(Uint8Array.of(1, 0, 0, 0), bytes)
      return map
    }
    const outer = object.map<number>('outer')
    const outerArray = object.map<number>('outer_array')
    {
      using five = inner(5n)
      using six = inner(6n)
      outer.setReference(1, five)
      outerArray.setReference(1, six)
      assert.throws(() => outer.setReference(1, object.map('lru')), { errnoName: 'EINVAL' })
      assert.throws(() => outer.setReference(2, five, 'only-existing'), { errnoName: 'ENOENT' })
    }
    using found = outer.openInner<Uint8Array, Uint8Array>(1)
    assert.equal(found?.get(Uint8Array.of(1, 0, 0, 0))?.[0], 5, 'held by the outer map')
    assert.equal(outer.openInner(2), undefined)
    assert.equal(outerArray.openInner(2), undefined)
    assert.throws(() => object.map('lru').openInner(1), { code: 'BPF_ARGUMENT' })
    const data = Uint8Array.of(...new Uint8Array(14), 10, 2, 3, 4)
    const ask = (): number => object.program('ask_maps').testRun({ data }).returnValue
    assert.equal(ask(), 1023)
    object.map<undefined, bigint>('stack').push(9n)
    assert.equal(outer.delete(1), true)
    assert.equal(ask(), 4)
  })

  test('a program array sends a program on to another', async () => {
    using object = await loaded()
    const table = object.map<number>('table')
    assert.equal(object.program('jump').testRun().returnValue, 9)
    table.setReference(1, object.program('second_program'))
    assert.equal(object.program('jump').testRun().returnValue, 8)
    assert.equal(table.delete(1), true)
    assert.equal(object.program('jump').testRun().returnValue, 9)
  })

  test('batches take elements out, and read per-CPU values by their types', async () => {
    using object = await loaded()
    const lru = object.map<number, bigint>('lru')
    for (let key = 0; key < 20; key++) lru.set(key, BigInt(key))
    let taken = 0
    for (const { count } of lru.takeBatches(8)) taken += count
    assert.equal(taken, 20)
    assert.equal(lru.keys().next().done, true)
    const perCpu = object.map<number, bigint[]>('lru_per_cpu')
    const values = Array.from({ length: possibleCpuCount() }, (_, cpu) => BigInt(cpu + 1))
    perCpu.set(7, values)
    assert.deepEqual(perCpu.entriesInBatches().toArray(), [[7, values]])
  })

  test('sockets are held by sockmaps and sockhashes, listening ones too', async () => {
    const server = createServer().listen(0)
    const noSocket = openSync('/dev/null', 'r')
    try {
      const fd: unknown = Reflect.get(Object(Reflect.get(server, '_handle')), 'fd')
      assert.ok(typeof fd === 'number')
      for (const type of ['sockMap', 'sockHash'] as const) {
        using map = createMap({ type, keySizeBytes: 4, valueSizeBytes: 8, maxEntries: 2 })
        const key = new Uint8Array(4)
        assert.equal(map.get(key), undefined)
        map.setReference(key, { fd })
        const cookie = new DataView((map.get(key) ?? new Uint8Array(8)).buffer).getBigUint64(
          0,
          true,
        )
        assert.ok(cookie > 0n, 'what is read is the cookie of the socket')
        assert.equal(map.delete(key), true)
        assert.throws(() => map.setReference(key, { fd: noSocket }), { code: 'BPF_MAP_FAILED' })
      }
    } finally {
      closeSync(noSocket)
      server.close()
    }
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
