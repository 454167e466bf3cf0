/**
 * An upper bound on the bytes of one value of an expression, from its tree alone.
 *
 * DuckDB folds constants while it prepares, where nothing interrupts it: `replace(replace('xx', 'x', '...'))`
 * makes gigabytes from a line of text. Columns count as 4 KiB; what a subquery hands up counts as a
 * column, and what slips through there meets the ceiling of memory.
 */
import type { Json } from './check-tree.ts'

type Node = { readonly [key: string]: Json }

/** What one value may be at most, bytes. */
export const valueBytes = 16 * 1024 * 1024
const columnBytes = 4096
const scalarBytes = 64

function isNode(value: Json | undefined): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}

/** The literal, or the most that a whole number may be. */
function count(value: Json | undefined): number {
  if (!isNode(value) || !isNode(value['value'])) return 10_000
  const held = value['value']['value']
  return typeof held === 'number' ? Math.abs(held) : 10_000
}

/** Bytes; never throws. Depth is bounded by the caller. */
export function sizeBound(value: Json | undefined): number {
  if (Array.isArray(value))
    return value.reduce((sum: number, part: Json) => sum + sizeBound(part), 0)
  if (!isNode(value)) return 0
  switch (value['class']) {
    case 'CONSTANT': {
      const held = isNode(value['value']) ? value['value']['value'] : undefined
      return typeof held === 'string' ? held.length * 4 : scalarBytes
    }
    case 'COLUMN_REF':
    case 'STAR':
    case 'SUBQUERY':
      return columnBytes
    case 'FUNCTION':
    case 'WINDOW': {
      const given = listOf(value['children'])
      const sizes = given.map((child) => sizeBound(child))
      const sum = sizes.reduce((all, size) => all + size, 0)
      const first = sizes[0] ?? 0
      switch (String(value['function_name']).toLowerCase()) {
        case 'replace':
        case 'regexp_replace':
          // One replacement per character, and one at the end.
          return (first + 1) * Math.max(1, sizes[2] ?? 1)
        case 'repeat':
          return first * Math.max(1, count(given[1]))
        case 'lpad':
        case 'rpad':
          return first + 4 * count(given[1])
        case 'range':
        case 'generate_series':
          return 8 * given.reduce<number>((most, child) => Math.max(most, count(child)), 0) * 2
        case 'concat_ws':
          return sum + first * given.length
        case 'array_to_string':
        case 'list_concat':
        case 'string_split':
        case 'split':
        case 'str_split':
          return sum * 16
        case 'hex':
        case 'to_hex':
        case 'bin':
        case 'to_binary':
        case 'url_encode':
          return sum * 8
        default:
          return sum * 2 + scalarBytes
      }
    }
    default: {
      let sum = 0
      for (const part of Object.values(value)) if (typeof part === 'object') sum += sizeBound(part)
      return sum + scalarBytes
    }
  }
}
