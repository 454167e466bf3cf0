/** A deterministic source of choices: the same seed makes the same chain, everywhere. Pure. */

export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number
  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number
  pick<Item>(items: readonly Item[]): Item
  shuffle<Item>(items: readonly Item[]): Item[]
}

/** Mulberry32: 32 bits of state, enough for choosing names and pauses; nothing here is secret. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const whole = (least: number, most: number): number =>
    least + Math.floor(next() * (most - least + 1))
  return {
    next,
    whole,
    pick(items) {
      const item = items[whole(0, items.length - 1)]
      if (item === undefined) throw new RangeError('nothing to pick from')
      return item
    },
    shuffle(items) {
      const out = [...items]
      for (let at = out.length - 1; at > 0; at--) {
        const other = whole(0, at)
        const held = out[at]
        const moved = out[other]
        if (held === undefined || moved === undefined) continue
        out[at] = moved
        out[other] = held
      }
      return out
    },
  }
}

const heads = [
  'am',
  'be',
  'cor',
  'dal',
  'es',
  'fin',
  'gra',
  'hol',
  'in',
  'jo',
  'kel',
  'lu',
  'mar',
  'nor',
  'or',
  'pel',
  'qui',
  'ras',
  'sol',
  'ter',
  'ul',
  'ver',
  'wen',
  'xa',
  'yor',
  'zen',
]
const tails = [
  'ba',
  'cus',
  'do',
  'fa',
  'gin',
  'hu',
  'ka',
  'lis',
  'mo',
  'nix',
  'pa',
  'ro',
  'sta',
  'ti',
  'vo',
  'za',
]

/** A word that means nothing. */
export function makeWord(random: Random): string {
  return random.pick(heads) + random.pick(tails) + (random.next() < 0.4 ? random.pick(tails) : '')
}
