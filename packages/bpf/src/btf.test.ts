import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { findComposite, parseBtf, resolveType, sizeOfType, type Btf } from './btf.ts'
import { parseElf, requireSection } from './elf.ts'
import { readMapDefinitions } from './map-definition.ts'
import { readObjectLayout } from './layout.ts'
import { createValueCodec } from './value-codec.ts'

const fixture = new Uint8Array(readFileSync(new URL('fixtures/events.bpf.o', import.meta.url)))
const section = requireSection(parseElf(fixture), '.BTF').bytes

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
})
