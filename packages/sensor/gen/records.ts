/**
 * Generated from BTF; do not edit.
 * Again: npm run gen
 */
import type { LayoutClaim, RecordMemory } from '@honeyguide/bpf'

/** The layout that these decoders are for; pass it to `openObject`. */
export const layout = {
  hash: '4a79598fe2470677',
  structs: ['hg_event', 'hg_counters', 'hg_repeat_key', 'hg_repeat', 'hg_cred', 'hg_dns', 'hg_exec', 'hg_exec_failed', 'hg_exit', 'hg_file', 'hg_file_settings', 'hg_file_name', 'hg_file_id', 'hg_fork', 'hg_io_uring', 'hg_memory', 'hg_tcp', 'hg_socket', 'hg_udp', 'hg_udp_key', 'hg_udp_flow'],
  enums: [],
} as const satisfies LayoutClaim

/** Bytes of one struct hg_event. */
export const eventSizeBytes = 48

/** Byte offsets of its fields. */
export const eventOffsets = {
  bootNs: 0,
  seq: 8,
  startNs: 16,
  pid: 24,
  tid: 28,
  execNo: 32,
  kind: 36,
  flags: 40,
  uid: 44,
} as const

/** Reads single fields of the struct hg_event at byte `at` of `m`. */
export const event = {
  /** u64 boot_ns */
  bootNs: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 seq */
  seq: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
  /** u64 start_ns */
  startNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 16) >>> 3] as bigint,
  /** u32 pid */
  pid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 24) >>> 2] as number,
  /** u32 tid */
  tid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 28) >>> 2] as number,
  /** u32 exec_no */
  execNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 32) >>> 2] as number,
  /** u16 kind */
  kind: (m: RecordMemory, at: number): number =>
    m.u16[(at + 36) >>> 1] as number,
  /** u32 flags */
  flags: (m: RecordMemory, at: number): number =>
    m.u32[(at + 40) >>> 2] as number,
  /** u32 uid */
  uid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 44) >>> 2] as number,
} as const

/** A struct hg_event as an object of its own. */
export interface Event {
  readonly bootNs: bigint
  readonly seq: bigint
  readonly startNs: bigint
  readonly pid: number
  readonly tid: number
  readonly execNo: number
  readonly kind: number
  readonly flags: number
  readonly uid: number
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readEvent(m: RecordMemory, at: number): Event {
  return {
    bootNs: event.bootNs(m, at),
    seq: event.seq(m, at),
    startNs: event.startNs(m, at),
    pid: event.pid(m, at),
    tid: event.tid(m, at),
    execNo: event.execNo(m, at),
    kind: event.kind(m, at),
    flags: event.flags(m, at),
    uid: event.uid(m, at),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface EventColumns {
  readonly bootNs: BigUint64Array
  readonly seq: BigUint64Array
  readonly startNs: BigUint64Array
  readonly pid: Uint32Array
  readonly tid: Uint32Array
  readonly execNo: Uint32Array
  readonly kind: Uint16Array
  readonly flags: Uint32Array
  readonly uid: Uint32Array
}

/** Makes columns with room for `capacity` rows. */
export function createEventColumns(capacity: number): EventColumns {
  return {
    bootNs: new BigUint64Array(capacity),
    seq: new BigUint64Array(capacity),
    startNs: new BigUint64Array(capacity),
    pid: new Uint32Array(capacity),
    tid: new Uint32Array(capacity),
    execNo: new Uint32Array(capacity),
    kind: new Uint16Array(capacity),
    flags: new Uint32Array(capacity),
    uid: new Uint32Array(capacity),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyEvent(
  m: RecordMemory,
  at: number,
  columns: EventColumns,
  row: number,
): void {
  columns.bootNs[row] = event.bootNs(m, at)
  columns.seq[row] = event.seq(m, at)
  columns.startNs[row] = event.startNs(m, at)
  columns.pid[row] = event.pid(m, at)
  columns.tid[row] = event.tid(m, at)
  columns.execNo[row] = event.execNo(m, at)
  columns.kind[row] = event.kind(m, at)
  columns.flags[row] = event.flags(m, at)
  columns.uid[row] = event.uid(m, at)
}

/** Bytes of one struct hg_counters. */
export const countersSizeBytes = 88

/** Byte offsets of its fields. */
export const countersOffsets = {
  submitted: 0,
  filtered: 8,
  deduplicated: 16,
  lost: 24,
} as const

/** Reads single fields of the struct hg_counters at byte `at` of `m`. */
export const counters = {
  /** u64 submitted */
  submitted: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 filtered */
  filtered: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
  /** u64 deduplicated */
  deduplicated: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 16) >>> 3] as bigint,
  /** 8 of u64 lost */
  lost: (m: RecordMemory, at: number, index: number): bigint =>
    m.u64[(at + 24 + index * 8) >>> 3] as bigint,
} as const

/** A struct hg_counters as an object of its own. */
export interface Counters {
  readonly submitted: bigint
  readonly filtered: bigint
  readonly deduplicated: bigint
  readonly lost: readonly bigint[]
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readCounters(m: RecordMemory, at: number): Counters {
  return {
    submitted: counters.submitted(m, at),
    filtered: counters.filtered(m, at),
    deduplicated: counters.deduplicated(m, at),
    lost: Array.from({ length: 8 }, (_, i) => counters.lost(m, at, i)),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface CountersColumns {
  readonly submitted: BigUint64Array
  readonly filtered: BigUint64Array
  readonly deduplicated: BigUint64Array
  readonly lost: BigUint64Array
}

/** Makes columns with room for `capacity` rows. */
export function createCountersColumns(capacity: number): CountersColumns {
  return {
    submitted: new BigUint64Array(capacity),
    filtered: new BigUint64Array(capacity),
    deduplicated: new BigUint64Array(capacity),
    lost: new BigUint64Array(capacity * 8),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyCounters(
  m: RecordMemory,
  at: number,
  columns: CountersColumns,
  row: number,
): void {
  columns.submitted[row] = counters.submitted(m, at)
  columns.filtered[row] = counters.filtered(m, at)
  columns.deduplicated[row] = counters.deduplicated(m, at)
  for (let i = 0; i < 8; i++) columns.lost[row * 8 + i] = counters.lost(m, at, i)
}

/** Bytes of one struct hg_repeat_key. */
export const repeatKeySizeBytes = 56

/** Byte offsets of its fields. */
export const repeatKeyOffsets = {
  startNs: 0,
  pid: 8,
  execNo: 12,
  object: 16,
  secondObject: 24,
  text: 32,
  kind: 40,
  operation: 44,
  flags: 48,
  error: 52,
} as const

/** Reads single fields of the struct hg_repeat_key at byte `at` of `m`. */
export const repeatKey = {
  /** u64 start_ns */
  startNs: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u32 pid */
  pid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 8) >>> 2] as number,
  /** u32 exec_no */
  execNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 12) >>> 2] as number,
  /** u64 object */
  object: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 16) >>> 3] as bigint,
  /** u64 second_object */
  secondObject: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 24) >>> 3] as bigint,
  /** u64 text */
  text: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 32) >>> 3] as bigint,
  /** u32 kind */
  kind: (m: RecordMemory, at: number): number =>
    m.u32[(at + 40) >>> 2] as number,
  /** u32 operation */
  operation: (m: RecordMemory, at: number): number =>
    m.u32[(at + 44) >>> 2] as number,
  /** u32 flags */
  flags: (m: RecordMemory, at: number): number =>
    m.u32[(at + 48) >>> 2] as number,
  /** u32 error */
  error: (m: RecordMemory, at: number): number =>
    m.u32[(at + 52) >>> 2] as number,
} as const

/** A struct hg_repeat_key as an object of its own. */
export interface RepeatKey {
  readonly startNs: bigint
  readonly pid: number
  readonly execNo: number
  readonly object: bigint
  readonly secondObject: bigint
  readonly text: bigint
  readonly kind: number
  readonly operation: number
  readonly flags: number
  readonly error: number
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readRepeatKey(m: RecordMemory, at: number): RepeatKey {
  return {
    startNs: repeatKey.startNs(m, at),
    pid: repeatKey.pid(m, at),
    execNo: repeatKey.execNo(m, at),
    object: repeatKey.object(m, at),
    secondObject: repeatKey.secondObject(m, at),
    text: repeatKey.text(m, at),
    kind: repeatKey.kind(m, at),
    operation: repeatKey.operation(m, at),
    flags: repeatKey.flags(m, at),
    error: repeatKey.error(m, at),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface RepeatKeyColumns {
  readonly startNs: BigUint64Array
  readonly pid: Uint32Array
  readonly execNo: Uint32Array
  readonly object: BigUint64Array
  readonly secondObject: BigUint64Array
  readonly text: BigUint64Array
  readonly kind: Uint32Array
  readonly operation: Uint32Array
  readonly flags: Uint32Array
  readonly error: Uint32Array
}

/** Makes columns with room for `capacity` rows. */
export function createRepeatKeyColumns(capacity: number): RepeatKeyColumns {
  return {
    startNs: new BigUint64Array(capacity),
    pid: new Uint32Array(capacity),
    execNo: new Uint32Array(capacity),
    object: new BigUint64Array(capacity),
    secondObject: new BigUint64Array(capacity),
    text: new BigUint64Array(capacity),
    kind: new Uint32Array(capacity),
    operation: new Uint32Array(capacity),
    flags: new Uint32Array(capacity),
    error: new Uint32Array(capacity),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyRepeatKey(
  m: RecordMemory,
  at: number,
  columns: RepeatKeyColumns,
  row: number,
): void {
  columns.startNs[row] = repeatKey.startNs(m, at)
  columns.pid[row] = repeatKey.pid(m, at)
  columns.execNo[row] = repeatKey.execNo(m, at)
  columns.object[row] = repeatKey.object(m, at)
  columns.secondObject[row] = repeatKey.secondObject(m, at)
  columns.text[row] = repeatKey.text(m, at)
  columns.kind[row] = repeatKey.kind(m, at)
  columns.operation[row] = repeatKey.operation(m, at)
  columns.flags[row] = repeatKey.flags(m, at)
  columns.error[row] = repeatKey.error(m, at)
}

/** Bytes of one struct hg_repeat. */
export const repeatSizeBytes = 320

/** Byte offsets of its fields. */
export const repeatOffsets = {
  count: 0,
  firstNs: 8,
  lastNs: 16,
  length: 24,
  record: 32,
} as const

/** Reads single fields of the struct hg_repeat at byte `at` of `m`. */
export const repeat = {
  /** u64 count */
  count: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 first_ns */
  firstNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
  /** u64 last_ns */
  lastNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 16) >>> 3] as bigint,
  /** u64 length */
  length: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 24) >>> 3] as bigint,
  /** 288 bytes record */
  record: (m: RecordMemory, at: number): Uint8Array =>
    m.u8.subarray(at + 32, at + 320),
} as const

/** A struct hg_repeat as an object of its own. */
export interface Repeat {
  readonly count: bigint
  readonly firstNs: bigint
  readonly lastNs: bigint
  readonly length: bigint
  readonly record: Uint8Array
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readRepeat(m: RecordMemory, at: number): Repeat {
  return {
    count: repeat.count(m, at),
    firstNs: repeat.firstNs(m, at),
    lastNs: repeat.lastNs(m, at),
    length: repeat.length(m, at),
    record: repeat.record(m, at).slice(),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface RepeatColumns {
  readonly count: BigUint64Array
  readonly firstNs: BigUint64Array
  readonly lastNs: BigUint64Array
  readonly length: BigUint64Array
  readonly record: Uint8Array
}

/** Makes columns with room for `capacity` rows. */
export function createRepeatColumns(capacity: number): RepeatColumns {
  return {
    count: new BigUint64Array(capacity),
    firstNs: new BigUint64Array(capacity),
    lastNs: new BigUint64Array(capacity),
    length: new BigUint64Array(capacity),
    record: new Uint8Array(capacity * 288),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyRepeat(
  m: RecordMemory,
  at: number,
  columns: RepeatColumns,
  row: number,
): void {
  columns.count[row] = repeat.count(m, at)
  columns.firstNs[row] = repeat.firstNs(m, at)
  columns.lastNs[row] = repeat.lastNs(m, at)
  columns.length[row] = repeat.length(m, at)
  columns.record.set(m.u8.subarray(at + 32, at + 320), row * 288)
}

/** Bytes of one struct hg_cred. */
export const credSizeBytes = 432

/** Byte offsets of its fields. */
export const credOffsets = {
  countedEventBootNs: 0,
  countedEventSeq: 8,
  countedEventStartNs: 16,
  countedEventPid: 24,
  countedEventTid: 28,
  countedEventExecNo: 32,
  countedEventKind: 36,
  countedEventFlags: 40,
  countedEventUid: 44,
  countedCount: 48,
  countedSinceNs: 56,
  countedLastNs: 64,
  countedAmount: 72,
  countedAddress: 80,
  targetStartNs: 88,
  targetPid: 96,
  targetTid: 100,
  targetExecNo: 104,
  operation: 112,
  error: 116,
  request: 120,
  objectType: 124,
  objectId: 128,
  groupCount: 132,
  flags: 136,
  arguments: 144,
  askedId: 168,
  askedEffectiveId: 172,
  askedSavedId: 176,
  device: 180,
  inode: 184,
  beforeUid: 192,
  beforeGid: 196,
  beforeSuid: 200,
  beforeSgid: 204,
  beforeEuid: 208,
  beforeEgid: 212,
  beforeFsuid: 216,
  beforeFsgid: 220,
  beforeSecurebits: 224,
  beforeInheritable: 232,
  beforePermitted: 240,
  beforeEffective: 248,
  beforeBounding: 256,
  beforeAmbient: 264,
  afterUid: 272,
  afterGid: 276,
  afterSuid: 280,
  afterSgid: 284,
  afterEuid: 288,
  afterEgid: 292,
  afterFsuid: 296,
  afterFsgid: 300,
  afterSecurebits: 304,
  afterInheritable: 312,
  afterPermitted: 320,
  afterEffective: 328,
  afterBounding: 336,
  afterAmbient: 344,
  beforeNsMount: 352,
  beforeNsPid: 356,
  beforeNsNet: 360,
  beforeNsUser: 364,
  beforeNsUts: 368,
  beforeNsIpc: 372,
  beforeNsCgroup: 376,
  beforeNsTime: 380,
  afterNsMount: 384,
  afterNsPid: 388,
  afterNsNet: 392,
  afterNsUser: 396,
  afterNsUts: 400,
  afterNsIpc: 404,
  afterNsCgroup: 408,
  afterNsTime: 412,
  nameBytes: 416,
  oldNameBytes: 418,
  pathBytes: 420,
  sourceBytes: 422,
  typeBytes: 424,
  optionsBytes: 426,
  groupsBytes: 428,
} as const

/** Reads single fields of the struct hg_cred at byte `at` of `m`. */
export const cred = {
  /** u64 counted.event.boot_ns */
  countedEventBootNs: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 counted.event.seq */
  countedEventSeq: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
  /** u64 counted.event.start_ns */
  countedEventStartNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 16) >>> 3] as bigint,
  /** u32 counted.event.pid */
  countedEventPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 24) >>> 2] as number,
  /** u32 counted.event.tid */
  countedEventTid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 28) >>> 2] as number,
  /** u32 counted.event.exec_no */
  countedEventExecNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 32) >>> 2] as number,
  /** u16 counted.event.kind */
  countedEventKind: (m: RecordMemory, at: number): number =>
    m.u16[(at + 36) >>> 1] as number,
  /** u32 counted.event.flags */
  countedEventFlags: (m: RecordMemory, at: number): number =>
    m.u32[(at + 40) >>> 2] as number,
  /** u32 counted.event.uid */
  countedEventUid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 44) >>> 2] as number,
  /** u64 counted.count */
  countedCount: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 48) >>> 3] as bigint,
  /** u64 counted.since_ns */
  countedSinceNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 56) >>> 3] as bigint,
  /** u64 counted.last_ns */
  countedLastNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 64) >>> 3] as bigint,
  /** u64 counted.amount */
  countedAmount: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 72) >>> 3] as bigint,
  /** u64 counted.address */
  countedAddress: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 80) >>> 3] as bigint,
  /** u64 target.start_ns */
  targetStartNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 88) >>> 3] as bigint,
  /** u32 target.pid */
  targetPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 96) >>> 2] as number,
  /** u32 target.tid */
  targetTid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 100) >>> 2] as number,
  /** u32 target.exec_no */
  targetExecNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 104) >>> 2] as number,
  /** u32 operation */
  operation: (m: RecordMemory, at: number): number =>
    m.u32[(at + 112) >>> 2] as number,
  /** u32 error */
  error: (m: RecordMemory, at: number): number =>
    m.u32[(at + 116) >>> 2] as number,
  /** u32 request */
  request: (m: RecordMemory, at: number): number =>
    m.u32[(at + 120) >>> 2] as number,
  /** u32 object_type */
  objectType: (m: RecordMemory, at: number): number =>
    m.u32[(at + 124) >>> 2] as number,
  /** u32 object_id */
  objectId: (m: RecordMemory, at: number): number =>
    m.u32[(at + 128) >>> 2] as number,
  /** u32 group_count */
  groupCount: (m: RecordMemory, at: number): number =>
    m.u32[(at + 132) >>> 2] as number,
  /** u64 flags */
  flags: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 136) >>> 3] as bigint,
  /** 3 of u64 arguments */
  arguments: (m: RecordMemory, at: number, index: number): bigint =>
    m.u64[(at + 144 + index * 8) >>> 3] as bigint,
  /** u32 asked_id */
  askedId: (m: RecordMemory, at: number): number =>
    m.u32[(at + 168) >>> 2] as number,
  /** u32 asked_effective_id */
  askedEffectiveId: (m: RecordMemory, at: number): number =>
    m.u32[(at + 172) >>> 2] as number,
  /** u32 asked_saved_id */
  askedSavedId: (m: RecordMemory, at: number): number =>
    m.u32[(at + 176) >>> 2] as number,
  /** u32 device */
  device: (m: RecordMemory, at: number): number =>
    m.u32[(at + 180) >>> 2] as number,
  /** u64 inode */
  inode: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 184) >>> 3] as bigint,
  /** u32 before.uid */
  beforeUid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 192) >>> 2] as number,
  /** u32 before.gid */
  beforeGid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 196) >>> 2] as number,
  /** u32 before.suid */
  beforeSuid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 200) >>> 2] as number,
  /** u32 before.sgid */
  beforeSgid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 204) >>> 2] as number,
  /** u32 before.euid */
  beforeEuid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 208) >>> 2] as number,
  /** u32 before.egid */
  beforeEgid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 212) >>> 2] as number,
  /** u32 before.fsuid */
  beforeFsuid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 216) >>> 2] as number,
  /** u32 before.fsgid */
  beforeFsgid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 220) >>> 2] as number,
  /** u32 before.securebits */
  beforeSecurebits: (m: RecordMemory, at: number): number =>
    m.u32[(at + 224) >>> 2] as number,
  /** u64 before.inheritable */
  beforeInheritable: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 232) >>> 3] as bigint,
  /** u64 before.permitted */
  beforePermitted: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 240) >>> 3] as bigint,
  /** u64 before.effective */
  beforeEffective: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 248) >>> 3] as bigint,
  /** u64 before.bounding */
  beforeBounding: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 256) >>> 3] as bigint,
  /** u64 before.ambient */
  beforeAmbient: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 264) >>> 3] as bigint,
  /** u32 after.uid */
  afterUid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 272) >>> 2] as number,
  /** u32 after.gid */
  afterGid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 276) >>> 2] as number,
  /** u32 after.suid */
  afterSuid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 280) >>> 2] as number,
  /** u32 after.sgid */
  afterSgid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 284) >>> 2] as number,
  /** u32 after.euid */
  afterEuid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 288) >>> 2] as number,
  /** u32 after.egid */
  afterEgid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 292) >>> 2] as number,
  /** u32 after.fsuid */
  afterFsuid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 296) >>> 2] as number,
  /** u32 after.fsgid */
  afterFsgid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 300) >>> 2] as number,
  /** u32 after.securebits */
  afterSecurebits: (m: RecordMemory, at: number): number =>
    m.u32[(at + 304) >>> 2] as number,
  /** u64 after.inheritable */
  afterInheritable: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 312) >>> 3] as bigint,
  /** u64 after.permitted */
  afterPermitted: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 320) >>> 3] as bigint,
  /** u64 after.effective */
  afterEffective: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 328) >>> 3] as bigint,
  /** u64 after.bounding */
  afterBounding: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 336) >>> 3] as bigint,
  /** u64 after.ambient */
  afterAmbient: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 344) >>> 3] as bigint,
  /** u32 before_ns.mount */
  beforeNsMount: (m: RecordMemory, at: number): number =>
    m.u32[(at + 352) >>> 2] as number,
  /** u32 before_ns.pid */
  beforeNsPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 356) >>> 2] as number,
  /** u32 before_ns.net */
  beforeNsNet: (m: RecordMemory, at: number): number =>
    m.u32[(at + 360) >>> 2] as number,
  /** u32 before_ns.user */
  beforeNsUser: (m: RecordMemory, at: number): number =>
    m.u32[(at + 364) >>> 2] as number,
  /** u32 before_ns.uts */
  beforeNsUts: (m: RecordMemory, at: number): number =>
    m.u32[(at + 368) >>> 2] as number,
  /** u32 before_ns.ipc */
  beforeNsIpc: (m: RecordMemory, at: number): number =>
    m.u32[(at + 372) >>> 2] as number,
  /** u32 before_ns.cgroup */
  beforeNsCgroup: (m: RecordMemory, at: number): number =>
    m.u32[(at + 376) >>> 2] as number,
  /** u32 before_ns.time */
  beforeNsTime: (m: RecordMemory, at: number): number =>
    m.u32[(at + 380) >>> 2] as number,
  /** u32 after_ns.mount */
  afterNsMount: (m: RecordMemory, at: number): number =>
    m.u32[(at + 384) >>> 2] as number,
  /** u32 after_ns.pid */
  afterNsPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 388) >>> 2] as number,
  /** u32 after_ns.net */
  afterNsNet: (m: RecordMemory, at: number): number =>
    m.u32[(at + 392) >>> 2] as number,
  /** u32 after_ns.user */
  afterNsUser: (m: RecordMemory, at: number): number =>
    m.u32[(at + 396) >>> 2] as number,
  /** u32 after_ns.uts */
  afterNsUts: (m: RecordMemory, at: number): number =>
    m.u32[(at + 400) >>> 2] as number,
  /** u32 after_ns.ipc */
  afterNsIpc: (m: RecordMemory, at: number): number =>
    m.u32[(at + 404) >>> 2] as number,
  /** u32 after_ns.cgroup */
  afterNsCgroup: (m: RecordMemory, at: number): number =>
    m.u32[(at + 408) >>> 2] as number,
  /** u32 after_ns.time */
  afterNsTime: (m: RecordMemory, at: number): number =>
    m.u32[(at + 412) >>> 2] as number,
  /** u16 name_bytes */
  nameBytes: (m: RecordMemory, at: number): number =>
    m.u16[(at + 416) >>> 1] as number,
  /** u16 old_name_bytes */
  oldNameBytes: (m: RecordMemory, at: number): number =>
    m.u16[(at + 418) >>> 1] as number,
  /** u16 path_bytes */
  pathBytes: (m: RecordMemory, at: number): number =>
    m.u16[(at + 420) >>> 1] as number,
  /** u16 source_bytes */
  sourceBytes: (m: RecordMemory, at: number): number =>
    m.u16[(at + 422) >>> 1] as number,
  /** u16 type_bytes */
  typeBytes: (m: RecordMemory, at: number): number =>
    m.u16[(at + 424) >>> 1] as number,
  /** u16 options_bytes */
  optionsBytes: (m: RecordMemory, at: number): number =>
    m.u16[(at + 426) >>> 1] as number,
  /** u16 groups_bytes */
  groupsBytes: (m: RecordMemory, at: number): number =>
    m.u16[(at + 428) >>> 1] as number,
} as const

