/**
 * All rules that could be loaded, compiled together.
 *
 * Per event: one automaton per field names the rules that could match, and only these are evaluated. What the
 * automaton said of a value is remembered: of values that repeat (paths, users) from batch to batch, of others
 * within a batch by `valueId`.
 */
import { eventKinds, type ActivityBatch, type EventKind } from '@honeyguide/model'
import { createAutomaton, type Automaton } from './aho-corasick.ts'
import { compileDetection, type Verdict } from './compile-detection.ts'
import { createEventView, type EventView } from './event-view.ts'
import { categoriesOfKind, ruleCategories, ruleCategoryNames } from './categories.ts'
import type { RowFacts, RuleField } from './fields.ts'
import { requiredAtoms, type Atom } from './prefilter.ts'
import { isRefusal, readRule } from './read-rule.ts'
import type { RuleRefusal, RuleSource } from './rule-source.ts'
import type { Rule, RuleCategory } from './rule.ts'

export interface RuleSet {
  readonly rules: readonly Rule[]
  readonly refused: readonly RuleRefusal[]
  /** Calls `found` with every rule that the event matches, in the order of `rules`. Never throws. */
  match(batch: ActivityBatch, row: number, facts: RowFacts, found: (rule: Rule) => void): void
  /** Whether any rule looks at events of this kind. */
  asks(kind: EventKind): boolean
  /** Rules without a literal, which every event of their category pays for. */
  readonly alwaysEvaluated: readonly Rule[]
}

const remembered = 8192
const none = new Int32Array(0)

interface FieldIndex {
  readonly field: number
  readonly isRepetitive: boolean
  readonly column: RuleField['columns'][number] | undefined
  readonly automaton: Automaton
  /** Candidates by value, for fields whose values repeat. */
  known: Map<string, Int32Array>
  /** Candidates by `valueId` within `batch`. */
  batch: ActivityBatch | null
  byId: (Int32Array | undefined)[]
}

interface CategorySet {
  readonly rules: readonly Rule[]
  readonly verdicts: readonly Verdict[]
  readonly view: EventView
  readonly indexes: readonly FieldIndex[]
  readonly always: Int32Array
  /** Stamp of the event for which a rule is a candidate. */
  readonly stamps: Float64Array
}

function compileCategory(category: RuleCategory, rules: readonly Rule[]): CategorySet {
  const names: string[] = []
  const number = (name: string): number => {
    const known = names.indexOf(name)
    return known >= 0 ? known : names.push(name) - 1
  }
  const verdicts = rules.map((rule) => compileDetection(rule.detection, category, number))
  const literals = new Map<string, [string, number][]>()
  const always: number[] = []
  rules.forEach((rule, index) => {
    const atoms: readonly Atom[] | null = requiredAtoms(rule.detection)
    if (atoms === null) always.push(index)
    else
      for (const { field, literal } of atoms) {
        const list = literals.get(field) ?? []
        list.push([literal, index])
        literals.set(field, list)
      }
  })
  const indexes = [...literals].map(([field, list]): FieldIndex => {
    const definition = ruleCategories[category].fields[field]
    return {
      field: number(field),
      isRepetitive: definition?.isRepetitive ?? false,
      column: definition?.columns.length === 1 ? definition.columns[0] : undefined,
      automaton: createAutomaton(list),
      known: new Map(),
      batch: null,
      byId: [],
    }
  })
  const empty: RuleField = { columns: [], isRepetitive: false, read() {} }
  return {
    rules,
    verdicts,
    view: createEventView(names.map((name) => ruleCategories[category].fields[name] ?? empty)),
    indexes,
    always: Int32Array.from(always),
    stamps: new Float64Array(rules.length),
  }
}

function scanValues(index: FieldIndex, view: EventView): Int32Array {
  const out: number[] = []
  for (const value of view.values(index.field))
    index.automaton.scan(value, (rule) => {
      if (!out.includes(rule)) out.push(rule)
    })
  return out.length === 0 ? none : Int32Array.from(out)
}

function candidatesOf(index: FieldIndex, view: EventView): Int32Array {
  if (index.isRepetitive) {
    const values = view.values(index.field)
    if (values.length === 0) return none
    const key = values.length === 1 ? (values[0] ?? '') : values.join('\n')
    const known = index.known.get(key)
    if (known) return known
    const found = scanValues(index, view)
    if (index.known.size >= remembered) index.known = new Map()
    index.known.set(key, found)
    return found
  }
  const { batch } = view
  const id = index.column !== undefined && batch ? batch.valueId(view.row, index.column) : -1
  if (id < 0) return scanValues(index, view)
  if (index.batch !== batch) {
    index.batch = batch
    index.byId = []
  }
  return (index.byId[id] ??= scanValues(index, view))
}

/** Compiles what can be read; a rule that cannot is in `refused` and stops no other. Later of two with one id is refused. */
export function compileRules(sources: readonly RuleSource[]): RuleSet {
  const rules: Rule[] = []
  const refused: RuleRefusal[] = []
  for (const source of sources) {
    const read = readRule(source)
    if (isRefusal(read)) refused.push(read)
    else rules.push(read)
  }
  return ruleSetOf(rules, refused)
}

/** The same for rules that are read already. */
export function ruleSetOf(rules: readonly Rule[], refused: readonly RuleRefusal[] = []): RuleSet {
  const sets = new Map(
    ruleCategoryNames.map((category) => [
      category,
      compileCategory(
        category,
        rules.filter((rule) => rule.category === category),
      ),
    ]),
  )
  const setsOfKind = new Map(
    eventKinds.map((kind) => [
      kind,
      categoriesOfKind(kind)
        .flatMap((name) => sets.get(name) ?? [])
        .filter((set) => set.rules.length > 0),
    ]),
  )
  let stamp = 0
  const matched: number[] = []

  function matchSet(
    set: CategorySet,
    batch: ActivityBatch,
    row: number,
    facts: RowFacts,
    found: (rule: Rule) => void,
  ): void {
    const { view, stamps } = set
    view.begin(batch, row, facts)
    stamp += 1
    matched.length = 0
    const consider = (rule: number) => {
      if (stamps[rule] === stamp) return
      stamps[rule] = stamp
      if (set.verdicts[rule]?.(view)) matched.push(rule)
    }
    for (const index of set.indexes) {
      const candidates = candidatesOf(index, view)
      for (let i = 0; i < candidates.length; i++) consider(candidates[i] ?? 0)
    }
    for (let i = 0; i < set.always.length; i++) consider(set.always[i] ?? 0)
    if (matched.length === 0) return
    matched.sort((a, b) => a - b)
    for (const index of matched) {
      const rule = set.rules[index]
      if (rule) found(rule)
    }
  }

  return {
    rules,
    refused,
    alwaysEvaluated: [...sets.values()].flatMap((set) =>
      Array.from(set.always, (index) => set.rules[index]).filter((rule) => rule !== undefined),
    ),
    asks: (kind) => (setsOfKind.get(kind)?.length ?? 0) > 0,
    match(batch, row, facts, found) {
      for (const set of setsOfKind.get(batch.kind(row)) ?? [])
        matchSet(set, batch, row, facts, found)
    },
  }
}
