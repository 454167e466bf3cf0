/**
 * Facts and views of File System Activity and Module Activity, and how rows of `file` become facts: those of files
 * that are mapped as code are Module Activity.
 */
import { fileClass, fileFlags, fileOperations, moduleClass } from '@honeyguide/model'
import { fileFlagBits } from '../../../normalise/flag-words.ts'
import type { StoreColumn } from '../store-column.ts'
import type { TableBuffer } from '../table-buffer.ts'
import {
  actorColumns,
  defineActivityStore,
  u63,
  writeActor,
  type FactContext,
} from './activity-store.ts'
import {
  actorJoins,
  actorViewColumns,
  col,
  eventViewColumns,
  flagWordsSql,
  imageJoin,
  namedProcessColumns,
  textJoin,
  type ViewColumn,
  type ViewDefinition,
} from './view-column.ts'

const identityColumns = {
  /** Id of `text`. */
  path: 'i32',
  inode: 'u64',
  device: 'u32',
  mount_ns: 'u32',
  mode: 'u32',
  owner: 'u32',
  owner_group: 'u32',
  size: 'u64',
  flags: 'u32',
  count: 'i64',
  first: 'time',
  last: 'time',
} as const satisfies Record<string, StoreColumn>

const fileColumns = {
  ...actorColumns,
  ...identityColumns,
  /** Id of `text`. */
  second_path: 'i32',
  open_flags: 'u32',
  errno: 'u32',
} as const satisfies Record<string, StoreColumn>

const moduleColumns = {
  ...actorColumns,
  ...identityColumns,
  writer: 'i64',
} as const satisfies Record<string, StoreColumn>

const withInode = (sql: string): string => `CASE WHEN f.inode <> 0 THEN ${sql} END`
const owner = (column: string): string =>
  `CASE WHEN f.inode <> 0 OR f.kind = ${fileOperations.chown} THEN nullif(f.${column}, 4294967295) END`

function identityView(prefix: 'file' | 'module_file'): Record<string, ViewColumn> {
  return {
    [`${prefix}_path`]: col('xt.value', 'xt'),
    [`${prefix}_name`]: col('xt.base', 'xt'),
    [`${prefix}_inode`]: col('nullif(f.inode, 0)'),
    [`${prefix}_device`]: col(
      withInode(`(f.device >> 20)::VARCHAR || ':' || (f.device & 1048575)::VARCHAR`),
    ),
    [`${prefix}_owner_uid`]: col(owner('owner')),
    [`${prefix}_owner_gid`]: col(owner('owner_group')),
    [`${prefix}_mode`]: col('CASE WHEN f.mode <> 0 THEN to_base(f.mode::BIGINT, 8, 4) END'),
    [`${prefix}_size`]: col(withInode('f.size')),
    actor_process_namespace_mnt: col('nullif(f.mount_ns, 0)'),
    count: col('f.count'),
    start_time: col('f.first'),
    end_time: col('f.last'),
  }
}

const { kinds } = fileClass
const activities: readonly (readonly [operation: number, keyof typeof kinds])[] = [
  [fileOperations.read, 'file_read'],
  [fileOperations.create, 'file_create'],
  [fileOperations.rename, 'file_rename'],
  [fileOperations.link, 'file_link'],
  [fileOperations.symlink, 'file_symlink'],
  [fileOperations.delete, 'file_delete'],
  [fileOperations.mknod, 'file_mknod'],
  [fileOperations.chmod, 'file_chmod'],
  [fileOperations.chown, 'file_chown'],
  [fileOperations.truncate, 'file_truncate'],
]
const activitySql = (of: 'id' | 'name'): string => {
  const value = (kind: keyof typeof kinds): string =>
    of === 'id' ? String(kinds[kind].activity.id) : `'${kinds[kind].activity.name}'`
  return `CASE f.kind ${activities.map(([operation, kind]) => `WHEN ${operation} THEN ${value(kind)}`).join(' ')} ELSE ${value('file_write')} END`
}

const fileView: ViewDefinition = {
  from: 'file_fact',
  joins: {
    ...actorJoins,
    xt: textJoin('xt', 'f.path'),
    st: textJoin('st', 'f.second_path'),
  },
  columns: {
    ...eventViewColumns(fileClass.uid, 'd', { id: activitySql('id'), name: activitySql('name') }),
    ...actorViewColumns(),
    ...identityView('file'),
    file_result_path: col('st.value', 'st'),
    open_flags: col(
      `CASE WHEN f.kind IN (${fileOperations.read}, ${fileOperations.write}) OR (f.kind = ${fileOperations.create} AND f.flags & ${fileFlags.directory} = 0) THEN f.open_flags END`,
    ),
    status_code: col('nullif(f.errno, 0)'),
    file_flags: col(flagWordsSql('f.flags', fileFlagBits)),
  },
}

