import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { findComposite, parseBtf, type Btf, type BtfType } from './btf.ts'
import { camelCase, generateDecoders, writeDecoders } from './decoder-source.ts'
import { parseElf, requireSection } from './elf.ts'
import { readObjectLayout } from './layout.ts'
import { recordMemory, type RecordMemory } from './record-memory.ts'
import { createValueCodec } from './value-codec.ts'

const fixture = readFileSync(new URL('fixtures/events.bpf.o', import.meta.url))
const btf = parseBtf(requireSection(parseElf(fixture), '.BTF').bytes)

type Fields = Record<string, (m: RecordMemory, at: number, index?: number) => unknown>
interface EventModule {
  event: Fields
  eventSizeBytes: number
  eventOffsets: Record<string, number>
  eventKind: Record<string, number>
  readEvent(m: RecordMemory, at: number): Record<string, unknown>
  createEventColumns(capacity: number): Record<string, ArrayLike<unknown>>
  copyEvent(m: RecordMemory, at: number, columns: unknown, row: number): void
  layout: { hash: string; structs: string[] }
}

/** Runs generated source as it is, types stripped, without a file. */
async function run<T>(source: string): Promise<T> {
  const code = stripTypeScriptTypes(source)
  return (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as T
}

/** BTF of one struct `s` with these members, each on its own 8 bytes. */
function btfOf(...members: readonly BtfType[]): Btf {
  return {
    types: [
      { kind: 'void' },
      {
        kind: 'struct',
        name: 's',
        sizeBytes: members.length * 8,
        members: members.map((_, i) => ({
          name: `member_${i}`,
          typeId: i + 2,
          bitOffset: i * 64,
          bitWidth: 0,
        })),
      },
      ...members,
    ],
  }
}

const u32: BtfType = {
  kind: 'int',
  name: 'u32',
  sizeBytes: 4,
  isSigned: false,
  isChar: false,
  isBool: false,
  bits: 32,
}
const u64: BtfType = { ...u32, name: 'u64', sizeBytes: 8, bits: 64 }

suite('generated decoders', () => {
  test('read the same as the codec that is led by BTF, for any bytes', async () => {
    const generated = await run<EventModule>(
      generateDecoders(fixture, { structs: [{ name: 'event' }] }),
    )
    const found = findComposite(btf, 'event')
    assert.ok(found)
    // Padding has no accessor, bit-fields no codec; flattened and boolean members are checked below.
    const others = new Set(['', '_pad', 'either', 'flag'])
    const plainFields = found.type.members.filter(
      (member) => member.bitWidth === 0 && !others.has(member.name),
    )
    const size = generated.eventSizeBytes
    assert.equal(size, found.type.sizeBytes)
    fc.assert(
      fc.property(fc.uint8Array({ minLength: size, maxLength: size }), fc.nat(3), (bytes, slot) => {
        const buffer = new ArrayBuffer(size * 4)
        new Uint8Array(buffer).set(bytes, slot * size)
        const m = recordMemory(buffer)
        const read = generated.readEvent(m, slot * size)
        const view = new DataView(buffer, slot * size)
        for (const member of plainFields) {
          const codec = createValueCodec(btf, member.typeId)
          assert.deepEqual(
            read[camelCase(member.name)],
            codec.read(view, member.bitOffset / 8),
            member.name,
          )
        }
        assert.equal(read['flag'], bytes[30] !== 0)
        const word = view.getUint32(32, true)
        assert.deepEqual(
          [read['low'], read['middle'], read['high']],
          [word & 7, (word >>> 3) & 0xfffff, (word | 0) >> 23],
        )
        assert.equal(read['bootNsNumber'], Number(view.getBigUint64(0, true)))
        assert.equal(read['first'], view.getBigUint64(72, true))
        assert.equal(read['eitherAsWord'], view.getUint32(68, true))
      }),
      { numRuns: 500 },
    )
  })

  test('copy rows into columns that hold what the fields read', async () => {
    const generated = await run<EventModule>(
      generateDecoders(fixture, { structs: [{ name: 'event' }] }),
    )
    const size = generated.eventSizeBytes
    const rows = 8
    const bytes = Uint8Array.from({ length: size * rows }, (_, i) => (i * 37 + 11) & 0xff)
    const m = recordMemory(bytes.buffer)
    const columns = generated.createEventColumns(rows)
    for (let row = 0; row < rows; row++) generated.copyEvent(m, row * size, columns, row)
    for (let row = 0; row < rows; row++) {
      const read = generated.readEvent(m, row * size)
      assert.equal(columns['tgid']?.[row], read['tgid'])
      assert.equal(columns['negative']?.[row], read['negative'])
      assert.equal(columns['sequence']?.[row], read['sequence'])
      assert.equal(columns['bootNs']?.[row], read['bootNsNumber'], 'safe numbers are Float64')
      assert.equal(columns['flag']?.[row], read['flag'] ? 1 : 0)
      assert.deepEqual(
        (columns['comm'] as Uint8Array).subarray(row * 16, row * 16 + 16),
        read['comm'],
      )
      assert.deepEqual(
        Array.from(columns['words'] as Uint32Array).slice(row * 3, row * 3 + 3),
        read['words'],
      )
    }
  })

  test('are the same bytes for the same object, and carry its hash', () => {
    const options = { structs: [{ name: 'event' }] }
    const source = generateDecoders(fixture, options)
    assert.equal(source, generateDecoders(fixture, options))
    assert.ok(source.includes(`hash: '${readObjectLayout(btf, ['event']).hash}'`))
  })

  test('name constants of enums, negative ones too', async () => {
    const generated = await run<EventModule>(
      generateDecoders(fixture, { structs: [{ name: 'event' }] }),
    )
    assert.deepEqual({ ...generated.eventKind }, { EVENT_CALL: 1, EVENT_OTHER: -2 })
  })

  test('take names from options', () => {
    const source = generateDecoders(fixture, {
      structs: [{ name: 'event', as: 'call', safeNumbers: ['sequence'] }],
      importFrom: './bpf.ts',
      regenerate: 'npm run gen',
    })
    assert.match(source, /export const call = \{/)
    assert.match(source, /sequenceNumber: /)
    assert.match(source, /from '\.\/bpf\.ts'/)
    assert.match(source, /Again: npm run gen/)
    assert.throws(
      () => generateDecoders(fixture, { structs: [{ name: 'event', safeNumbers: ['nothing'] }] }),
      { code: 'BPF_NOT_FOUND' },
    )
  })

  test('are refused for what means nothing outside the kernel', () => {
    const generate = (types: Btf) => () => writeDecoders(types, { structs: [{ name: 's' }] })
    assert.throws(generate(btfOf({ kind: 'pointer', typeId: 0 })), {
      code: 'BPF_LAYOUT_UNSUPPORTED',
      message: /s\.member_0 is a pointer/,
    })
    assert.throws(generate(btfOf({ ...u64, sizeBytes: 16, name: 'u128' })), {
      code: 'BPF_LAYOUT_UNSUPPORTED',
    })
    assert.throws(generate({ types: [{ kind: 'void' }] }), {
      code: 'BPF_NOT_FOUND',
      message: /anchor/,
    })
    const wide: Btf = {
      types: [
        { kind: 'void' },
        {
          kind: 'struct',
          name: 's',
          sizeBytes: 8,
          members: [{ name: 'x', typeId: 2, bitOffset: 3, bitWidth: 40 }],
        },
        u64,
      ],
    }
    assert.throws(generate(wide), { code: 'BPF_LAYOUT_UNSUPPORTED', message: /40 bits/ })
    const twice: Btf = {
      types: [
        { kind: 'void' },
        {
          kind: 'struct',
          name: 's',
          sizeBytes: 8,
          members: [
            { name: 'a_b', typeId: 2, bitOffset: 0, bitWidth: 0 },
            { name: 'aB', typeId: 2, bitOffset: 32, bitWidth: 0 },
          ],
        },
        u32,
      ],
    }
    assert.throws(generate(twice), { code: 'BPF_LAYOUT_UNSUPPORTED', message: /two fields/ })
  })

  test('read fields of packed structs where they lie', async () => {
    const packed: Btf = {
      types: [
        { kind: 'void' },
        {
          kind: 'struct',
          name: 's',
          sizeBytes: 13,
          members: [
            { name: 'a', typeId: 3, bitOffset: 8, bitWidth: 0 },
            { name: 'b', typeId: 2, bitOffset: 72, bitWidth: 0 },
          ],
        },
        u32,
        u64,
      ],
    }
    const source = writeDecoders(packed, { structs: [{ name: 's', safeNumbers: ['a'] }] })
    const { s } = await run<{ s: Fields }>(source)
    const m = recordMemory(new ArrayBuffer(16))
    m.view.setBigUint64(1, 0x1_0000_0002n, true)
    m.view.setUint32(9, 0xdeadbeef, true)
    assert.equal(s['a']?.(m, 0), 0x1_0000_0002n)
    assert.equal(s['aNumber']?.(m, 0), 0x1_0000_0002)
    assert.equal(s['b']?.(m, 0), 0xdeadbeef)
  })

  test('change their hash with every change of layout that matters', () => {
    const base = readObjectLayout(btfOf(u32, u64), ['s']).hash
    const signed = readObjectLayout(btfOf({ ...u32, isSigned: true }, u64), ['s']).hash
    const longer = readObjectLayout(btfOf(u32, u64, u64), ['s']).hash
    const alias: Btf = {
      types: [...btfOf({ kind: 'typedef', name: 'alias', typeId: 4 }, u64).types, u32],
    }
    const wrapped = readObjectLayout(alias, ['s']).hash
    assert.equal(new Set([base, signed, longer]).size, 3)
    assert.equal(wrapped, base, 'a typedef changes nothing that is read')
    assert.match(base, /^[0-9a-f]{16}$/)
  })
})
