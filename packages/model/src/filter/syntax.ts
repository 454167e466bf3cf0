/**
 * A filter as a tree: what `parseFilter` reads, `printFilter` writes, and the compilers take.
 *
 * Canonical form: `and` and `or` have at least two parts and none of their own kind; fields are names of
 * `filterFields`. Logic is two-valued: a comparison with an absent value is false, and `!=` is `not =`.
 */

/** Fields are text, whole numbers, times (ms since 1970) or event kinds. */
export type FilterValue = string | number

export type OrderOperator = '<' | '<=' | '>' | '>='

export type Filter =
  /** Everything: the empty text. */
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Filter[] }
  | { readonly kind: 'not'; readonly part: Filter }
  | {
      readonly kind: 'compare'
      readonly field: string
      readonly operator: '=' | '!=' | OrderOperator
      readonly value: FilterValue
    }
  /** `*` is any run of characters, `?` one, `\` takes the next as it is; the whole value must match. */
  | { readonly kind: 'glob'; readonly field: string; readonly pattern: string }
  | { readonly kind: 'in'; readonly field: string; readonly values: readonly FilterValue[] }
  /** The event has the field, and it is not empty. */
  | { readonly kind: 'exists'; readonly field: string }
  /** A word without a field: name, command line, path, user, host or address contains it, whatever the case. */
  | { readonly kind: 'text'; readonly text: string }

/** What a filter may be, checked by the parser. */
export const filterLimits = {
  /** Longest text in UTF-16 units. */
  length: 4096,
  /** Most comparisons and operators. */
  nodes: 256,
  /** Deepest nesting of parentheses and `not`. */
  depth: 32,
  /** Most values in one list. */
  values: 256,
} as const

function join(kind: 'and' | 'or', parts: readonly Filter[]): Filter {
  const flat = parts.flatMap((part) => (part.kind === kind ? part.parts : [part]))
  const [only] = flat
  return flat.length === 1 && only ? only : { kind, parts: flat }
}

/** All of these, in canonical form; `all` when there is none. */
export function allOf(parts: readonly Filter[]): Filter {
  const real = parts.filter((part) => part.kind !== 'all')
  return real.length === 0 ? { kind: 'all' } : join('and', real)
}

/** Any of these, in canonical form. `parts` has at least one. */
export function anyOf(parts: readonly Filter[]): Filter {
  return parts.some((part) => part.kind === 'all') ? { kind: 'all' } : join('or', parts)
}
