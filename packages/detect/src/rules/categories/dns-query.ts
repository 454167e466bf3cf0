/** Sigma's dns_query: what a process asked a resolver, and what came back. */
import { dnsActivity } from '@honeyguide/model'
import type { RuleCategoryDefinition } from '../category.ts'
import { columns, command, direct, type RuleField } from '../fields.ts'

const fields: Readonly<Record<string, RuleField>> = {
  ...direct(dnsActivity),
  Image: columns(['actor_process_file_path']),
  CommandLine: command('actor_process_cmd_line'),
  User: columns(['actor_process_user_name']),
  ProcessId: columns(['actor_process_pid'], false),
  ProcessGuid: columns(['actor_process_uid'], false),
  QueryName: columns(['query_hostname'], false),
  QueryResults: columns(['answers'], false),
  QueryStatus: columns(['rcode']),
  record_type: columns(['query_type']),
  ComputerName: columns(['device_hostname']),
}

export const dnsQuery: RuleCategoryDefinition = {
  kinds: ['dns_query', 'dns_answer'],
  fields,
  keywords: ['QueryName', 'QueryResults', 'Image'],
  slots: ['process', 'object'],
  sentence: [{ slot: 'process' }, { text: ' asked for ' }, { slot: 'object' }],
}
