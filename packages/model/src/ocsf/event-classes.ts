/** Every class of events. A new class adds its file and its line here. */
import type { ColumnType, OcsfColumn } from './column.ts'
import type { EventClass, EventGroup, KindDefinition } from './event-class.ts'
import { dnsClass } from './dns-activity.ts'
import { fileClass } from './file-activity.ts'
import { kernelClass } from './kernel-activity.ts'
import { memoryClass } from './memory-activity.ts'
import { moduleClass } from './module-activity.ts'
import { networkClass } from './network-activity.ts'
import { processClass } from './process-activity.ts'

const classes = [
  processClass,
  fileClass,
  moduleClass,
  networkClass,
  dnsClass,
  kernelClass,
  memoryClass,
] as const

type Classes = (typeof classes)[number]
/** Name of the view of a class of events. */
export type ActivityView = Classes['view']
/** What an event is, finer than its OCSF activity. */
export type EventKind = Classes extends infer Class
  ? Class extends { readonly kinds: infer Kinds }
    ? keyof Kinds & string
    : never
  : never

type ValueOf<Type extends ColumnType> = Type extends 'integer'
  ? number
  : Type extends 'long'
    ? number | string
    : Type extends 'boolean'
      ? boolean
      : string
export type RowOf<View extends Record<string, OcsfColumn>> = {
  readonly [Name in keyof View]: ValueOf<View[Name]['type']> | null
}
type Merged<Union> = (Union extends unknown ? (of: Union) => void : never) extends (
  of: infer All,
) => void
  ? All
  : never
type AnyRow = Merged<
  Classes extends infer Class
    ? Class extends { readonly columns: infer Columns extends Record<string, OcsfColumn> }
      ? Partial<RowOf<Columns>>
      : never
    : never
>

/** One event as JSON: what the live stream, the event list and rules' samples hold. `class_uid` tells which. */
export type ActivityRow = AnyRow & { readonly class_uid: number | null }
export type ActivityColumn = keyof ActivityRow & string

type ActivityViews = { readonly [Class in Classes as Class['view']]: Class['columns'] }

/** Columns by view. */
export const activityColumns = Object.fromEntries(
  classes.map((of) => [of.view, of.columns]),
) as unknown as ActivityViews

export const eventClasses: readonly (EventClass & { readonly view: ActivityView })[] = classes

export const activityViews: readonly ActivityView[] = classes.map(({ view }) => view)

/** A kind with what is known of it. */
export interface EventKindInfo extends KindDefinition {
  readonly kind: EventKind
  readonly class: EventClass & { readonly view: ActivityView }
}

const kindInfo = new Map(
  eventClasses.flatMap((of) =>
    Object.entries(of.kinds).map(([name, definition]): [EventKind, EventKindInfo] => [
      name as EventKind,
      { ...definition, kind: name as EventKind, class: of },
    ]),
  ),
)

export const eventKinds: readonly EventKind[] = [...kindInfo.keys()]

/** What is known of a kind. Throws a RangeError when there is none of that name. */
export function eventKindInfo(kind: EventKind): EventKindInfo {
  const found = kindInfo.get(kind)
  if (!found) throw new RangeError(`no event kind ${kind}`)
  return found
}

/** Kinds of one class, in the order of its file. */
export function kindsOfView(view: ActivityView): readonly EventKind[] {
  return eventKinds.filter((kind) => eventKindInfo(kind).class.view === view)
}

/** The class of a view. Throws a RangeError when there is none. */
export function eventClassOf(view: ActivityView): EventClass & { readonly view: ActivityView } {
  const found = eventClasses.find((of) => of.view === view)
  if (!found) throw new RangeError(`no event class ${view}`)
  return found
}

const classByUid = new Map(eventClasses.map((of) => [of.uid, of]))

/** The class that a row says it is of; undefined when this version does not know it. */
export function eventClassOfRow(
  row: ActivityRow,
): (EventClass & { readonly view: ActivityView }) | undefined {
  return row.class_uid === null ? undefined : classByUid.get(row.class_uid)
}

const kindsByActivity = new Map<string, EventKindInfo[]>()
for (const info of kindInfo.values())
  for (const { name } of [info.activity, ...(info.also ?? [])]) {
    const key = `${info.class.uid}/${name}`
    kindsByActivity.set(key, [...(kindsByActivity.get(key) ?? []), info])
  }

/** Kind of a row by its class and activity. Throws a RangeError when it has none. */
export function eventKind(row: ActivityRow): EventKind {
  const key = `${row.class_uid}/${row.activity_name}`
  for (const { kind, where } of kindsByActivity.get(key) ?? [])
    if (
      Object.entries(where ?? {}).every(
        ([column, value]) => row[column as ActivityColumn] === value,
      )
    )
      return kind
  throw new RangeError(`no event kind for ${key}`)
}

/** Group of a row, by its kind or else by its class's first kind; `process` for a class that is not known. */
export function eventGroup(row: ActivityRow): EventGroup {
  const of = eventClassOfRow(row)
  if (!of) return 'process'
  const key = `${row.class_uid}/${row.activity_name}`
  return (kindsByActivity.get(key)?.[0] ?? Object.values(of.kinds)[0])?.group ?? 'process'
}

/** Value of a column of the process that people mean by `process.name`: of the subject of the row's class. */
export function subjectValue(
  row: ActivityRow,
  column: 'uid' | 'pid' | 'name' | 'cmd_line' | 'file_path' | 'user_uid' | 'user_name',
): string | number | null {
  const prefix = eventClassOfRow(row)?.subject ?? 'process'
  return row[`${prefix}_${column}`] ?? null
}
