/** Other rights, another view of the system, a hand in the kernel or in another process. */
import { credFlags, credOperations } from '@honeyguide/model'
import { integerColumn, plainColumn, textColumn, type ColumnReader } from '../column-reader.ts'
import type { Refer } from '../context.ts'
import { credFlagWords } from '../flag-words.ts'
import {
  askedId,
  callArguments,
  credCall,
  credChanges,
  credKind,
  credRequest,
  type CredChange,
} from '../kernel-words.ts'
import { capabilityText, deviceText, longValue } from '../numbers.ts'
import type { TableNormaliser } from '../table-normaliser.ts'

/** What is known of before. */
export function credKnown(flags: number): CredChange['known'] {
  if (flags & credFlags.beforeRemembered) return 'remembered'
  return flags & credFlags.beforeKnown ? 'seen' : 'no'
}

export const credNormaliser: TableNormaliser<'cred'> = {
  table: 'cred',
  ring: 'l',
  kind: (table, row) => credKind(table.columns.operation[row] ?? 0),
  readers(context, table) {
    const { batch, references } = context
    const c = table.columns
    const own = context.actor(c)
    const target: Refer = (row) =>
      references.of(c.targetPid[row] ?? 0, c.targetStartNs[row] ?? 0n, c.targetExecNo[row] ?? 0)
    const operation = (row: number): number => c.operation[row] ?? 0
    const text = (ids: Uint32Array) => (): ColumnReader => textColumn(batch, ids)
    const isKnown = (row: number): boolean => credKnown(c.flags[row] ?? 0) !== 'no'
    const before = (values: Uint32Array) => () =>
      integerColumn((row) => (isKnown(row) ? (values[row] ?? 0) : null))
    const after = (values: Uint32Array) => () => integerColumn((row) => values[row] ?? 0)
    const hasFile = (row: number): boolean => (c.inode[row] ?? 0n) !== 0n
    return {
      ...context.eventColumns('l', c, (row) => credKind(operation(row))),
      ...context.processColumns('actor_process', own, (row) => c.uid[row] ?? 0),
      actor_process_container_uid: context.imageColumn(own, (image) => image.container),
      actor_process_unit: context.imageColumn(own, (image) => image.unit),
      kernel_type: () => plainColumn((row) => credKind(operation(row))),
      kernel_system_call: () => plainColumn((row) => credCall(operation(row))),
      kernel_name: text(c.name),
      kernel_path: text(c.path),
      kernel_source: () => plainColumn((row) => batch.text(c.source[row] || (c.oldName[row] ?? 0))),
      kernel_subtype: text(c.type),
      kernel_options: text(c.options),
      kernel_request: () =>
        integerColumn((row) => credRequest(operation(row), c.request[row] ?? 0)),
      call_flags: () => plainColumn((row) => longValue(c.callFlags[row])),
      call_arguments: () =>
        plainColumn((row) =>
          operation(row) === credOperations.setgroups
            ? batch.text(c.groups[row] ?? 0)
            : callArguments(c.argument1[row], c.argument2[row], c.argument3[row]),
        ),
      asked_id: () => integerColumn((row) => askedId(operation(row), c.askedId[row] ?? 0)),
      kernel_object_type: () => integerColumn((row) => c.objectType[row] || null),
      kernel_object_uid: () => integerColumn((row) => c.objectId[row] || null),
      file_inode: () => plainColumn((row) => (hasFile(row) ? longValue(c.inode[row]) : null)),
      file_device: () =>
        plainColumn((row) => (c.device[row] ? deviceText(c.device[row] ?? 0) : null)),
      target_process_uid: () => plainColumn((row) => target(row)?.uid ?? null),
      target_process_pid: () => integerColumn((row) => target(row)?.pid ?? null),
      target_process_name: context.imageColumn(target, (image) => image.name),
      changes: () => plainColumn((row) => credChanges(c, row, credKnown(c.flags[row] ?? 0))),
      before_user_uid: before(c.beforeUid),
      before_user_euid: before(c.beforeEuid),
      before_group_gid: before(c.beforeGid),
      before_group_egid: before(c.beforeEgid),
      before_cap_effective: () =>
        plainColumn((row) => (isKnown(row) ? capabilityText(c.beforeCapEffective[row]) : null)),
      after_user_uid: after(c.afterUid),
      after_user_euid: after(c.afterEuid),
      after_group_gid: after(c.afterGid),
      after_group_egid: after(c.afterEgid),
      after_cap_effective: () => plainColumn((row) => capabilityText(c.afterCapEffective[row])),
      count: () => plainColumn((row) => Number(c.count[row] ?? 0n)),
      start_time: () => plainColumn((row) => context.wallText(c.firstNs[row] ?? 0n)),
      end_time: () => plainColumn((row) => context.wallText(c.lastNs[row] ?? 0n)),
      status_code: () => integerColumn((row) => c.errno[row] || null),
      kernel_flags: () => plainColumn((row) => credFlagWords(c.flags[row] ?? 0)),
    }
  },
}
