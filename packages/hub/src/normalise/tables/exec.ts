/** Launch: a process runs something else now. */
import { baseName } from '@honeyguide/detect'
import { argvLine, splitArgv } from '@honeyguide/model'
import {
  derivedColumn,
  integerColumn,
  plainColumn,
  textColumn,
  type ColumnReader,
} from '../column-reader.ts'
import type { Refer } from '../context.ts'
import { imageFlagWords } from '../flag-words.ts'
import { parentOf } from '../lifecycle.ts'
import type { TableNormaliser } from '../table-normaliser.ts'

const unsetId = 4294967295

export const execNormaliser: TableNormaliser<'exec'> = {
  table: 'exec',
  ring: 'l',
  kind: () => 'exec',
  readers(context, table) {
    const { batch, references } = context
    const c = table.columns
    const own: Refer = context.actor(c)
    const parent = parentOf(context, own, {
      pid: c.parentPid,
      startNs: c.parentStartNs,
      execNo: c.parentExecNo,
    })
    const caller: Refer = (row) =>
      references.of(c.pid[row] ?? 0, c.startNs[row] ?? 0n, c.previousExecNo[row] ?? 0)
    const text = (ids: Uint32Array) => (): ColumnReader => textColumn(batch, ids)
    const integer = (values: Uint32Array) => (): ColumnReader =>
      integerColumn((row) => values[row] ?? 0)
    return {
      ...context.eventColumns('l', c, () => 'exec'),
      ...context.processColumns('process', own, (row) => c.uid[row] ?? 0),
      process_name: () => ({
        value: (row) => {
          const file = c.file[row] ?? 0
          if (file !== 0) return baseName(batch.text(file))
          return baseName(splitArgv(batch.text(c.argv[row] ?? 0))[0] ?? '')
        },
        id: (row) => c.file[row] || -1,
      }),
      process_cmd_line: () => derivedColumn(c.argv, (id) => argvLine(batch.text(id))),
      process_file_path: text(c.file),
      process_file_name: text(c.fileTyped),
      process_interpreter: text(c.interpreter),
      process_working_directory: text(c.cwd),
      process_euid: integer(c.euid),
      process_gid: integer(c.gid),
      process_cap_effective: () =>
        plainColumn((row) => (c.capEffective[row] ?? 0n).toString(16).padStart(16, '0')),
      process_session_uid: () =>
        plainColumn((row) => (c.sessionId[row] === unsetId ? -1 : (c.sessionId[row] ?? 0))),
      process_tty: text(c.tty),
      process_container_uid: text(c.container),
      process_unit: text(c.unit),
      process_cgroup: text(c.cgroup),
      process_namespace_pid: integer(c.nsPid),
      process_namespace_mnt: integer(c.mountNs),
      process_namespace_net: integer(c.netNs),
      process_created_time: () => plainColumn((row) => context.wallText(c.startNs[row] ?? 0n)),
      process_flags: () => plainColumn((row) => imageFlagWords(c.flags[row] ?? 0)),
      ...context.processColumns('process_parent_process', parent),
      ...context.processColumns('actor_process', caller),
    }
  },
}
