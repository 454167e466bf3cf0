/**
 * One event as the page says it: who, did what, to what; each part knows the filter that it stands for.
 *
 * Pure: an `ActivityRow` in, parts out. Text is raw here and escaped where it becomes a text node.
 */
import { eventKind, type EventKind } from '@honeyguide/model/activity-batch'
import {
  eventGroup,
  eventKindInfo,
  subjectValue,
  type ActivityColumn,
  type ActivityRow,
  type EventGroup,
} from '@honeyguide/model/ocsf'
import { bytesWords } from './number-words.ts'
import { baseName } from './shorten.ts'
import { lengthWords } from './time-words.ts'

export type ValueKind = 'proc' | 'file' | 'net' | 'user' | 'kernel' | 'host' | 'text'

export type EventPart =
  | {
      readonly kind: 'value'
      readonly icon: ValueKind
      readonly text: string
      /** Dimmed behind the text: "[48213]", ":443". */
      readonly aside?: string
      /** What copying gives. */
      readonly full: string
      readonly field: string
      readonly value: string | number
      /** Image uid when the value is a process. */
      readonly processUid?: string
    }
  /** → ← and such. */
  | { readonly kind: 'sign'; readonly text: string }
  /** Said by us, not from telemetry. */
  | { readonly kind: 'words'; readonly text: string }
  /** From telemetry, without a filter of its own. */
  | { readonly kind: 'telemetry'; readonly text: string }

export interface EventWords {
  readonly kind: EventKind | 'event'
  readonly group: EventGroup
  readonly parts: readonly EventPart[]
  readonly host: string
  readonly user: string
  readonly time: string
  readonly uid: string
}

function kindOf(row: ActivityRow): EventKind | 'event' {
  try {
    return eventKind(row)
  } catch {
    // A class that this version of the page does not know is shown as it is, not dropped.
    return 'event'
  }
}

type Prefix = 'process' | 'actor_process' | 'process_parent_process'

function processPart(row: ActivityRow, prefix: Prefix): EventPart {
  const path = row[`${prefix}_file_path`] ?? ''
  const name = row[`${prefix}_name`] ?? baseName(path)
  const pid = row[`${prefix}_pid`] ?? null
  const uid = row[`${prefix}_uid`] ?? undefined
  return {
    kind: 'value',
    icon: 'proc',
    text: name === '' ? (path === '' ? 'unknown' : path) : name,
    ...(pid === null ? {} : { aside: `[${pid}]` }),
    full: path === '' ? name : path,
    field: prefix === 'actor_process' ? 'process_name' : `${prefix}_name`,
    value: name,
    ...(uid === undefined || uid === null ? {} : { processUid: uid }),
  }
}

function endpointPart(row: ActivityRow, end: 'src' | 'dst'): EventPart {
  const ip = row[`${end}_endpoint_ip`] ?? ''
  const port = row[`${end}_endpoint_port`] ?? null
  const address = ip.includes(':') ? `[${ip}]` : ip
  return {
    kind: 'value',
    icon: 'net',
    text: address === '' ? 'unknown address' : address,
    ...(port === null ? {} : { aside: `:${port}` }),
    full: port === null ? ip : `${address}:${port}`,
    field: `${end}_endpoint_ip`,
    value: ip,
  }
}

/** The arguments: the command line without its first word. */
function argumentsOf(row: ActivityRow): string {
  const line = row.process_cmd_line ?? ''
  const cut = line.startsWith("'") ? line.indexOf("' ", 1) + 1 : line.indexOf(' ')
  return cut <= 0 ? '' : line.slice(cut + 1)
}

const sign = (text: string): EventPart => ({ kind: 'sign', text })
const words = (text: string): EventPart => ({ kind: 'words', text })

function errorWords(code: number | null | undefined): string {
  const names: Readonly<Record<number, string>> = {
    1: 'EPERM, not permitted',
    2: 'ENOENT, no such file',
    8: 'ENOEXEC, not an executable',
    13: 'EACCES, permission denied',
    101: 'ENETUNREACH, no network',
    104: 'ECONNRESET, reset',
    110: 'ETIMEDOUT, timed out',
    111: 'ECONNREFUSED, refused',
    113: 'EHOSTUNREACH, no route',
    115: 'EINPROGRESS, in progress',
  }
  if (code === null || code === undefined) return ''
  const positive = Math.abs(code)
  return names[positive] ?? `error ${positive}`
}

function flagTags(row: ActivityRow): EventPart[] {
  const flags = (row.process_flags ?? row.connection_flags ?? '').split(',').filter(Boolean)
  return flags.length === 0 ? [] : [words(`· ${flags.join(', ')}`)]
}

