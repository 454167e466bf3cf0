/**
 * What a rule needs to be worth evaluating: a set of (field, literal) of which one must be in the event.
 *
 * It follows from the detection alone: a conjunction needs what its most telling part needs, a disjunction
 * what any of its parts needs. A rule of which nothing can be said is evaluated for every event.
 */
import { isDerived } from './fields.ts'
import { longestLiteral } from './pattern.ts'
import type { Detection, FieldTest } from './rule.ts'

export interface Atom {
  readonly field: string
  /** ASCII, lower case, not empty: in the field's text in lower case. */
  readonly literal: string
}

/**
 * Literals of which every match of a regular expression holds one, in lower case, as far as is plain to see: the
 * longest of each alternative. None when an alternative has none. Groups, classes and quantified characters
 * break a run.
 */
export function regexLiterals(source: string): readonly string[] {
  const literals: string[] = []
  let best = ''
  let run = ''
  let depth = 0
  const flush = () => {
    if (run.length > best.length) best = run
    run = ''
  }
  for (let at = 0; at < source.length; at++) {
    const char = source[at] ?? ''
    if (char === '|') {
      // What is in a group is not looked at anyway.
      if (depth > 0) continue
      flush()
      if (best === '') return []
      literals.push(best.toLowerCase())
      best = ''
      continue
    }
    if (char === '\\') {
      const next = source[at + 1] ?? ''
      at += 1
      // Only an escaped sign is a literal; letters and digits are classes, anchors, code points or quoted text.
      if (/[A-Za-z0-9]/.test(next)) {
        if (/[QEpPx0-9]/.test(next)) return []
        flush()
        continue
      }
      if (depth === 0) run += next
    } else if (char === '[') {
      flush()
      let end = at + 1
      if (source[end] === '^') end += 1
      if (source[end] === ']') end += 1
      while (end < source.length && source[end] !== ']') end += source[end] === '\\' ? 2 : 1
      // A class within a class, as [[:alpha:]], is more than this reader knows.
      if (source.slice(at + 1, end).includes('[')) return []
      at = end
      continue
    } else if (char === '(') {
      flush()
      depth += 1
      continue
    } else if (char === ')') {
      flush()
      depth -= 1
      continue
    } else if ('*?+{'.includes(char)) {
      // The character before may be absent (+ keeps it, but not what follows it at once).
      if (char !== '+') run = run.slice(0, -1)
      flush()
      if (char === '{') {
        const end = source.indexOf('}', at)
        if (end < 0) return []
        at = end
      }
      continue
    } else if ('.^$'.includes(char)) {
      flush()
      continue
    } else if (depth === 0) {
      if (char.charCodeAt(0) < 128) run += char
      else flush()
    }
  }
  flush()
  return best === '' ? [] : [...literals, best.toLowerCase()]
}

function testLiterals(test: FieldTest): readonly string[] {
  if (test.kind === 'text') {
    const literal = longestLiteral(test.pattern).toLowerCase()
    return literal === '' ? [] : [literal]
  }
  // Folding of case has exceptions outside ASCII (K is also the Kelvin sign): not worth a wrong answer.
  if (test.kind === 'regex' && !test.flags.includes('i') && !/\(\?/.test(test.source))
    return regexLiterals(test.source)
  return []
}

/** What is cheap to ask comes first: facts of the lineage are worked out for each event that is looked at. */
const worth = (atoms: readonly Atom[]) =>
  Math.min(...atoms.map(({ field, literal }) => (isDerived(field) ? 0 : literal.length)))

/** The atoms, or null when none can be named. An empty list: the rule can never match. */
export function requiredAtoms(detection: Detection): readonly Atom[] | null {
  switch (detection.kind) {
    case 'field': {
      const literals = testLiterals(detection.test)
      return literals.length === 0
        ? null
        : literals.map((literal) => ({ field: detection.field, literal }))
    }
    case 'keyword':
    case 'not':
      return null
    case 'any': {
      const all: Atom[] = []
      for (const part of detection.parts) {
        const atoms = requiredAtoms(part)
        if (atoms === null) return null
        all.push(...atoms)
      }
      return all
    }
    case 'all': {
      let best: readonly Atom[] | null = null
      for (const part of detection.parts) {
        const atoms = requiredAtoms(part)
        if (atoms === null) continue
        if (atoms.length === 0) return atoms
        if (
          best === null ||
          worth(atoms) > worth(best) ||
          (worth(atoms) === worth(best) && atoms.length < best.length)
        )
          best = atoms
      }
      return best
    }
  }
}
