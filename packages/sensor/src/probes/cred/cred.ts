/** Rows of `cred`: what a record says, and what was before where the kernel did not let it be read. */
import type { ColumnArrays } from '@honeyguide/model'
import { credFlags, credOperations, type cred } from '@honeyguide/model/tables/cred'
import type { RecordMemory } from '@honeyguide/bpf'
import { cred as fields, credSizeBytes } from '../../../gen/records.ts'
import type { Credentials } from '../../process-cache/credentials.ts'
import { writeHead } from '../event-head.ts'
import type { DecodeContext, Probe } from '../probe.ts'
import { groupList } from './group-list.ts'
import { pathText } from '../path-text.ts'

type Columns = ColumnArrays<typeof cred>

/** Operations whose path is the kernel's, from the root on, and not what the caller typed. */
const isResolved = (operation: number): boolean =>
  operation === credOperations.finitModule || operation === credOperations.kexecFileLoad

export const probe = {
  name: 'cred',
  ring: 'lifecycle',
  programs: [['hg_cred_rename'], ['hg_cred_birth'], ['hg_tallies_end']],
  optionalPrograms: [
    { program: 'hg_cred_commit', needs: 'fentry' },
    { program: 'hg_cred_switch', needs: 'fentry' },
    { program: 'hg_cred_module', needs: 'tracepoint/module_load' },
  ],
  syscallExits: [
    {
      program: 'hg_cred_ids_exit',
      native: [105, 106, 113, 114, 116, 117, 119, 122, 123],
      // With 16-bit ids first, with 32-bit ones behind.
      compat: [23, 46, 70, 71, 81, 164, 170, 138, 139, 213, 214, 203, 204, 206, 208, 210, 215, 216],
    },
    { program: 'hg_cred_capset_exit', native: [126], compat: [185] },
    { program: 'hg_cred_prctl_exit', native: [157], compat: [172] },
    { program: 'hg_cred_ptrace_exit', native: [101, 521], compat: [26] },
    { program: 'hg_cred_perf_event_exit', native: [298], compat: [336] },
    { program: 'hg_cred_seccomp_exit', native: [317], compat: [354] },
    { program: 'hg_cred_personality_exit', native: [135], compat: [136] },
    {
      program: 'hg_cred_module_exit',
      native: [175, 176, 246, 313, 320],
      compat: [128, 129, 283, 350],
    },
    { program: 'hg_cred_bpf_exit', native: [321], compat: [357] },
    { program: 'hg_cred_key_exit', native: [248, 249], compat: [286, 287] },
    { program: 'hg_cred_keyctl_exit', native: [250], compat: [288] },
    {
      program: 'hg_cred_mount_exit',
      native: [155, 161, 165, 166, 428, 429, 430, 431, 432, 433, 442, 467],
      compat: [21, 22, 52, 61, 217, 428, 429, 430, 431, 432, 433, 442, 467],
    },
    { program: 'hg_cred_namespace_exit', native: [272, 308], compat: [310, 346] },
    { program: 'hg_cred_clone_exit', native: [56, 435], compat: [120, 435] },
  ],
  cpuMaps: ['hg_cred_memory'],
  structs: ['hg_cred'],
  decode(context, memory, at, length) {
    const { builder } = context
    if (length < credSizeBytes) return false
    const nameEnd = at + credSizeBytes + fields.nameBytes(memory, at)
    const oldNameEnd = nameEnd + fields.oldNameBytes(memory, at)
    const pathEnd = oldNameEnd + fields.pathBytes(memory, at)
    const sourceEnd = pathEnd + fields.sourceBytes(memory, at)
    const typeEnd = sourceEnd + fields.typeBytes(memory, at)
    const optionsEnd = typeEnd + fields.optionsBytes(memory, at)
    const groupsEnd = optionsEnd + fields.groupsBytes(memory, at)
    // Of a repeat the record holds no more than the first of its texts.
    const end = at + length
    const isCut = groupsEnd > end
    if (isCut && fields.countedCount(memory, at) === 0n) return false
    const { u8 } = memory
    const text = (from: number, to: number): number =>
      builder.text(u8, Math.min(from, end), Math.min(to, end))

    const writer = builder.table('cred')
    const row = writer.add()
    const { columns } = writer
    writeHead(columns, row, memory, at)
    let flags = fields.countedEventFlags(memory, at)
    if (isCut) flags |= credFlags.textTruncated
    columns.uid[row] = fields.countedEventUid(memory, at)
    columns.errno[row] = fields.error(memory, at)
    columns.operation[row] = fields.operation(memory, at)
    columns.count[row] = fields.countedCount(memory, at)
    columns.firstNs[row] = fields.countedSinceNs(memory, at)
    columns.lastNs[row] = fields.countedLastNs(memory, at)
    columns.targetPid[row] = fields.targetPid(memory, at)
    columns.targetTid[row] = fields.targetTid(memory, at)
    columns.targetStartNs[row] = fields.targetStartNs(memory, at)
    columns.targetExecNo[row] = fields.targetExecNo(memory, at)
    columns.request[row] = fields.request(memory, at)
    columns.callFlags[row] = fields.flags(memory, at)
    columns.argument1[row] = fields.arguments(memory, at, 0)
    columns.argument2[row] = fields.arguments(memory, at, 1)
    columns.argument3[row] = fields.arguments(memory, at, 2)
    columns.askedId[row] = fields.askedId(memory, at)
    columns.askedEffectiveId[row] = fields.askedEffectiveId(memory, at)
    columns.askedSavedId[row] = fields.askedSavedId(memory, at)
    columns.groupCount[row] = fields.groupCount(memory, at)
    columns.groups[row] = builder.string(
      groupList(u8.subarray(Math.min(optionsEnd, end), Math.min(groupsEnd, end))),
    )
    columns.objectType[row] = fields.objectType(memory, at)
    columns.objectId[row] = fields.objectId(memory, at)
    columns.name[row] = text(at + credSizeBytes, nameEnd)
    columns.oldName[row] = text(nameEnd, oldNameEnd)
    columns.path[row] = isResolved(fields.operation(memory, at))
      ? pathText(builder, u8, Math.min(oldNameEnd, end), Math.min(pathEnd, end), pathEnd > end)
      : text(oldNameEnd, pathEnd)
    columns.source[row] = text(pathEnd, sourceEnd)
    columns.type[row] = text(sourceEnd, typeEnd)
    columns.options[row] = text(typeEnd, optionsEnd)
    columns.inode[row] = fields.inode(memory, at)
    columns.device[row] = fields.device(memory, at)
    writeBefore(columns, row, memory, at)
    writeAfter(columns, row, memory, at)
    flags |= remember(context, columns, row, flags)
    columns.flags[row] = flags
    return true
  },
} as const satisfies Probe