const objectIcons: Readonly<Record<EventGroup, ValueKind>> = {
  process: 'proc',
  file: 'file',
  network: 'net',
  identity: 'user',
  kernel: 'kernel',
}

/** Who acted, and on what: kinds without words of their own, by the columns that their class names. */
function objectParts(kind: EventKind, row: ActivityRow): EventPart[] {
  const { object = [], group, class: of } = eventKindInfo(kind)
  const parts: EventPart[] = [processPart(row, of.subject), sign('→')]
  for (const column of object) {
    const value = row[column as ActivityColumn] ?? ''
    if (value === '') continue
    const text = String(value)
    parts.push({
      kind: 'value',
      icon: objectIcons[group],
      text,
      full: text,
      field: column,
      value: typeof value === 'boolean' ? text : value,
    })
  }
  const error = errorWords(row.status_code)
  return error === '' ? parts : [...parts, words(error)]
}

function partsOf(kind: EventKind | 'event', row: ActivityRow): EventPart[] {
  switch (kind) {
    case 'exec': {
      const rest = argumentsOf(row)
      const actor = processPart(row, 'actor_process')
      const self = processPart(row, 'process')
      const same =
        row.actor_process_pid === row.process_pid && row.actor_process_name === row.process_name
      return [
        ...(same || row.actor_process_name === undefined || row.actor_process_name === null
          ? []
          : [actor, sign('→')]),
        self,
        ...(rest === '' ? [] : [{ kind: 'telemetry', text: rest } as const]),
        ...flagTags(row),
      ]
    }
    case 'exec_failed':
      return [
        processPart(row, 'actor_process'),
        sign('→'),
        {
          kind: 'value',
          icon: 'file',
          text: row.process_file_name ?? row.process_file_path ?? '',
          full: row.process_file_name ?? row.process_file_path ?? '',
          field: row.process_file_name ? 'process_file_name' : 'process_file_path',
          value: row.process_file_name ?? row.process_file_path ?? '',
        },
        words(errorWords(row.status_code)),
      ]
    case 'fork':
      return [processPart(row, 'actor_process'), sign('→'), processPart(row, 'process')]
    case 'exit':
      return [
        processPart(row, 'process'),
        words(
          [
            row.exit_signal ? `signal ${row.exit_signal}` : `code ${row.exit_code ?? '?'}`,
            row.run_ms === null || row.run_ms === undefined
              ? ''
              : `after ${lengthWords(row.run_ms)}`,
          ].join(' '),
        ),
      ]
    case 'accept':
    case 'udp_receive':
      return [processPart(row, 'actor_process'), sign('←'), endpointPart(row, 'src')]
    case 'connect':
    case 'udp_send':
      return [processPart(row, 'actor_process'), sign('→'), endpointPart(row, 'dst')]
    case 'connect_failed':
      return [
        processPart(row, 'actor_process'),
        sign('→'),
        endpointPart(row, 'dst'),
        words(errorWords(row.status_code)),
      ]
    case 'listen':
      // The address that is listened on stands where a client would connect to.
      return [
        processPart(row, 'actor_process'),
        words('listens on'),
        endpointPart(row, row.src_endpoint_ip || row.src_endpoint_port ? 'src' : 'dst'),
      ]
    case 'close':
    case 'udp_end': {
      const inbound = row.connection_info_direction === 'Inbound'
      const told = [
        row.traffic_bytes_out === null || row.traffic_bytes_out === undefined
          ? ''
          : `${bytesWords(row.traffic_bytes_out)} out`,
        row.traffic_bytes_in === null || row.traffic_bytes_in === undefined
          ? ''
          : `${bytesWords(row.traffic_bytes_in)} in`,
        row.duration_ms === null || row.duration_ms === undefined
          ? ''
          : lengthWords(row.duration_ms),
      ].filter(Boolean)
      return [
        processPart(row, 'actor_process'),
        sign(inbound ? '←' : '→'),
        endpointPart(row, inbound ? 'src' : 'dst'),
        ...(told.length === 0 ? [] : [words(told.join(', '))]),
        ...flagTags(row),
      ]
    }
    default:
      return objectParts(kind, row)
    case 'event':
      return [words(`class ${row.class_uid ?? 'unknown'}, ${row.activity_name ?? 'no activity'}`)]
  }
}

export function eventWords(row: ActivityRow): EventWords {
  const kind = kindOf(row)
  return {
    kind,
    group: eventGroup(row),
    parts: partsOf(kind, row),
    host: row.device_hostname ?? '',
    user: String(subjectValue(row, 'user_name') ?? ''),
    time: row.time ?? '',
    uid: row.event_uid ?? '',
  }
}

/** "connect failed", "exec". */
export function kindLabel(kind: EventKind | 'event'): string {
  return kind.replace('_', ' ')
}
