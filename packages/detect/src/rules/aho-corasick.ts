/**
 * Finds which of many literals a text holds, in one pass: an automaton in one typed array.
 *
 * Literals are ASCII and lower case already. Characters are folded into the classes that literals use, so a
 * state costs 4 bytes per class; capitals are of the class of their small letter, so that no text has to be made
 * in lower case first. Any other character outside ASCII is class 0 and leads back to the start.
 */

export interface Automaton {
  /** Calls `found` with the value of every literal that ends somewhere in `text.toLowerCase()`, repeats included. */
  scan(text: string, found: (value: number) => void): void
  /** Number of states. */
  readonly states: number
}

/** `literals` pairs a text with the value to report; the same text may come with several. */
export function createAutomaton(literals: readonly (readonly [string, number])[]): Automaton {
  const classOf = new Uint8Array(128)
  let classes = 1
  for (const [literal] of literals)
    for (let at = 0; at < literal.length; at++) {
      const code = literal.charCodeAt(at)
      if (classOf[code] === 0) classOf[code] = classes++
    }
  for (let code = 65; code <= 90; code++) classOf[code] = classOf[code + 32] ?? 0
  // The only two letters outside ASCII with one in ASCII in their lower case: the Kelvin sign, and I with a dot (i
  // and a combining dot).
  const kelvin = 0x212a
  const dottedI = 0x130
  const outside = (code: number): number =>
    code === kelvin ? (classOf[107] ?? 0) : code === dottedI ? (classOf[105] ?? 0) : 0
  const capacity = 1 + literals.reduce((sum, [literal]) => sum + literal.length, 0)
  const next = new Int32Array(capacity * classes).fill(-1)
  const outputs: (number[] | undefined)[] = [undefined]
  let states = 1
  for (const [literal, value] of literals) {
    let state = 0
    for (let at = 0; at < literal.length; at++) {
      const slot = state * classes + (classOf[literal.charCodeAt(at)] ?? 0)
      let target = next[slot] ?? -1
      if (target < 0) {
        target = states++
        next[slot] = target
        outputs.push(undefined)
      }
      state = target
    }
    const list = (outputs[state] ??= [])
    if (!list.includes(value)) list.push(value)
  }
  // Breadth first: where a literal breaks off, go on with the longest suffix that begins another.
  const fail = new Int32Array(states)
  const queue: number[] = []
  for (let c = 0; c < classes; c++) {
    const target = next[c] ?? -1
    if (target < 0) next[c] = 0
    else if (target > 0) queue.push(target)
  }
  for (let head = 0; head < queue.length; head++) {
    const state = queue[head] ?? 0
    const back = fail[state] ?? 0
    const inherited = outputs[back]
    if (inherited) outputs[state] = [...new Set([...(outputs[state] ?? []), ...inherited])]
    for (let c = 0; c < classes; c++) {
      const slot = state * classes + c
      const target = next[slot] ?? -1
      const fallback = next[back * classes + c] ?? 0
      if (target < 0) next[slot] = fallback
      else {
        fail[target] = fallback
        queue.push(target)
      }
    }
  }
  const ends = outputs.map((list) => (list ? Int32Array.from(list) : null))
  const hasEnd = Uint8Array.from(ends, (list) => (list ? 1 : 0))
  const table = next.slice(0, states * classes)

  return {
    states,
    scan(text, found) {
      let state = 0
      for (let at = 0; at < text.length; at++) {
        const code = text.charCodeAt(at)
        state = table[state * classes + (code < 128 ? (classOf[code] ?? 0) : outside(code))] ?? 0
        if (hasEnd[state] === 1) {
          const list = ends[state]
          if (list) for (let i = 0; i < list.length; i++) found(list[i] ?? 0)
        }
        if (code === dottedI) state = 0
      }
    },
  }
}
