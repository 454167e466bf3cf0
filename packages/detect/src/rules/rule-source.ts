/** A rule as it comes: a file's name (for messages) and its text. Reading files is the caller's work. */
import type { HoneyguideError } from '@honeyguide/model'

export interface RuleSource {
  readonly file: string
  readonly text: string
}

/** Why a rule was not loaded; the others are. */
export interface RuleRefusal {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly column: number
  /** HG_RULE_INVALID; `detail` is `file:line:column: what; what to do`. */
  readonly error: HoneyguideError
}
