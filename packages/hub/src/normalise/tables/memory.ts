/** Memory that becomes code, and memory of other processes that is read or written. */
import { integerColumn, plainColumn, textColumn } from '../column-reader.ts'
import type { Refer } from '../context.ts'
import { memoryFlagWords } from '../flag-words.ts'
import { memoryOf, protectionText } from '../kernel-words.ts'
import { deviceText, longValue } from '../numbers.ts'
import type { TableNormaliser } from '../table-normaliser.ts'

export const memoryNormaliser: TableNormaliser<'memory'> = {
  table: 'memory',
  ring: 'l',
  kind: (table, row) => memoryOf(table.columns.operation[row] ?? 0).kind,
  readers(context, table) {
    const { batch, references } = context
    const c = table.columns
    const own = context.actor(c)
    const words = (row: number) => memoryOf(c.operation[row] ?? 0)
    const target: Refer = (row) =>
      references.of(c.targetPid[row] ?? 0, c.targetStartNs[row] ?? 0n, c.targetExecNo[row] ?? 0)
    return {
      ...context.eventColumns(
        'l',
        c,
        (row) => words(row).kind,
        (row) => words(row).activity,
      ),
      ...context.processColumns('actor_process', own, (row) => c.uid[row] ?? 0),
      actor_process_container_uid: context.imageColumn(own, (image) => image.container),
      actor_process_unit: context.imageColumn(own, (image) => image.unit),
      memory_operation: () => plainColumn((row) => words(row).operation),
      memory_size: () => plainColumn((row) => Number(c.bytes[row] ?? 0n)),
      memory_address: () =>
        plainColumn((row) => (c.address[row] ? `0x${(c.address[row] ?? 0n).toString(16)}` : null)),
      memory_protection: () => plainColumn((row) => protectionText(c.protection[row] ?? 0)),
      call_flags: () => plainColumn((row) => longValue(c.callFlags[row])),
      target_process_uid: () => plainColumn((row) => target(row)?.uid ?? null),
      target_process_pid: () => integerColumn((row) => target(row)?.pid ?? null),
      target_process_name: context.imageColumn(target, (image) => image.name),
      file_path: () => textColumn(batch, c.path),
      file_inode: () => plainColumn((row) => (c.inode[row] ? longValue(c.inode[row]) : null)),
      file_device: () =>
        plainColumn((row) => (c.device[row] ? deviceText(c.device[row] ?? 0) : null)),
      count: () => plainColumn((row) => Number(c.count[row] ?? 0n)),
      start_time: () => plainColumn((row) => context.wallText(c.firstNs[row] ?? 0n)),
      end_time: () => plainColumn((row) => context.wallText(c.lastNs[row] ?? 0n)),
      status_code: () => integerColumn((row) => c.errno[row] || null),
      memory_flags: () => plainColumn((row) => memoryFlagWords(c.flags[row] ?? 0)),
    }
  },
}
