/**
 * What a class of events is: its columns, its kinds, and what people's words mean in it.
 *
 * One file per class (`process-activity.ts`, ...) and a line in `event-classes.ts`; filters, the store's lists,
 * the live stream, the page and the command line take classes and kinds from there.
 */
import type { OcsfColumn } from './column.ts'

/** Families of kinds, which the page tells apart by icon and colour. */
export const eventGroups = ['process', 'file', 'network', 'identity', 'kernel'] as const
export type EventGroup = (typeof eventGroups)[number]

/** An activity of an OCSF class; 99 (Other) with a name of ours where OCSF has none. */
export interface Activity {
  readonly id: number
  readonly name: string
}

/** A kind of event: what a filter's `kind` names, finer than an OCSF activity where that says too little. */
export interface KindDefinition {
  readonly activity: Activity
  /** Other activities that are this kind, too. */
  readonly also?: readonly Activity[]
  /** What else must hold where kinds share an activity: values by column. */
  readonly where?: Readonly<Record<string, string>>
  readonly group: EventGroup
  /** How the compact look of `observe` begins its lines: Tetragon's pictograms and words where it has them. */
  readonly look: { readonly pictogram: string; readonly word: string }
  /**
   * What it was done to: columns that a line shows behind who acted, in this order, where they have a value.
   * Kinds of process and network events have lines of their own.
   */
  readonly object?: readonly string[]
  readonly doc: string
}

/** A name that people use for one or several columns. */
export interface ShortField {
  readonly type: 'text' | 'integer'
  readonly doc: string
  /** Any of these may match. */
  readonly columns: readonly string[]
}

export interface EventClass {
  /** Name of its view. */
  readonly view: string
  /** OCSF class_uid. */
  readonly uid: number
  readonly doc: string
  readonly columns: Readonly<Record<string, OcsfColumn>>
  /** Prefix of the columns of the process that people mean by `process.name`. */
  readonly subject: 'process' | 'actor_process'
  readonly kinds: Readonly<Record<string, KindDefinition>>
  /** Columns beside those of the subject and the host in which a word without a field is looked for. */
  readonly textColumns: readonly string[]
  readonly short: Readonly<Record<string, ShortField>>
}

/** Checks a class at compile time and keeps its literal types. */
export function defineEventClass<const Class extends EventClass>(of: Class): Class {
  return of
}
