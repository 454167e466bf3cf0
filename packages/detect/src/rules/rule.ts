/** A rule as read and checked: what it is about, and its detection as a tree of tests on fields. */
import type { Severity } from '@honeyguide/model'
import type { RuleCategory } from './categories.ts'
import type { Pattern } from './pattern.ts'

export type { RuleCategory } from './categories.ts'

export type RuleLevel = 'informational' | Severity

/** What one value of a selection asks of one field. Text tests look at lower case unless `cased`. */
export type FieldTest =
  | { readonly kind: 'text'; readonly pattern: Pattern; readonly cased: boolean }
  | { readonly kind: 'regex'; readonly source: string; readonly flags: string }
  | { readonly kind: 'cidr'; readonly network: string }
  | {
      readonly kind: 'number'
      readonly compare: 'lt' | 'lte' | 'gt' | 'gte'
      readonly limit: number
    }
  /** The field is absent, or empty. */
  | { readonly kind: 'null' }
  | { readonly kind: 'exists'; readonly exists: boolean }
  | {
      readonly kind: 'fieldref'
      readonly other: string
      readonly how: 'exact' | 'contains' | 'startswith' | 'endswith'
      readonly cased: boolean
    }

export type Detection =
  | { readonly kind: 'all'; readonly parts: readonly Detection[] }
  | { readonly kind: 'any'; readonly parts: readonly Detection[] }
  | { readonly kind: 'not'; readonly part: Detection }
  /** `field` is a key of the category's fields. */
  | { readonly kind: 'field'; readonly field: string; readonly test: FieldTest }
  /** Some text field of the event. */
  | { readonly kind: 'keyword'; readonly test: FieldTest }

export interface Rule {
  /** The rule's id; its file's name when it has none. */
  readonly uid: string
  readonly file: string
  readonly title: string
  readonly description: string
  readonly author: string
  readonly level: RuleLevel
  readonly category: RuleCategory
  /** ATT&CK uids (T1105, TA0011) in the order of the tags. */
  readonly techniques: readonly string[]
  readonly tactics: readonly string[]
  readonly falsePositives: readonly string[]
  /** What a match is told as (`sentence`, a key of ours); null where the rule has none. */
  readonly sentence: readonly SentenceWord[] | null
  readonly detection: Detection
}

/** Text, or the name of what stands in its place. */
export type SentenceWord = { readonly text: string } | { readonly slot: SentenceSlot }
/** Who started it, the process, its command line, its executable, the other end of the connection. */
export type SentenceSlot = 'parent' | 'process' | 'command' | 'file' | 'endpoint' | 'object'

/** What a finding of a level adds to the evidence of its lineage. */
export const levelWeight: Readonly<Record<RuleLevel, number>> = {
  informational: 0,
  low: 1,
  medium: 2,
  high: 4,
  critical: 10,
}

export function levelSeverity(level: RuleLevel): Severity {
  return level === 'informational' ? 'low' : level
}