/** A struct hg_cred as an object of its own. */
export interface Cred {
  readonly countedEventBootNs: bigint
  readonly countedEventSeq: bigint
  readonly countedEventStartNs: bigint
  readonly countedEventPid: number
  readonly countedEventTid: number
  readonly countedEventExecNo: number
  readonly countedEventKind: number
  readonly countedEventFlags: number
  readonly countedEventUid: number
  readonly countedCount: bigint
  readonly countedSinceNs: bigint
  readonly countedLastNs: bigint
  readonly countedAmount: bigint
  readonly countedAddress: bigint
  readonly targetStartNs: bigint
  readonly targetPid: number
  readonly targetTid: number
  readonly targetExecNo: number
  readonly operation: number
  readonly error: number
  readonly request: number
  readonly objectType: number
  readonly objectId: number
  readonly groupCount: number
  readonly flags: bigint
  readonly arguments: readonly bigint[]
  readonly askedId: number
  readonly askedEffectiveId: number
  readonly askedSavedId: number
  readonly device: number
  readonly inode: bigint
  readonly beforeUid: number
  readonly beforeGid: number
  readonly beforeSuid: number
  readonly beforeSgid: number
  readonly beforeEuid: number
  readonly beforeEgid: number
  readonly beforeFsuid: number
  readonly beforeFsgid: number
  readonly beforeSecurebits: number
  readonly beforeInheritable: bigint
  readonly beforePermitted: bigint
  readonly beforeEffective: bigint
  readonly beforeBounding: bigint
  readonly beforeAmbient: bigint
  readonly afterUid: number
  readonly afterGid: number
  readonly afterSuid: number
  readonly afterSgid: number
  readonly afterEuid: number
  readonly afterEgid: number
  readonly afterFsuid: number
  readonly afterFsgid: number
  readonly afterSecurebits: number
  readonly afterInheritable: bigint
  readonly afterPermitted: bigint
  readonly afterEffective: bigint
  readonly afterBounding: bigint
  readonly afterAmbient: bigint
  readonly beforeNsMount: number
  readonly beforeNsPid: number
  readonly beforeNsNet: number
  readonly beforeNsUser: number
  readonly beforeNsUts: number
  readonly beforeNsIpc: number
  readonly beforeNsCgroup: number
  readonly beforeNsTime: number
  readonly afterNsMount: number
  readonly afterNsPid: number
  readonly afterNsNet: number
  readonly afterNsUser: number
  readonly afterNsUts: number
  readonly afterNsIpc: number
  readonly afterNsCgroup: number
  readonly afterNsTime: number
  readonly nameBytes: number
  readonly oldNameBytes: number
  readonly pathBytes: number
  readonly sourceBytes: number
  readonly typeBytes: number
  readonly optionsBytes: number
  readonly groupsBytes: number
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readCred(m: RecordMemory, at: number): Cred {
  return {
    countedEventBootNs: cred.countedEventBootNs(m, at),
    countedEventSeq: cred.countedEventSeq(m, at),
    countedEventStartNs: cred.countedEventStartNs(m, at),
    countedEventPid: cred.countedEventPid(m, at),
    countedEventTid: cred.countedEventTid(m, at),
    countedEventExecNo: cred.countedEventExecNo(m, at),
    countedEventKind: cred.countedEventKind(m, at),
    countedEventFlags: cred.countedEventFlags(m, at),
    countedEventUid: cred.countedEventUid(m, at),
    countedCount: cred.countedCount(m, at),
    countedSinceNs: cred.countedSinceNs(m, at),
    countedLastNs: cred.countedLastNs(m, at),
    countedAmount: cred.countedAmount(m, at),
    countedAddress: cred.countedAddress(m, at),
    targetStartNs: cred.targetStartNs(m, at),
    targetPid: cred.targetPid(m, at),
    targetTid: cred.targetTid(m, at),
    targetExecNo: cred.targetExecNo(m, at),
    operation: cred.operation(m, at),
    error: cred.error(m, at),
    request: cred.request(m, at),
    objectType: cred.objectType(m, at),
    objectId: cred.objectId(m, at),
    groupCount: cred.groupCount(m, at),
    flags: cred.flags(m, at),
    arguments: Array.from({ length: 3 }, (_, i) => cred.arguments(m, at, i)),
    askedId: cred.askedId(m, at),
    askedEffectiveId: cred.askedEffectiveId(m, at),
    askedSavedId: cred.askedSavedId(m, at),
    device: cred.device(m, at),
    inode: cred.inode(m, at),
    beforeUid: cred.beforeUid(m, at),
    beforeGid: cred.beforeGid(m, at),
    beforeSuid: cred.beforeSuid(m, at),
    beforeSgid: cred.beforeSgid(m, at),
    beforeEuid: cred.beforeEuid(m, at),
    beforeEgid: cred.beforeEgid(m, at),
    beforeFsuid: cred.beforeFsuid(m, at),
    beforeFsgid: cred.beforeFsgid(m, at),
    beforeSecurebits: cred.beforeSecurebits(m, at),
    beforeInheritable: cred.beforeInheritable(m, at),
    beforePermitted: cred.beforePermitted(m, at),
    beforeEffective: cred.beforeEffective(m, at),
    beforeBounding: cred.beforeBounding(m, at),
    beforeAmbient: cred.beforeAmbient(m, at),
    afterUid: cred.afterUid(m, at),
    afterGid: cred.afterGid(m, at),
    afterSuid: cred.afterSuid(m, at),
    afterSgid: cred.afterSgid(m, at),
    afterEuid: cred.afterEuid(m, at),
    afterEgid: cred.afterEgid(m, at),
    afterFsuid: cred.afterFsuid(m, at),
    afterFsgid: cred.afterFsgid(m, at),
    afterSecurebits: cred.afterSecurebits(m, at),
    afterInheritable: cred.afterInheritable(m, at),
    afterPermitted: cred.afterPermitted(m, at),
    afterEffective: cred.afterEffective(m, at),
    afterBounding: cred.afterBounding(m, at),
    afterAmbient: cred.afterAmbient(m, at),
    beforeNsMount: cred.beforeNsMount(m, at),
    beforeNsPid: cred.beforeNsPid(m, at),
    beforeNsNet: cred.beforeNsNet(m, at),
    beforeNsUser: cred.beforeNsUser(m, at),
    beforeNsUts: cred.beforeNsUts(m, at),
    beforeNsIpc: cred.beforeNsIpc(m, at),
    beforeNsCgroup: cred.beforeNsCgroup(m, at),
    beforeNsTime: cred.beforeNsTime(m, at),
    afterNsMount: cred.afterNsMount(m, at),
    afterNsPid: cred.afterNsPid(m, at),
    afterNsNet: cred.afterNsNet(m, at),
    afterNsUser: cred.afterNsUser(m, at),
    afterNsUts: cred.afterNsUts(m, at),
    afterNsIpc: cred.afterNsIpc(m, at),
    afterNsCgroup: cred.afterNsCgroup(m, at),
    afterNsTime: cred.afterNsTime(m, at),
    nameBytes: cred.nameBytes(m, at),
    oldNameBytes: cred.oldNameBytes(m, at),
    pathBytes: cred.pathBytes(m, at),
    sourceBytes: cred.sourceBytes(m, at),
    typeBytes: cred.typeBytes(m, at),
    optionsBytes: cred.optionsBytes(m, at),
    groupsBytes: cred.groupsBytes(m, at),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface CredColumns {
  readonly countedEventBootNs: BigUint64Array
  readonly countedEventSeq: BigUint64Array
  readonly countedEventStartNs: BigUint64Array
  readonly countedEventPid: Uint32Array
  readonly countedEventTid: Uint32Array
  readonly countedEventExecNo: Uint32Array
  readonly countedEventKind: Uint16Array
  readonly countedEventFlags: Uint32Array
  readonly countedEventUid: Uint32Array
  readonly countedCount: BigUint64Array
  readonly countedSinceNs: BigUint64Array
  readonly countedLastNs: BigUint64Array
  readonly countedAmount: BigUint64Array
  readonly countedAddress: BigUint64Array
  readonly targetStartNs: BigUint64Array
  readonly targetPid: Uint32Array
  readonly targetTid: Uint32Array
  readonly targetExecNo: Uint32Array
  readonly operation: Uint32Array
  readonly error: Uint32Array
  readonly request: Uint32Array
  readonly objectType: Uint32Array
  readonly objectId: Uint32Array
  readonly groupCount: Uint32Array
  readonly flags: BigUint64Array
  readonly arguments: BigUint64Array
  readonly askedId: Uint32Array
  readonly askedEffectiveId: Uint32Array
  readonly askedSavedId: Uint32Array
  readonly device: Uint32Array
  readonly inode: BigUint64Array
  readonly beforeUid: Uint32Array
  readonly beforeGid: Uint32Array
  readonly beforeSuid: Uint32Array
  readonly beforeSgid: Uint32Array
  readonly beforeEuid: Uint32Array
  readonly beforeEgid: Uint32Array
  readonly beforeFsuid: Uint32Array
  readonly beforeFsgid: Uint32Array
  readonly beforeSecurebits: Uint32Array
  readonly beforeInheritable: BigUint64Array
  readonly beforePermitted: BigUint64Array
  readonly beforeEffective: BigUint64Array
  readonly beforeBounding: BigUint64Array
  readonly beforeAmbient: BigUint64Array
  readonly afterUid: Uint32Array
  readonly afterGid: Uint32Array
  readonly afterSuid: Uint32Array
  readonly afterSgid: Uint32Array
  readonly afterEuid: Uint32Array
  readonly afterEgid: Uint32Array
  readonly afterFsuid: Uint32Array
  readonly afterFsgid: Uint32Array
  readonly afterSecurebits: Uint32Array
  readonly afterInheritable: BigUint64Array
  readonly afterPermitted: BigUint64Array
  readonly afterEffective: BigUint64Array
  readonly afterBounding: BigUint64Array
  readonly afterAmbient: BigUint64Array
  readonly beforeNsMount: Uint32Array
  readonly beforeNsPid: Uint32Array
  readonly beforeNsNet: Uint32Array
  readonly beforeNsUser: Uint32Array
  readonly beforeNsUts: Uint32Array
  readonly beforeNsIpc: Uint32Array
  readonly beforeNsCgroup: Uint32Array
  readonly beforeNsTime: Uint32Array
  readonly afterNsMount: Uint32Array
  readonly afterNsPid: Uint32Array
  readonly afterNsNet: Uint32Array
  readonly afterNsUser: Uint32Array
  readonly afterNsUts: Uint32Array
  readonly afterNsIpc: Uint32Array
  readonly afterNsCgroup: Uint32Array
  readonly afterNsTime: Uint32Array
  readonly nameBytes: Uint16Array
  readonly oldNameBytes: Uint16Array
  readonly pathBytes: Uint16Array
  readonly sourceBytes: Uint16Array
  readonly typeBytes: Uint16Array
  readonly optionsBytes: Uint16Array
  readonly groupsBytes: Uint16Array
}

/** Makes columns with room for `capacity` rows. */
export function createCredColumns(capacity: number): CredColumns {
  return {
    countedEventBootNs: new BigUint64Array(capacity),
    countedEventSeq: new BigUint64Array(capacity),
    countedEventStartNs: new BigUint64Array(capacity),
    countedEventPid: new Uint32Array(capacity),
    countedEventTid: new Uint32Array(capacity),
    countedEventExecNo: new Uint32Array(capacity),
    countedEventKind: new Uint16Array(capacity),
    countedEventFlags: new Uint32Array(capacity),
    countedEventUid: new Uint32Array(capacity),
    countedCount: new BigUint64Array(capacity),
    countedSinceNs: new BigUint64Array(capacity),
    countedLastNs: new BigUint64Array(capacity),
    countedAmount: new BigUint64Array(capacity),
    countedAddress: new BigUint64Array(capacity),
    targetStartNs: new BigUint64Array(capacity),
    targetPid: new Uint32Array(capacity),
    targetTid: new Uint32Array(capacity),
    targetExecNo: new Uint32Array(capacity),
    operation: new Uint32Array(capacity),
    error: new Uint32Array(capacity),
    request: new Uint32Array(capacity),
    objectType: new Uint32Array(capacity),
    objectId: new Uint32Array(capacity),
    groupCount: new Uint32Array(capacity),
    flags: new BigUint64Array(capacity),
    arguments: new BigUint64Array(capacity * 3),
    askedId: new Uint32Array(capacity),
    askedEffectiveId: new Uint32Array(capacity),
    askedSavedId: new Uint32Array(capacity),
    device: new Uint32Array(capacity),
    inode: new BigUint64Array(capacity),
    beforeUid: new Uint32Array(capacity),
    beforeGid: new Uint32Array(capacity),
    beforeSuid: new Uint32Array(capacity),
    beforeSgid: new Uint32Array(capacity),
    beforeEuid: new Uint32Array(capacity),
    beforeEgid: new Uint32Array(capacity),
    beforeFsuid: new Uint32Array(capacity),
    beforeFsgid: new Uint32Array(capacity),
    beforeSecurebits: new Uint32Array(capacity),
    beforeInheritable: new BigUint64Array(capacity),
    beforePermitted: new BigUint64Array(capacity),
    beforeEffective: new BigUint64Array(capacity),
    beforeBounding: new BigUint64Array(capacity),
    beforeAmbient: new BigUint64Array(capacity),
    afterUid: new Uint32Array(capacity),
    afterGid: new Uint32Array(capacity),
    afterSuid: new Uint32Array(capacity),
    afterSgid: new Uint32Array(capacity),
    afterEuid: new Uint32Array(capacity),
    afterEgid: new Uint32Array(capacity),
    afterFsuid: new Uint32Array(capacity),
    afterFsgid: new Uint32Array(capacity),
    afterSecurebits: new Uint32Array(capacity),
    afterInheritable: new BigUint64Array(capacity),
    afterPermitted: new BigUint64Array(capacity),
    afterEffective: new BigUint64Array(capacity),
    afterBounding: new BigUint64Array(capacity),
    afterAmbient: new BigUint64Array(capacity),
    beforeNsMount: new Uint32Array(capacity),
    beforeNsPid: new Uint32Array(capacity),
    beforeNsNet: new Uint32Array(capacity),
    beforeNsUser: new Uint32Array(capacity),
    beforeNsUts: new Uint32Array(capacity),
    beforeNsIpc: new Uint32Array(capacity),
    beforeNsCgroup: new Uint32Array(capacity),
    beforeNsTime: new Uint32Array(capacity),
    afterNsMount: new Uint32Array(capacity),
    afterNsPid: new Uint32Array(capacity),
    afterNsNet: new Uint32Array(capacity),
    afterNsUser: new Uint32Array(capacity),
    afterNsUts: new Uint32Array(capacity),
    afterNsIpc: new Uint32Array(capacity),
    afterNsCgroup: new Uint32Array(capacity),
    afterNsTime: new Uint32Array(capacity),
    nameBytes: new Uint16Array(capacity),
    oldNameBytes: new Uint16Array(capacity),
    pathBytes: new Uint16Array(capacity),
    sourceBytes: new Uint16Array(capacity),
    typeBytes: new Uint16Array(capacity),
    optionsBytes: new Uint16Array(capacity),
    groupsBytes: new Uint16Array(capacity),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyCred(
  m: RecordMemory,
  at: number,
  columns: CredColumns,
  row: number,
): void {
  columns.countedEventBootNs[row] = cred.countedEventBootNs(m, at)
  columns.countedEventSeq[row] = cred.countedEventSeq(m, at)
  columns.countedEventStartNs[row] = cred.countedEventStartNs(m, at)
  columns.countedEventPid[row] = cred.countedEventPid(m, at)
  columns.countedEventTid[row] = cred.countedEventTid(m, at)
  columns.countedEventExecNo[row] = cred.countedEventExecNo(m, at)
  columns.countedEventKind[row] = cred.countedEventKind(m, at)
  columns.countedEventFlags[row] = cred.countedEventFlags(m, at)
  columns.countedEventUid[row] = cred.countedEventUid(m, at)
  columns.countedCount[row] = cred.countedCount(m, at)
  columns.countedSinceNs[row] = cred.countedSinceNs(m, at)
  columns.countedLastNs[row] = cred.countedLastNs(m, at)
  columns.countedAmount[row] = cred.countedAmount(m, at)
  columns.countedAddress[row] = cred.countedAddress(m, at)
  columns.targetStartNs[row] = cred.targetStartNs(m, at)
  columns.targetPid[row] = cred.targetPid(m, at)
  columns.targetTid[row] = cred.targetTid(m, at)
  columns.targetExecNo[row] = cred.targetExecNo(m, at)
  columns.operation[row] = cred.operation(m, at)
  columns.error[row] = cred.error(m, at)
  columns.request[row] = cred.request(m, at)
  columns.objectType[row] = cred.objectType(m, at)
  columns.objectId[row] = cred.objectId(m, at)
  columns.groupCount[row] = cred.groupCount(m, at)
  columns.flags[row] = cred.flags(m, at)
  for (let i = 0; i < 3; i++) columns.arguments[row * 3 + i] = cred.arguments(m, at, i)
  columns.askedId[row] = cred.askedId(m, at)
  columns.askedEffectiveId[row] = cred.askedEffectiveId(m, at)
  columns.askedSavedId[row] = cred.askedSavedId(m, at)
  columns.device[row] = cred.device(m, at)
  columns.inode[row] = cred.inode(m, at)
  columns.beforeUid[row] = cred.beforeUid(m, at)
  columns.beforeGid[row] = cred.beforeGid(m, at)
  columns.beforeSuid[row] = cred.beforeSuid(m, at)
  columns.beforeSgid[row] = cred.beforeSgid(m, at)
  columns.beforeEuid[row] = cred.beforeEuid(m, at)
  columns.beforeEgid[row] = cred.beforeEgid(m, at)
  columns.beforeFsuid[row] = cred.beforeFsuid(m, at)
  columns.beforeFsgid[row] = cred.beforeFsgid(m, at)
  columns.beforeSecurebits[row] = cred.beforeSecurebits(m, at)
  columns.beforeInheritable[row] = cred.beforeInheritable(m, at)
  columns.beforePermitted[row] = cred.beforePermitted(m, at)
  columns.beforeEffective[row] = cred.beforeEffective(m, at)
  columns.beforeBounding[row] = cred.beforeBounding(m, at)
  columns.beforeAmbient[row] = cred.beforeAmbient(m, at)
  columns.afterUid[row] = cred.afterUid(m, at)
  columns.afterGid[row] = cred.afterGid(m, at)
  columns.afterSuid[row] = cred.afterSuid(m, at)
  columns.afterSgid[row] = cred.afterSgid(m, at)
  columns.afterEuid[row] = cred.afterEuid(m, at)
  columns.afterEgid[row] = cred.afterEgid(m, at)
  columns.afterFsuid[row] = cred.afterFsuid(m, at)
  columns.afterFsgid[row] = cred.afterFsgid(m, at)
  columns.afterSecurebits[row] = cred.afterSecurebits(m, at)
  columns.afterInheritable[row] = cred.afterInheritable(m, at)
  columns.afterPermitted[row] = cred.afterPermitted(m, at)
  columns.afterEffective[row] = cred.afterEffective(m, at)
  columns.afterBounding[row] = cred.afterBounding(m, at)
  columns.afterAmbient[row] = cred.afterAmbient(m, at)
  columns.beforeNsMount[row] = cred.beforeNsMount(m, at)
  columns.beforeNsPid[row] = cred.beforeNsPid(m, at)
  columns.beforeNsNet[row] = cred.beforeNsNet(m, at)
  columns.beforeNsUser[row] = cred.beforeNsUser(m, at)
  columns.beforeNsUts[row] = cred.beforeNsUts(m, at)
  columns.beforeNsIpc[row] = cred.beforeNsIpc(m, at)
  columns.beforeNsCgroup[row] = cred.beforeNsCgroup(m, at)
  columns.beforeNsTime[row] = cred.beforeNsTime(m, at)
  columns.afterNsMount[row] = cred.afterNsMount(m, at)
  columns.afterNsPid[row] = cred.afterNsPid(m, at)
  columns.afterNsNet[row] = cred.afterNsNet(m, at)
  columns.afterNsUser[row] = cred.afterNsUser(m, at)
  columns.afterNsUts[row] = cred.afterNsUts(m, at)
  columns.afterNsIpc[row] = cred.afterNsIpc(m, at)
  columns.afterNsCgroup[row] = cred.afterNsCgroup(m, at)
  columns.afterNsTime[row] = cred.afterNsTime(m, at)
  columns.nameBytes[row] = cred.nameBytes(m, at)
  columns.oldNameBytes[row] = cred.oldNameBytes(m, at)
  columns.pathBytes[row] = cred.pathBytes(m, at)
  columns.sourceBytes[row] = cred.sourceBytes(m, at)
  columns.typeBytes[row] = cred.typeBytes(m, at)
  columns.optionsBytes[row] = cred.optionsBytes(m, at)
  columns.groupsBytes[row] = cred.groupsBytes(m, at)
}

/** Bytes of one struct hg_dns. */
export const dnsSizeBytes = 112

/** Byte offsets of its fields. */
export const dnsOffsets = {
  eventBootNs: 0,
  eventSeq: 8,
  eventStartNs: 16,
  eventPid: 24,
  eventTid: 28,
  eventExecNo: 32,
  eventKind: 36,
  eventFlags: 40,
  eventUid: 44,
  socketId: 48,
  netNs: 56,
  payloadBytes: 60,
  copiedBytes: 64,
  sequence: 68,
  localPort: 72,
  remotePort: 74,
  family: 76,
  protocol: 78,
  direction: 79,
  localAddress: 80,
  remoteAddress: 96,
} as const

/** Reads single fields of the struct hg_dns at byte `at` of `m`. */
export const dns = {
  /** u64 event.boot_ns */
  eventBootNs: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 event.seq */
  eventSeq: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
  /** u64 event.start_ns */
  eventStartNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 16) >>> 3] as bigint,
  /** u32 event.pid */
  eventPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 24) >>> 2] as number,
  /** u32 event.tid */
  eventTid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 28) >>> 2] as number,
  /** u32 event.exec_no */
  eventExecNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 32) >>> 2] as number,
  /** u16 event.kind */
  eventKind: (m: RecordMemory, at: number): number =>
    m.u16[(at + 36) >>> 1] as number,
  /** u32 event.flags */
  eventFlags: (m: RecordMemory, at: number): number =>
    m.u32[(at + 40) >>> 2] as number,
  /** u32 event.uid */
  eventUid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 44) >>> 2] as number,
  /** u64 socket_id */
  socketId: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 48) >>> 3] as bigint,
  /** u32 net_ns */
  netNs: (m: RecordMemory, at: number): number =>
    m.u32[(at + 56) >>> 2] as number,
  /** u32 payload_bytes */
  payloadBytes: (m: RecordMemory, at: number): number =>
    m.u32[(at + 60) >>> 2] as number,
  /** u32 copied_bytes */
  copiedBytes: (m: RecordMemory, at: number): number =>
    m.u32[(at + 64) >>> 2] as number,
  /** u32 sequence */
  sequence: (m: RecordMemory, at: number): number =>
    m.u32[(at + 68) >>> 2] as number,
  /** u16 local_port */
  localPort: (m: RecordMemory, at: number): number =>
    m.u16[(at + 72) >>> 1] as number,
  /** u16 remote_port */
  remotePort: (m: RecordMemory, at: number): number =>
    m.u16[(at + 74) >>> 1] as number,
  /** u16 family */
  family: (m: RecordMemory, at: number): number =>
    m.u16[(at + 76) >>> 1] as number,
  /** u8 protocol */
  protocol: (m: RecordMemory, at: number): number =>
    m.u8[(at + 78)] as number,
  /** u8 direction */
  direction: (m: RecordMemory, at: number): number =>
    m.u8[(at + 79)] as number,
  /** 16 bytes local_address */
  localAddress: (m: RecordMemory, at: number): Uint8Array =>
    m.u8.subarray(at + 80, at + 96),
  /** 16 bytes remote_address */
  remoteAddress: (m: RecordMemory, at: number): Uint8Array =>
    m.u8.subarray(at + 96, at + 112),
} as const

