/**
 * The fields that rules may test, and where in an event their values are.
 *
 * Sigma's names (taxonomy of process_creation and network_connection) and our OCSF column names. A field may
 * have several values (a script's file and its interpreter are both its Image): a test holds when it holds for
 * one. No value means null. `CommandLine` is the argument list joined with spaces, as rules expect it; the
 * column quotes words the way a shell reads them.
 */
import type { ActivityBatch, ActivityRow } from '@honeyguide/model'

type Column = keyof ActivityRow & string

/** What only the lineage knows of an event. Values as text; none when not known. */
export interface RowFacts {
  /** Whether the parent (or what it was forked from) had accepted connections before. */
  parentIsServer(row: number): boolean
  /** Executables of all ancestors, nearest first. */
  ancestorImages(row: number): readonly string[]
}

export interface RuleField {
  /** Columns whose values are the field's. */
  readonly columns: readonly Column[]
  /** Values that are few (paths, users) and worth remembering from batch to batch. */
  readonly isRepetitive: boolean
  readonly read: (batch: ActivityBatch, row: number, facts: RowFacts, out: string[]) => void
}

/** Undoes the quoting of `commandLine` of model: the words joined by spaces. */
export function plainCommandLine(quoted: string): string {
  if (!quoted.includes("'")) return quoted
  let out = ''
  for (let at = 0; at < quoted.length;) {
    const char = quoted[at] ?? ''
    if (char === "'") {
      const end = quoted.indexOf("'", at + 1)
      if (end < 0) return out + quoted.slice(at + 1)
      out += quoted.slice(at + 1, end)
      at = end + 1
    } else if (char === '\\') {
      out += quoted[at + 1] ?? ''
      at += 2
    } else {
      out += char
      at += 1
    }
  }
  return out
}

/** A field that is these columns. */
export function columns(names: readonly Column[], isRepetitive = true): RuleField {
  return {
    columns: names,
    isRepetitive,
    read(batch, row, _, out) {
      for (const name of names) {
        const value = batch.value(row, name)
        if (value !== null && value !== '') out.push(String(value))
      }
    },
  }
}

/** A field that is a command line, as plain words. */
export function command(name: Column): RuleField {
  return {
    columns: [name],
    isRepetitive: false,
    read(batch, row, _, out) {
      const value = batch.value(row, name)
      if (typeof value === 'string' && value !== '') out.push(plainCommandLine(value))
    },
  }
}

/** Fields that exist in Sigma's taxonomy and are never known here. */
export const absent: RuleField = { columns: [], isRepetitive: true, read() {} }

/** Fields that are worked out from the lineage. */
export const derived: Readonly<Record<string, RuleField>> = {
  ParentIsServer: {
    columns: [],
    isRepetitive: false,
    read: (_, row, facts, out) => void out.push(String(facts.parentIsServer(row))),
  },
  AncestorImage: {
    columns: [],
    isRepetitive: false,
    read: (_, row, facts, out) => void out.push(...facts.ancestorImages(row)),
  },
}

/** Whether a field is worked out from the lineage, which costs more than to read a column. */
export function isDerived(field: string): boolean {
  return Object.hasOwn(derived, field)
}

/** Every column of a view under its own name. */
export function direct(view: Readonly<Record<string, unknown>>): Record<string, RuleField> {
  return Object.fromEntries(
    Object.keys(view).map((name) => [
      name,
      name.endsWith('cmd_line') ? command(name as Column) : columns([name as Column]),
    ]),
  )
}
