/**
 * Rules, lineage and incidents as pure functions. Per wire batch, in this order:
 *
 *   lineage.apply(batch)                           names and relations of processes and sockets
 *   rows = normalise(batch, lineage)               the hub's work: an ActivityBatch
 *   detector.apply(rows, lineage)                  -> findings and incidents to upsert
 *
 * `createLineage(limits?)`, `createDetector({ rules, limits? })` and `compileRules(sources)` are the entry points.
 */
export * from './attack/attack.ts'
export * from './detector.ts'
export * from './findings/finding.ts'
export { builtInRules, type FindingRule } from './findings/built-in-rules.ts'
export * from './lineage/image.ts'
export { createLineage, connectionUid, baseName } from './lineage/graph.ts'
export * from './lineage/lineage.ts'
export * from './lineage/loopback.ts'
export * from './lineage/row-order.ts'
export { packHost, type HeldHost, type SavedPart } from './lineage/saved-host.ts'
export type { RowFacts } from './rules/fields.ts'
export { compileRules, type RuleSet } from './rules/rule-set.ts'
export * from './rules/rule-source.ts'
export type { Rule, RuleLevel } from './rules/rule.ts'