/** A struct hg_dns as an object of its own. */
export interface Dns {
  readonly eventBootNs: bigint
  readonly eventSeq: bigint
  readonly eventStartNs: bigint
  readonly eventPid: number
  readonly eventTid: number
  readonly eventExecNo: number
  readonly eventKind: number
  readonly eventFlags: number
  readonly eventUid: number
  readonly socketId: bigint
  readonly netNs: number
  readonly payloadBytes: number
  readonly copiedBytes: number
  readonly sequence: number
  readonly localPort: number
  readonly remotePort: number
  readonly family: number
  readonly protocol: number
  readonly direction: number
  readonly localAddress: Uint8Array
  readonly remoteAddress: Uint8Array
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readDns(m: RecordMemory, at: number): Dns {
  return {
    eventBootNs: dns.eventBootNs(m, at),
    eventSeq: dns.eventSeq(m, at),
    eventStartNs: dns.eventStartNs(m, at),
    eventPid: dns.eventPid(m, at),
    eventTid: dns.eventTid(m, at),
    eventExecNo: dns.eventExecNo(m, at),
    eventKind: dns.eventKind(m, at),
    eventFlags: dns.eventFlags(m, at),
    eventUid: dns.eventUid(m, at),
    socketId: dns.socketId(m, at),
    netNs: dns.netNs(m, at),
    payloadBytes: dns.payloadBytes(m, at),
    copiedBytes: dns.copiedBytes(m, at),
    sequence: dns.sequence(m, at),
    localPort: dns.localPort(m, at),
    remotePort: dns.remotePort(m, at),
    family: dns.family(m, at),
    protocol: dns.protocol(m, at),
    direction: dns.direction(m, at),
    localAddress: dns.localAddress(m, at).slice(),
    remoteAddress: dns.remoteAddress(m, at).slice(),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface DnsColumns {
  readonly eventBootNs: BigUint64Array
  readonly eventSeq: BigUint64Array
  readonly eventStartNs: BigUint64Array
  readonly eventPid: Uint32Array
  readonly eventTid: Uint32Array
  readonly eventExecNo: Uint32Array
  readonly eventKind: Uint16Array
  readonly eventFlags: Uint32Array
  readonly eventUid: Uint32Array
  readonly socketId: BigUint64Array
  readonly netNs: Uint32Array
  readonly payloadBytes: Uint32Array
  readonly copiedBytes: Uint32Array
  readonly sequence: Uint32Array
  readonly localPort: Uint16Array
  readonly remotePort: Uint16Array
  readonly family: Uint16Array
  readonly protocol: Uint8Array
  readonly direction: Uint8Array
  readonly localAddress: Uint8Array
  readonly remoteAddress: Uint8Array
}

/** Makes columns with room for `capacity` rows. */
export function createDnsColumns(capacity: number): DnsColumns {
  return {
    eventBootNs: new BigUint64Array(capacity),
    eventSeq: new BigUint64Array(capacity),
    eventStartNs: new BigUint64Array(capacity),
    eventPid: new Uint32Array(capacity),
    eventTid: new Uint32Array(capacity),
    eventExecNo: new Uint32Array(capacity),
    eventKind: new Uint16Array(capacity),
    eventFlags: new Uint32Array(capacity),
    eventUid: new Uint32Array(capacity),
    socketId: new BigUint64Array(capacity),
    netNs: new Uint32Array(capacity),
    payloadBytes: new Uint32Array(capacity),
    copiedBytes: new Uint32Array(capacity),
    sequence: new Uint32Array(capacity),
    localPort: new Uint16Array(capacity),
    remotePort: new Uint16Array(capacity),
    family: new Uint16Array(capacity),
    protocol: new Uint8Array(capacity),
    direction: new Uint8Array(capacity),
    localAddress: new Uint8Array(capacity * 16),
    remoteAddress: new Uint8Array(capacity * 16),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyDns(
  m: RecordMemory,
  at: number,
  columns: DnsColumns,
  row: number,
): void {
  columns.eventBootNs[row] = dns.eventBootNs(m, at)
  columns.eventSeq[row] = dns.eventSeq(m, at)
  columns.eventStartNs[row] = dns.eventStartNs(m, at)
  columns.eventPid[row] = dns.eventPid(m, at)
  columns.eventTid[row] = dns.eventTid(m, at)
  columns.eventExecNo[row] = dns.eventExecNo(m, at)
  columns.eventKind[row] = dns.eventKind(m, at)
  columns.eventFlags[row] = dns.eventFlags(m, at)
  columns.eventUid[row] = dns.eventUid(m, at)
  columns.socketId[row] = dns.socketId(m, at)
  columns.netNs[row] = dns.netNs(m, at)
  columns.payloadBytes[row] = dns.payloadBytes(m, at)
  columns.copiedBytes[row] = dns.copiedBytes(m, at)
  columns.sequence[row] = dns.sequence(m, at)
  columns.localPort[row] = dns.localPort(m, at)
  columns.remotePort[row] = dns.remotePort(m, at)
  columns.family[row] = dns.family(m, at)
  columns.protocol[row] = dns.protocol(m, at)
  columns.direction[row] = dns.direction(m, at)
  columns.localAddress.set(m.u8.subarray(at + 80, at + 96), row * 16)
  columns.remoteAddress.set(m.u8.subarray(at + 96, at + 112), row * 16)
}

/** Bytes of one struct hg_exec. */
export const execSizeBytes = 208

/** Byte offsets of its fields. */
export const execOffsets = {
  eventBootNs: 0,
  eventSeq: 8,
  eventStartNs: 16,
  eventPid: 24,
  eventTid: 28,
  eventExecNo: 32,
  eventKind: 36,
  eventFlags: 40,
  eventUid: 44,
  parentStartNs: 48,
  parentPid: 56,
  parentExecNo: 60,
  euid: 64,
  gid: 68,
  egid: 72,
  loginUid: 76,
  sessionId: 80,
  nsPid: 84,
  capInheritable: 88,
  capPermitted: 96,
  capEffective: 104,
  mountNs: 112,
  pidNs: 116,
  netNs: 120,
  userNs: 124,
  cgroupId: 128,
  workloadId: 136,
  inode: 144,
  device: 152,
  argvTotalBytes: 156,
  tty: 160,
  typedBytes: 176,
  fileBytes: 180,
  cwdBytes: 184,
  cgroupBytes: 188,
  argvBytes: 192,
  scriptDevice: 196,
  scriptInode: 200,
} as const

/** Reads single fields of the struct hg_exec at byte `at` of `m`. */
export const exec = {
  /** u64 event.boot_ns */
  eventBootNs: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 event.seq */
  eventSeq: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
  /** u64 event.start_ns */
  eventStartNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 16) >>> 3] as bigint,
  /** u32 event.pid */
  eventPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 24) >>> 2] as number,
  /** u32 event.tid */
  eventTid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 28) >>> 2] as number,
  /** u32 event.exec_no */
  eventExecNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 32) >>> 2] as number,
  /** u16 event.kind */
  eventKind: (m: RecordMemory, at: number): number =>
    m.u16[(at + 36) >>> 1] as number,
  /** u32 event.flags */
  eventFlags: (m: RecordMemory, at: number): number =>
    m.u32[(at + 40) >>> 2] as number,
  /** u32 event.uid */
  eventUid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 44) >>> 2] as number,
  /** u64 parent_start_ns */
  parentStartNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 48) >>> 3] as bigint,
  /** u32 parent_pid */
  parentPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 56) >>> 2] as number,
  /** u32 parent_exec_no */
  parentExecNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 60) >>> 2] as number,
  /** u32 euid */
  euid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 64) >>> 2] as number,
  /** u32 gid */
  gid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 68) >>> 2] as number,
  /** u32 egid */
  egid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 72) >>> 2] as number,
  /** u32 login_uid */
  loginUid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 76) >>> 2] as number,
  /** u32 session_id */
  sessionId: (m: RecordMemory, at: number): number =>
    m.u32[(at + 80) >>> 2] as number,
  /** u32 ns_pid */
  nsPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 84) >>> 2] as number,
  /** u64 cap_inheritable */
  capInheritable: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 88) >>> 3] as bigint,
  /** u64 cap_permitted */
  capPermitted: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 96) >>> 3] as bigint,
  /** u64 cap_effective */
  capEffective: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 104) >>> 3] as bigint,
  /** u32 mount_ns */
  mountNs: (m: RecordMemory, at: number): number =>
    m.u32[(at + 112) >>> 2] as number,
  /** u32 pid_ns */
  pidNs: (m: RecordMemory, at: number): number =>
    m.u32[(at + 116) >>> 2] as number,
  /** u32 net_ns */
  netNs: (m: RecordMemory, at: number): number =>
    m.u32[(at + 120) >>> 2] as number,
  /** u32 user_ns */
  userNs: (m: RecordMemory, at: number): number =>
    m.u32[(at + 124) >>> 2] as number,
  /** u64 cgroup_id */
  cgroupId: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 128) >>> 3] as bigint,
  /** u64 workload_id */
  workloadId: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 136) >>> 3] as bigint,
  /** u64 inode */
  inode: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 144) >>> 3] as bigint,
  /** u32 device */
  device: (m: RecordMemory, at: number): number =>
    m.u32[(at + 152) >>> 2] as number,
  /** u32 argv_total_bytes */
  argvTotalBytes: (m: RecordMemory, at: number): number =>
    m.u32[(at + 156) >>> 2] as number,
  /** 16 bytes tty */
  tty: (m: RecordMemory, at: number): Uint8Array =>
    m.u8.subarray(at + 160, at + 176),
  /** u32 typed_bytes */
  typedBytes: (m: RecordMemory, at: number): number =>
    m.u32[(at + 176) >>> 2] as number,
  /** u32 file_bytes */
  fileBytes: (m: RecordMemory, at: number): number =>
    m.u32[(at + 180) >>> 2] as number,
  /** u32 cwd_bytes */
  cwdBytes: (m: RecordMemory, at: number): number =>
    m.u32[(at + 184) >>> 2] as number,
  /** u32 cgroup_bytes */
  cgroupBytes: (m: RecordMemory, at: number): number =>
    m.u32[(at + 188) >>> 2] as number,
  /** u32 argv_bytes */
  argvBytes: (m: RecordMemory, at: number): number =>
    m.u32[(at + 192) >>> 2] as number,
  /** u32 script_device */
  scriptDevice: (m: RecordMemory, at: number): number =>
    m.u32[(at + 196) >>> 2] as number,
  /** u64 script_inode */
  scriptInode: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 200) >>> 3] as bigint,
} as const

