/**
 * Which events `observe` shows: the options of `tetra getevents` and `hubble observe` that make sense on a
 * host, and our filter language. All options must hold; of one option given several times, any. Pure.
 */
import { HoneyguideError } from '@honeyguide/model/errors'
import { compileFilter, parseFilter } from '@honeyguide/model/filter'
import {
  eventClassOfRow,
  eventKind,
  eventKindInfo,
  eventKinds,
  kindsOfView,
  subjectValue,
  type ActivityRow,
  type EventGroup,
  type EventKind,
} from '@honeyguide/model'
import { ipPrefix } from './ip-prefix.ts'

export interface SelectionOptions {
  readonly eventTypes?: readonly string[]
  readonly process?: readonly string[]
  readonly pid?: readonly string[]
  readonly parent?: readonly string[]
  readonly user?: readonly string[]
  readonly ip?: readonly string[]
  readonly fromIp?: readonly string[]
  readonly toIp?: readonly string[]
  readonly port?: readonly string[]
  readonly fromPort?: readonly string[]
  readonly toPort?: readonly string[]
  readonly protocol?: readonly string[]
  readonly container?: readonly string[]
  readonly unit?: readonly string[]
  readonly filter?: string
}

export type Selection = (row: ActivityRow) => boolean

const kindsOfGroup = (group: EventGroup): readonly EventKind[] =>
  eventKinds.filter((kind) => eventKindInfo(kind).group === group)

/** Tetragon's names of event types that a host has, and Hubble's `-t l3_l4`. */
const typeNames: Readonly<Record<string, readonly EventKind[]>> = {
  process_exec: ['exec', 'exec_failed'],
  process_exit: ['exit'],
  process_fork: ['fork'],
  process_kprobe: eventKinds.filter((kind) => !kindsOfView('process_activity').includes(kind)),
  network: kindsOfGroup('network'),
  file: kindsOfGroup('file'),
  identity: kindsOfGroup('identity'),
  kernel: kindsOfGroup('kernel'),
  udp: ['udp_send', 'udp_receive', 'udp_end'],
  dns: kindsOfView('dns_activity'),
  tcp: ['connect', 'accept', 'close', 'connect_failed', 'listen'],
  process: kindsOfView('process_activity'),
  all: eventKinds,
}

/** What is shown when nothing is asked: what Tetragon shows, which has no forks. */
const usualKinds: readonly EventKind[] = eventKinds.filter((kind) => kind !== 'fork')

/** Kinds that these names mean. Throws HG_USAGE. */
export function kindsOfTypes(names: readonly string[]): ReadonlySet<EventKind> {
  const kinds = new Set<EventKind>()
  for (const name of names
    .flatMap((one) => one.split(','))
    .map((one) => one.trim().toLowerCase())) {
    const own = eventKinds.find((kind) => kind === name)
    const more = own === undefined ? typeNames[name] : [own]
    if (!more)
      throw new HoneyguideError(
        'HG_USAGE',
        `there is no event type ${name}; there are ${[...eventKinds, ...Object.keys(typeNames)].join(', ')}.`,
      )
    for (const kind of more) kinds.add(kind)
  }
  return kinds
}

function expression(text: string): RegExp {
  try {
    return new RegExp(text, 'u')
  } catch (cause) {
    throw new HoneyguideError(
      'HG_USAGE',
      `${text} is no regular expression (${cause instanceof Error ? cause.message : ''}).`,
      { cause },
    )
  }
}

function wholeNumber(text: string, most: number): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) > most)
    throw new HoneyguideError('HG_USAGE', `${text} is no number from 0 to ${most}.`)
  return Number(text)
}

/** The value of the process that acted, whatever the class of the event. */
function acting(
  row: ActivityRow,
  column: 'file_path' | 'pid' | 'user_name',
): string | number | null {
  return subjectValue(row, column)
}

/** The predicate. Throws HG_USAGE or HG_FILTER_INVALID. `isAll` shows forks too when no type is named. */
export function createSelection(options: SelectionOptions, isAll = false): Selection {
  const tests: Selection[] = []
  const kinds =
    options.eventTypes && options.eventTypes.length > 0
      ? kindsOfTypes(options.eventTypes)
      : isAll
        ? undefined
        : new Set(usualKinds)
  if (kinds) tests.push((row) => kinds.has(eventKind(row)))
  /** One test for an option that may be given several times. */
  const any = (
    values: readonly string[] | undefined,
    compile: (value: string) => Selection,
  ): void => {
    if (!values || values.length === 0) return
    const compiled = values.map(compile)
    tests.push((row) => compiled.some((one) => one(row)))
  }
  any(options.process, (value) => {
    const pattern = expression(value)
    return (row) => pattern.test(String(acting(row, 'file_path') ?? ''))
  })
  any(options.parent, (value) => {
    const pattern = expression(value)
    return (row) => pattern.test(row.process_parent_process_file_path ?? '')
  })
  any(options.pid, (value) => {
    const pid = wholeNumber(value, 2 ** 22)
    return (row) => acting(row, 'pid') === pid
  })
  any(
    options.user,
    (value) => (row) =>
      acting(row, 'user_name') === value || String(subjectValue(row, 'user_uid') ?? '') === value,
  )
  any(
    options.container,
    (value) => (row) =>
      (row.process_container_uid ?? row.actor_process_container_uid ?? '').startsWith(value),
  )
  any(options.unit, (value) => (row) => (row.process_unit ?? row.actor_process_unit) === value)
  any(options.fromIp, (value) => {
    const holds = ipPrefix(value)
    return (row) => holds(row.src_endpoint_ip ?? '')
  })
  any(options.toIp, (value) => {
    const holds = ipPrefix(value)
    return (row) => holds(row.dst_endpoint_ip ?? '')
  })
  any(options.ip, (value) => {
    const holds = ipPrefix(value)
    return (row) => holds(row.src_endpoint_ip ?? '') || holds(row.dst_endpoint_ip ?? '')
  })
  any(options.fromPort, (value) => {
    const port = wholeNumber(value, 65_535)
    return (row) => row.src_endpoint_port === port
  })
  any(options.toPort, (value) => {
    const port = wholeNumber(value, 65_535)
    return (row) => row.dst_endpoint_port === port
  })
  any(options.port, (value) => {
    const port = wholeNumber(value, 65_535)
    return (row) => row.src_endpoint_port === port || row.dst_endpoint_port === port
  })
  any(options.protocol, (value) => {
    const wanted = value.toLowerCase()
    if (!['tcp', 'udp', 'icmp', 'icmpv4', 'icmpv6', 'dns', 'http'].includes(wanted))
      throw new HoneyguideError(
        'HG_USAGE',
        `there is no protocol ${value}; events of tcp, udp and dns are seen.`,
      )
    return (row) =>
      wanted === 'dns'
        ? eventClassOfRow(row)?.view === 'dns_activity'
        : row.connection_info_protocol_name === wanted
  })
  if (options.filter !== undefined && options.filter.trim() !== '') {
    const filter = compileFilter(parseFilter(options.filter))
    tests.push((row) => filter.matches(row))
  }
  return (row) => tests.every((one) => one(row))
}
