import { readFileSync } from 'node:fs'
import { mutateBytes } from '../../../test/fuzz/mutate-bytes.ts'
import { defineTarget, takenOr } from '../../../test/fuzz/target.ts'
import { BpfError } from './error.ts'
import { readNativeElf } from './native-elf.ts'

/** `functions.so` is made by `fixtures/functions.sh`: exported and static functions, two of one name. */
export const target = defineTarget({
  name: 'native-elf',
  parser: 'readNativeElf',
  seeds: () => [new Uint8Array(readFileSync(new URL('fixtures/functions.so', import.meta.url)))],
  mutator: mutateBytes({ headBytes: 1024 }),
  property: 'A program of a stranger gives its functions, or an error with a code of this package.',
  open: () => (input) =>
    takenOr(
      () => {
        const elf = readNativeElf(
          (offset, length) => input.subarray(offset, offset + length),
          input.length,
        )
        for (const name of ['first', 'second']) elf.findFunction(name)
        try {
          elf.findFunction('twice')
        } catch (error) {
          // Of two functions with one name neither is given: also in the seed.
          if (!(error instanceof BpfError)) throw error
        }
        elf.functionAt(0x1000)
        elf.namesLike('f', 3)
      },
      (error) => (error instanceof BpfError ? `${error.code} ${error.message}` : undefined),
    ),
})