/** A struct hg_exec as an object of its own. */
export interface Exec {
  readonly eventBootNs: bigint
  readonly eventSeq: bigint
  readonly eventStartNs: bigint
  readonly eventPid: number
  readonly eventTid: number
  readonly eventExecNo: number
  readonly eventKind: number
  readonly eventFlags: number
  readonly eventUid: number
  readonly parentStartNs: bigint
  readonly parentPid: number
  readonly parentExecNo: number
  readonly euid: number
  readonly gid: number
  readonly egid: number
  readonly loginUid: number
  readonly sessionId: number
  readonly nsPid: number
  readonly capInheritable: bigint
  readonly capPermitted: bigint
  readonly capEffective: bigint
  readonly mountNs: number
  readonly pidNs: number
  readonly netNs: number
  readonly userNs: number
  readonly cgroupId: bigint
  readonly workloadId: bigint
  readonly inode: bigint
  readonly device: number
  readonly argvTotalBytes: number
  readonly tty: Uint8Array
  readonly typedBytes: number
  readonly fileBytes: number
  readonly cwdBytes: number
  readonly cgroupBytes: number
  readonly argvBytes: number
  readonly scriptDevice: number
  readonly scriptInode: bigint
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readExec(m: RecordMemory, at: number): Exec {
  return {
    eventBootNs: exec.eventBootNs(m, at),
    eventSeq: exec.eventSeq(m, at),
    eventStartNs: exec.eventStartNs(m, at),
    eventPid: exec.eventPid(m, at),
    eventTid: exec.eventTid(m, at),
    eventExecNo: exec.eventExecNo(m, at),
    eventKind: exec.eventKind(m, at),
    eventFlags: exec.eventFlags(m, at),
    eventUid: exec.eventUid(m, at),
    parentStartNs: exec.parentStartNs(m, at),
    parentPid: exec.parentPid(m, at),
    parentExecNo: exec.parentExecNo(m, at),
    euid: exec.euid(m, at),
    gid: exec.gid(m, at),
    egid: exec.egid(m, at),
    loginUid: exec.loginUid(m, at),
    sessionId: exec.sessionId(m, at),
    nsPid: exec.nsPid(m, at),
    capInheritable: exec.capInheritable(m, at),
    capPermitted: exec.capPermitted(m, at),
    capEffective: exec.capEffective(m, at),
    mountNs: exec.mountNs(m, at),
    pidNs: exec.pidNs(m, at),
    netNs: exec.netNs(m, at),
    userNs: exec.userNs(m, at),
    cgroupId: exec.cgroupId(m, at),
    workloadId: exec.workloadId(m, at),
    inode: exec.inode(m, at),
    device: exec.device(m, at),
    argvTotalBytes: exec.argvTotalBytes(m, at),
    tty: exec.tty(m, at).slice(),
    typedBytes: exec.typedBytes(m, at),
    fileBytes: exec.fileBytes(m, at),
    cwdBytes: exec.cwdBytes(m, at),
    cgroupBytes: exec.cgroupBytes(m, at),
    argvBytes: exec.argvBytes(m, at),
    scriptDevice: exec.scriptDevice(m, at),
    scriptInode: exec.scriptInode(m, at),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface ExecColumns {
  readonly eventBootNs: BigUint64Array
  readonly eventSeq: BigUint64Array
  readonly eventStartNs: BigUint64Array
  readonly eventPid: Uint32Array
  readonly eventTid: Uint32Array
  readonly eventExecNo: Uint32Array
  readonly eventKind: Uint16Array
  readonly eventFlags: Uint32Array
  readonly eventUid: Uint32Array
  readonly parentStartNs: BigUint64Array
  readonly parentPid: Uint32Array
  readonly parentExecNo: Uint32Array
  readonly euid: Uint32Array
  readonly gid: Uint32Array
  readonly egid: Uint32Array
  readonly loginUid: Uint32Array
  readonly sessionId: Uint32Array
  readonly nsPid: Uint32Array
  readonly capInheritable: BigUint64Array
  readonly capPermitted: BigUint64Array
  readonly capEffective: BigUint64Array
  readonly mountNs: Uint32Array
  readonly pidNs: Uint32Array
  readonly netNs: Uint32Array
  readonly userNs: Uint32Array
  readonly cgroupId: BigUint64Array
  readonly workloadId: BigUint64Array
  readonly inode: BigUint64Array
  readonly device: Uint32Array
  readonly argvTotalBytes: Uint32Array
  readonly tty: Uint8Array
  readonly typedBytes: Uint32Array
  readonly fileBytes: Uint32Array
  readonly cwdBytes: Uint32Array
  readonly cgroupBytes: Uint32Array
  readonly argvBytes: Uint32Array
  readonly scriptDevice: Uint32Array
  readonly scriptInode: BigUint64Array
}

/** Makes columns with room for `capacity` rows. */
export function createExecColumns(capacity: number): ExecColumns {
  return {
    eventBootNs: new BigUint64Array(capacity),
    eventSeq: new BigUint64Array(capacity),
    eventStartNs: new BigUint64Array(capacity),
    eventPid: new Uint32Array(capacity),
    eventTid: new Uint32Array(capacity),
    eventExecNo: new Uint32Array(capacity),
    eventKind: new Uint16Array(capacity),
    eventFlags: new Uint32Array(capacity),
    eventUid: new Uint32Array(capacity),
    parentStartNs: new BigUint64Array(capacity),
    parentPid: new Uint32Array(capacity),
    parentExecNo: new Uint32Array(capacity),
    euid: new Uint32Array(capacity),
    gid: new Uint32Array(capacity),
    egid: new Uint32Array(capacity),
    loginUid: new Uint32Array(capacity),
    sessionId: new Uint32Array(capacity),
    nsPid: new Uint32Array(capacity),
    capInheritable: new BigUint64Array(capacity),
    capPermitted: new BigUint64Array(capacity),
    capEffective: new BigUint64Array(capacity),
    mountNs: new Uint32Array(capacity),
    pidNs: new Uint32Array(capacity),
    netNs: new Uint32Array(capacity),
    userNs: new Uint32Array(capacity),
    cgroupId: new BigUint64Array(capacity),
    workloadId: new BigUint64Array(capacity),
    inode: new BigUint64Array(capacity),
    device: new Uint32Array(capacity),
    argvTotalBytes: new Uint32Array(capacity),
    tty: new Uint8Array(capacity * 16),
    typedBytes: new Uint32Array(capacity),
    fileBytes: new Uint32Array(capacity),
    cwdBytes: new Uint32Array(capacity),
    cgroupBytes: new Uint32Array(capacity),
    argvBytes: new Uint32Array(capacity),
    scriptDevice: new Uint32Array(capacity),
    scriptInode: new BigUint64Array(capacity),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyExec(
  m: RecordMemory,
  at: number,
  columns: ExecColumns,
  row: number,
): void {
  columns.eventBootNs[row] = exec.eventBootNs(m, at)
  columns.eventSeq[row] = exec.eventSeq(m, at)
  columns.eventStartNs[row] = exec.eventStartNs(m, at)
  columns.eventPid[row] = exec.eventPid(m, at)
  columns.eventTid[row] = exec.eventTid(m, at)
  columns.eventExecNo[row] = exec.eventExecNo(m, at)
  columns.eventKind[row] = exec.eventKind(m, at)
  columns.eventFlags[row] = exec.eventFlags(m, at)
  columns.eventUid[row] = exec.eventUid(m, at)
  columns.parentStartNs[row] = exec.parentStartNs(m, at)
  columns.parentPid[row] = exec.parentPid(m, at)
  columns.parentExecNo[row] = exec.parentExecNo(m, at)
  columns.euid[row] = exec.euid(m, at)
  columns.gid[row] = exec.gid(m, at)
  columns.egid[row] = exec.egid(m, at)
  columns.loginUid[row] = exec.loginUid(m, at)
  columns.sessionId[row] = exec.sessionId(m, at)
  columns.nsPid[row] = exec.nsPid(m, at)
  columns.capInheritable[row] = exec.capInheritable(m, at)
  columns.capPermitted[row] = exec.capPermitted(m, at)
  columns.capEffective[row] = exec.capEffective(m, at)
  columns.mountNs[row] = exec.mountNs(m, at)
  columns.pidNs[row] = exec.pidNs(m, at)
  columns.netNs[row] = exec.netNs(m, at)
  columns.userNs[row] = exec.userNs(m, at)
  columns.cgroupId[row] = exec.cgroupId(m, at)
  columns.workloadId[row] = exec.workloadId(m, at)
  columns.inode[row] = exec.inode(m, at)
  columns.device[row] = exec.device(m, at)
  columns.argvTotalBytes[row] = exec.argvTotalBytes(m, at)
  columns.tty.set(m.u8.subarray(at + 160, at + 176), row * 16)
  columns.typedBytes[row] = exec.typedBytes(m, at)
  columns.fileBytes[row] = exec.fileBytes(m, at)
  columns.cwdBytes[row] = exec.cwdBytes(m, at)
  columns.cgroupBytes[row] = exec.cgroupBytes(m, at)
  columns.argvBytes[row] = exec.argvBytes(m, at)
  columns.scriptDevice[row] = exec.scriptDevice(m, at)
  columns.scriptInode[row] = exec.scriptInode(m, at)
}

/** Bytes of one struct hg_exec_failed. */
export const execFailedSizeBytes = 72

/** Byte offsets of its fields. */
export const execFailedOffsets = {
  eventBootNs: 0,
  eventSeq: 8,
  eventStartNs: 16,
  eventPid: 24,
  eventTid: 28,
  eventExecNo: 32,
  eventKind: 36,
  eventFlags: 40,
  eventUid: 44,
  parentStartNs: 48,
  parentPid: 56,
  error: 60,
  typedBytes: 64,
  argvBytes: 68,
} as const

/** Reads single fields of the struct hg_exec_failed at byte `at` of `m`. */
export const execFailed = {
  /** u64 event.boot_ns */
  eventBootNs: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 event.seq */
  eventSeq: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
  /** u64 event.start_ns */
  eventStartNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 16) >>> 3] as bigint,
  /** u32 event.pid */
  eventPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 24) >>> 2] as number,
  /** u32 event.tid */
  eventTid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 28) >>> 2] as number,
  /** u32 event.exec_no */
  eventExecNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 32) >>> 2] as number,
  /** u16 event.kind */
  eventKind: (m: RecordMemory, at: number): number =>
    m.u16[(at + 36) >>> 1] as number,
  /** u32 event.flags */
  eventFlags: (m: RecordMemory, at: number): number =>
    m.u32[(at + 40) >>> 2] as number,
  /** u32 event.uid */
  eventUid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 44) >>> 2] as number,
  /** u64 parent_start_ns */
  parentStartNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 48) >>> 3] as bigint,
  /** u32 parent_pid */
  parentPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 56) >>> 2] as number,
  /** u32 error */
  error: (m: RecordMemory, at: number): number =>
    m.u32[(at + 60) >>> 2] as number,
  /** u32 typed_bytes */
  typedBytes: (m: RecordMemory, at: number): number =>
    m.u32[(at + 64) >>> 2] as number,
  /** u32 argv_bytes */
  argvBytes: (m: RecordMemory, at: number): number =>
    m.u32[(at + 68) >>> 2] as number,
} as const

/** A struct hg_exec_failed as an object of its own. */
export interface ExecFailed {
  readonly eventBootNs: bigint
  readonly eventSeq: bigint
  readonly eventStartNs: bigint
  readonly eventPid: number
  readonly eventTid: number
  readonly eventExecNo: number
  readonly eventKind: number
  readonly eventFlags: number
  readonly eventUid: number
  readonly parentStartNs: bigint
  readonly parentPid: number
  readonly error: number
  readonly typedBytes: number
  readonly argvBytes: number
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readExecFailed(m: RecordMemory, at: number): ExecFailed {
  return {
    eventBootNs: execFailed.eventBootNs(m, at),
    eventSeq: execFailed.eventSeq(m, at),
    eventStartNs: execFailed.eventStartNs(m, at),
    eventPid: execFailed.eventPid(m, at),
    eventTid: execFailed.eventTid(m, at),
    eventExecNo: execFailed.eventExecNo(m, at),
    eventKind: execFailed.eventKind(m, at),
    eventFlags: execFailed.eventFlags(m, at),
    eventUid: execFailed.eventUid(m, at),
    parentStartNs: execFailed.parentStartNs(m, at),
    parentPid: execFailed.parentPid(m, at),
    error: execFailed.error(m, at),
    typedBytes: execFailed.typedBytes(m, at),
    argvBytes: execFailed.argvBytes(m, at),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface ExecFailedColumns {
  readonly eventBootNs: BigUint64Array
  readonly eventSeq: BigUint64Array
  readonly eventStartNs: BigUint64Array
  readonly eventPid: Uint32Array
  readonly eventTid: Uint32Array
  readonly eventExecNo: Uint32Array
  readonly eventKind: Uint16Array
  readonly eventFlags: Uint32Array
  readonly eventUid: Uint32Array
  readonly parentStartNs: BigUint64Array
  readonly parentPid: Uint32Array
  readonly error: Uint32Array
  readonly typedBytes: Uint32Array
  readonly argvBytes: Uint32Array
}

/** Makes columns with room for `capacity` rows. */
export function createExecFailedColumns(capacity: number): ExecFailedColumns {
  return {
    eventBootNs: new BigUint64Array(capacity),
    eventSeq: new BigUint64Array(capacity),
    eventStartNs: new BigUint64Array(capacity),
    eventPid: new Uint32Array(capacity),
    eventTid: new Uint32Array(capacity),
    eventExecNo: new Uint32Array(capacity),
    eventKind: new Uint16Array(capacity),
    eventFlags: new Uint32Array(capacity),
    eventUid: new Uint32Array(capacity),
    parentStartNs: new BigUint64Array(capacity),
    parentPid: new Uint32Array(capacity),
    error: new Uint32Array(capacity),
    typedBytes: new Uint32Array(capacity),
    argvBytes: new Uint32Array(capacity),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyExecFailed(
  m: RecordMemory,
  at: number,
  columns: ExecFailedColumns,
  row: number,
): void {
  columns.eventBootNs[row] = execFailed.eventBootNs(m, at)
  columns.eventSeq[row] = execFailed.eventSeq(m, at)
  columns.eventStartNs[row] = execFailed.eventStartNs(m, at)
  columns.eventPid[row] = execFailed.eventPid(m, at)
  columns.eventTid[row] = execFailed.eventTid(m, at)
  columns.eventExecNo[row] = execFailed.eventExecNo(m, at)
  columns.eventKind[row] = execFailed.eventKind(m, at)
  columns.eventFlags[row] = execFailed.eventFlags(m, at)
  columns.eventUid[row] = execFailed.eventUid(m, at)
  columns.parentStartNs[row] = execFailed.parentStartNs(m, at)
  columns.parentPid[row] = execFailed.parentPid(m, at)
  columns.error[row] = execFailed.error(m, at)
  columns.typedBytes[row] = execFailed.typedBytes(m, at)
  columns.argvBytes[row] = execFailed.argvBytes(m, at)
}

/** Bytes of one struct hg_exit. */
export const exitSizeBytes = 88

/** Byte offsets of its fields. */
export const exitOffsets = {
  eventBootNs: 0,
  eventSeq: 8,
  eventStartNs: 16,
  eventPid: 24,
  eventTid: 28,
  eventExecNo: 32,
  eventKind: 36,
  eventFlags: 40,
  eventUid: 44,
  status: 48,
  userNs: 56,
  systemNs: 64,
  runNs: 72,
  maxRssPages: 80,
} as const

/** Reads single fields of the struct hg_exit at byte `at` of `m`. */
export const exit = {
  /** u64 event.boot_ns */
  eventBootNs: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 event.seq */
  eventSeq: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
  /** u64 event.start_ns */
  eventStartNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 16) >>> 3] as bigint,
  /** u32 event.pid */
  eventPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 24) >>> 2] as number,
  /** u32 event.tid */
  eventTid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 28) >>> 2] as number,
  /** u32 event.exec_no */
  eventExecNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 32) >>> 2] as number,
  /** u16 event.kind */
  eventKind: (m: RecordMemory, at: number): number =>
    m.u16[(at + 36) >>> 1] as number,
  /** u32 event.flags */
  eventFlags: (m: RecordMemory, at: number): number =>
    m.u32[(at + 40) >>> 2] as number,
  /** u32 event.uid */
  eventUid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 44) >>> 2] as number,
  /** u32 status */
  status: (m: RecordMemory, at: number): number =>
    m.u32[(at + 48) >>> 2] as number,
  /** u64 user_ns */
  userNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 56) >>> 3] as bigint,
  /** u64 system_ns */
  systemNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 64) >>> 3] as bigint,
  /** u64 run_ns */
  runNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 72) >>> 3] as bigint,
  /** u64 max_rss_pages */
  maxRssPages: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 80) >>> 3] as bigint,
} as const

