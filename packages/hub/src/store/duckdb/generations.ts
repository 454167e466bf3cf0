/**
 * A bounded map in two generations: when the young one is full it becomes the old one, and the old one is forgotten.
 *
 * What is asked for is moved to the young one, so what is in use stays. Costs one map operation a hit.
 */
export interface Generations<Key, Value> {
  get(key: Key): Value | undefined
  set(key: Key, value: Value): void
  clear(): void
}

/** Holds between `size` and twice `size` entries. */
export function createGenerations<Key, Value>(size: number): Generations<Key, Value> {
  let young = new Map<Key, Value>()
  let old = new Map<Key, Value>()
  const set = (key: Key, value: Value): void => {
    if (young.size >= size && !young.has(key)) {
      old = young
      young = new Map()
    }
    young.set(key, value)
  }
  return {
    get(key) {
      const value = young.get(key)
      if (value !== undefined) return value
      const kept = old.get(key)
      if (kept !== undefined) set(key, kept)
      return kept
    },
    set,
    clear() {
      young = new Map()
      old = new Map()
    },
  }
}
