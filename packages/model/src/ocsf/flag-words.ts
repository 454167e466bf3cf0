/** Flag bits of our tables as the words of `process_flags` and `connection_flags`: one list for store, stream and exports. */

/** In the order they are printed; keys are bits of `imageFlags`. */
const imageWords: readonly (readonly [bit: number, word: string])[] = [
  [0, 'argv truncated'],
  [1, 'argv unreadable'],
  [2, 'memfd'],
  [3, 'deleted'],
  [4, 'script'],
  [5, 'file partial'],
  [6, 'cwd partial'],
  [7, 'redacted'],
  [8, 'privileges raised'],
  [9, 'from snapshot'],
  [10, 'lineage incomplete'],
  [11, 'lineage evicted'],
  [12, 'kernel thread'],
  [13, 'own'],
]

/** Bits of `tcpFlags`. */
const connectionWords: readonly (readonly [bit: number, word: string])[] = [
  [0, 'inherited'],
  [1, 'process uncertain'],
  [2, 'reset'],
  [13, 'own'],
]

function wordsOf(table: typeof imageWords): (flags: number) => string {
  // Few combinations occur: each is put together once.
  const known = new Map<number, string>()
  return (flags) => {
    let words = known.get(flags)
    if (words === undefined) {
      words = table
        .filter(([bit]) => flags & (1 << bit))
        .map(([, word]) => word)
        .join(', ')
      if (known.size < 4096) known.set(flags, words)
    }
    return words
  }
}

/** `process_flags` of the `flags` of an image; empty when none is set. */
export const imageFlagWords = wordsOf(imageWords)
/** `connection_flags` of the `flags` of a `tcp` row; empty when none is set. */
export const connectionFlagWords = wordsOf(connectionWords)
