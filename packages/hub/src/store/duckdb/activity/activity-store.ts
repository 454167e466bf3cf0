/**
 * How the events of one class are stored and read: a table of facts, the view over it, and what questions that
 * span all classes need to know. One file per class in this folder, and its line in `index.ts` and `fact-tables.ts`.
 */
import type { ActivityView, Batch, EventClass, TableName } from '@honeyguide/model'
import type { KnownImage, Origin } from '../batch-rows.ts'
import type { StoreColumn } from '../store-column.ts'
import type { ViewDefinition } from './view-column.ts'

/** Half of u64 is out of reach of SQL's arithmetic; no true value is there. */
export const u63 = (value: bigint | undefined): bigint => BigInt.asUintN(63, value ?? 0n)

/** `uid` of a fact whose process nobody knows. */
export const unknownUser = 0xffffffff

/** What a process tree draws of a class's facts on the line of who did them. All but `kind` is SQL over the fact `f`. */
export interface FactMark {
  readonly kind: 'file' | 'network' | 'credential'
  readonly where: string
  /** A sign or a verb in front of the text. */
  readonly sign: string
  /** Id of `text`. */
  readonly text: string
  /** Port behind the text; 0 when there is none. */
  readonly port: string
}

/** Columns of a table of the wire that together name a process. */
export interface OtherProcess {
  readonly table: TableName
  readonly pid: string
  readonly startNs: string
  readonly execNo: string
}

export interface ActivityStore {
  readonly view: ActivityView
  readonly class: EventClass
  readonly table: string
  readonly columns: Readonly<Record<string, StoreColumn>>
  /** Letters of the rings in `event_uid`; where a class has events of both, SQL over the fact `f` that tells. */
  readonly ring: 'l' | 'd' | { readonly sql: string }
  readonly definition: ViewDefinition
  /** The hook that a fact `f` is counted under in losses and evidence. */
  readonly hookSql: string
  /** Columns of the facts that hold image ids. */
  readonly images: readonly string[]
  /** Columns of the view that hold a process's uid, and the fact's pid that goes with it. */
  readonly pids: Readonly<Record<string, string>>
  readonly mark?: FactMark
  /** Processes beside who acted that rows of a table name: they may be known from long ago. */
  readonly others?: readonly OtherProcess[]
  /** Columns of the view that end in a number of the fact, which is cheaper to compare. */
  readonly sequences: Readonly<Record<string, string>>
}

export function defineActivityStore<const Store extends ActivityStore>(store: Store): Store {
  return store
}

/** What turns rows of a batch into facts: names are given here, the writer gives them their places. */
export interface FactContext {
  readonly batch: Batch
  readonly origin: Origin
  /** µs since 1970 of a moment in ns since boot. */
  timeUs(bootNs: bigint): bigint
  /** The image of a reference, a placeholder when nobody has told of it; undefined for nobody. */
  refer(pid: number, startNs: bigint, execNo: number): KnownImage | undefined
  /** Id of an interned text; 0 for the empty one. */
  textId(value: string): number
  userName(uid: number): string
}

/** What every fact of an event begins with, except those of processes: when, where, who. */
export const actorColumns = {
  time: 'time',
  origin: 'i32',
  /** What happened: the `operation` of its table. */
  kind: 'u8',
  seq: 'u64',
  image: 'i64',
  pid: 'u32',
  /** Ids of `text`. */
  file: 'i32',
  user_name: 'i32',
  uid: 'u32',
} as const satisfies Record<string, StoreColumn>

interface ActorBuffer {
  readonly time: BigInt64Array
  readonly origin: Int32Array
  readonly kind: Uint8Array
  readonly seq: BigUint64Array
  readonly image: BigInt64Array
  readonly pid: Uint32Array
  readonly file: Int32Array
  readonly user_name: Int32Array
  readonly uid: Uint32Array
}

/** Writes what `actorColumns` are from row `row` of a table of events into place `placed`. */
export function writeActor(
  context: FactContext,
  to: ActorBuffer,
  placed: number,
  kind: number,
  c: {
    readonly bootNs: BigUint64Array
    readonly seq: BigUint64Array
    readonly pid: Uint32Array
    readonly startNs: BigUint64Array
    readonly execNo: Uint32Array
    readonly uid: Uint32Array
  },
  row: number,
): void {
  const pid = c.pid[row] ?? 0
  const known = context.refer(pid, c.startNs[row] ?? 0n, c.execNo[row] ?? 0)
  const uid = c.uid[row] ?? 0
  to.time[placed] = context.timeUs(c.bootNs[row] ?? 0n)
  to.origin[placed] = context.origin.id
  to.kind[placed] = kind
  to.seq[placed] = u63(c.seq[row])
  to.image[placed] = known?.id ?? 0n
  to.pid[placed] = pid
  to.file[placed] = known?.file ?? 0
  to.user_name[placed] = known ? context.textId(context.userName(uid)) : 0
  to.uid[placed] = known ? uid : unknownUser
}
