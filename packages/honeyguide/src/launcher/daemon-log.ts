/**
 * Reads what a daemon writes: its ready line, then log lines, whatever else it says included.
 *
 * Bounded: a line longer than 64 KiB is cut. The same message is passed on once a minute with a count.
 */
import type { ReadyLine } from '@honeyguide/model/settings'

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  /** The line as one JSON object. */
  readonly json: string
  /** How often it came since it was last passed on. */
  readonly times: number
}

export interface DaemonLog {
  /** Takes a piece of output. */
  push(chunk: string): void
  /** Takes what is left without an end of line. */
  end(): void
}

const lineLimit = 64 * 1024
const repeatMs = 60_000
const rememberedMessages = 256

const levels: Readonly<Record<string, LogLine['level']>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  fatal: 'error',
  10: 'debug',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'error',
}

function asObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    return Object(JSON.parse(line)) as Record<string, unknown>
  } catch {
    return undefined
  }
}

export function createDaemonLog(options: {
  readonly component: string
  readonly onReady: (ready: ReadyLine) => void
  readonly onLine: (line: LogLine) => void
  /** ms; passed in for tests. */
  readonly now?: () => number
}): DaemonLog {
  const { component, onReady, onLine, now = () => performance.now() } = options
  const seen = new Map<string, { at: number; held: number }>()
  let rest = ''

  function take(raw: string): void {
    const text = raw.trimEnd()
    if (text === '') return
    const object = asObject(text)
    if (object?.['ready'] === true) {
      onReady(object as unknown as ReadyLine)
      return
    }
    const message = String(object?.['msg'] ?? object?.['message'] ?? text)
    const level = levels[String(object?.['level'] ?? 'warn')] ?? 'warn'
    const key = `${level} ${message.slice(0, 200)}`
    const known = seen.get(key)
    if (known && now() - known.at < repeatMs) {
      known.held += 1
      return
    }
    const times = (known?.held ?? 0) + 1
    seen.delete(key)
    seen.set(key, { at: now(), held: 0 })
    const oldest = seen.size > rememberedMessages ? seen.keys().next().value : undefined
    if (oldest !== undefined) seen.delete(oldest)
    const json = JSON.stringify(
      object
        ? { component, ...object, ...(times > 1 ? { times } : {}) }
        : {
            time: new Date().toISOString(),
            component,
            level,
            message,
            ...(times > 1 ? { times } : {}),
          },
    )
    onLine({ level, message, json, times })
  }

  return {
    push(chunk) {
      rest += chunk
      let end = rest.indexOf('\n')
      while (end >= 0) {
        take(rest.slice(0, end))
        rest = rest.slice(end + 1)
        end = rest.indexOf('\n')
      }
      if (rest.length > lineLimit) {
        take(rest.slice(0, lineLimit))
        rest = ''
      }
    },
    end() {
      take(rest)
      rest = ''
    },
  }
}
