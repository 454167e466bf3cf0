/** Sigma's categories of files: file_event, file_access, file_change, file_delete, file_rename. */
import { fileActivity, type EventKind } from '@honeyguide/model'
import type { RuleCategoryDefinition } from '../category.ts'
import { absent, columns, command, direct, type RuleField } from '../fields.ts'
import type { SentenceWord } from '../rule.ts'

const fields: Readonly<Record<string, RuleField>> = {
  ...direct(fileActivity),
  Image: columns(['actor_process_file_path']),
  CommandLine: command('actor_process_cmd_line'),
  User: columns(['actor_process_user_name']),
  ProcessId: columns(['actor_process_pid'], false),
  ProcessGuid: columns(['actor_process_uid'], false),
  // Of a rename both names are the file's: rules mean now the one, now the other.
  TargetFilename: columns(['file_path', 'file_result_path'], false),
  SourceFilename: columns(['file_path'], false),
  ComputerName: columns(['device_hostname']),
  CreationUtcTime: absent,
}

const category = (kinds: readonly EventKind[], verb: string): RuleCategoryDefinition => ({
  kinds,
  fields,
  keywords: ['TargetFilename', 'Image', 'CommandLine', 'User'],
  slots: ['process', 'object'],
  sentence: [
    { slot: 'process' },
    { text: ` ${verb} ` },
    { slot: 'object' },
  ] satisfies SentenceWord[],
})

export const fileEvent = category(
  ['file_create', 'file_write', 'file_link', 'file_symlink', 'file_rename', 'file_mknod'],
  'wrote',
)
export const fileAccess = category(['file_read'], 'read')
export const fileChange = category(['file_chmod', 'file_chown', 'file_truncate'], 'changed')
export const fileDelete = category(['file_delete'], 'removed')
export const fileRename = category(['file_rename'], 'renamed')
