/**
 * What a filter may name: every OCSF column of events, and short names for the usual ones.
 *
 * On an event whose class knows only who acted, `process_name` means that process (`actor_process_name`), as a
 * person would expect of `process.name = curl and dst_endpoint.port = 443`; other columns mean only themselves.
 */
import {
  eventClasses,
  eventKinds,
  type ActivityColumn,
  type ActivityView,
} from '../ocsf/event-classes.ts'
import type { OcsfColumn } from '../ocsf/column.ts'
import type { EventClass } from '../ocsf/event-class.ts'

/** Columns per class of events, any of which may match; none where a class has nothing of it. */
export type FieldColumns = Readonly<Partial<Record<ActivityView, readonly ActivityColumn[]>>>

export interface FilterField {
  readonly name: string
  readonly type: 'text' | 'integer' | 'time' | 'kind'
  readonly doc: string
  readonly columns: FieldColumns
}

/** The columns of each class that `read` gives; names that the class lacks are left out. */
function columnsBy(read: (of: EventClass) => readonly string[]): FieldColumns {
  return Object.fromEntries(
    eventClasses
      .map((of) => [of.view, read(of).filter((name) => name in of.columns)] as const)
      .filter(([, columns]) => columns.length > 0),
  ) as FieldColumns
}

const filterTypes = {
  text: 'text',
  integer: 'integer',
  long: 'integer',
  time: 'time',
  boolean: 'text',
} as const

function columnField(name: string, column: OcsfColumn): FilterField {
  return {
    name,
    type: filterTypes[column.type],
    doc: column.doc,
    columns: columnsBy((of) => {
      if (name in of.columns) return [name]
      return of.subject === 'actor_process' && name.startsWith('process_') ? [`actor_${name}`] : []
    }),
  }
}

const kindDoc = `What happened: ${eventKinds.join(', ')}.`

/** A short name for a column of the process that people mean. */
const subject = (
  name: string,
  type: 'text' | 'integer',
  doc: string,
  column: string,
): FilterField => ({ name, type, doc, columns: columnsBy((of) => [`${of.subject}_${column}`]) })

/** Short names that classes bring, one entry for a name that several have. */
function classFields(): FilterField[] {
  const fields = new Map<string, FilterField>()
  for (const { short } of eventClasses)
    for (const [name, { type, doc }] of Object.entries(short))
      fields.set(name, {
        name,
        type,
        doc: fields.get(name)?.doc ?? doc,
        columns: columnsBy((of) => of.short[name]?.columns ?? []),
      })
  return [...fields.values()]
}

const shortFields: readonly FilterField[] = [
  { name: 'kind', type: 'kind', doc: kindDoc, columns: {} },
  { name: 'type', type: 'kind', doc: kindDoc, columns: {} },
  {
    name: 'host',
    type: 'text',
    doc: 'Name of the host.',
    columns: columnsBy(() => ['device_hostname']),
  },
  subject('user', 'text', 'User of the process.', 'user_name'),
  subject('pid', 'integer', 'Process id.', 'pid'),
  subject('name', 'text', 'Base name of the executable.', 'name'),
  subject('cmd', 'text', 'Command line.', 'cmd_line'),
  subject('path', 'text', 'Executable as the kernel resolved it.', 'file_path'),
  ...classFields(),
]

/** Columns of the first class come last, so that their words stand where several classes have a column. */
const allColumns: Readonly<Record<string, OcsfColumn>> = Object.assign(
  {},
  ...eventClasses.toReversed().map(({ columns }) => columns),
)

/** Every field by its canonical name. */
export const filterFields: ReadonlyMap<string, FilterField> = new Map(
  [
    ...Object.entries(allColumns).map(([name, column]) => columnField(name, column)),
    ...shortFields,
  ].map((field) => [field.name, field]),
)

/** The field that a person means by `name`: dots and underscores are the same. Undefined when there is none. */
export function findField(name: string): FilterField | undefined {
  return filterFields.get(name.toLowerCase().replaceAll('.', '_'))
}

/** What a word without a field is looked for in. */
export const textColumns: FieldColumns = columnsBy((of) => [
  ...['name', 'cmd_line', 'file_path', 'user_name'].map((column) => `${of.subject}_${column}`),
  'device_hostname',
  ...of.textColumns,
])
