import { readFileSync } from 'node:fs'
import { mutateBytes } from '../../../test/fuzz/mutate-bytes.ts'
import { defineTarget, takenOr } from '../../../test/fuzz/target.ts'
import { parseBtf, sizeOfType } from './btf.ts'
import { writeDecoders } from './decoder-source.ts'
import { parseElf, requireSection } from './elf.ts'
import { BpfError } from './error.ts'
import { readMapDefinitions } from './map-definition.ts'
import { createValueCodec } from './value-codec.ts'

const refusal = (error: unknown): string | undefined =>
  error instanceof BpfError ? `${error.code} ${error.message}` : undefined

export const target = defineTarget({
  name: 'btf',
  parser: 'parseBtf, sizeOfType, readMapDefinitions, createValueCodec, writeDecoders',
  seeds: () => {
    const object = new Uint8Array(readFileSync(new URL('fixtures/events.bpf.o', import.meta.url)))
    return [requireSection(parseElf(object), '.BTF').bytes.slice()]
  },
  mutator: mutateBytes({ headBytes: 400 }),
  property:
    'BTF of a stranger gives types, sizes, codecs and decoders, or errors with a code of this package.',
  open: () => (input) =>
    takenOr(() => {
      const btf = parseBtf(input)
      readMapDefinitions(btf)
      for (const [id, type] of btf.types.entries()) {
        takenOr(() => sizeOfType(btf, id), refusal)
        // Codecs and decoders cost a hundred times the rest: for one type of an input, another each time.
        if (id % 16 !== input.length % 16) continue
        takenOr(() => createValueCodec(btf, id), refusal)
        if ((type.kind === 'struct' || type.kind === 'union') && type.name !== '')
          takenOr(() => writeDecoders(btf, { structs: [{ name: type.name }] }), refusal)
      }
    }, refusal),
})
