/** Facts and view of Memory Activity, and how rows of `memory` become facts. */
import { memoryClass } from '@honeyguide/model'
import { memoryFlagBits } from '../../../normalise/flag-words.ts'
import { memoryByNumber, memoryOf, type MemoryWords } from '../../../normalise/kernel-words.ts'
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
  type ViewDefinition,
} from './view-column.ts'

const columns = {
  ...actorColumns,
  bytes: 'i64',
  address: 'u64',
  protection: 'u32',
  call_flags: 'u64',
  target: 'i64',
  /** Id of `text`. */
  path: 'i32',
  inode: 'u64',
  device: 'u32',
  count: 'i64',
  first: 'time',
  last: 'time',
  errno: 'u32',
  flags: 'u32',
} as const satisfies Record<string, StoreColumn>

/** A word of each operation, as SQL over its number. */
function words(read: (of: MemoryWords) => string, other: string): string {
  const cases = [...memoryByNumber].map(([number, of]) => `WHEN ${number} THEN ${read(of)}`)
  return `CASE f.kind ${cases.join(' ')} ELSE ${other} END`
}

const unknown = memoryOf(-1)
const hexAddress = `CASE WHEN f.address <> 0 THEN '0x' || lower(to_base(f.address::BIGINT, 16)) END`

const view: ViewDefinition = {
  from: 'memory_fact',
  joins: {
    ...actorJoins,
    xt: textJoin('xt', 'f.path'),
    t: imageJoin('t', 'f.target'),
  },
  columns: {
    ...eventViewColumns(memoryClass.uid, 'l', {
      id: words(({ activity }) => String(activity.id), String(unknown.activity.id)),
      name: words(({ activity }) => `'${activity.name}'`, `'${unknown.activity.name}'`),
    }),
    ...actorViewColumns(),
    memory_operation: col(
      words(({ operation }) => `'${operation}'`, `'operation ' || f.kind::VARCHAR`),
    ),
    memory_size: col('f.bytes'),
    memory_address: col(hexAddress),
    memory_protection: col(
      `concat(CASE WHEN f.protection & 1 > 0 THEN 'r' END, CASE WHEN f.protection & 2 > 0 THEN 'w' END, CASE WHEN f.protection & 4 > 0 THEN 'x' END)`,
    ),
    call_flags: col('f.call_flags'),
    ...namedProcessColumns('target_process', 't'),
    file_path: col('xt.value', 'xt'),
    file_inode: col('nullif(f.inode, 0)'),
    file_device: col(
      `CASE WHEN f.device <> 0 THEN (f.device >> 20)::VARCHAR || ':' || (f.device & 1048575)::VARCHAR END`,
    ),
    count: col('f.count'),
    start_time: col('f.first'),
    end_time: col('f.last'),
    status_code: col('nullif(f.errno, 0)'),
    memory_flags: col(flagWordsSql('f.flags', memoryFlagBits)),
  },
}

export const memoryStore = defineActivityStore({
  view: 'memory_activity',
  class: memoryClass,
  table: 'memory_fact',
  columns,
  ring: 'l',
  definition: view,
  hookSql: `'memory'`,
  images: ['image', 'target'],
  pids: { actor_process_uid: 'f.pid' },
  others: [{ table: 'memory', pid: 'targetPid', startNs: 'targetStartNs', execNo: 'targetExecNo' }],
  sequences: { event_uid: 'f.seq' },
})

/** Writes the rows of `memory` of a batch. */
export function writeMemory(context: FactContext, buffer: TableBuffer<typeof columns>): void {
  const { batch, textId } = context
  const table = batch.table('memory')
  if (!table) return
  const c = table.columns
  for (let row = 0; row < table.rows; row++) {
    const placed = buffer.add()
    const to = buffer.columns
    writeActor(context, to, placed, c.operation[row] ?? 0, c, row)
    to.bytes[placed] = u63(c.bytes[row])
    to.address[placed] = u63(c.address[row])
    to.protection[placed] = c.protection[row] ?? 0
    to.call_flags[placed] = u63(c.callFlags[row])
    to.target[placed] =
      context.refer(c.targetPid[row] ?? 0, c.targetStartNs[row] ?? 0n, c.targetExecNo[row] ?? 0)
        ?.id ?? 0n
    to.path[placed] = textId(batch.text(c.path[row] ?? 0))
    to.inode[placed] = u63(c.inode[row])
    to.device[placed] = c.device[row] ?? 0
    to.count[placed] = u63(c.count[row])
    to.first[placed] = context.timeUs(c.firstNs[row] ?? 0n)
    to.last[placed] = context.timeUs(c.lastNs[row] ?? 0n)
    to.errno[placed] = c.errno[row] ?? 0
    to.flags[placed] = c.flags[row] ?? 0
  }
}