/** A struct hg_exit as an object of its own. */
export interface Exit {
  readonly eventBootNs: bigint
  readonly eventSeq: bigint
  readonly eventStartNs: bigint
  readonly eventPid: number
  readonly eventTid: number
  readonly eventExecNo: number
  readonly eventKind: number
  readonly eventFlags: number
  readonly eventUid: number
  readonly status: number
  readonly userNs: bigint
  readonly systemNs: bigint
  readonly runNs: bigint
  readonly maxRssPages: bigint
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readExit(m: RecordMemory, at: number): Exit {
  return {
    eventBootNs: exit.eventBootNs(m, at),
    eventSeq: exit.eventSeq(m, at),
    eventStartNs: exit.eventStartNs(m, at),
    eventPid: exit.eventPid(m, at),
    eventTid: exit.eventTid(m, at),
    eventExecNo: exit.eventExecNo(m, at),
    eventKind: exit.eventKind(m, at),
    eventFlags: exit.eventFlags(m, at),
    eventUid: exit.eventUid(m, at),
    status: exit.status(m, at),
    userNs: exit.userNs(m, at),
    systemNs: exit.systemNs(m, at),
    runNs: exit.runNs(m, at),
    maxRssPages: exit.maxRssPages(m, at),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface ExitColumns {
  readonly eventBootNs: BigUint64Array
  readonly eventSeq: BigUint64Array
  readonly eventStartNs: BigUint64Array
  readonly eventPid: Uint32Array
  readonly eventTid: Uint32Array
  readonly eventExecNo: Uint32Array
  readonly eventKind: Uint16Array
  readonly eventFlags: Uint32Array
  readonly eventUid: Uint32Array
  readonly status: Uint32Array
  readonly userNs: BigUint64Array
  readonly systemNs: BigUint64Array
  readonly runNs: BigUint64Array
  readonly maxRssPages: BigUint64Array
}

/** Makes columns with room for `capacity` rows. */
export function createExitColumns(capacity: number): ExitColumns {
  return {
    eventBootNs: new BigUint64Array(capacity),
    eventSeq: new BigUint64Array(capacity),
    eventStartNs: new BigUint64Array(capacity),
    eventPid: new Uint32Array(capacity),
    eventTid: new Uint32Array(capacity),
    eventExecNo: new Uint32Array(capacity),
    eventKind: new Uint16Array(capacity),
    eventFlags: new Uint32Array(capacity),
    eventUid: new Uint32Array(capacity),
    status: new Uint32Array(capacity),
    userNs: new BigUint64Array(capacity),
    systemNs: new BigUint64Array(capacity),
    runNs: new BigUint64Array(capacity),
    maxRssPages: new BigUint64Array(capacity),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyExit(
  m: RecordMemory,
  at: number,
  columns: ExitColumns,
  row: number,
): void {
  columns.eventBootNs[row] = exit.eventBootNs(m, at)
  columns.eventSeq[row] = exit.eventSeq(m, at)
  columns.eventStartNs[row] = exit.eventStartNs(m, at)
  columns.eventPid[row] = exit.eventPid(m, at)
  columns.eventTid[row] = exit.eventTid(m, at)
  columns.eventExecNo[row] = exit.eventExecNo(m, at)
  columns.eventKind[row] = exit.eventKind(m, at)
  columns.eventFlags[row] = exit.eventFlags(m, at)
  columns.eventUid[row] = exit.eventUid(m, at)
  columns.status[row] = exit.status(m, at)
  columns.userNs[row] = exit.userNs(m, at)
  columns.systemNs[row] = exit.systemNs(m, at)
  columns.runNs[row] = exit.runNs(m, at)
  columns.maxRssPages[row] = exit.maxRssPages(m, at)
}

/** Bytes of one struct hg_file. */
export const fileSizeBytes = 128

/** Byte offsets of its fields. */
export const fileOffsets = {
  eventBootNs: 0,
  eventSeq: 8,
  eventStartNs: 16,
  eventPid: 24,
  eventTid: 28,
  eventExecNo: 32,
  eventKind: 36,
  eventFlags: 40,
  eventUid: 44,
  inode: 48,
  size: 56,
  device: 64,
  mountNs: 68,
  mode: 72,
  owner: 76,
  group: 80,
  openFlags: 84,
  error: 88,
  operation: 92,
  writerStartNs: 96,
  writerPid: 104,
  writerExecNo: 108,
  pathBytes: 112,
  secondBytes: 116,
  beforePath: 120,
} as const

/** Reads single fields of the struct hg_file at byte `at` of `m`. */
export const file = {
  /** u64 event.boot_ns */
  eventBootNs: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 event.seq */
  eventSeq: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
  /** u64 event.start_ns */
  eventStartNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 16) >>> 3] as bigint,
  /** u32 event.pid */
  eventPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 24) >>> 2] as number,
  /** u32 event.tid */
  eventTid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 28) >>> 2] as number,
  /** u32 event.exec_no */
  eventExecNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 32) >>> 2] as number,
  /** u16 event.kind */
  eventKind: (m: RecordMemory, at: number): number =>
    m.u16[(at + 36) >>> 1] as number,
  /** u32 event.flags */
  eventFlags: (m: RecordMemory, at: number): number =>
    m.u32[(at + 40) >>> 2] as number,
  /** u32 event.uid */
  eventUid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 44) >>> 2] as number,
  /** u64 inode */
  inode: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 48) >>> 3] as bigint,
  /** u64 size */
  size: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 56) >>> 3] as bigint,
  /** u32 device */
  device: (m: RecordMemory, at: number): number =>
    m.u32[(at + 64) >>> 2] as number,
  /** u32 mount_ns */
  mountNs: (m: RecordMemory, at: number): number =>
    m.u32[(at + 68) >>> 2] as number,
  /** u32 mode */
  mode: (m: RecordMemory, at: number): number =>
    m.u32[(at + 72) >>> 2] as number,
  /** u32 owner */
  owner: (m: RecordMemory, at: number): number =>
    m.u32[(at + 76) >>> 2] as number,
  /** u32 group */
  group: (m: RecordMemory, at: number): number =>
    m.u32[(at + 80) >>> 2] as number,
  /** u32 open_flags */
  openFlags: (m: RecordMemory, at: number): number =>
    m.u32[(at + 84) >>> 2] as number,
  /** u32 error */
  error: (m: RecordMemory, at: number): number =>
    m.u32[(at + 88) >>> 2] as number,
  /** u32 operation */
  operation: (m: RecordMemory, at: number): number =>
    m.u32[(at + 92) >>> 2] as number,
  /** u64 writer_start_ns */
  writerStartNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 96) >>> 3] as bigint,
  /** u32 writer_pid */
  writerPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 104) >>> 2] as number,
  /** u32 writer_exec_no */
  writerExecNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 108) >>> 2] as number,
  /** u32 path_bytes */
  pathBytes: (m: RecordMemory, at: number): number =>
    m.u32[(at + 112) >>> 2] as number,
  /** u32 second_bytes */
  secondBytes: (m: RecordMemory, at: number): number =>
    m.u32[(at + 116) >>> 2] as number,
  /** 8 bytes before_path */
  beforePath: (m: RecordMemory, at: number): Uint8Array =>
    m.u8.subarray(at + 120, at + 128),
} as const

/** A struct hg_file as an object of its own. */
export interface File {
  readonly eventBootNs: bigint
  readonly eventSeq: bigint
  readonly eventStartNs: bigint
  readonly eventPid: number
  readonly eventTid: number
  readonly eventExecNo: number
  readonly eventKind: number
  readonly eventFlags: number
  readonly eventUid: number
  readonly inode: bigint
  readonly size: bigint
  readonly device: number
  readonly mountNs: number
  readonly mode: number
  readonly owner: number
  readonly group: number
  readonly openFlags: number
  readonly error: number
  readonly operation: number
  readonly writerStartNs: bigint
  readonly writerPid: number
  readonly writerExecNo: number
  readonly pathBytes: number
  readonly secondBytes: number
  readonly beforePath: Uint8Array
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readFile(m: RecordMemory, at: number): File {
  return {
    eventBootNs: file.eventBootNs(m, at),
    eventSeq: file.eventSeq(m, at),
    eventStartNs: file.eventStartNs(m, at),
    eventPid: file.eventPid(m, at),
    eventTid: file.eventTid(m, at),
    eventExecNo: file.eventExecNo(m, at),
    eventKind: file.eventKind(m, at),
    eventFlags: file.eventFlags(m, at),
    eventUid: file.eventUid(m, at),
    inode: file.inode(m, at),
    size: file.size(m, at),
    device: file.device(m, at),
    mountNs: file.mountNs(m, at),
    mode: file.mode(m, at),
    owner: file.owner(m, at),
    group: file.group(m, at),
    openFlags: file.openFlags(m, at),
    error: file.error(m, at),
    operation: file.operation(m, at),
    writerStartNs: file.writerStartNs(m, at),
    writerPid: file.writerPid(m, at),
    writerExecNo: file.writerExecNo(m, at),
    pathBytes: file.pathBytes(m, at),
    secondBytes: file.secondBytes(m, at),
    beforePath: file.beforePath(m, at).slice(),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface FileColumns {
  readonly eventBootNs: BigUint64Array
  readonly eventSeq: BigUint64Array
  readonly eventStartNs: BigUint64Array
  readonly eventPid: Uint32Array
  readonly eventTid: Uint32Array
  readonly eventExecNo: Uint32Array
  readonly eventKind: Uint16Array
  readonly eventFlags: Uint32Array
  readonly eventUid: Uint32Array
  readonly inode: BigUint64Array
  readonly size: BigUint64Array
  readonly device: Uint32Array
  readonly mountNs: Uint32Array
  readonly mode: Uint32Array
  readonly owner: Uint32Array
  readonly group: Uint32Array
  readonly openFlags: Uint32Array
  readonly error: Uint32Array
  readonly operation: Uint32Array
  readonly writerStartNs: BigUint64Array
  readonly writerPid: Uint32Array
  readonly writerExecNo: Uint32Array
  readonly pathBytes: Uint32Array
  readonly secondBytes: Uint32Array
  readonly beforePath: Uint8Array
}

/** Makes columns with room for `capacity` rows. */
export function createFileColumns(capacity: number): FileColumns {
  return {
    eventBootNs: new BigUint64Array(capacity),
    eventSeq: new BigUint64Array(capacity),
    eventStartNs: new BigUint64Array(capacity),
    eventPid: new Uint32Array(capacity),
    eventTid: new Uint32Array(capacity),
    eventExecNo: new Uint32Array(capacity),
    eventKind: new Uint16Array(capacity),
    eventFlags: new Uint32Array(capacity),
    eventUid: new Uint32Array(capacity),
    inode: new BigUint64Array(capacity),
    size: new BigUint64Array(capacity),
    device: new Uint32Array(capacity),
    mountNs: new Uint32Array(capacity),
    mode: new Uint32Array(capacity),
    owner: new Uint32Array(capacity),
    group: new Uint32Array(capacity),
    openFlags: new Uint32Array(capacity),
    error: new Uint32Array(capacity),
    operation: new Uint32Array(capacity),
    writerStartNs: new BigUint64Array(capacity),
    writerPid: new Uint32Array(capacity),
    writerExecNo: new Uint32Array(capacity),
    pathBytes: new Uint32Array(capacity),
    secondBytes: new Uint32Array(capacity),
    beforePath: new Uint8Array(capacity * 8),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyFile(
  m: RecordMemory,
  at: number,
  columns: FileColumns,
  row: number,
): void {
  columns.eventBootNs[row] = file.eventBootNs(m, at)
  columns.eventSeq[row] = file.eventSeq(m, at)
  columns.eventStartNs[row] = file.eventStartNs(m, at)
  columns.eventPid[row] = file.eventPid(m, at)
  columns.eventTid[row] = file.eventTid(m, at)
  columns.eventExecNo[row] = file.eventExecNo(m, at)
  columns.eventKind[row] = file.eventKind(m, at)
  columns.eventFlags[row] = file.eventFlags(m, at)
  columns.eventUid[row] = file.eventUid(m, at)
  columns.inode[row] = file.inode(m, at)
  columns.size[row] = file.size(m, at)
  columns.device[row] = file.device(m, at)
  columns.mountNs[row] = file.mountNs(m, at)
  columns.mode[row] = file.mode(m, at)
  columns.owner[row] = file.owner(m, at)
  columns.group[row] = file.group(m, at)
  columns.openFlags[row] = file.openFlags(m, at)
  columns.error[row] = file.error(m, at)
  columns.operation[row] = file.operation(m, at)
  columns.writerStartNs[row] = file.writerStartNs(m, at)
  columns.writerPid[row] = file.writerPid(m, at)
  columns.writerExecNo[row] = file.writerExecNo(m, at)
  columns.pathBytes[row] = file.pathBytes(m, at)
  columns.secondBytes[row] = file.secondBytes(m, at)
  columns.beforePath.set(m.u8.subarray(at + 120, at + 128), row * 8)
}

/** Bytes of one struct hg_file_settings. */
export const fileSettingsSizeBytes = 4896

/** Byte offsets of its fields. */
export const fileSettingsOffsets = {
  isReady: 0,
  prefixes: 4,
  hasWatched: 8,
  workloads: 12,
  startedS: 16,
  prefixEnds: 24,
  nameBits: 32,
  prefix: 544,
} as const

/** Reads single fields of the struct hg_file_settings at byte `at` of `m`. */
export const fileSettings = {
  /** u32 is_ready */
  isReady: (m: RecordMemory, at: number): number =>
    m.u32[at >>> 2] as number,
  /** u32 prefixes */
  prefixes: (m: RecordMemory, at: number): number =>
    m.u32[(at + 4) >>> 2] as number,
  /** u32 has_watched */
  hasWatched: (m: RecordMemory, at: number): number =>
    m.u32[(at + 8) >>> 2] as number,
  /** u32 workloads */
  workloads: (m: RecordMemory, at: number): number =>
    m.u32[(at + 12) >>> 2] as number,
  /** u64 started_s */
  startedS: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 16) >>> 3] as bigint,
  /** u64 prefix_ends */
  prefixEnds: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 24) >>> 3] as bigint,
  /** 64 of u64 name_bits */
  nameBits: (m: RecordMemory, at: number, index: number): bigint =>
    m.u64[(at + 32 + index * 8) >>> 3] as bigint,
  /** 32 of struct hg_file_prefix prefix */
  prefix: (m: RecordMemory, at: number, index: number): number =>
    at + 544 + index * 136,
} as const

/** A struct hg_file_settings as an object of its own. */
export interface FileSettings {
  readonly isReady: number
  readonly prefixes: number
  readonly hasWatched: number
  readonly workloads: number
  readonly startedS: bigint
  readonly prefixEnds: bigint
  readonly nameBits: readonly bigint[]
  readonly prefix: readonly number[]
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readFileSettings(m: RecordMemory, at: number): FileSettings {
  return {
    isReady: fileSettings.isReady(m, at),
    prefixes: fileSettings.prefixes(m, at),
    hasWatched: fileSettings.hasWatched(m, at),
    workloads: fileSettings.workloads(m, at),
    startedS: fileSettings.startedS(m, at),
    prefixEnds: fileSettings.prefixEnds(m, at),
    nameBits: Array.from({ length: 64 }, (_, i) => fileSettings.nameBits(m, at, i)),
    prefix: Array.from({ length: 32 }, (_, i) => fileSettings.prefix(m, at, i)),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface FileSettingsColumns {
  readonly isReady: Uint32Array
  readonly prefixes: Uint32Array
  readonly hasWatched: Uint32Array
  readonly workloads: Uint32Array
  readonly startedS: BigUint64Array
  readonly prefixEnds: BigUint64Array
  readonly nameBits: BigUint64Array
}

/** Makes columns with room for `capacity` rows. */
export function createFileSettingsColumns(capacity: number): FileSettingsColumns {
  return {
    isReady: new Uint32Array(capacity),
    prefixes: new Uint32Array(capacity),
    hasWatched: new Uint32Array(capacity),
    workloads: new Uint32Array(capacity),
    startedS: new BigUint64Array(capacity),
    prefixEnds: new BigUint64Array(capacity),
    nameBits: new BigUint64Array(capacity * 64),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyFileSettings(
  m: RecordMemory,
  at: number,
  columns: FileSettingsColumns,
  row: number,
): void {
  columns.isReady[row] = fileSettings.isReady(m, at)
  columns.prefixes[row] = fileSettings.prefixes(m, at)
  columns.hasWatched[row] = fileSettings.hasWatched(m, at)
  columns.workloads[row] = fileSettings.workloads(m, at)
  columns.startedS[row] = fileSettings.startedS(m, at)
  columns.prefixEnds[row] = fileSettings.prefixEnds(m, at)
  for (let i = 0; i < 64; i++) columns.nameBits[row * 64 + i] = fileSettings.nameBits(m, at, i)
}

/** Bytes of one struct hg_file_name. */
export const fileNameSizeBytes = 8

/** Byte offsets of its fields. */
export const fileNameOffsets = {
  length: 0,
  isWhole: 4,
} as const

/** Reads single fields of the struct hg_file_name at byte `at` of `m`. */
export const fileName = {
  /** u32 length */
  length: (m: RecordMemory, at: number): number =>
    m.u32[at >>> 2] as number,
  /** u32 is_whole */
  isWhole: (m: RecordMemory, at: number): number =>
    m.u32[(at + 4) >>> 2] as number,
} as const

/** A struct hg_file_name as an object of its own. */
export interface FileName {
  readonly length: number
  readonly isWhole: number
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readFileName(m: RecordMemory, at: number): FileName {
  return {
    length: fileName.length(m, at),
    isWhole: fileName.isWhole(m, at),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface FileNameColumns {
  readonly length: Uint32Array
  readonly isWhole: Uint32Array
}

/** Makes columns with room for `capacity` rows. */
export function createFileNameColumns(capacity: number): FileNameColumns {
  return {
    length: new Uint32Array(capacity),
    isWhole: new Uint32Array(capacity),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyFileName(
  m: RecordMemory,
  at: number,
  columns: FileNameColumns,
  row: number,
): void {
  columns.length[row] = fileName.length(m, at)
  columns.isWhole[row] = fileName.isWhole(m, at)
}

/** Bytes of one struct hg_file_id. */
export const fileIdSizeBytes = 16

/** Byte offsets of its fields. */
export const fileIdOffsets = {
  inode: 0,
  device: 8,
} as const

/** Reads single fields of the struct hg_file_id at byte `at` of `m`. */
export const fileId = {
  /** u64 inode */
  inode: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 device */
  device: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
} as const

/** A struct hg_file_id as an object of its own. */
export interface FileId {
  readonly inode: bigint
  readonly device: bigint
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readFileId(m: RecordMemory, at: number): FileId {
  return {
    inode: fileId.inode(m, at),
    device: fileId.device(m, at),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface FileIdColumns {
  readonly inode: BigUint64Array
  readonly device: BigUint64Array
}

/** Makes columns with room for `capacity` rows. */
export function createFileIdColumns(capacity: number): FileIdColumns {
  return {
    inode: new BigUint64Array(capacity),
    device: new BigUint64Array(capacity),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyFileId(
  m: RecordMemory,
  at: number,
  columns: FileIdColumns,
  row: number,
): void {
  columns.inode[row] = fileId.inode(m, at)
  columns.device[row] = fileId.device(m, at)
}

/** Bytes of one struct hg_fork. */
export const forkSizeBytes = 88

/** Byte offsets of its fields. */
export const forkOffsets = {
  eventBootNs: 0,
  eventSeq: 8,
  eventStartNs: 16,
  eventPid: 24,
  eventTid: 28,
  eventExecNo: 32,
  eventKind: 36,
  eventFlags: 40,
  eventUid: 44,
  parentStartNs: 48,
  parentPid: 56,
  parentExecNo: 60,
  cgroupId: 64,
  workloadId: 72,
  nsPid: 80,
} as const

/** Reads single fields of the struct hg_fork at byte `at` of `m`. */
export const fork = {
  /** u64 event.boot_ns */
  eventBootNs: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 event.seq */
  eventSeq: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
  /** u64 event.start_ns */
  eventStartNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 16) >>> 3] as bigint,
  /** u32 event.pid */
  eventPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 24) >>> 2] as number,
  /** u32 event.tid */
  eventTid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 28) >>> 2] as number,
  /** u32 event.exec_no */
  eventExecNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 32) >>> 2] as number,
  /** u16 event.kind */
  eventKind: (m: RecordMemory, at: number): number =>
    m.u16[(at + 36) >>> 1] as number,
  /** u32 event.flags */
  eventFlags: (m: RecordMemory, at: number): number =>
    m.u32[(at + 40) >>> 2] as number,
  /** u32 event.uid */
  eventUid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 44) >>> 2] as number,
  /** u64 parent_start_ns */
  parentStartNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 48) >>> 3] as bigint,
  /** u32 parent_pid */
  parentPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 56) >>> 2] as number,
  /** u32 parent_exec_no */
  parentExecNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 60) >>> 2] as number,
  /** u64 cgroup_id */
  cgroupId: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 64) >>> 3] as bigint,
  /** u64 workload_id */
  workloadId: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 72) >>> 3] as bigint,
  /** u32 ns_pid */
  nsPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 80) >>> 2] as number,
} as const

