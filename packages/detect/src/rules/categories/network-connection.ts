/** Sigma's network_connection: a connection that was opened, taken or refused. */
import { networkActivity } from '@honeyguide/model'
import type { RuleCategoryDefinition } from '../category.ts'
import { absent, columns, command, direct, type RuleField } from '../fields.ts'

const fields: Readonly<Record<string, RuleField>> = {
  ...direct(networkActivity),
  Image: columns(['actor_process_file_path']),
  CommandLine: command('actor_process_cmd_line'),
  User: columns(['actor_process_user_name']),
  ProcessId: columns(['actor_process_pid'], false),
  ProcessGuid: columns(['actor_process_uid'], false),
  Protocol: columns(['connection_info_protocol_name']),
  SourceIp: columns(['src_endpoint_ip']),
  SourcePort: columns(['src_endpoint_port'], false),
  DestinationIp: columns(['dst_endpoint_ip']),
  DestinationPort: columns(['dst_endpoint_port']),
  SourceHostname: absent,
  DestinationHostname: absent,
  ComputerName: columns(['device_hostname']),
  Initiated: {
    columns: ['connection_info_direction'],
    isRepetitive: true,
    read: (batch, row, _, out) =>
      void out.push(String(batch.value(row, 'connection_info_direction') === 'Outbound')),
  },
}

export const networkConnection: RuleCategoryDefinition = {
  kinds: ['connect', 'accept', 'connect_failed'],
  fields,
  keywords: ['CommandLine', 'Image', 'User', 'SourceIp', 'DestinationIp'],
  slots: ['process', 'endpoint'],
  sentence: [{ slot: 'process' }, { text: ' had a connection with ' }, { slot: 'endpoint' }],
}
