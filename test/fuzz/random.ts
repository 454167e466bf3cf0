/** Random numbers that a seed repeats (sfc32, Chris Doty-Humphrey's small fast chaotic generator). */

export interface Random {
  /** A whole number from 0 to 2^32 - 1. */
  word(): number
  /** A whole number from 0 to `most` - 1; 0 when `most` is 0. */
  below(most: number): number
  /** True once in `times`. */
  once(times: number): boolean
  pick<T>(from: readonly T[]): T
}

export function createRandom(seed: number, name = ''): Random {
  let a = seed | 0
  let b = 0x9e3779b9 | 0
  let c = 0x243f6a88 | 0
  let counter = 1
  function word(): number {
    const t = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + t
    c |= 0
    return t >>> 0
  }
  for (const char of name) {
    a ^= char.codePointAt(0) ?? 0
    word()
  }
  for (let i = 0; i < 12; i++) word()
  const below = (most: number): number => Math.floor((word() / 2 ** 32) * most)
  return {
    word,
    below,
    once: (times) => below(times) === 0,
    pick(from) {
      if (from.length === 0) throw new RangeError('nothing to pick from')
      return from[below(from.length)] as (typeof from)[number]
    },
  }
}
