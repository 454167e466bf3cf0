import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { findComposite, parseBtf, resolveType, sizeOfType, type Btf } from './btf.ts'
import { parseElf, requireSection } from './elf.ts'
import { BpfError } from './error.ts'
import { readMapDefinitions } from './map-definition.ts'
import { readObjectLayout } from './layout.ts'
import { createValueCodec } from './value-codec.ts'
import { writeDecoders } from './decoder-source.ts'

const fixture = new Uint8Array(readFileSync(new URL('fixtures/events.bpf.o', import.meta.url)))
const section = requireSection(parseElf(fixture), '.BTF').bytes

/** Inputs for each fuzz test; acceptance runs ask for a million. */
const numRuns = Number(process.env['FUZZ_RUNS'] ?? 10_000)

/** Everything that is done with the BTF of a stranger's object. */
function use(btf: Btf): void {
  readMapDefinitions(btf)
  for (const [id, type] of btf.types.entries()) {
    tolerate(() => sizeOfType(btf, id))
    tolerate(() => createValueCodec(btf, id))
    if ((type.kind === 'struct' || type.kind === 'union') && type.name !== '') {
      tolerate(() => writeDecoders(btf, { structs: [{ name: type.name }] }))
    }
  }
}

function tolerate(call: () => unknown): void {
  try {
    call()
  } catch (error) {
    if (!(error instanceof BpfError)) throw error
  }
}

/** Bytes with a few words changed to values that hurt parsers, cut or stretched now and then. */
const mutation = fc.record({
  edits: fc.array(
    fc.record({
      at: fc.nat(1 << 16),
      value: fc.oneof(
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        fc.constantFrom(0, 1, -1, 0xff, 0xffff, 0x7fff_ffff, 0x0fff_ffff),
        fc.nat(200),
      ),
      width: fc.constantFrom(1, 2, 4),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  cut: fc.option(fc.nat(1 << 16), { freq: 8 }),
})

function mutated(
  original: Uint8Array,
  change: typeof mutation extends fc.Arbitrary<infer T> ? T : never,
  hot: number,
): Uint8Array {
  let bytes = original.slice()
  if (change.cut !== null) bytes = bytes.subarray(0, change.cut % (bytes.length + 1))
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (const { at, value, width } of change.edits) {
    // Half of the edits hit the part where structure is denser.
    const range = at % 2 === 0 ? Math.min(hot, bytes.length) : bytes.length
    const place = range < width ? 0 : at % (range - width + 1)
    if (bytes.length < place + width) continue
    if (width === 1) view.setUint8(place, value)
    else if (width === 2) view.setUint16(place, value, true)
    else view.setUint32(place, value, true)
  }
  return bytes
}

suite('BTF', () => {
  test('gives the structs of an object with their members', () => {
    const btf = parseBtf(section)
    const found = findComposite(btf, 'event')
    assert.equal(found?.type.sizeBytes, 88)
    assert.deepEqual(
      found?.type.members.slice(0, 4).map(({ name, bitOffset }) => [name, bitOffset]),
      [
        ['boot_ns', 0],
        ['sequence', 64],
        ['tgid', 128],
        ['negative', 160],
      ],
    )
    assert.equal(findComposite(btf, 'nothing'), undefined)
    assert.deepEqual([...readMapDefinitions(btf).keys()], ['events', 'counters'])
  })

  test('refuses chains and sizes that never end', () => {
    const loop: Btf = {
      types: [
        { kind: 'void' },
        { kind: 'typedef', name: 'a', typeId: 2 },
        { kind: 'const', name: '', typeId: 1 },
        { kind: 'array', typeId: 3, indexTypeId: 1, length: 2 },
        {
          kind: 'int',
          name: 'u8',
          sizeBytes: 1,
          isSigned: false,
          isChar: true,
          isBool: false,
          bits: 8,
        },
        { kind: 'array', typeId: 4, indexTypeId: 1, length: 0xffff_ffff },
        {
          kind: 'struct',
          name: 's',
          sizeBytes: 8,
          members: [
            { name: '', typeId: 6, bitOffset: 0, bitWidth: 0 },
            { name: '', typeId: 6, bitOffset: 0, bitWidth: 0 },
          ],
        },
      ],
    }
    assert.throws(() => resolveType(loop, 1), { code: 'BPF_BTF_INVALID' })
    assert.throws(() => sizeOfType(loop, 3), { code: 'BPF_BTF_INVALID' })
    assert.throws(() => sizeOfType(loop, 5), { code: 'BPF_BTF_INVALID' })
    assert.throws(() => sizeOfType(loop, 99), { code: 'BPF_BTF_INVALID' })
    assert.throws(() => readObjectLayout(loop, ['s']), { code: 'BPF_LAYOUT_UNSUPPORTED' })
    assert.throws(() => createValueCodec(loop, 6), { code: 'BPF_LAYOUT_UNSUPPORTED' })
  })

  test('refuses an enum of two gigabytes', () => {
    const huge: Btf = {
      types: [
        { kind: 'void' },
        { kind: 'enum', name: 'e', sizeBytes: 2 ** 31, isSigned: false, values: [] },
      ],
    }
    assert.throws(() => createValueCodec(huge, 1), { code: 'BPF_LAYOUT_UNSUPPORTED' })
  })

  test('any damage gives types or one typed error, in bounded time', () => {
    const slowest = { ms: 0 }
    fc.assert(
      fc.property(mutation, (change) => {
        const bytes = mutated(section, change, 400)
        const start = performance.now()
        tolerate(() => use(parseBtf(bytes)))
        slowest.ms = Math.max(slowest.ms, performance.now() - start)
      }),
      { numRuns },
    )
    assert.ok(slowest.ms < 1000, `slowest input took ${slowest.ms} ms`)
  })
})

suite('ELF', () => {
  test('gives sections and symbols', () => {
    const elf = parseElf(fixture)
    const rodata = elf.sections.find(({ name }) => name === '.rodata')
    const symbol = elf.symbols.find(({ name }) => name === 'negative_setting')
    assert.equal(symbol?.section, rodata?.index)
    assert.equal(symbol?.sizeBytes, 8)
    assert.throws(() => requireSection(elf, '.nothing'), { code: 'BPF_ELF_INVALID' })
  })

  test('any damage gives sections or one typed error, in bounded time', () => {
    const slowest = { ms: 0 }
    fc.assert(
      fc.property(mutation, (change) => {
        const bytes = mutated(fixture, change, 64)
        const start = performance.now()
        tolerate(() => parseBtf(requireSection(parseElf(bytes), '.BTF').bytes))
        slowest.ms = Math.max(slowest.ms, performance.now() - start)
      }),
      { numRuns },
    )
    // The table of sections lies at the end of the file: damage that in particular.
    fc.assert(
      fc.property(mutation, (change) => {
        const table = new DataView(fixture.buffer).getUint32(40, true)
        const tail = mutated(fixture.subarray(table), { ...change, cut: null }, 1 << 16)
        const bytes = fixture.slice()
        bytes.set(tail, table)
        tolerate(() => parseBtf(requireSection(parseElf(bytes), '.BTF').bytes))
      }),
      { numRuns },
    )
    assert.ok(slowest.ms < 1000, `slowest input took ${slowest.ms} ms`)
  })
})