/** A struct hg_fork as an object of its own. */
export interface Fork {
  readonly eventBootNs: bigint
  readonly eventSeq: bigint
  readonly eventStartNs: bigint
  readonly eventPid: number
  readonly eventTid: number
  readonly eventExecNo: number
  readonly eventKind: number
  readonly eventFlags: number
  readonly eventUid: number
  readonly parentStartNs: bigint
  readonly parentPid: number
  readonly parentExecNo: number
  readonly cgroupId: bigint
  readonly workloadId: bigint
  readonly nsPid: number
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readFork(m: RecordMemory, at: number): Fork {
  return {
    eventBootNs: fork.eventBootNs(m, at),
    eventSeq: fork.eventSeq(m, at),
    eventStartNs: fork.eventStartNs(m, at),
    eventPid: fork.eventPid(m, at),
    eventTid: fork.eventTid(m, at),
    eventExecNo: fork.eventExecNo(m, at),
    eventKind: fork.eventKind(m, at),
    eventFlags: fork.eventFlags(m, at),
    eventUid: fork.eventUid(m, at),
    parentStartNs: fork.parentStartNs(m, at),
    parentPid: fork.parentPid(m, at),
    parentExecNo: fork.parentExecNo(m, at),
    cgroupId: fork.cgroupId(m, at),
    workloadId: fork.workloadId(m, at),
    nsPid: fork.nsPid(m, at),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface ForkColumns {
  readonly eventBootNs: BigUint64Array
  readonly eventSeq: BigUint64Array
  readonly eventStartNs: BigUint64Array
  readonly eventPid: Uint32Array
  readonly eventTid: Uint32Array
  readonly eventExecNo: Uint32Array
  readonly eventKind: Uint16Array
  readonly eventFlags: Uint32Array
  readonly eventUid: Uint32Array
  readonly parentStartNs: BigUint64Array
  readonly parentPid: Uint32Array
  readonly parentExecNo: Uint32Array
  readonly cgroupId: BigUint64Array
  readonly workloadId: BigUint64Array
  readonly nsPid: Uint32Array
}

/** Makes columns with room for `capacity` rows. */
export function createForkColumns(capacity: number): ForkColumns {
  return {
    eventBootNs: new BigUint64Array(capacity),
    eventSeq: new BigUint64Array(capacity),
    eventStartNs: new BigUint64Array(capacity),
    eventPid: new Uint32Array(capacity),
    eventTid: new Uint32Array(capacity),
    eventExecNo: new Uint32Array(capacity),
    eventKind: new Uint16Array(capacity),
    eventFlags: new Uint32Array(capacity),
    eventUid: new Uint32Array(capacity),
    parentStartNs: new BigUint64Array(capacity),
    parentPid: new Uint32Array(capacity),
    parentExecNo: new Uint32Array(capacity),
    cgroupId: new BigUint64Array(capacity),
    workloadId: new BigUint64Array(capacity),
    nsPid: new Uint32Array(capacity),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyFork(
  m: RecordMemory,
  at: number,
  columns: ForkColumns,
  row: number,
): void {
  columns.eventBootNs[row] = fork.eventBootNs(m, at)
  columns.eventSeq[row] = fork.eventSeq(m, at)
  columns.eventStartNs[row] = fork.eventStartNs(m, at)
  columns.eventPid[row] = fork.eventPid(m, at)
  columns.eventTid[row] = fork.eventTid(m, at)
  columns.eventExecNo[row] = fork.eventExecNo(m, at)
  columns.eventKind[row] = fork.eventKind(m, at)
  columns.eventFlags[row] = fork.eventFlags(m, at)
  columns.eventUid[row] = fork.eventUid(m, at)
  columns.parentStartNs[row] = fork.parentStartNs(m, at)
  columns.parentPid[row] = fork.parentPid(m, at)
  columns.parentExecNo[row] = fork.parentExecNo(m, at)
  columns.cgroupId[row] = fork.cgroupId(m, at)
  columns.workloadId[row] = fork.workloadId(m, at)
  columns.nsPid[row] = fork.nsPid(m, at)
}

/** Bytes of one struct hg_io_uring. */
export const ioUringSizeBytes = 128

/** Byte offsets of its fields. */
export const ioUringOffsets = {
  eventBootNs: 0,
  eventSeq: 8,
  eventStartNs: 16,
  eventPid: 24,
  eventTid: 28,
  eventExecNo: 32,
  eventKind: 36,
  eventFlags: 40,
  eventUid: 44,
  requestId: 48,
  inode: 56,
  device: 64,
  fd: 68,
  fd2: 72,
  result: 76,
  requestFlags: 80,
  entries: 84,
  remotePort: 88,
  family: 90,
  protocol: 92,
  opcode: 94,
  operation: 96,
  pathBytes: 100,
  path2Bytes: 104,
  remoteAddress: 112,
} as const

/** Reads single fields of the struct hg_io_uring at byte `at` of `m`. */
export const ioUring = {
  /** u64 event.boot_ns */
  eventBootNs: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 event.seq */
  eventSeq: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
  /** u64 event.start_ns */
  eventStartNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 16) >>> 3] as bigint,
  /** u32 event.pid */
  eventPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 24) >>> 2] as number,
  /** u32 event.tid */
  eventTid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 28) >>> 2] as number,
  /** u32 event.exec_no */
  eventExecNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 32) >>> 2] as number,
  /** u16 event.kind */
  eventKind: (m: RecordMemory, at: number): number =>
    m.u16[(at + 36) >>> 1] as number,
  /** u32 event.flags */
  eventFlags: (m: RecordMemory, at: number): number =>
    m.u32[(at + 40) >>> 2] as number,
  /** u32 event.uid */
  eventUid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 44) >>> 2] as number,
  /** u64 request_id */
  requestId: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 48) >>> 3] as bigint,
  /** u64 inode */
  inode: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 56) >>> 3] as bigint,
  /** u32 device */
  device: (m: RecordMemory, at: number): number =>
    m.u32[(at + 64) >>> 2] as number,
  /** u32 fd */
  fd: (m: RecordMemory, at: number): number =>
    m.u32[(at + 68) >>> 2] as number,
  /** u32 fd2 */
  fd2: (m: RecordMemory, at: number): number =>
    m.u32[(at + 72) >>> 2] as number,
  /** u32 result */
  result: (m: RecordMemory, at: number): number =>
    m.u32[(at + 76) >>> 2] as number,
  /** u32 request_flags */
  requestFlags: (m: RecordMemory, at: number): number =>
    m.u32[(at + 80) >>> 2] as number,
  /** u32 entries */
  entries: (m: RecordMemory, at: number): number =>
    m.u32[(at + 84) >>> 2] as number,
  /** u16 remote_port */
  remotePort: (m: RecordMemory, at: number): number =>
    m.u16[(at + 88) >>> 1] as number,
  /** u16 family */
  family: (m: RecordMemory, at: number): number =>
    m.u16[(at + 90) >>> 1] as number,
  /** u16 protocol */
  protocol: (m: RecordMemory, at: number): number =>
    m.u16[(at + 92) >>> 1] as number,
  /** u16 opcode */
  opcode: (m: RecordMemory, at: number): number =>
    m.u16[(at + 94) >>> 1] as number,
  /** u32 operation */
  operation: (m: RecordMemory, at: number): number =>
    m.u32[(at + 96) >>> 2] as number,
  /** u32 path_bytes */
  pathBytes: (m: RecordMemory, at: number): number =>
    m.u32[(at + 100) >>> 2] as number,
  /** u32 path2_bytes */
  path2Bytes: (m: RecordMemory, at: number): number =>
    m.u32[(at + 104) >>> 2] as number,
  /** 16 bytes remote_address */
  remoteAddress: (m: RecordMemory, at: number): Uint8Array =>
    m.u8.subarray(at + 112, at + 128),
} as const

/** A struct hg_io_uring as an object of its own. */
export interface IoUring {
  readonly eventBootNs: bigint
  readonly eventSeq: bigint
  readonly eventStartNs: bigint
  readonly eventPid: number
  readonly eventTid: number
  readonly eventExecNo: number
  readonly eventKind: number
  readonly eventFlags: number
  readonly eventUid: number
  readonly requestId: bigint
  readonly inode: bigint
  readonly device: number
  readonly fd: number
  readonly fd2: number
  readonly result: number
  readonly requestFlags: number
  readonly entries: number
  readonly remotePort: number
  readonly family: number
  readonly protocol: number
  readonly opcode: number
  readonly operation: number
  readonly pathBytes: number
  readonly path2Bytes: number
  readonly remoteAddress: Uint8Array
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readIoUring(m: RecordMemory, at: number): IoUring {
  return {
    eventBootNs: ioUring.eventBootNs(m, at),
    eventSeq: ioUring.eventSeq(m, at),
    eventStartNs: ioUring.eventStartNs(m, at),
    eventPid: ioUring.eventPid(m, at),
    eventTid: ioUring.eventTid(m, at),
    eventExecNo: ioUring.eventExecNo(m, at),
    eventKind: ioUring.eventKind(m, at),
    eventFlags: ioUring.eventFlags(m, at),
    eventUid: ioUring.eventUid(m, at),
    requestId: ioUring.requestId(m, at),
    inode: ioUring.inode(m, at),
    device: ioUring.device(m, at),
    fd: ioUring.fd(m, at),
    fd2: ioUring.fd2(m, at),
    result: ioUring.result(m, at),
    requestFlags: ioUring.requestFlags(m, at),
    entries: ioUring.entries(m, at),
    remotePort: ioUring.remotePort(m, at),
    family: ioUring.family(m, at),
    protocol: ioUring.protocol(m, at),
    opcode: ioUring.opcode(m, at),
    operation: ioUring.operation(m, at),
    pathBytes: ioUring.pathBytes(m, at),
    path2Bytes: ioUring.path2Bytes(m, at),
    remoteAddress: ioUring.remoteAddress(m, at).slice(),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface IoUringColumns {
  readonly eventBootNs: BigUint64Array
  readonly eventSeq: BigUint64Array
  readonly eventStartNs: BigUint64Array
  readonly eventPid: Uint32Array
  readonly eventTid: Uint32Array
  readonly eventExecNo: Uint32Array
  readonly eventKind: Uint16Array
  readonly eventFlags: Uint32Array
  readonly eventUid: Uint32Array
  readonly requestId: BigUint64Array
  readonly inode: BigUint64Array
  readonly device: Uint32Array
  readonly fd: Uint32Array
  readonly fd2: Uint32Array
  readonly result: Uint32Array
  readonly requestFlags: Uint32Array
  readonly entries: Uint32Array
  readonly remotePort: Uint16Array
  readonly family: Uint16Array
  readonly protocol: Uint16Array
  readonly opcode: Uint16Array
  readonly operation: Uint32Array
  readonly pathBytes: Uint32Array
  readonly path2Bytes: Uint32Array
  readonly remoteAddress: Uint8Array
}

/** Makes columns with room for `capacity` rows. */
export function createIoUringColumns(capacity: number): IoUringColumns {
  return {
    eventBootNs: new BigUint64Array(capacity),
    eventSeq: new BigUint64Array(capacity),
    eventStartNs: new BigUint64Array(capacity),
    eventPid: new Uint32Array(capacity),
    eventTid: new Uint32Array(capacity),
    eventExecNo: new Uint32Array(capacity),
    eventKind: new Uint16Array(capacity),
    eventFlags: new Uint32Array(capacity),
    eventUid: new Uint32Array(capacity),
    requestId: new BigUint64Array(capacity),
    inode: new BigUint64Array(capacity),
    device: new Uint32Array(capacity),
    fd: new Uint32Array(capacity),
    fd2: new Uint32Array(capacity),
    result: new Uint32Array(capacity),
    requestFlags: new Uint32Array(capacity),
    entries: new Uint32Array(capacity),
    remotePort: new Uint16Array(capacity),
    family: new Uint16Array(capacity),
    protocol: new Uint16Array(capacity),
    opcode: new Uint16Array(capacity),
    operation: new Uint32Array(capacity),
    pathBytes: new Uint32Array(capacity),
    path2Bytes: new Uint32Array(capacity),
    remoteAddress: new Uint8Array(capacity * 16),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyIoUring(
  m: RecordMemory,
  at: number,
  columns: IoUringColumns,
  row: number,
): void {
  columns.eventBootNs[row] = ioUring.eventBootNs(m, at)
  columns.eventSeq[row] = ioUring.eventSeq(m, at)
  columns.eventStartNs[row] = ioUring.eventStartNs(m, at)
  columns.eventPid[row] = ioUring.eventPid(m, at)
  columns.eventTid[row] = ioUring.eventTid(m, at)
  columns.eventExecNo[row] = ioUring.eventExecNo(m, at)
  columns.eventKind[row] = ioUring.eventKind(m, at)
  columns.eventFlags[row] = ioUring.eventFlags(m, at)
  columns.eventUid[row] = ioUring.eventUid(m, at)
  columns.requestId[row] = ioUring.requestId(m, at)
  columns.inode[row] = ioUring.inode(m, at)
  columns.device[row] = ioUring.device(m, at)
  columns.fd[row] = ioUring.fd(m, at)
  columns.fd2[row] = ioUring.fd2(m, at)
  columns.result[row] = ioUring.result(m, at)
  columns.requestFlags[row] = ioUring.requestFlags(m, at)
  columns.entries[row] = ioUring.entries(m, at)
  columns.remotePort[row] = ioUring.remotePort(m, at)
  columns.family[row] = ioUring.family(m, at)
  columns.protocol[row] = ioUring.protocol(m, at)
  columns.opcode[row] = ioUring.opcode(m, at)
  columns.operation[row] = ioUring.operation(m, at)
  columns.pathBytes[row] = ioUring.pathBytes(m, at)
  columns.path2Bytes[row] = ioUring.path2Bytes(m, at)
  columns.remoteAddress.set(m.u8.subarray(at + 112, at + 128), row * 16)
}

/** Bytes of one struct hg_memory. */
export const memorySizeBytes = 152

/** Byte offsets of its fields. */
export const memoryOffsets = {
  countedEventBootNs: 0,
  countedEventSeq: 8,
  countedEventStartNs: 16,
  countedEventPid: 24,
  countedEventTid: 28,
  countedEventExecNo: 32,
  countedEventKind: 36,
  countedEventFlags: 40,
  countedEventUid: 44,
  countedCount: 48,
  countedSinceNs: 56,
  countedLastNs: 64,
  countedAmount: 72,
  countedAddress: 80,
  targetStartNs: 88,
  targetPid: 96,
  targetTid: 100,
  targetExecNo: 104,
  operation: 112,
  error: 116,
  protection: 120,
  device: 124,
  inode: 128,
  flags: 136,
  pathBytes: 144,
} as const

/** Reads single fields of the struct hg_memory at byte `at` of `m`. */
export const memory = {
  /** u64 counted.event.boot_ns */
  countedEventBootNs: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 counted.event.seq */
  countedEventSeq: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
  /** u64 counted.event.start_ns */
  countedEventStartNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 16) >>> 3] as bigint,
  /** u32 counted.event.pid */
  countedEventPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 24) >>> 2] as number,
  /** u32 counted.event.tid */
  countedEventTid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 28) >>> 2] as number,
  /** u32 counted.event.exec_no */
  countedEventExecNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 32) >>> 2] as number,
  /** u16 counted.event.kind */
  countedEventKind: (m: RecordMemory, at: number): number =>
    m.u16[(at + 36) >>> 1] as number,
  /** u32 counted.event.flags */
  countedEventFlags: (m: RecordMemory, at: number): number =>
    m.u32[(at + 40) >>> 2] as number,
  /** u32 counted.event.uid */
  countedEventUid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 44) >>> 2] as number,
  /** u64 counted.count */
  countedCount: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 48) >>> 3] as bigint,
  /** u64 counted.since_ns */
  countedSinceNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 56) >>> 3] as bigint,
  /** u64 counted.last_ns */
  countedLastNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 64) >>> 3] as bigint,
  /** u64 counted.amount */
  countedAmount: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 72) >>> 3] as bigint,
  /** u64 counted.address */
  countedAddress: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 80) >>> 3] as bigint,
  /** u64 target.start_ns */
  targetStartNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 88) >>> 3] as bigint,
  /** u32 target.pid */
  targetPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 96) >>> 2] as number,
  /** u32 target.tid */
  targetTid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 100) >>> 2] as number,
  /** u32 target.exec_no */
  targetExecNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 104) >>> 2] as number,
  /** u32 operation */
  operation: (m: RecordMemory, at: number): number =>
    m.u32[(at + 112) >>> 2] as number,
  /** u32 error */
  error: (m: RecordMemory, at: number): number =>
    m.u32[(at + 116) >>> 2] as number,
  /** u32 protection */
  protection: (m: RecordMemory, at: number): number =>
    m.u32[(at + 120) >>> 2] as number,
  /** u32 device */
  device: (m: RecordMemory, at: number): number =>
    m.u32[(at + 124) >>> 2] as number,
  /** u64 inode */
  inode: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 128) >>> 3] as bigint,
  /** u64 flags */
  flags: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 136) >>> 3] as bigint,
  /** u32 path_bytes */
  pathBytes: (m: RecordMemory, at: number): number =>
    m.u32[(at + 144) >>> 2] as number,
} as const

