/**
 * What a filter may name: every OCSF column of process and network events, and short names for the usual ones.
 *
 * On a network event `process_name` means the process at this end (`actor_process_name`), as a person would
 * expect of `process.name = curl and dst_endpoint.port = 443`; other columns mean only themselves.
 */
import type { EventKind } from '../ocsf/activity-batch.ts'
import {
  networkActivity,
  processActivity,
  type ActivityRow,
  type OcsfColumn,
} from '../ocsf/activity.ts'

export type ActivityColumn = keyof ActivityRow & string

export interface FilterField {
  readonly name: string
  readonly type: 'text' | 'integer' | 'time' | 'kind'
  readonly doc: string
  /** Columns of a process event that it means, any of which may match; empty when it means none. */
  readonly process: readonly ActivityColumn[]
  readonly network: readonly ActivityColumn[]
}

export const eventKinds: readonly EventKind[] = [
  'exec',
  'exec_failed',
  'fork',
  'exit',
  'connect',
  'accept',
  'close',
  'connect_failed',
  'listen',
]

/** Which kinds belong to the class Process Activity; the others are Network Activity. */
export const processKinds: ReadonlySet<EventKind> = new Set(['exec', 'exec_failed', 'fork', 'exit'])

const processColumns: Record<string, OcsfColumn> = processActivity
const networkColumns: Record<string, OcsfColumn> = networkActivity

function columnField(name: string, column: OcsfColumn): FilterField {
  const actor = `actor_${name}`
  return {
    name,
    type: column.type === 'integer' || column.type === 'time' ? column.type : 'text',
    doc: column.doc,
    process: name in processColumns ? [name as ActivityColumn] : [],
    network:
      name in networkColumns
        ? [name as ActivityColumn]
        : name.startsWith('process_') && actor in networkColumns
          ? [actor as ActivityColumn]
          : [],
  }
}

const kindDoc =
  'What happened: exec, exec_failed, fork, exit, connect, accept, close, connect_failed, listen.'

const shortFields: readonly FilterField[] = [
  { name: 'kind', type: 'kind', doc: kindDoc, process: [], network: [] },
  { name: 'type', type: 'kind', doc: kindDoc, process: [], network: [] },
  {
    name: 'host',
    type: 'text',
    doc: 'Name of the host.',
    process: ['device_hostname'],
    network: ['device_hostname'],
  },
  {
    name: 'user',
    type: 'text',
    doc: 'User of the process.',
    process: ['process_user_name'],
    network: ['actor_process_user_name'],
  },
  {
    name: 'pid',
    type: 'integer',
    doc: 'Process id.',
    process: ['process_pid'],
    network: ['actor_process_pid'],
  },
  {
    name: 'name',
    type: 'text',
    doc: 'Base name of the executable.',
    process: ['process_name'],
    network: ['actor_process_name'],
  },
  {
    name: 'cmd',
    type: 'text',
    doc: 'Command line.',
    process: ['process_cmd_line'],
    network: ['actor_process_cmd_line'],
  },
  {
    name: 'path',
    type: 'text',
    doc: 'Executable as the kernel resolved it.',
    process: ['process_file_path'],
    network: ['actor_process_file_path'],
  },
  {
    name: 'ip',
    type: 'text',
    doc: 'Address of either end.',
    process: [],
    network: ['src_endpoint_ip', 'dst_endpoint_ip'],
  },
  {
    name: 'port',
    type: 'integer',
    doc: 'Port of either end.',
    process: [],
    network: ['src_endpoint_port', 'dst_endpoint_port'],
  },
]

/** Every field by its canonical name. */
export const filterFields: ReadonlyMap<string, FilterField> = new Map(
  [
    ...Object.entries({ ...networkColumns, ...processColumns }).map(([name, column]) =>
      columnField(name, column),
    ),
    ...shortFields,
  ].map((field) => [field.name, field]),
)

/** The field that a person means by `name`: dots and underscores are the same. Undefined when there is none. */
export function findField(name: string): FilterField | undefined {
  return filterFields.get(name.toLowerCase().replaceAll('.', '_'))
}

/** What a word without a field is looked for in. */
export const textColumns: {
  readonly process: readonly ActivityColumn[]
  readonly network: readonly ActivityColumn[]
} = {
  process: [
    'process_name',
    'process_cmd_line',
    'process_file_path',
    'process_user_name',
    'device_hostname',
  ],
  network: [
    'actor_process_name',
    'actor_process_cmd_line',
    'actor_process_file_path',
    'actor_process_user_name',
    'device_hostname',
    'src_endpoint_ip',
    'dst_endpoint_ip',
  ],
}
