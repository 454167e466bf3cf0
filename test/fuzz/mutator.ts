/** How inputs are changed: a mutator takes a good input apart once and puts changed ones together many times. */
import type { Random } from './random.ts'
import type { Input } from './target.ts'

export interface Mutator<In extends Input> {
  /** For the table: what it knows of the structure. */
  readonly knows: string
  /** The parts of an input. Never throws: parts of what is not well-formed are what can be found. */
  readonly take: (input: In) => unknown
  /** A changed input from `parts` (not to be changed); `others` are the parts of another input. */
  readonly make: (random: Random, parts: unknown, others: unknown) => In
}

/** Longest input that mutators make, bytes or characters, unless the good ones are longer. */
export const mostLength = 64 * 1024

/** How many changes one input gets: one mostly, rarely many. */
export function changes(random: Random): number {
  let count = 1
  while (count < 8 && random.once(3)) count += 1
  return count
}

/** Numbers at which parsers break. */
export const hostileNumbers: readonly number[] = [
  0, 1, 2, 3, 7, 8, 15, 16, 63, 64, 127, 128, 255, 256, 1023, 1024, 4095, 4096, 8191, 8192, 8193,
  0x7fff, 0x8000, 0xffff, 0x1_0000, 0x3f_ffff, 0x40_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe,
  0xffff_ffff,
]
