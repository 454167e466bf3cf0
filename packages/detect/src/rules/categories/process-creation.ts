/** Sigma's process_creation: a process runs something else now. */
import { processActivity } from '@honeyguide/model'
import type { RuleCategoryDefinition } from '../category.ts'
import { absent, columns, command, derived, direct, type RuleField } from '../fields.ts'

const fields: Readonly<Record<string, RuleField>> = {
  ...direct(processActivity),
  ...derived,
  Image: columns(['process_file_path', 'process_interpreter']),
  CommandLine: command('process_cmd_line'),
  ParentImage: columns(['process_parent_process_file_path']),
  ParentCommandLine: command('process_parent_process_cmd_line'),
  User: columns(['process_user_name']),
  ParentUser: columns(['process_parent_process_user_name']),
  CurrentDirectory: columns(['process_working_directory']),
  ProcessId: columns(['process_pid'], false),
  ParentProcessId: columns(['process_parent_process_pid'], false),
  ProcessGuid: columns(['process_uid'], false),
  ParentProcessGuid: columns(['process_parent_process_uid'], false),
  LogonId: columns(['process_session_uid']),
  TerminalSessionId: columns(['process_session_uid']),
  ComputerName: columns(['device_hostname']),
  OriginalFileName: absent,
  Product: absent,
  Company: absent,
  Description: absent,
}

export const processCreation: RuleCategoryDefinition = {
  kinds: ['exec'],
  fields,
  keywords: ['CommandLine', 'Image', 'ParentCommandLine', 'User', 'CurrentDirectory'],
  slots: ['parent', 'process', 'command', 'file'],
  sentence: [{ slot: 'parent' }, { text: ' ran ' }, { slot: 'command' }],
}
