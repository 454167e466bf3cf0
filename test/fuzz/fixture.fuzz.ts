/** Targets with a flaw each, for the test of the engine: `flaw` names it. Not found by the glob, which looks into packages. */
import { mutateBytes } from './mutate-bytes.ts'
import { defineTarget } from './target.ts'

const held: Uint8Array[] = []
const flaws: Readonly<Record<string, (byte: number) => void>> = {
  none: () => undefined,
  broken(byte) {
    if (byte === 0xff) throw new TypeError('a byte of 255')
  },
  slow(byte) {
    if (byte !== 0xff) return
    const until = process.threadCpuUsage().user + 20_000
    while (process.threadCpuUsage().user < until);
  },
  memory(byte) {
    if (byte === 0xff) held.push(new Uint8Array(8 << 20))
  },
  hang(byte) {
    if (byte === 0xff) for (;;);
  },
  heap(byte) {
    const list: unknown[] = []
    if (byte === 0xff) for (;;) list.push([byte])
  },
}

export const target = defineTarget({
  name: process.env['HONEYGUIDE_FUZZ_FLAW'] ?? 'none',
  parser: 'nothing',
  seeds: () => [Uint8Array.of(1, 2, 3, 4)],
  mutator: mutateBytes(),
  property: 'None of its bytes is 255.',
  mostMs: 10,
  mostBytes: 4 << 20,
  open: () => (input) => {
    const flaw = flaws[process.env['HONEYGUIDE_FUZZ_FLAW'] ?? 'none']
    flaw?.(input.includes(0xff) ? 0xff : 0)
    return 'taken'
  },
})