/** A struct hg_memory as an object of its own. */
export interface Memory {
  readonly countedEventBootNs: bigint
  readonly countedEventSeq: bigint
  readonly countedEventStartNs: bigint
  readonly countedEventPid: number
  readonly countedEventTid: number
  readonly countedEventExecNo: number
  readonly countedEventKind: number
  readonly countedEventFlags: number
  readonly countedEventUid: number
  readonly countedCount: bigint
  readonly countedSinceNs: bigint
  readonly countedLastNs: bigint
  readonly countedAmount: bigint
  readonly countedAddress: bigint
  readonly targetStartNs: bigint
  readonly targetPid: number
  readonly targetTid: number
  readonly targetExecNo: number
  readonly operation: number
  readonly error: number
  readonly protection: number
  readonly device: number
  readonly inode: bigint
  readonly flags: bigint
  readonly pathBytes: number
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readMemory(m: RecordMemory, at: number): Memory {
  return {
    countedEventBootNs: memory.countedEventBootNs(m, at),
    countedEventSeq: memory.countedEventSeq(m, at),
    countedEventStartNs: memory.countedEventStartNs(m, at),
    countedEventPid: memory.countedEventPid(m, at),
    countedEventTid: memory.countedEventTid(m, at),
    countedEventExecNo: memory.countedEventExecNo(m, at),
    countedEventKind: memory.countedEventKind(m, at),
    countedEventFlags: memory.countedEventFlags(m, at),
    countedEventUid: memory.countedEventUid(m, at),
    countedCount: memory.countedCount(m, at),
    countedSinceNs: memory.countedSinceNs(m, at),
    countedLastNs: memory.countedLastNs(m, at),
    countedAmount: memory.countedAmount(m, at),
    countedAddress: memory.countedAddress(m, at),
    targetStartNs: memory.targetStartNs(m, at),
    targetPid: memory.targetPid(m, at),
    targetTid: memory.targetTid(m, at),
    targetExecNo: memory.targetExecNo(m, at),
    operation: memory.operation(m, at),
    error: memory.error(m, at),
    protection: memory.protection(m, at),
    device: memory.device(m, at),
    inode: memory.inode(m, at),
    flags: memory.flags(m, at),
    pathBytes: memory.pathBytes(m, at),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface MemoryColumns {
  readonly countedEventBootNs: BigUint64Array
  readonly countedEventSeq: BigUint64Array
  readonly countedEventStartNs: BigUint64Array
  readonly countedEventPid: Uint32Array
  readonly countedEventTid: Uint32Array
  readonly countedEventExecNo: Uint32Array
  readonly countedEventKind: Uint16Array
  readonly countedEventFlags: Uint32Array
  readonly countedEventUid: Uint32Array
  readonly countedCount: BigUint64Array
  readonly countedSinceNs: BigUint64Array
  readonly countedLastNs: BigUint64Array
  readonly countedAmount: BigUint64Array
  readonly countedAddress: BigUint64Array
  readonly targetStartNs: BigUint64Array
  readonly targetPid: Uint32Array
  readonly targetTid: Uint32Array
  readonly targetExecNo: Uint32Array
  readonly operation: Uint32Array
  readonly error: Uint32Array
  readonly protection: Uint32Array
  readonly device: Uint32Array
  readonly inode: BigUint64Array
  readonly flags: BigUint64Array
  readonly pathBytes: Uint32Array
}

/** Makes columns with room for `capacity` rows. */
export function createMemoryColumns(capacity: number): MemoryColumns {
  return {
    countedEventBootNs: new BigUint64Array(capacity),
    countedEventSeq: new BigUint64Array(capacity),
    countedEventStartNs: new BigUint64Array(capacity),
    countedEventPid: new Uint32Array(capacity),
    countedEventTid: new Uint32Array(capacity),
    countedEventExecNo: new Uint32Array(capacity),
    countedEventKind: new Uint16Array(capacity),
    countedEventFlags: new Uint32Array(capacity),
    countedEventUid: new Uint32Array(capacity),
    countedCount: new BigUint64Array(capacity),
    countedSinceNs: new BigUint64Array(capacity),
    countedLastNs: new BigUint64Array(capacity),
    countedAmount: new BigUint64Array(capacity),
    countedAddress: new BigUint64Array(capacity),
    targetStartNs: new BigUint64Array(capacity),
    targetPid: new Uint32Array(capacity),
    targetTid: new Uint32Array(capacity),
    targetExecNo: new Uint32Array(capacity),
    operation: new Uint32Array(capacity),
    error: new Uint32Array(capacity),
    protection: new Uint32Array(capacity),
    device: new Uint32Array(capacity),
    inode: new BigUint64Array(capacity),
    flags: new BigUint64Array(capacity),
    pathBytes: new Uint32Array(capacity),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyMemory(
  m: RecordMemory,
  at: number,
  columns: MemoryColumns,
  row: number,
): void {
  columns.countedEventBootNs[row] = memory.countedEventBootNs(m, at)
  columns.countedEventSeq[row] = memory.countedEventSeq(m, at)
  columns.countedEventStartNs[row] = memory.countedEventStartNs(m, at)
  columns.countedEventPid[row] = memory.countedEventPid(m, at)
  columns.countedEventTid[row] = memory.countedEventTid(m, at)
  columns.countedEventExecNo[row] = memory.countedEventExecNo(m, at)
  columns.countedEventKind[row] = memory.countedEventKind(m, at)
  columns.countedEventFlags[row] = memory.countedEventFlags(m, at)
  columns.countedEventUid[row] = memory.countedEventUid(m, at)
  columns.countedCount[row] = memory.countedCount(m, at)
  columns.countedSinceNs[row] = memory.countedSinceNs(m, at)
  columns.countedLastNs[row] = memory.countedLastNs(m, at)
  columns.countedAmount[row] = memory.countedAmount(m, at)
  columns.countedAddress[row] = memory.countedAddress(m, at)
  columns.targetStartNs[row] = memory.targetStartNs(m, at)
  columns.targetPid[row] = memory.targetPid(m, at)
  columns.targetTid[row] = memory.targetTid(m, at)
  columns.targetExecNo[row] = memory.targetExecNo(m, at)
  columns.operation[row] = memory.operation(m, at)
  columns.error[row] = memory.error(m, at)
  columns.protection[row] = memory.protection(m, at)
  columns.device[row] = memory.device(m, at)
  columns.inode[row] = memory.inode(m, at)
  columns.flags[row] = memory.flags(m, at)
  columns.pathBytes[row] = memory.pathBytes(m, at)
}

/** Bytes of one struct hg_tcp. */
export const tcpSizeBytes = 128

/** Byte offsets of its fields. */
export const tcpOffsets = {
  eventBootNs: 0,
  eventSeq: 8,
  eventStartNs: 16,
  eventPid: 24,
  eventTid: 28,
  eventExecNo: 32,
  eventKind: 36,
  eventFlags: 40,
  eventUid: 44,
  socketId: 48,
  bytesSent: 56,
  bytesReceived: 64,
  durationNs: 72,
  netNs: 80,
  error: 84,
  localPort: 88,
  remotePort: 90,
  family: 92,
  operation: 94,
  localAddress: 96,
  remoteAddress: 112,
} as const

/** Reads single fields of the struct hg_tcp at byte `at` of `m`. */
export const tcp = {
  /** u64 event.boot_ns */
  eventBootNs: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 event.seq */
  eventSeq: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
  /** u64 event.start_ns */
  eventStartNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 16) >>> 3] as bigint,
  /** u32 event.pid */
  eventPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 24) >>> 2] as number,
  /** u32 event.tid */
  eventTid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 28) >>> 2] as number,
  /** u32 event.exec_no */
  eventExecNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 32) >>> 2] as number,
  /** u16 event.kind */
  eventKind: (m: RecordMemory, at: number): number =>
    m.u16[(at + 36) >>> 1] as number,
  /** u32 event.flags */
  eventFlags: (m: RecordMemory, at: number): number =>
    m.u32[(at + 40) >>> 2] as number,
  /** u32 event.uid */
  eventUid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 44) >>> 2] as number,
  /** u64 socket_id */
  socketId: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 48) >>> 3] as bigint,
  /** u64 bytes_sent */
  bytesSent: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 56) >>> 3] as bigint,
  /** u64 bytes_received */
  bytesReceived: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 64) >>> 3] as bigint,
  /** u64 duration_ns */
  durationNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 72) >>> 3] as bigint,
  /** u32 net_ns */
  netNs: (m: RecordMemory, at: number): number =>
    m.u32[(at + 80) >>> 2] as number,
  /** u32 error */
  error: (m: RecordMemory, at: number): number =>
    m.u32[(at + 84) >>> 2] as number,
  /** u16 local_port */
  localPort: (m: RecordMemory, at: number): number =>
    m.u16[(at + 88) >>> 1] as number,
  /** u16 remote_port */
  remotePort: (m: RecordMemory, at: number): number =>
    m.u16[(at + 90) >>> 1] as number,
  /** u16 family */
  family: (m: RecordMemory, at: number): number =>
    m.u16[(at + 92) >>> 1] as number,
  /** u16 operation */
  operation: (m: RecordMemory, at: number): number =>
    m.u16[(at + 94) >>> 1] as number,
  /** 16 bytes local_address */
  localAddress: (m: RecordMemory, at: number): Uint8Array =>
    m.u8.subarray(at + 96, at + 112),
  /** 16 bytes remote_address */
  remoteAddress: (m: RecordMemory, at: number): Uint8Array =>
    m.u8.subarray(at + 112, at + 128),
} as const

/** A struct hg_tcp as an object of its own. */
export interface Tcp {
  readonly eventBootNs: bigint
  readonly eventSeq: bigint
  readonly eventStartNs: bigint
  readonly eventPid: number
  readonly eventTid: number
  readonly eventExecNo: number
  readonly eventKind: number
  readonly eventFlags: number
  readonly eventUid: number
  readonly socketId: bigint
  readonly bytesSent: bigint
  readonly bytesReceived: bigint
  readonly durationNs: bigint
  readonly netNs: number
  readonly error: number
  readonly localPort: number
  readonly remotePort: number
  readonly family: number
  readonly operation: number
  readonly localAddress: Uint8Array
  readonly remoteAddress: Uint8Array
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readTcp(m: RecordMemory, at: number): Tcp {
  return {
    eventBootNs: tcp.eventBootNs(m, at),
    eventSeq: tcp.eventSeq(m, at),
    eventStartNs: tcp.eventStartNs(m, at),
    eventPid: tcp.eventPid(m, at),
    eventTid: tcp.eventTid(m, at),
    eventExecNo: tcp.eventExecNo(m, at),
    eventKind: tcp.eventKind(m, at),
    eventFlags: tcp.eventFlags(m, at),
    eventUid: tcp.eventUid(m, at),
    socketId: tcp.socketId(m, at),
    bytesSent: tcp.bytesSent(m, at),
    bytesReceived: tcp.bytesReceived(m, at),
    durationNs: tcp.durationNs(m, at),
    netNs: tcp.netNs(m, at),
    error: tcp.error(m, at),
    localPort: tcp.localPort(m, at),
    remotePort: tcp.remotePort(m, at),
    family: tcp.family(m, at),
    operation: tcp.operation(m, at),
    localAddress: tcp.localAddress(m, at).slice(),
    remoteAddress: tcp.remoteAddress(m, at).slice(),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface TcpColumns {
  readonly eventBootNs: BigUint64Array
  readonly eventSeq: BigUint64Array
  readonly eventStartNs: BigUint64Array
  readonly eventPid: Uint32Array
  readonly eventTid: Uint32Array
  readonly eventExecNo: Uint32Array
  readonly eventKind: Uint16Array
  readonly eventFlags: Uint32Array
  readonly eventUid: Uint32Array
  readonly socketId: BigUint64Array
  readonly bytesSent: BigUint64Array
  readonly bytesReceived: BigUint64Array
  readonly durationNs: BigUint64Array
  readonly netNs: Uint32Array
  readonly error: Uint32Array
  readonly localPort: Uint16Array
  readonly remotePort: Uint16Array
  readonly family: Uint16Array
  readonly operation: Uint16Array
  readonly localAddress: Uint8Array
  readonly remoteAddress: Uint8Array
}

/** Makes columns with room for `capacity` rows. */
export function createTcpColumns(capacity: number): TcpColumns {
  return {
    eventBootNs: new BigUint64Array(capacity),
    eventSeq: new BigUint64Array(capacity),
    eventStartNs: new BigUint64Array(capacity),
    eventPid: new Uint32Array(capacity),
    eventTid: new Uint32Array(capacity),
    eventExecNo: new Uint32Array(capacity),
    eventKind: new Uint16Array(capacity),
    eventFlags: new Uint32Array(capacity),
    eventUid: new Uint32Array(capacity),
    socketId: new BigUint64Array(capacity),
    bytesSent: new BigUint64Array(capacity),
    bytesReceived: new BigUint64Array(capacity),
    durationNs: new BigUint64Array(capacity),
    netNs: new Uint32Array(capacity),
    error: new Uint32Array(capacity),
    localPort: new Uint16Array(capacity),
    remotePort: new Uint16Array(capacity),
    family: new Uint16Array(capacity),
    operation: new Uint16Array(capacity),
    localAddress: new Uint8Array(capacity * 16),
    remoteAddress: new Uint8Array(capacity * 16),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyTcp(
  m: RecordMemory,
  at: number,
  columns: TcpColumns,
  row: number,
): void {
  columns.eventBootNs[row] = tcp.eventBootNs(m, at)
  columns.eventSeq[row] = tcp.eventSeq(m, at)
  columns.eventStartNs[row] = tcp.eventStartNs(m, at)
  columns.eventPid[row] = tcp.eventPid(m, at)
  columns.eventTid[row] = tcp.eventTid(m, at)
  columns.eventExecNo[row] = tcp.eventExecNo(m, at)
  columns.eventKind[row] = tcp.eventKind(m, at)
  columns.eventFlags[row] = tcp.eventFlags(m, at)
  columns.eventUid[row] = tcp.eventUid(m, at)
  columns.socketId[row] = tcp.socketId(m, at)
  columns.bytesSent[row] = tcp.bytesSent(m, at)
  columns.bytesReceived[row] = tcp.bytesReceived(m, at)
  columns.durationNs[row] = tcp.durationNs(m, at)
  columns.netNs[row] = tcp.netNs(m, at)
  columns.error[row] = tcp.error(m, at)
  columns.localPort[row] = tcp.localPort(m, at)
  columns.remotePort[row] = tcp.remotePort(m, at)
  columns.family[row] = tcp.family(m, at)
  columns.operation[row] = tcp.operation(m, at)
  columns.localAddress.set(m.u8.subarray(at + 96, at + 112), row * 16)
  columns.remoteAddress.set(m.u8.subarray(at + 112, at + 128), row * 16)
}

/** Bytes of one struct hg_socket. */
export const socketSizeBytes = 80

/** Byte offsets of its fields. */
export const socketOffsets = {
  socketId: 0,
  sinceNs: 8,
  startNs: 16,
  pid: 24,
  tid: 28,
  execNo: 32,
  uid: 36,
  flags: 40,
  isClosed: 44,
  bytesSent: 48,
  bytesReceived: 56,
  closedNs: 64,
  inCall: 72,
} as const

/** Reads single fields of the struct hg_socket at byte `at` of `m`. */
export const socket = {
  /** u64 socket_id */
  socketId: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 since_ns */
  sinceNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
  /** u64 start_ns */
  startNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 16) >>> 3] as bigint,
  /** u32 pid */
  pid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 24) >>> 2] as number,
  /** u32 tid */
  tid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 28) >>> 2] as number,
  /** u32 exec_no */
  execNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 32) >>> 2] as number,
  /** u32 uid */
  uid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 36) >>> 2] as number,
  /** u32 flags */
  flags: (m: RecordMemory, at: number): number =>
    m.u32[(at + 40) >>> 2] as number,
  /** u32 is_closed */
  isClosed: (m: RecordMemory, at: number): number =>
    m.u32[(at + 44) >>> 2] as number,
  /** u64 bytes_sent */
  bytesSent: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 48) >>> 3] as bigint,
  /** u64 bytes_received */
  bytesReceived: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 56) >>> 3] as bigint,
  /** u64 closed_ns */
  closedNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 64) >>> 3] as bigint,
  /** u32 in_call */
  inCall: (m: RecordMemory, at: number): number =>
    m.u32[(at + 72) >>> 2] as number,
} as const

/** A struct hg_socket as an object of its own. */
export interface Socket {
  readonly socketId: bigint
  readonly sinceNs: bigint
  readonly startNs: bigint
  readonly pid: number
  readonly tid: number
  readonly execNo: number
  readonly uid: number
  readonly flags: number
  readonly isClosed: number
  readonly bytesSent: bigint
  readonly bytesReceived: bigint
  readonly closedNs: bigint
  readonly inCall: number
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readSocket(m: RecordMemory, at: number): Socket {
  return {
    socketId: socket.socketId(m, at),
    sinceNs: socket.sinceNs(m, at),
    startNs: socket.startNs(m, at),
    pid: socket.pid(m, at),
    tid: socket.tid(m, at),
    execNo: socket.execNo(m, at),
    uid: socket.uid(m, at),
    flags: socket.flags(m, at),
    isClosed: socket.isClosed(m, at),
    bytesSent: socket.bytesSent(m, at),
    bytesReceived: socket.bytesReceived(m, at),
    closedNs: socket.closedNs(m, at),
    inCall: socket.inCall(m, at),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface SocketColumns {
  readonly socketId: BigUint64Array
  readonly sinceNs: BigUint64Array
  readonly startNs: BigUint64Array
  readonly pid: Uint32Array
  readonly tid: Uint32Array
  readonly execNo: Uint32Array
  readonly uid: Uint32Array
  readonly flags: Uint32Array
  readonly isClosed: Uint32Array
  readonly bytesSent: BigUint64Array
  readonly bytesReceived: BigUint64Array
  readonly closedNs: BigUint64Array
  readonly inCall: Uint32Array
}

/** Makes columns with room for `capacity` rows. */
export function createSocketColumns(capacity: number): SocketColumns {
  return {
    socketId: new BigUint64Array(capacity),
    sinceNs: new BigUint64Array(capacity),
    startNs: new BigUint64Array(capacity),
    pid: new Uint32Array(capacity),
    tid: new Uint32Array(capacity),
    execNo: new Uint32Array(capacity),
    uid: new Uint32Array(capacity),
    flags: new Uint32Array(capacity),
    isClosed: new Uint32Array(capacity),
    bytesSent: new BigUint64Array(capacity),
    bytesReceived: new BigUint64Array(capacity),
    closedNs: new BigUint64Array(capacity),
    inCall: new Uint32Array(capacity),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copySocket(
  m: RecordMemory,
  at: number,
  columns: SocketColumns,
  row: number,
): void {
  columns.socketId[row] = socket.socketId(m, at)
  columns.sinceNs[row] = socket.sinceNs(m, at)
  columns.startNs[row] = socket.startNs(m, at)
  columns.pid[row] = socket.pid(m, at)
  columns.tid[row] = socket.tid(m, at)
  columns.execNo[row] = socket.execNo(m, at)
  columns.uid[row] = socket.uid(m, at)
  columns.flags[row] = socket.flags(m, at)
  columns.isClosed[row] = socket.isClosed(m, at)
  columns.bytesSent[row] = socket.bytesSent(m, at)
  columns.bytesReceived[row] = socket.bytesReceived(m, at)
  columns.closedNs[row] = socket.closedNs(m, at)
  columns.inCall[row] = socket.inCall(m, at)
}

/** Bytes of one struct hg_udp. */
export const udpSizeBytes = 152

/** Byte offsets of its fields. */
export const udpOffsets = {
  eventBootNs: 0,
  eventSeq: 8,
  eventStartNs: 16,
  eventPid: 24,
  eventTid: 28,
  eventExecNo: 32,
  eventKind: 36,
  eventFlags: 40,
  eventUid: 44,
  socketId: 48,
  firstNs: 56,
  bytesSent: 64,
  bytesReceived: 72,
  packetsSent: 80,
  packetsReceived: 88,
  durationNs: 96,
  netNs: 104,
  localPort: 108,
  remotePort: 110,
  family: 112,
  operation: 114,
  localAddress: 120,
  remoteAddress: 136,
} as const

/** Reads single fields of the struct hg_udp at byte `at` of `m`. */
export const udp = {
  /** u64 event.boot_ns */
  eventBootNs: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u64 event.seq */
  eventSeq: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 8) >>> 3] as bigint,
  /** u64 event.start_ns */
  eventStartNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 16) >>> 3] as bigint,
  /** u32 event.pid */
  eventPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 24) >>> 2] as number,
  /** u32 event.tid */
  eventTid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 28) >>> 2] as number,
  /** u32 event.exec_no */
  eventExecNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 32) >>> 2] as number,
  /** u16 event.kind */
  eventKind: (m: RecordMemory, at: number): number =>
    m.u16[(at + 36) >>> 1] as number,
  /** u32 event.flags */
  eventFlags: (m: RecordMemory, at: number): number =>
    m.u32[(at + 40) >>> 2] as number,
  /** u32 event.uid */
  eventUid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 44) >>> 2] as number,
  /** u64 socket_id */
  socketId: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 48) >>> 3] as bigint,
  /** u64 first_ns */
  firstNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 56) >>> 3] as bigint,
  /** u64 bytes_sent */
  bytesSent: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 64) >>> 3] as bigint,
  /** u64 bytes_received */
  bytesReceived: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 72) >>> 3] as bigint,
  /** u64 packets_sent */
  packetsSent: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 80) >>> 3] as bigint,
  /** u64 packets_received */
  packetsReceived: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 88) >>> 3] as bigint,
  /** u64 duration_ns */
  durationNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 96) >>> 3] as bigint,
  /** u32 net_ns */
  netNs: (m: RecordMemory, at: number): number =>
    m.u32[(at + 104) >>> 2] as number,
  /** u16 local_port */
  localPort: (m: RecordMemory, at: number): number =>
    m.u16[(at + 108) >>> 1] as number,
  /** u16 remote_port */
  remotePort: (m: RecordMemory, at: number): number =>
    m.u16[(at + 110) >>> 1] as number,
  /** u16 family */
  family: (m: RecordMemory, at: number): number =>
    m.u16[(at + 112) >>> 1] as number,
  /** u16 operation */
  operation: (m: RecordMemory, at: number): number =>
    m.u16[(at + 114) >>> 1] as number,
  /** 16 bytes local_address */
  localAddress: (m: RecordMemory, at: number): Uint8Array =>
    m.u8.subarray(at + 120, at + 136),
  /** 16 bytes remote_address */
  remoteAddress: (m: RecordMemory, at: number): Uint8Array =>
    m.u8.subarray(at + 136, at + 152),
} as const