export const fileStore = defineActivityStore({
  view: 'file_activity',
  class: fileClass,
  table: 'file_fact',
  columns: fileColumns,
  ring: 'd',
  definition: fileView,
  hookSql: `'file'`,
  images: ['image'],
  pids: { actor_process_uid: 'f.pid' },
  mark: {
    kind: 'file',
    where: `f.flags & ${fileFlags.repeats} = 0`,
    sign: `CASE f.kind WHEN ${fileOperations.read} THEN 'reads' WHEN ${fileOperations.create} THEN 'makes' WHEN ${fileOperations.rename} THEN 'renames' WHEN ${fileOperations.delete} THEN 'removes' WHEN ${fileOperations.link} THEN 'links' WHEN ${fileOperations.symlink} THEN 'links' WHEN ${fileOperations.write} THEN 'writes' ELSE 'changes' END`,
    text: 'f.path',
    port: '0',
  },
  sequences: { event_uid: 'f.seq' },
})

const moduleView: ViewDefinition = {
  from: 'module_fact',
  joins: { ...actorJoins, xt: textJoin('xt', 'f.path'), w: imageJoin('w', 'f.writer') },
  columns: {
    ...eventViewColumns(moduleClass.uid, 'd', { id: '1', name: `'Load'` }),
    ...actorViewColumns(),
    ...identityView('module_file'),
    ...namedProcessColumns('writer_process', 'w'),
    module_flags: col(flagWordsSql('f.flags', fileFlagBits)),
  },
}

export const moduleStore = defineActivityStore({
  view: 'module_activity',
  class: moduleClass,
  table: 'module_fact',
  columns: moduleColumns,
  ring: 'd',
  definition: moduleView,
  hookSql: `'file'`,
  images: ['image', 'writer'],
  pids: { actor_process_uid: 'f.pid' },
  mark: {
    kind: 'file',
    where: `f.flags & ${fileFlags.repeats} = 0`,
    sign: `'loads'`,
    text: 'f.path',
    port: '0',
  },
  others: [{ table: 'file', pid: 'writerPid', startNs: 'writerStartNs', execNo: 'writerExecNo' }],
  sequences: { event_uid: 'f.seq' },
})

/** Writes the rows of `file` of a batch. */
export function writeFiles(
  context: FactContext,
  files: TableBuffer<typeof fileColumns>,
  modules: TableBuffer<typeof moduleColumns>,
): void {
  const { batch, textId } = context
  const table = batch.table('file')
  if (!table) return
  const c = table.columns
  for (let row = 0; row < table.rows; row++) {
    const operation = c.operation[row] ?? 0
    const isModule = operation === fileOperations.mapExecutable
    const placed = (isModule ? modules : files).add()
    const to = (isModule ? modules : files).columns
    writeActor(context, to, placed, operation, c, row)
    to.path[placed] = textId(batch.text(c.path[row] ?? 0))
    to.inode[placed] = u63(c.inode[row])
    to.device[placed] = c.device[row] ?? 0
    to.mount_ns[placed] = c.mountNs[row] ?? 0
    to.mode[placed] = c.mode[row] ?? 0
    to.owner[placed] = c.owner[row] ?? 0
    to.owner_group[placed] = c.group[row] ?? 0
    to.size[placed] = u63(c.size[row])
    to.flags[placed] = c.flags[row] ?? 0
    to.count[placed] = u63(c.count[row])
    to.first[placed] = context.timeUs(c.firstNs[row] ?? 0n)
    to.last[placed] = context.timeUs(c.lastNs[row] ?? 0n)
    if (isModule) {
      modules.columns.writer[placed] =
        context.refer(c.writerPid[row] ?? 0, c.writerStartNs[row] ?? 0n, c.writerExecNo[row] ?? 0)
          ?.id ?? 0n
      continue
    }
    files.columns.second_path[placed] = textId(batch.text(c.secondPath[row] ?? 0))
    files.columns.open_flags[placed] = c.openFlags[row] ?? 0
    files.columns.errno[placed] = c.errno[row] ?? 0
  }
}