function writeBefore(columns: Columns, row: number, memory: RecordMemory, at: number): void {
  columns.beforeUid[row] = fields.beforeUid(memory, at)
  columns.beforeEuid[row] = fields.beforeEuid(memory, at)
  columns.beforeSuid[row] = fields.beforeSuid(memory, at)
  columns.beforeFsuid[row] = fields.beforeFsuid(memory, at)
  columns.beforeGid[row] = fields.beforeGid(memory, at)
  columns.beforeEgid[row] = fields.beforeEgid(memory, at)
  columns.beforeSgid[row] = fields.beforeSgid(memory, at)
  columns.beforeFsgid[row] = fields.beforeFsgid(memory, at)
  columns.beforeCapEffective[row] = fields.beforeEffective(memory, at)
  columns.beforeCapPermitted[row] = fields.beforePermitted(memory, at)
  columns.beforeCapInheritable[row] = fields.beforeInheritable(memory, at)
  columns.beforeCapBounding[row] = fields.beforeBounding(memory, at)
  columns.beforeCapAmbient[row] = fields.beforeAmbient(memory, at)
  columns.beforeSecurebits[row] = fields.beforeSecurebits(memory, at)
  columns.beforeMountNs[row] = fields.beforeNsMount(memory, at)
  columns.beforePidNs[row] = fields.beforeNsPid(memory, at)
  columns.beforeNetNs[row] = fields.beforeNsNet(memory, at)
  columns.beforeUserNs[row] = fields.beforeNsUser(memory, at)
  columns.beforeUtsNs[row] = fields.beforeNsUts(memory, at)
  columns.beforeIpcNs[row] = fields.beforeNsIpc(memory, at)
  columns.beforeCgroupNs[row] = fields.beforeNsCgroup(memory, at)
  columns.beforeTimeNs[row] = fields.beforeNsTime(memory, at)
}