/** A struct hg_udp as an object of its own. */
export interface Udp {
  readonly eventBootNs: bigint
  readonly eventSeq: bigint
  readonly eventStartNs: bigint
  readonly eventPid: number
  readonly eventTid: number
  readonly eventExecNo: number
  readonly eventKind: number
  readonly eventFlags: number
  readonly eventUid: number
  readonly socketId: bigint
  readonly firstNs: bigint
  readonly bytesSent: bigint
  readonly bytesReceived: bigint
  readonly packetsSent: bigint
  readonly packetsReceived: bigint
  readonly durationNs: bigint
  readonly netNs: number
  readonly localPort: number
  readonly remotePort: number
  readonly family: number
  readonly operation: number
  readonly localAddress: Uint8Array
  readonly remoteAddress: Uint8Array
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readUdp(m: RecordMemory, at: number): Udp {
  return {
    eventBootNs: udp.eventBootNs(m, at),
    eventSeq: udp.eventSeq(m, at),
    eventStartNs: udp.eventStartNs(m, at),
    eventPid: udp.eventPid(m, at),
    eventTid: udp.eventTid(m, at),
    eventExecNo: udp.eventExecNo(m, at),
    eventKind: udp.eventKind(m, at),
    eventFlags: udp.eventFlags(m, at),
    eventUid: udp.eventUid(m, at),
    socketId: udp.socketId(m, at),
    firstNs: udp.firstNs(m, at),
    bytesSent: udp.bytesSent(m, at),
    bytesReceived: udp.bytesReceived(m, at),
    packetsSent: udp.packetsSent(m, at),
    packetsReceived: udp.packetsReceived(m, at),
    durationNs: udp.durationNs(m, at),
    netNs: udp.netNs(m, at),
    localPort: udp.localPort(m, at),
    remotePort: udp.remotePort(m, at),
    family: udp.family(m, at),
    operation: udp.operation(m, at),
    localAddress: udp.localAddress(m, at).slice(),
    remoteAddress: udp.remoteAddress(m, at).slice(),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface UdpColumns {
  readonly eventBootNs: BigUint64Array
  readonly eventSeq: BigUint64Array
  readonly eventStartNs: BigUint64Array
  readonly eventPid: Uint32Array
  readonly eventTid: Uint32Array
  readonly eventExecNo: Uint32Array
  readonly eventKind: Uint16Array
  readonly eventFlags: Uint32Array
  readonly eventUid: Uint32Array
  readonly socketId: BigUint64Array
  readonly firstNs: BigUint64Array
  readonly bytesSent: BigUint64Array
  readonly bytesReceived: BigUint64Array
  readonly packetsSent: BigUint64Array
  readonly packetsReceived: BigUint64Array
  readonly durationNs: BigUint64Array
  readonly netNs: Uint32Array
  readonly localPort: Uint16Array
  readonly remotePort: Uint16Array
  readonly family: Uint16Array
  readonly operation: Uint16Array
  readonly localAddress: Uint8Array
  readonly remoteAddress: Uint8Array
}

/** Makes columns with room for `capacity` rows. */
export function createUdpColumns(capacity: number): UdpColumns {
  return {
    eventBootNs: new BigUint64Array(capacity),
    eventSeq: new BigUint64Array(capacity),
    eventStartNs: new BigUint64Array(capacity),
    eventPid: new Uint32Array(capacity),
    eventTid: new Uint32Array(capacity),
    eventExecNo: new Uint32Array(capacity),
    eventKind: new Uint16Array(capacity),
    eventFlags: new Uint32Array(capacity),
    eventUid: new Uint32Array(capacity),
    socketId: new BigUint64Array(capacity),
    firstNs: new BigUint64Array(capacity),
    bytesSent: new BigUint64Array(capacity),
    bytesReceived: new BigUint64Array(capacity),
    packetsSent: new BigUint64Array(capacity),
    packetsReceived: new BigUint64Array(capacity),
    durationNs: new BigUint64Array(capacity),
    netNs: new Uint32Array(capacity),
    localPort: new Uint16Array(capacity),
    remotePort: new Uint16Array(capacity),
    family: new Uint16Array(capacity),
    operation: new Uint16Array(capacity),
    localAddress: new Uint8Array(capacity * 16),
    remoteAddress: new Uint8Array(capacity * 16),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyUdp(
  m: RecordMemory,
  at: number,
  columns: UdpColumns,
  row: number,
): void {
  columns.eventBootNs[row] = udp.eventBootNs(m, at)
  columns.eventSeq[row] = udp.eventSeq(m, at)
  columns.eventStartNs[row] = udp.eventStartNs(m, at)
  columns.eventPid[row] = udp.eventPid(m, at)
  columns.eventTid[row] = udp.eventTid(m, at)
  columns.eventExecNo[row] = udp.eventExecNo(m, at)
  columns.eventKind[row] = udp.eventKind(m, at)
  columns.eventFlags[row] = udp.eventFlags(m, at)
  columns.eventUid[row] = udp.eventUid(m, at)
  columns.socketId[row] = udp.socketId(m, at)
  columns.firstNs[row] = udp.firstNs(m, at)
  columns.bytesSent[row] = udp.bytesSent(m, at)
  columns.bytesReceived[row] = udp.bytesReceived(m, at)
  columns.packetsSent[row] = udp.packetsSent(m, at)
  columns.packetsReceived[row] = udp.packetsReceived(m, at)
  columns.durationNs[row] = udp.durationNs(m, at)
  columns.netNs[row] = udp.netNs(m, at)
  columns.localPort[row] = udp.localPort(m, at)
  columns.remotePort[row] = udp.remotePort(m, at)
  columns.family[row] = udp.family(m, at)
  columns.operation[row] = udp.operation(m, at)
  columns.localAddress.set(m.u8.subarray(at + 120, at + 136), row * 16)
  columns.remoteAddress.set(m.u8.subarray(at + 136, at + 152), row * 16)
}

/** Bytes of one struct hg_udp_key. */
export const udpKeySizeBytes = 32

/** Byte offsets of its fields. */
export const udpKeyOffsets = {
  socketId: 0,
  remoteAddress: 8,
  remotePort: 24,
  remoteFamily: 26,
  remoteZero: 28,
} as const

/** Reads single fields of the struct hg_udp_key at byte `at` of `m`. */
export const udpKey = {
  /** u64 socket_id */
  socketId: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** 16 bytes remote.address */
  remoteAddress: (m: RecordMemory, at: number): Uint8Array =>
    m.u8.subarray(at + 8, at + 24),
  /** u16 remote.port */
  remotePort: (m: RecordMemory, at: number): number =>
    m.u16[(at + 24) >>> 1] as number,
  /** u16 remote.family */
  remoteFamily: (m: RecordMemory, at: number): number =>
    m.u16[(at + 26) >>> 1] as number,
  /** u32 remote.zero */
  remoteZero: (m: RecordMemory, at: number): number =>
    m.u32[(at + 28) >>> 2] as number,
} as const

/** A struct hg_udp_key as an object of its own. */
export interface UdpKey {
  readonly socketId: bigint
  readonly remoteAddress: Uint8Array
  readonly remotePort: number
  readonly remoteFamily: number
  readonly remoteZero: number
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readUdpKey(m: RecordMemory, at: number): UdpKey {
  return {
    socketId: udpKey.socketId(m, at),
    remoteAddress: udpKey.remoteAddress(m, at).slice(),
    remotePort: udpKey.remotePort(m, at),
    remoteFamily: udpKey.remoteFamily(m, at),
    remoteZero: udpKey.remoteZero(m, at),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface UdpKeyColumns {
  readonly socketId: BigUint64Array
  readonly remoteAddress: Uint8Array
  readonly remotePort: Uint16Array
  readonly remoteFamily: Uint16Array
  readonly remoteZero: Uint32Array
}

/** Makes columns with room for `capacity` rows. */
export function createUdpKeyColumns(capacity: number): UdpKeyColumns {
  return {
    socketId: new BigUint64Array(capacity),
    remoteAddress: new Uint8Array(capacity * 16),
    remotePort: new Uint16Array(capacity),
    remoteFamily: new Uint16Array(capacity),
    remoteZero: new Uint32Array(capacity),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyUdpKey(
  m: RecordMemory,
  at: number,
  columns: UdpKeyColumns,
  row: number,
): void {
  columns.socketId[row] = udpKey.socketId(m, at)
  columns.remoteAddress.set(m.u8.subarray(at + 8, at + 24), row * 16)
  columns.remotePort[row] = udpKey.remotePort(m, at)
  columns.remoteFamily[row] = udpKey.remoteFamily(m, at)
  columns.remoteZero[row] = udpKey.remoteZero(m, at)
}

/** Bytes of one struct hg_udp_flow. */
export const udpFlowSizeBytes = 128

/** Byte offsets of its fields. */
export const udpFlowOffsets = {
  actorStartNs: 0,
  actorPid: 8,
  actorTid: 12,
  actorExecNo: 16,
  actorUid: 20,
  firstNs: 24,
  lastNs: 32,
  bytesSent: 40,
  bytesReceived: 48,
  packetsSent: 56,
  packetsReceived: 64,
  previousAddress: 72,
  previousPort: 88,
  previousFamily: 90,
  previousZero: 92,
  local: 96,
  netNs: 112,
  flags: 116,
  localPort: 120,
  moves: 122,
  zero: 124,
} as const

/** Reads single fields of the struct hg_udp_flow at byte `at` of `m`. */
export const udpFlow = {
  /** u64 actor.start_ns */
  actorStartNs: (m: RecordMemory, at: number): bigint =>
    m.u64[at >>> 3] as bigint,
  /** u32 actor.pid */
  actorPid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 8) >>> 2] as number,
  /** u32 actor.tid */
  actorTid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 12) >>> 2] as number,
  /** u32 actor.exec_no */
  actorExecNo: (m: RecordMemory, at: number): number =>
    m.u32[(at + 16) >>> 2] as number,
  /** u32 actor.uid */
  actorUid: (m: RecordMemory, at: number): number =>
    m.u32[(at + 20) >>> 2] as number,
  /** u64 first_ns */
  firstNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 24) >>> 3] as bigint,
  /** u64 last_ns */
  lastNs: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 32) >>> 3] as bigint,
  /** u64 bytes_sent */
  bytesSent: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 40) >>> 3] as bigint,
  /** u64 bytes_received */
  bytesReceived: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 48) >>> 3] as bigint,
  /** u64 packets_sent */
  packetsSent: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 56) >>> 3] as bigint,
  /** u64 packets_received */
  packetsReceived: (m: RecordMemory, at: number): bigint =>
    m.u64[(at + 64) >>> 3] as bigint,
  /** 16 bytes previous.address */
  previousAddress: (m: RecordMemory, at: number): Uint8Array =>
    m.u8.subarray(at + 72, at + 88),
  /** u16 previous.port */
  previousPort: (m: RecordMemory, at: number): number =>
    m.u16[(at + 88) >>> 1] as number,
  /** u16 previous.family */
  previousFamily: (m: RecordMemory, at: number): number =>
    m.u16[(at + 90) >>> 1] as number,
  /** u32 previous.zero */
  previousZero: (m: RecordMemory, at: number): number =>
    m.u32[(at + 92) >>> 2] as number,
  /** 16 bytes local */
  local: (m: RecordMemory, at: number): Uint8Array =>
    m.u8.subarray(at + 96, at + 112),
  /** u32 net_ns */
  netNs: (m: RecordMemory, at: number): number =>
    m.u32[(at + 112) >>> 2] as number,
  /** u32 flags */
  flags: (m: RecordMemory, at: number): number =>
    m.u32[(at + 116) >>> 2] as number,
  /** u16 local_port */
  localPort: (m: RecordMemory, at: number): number =>
    m.u16[(at + 120) >>> 1] as number,
  /** u16 moves */
  moves: (m: RecordMemory, at: number): number =>
    m.u16[(at + 122) >>> 1] as number,
  /** u32 zero */
  zero: (m: RecordMemory, at: number): number =>
    m.u32[(at + 124) >>> 2] as number,
} as const

/** A struct hg_udp_flow as an object of its own. */
export interface UdpFlow {
  readonly actorStartNs: bigint
  readonly actorPid: number
  readonly actorTid: number
  readonly actorExecNo: number
  readonly actorUid: number
  readonly firstNs: bigint
  readonly lastNs: bigint
  readonly bytesSent: bigint
  readonly bytesReceived: bigint
  readonly packetsSent: bigint
  readonly packetsReceived: bigint
  readonly previousAddress: Uint8Array
  readonly previousPort: number
  readonly previousFamily: number
  readonly previousZero: number
  readonly local: Uint8Array
  readonly netNs: number
  readonly flags: number
  readonly localPort: number
  readonly moves: number
  readonly zero: number
}

/** Copies the struct at byte `at` into an object: convenient, not for hot paths. */
export function readUdpFlow(m: RecordMemory, at: number): UdpFlow {
  return {
    actorStartNs: udpFlow.actorStartNs(m, at),
    actorPid: udpFlow.actorPid(m, at),
    actorTid: udpFlow.actorTid(m, at),
    actorExecNo: udpFlow.actorExecNo(m, at),
    actorUid: udpFlow.actorUid(m, at),
    firstNs: udpFlow.firstNs(m, at),
    lastNs: udpFlow.lastNs(m, at),
    bytesSent: udpFlow.bytesSent(m, at),
    bytesReceived: udpFlow.bytesReceived(m, at),
    packetsSent: udpFlow.packetsSent(m, at),
    packetsReceived: udpFlow.packetsReceived(m, at),
    previousAddress: udpFlow.previousAddress(m, at).slice(),
    previousPort: udpFlow.previousPort(m, at),
    previousFamily: udpFlow.previousFamily(m, at),
    previousZero: udpFlow.previousZero(m, at),
    local: udpFlow.local(m, at).slice(),
    netNs: udpFlow.netNs(m, at),
    flags: udpFlow.flags(m, at),
    localPort: udpFlow.localPort(m, at),
    moves: udpFlow.moves(m, at),
    zero: udpFlow.zero(m, at),
  }
}

/** Columns for many of them; byte arrays lie one after another. */
export interface UdpFlowColumns {
  readonly actorStartNs: BigUint64Array
  readonly actorPid: Uint32Array
  readonly actorTid: Uint32Array
  readonly actorExecNo: Uint32Array
  readonly actorUid: Uint32Array
  readonly firstNs: BigUint64Array
  readonly lastNs: BigUint64Array
  readonly bytesSent: BigUint64Array
  readonly bytesReceived: BigUint64Array
  readonly packetsSent: BigUint64Array
  readonly packetsReceived: BigUint64Array
  readonly previousAddress: Uint8Array
  readonly previousPort: Uint16Array
  readonly previousFamily: Uint16Array
  readonly previousZero: Uint32Array
  readonly local: Uint8Array
  readonly netNs: Uint32Array
  readonly flags: Uint32Array
  readonly localPort: Uint16Array
  readonly moves: Uint16Array
  readonly zero: Uint32Array
}

/** Makes columns with room for `capacity` rows. */
export function createUdpFlowColumns(capacity: number): UdpFlowColumns {
  return {
    actorStartNs: new BigUint64Array(capacity),
    actorPid: new Uint32Array(capacity),
    actorTid: new Uint32Array(capacity),
    actorExecNo: new Uint32Array(capacity),
    actorUid: new Uint32Array(capacity),
    firstNs: new BigUint64Array(capacity),
    lastNs: new BigUint64Array(capacity),
    bytesSent: new BigUint64Array(capacity),
    bytesReceived: new BigUint64Array(capacity),
    packetsSent: new BigUint64Array(capacity),
    packetsReceived: new BigUint64Array(capacity),
    previousAddress: new Uint8Array(capacity * 16),
    previousPort: new Uint16Array(capacity),
    previousFamily: new Uint16Array(capacity),
    previousZero: new Uint32Array(capacity),
    local: new Uint8Array(capacity * 16),
    netNs: new Uint32Array(capacity),
    flags: new Uint32Array(capacity),
    localPort: new Uint16Array(capacity),
    moves: new Uint16Array(capacity),
    zero: new Uint32Array(capacity),
  }
}

/** Copies the struct at byte `at` into row `row`. */
export function copyUdpFlow(
  m: RecordMemory,
  at: number,
  columns: UdpFlowColumns,
  row: number,
): void {
  columns.actorStartNs[row] = udpFlow.actorStartNs(m, at)
  columns.actorPid[row] = udpFlow.actorPid(m, at)
  columns.actorTid[row] = udpFlow.actorTid(m, at)
  columns.actorExecNo[row] = udpFlow.actorExecNo(m, at)
  columns.actorUid[row] = udpFlow.actorUid(m, at)
  columns.firstNs[row] = udpFlow.firstNs(m, at)
  columns.lastNs[row] = udpFlow.lastNs(m, at)
  columns.bytesSent[row] = udpFlow.bytesSent(m, at)
  columns.bytesReceived[row] = udpFlow.bytesReceived(m, at)
  columns.packetsSent[row] = udpFlow.packetsSent(m, at)
  columns.packetsReceived[row] = udpFlow.packetsReceived(m, at)
  columns.previousAddress.set(m.u8.subarray(at + 72, at + 88), row * 16)
  columns.previousPort[row] = udpFlow.previousPort(m, at)
  columns.previousFamily[row] = udpFlow.previousFamily(m, at)
  columns.previousZero[row] = udpFlow.previousZero(m, at)
  columns.local.set(m.u8.subarray(at + 96, at + 112), row * 16)
  columns.netNs[row] = udpFlow.netNs(m, at)
  columns.flags[row] = udpFlow.flags(m, at)
  columns.localPort[row] = udpFlow.localPort(m, at)
  columns.moves[row] = udpFlow.moves(m, at)
  columns.zero[row] = udpFlow.zero(m, at)
}
