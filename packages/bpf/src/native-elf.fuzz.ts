import { readFileSync } from 'node:fs'
import { mutateBytes } from '../../../test/fuzz/mutate-bytes.ts'
import { defineTarget, takenOr } from '../../../test/fuzz/target.ts'
import { BpfError } from './error.ts'
import { readNativeElf } from './native-elf.ts'

/**
 * `functions.so` is two functions without a library:
 *
 *     echo 'int first(int a) { return a + 1; } int second(int a) { return first(a) * 2; }' |
 *       clang -O1 -shared -fPIC -nostdlib -Wl,--build-id=none -x c - -o functions.so
 */
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
        elf.findFunction('first')
        elf.functionAt(0x1000)
        elf.namesLike('f', 3)
      },
      (error) => (error instanceof BpfError ? `${error.code} ${error.message}` : undefined),
    ),
})
