/** What was done to files; and files written at run time that become code in a process. */
import { baseName } from '@honeyguide/detect'
import { fileFlags, fileOperations, type EventKind } from '@honeyguide/model'
import {
  derivedColumn,
  integerColumn,
  plainColumn,
  textColumn,
  type ColumnReader,
} from '../column-reader.ts'
import type { Refer } from '../context.ts'
import { fileFlagWords } from '../flag-words.ts'
import { deviceText, longValue, modeText } from '../numbers.ts'
import type { TableNormaliser } from '../table-normaliser.ts'

const kinds: Readonly<Record<number, EventKind>> = {
  [fileOperations.read]: 'file_read',
  [fileOperations.write]: 'file_write',
  [fileOperations.create]: 'file_create',
  [fileOperations.rename]: 'file_rename',
  [fileOperations.link]: 'file_link',
  [fileOperations.symlink]: 'file_symlink',
  [fileOperations.delete]: 'file_delete',
  [fileOperations.mknod]: 'file_mknod',
  [fileOperations.chmod]: 'file_chmod',
  [fileOperations.chown]: 'file_chown',
  [fileOperations.truncate]: 'file_truncate',
  [fileOperations.mapExecutable]: 'library_load',
}

/** An operation of a newer sensor counts as a write: something was done to the file. */
function fileKind(operation: number): EventKind {
  return kinds[operation] ?? 'file_write'
}

const unchanged = 0xffffffff

export const fileNormaliser: TableNormaliser<'file'> = {
  table: 'file',
  ring: 'd',
  kind: (table, row) => fileKind(table.columns.operation[row] ?? 0),
  readers(context, table) {
    const { batch, references } = context
    const c = table.columns
    const own = context.actor(c)
    const writer: Refer = (row) =>
      references.of(c.writerPid[row] ?? 0, c.writerStartNs[row] ?? 0n, c.writerExecNo[row] ?? 0)
    const hasInode = (row: number): boolean => (c.inode[row] ?? 0n) !== 0n
    const isChown = (row: number): boolean => c.operation[row] === fileOperations.chown
    const owner = (ids: Uint32Array) => (): ColumnReader =>
      integerColumn((row) => {
        const id = ids[row] ?? 0
        return id === unchanged || !(hasInode(row) || isChown(row)) ? null : id
      })
    const identity = (prefix: 'file' | 'module_file') => ({
      [`${prefix}_path`]: () => textColumn(batch, c.path),
      [`${prefix}_name`]: () => derivedColumn(c.path, (id) => baseName(batch.text(id))),
      [`${prefix}_inode`]: () =>
        plainColumn((row) => (hasInode(row) ? longValue(c.inode[row]) : null)),
      [`${prefix}_device`]: () =>
        plainColumn((row) => (hasInode(row) ? deviceText(c.device[row] ?? 0) : null)),
      [`${prefix}_owner_uid`]: owner(c.owner),
      [`${prefix}_owner_gid`]: owner(c.group),
      [`${prefix}_mode`]: () =>
        plainColumn((row) => (c.mode[row] ? modeText(c.mode[row] ?? 0) : null)),
      [`${prefix}_size`]: () => plainColumn((row) => (hasInode(row) ? Number(c.size[row]) : null)),
    })
    const time = (values: BigUint64Array) => () =>
      plainColumn((row) => context.wallText(values[row] ?? 0n))
    const flags = () => plainColumn((row) => fileFlagWords(c.flags[row] ?? 0))
    const isOpen = (row: number): boolean =>
      c.operation[row] === fileOperations.read ||
      c.operation[row] === fileOperations.write ||
      (c.operation[row] === fileOperations.create &&
        ((c.flags[row] ?? 0) & fileFlags.directory) === 0)
    return {
      ...context.eventColumns('d', c, (row) => fileKind(c.operation[row] ?? 0)),
      ...context.processColumns('actor_process', own, (row) => c.uid[row] ?? 0),
      actor_process_container_uid: context.imageColumn(own, (image) => image.container),
      actor_process_unit: context.imageColumn(own, (image) => image.unit),
      actor_process_namespace_mnt: () => integerColumn((row) => c.mountNs[row] || null),
      ...identity('file'),
      ...identity('module_file'),
      file_result_path: () => textColumn(batch, c.secondPath),
      open_flags: () => integerColumn((row) => (isOpen(row) ? (c.openFlags[row] ?? 0) : null)),
      count: () => plainColumn((row) => Number(c.count[row] ?? 0n)),
      start_time: time(c.firstNs),
      end_time: time(c.lastNs),
      status_code: () => integerColumn((row) => c.errno[row] || null),
      file_flags: flags,
      writer_process_uid: () => plainColumn((row) => writer(row)?.uid ?? null),
      writer_process_pid: () => integerColumn((row) => writer(row)?.pid ?? null),
      writer_process_name: context.imageColumn(writer, (image) => image.name),
      module_flags: flags,
    }
  },
}
