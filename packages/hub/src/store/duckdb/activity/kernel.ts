/** Facts and view of Kernel Activity, and how rows of `cred` and `io_uring` become facts. */
import { credOperations, formatAddress, ioUringOperations, kernelClass } from '@honeyguide/model'
import { credFlagBits, ioUringFlagBits } from '../../../normalise/flag-words.ts'
import {
  askedId,
  callArguments,
  credCall,
  credChanges,
  credKind,
  credRequest,
  uringCall,
  uringError,
  uringName,
  uringStage,
} from '../../../normalise/kernel-words.ts'
import { credKnown } from '../../../normalise/tables/cred.ts'
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

/** Where a number is absent. */
const absent = 0xffffffff

const columns = {
  ...actorColumns,
  /** 0: a row of `cred`. 1: one of `io_uring`. */
  source_table: 'u8',
  /** Ids of `text`. */
  type: 'i32',
  call: 'i32',
  name: 'i32',
  path: 'i32',
  source: 'i32',
  subtype: 'i32',
  options: 'text',
  request: 'u32',
  call_flags: 'u64',
  arguments: 'text',
  asked_id: 'u32',
  object_type: 'u32',
  object: 'u64',
  inode: 'u64',
  device: 'u32',
  target: 'i64',
  /** 1: what was before is known. */
  known: 'u8',
  changes: 'text',
  before_uid: 'u32',
  before_euid: 'u32',
  before_gid: 'u32',
  before_egid: 'u32',
  before_caps: 'u64',
  after_uid: 'u32',
  after_euid: 'u32',
  after_gid: 'u32',
  after_egid: 'u32',
  after_caps: 'u64',
  remote_ip: 'i32',
  remote_port: 'u32',
  count: 'i64',
  first: 'time',
  last: 'time',
  errno: 'u32',
  flags: 'u32',
} as const satisfies Record<string, StoreColumn>

const ring = { sql: `CASE f.source_table WHEN 1 THEN 'd' ELSE 'l' END` } as const
const ofCred = (sql: string): string => `CASE WHEN f.source_table = 0 THEN ${sql} END`
const device = `CASE WHEN f.device <> 0 THEN (f.device >> 20)::VARCHAR || ':' || (f.device & 1048575)::VARCHAR END`

function rights(when: 'before' | 'after'): Record<string, ViewColumn> {
  const known = (sql: string): string =>
    `CASE WHEN f.source_table = 0${when === 'before' ? ' AND f.known = 1' : ''} THEN ${sql} END`
  return {
    [`${when}_user_uid`]: col(known(`f.${when}_uid`)),
    [`${when}_user_euid`]: col(known(`f.${when}_euid`)),
    [`${when}_group_gid`]: col(known(`f.${when}_gid`)),
    [`${when}_group_egid`]: col(known(`f.${when}_egid`)),
    [`${when}_cap_effective`]: col(known(`printf('%016x', f.${when}_caps)`)),
  }
}

const view: ViewDefinition = {
  from: 'kernel_fact',
  joins: {
    ...actorJoins,
    kt: textJoin('kt', 'f.type'),
    ct: textJoin('ct', 'f.call'),
    nt: textJoin('nt', 'f.name'),
    pt: textJoin('pt', 'f.path'),
    st: textJoin('st', 'f.source'),
    bt: textJoin('bt', 'f.subtype'),
    rt: textJoin('rt', 'f.remote_ip'),
    t: imageJoin('t', 'f.target'),
  },
  columns: {
    ...eventViewColumns(kernelClass.uid, ring, { id: '4', name: `'Invoke'` }),
    ...actorViewColumns(),
    kernel_type: col('kt.value', 'kt'),
    kernel_system_call: col('ct.value', 'ct'),
    kernel_name: col('nt.value', 'nt'),
    kernel_path: col('pt.value', 'pt'),
    kernel_source: col('st.value', 'st'),
    kernel_subtype: col('bt.value', 'bt'),
    kernel_options: col('f.options'),
    kernel_request: col(`nullif(f.request, ${absent})`),
    call_flags: col('f.call_flags'),
    call_arguments: col('f.arguments'),
    asked_id: col(`nullif(f.asked_id, ${absent})`),
    kernel_object_type: col('nullif(f.object_type, 0)'),
    kernel_object_uid: col('nullif(f.object, 0)'),
    file_inode: col('nullif(f.inode, 0)'),
    file_device: col(device),
    ...namedProcessColumns('target_process', 't'),
    changes: col(ofCred('CASE f.known WHEN 1 THEN f.changes END')),
    ...rights('before'),
    ...rights('after'),
    dst_endpoint_ip: col(`nullif(rt.value, '')`, 'rt'),
    dst_endpoint_port: col('CASE WHEN f.remote_ip <> 0 THEN f.remote_port END'),
    count: col('f.count'),
    start_time: col('f.first'),
    end_time: col('f.last'),
    status_code: col('nullif(f.errno, 0)'),
    kernel_flags: col(
      `CASE f.source_table WHEN 1 THEN ${flagWordsSql('f.flags', ioUringFlagBits)} ELSE ${flagWordsSql('f.flags', credFlagBits)} END`,
    ),
  },
}

