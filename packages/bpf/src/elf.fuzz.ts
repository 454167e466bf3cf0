import { readFileSync } from 'node:fs'
import { changeBytes, mutateBytes } from '../../../test/fuzz/mutate-bytes.ts'
import type { Mutator } from '../../../test/fuzz/mutator.ts'
import { defineTarget, takenOr } from '../../../test/fuzz/target.ts'
import { parseElf, requireSection } from './elf.ts'
import { BpfError } from './error.ts'

const anywhere = mutateBytes({ headBytes: 64 })

/** The table of sections lies at the end of the file: half of the changes are there. */
const mutateElf: Mutator<Uint8Array> = {
  knows: `${anywhere.knows}; the header and the table of sections`,
  take: anywhere.take,
  make(random, parts, others) {
    if (random.once(2)) return anywhere.make(random, parts, others)
    const bytes = (parts as Uint8Array).slice()
    if (bytes.length < 64) return bytes
    const table = Math.min(new DataView(bytes.buffer).getUint32(40, true), bytes.length)
    bytes.set(
      changeBytes(random, bytes.slice(table), bytes, { headBytes: 1 << 16, mayResize: false }),
      table,
    )
    return bytes
  },
}

export const target = defineTarget({
  name: 'elf',
  parser: 'parseElf, requireSection',
  seeds: () => [new Uint8Array(readFileSync(new URL('fixtures/events.bpf.o', import.meta.url)))],
  mutator: mutateElf,
  property:
    'An object of a stranger gives its sections and symbols, or an error with a code of this package.',
  open: () => (input) =>
    takenOr(
      () => requireSection(parseElf(input), '.BTF'),
      (error) => (error instanceof BpfError ? `${error.code} ${error.message}` : undefined),
    ),
})
