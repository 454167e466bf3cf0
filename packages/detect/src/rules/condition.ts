/** The condition of a rule: names of selections with and, or, not, parentheses, `1 of`, `all of` and `any of`. */
import { RuleComplaint } from './rule-text.ts'

export type Condition =
  | { readonly kind: 'all'; readonly parts: readonly Condition[] }
  | { readonly kind: 'any'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | { readonly kind: 'selection'; readonly name: string }

interface Token {
  readonly text: string
  readonly at: number
}

const deepest = 64

/** `base` is the offset of the text in its file. Throws a RuleComplaint. */
export function parseCondition(text: string, base: number, names: readonly string[]): Condition {
  const tokens: Token[] = []
  for (const match of text.matchAll(/[()|]|[^\s()|]+/g))
    tokens.push({ text: match[0], at: base + match.index })
  let at = 0
  const peek = () => tokens[at]?.text.toLowerCase()
  const complain = (what: string): never => {
    throw new RuleComplaint(what, tokens[at]?.at ?? base + text.length)
  }

  function any(depth: number): Condition {
    if (depth > deepest) complain(`the condition is nested over ${deepest} deep; simplify it`)
    const parts = [all(depth)]
    while (peek() === 'or') {
      at += 1
      parts.push(all(depth))
    }
    return parts.length === 1 && parts[0] ? parts[0] : { kind: 'any', parts }
  }
  function all(depth: number): Condition {
    const parts = [not(depth)]
    while (peek() === 'and') {
      at += 1
      parts.push(not(depth))
    }
    return parts.length === 1 && parts[0] ? parts[0] : { kind: 'all', parts }
  }
  function not(depth: number): Condition {
    if (depth > deepest) complain(`the condition is nested over ${deepest} deep; simplify it`)
    if (peek() !== 'not') return one(depth)
    at += 1
    return { kind: 'not', part: not(depth + 1) }
  }
  function one(depth: number): Condition {
    const token = tokens[at]
    if (!token) return complain('the condition ends where a selection is expected; name one')
    const word = token.text.toLowerCase()
    if (token.text === '(') {
      at += 1
      const inner = any(depth + 1)
      if (tokens[at]?.text !== ')') complain('a parenthesis is not closed; add )')
      at += 1
      return inner
    }
    if (token.text === '|')
      return complain('aggregations after | are not evaluated here; write a rule without it')
    if (word === 'and' || word === 'or' || token.text === ')')
      return complain(`"${token.text}" stands where a selection is expected`)
    if (tokens[at + 1]?.text.toLowerCase() === 'of' && !names.includes(token.text)) {
      if (word !== '1' && word !== 'all' && word !== 'any')
        return complain(`"${token.text} of" is not known; use 1 of or all of`)
      at += 2
      const target = tokens[at]
      if (!target) return complain('nothing stands after "of"; name selections or them')
      const isThem = target.text.toLowerCase() === 'them'
      const matched = isThem
        ? names.filter((name) => !name.startsWith('_'))
        : names.filter((name) => globMatches(target.text, name))
      if (matched.length === 0)
        return complain(
          `no selection is named like "${target.text}"; there are ${names.join(', ')}`,
        )
      at += 1
      const parts = matched.map((name) => ({ kind: 'selection', name }) as const)
      return { kind: word === 'all' ? 'all' : 'any', parts }
    }
    if (!names.includes(token.text))
      return complain(`there is no selection "${token.text}"; there are ${names.join(', ')}`)
    at += 1
    return { kind: 'selection', name: token.text }
  }

  const condition = any(0)
  if (at < tokens.length)
    complain(
      tokens[at]?.text === '|'
        ? 'aggregations after | are not evaluated here; write a rule without it'
        : `"${tokens[at]?.text}" is not expected here; join selections with and, or`,
    )
  return condition
}

/** `*` is any text. */
function globMatches(glob: string, name: string): boolean {
  const parts = glob.split('*')
  const [first = ''] = parts
  const last = parts.at(-1) ?? ''
  if (parts.length === 1) return glob === name
  if (!name.startsWith(first) || !name.endsWith(last)) return false
  if (name.length < first.length + last.length) return false
  let at = first.length
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= name.length - last.length
}
