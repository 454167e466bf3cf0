/**
 * One line per event in Tetragon's compact look: a pictogram, what happened, the host, the program, its
 * arguments; for an exit its status, for a connection both ends.
 *
 * Pure. Everything that comes from telemetry passes `visible`: no event can act on the terminal.
 */
import { styleText } from 'node:util'
import {
  eventClassOfRow,
  eventKind,
  eventKindInfo,
  subjectValue,
  visible,
  type ActivityColumn,
  type ActivityRow,
} from '@honeyguide/model'

/** Longest argument text on one line, in UTF-16 units; more is cut and said. */
const argumentLimit = 1024

/** The command line without its first word, which the program's path stands for. */
export function withoutFirstWord(commandLine: string): string {
  // Words are quoted the way `commandLine` of the model does: '...' with '\'' for a quote.
  const first = /^(?:'(?:[^']|'\\'')*'|[^\s'])+/u.exec(commandLine)
  return first ? commandLine.slice(first[0].length).trimStart() : commandLine
}

/** Signal names that ended processes have, as Tetragon prints them. */
const signalNames: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  5: 'SIGTRAP',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  10: 'SIGUSR1',
  11: 'SIGSEGV',
  12: 'SIGUSR2',
  13: 'SIGPIPE',
  14: 'SIGALRM',
  15: 'SIGTERM',
  24: 'SIGXCPU',
  25: 'SIGXFSZ',
  31: 'SIGSYS',
}

const errorNames: Readonly<Record<number, string>> = {
  1: 'EPERM',
  2: 'ENOENT',
  7: 'E2BIG',
  8: 'ENOEXEC',
  12: 'ENOMEM',
  13: 'EACCES',
  101: 'ENETUNREACH',
  104: 'ECONNRESET',
  110: 'ETIMEDOUT',
  111: 'ECONNREFUSED',
  113: 'EHOSTUNREACH',
  115: 'EINPROGRESS',
}

function cut(text: string): string {
  return text.length > argumentLimit
    ? `${text.slice(0, argumentLimit)}… (${text.length} characters)`
    : text
}

function endpoint(address: string | null | undefined, port: number | null | undefined): string {
  const text = address ?? '?'
  return `${text.includes(':') ? `[${text}]` : text}:${port ?? '?'}`
}

export interface CompactOptions {
  readonly isColoured: boolean
  /** Puts the time of day in front. */
  readonly isTimed: boolean
}

type Style = Parameters<typeof styleText>[0]

export function compactLine(row: ActivityRow, options: CompactOptions): string {
  const paint = (style: Style, text: string): string =>
    options.isColoured ? styleText(style, text, { validateStream: false }) : text
  const kind = eventKind(row)
  const { look, object = [] } = eventKindInfo(kind)
  const view = eventClassOfRow(row)?.view
  const isNetwork = view === 'network_activity'
  const program = String(subjectValue(row, 'file_path') ?? '')
  const name = String(subjectValue(row, 'name') ?? '')
  const pid = subjectValue(row, 'pid') ?? '?'
  const binary =
    visible(program || (kind === 'exec_failed' ? (row.process_file_name ?? '') : '') || name) ||
    `pid ${pid}`
  const parts = [
    ...(options.isTimed ? [paint('dim', row.time ?? '')] : []),
    paint(
      kind === 'exit' || kind === 'connect_failed' || kind === 'exec_failed'
        ? 'red'
        : isNetwork
          ? 'cyan'
          : 'blue',
      // Padded to Tetragon's seven columns.
      `${look.pictogram} ${look.word.padEnd(7)}`,
    ),
    paint('green', visible(row.device_hostname ?? '')),
    paint('bold', binary),
  ]
  if (isNetwork) {
    const ends =
      kind === 'listen'
        ? endpoint(
            row.dst_endpoint_ip ?? row.src_endpoint_ip,
            row.dst_endpoint_port ?? row.src_endpoint_port,
          )
        : `${endpoint(row.src_endpoint_ip, row.src_endpoint_port)} -> ${endpoint(row.dst_endpoint_ip, row.dst_endpoint_port)}`
    parts.push(paint('cyan', visible(`${row.connection_info_protocol_name ?? 'tcp'} ${ends}`)))
    if (kind === 'close' || kind === 'udp_end')
      parts.push(`${row.traffic_bytes_out ?? '?'} B out, ${row.traffic_bytes_in ?? '?'} B in`)
    if (kind === 'connect_failed')
      parts.push(
        paint('red', errorNames[row.status_code ?? 0] ?? `error ${row.status_code ?? '?'}`),
      )
  } else if (view !== 'process_activity') {
    for (const column of object) {
      const value = row[column as ActivityColumn] ?? ''
      if (value !== '') parts.push(paint('cyan', cut(visible(String(value)))))
    }
    if (row.status_code)
      parts.push(paint('red', errorNames[row.status_code] ?? `error ${row.status_code}`))
  } else {
    const rest = cut(visible(withoutFirstWord(row.process_cmd_line ?? '')))
    if (rest !== '') parts.push(rest)
    if (kind === 'exit')
      parts.push(
        paint(
          'red',
          row.exit_signal
            ? (signalNames[row.exit_signal] ?? `signal ${row.exit_signal}`)
            : String(row.exit_code ?? '?'),
        ),
      )
    if (kind === 'exec_failed')
      parts.push(
        paint('red', errorNames[row.status_code ?? 0] ?? `error ${row.status_code ?? '?'}`),
      )
    if (kind === 'fork')
      parts.push(paint('dim', `pid ${pid} of ${row.process_parent_process_pid ?? '?'}`))
  }
  return parts.join(' ')
}

export interface LossFacts {
  readonly host: string
  readonly hook: string
  readonly reason: string
  readonly offered: number
  readonly lost: number
  /** ISO 8601 UTC. */
  readonly from: string
  readonly to: string
}

/** A loss, in line with what it interrupts. */
export function lossLine(loss: LossFacts, options: CompactOptions): string {
  const text = `⚠️  lost    ${visible(loss.host)} ${loss.lost} of ${loss.offered} events of ${visible(loss.hook)} (${visible(loss.reason)}) between ${loss.from} and ${loss.to}`
  return options.isColoured ? styleText('yellow', text, { validateStream: false }) : text
}
