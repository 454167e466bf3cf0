/** Launch Failed: what was tried, by whom, and why it did not work. */
import { baseName } from '@honeyguide/detect'
import { argvLine, splitArgv } from '@honeyguide/model'
import { absent, derivedColumn, integerColumn, plainColumn, textColumn } from '../column-reader.ts'
import type { Refer } from '../context.ts'
import { imageFlagWords } from '../flag-words.ts'
import { imageDetail, parentOf } from '../lifecycle.ts'
import type { TableNormaliser } from '../table-normaliser.ts'

export const execFailedNormaliser: TableNormaliser<'exec_failed'> = {
  table: 'exec_failed',
  ring: 'l',
  kind: () => 'exec_failed',
  readers(context, table) {
    const { batch } = context
    const c = table.columns
    const caller: Refer = context.actor(c)
    return {
      ...context.eventColumns('l', c, () => 'exec_failed'),
      ...imageDetail(context, caller),
      ...context.processColumns('process', caller, (row) => c.uid[row] ?? 0),
      // What was tried; there is no resolved file.
      process_name: () =>
        plainColumn((row) => {
          const typed = baseName(batch.text(c.fileTyped[row] ?? 0))
          return typed || baseName(splitArgv(batch.text(c.argv[row] ?? 0))[0] ?? '')
        }),
      process_cmd_line: () => derivedColumn(c.argv, (id) => argvLine(batch.text(id))),
      process_file_path: () => absent,
      process_file_name: () => textColumn(batch, c.fileTyped),
      process_interpreter: () => absent,
      process_created_time: () => plainColumn((row) => context.wallText(c.startNs[row] ?? 0n)),
      process_flags: () => plainColumn((row) => imageFlagWords(c.flags[row] ?? 0)),
      ...context.processColumns(
        'process_parent_process',
        parentOf(context, caller, { pid: c.parentPid, startNs: c.parentStartNs }),
      ),
      ...context.processColumns('actor_process', caller, (row) => c.uid[row] ?? 0),
      status_code: () => integerColumn((row) => c.errno[row] ?? 0),
    }
  },
}
