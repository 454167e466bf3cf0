/** Fork: a child that is still what its parent is. */
import { integerColumn, plainColumn, textColumn } from '../column-reader.ts'
import type { Refer } from '../context.ts'
import { imageFlagWords } from '../flag-words.ts'
import { imageDetail } from '../lifecycle.ts'
import type { TableNormaliser } from '../table-normaliser.ts'

export const forkNormaliser: TableNormaliser<'fork'> = {
  table: 'fork',
  ring: 'l',
  kind: () => 'fork',
  readers(context, table) {
    const { batch, references } = context
    const c = table.columns
    const child: Refer = context.actor(c)
    const parent: Refer = (row) =>
      references.of(c.parentPid[row] ?? 0, c.parentStartNs[row] ?? 0n, c.parentExecNo[row] ?? 0)
    return {
      ...context.eventColumns('l', c, () => 'fork'),
      ...imageDetail(context, child),
      ...context.processColumns('process', child, (row) => c.uid[row] ?? 0),
      process_cgroup: () => textColumn(batch, c.cgroup),
      process_namespace_pid: () => integerColumn((row) => c.nsPid[row] ?? 0),
      process_created_time: () => plainColumn((row) => context.wallText(c.startNs[row] ?? 0n)),
      process_flags: () => plainColumn((row) => imageFlagWords(c.flags[row] ?? 0)),
      ...context.processColumns('process_parent_process', parent),
      ...context.processColumns('actor_process', parent),
    }
  },
}
