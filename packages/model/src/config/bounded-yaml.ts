/**
 * YAML from people, bounded before it is parsed, with the place of every value.
 *
 * The parser's check for repeated keys is quadratic (20,000 keys took 5 s), so size and number of nodes are
 * checked on the lexer's tokens first, which is linear. Pure.
 */
import {
  isMap,
  isNode,
  isPair,
  isScalar,
  Lexer,
  LineCounter,
  parseDocument,
  type Document,
} from 'yaml'

/** What is taken. */
export const yamlLimits = { bytes: 256 * 1024, nodes: 5000 } as const

/** A place in a text, from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** What is wrong with a text, and where. */
export interface TextFault {
  readonly message: string
  readonly place: Place
}

export interface BoundedYaml {
  /** The value as JavaScript; undefined when the text holds none. */
  readonly value: unknown
  /** Where the value under `path` stands; for a missing one, where its nearest parent does. */
  placeOf(path: readonly PropertyKey[]): Place
  /** Where the key `key` of the map under `path` stands. */
  placeOfKey(path: readonly PropertyKey[], key: string): Place
}

const first: Place = { line: 1, column: 1 }

/** Nodes that the text will have, or the limit's excess as soon as it is passed. */
function countNodes(text: string): number {
  let nodes = 0
  for (const token of new Lexer().lex(text)) {
    // U+001F begins a plain scalar; the others are what begins a collection or an item.
    if (/^[\u001f"'[{&*|>?:,-]/.test(token)) nodes += 1
    // Counted twice at most (key and colon), so the bound below is on twice the number.
    if (nodes > yamlLimits.nodes * 2) break
  }
  return nodes
}

function toPlace(counter: LineCounter, offset: number): Place {
  const { line, col } = counter.linePos(offset)
  return line === 0 ? first : { line, column: col }
}

/** Parses; the fault says line and column and never throws. */
export function parseBoundedYaml(text: string): BoundedYaml | TextFault {
  // UTF-16 units are never more than bytes.
  if (text.length > yamlLimits.bytes)
    return { message: `the text is longer than ${yamlLimits.bytes / 1024} KiB`, place: first }
  if (countNodes(text) > yamlLimits.nodes * 2)
    return { message: `the text has more than ${yamlLimits.nodes} values`, place: first }
  const counter = new LineCounter()
  let document: Document.Parsed
  let value: unknown
  try {
    document = parseDocument(text, { lineCounter: counter, prettyErrors: false, stringKeys: true })
    const [error] = document.errors
    if (error) return { message: error.message, place: toPlace(counter, error.pos[0]) }
    value = document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    return { message: cause instanceof Error ? cause.message : String(cause), place: first }
  }
  const offsetOf = (path: readonly PropertyKey[]): number => {
    for (let length = path.length; length >= 0; length--) {
      const node: unknown = document.getIn(path.slice(0, length), true)
      if (isNode(node) && node.range) return node.range[0]
    }
    return 0
  }
  return {
    value,
    placeOf: (path) => toPlace(counter, offsetOf(path)),
    placeOfKey(path, key) {
      const map: unknown = path.length === 0 ? document.contents : document.getIn(path, true)
      if (isMap(map))
        for (const pair of map.items)
          if (isPair(pair) && isScalar(pair.key) && pair.key.value === key && pair.key.range)
            return toPlace(counter, pair.key.range[0])
      return toPlace(counter, offsetOf(path))
    },
  }
}