export const kernelStore = defineActivityStore({
  view: 'kernel_activity',
  class: kernelClass,
  table: 'kernel_fact',
  columns,
  ring,
  definition: view,
  hookSql: `CASE f.source_table WHEN 1 THEN 'io_uring' ELSE 'cred' END`,
  images: ['image', 'target'],
  pids: { actor_process_uid: 'f.pid' },
  mark: {
    kind: 'credential',
    where: `f.source_table = 0 AND f.kind <= ${credOperations.unexplained}`,
    sign: `'calls'`,
    text: 'f.call',
    port: '0',
  },
  others: [{ table: 'cred', pid: 'targetPid', startNs: 'targetStartNs', execNo: 'targetExecNo' }],
  sequences: { event_uid: 'f.seq' },
})

type Buffer = TableBuffer<typeof columns>

function writeCred(context: FactContext, buffer: Buffer): void {
  const { batch, textId } = context
  const table = batch.table('cred')
  if (!table) return
  const c = table.columns
  for (let row = 0; row < table.rows; row++) {
    const operation = c.operation[row] ?? 0
    const known = credKnown(c.flags[row] ?? 0)
    const placed = buffer.add()
    const to = buffer.columns
    writeActor(context, to, placed, operation, c, row)
    to.type[placed] = textId(credKind(operation))
    to.call[placed] = textId(credCall(operation))
    to.name[placed] = textId(batch.text(c.name[row] ?? 0))
    to.path[placed] = textId(batch.text(c.path[row] ?? 0))
    to.source[placed] = textId(batch.text(c.source[row] || (c.oldName[row] ?? 0)))
    to.subtype[placed] = textId(batch.text(c.type[row] ?? 0))
    to.options[placed] = batch.text(c.options[row] ?? 0)
    to.request[placed] = credRequest(operation, c.request[row] ?? 0) ?? absent
    to.call_flags[placed] = u63(c.callFlags[row])
    to.arguments[placed] =
      operation === credOperations.setgroups
        ? batch.text(c.groups[row] ?? 0)
        : callArguments(c.argument1[row], c.argument2[row], c.argument3[row])
    to.asked_id[placed] = askedId(operation, c.askedId[row] ?? 0) ?? absent
    to.object_type[placed] = c.objectType[row] ?? 0
    to.object[placed] = BigInt(c.objectId[row] ?? 0)
    to.inode[placed] = u63(c.inode[row])
    to.device[placed] = c.device[row] ?? 0
    to.target[placed] =
      context.refer(c.targetPid[row] ?? 0, c.targetStartNs[row] ?? 0n, c.targetExecNo[row] ?? 0)
        ?.id ?? 0n
    to.known[placed] = known === 'no' ? 0 : 1
    to.changes[placed] = credChanges(c, row, known) ?? ''
    to.before_uid[placed] = c.beforeUid[row] ?? 0
    to.before_euid[placed] = c.beforeEuid[row] ?? 0
    to.before_gid[placed] = c.beforeGid[row] ?? 0
    to.before_egid[placed] = c.beforeEgid[row] ?? 0
    to.before_caps[placed] = u63(c.beforeCapEffective[row])
    to.after_uid[placed] = c.afterUid[row] ?? 0
    to.after_euid[placed] = c.afterEuid[row] ?? 0
    to.after_gid[placed] = c.afterGid[row] ?? 0
    to.after_egid[placed] = c.afterEgid[row] ?? 0
    to.after_caps[placed] = u63(c.afterCapEffective[row])
    to.count[placed] = u63(c.count[row])
    to.first[placed] = context.timeUs(c.firstNs[row] ?? 0n)
    to.last[placed] = context.timeUs(c.lastNs[row] ?? 0n)
    to.errno[placed] = c.errno[row] ?? 0
    to.flags[placed] = c.flags[row] ?? 0
  }
}

function writeUring(context: FactContext, buffer: Buffer): void {
  const { batch, textId } = context
  const table = batch.table('io_uring')
  if (!table) return
  const c = table.columns
  for (let row = 0; row < table.rows; row++) {
    const operation = c.operation[row] ?? 0
    const opcode = c.opcode[row] ?? 0
    const placed = buffer.add()
    const to = buffer.columns
    writeActor(context, to, placed, operation, c, row)
    to.source_table[placed] = 1
    to.type[placed] = textId('io_uring')
    to.call[placed] = textId(uringCall(operation))
    to.name[placed] = textId(uringName(operation, opcode))
    to.path[placed] = textId(batch.text(c.path[row] ?? 0))
    to.source[placed] = textId(batch.text(c.path2[row] ?? 0))
    to.subtype[placed] = textId(uringStage(operation))
    to.request[placed] = opcode
    to.call_flags[placed] = BigInt(c.requestFlags[row] ?? 0)
    to.asked_id[placed] = absent
    to.object[placed] = u63(c.requestId[row])
    to.inode[placed] = u63(c.inode[row])
    to.device[placed] = (c.inode[row] ?? 0n) === 0n ? 0 : (c.device[row] ?? 0)
    const remote = c.remoteAddress[row] ?? 0
    to.remote_ip[placed] = remote === 0 ? 0 : textId(formatAddress(batch.bytes(remote)))
    to.remote_port[placed] = c.remotePort[row] ?? 0
    const count = u63(c.count[row])
    to.count[placed] = count === 0n ? 1n : count
    to.first[placed] = context.timeUs(c.bootNs[row] ?? 0n)
    to.last[placed] = context.timeUs(c.bootNs[row] ?? 0n)
    to.errno[placed] = operation === ioUringOperations.complete ? uringError(c.result[row] ?? 0) : 0
    to.flags[placed] = c.flags[row] ?? 0
  }
}

/** Writes the rows of `cred` and `io_uring` of a batch. */
export function writeKernel(context: FactContext, buffer: Buffer): void {
  writeCred(context, buffer)
  writeUring(context, buffer)
}
