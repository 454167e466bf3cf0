/**
 * What the normalisers of all tables share: names, times and processes of one batch.
 *
 * A column's reader is made once per batch and table, and only when somebody asks for the column. What an event
 * does not say and the graph does not know is null, never a guess.
 */
import type { Image, Lineage } from '@honeyguide/detect'
import {
  eventKindInfo,
  eventUid,
  isoMicros,
  type Activity,
  type ActivityColumn,
  type ActivityValue,
  type Batch,
  type EventKind,
} from '@honeyguide/model'
import {
  batchConstant,
  imageIds,
  integerColumn,
  nullId,
  plainColumn,
  type ColumnReader,
} from './column-reader.ts'
import type { ProcessReference, References } from './process-reference.ts'

export type Readers = Partial<Record<ActivityColumn, () => ColumnReader>>
/** Finds the process of a row. */
export type Refer = (row: number) => ProcessReference | null

/** What normalising needs of the graph. */
export type NormaliseLineage = Pick<Lineage, 'image' | 'parent' | 'connection' | 'userName'>

/** Who acted, as every table of events says it. */
interface HeadColumns {
  readonly bootNs: BigUint64Array
  readonly seq: BigUint64Array
  readonly pid: Uint32Array
  readonly startNs: BigUint64Array
  readonly execNo: Uint32Array
}

export interface NormaliseContext {
  readonly batch: Batch
  /** Of uids: sensor and boot. */
  readonly prefix: string
  readonly lineage: NormaliseLineage
  readonly references: References
  /** ISO time of a moment in ns since boot. */
  wallText(bootNs: bigint): string
  /** The process that a row of `columns` says acted. */
  actor(columns: HeadColumns): Refer
  /** Columns of every event. The activity is that of the kind where nothing else is said. */
  eventColumns(
    ring: 'l' | 'd',
    columns: Pick<HeadColumns, 'bootNs' | 'seq'>,
    kind: (row: number) => EventKind,
    activity?: (row: number) => Activity,
  ): Readers
  /** The seven columns of a process under a prefix. `userId` when the event itself says who. */
  processColumns(
    name: 'process' | 'process_parent_process' | 'actor_process',
    refer: Refer,
    userId?: (row: number) => number | null,
  ): Readers
  /** A column that is a property of a process's image. */
  imageColumn(refer: Refer, read: (image: Image) => ActivityValue): () => ColumnReader
}

/** The last µs of the year 9999, where the store ends, too. */
const latestUs = 253_402_300_799_999_000

/** µs since 1970 of a moment in ns since boot: a broken clock must not make a time that nobody can write. */
export function wallUs(batch: Batch, bootNs: bigint): number {
  return Math.min(latestUs, Number((bootNs + batch.wallOffsetNs) / 1000n))
}

/** ns as a whole number of ms. */
export function milliseconds(ns: bigint): number {
  return Number(ns / 1_000_000n)
}

export function createContext(options: {
  readonly batch: Batch
  readonly prefix: string
  readonly deviceUid: string
  readonly hostname: string
  readonly lineage: NormaliseLineage
  readonly references: References
}): NormaliseContext {
  const { batch, prefix, lineage, references } = options
  const wallText = (bootNs: bigint): string => isoMicros(wallUs(batch, bootNs))
  return {
    batch,
    prefix,
    lineage,
    references,
    wallText,
    actor: (c) => (row) => references.of(c.pid[row] ?? 0, c.startNs[row] ?? 0n, c.execNo[row] ?? 0),
    eventColumns: (
      ring,
      { bootNs, seq },
      kind,
      activity = (row) => eventKindInfo(kind(row)).activity,
    ) => ({
      time: () => plainColumn((row) => wallText(bootNs[row] ?? 0n)),
      class_uid: () => integerColumn((row) => eventKindInfo(kind(row)).class.uid),
      activity_id: () => plainColumn((row) => activity(row).id),
      activity_name: () => plainColumn((row) => activity(row).name),
      severity_id: () => batchConstant(1),
      device_hostname: () => batchConstant(options.hostname),
      device_uid: () => batchConstant(options.deviceUid),
      event_uid: () => plainColumn((row) => eventUid(prefix, ring, seq[row] ?? 0n)),
    }),
    processColumns(name, refer, userId = (row) => refer(row)?.image?.userId ?? null) {
      const ofImage = (read: (image: Image) => ActivityValue): ColumnReader => ({
        value: (row) => {
          const image = refer(row)?.image
          return image ? read(image) : null
        },
        id: (row) => {
          const reference = refer(row)
          return reference?.image ? imageIds + reference.index : nullId
        },
      })
      return {
        [`${name}_uid`]: () => ({
          value: (row: number) => refer(row)?.uid ?? null,
          id: (row: number) => {
            const reference = refer(row)
            return reference ? imageIds + reference.index : nullId
          },
        }),
        [`${name}_pid`]: () => integerColumn((row) => refer(row)?.pid ?? null),
        [`${name}_name`]: () => ofImage((image) => image.name),
        [`${name}_cmd_line`]: () => ofImage((image) => image.cmdLine),
        [`${name}_file_path`]: () => ofImage((image) => image.file),
        [`${name}_user_uid`]: () => integerColumn(userId),
        [`${name}_user_name`]: () => ({
          value: (row: number) => {
            const id = userId(row)
            return id === null ? null : lineage.userName(prefix, id)
          },
          id: (row: number) => userId(row) ?? nullId,
        }),
      }
    },
    imageColumn: (refer, read) => () =>
      plainColumn((row) => {
        const image = refer(row)?.image
        return image ? read(image) : null
      }),
  }
}