function writeAfter(columns: Columns, row: number, memory: RecordMemory, at: number): void {
  columns.afterUid[row] = fields.afterUid(memory, at)
  columns.afterEuid[row] = fields.afterEuid(memory, at)
  columns.afterSuid[row] = fields.afterSuid(memory, at)
  columns.afterFsuid[row] = fields.afterFsuid(memory, at)
  columns.afterGid[row] = fields.afterGid(memory, at)
  columns.afterEgid[row] = fields.afterEgid(memory, at)
  columns.afterSgid[row] = fields.afterSgid(memory, at)
  columns.afterFsgid[row] = fields.afterFsgid(memory, at)
  columns.afterCapEffective[row] = fields.afterEffective(memory, at)
  columns.afterCapPermitted[row] = fields.afterPermitted(memory, at)
  columns.afterCapInheritable[row] = fields.afterInheritable(memory, at)
  columns.afterCapBounding[row] = fields.afterBounding(memory, at)
  columns.afterCapAmbient[row] = fields.afterAmbient(memory, at)
  columns.afterSecurebits[row] = fields.afterSecurebits(memory, at)
  columns.afterMountNs[row] = fields.afterNsMount(memory, at)
  columns.afterPidNs[row] = fields.afterNsPid(memory, at)
  columns.afterNetNs[row] = fields.afterNsNet(memory, at)
  columns.afterUserNs[row] = fields.afterNsUser(memory, at)
  columns.afterUtsNs[row] = fields.afterNsUts(memory, at)
  columns.afterIpcNs[row] = fields.afterNsIpc(memory, at)
  columns.afterCgroupNs[row] = fields.afterNsCgroup(memory, at)
  columns.afterTimeNs[row] = fields.afterNsTime(memory, at)
}

/**
 * Tells the process cache what the row says, and takes from it what the kernel did not: what was before. Returns
 * bits of `credFlags`.
 */
function remember(
  { processes }: DecodeContext,
  columns: Columns,
  row: number,
  flags: number,
): number {
  const pid = columns.pid[row] ?? 0
  const startNs = Number(columns.startNs[row])
  const atNs = Number(columns.bootNs[row])
  const operation = columns.operation[row] ?? 0
  const isBirth = operation === credOperations.clone && columns.errno[row] === 0
  // Told late, as the count of repeats: the state is an older one. And a child's is not its maker's.
  if (columns.lastNs[row] !== columns.bootNs[row] || isBirth) return 0
  const uid = columns.afterUid[row] ?? 0
  const isKnown = (flags & credFlags.beforeKnown) !== 0
  let found = 0
  const told = { uid: isKnown ? (columns.beforeUid[row] ?? 0) : uid, atNs }
  // Where a call changes ids, only what was before tells whether something else had changed them.
  if ((isKnown || !isIdChange(operation)) && processes.isUnexplained(pid, startNs, told))
    found |= credFlags.unexplainedUid
  if (operation === credOperations.unexplained) found |= credFlags.unexplainedUid
  if (!isChange(operation)) return found
  const before = processes.change(pid, startNs, columns.tid[row] ?? 0, {
    uid,
    all: credentialsAfter(columns, row),
    atNs,
  })
  if (isKnown || !before) return found
  columns.beforeUid[row] = before.uid
  columns.beforeEuid[row] = before.euid
  columns.beforeSuid[row] = before.suid
  columns.beforeFsuid[row] = before.fsuid
  columns.beforeGid[row] = before.gid
  columns.beforeEgid[row] = before.egid
  columns.beforeSgid[row] = before.sgid
  columns.beforeFsgid[row] = before.fsgid
  columns.beforeCapEffective[row] = before.capEffective
  columns.beforeCapPermitted[row] = before.capPermitted
  columns.beforeCapInheritable[row] = before.capInheritable
  columns.beforeMountNs[row] = before.mountNs
  columns.beforePidNs[row] = before.pidNs
  columns.beforeNetNs[row] = before.netNs
  columns.beforeUserNs[row] = before.userNs
  return found | credFlags.beforeKnown | credFlags.beforeRemembered
}

const isIdChange = (operation: number): boolean => operation <= credOperations.unexplained

/** As hg_cred_is_change in record.h. */
const isChange = (operation: number): boolean =>
  isIdChange(operation) ||
  operation === credOperations.prctl ||
  operation === credOperations.unshare ||
  operation === credOperations.setns

const credentialsAfter = (columns: Columns, row: number): Credentials => ({
  uid: columns.afterUid[row] ?? 0,
  euid: columns.afterEuid[row] ?? 0,
  suid: columns.afterSuid[row] ?? 0,
  fsuid: columns.afterFsuid[row] ?? 0,
  gid: columns.afterGid[row] ?? 0,
  egid: columns.afterEgid[row] ?? 0,
  sgid: columns.afterSgid[row] ?? 0,
  fsgid: columns.afterFsgid[row] ?? 0,
  capEffective: columns.afterCapEffective[row] ?? 0n,
  capPermitted: columns.afterCapPermitted[row] ?? 0n,
  capInheritable: columns.afterCapInheritable[row] ?? 0n,
  mountNs: columns.afterMountNs[row] ?? 0,
  pidNs: columns.afterPidNs[row] ?? 0,
  netNs: columns.afterNetNs[row] ?? 0,
  userNs: columns.afterUserNs[row] ?? 0,
})
