/**
 * YAML of a rule as nodes with positions, bounded before it is parsed.
 *
 * Checking that keys are unique takes time square to their number, so size and number of nodes are checked on
 * the bytes and tokens first. Every complaint is HG_RULE_INVALID with file, line and column.
 */
import { HoneyguideError } from '@honeyguide/model'
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseAllDocuments,
  type Document,
  type Node,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import type { RuleRefusal, RuleSource } from './rule-source.ts'

export const ruleTextLimits = { bytes: 256 * 1024, nodes: 5000 } as const

/** Thrown inside the rule reader and caught at its edge, where it becomes a `RuleRefusal`. */
export class RuleComplaint extends Error {
  readonly offset: number
  constructor(what: string, offset: number) {
    super(what)
    this.offset = offset
  }
}

export interface RuleText {
  readonly root: YAMLMap
  /** Line and column from 1 of an offset. */
  place(offset: number): { line: number; column: number }
}

export function refusal(
  source: RuleSource,
  what: string,
  place: { line: number; column: number },
): RuleRefusal {
  return {
    file: source.file,
    ...place,
    error: new HoneyguideError(
      'HG_RULE_INVALID',
      `${source.file}:${place.line}:${place.column}: ${what}`,
    ),
  }
}

/** A lower bound of the nodes that parsing would make: scalars, aliases, and flow collections. */
function countNodes(text: string): number {
  let nodes = 0
  for (const token of new Lexer().lex(text)) {
    const first = token[0]
    // \x1f announces a scalar; other scalars are told by their quote.
    if (first === '\x1f' || first === '"' || first === "'" || first === '*') nodes += 1
    else if (first === '{' || first === '[' || first === '-' || first === '?') nodes += 1
    if (nodes > ruleTextLimits.nodes) break
  }
  return nodes
}

/** Throws a RuleComplaint, or gives the root mapping. */
export function readRuleText(source: RuleSource): RuleText {
  const lines = new LineCounter()
  const place = (offset: number) => {
    const { line, col } = lines.linePos(Math.max(0, offset))
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const bytes = new TextEncoder().encode(source.text).length
  if (bytes > ruleTextLimits.bytes)
    throw new RuleComplaint(
      `the file has ${bytes} bytes, a rule at most ${ruleTextLimits.bytes}; split it`,
      0,
    )
  if (countNodes(source.text) > ruleTextLimits.nodes)
    throw new RuleComplaint(
      `the file has over ${ruleTextLimits.nodes} values, which is more than a rule may; split it`,
      0,
    )
  let documents: readonly Document[]
  try {
    const parsed = parseAllDocuments(source.text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: true,
      logLevel: 'silent',
    })
    documents = Array.isArray(parsed) ? parsed : []
  } catch (error) {
    // The parser recurses: a document nested beyond its stack ends here.
    throw new RuleComplaint(`the YAML cannot be parsed: ${(error as Error).message}`, 0)
  }
  const [document, second] = documents
  const problem = document?.errors[0]
  if (problem)
    throw Object.assign(new RuleComplaint(`${problem.message}; correct the YAML`, problem.pos[0]), {
      place: place(problem.pos[0]),
    })
  if (second)
    throw new RuleComplaint(
      'there are several YAML documents; put each rule in its own file',
      second.range?.[0] ?? 0,
    )
  const root = document?.contents
  if (!isMap(root))
    throw new RuleComplaint(
      'a rule is a mapping with title, logsource and detection',
      root?.range?.[0] ?? 0,
    )
  return { root, place }
}

export function offsetOf(node: unknown): number {
  return (node as Node | null | undefined)?.range?.[0] ?? 0
}

export interface Entry {
  readonly key: string
  readonly keyNode: Scalar
  readonly value: unknown
}

/** The entries of a mapping whose keys are text. */
export function entriesOf(map: YAMLMap): Entry[] {
  return map.items.map((item) => {
    if (!isScalar(item.key))
      throw new RuleComplaint('a key is not a plain word', offsetOf(item.key))
    if (isAlias(item.value))
      throw new RuleComplaint(
        'aliases are not read in rules; write the value out',
        offsetOf(item.value),
      )
    return { key: String(item.key.value), keyNode: item.key, value: item.value }
  })
}

export function entry(map: YAMLMap, key: string): Entry | undefined {
  return entriesOf(map).find((one) => one.key === key)
}

/** A scalar's text; undefined when the key is absent. */
export function textOf(map: YAMLMap, key: string): string | undefined {
  const found = entry(map, key)
  if (!found || found.value === null) return undefined
  if (!isScalar(found.value)) throw new RuleComplaint(`${key} is not text`, offsetOf(found.value))
  return found.value.value === null ? undefined : String(found.value.value)
}

/** Texts of a list, or of one scalar; empty when the key is absent. */
export function textsOf(map: YAMLMap, key: string): string[] {
  const found = entry(map, key)
  if (!found || found.value === null) return []
  const items = isSeq(found.value) ? found.value.items : [found.value]
  return items.map((item) => {
    if (!isScalar(item))
      throw new RuleComplaint(`${key} holds something that is not text`, offsetOf(item))
    return String(item.value)
  })
}
