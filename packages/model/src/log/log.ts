/**
 * A logger of JSON lines, pure: where lines go and what time it is come in.
 *
 * A line has time, level, component, message and fields of numbers, codes and names of ours; never text
 * from telemetry, which comes from attackers. The same message (component, level and text) is written
 * once a minute at most; the next line of it says how many were not written (`repeated`).
 */

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** What else a line says. An Error becomes its code and message. */
export type LogFields = Readonly<
  Record<string, string | number | bigint | boolean | null | undefined | Error>
>

export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** The same sink and memory of repeats under another name. */
  child(component: string): Logger
}

export interface LoggerOptions {
  readonly component: string
  /** The least level that is written. */
  readonly level: LogLevel
  /** Takes one line without its newline. */
  readonly sink: (line: string) => void
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** `json` for programs, `human` for a terminal. */
  readonly form?: 'json' | 'human'
}

interface Repeat {
  /** When its last line was written, ms. */
  at: number
  /** How many came since. */
  count: number
}

const repeatMs = 60_000
/** So that messages made of changing text cannot grow the memory of repeats. */
const mostRepeats = 256

function plain(fields: LogFields): Record<string, string | number | boolean | null> {
  const out: Record<string, string | number | boolean | null> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue
    if (typeof value === 'bigint') out[name] = value.toString()
    else if (value instanceof Error) {
      const { code } = value as { code?: unknown }
      if (typeof code === 'string') out['code'] = code
      out[name] = value.message
    } else out[name] = value
  }
  return out
}

function human(
  at: string,
  level: LogLevel,
  component: string,
  message: string,
  fields: Record<string, string | number | boolean | null>,
): string {
  const rest = Object.entries(fields)
    .map(([name, value]) => ` ${name}=${typeof value === 'string' ? JSON.stringify(value) : value}`)
    .join('')
  return `${at.slice(11, 23)} ${level.padEnd(5)} ${component}: ${message}${rest}`
}

export function createLogger(options: LoggerOptions): Logger {
  const repeats = new Map<string, Repeat>()
  const least = logLevels.indexOf(options.level)

  function write(component: string, level: LogLevel, message: string, fields: LogFields): void {
    if (logLevels.indexOf(level) < least) return
    const now = options.now()
    let repeated = 0
    if (level === 'warn' || level === 'error') {
      const key = `${component}\0${level}\0${message}`
      const known = repeats.get(key)
      // A clock that was set back must not silence a message for long.
      if (known && now >= known.at && now - known.at < repeatMs) {
        known.count += 1
        return
      }
      repeated = known?.count ?? 0
      repeats.delete(key)
      const oldest = repeats.size >= mostRepeats ? repeats.keys().next().value : undefined
      if (oldest !== undefined) repeats.delete(oldest)
      repeats.set(key, { at: now, count: 0 })
    }
    const said = plain(fields)
    if (repeated > 0) said['repeated'] = repeated
    const at = new Date(now).toISOString()
    options.sink(
      options.form === 'human'
        ? human(at, level, component, message, said)
        : JSON.stringify({ ...said, time: at, level, component, message }),
    )
  }

  function make(component: string): Logger {
    return {
      debug: (message, fields = {}) => write(component, 'debug', message, fields),
      info: (message, fields = {}) => write(component, 'info', message, fields),
      warn: (message, fields = {}) => write(component, 'warn', message, fields),
      error: (message, fields = {}) => write(component, 'error', message, fields),
      child: make,
    }
  }
  return make(options.component)
}
