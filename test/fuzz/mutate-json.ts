/** JSON: values become others of every type, keys go, come twice or are names of JavaScript, lists grow, all nests. */
import { changes, type Mutator } from './mutator.ts'
import type { Random } from './random.ts'

export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json }

const hostileValues: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  -0,
  1.5,
  1e308,
  2 ** 53,
  -(2 ** 31),
  '',
  '0',
  '\0',
  '\u202e',
  '\ud800',
  [],
  {},
  [[]],
  [null],
  { a: {} },
]
const hostileKeys: readonly string[] = [
  '',
  '__proto__',
  'constructor',
  'toString',
  'length',
  '0',
  '\0',
]

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

/** `words` are keys and values of the format. */
function value(random: Random, words: readonly string[]): Json {
  if (words.length > 0 && random.once(3)) return random.pick(words)
  if (random.once(40)) return 'x'.repeat(5000)
  return random.pick(hostileValues)
}

/** Puts a change at one place, each with the same chance on the way down. */
function change(
  random: Random,
  at: Json,
  others: Json,
  words: readonly string[],
  depth: number,
): Json {
  if (typeof at === 'object' && at !== null && !random.once(4 + depth)) {
    if (Array.isArray(at)) {
      const list = [...(at as readonly Json[])]
      const index = random.below(list.length)
      switch (random.below(8)) {
        case 0:
          list.splice(index, 1)
          return list
        case 1:
          list.splice(index, 0, value(random, words))
          return list
        case 2:
          if (list.length > 0 && list.length < 500)
            for (let times = random.pick([1, 1, 1, 70]); times > 0; times--)
              list.push(list[index] ?? null)
          return list
        default:
          if (list.length > 0)
            list[index] = change(random, list[index] ?? null, others, words, depth + 1)
          return list
      }
    }
    const entries = Object.entries(at)
    const index = random.below(entries.length)
    const entry = entries[index]
    switch (random.below(8)) {
      case 0:
        entries.splice(index, 1)
        break
      case 1:
        entries.push([
          words.length > 0 && random.once(2) ? random.pick(words) : random.pick(hostileKeys),
          value(random, words),
        ])
        break
      case 2:
        if (entry) entries[index] = [random.pick(words.length > 0 ? words : hostileKeys), entry[1]]
        break
      default:
        if (entry) entries[index] = [entry[0], change(random, entry[1], others, words, depth + 1)]
    }
    return Object.fromEntries(entries)
  }
  switch (random.below(6)) {
    case 0:
      return others
    case 1:
      return [at]
    case 2: {
      let nested = at
      for (let times = random.once(50) ? 3000 : 5; times > 0; times--)
        nested = random.once(2) ? [nested] : { a: nested }
      return nested
    }
    case 3:
      if (typeof at === 'number') return at + random.pick([1, -1, 0.5, 1e6, -1e15])
      if (typeof at === 'string' && at !== '')
        return at.slice(0, random.below(at.length)) + String(value(random, words))
      return value(random, words)
    default:
      return value(random, words)
  }
}

const mostLength = 64 * 1024

/** `words` are keys and values of the format; one text in eight is no longer JSON. */
export function mutateJson(words: readonly string[] = []): Mutator<string> {
  return {
    knows: 'the tree of values',
    take: parse,
    make(random, parts, others) {
      let tree = parts as Json
      for (let i = changes(random); i > 0; i--)
        tree = change(random, tree, others as Json, words, 0)
      let text = JSON.stringify(tree)
      // Trees put into trees grow without end, and what a parser takes for megabytes is no flaw of it.
      if (text.length > mostLength) text = text.slice(0, mostLength)
      if (!random.once(8)) return text
      const at = random.below(text.length)
      return (
        text.slice(0, at) +
        random.pick(['', '"', '}', ',', '\\u0', '\0', 'x', '[[', '1e999']) +
        text.slice(at + random.below(3))
      )
    },
  }
}

/** The same for who takes the values themselves: given as text, so that a finding can be kept. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
