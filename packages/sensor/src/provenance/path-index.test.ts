import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createRandom } from '../../../../test/fuzz/random.ts'
import { createPathIndexBuilder, hashOf } from './path-index.ts'

const bytes = (...lines: string[]): Uint8Array => Buffer.from(lines.join('\n'), 'latin1')

suite('path index', () => {
  test('finds the packages of a file, and leaves out folders', () => {
    const builder = createPathIndexBuilder(100)
    builder.add(1, bytes('/.', '/usr', '/usr/bin', '/usr/bin/a', '/usr/bin/ab', ''))
    builder.add(65_535, bytes('/usr', '/usr/bin', '/usr/bin/a', '/usr/bin/a b', '/usr/bin/c'))
    const index = builder.finish()
    assert.deepEqual(index.packagesOf('/usr/bin/a'), [1, 65_535])
    assert.deepEqual(index.packagesOf('/usr/bin/ab'), [1])
    assert.deepEqual(index.packagesOf('/usr/bin/a b'), [65_535])
    assert.deepEqual(index.packagesOf('/usr/bin'), [])
    assert.deepEqual(index.packagesOf('/usr/bin/d'), [])
    // "/." is followed by nothing in it.
    assert.equal(index.entries, 6)
    assert.equal(index.bytes, 8 * 6)
  })
  test('never misses a file, whatever bytes names have and in whatever order they stand', () => {
    const random = createRandom(7)
    const names = ['a', 'b', 'ab', '\xff', '.', ' ', '\0', 'usr', '\xc3\xa9']
    for (let round = 0; round < 300; round++) {
      const lists = Array.from({ length: 1 + random.below(4) }, () =>
        Array.from(
          { length: random.below(12) },
          () =>
            `/${Array.from({ length: 1 + random.below(4) }, () => random.pick(names)).join('/')}`,
        ),
      )
      const builder = createPathIndexBuilder(1000)
      lists.forEach((list, number) => builder.add(number, bytes(...list)))
      const index = builder.finish()
      lists.forEach((list, number) => {
        for (const path of list)
          if (!list.some((other) => other.startsWith(`${path}/`)))
            assert.ok(index.packagesOf(path).includes(number), JSON.stringify({ path, list }))
      })
    }
  })
  test('says when there is no room', () => {
    const builder = createPathIndexBuilder(2)
    assert.equal(builder.add(0, bytes('/a', '/b')), true)
    assert.equal(builder.add(1, bytes('/c')), false)
    assert.equal(builder.finish().entries, 2)
  })
  test('hashes bytes', () => {
    // The published test vectors of FNV-1a, 32 bits.
    assert.equal(hashOf(''), 0x811c9dc5)
    assert.equal(hashOf('a'), 0xe40c292c)
    assert.equal(hashOf('foobar'), 0xbf9cf968)
  })
})
