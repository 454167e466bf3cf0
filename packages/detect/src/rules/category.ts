/** What a Sigma log source category is here: which events it is about and what its rules may test. */
import type { EventKind } from '@honeyguide/model'
import type { RuleField } from './fields.ts'
import type { SentenceSlot, SentenceWord } from './rule.ts'

export interface RuleCategoryDefinition {
  /** Events that its rules are asked about. */
  readonly kinds: readonly EventKind[]
  readonly fields: Readonly<Record<string, RuleField>>
  /** Fields in which keywords without a field are looked for. */
  readonly keywords: readonly string[]
  /** What a rule's sentence may name. */
  readonly slots: readonly SentenceSlot[]
  /** What is said of a match of a rule that has no sentence. */
  readonly sentence: readonly SentenceWord[]
}
