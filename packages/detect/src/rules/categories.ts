/** Every category that rules may be of. A new one adds its file and its line here. */
import type { EventKind } from '@honeyguide/model'
import type { RuleCategoryDefinition } from './category.ts'
import { dnsQuery } from './categories/dns-query.ts'
import {
  fileAccess,
  fileChange,
  fileDelete,
  fileEvent,
  fileRename,
} from './categories/file-deeds.ts'
import { networkConnection } from './categories/network-connection.ts'
import { processCreation } from './categories/process-creation.ts'

const categories = {
  process_creation: processCreation,
  network_connection: networkConnection,
  file_event: fileEvent,
  file_access: fileAccess,
  file_change: fileChange,
  file_delete: fileDelete,
  file_rename: fileRename,
  dns_query: dnsQuery,
} as const

export type RuleCategory = keyof typeof categories

export const ruleCategories: Readonly<Record<RuleCategory, RuleCategoryDefinition>> = categories
export const ruleCategoryNames = Object.keys(categories) as readonly RuleCategory[]

/** Whether rules can be of a category of this name. */
export function isRuleCategory(name: string | undefined): name is RuleCategory {
  return name !== undefined && Object.hasOwn(categories, name)
}

/** Categories whose rules are asked about an event of this kind. */
export function categoriesOfKind(kind: EventKind): readonly RuleCategory[] {
  return ruleCategoryNames.filter((name) => categories[name].kinds.includes(kind))
}
