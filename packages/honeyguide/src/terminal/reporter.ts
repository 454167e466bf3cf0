/**
 * What a command says while it works: plain sentences on a terminal, JSON lines for programs.
 *
 * Both carry the same; nothing from telemetry passes here except through `visible`.
 */
import { styleText } from 'node:util'
import { visible } from '@honeyguide/model/text'

export interface Reporter {
  readonly isJson: boolean
  /** Something was done or is so. `fields` are for programs. */
  say(message: string, fields?: Readonly<Record<string, unknown>>): void
  /** Something is not as it should be; work goes on. */
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
}

export interface Sink {
  readonly isTTY?: boolean | undefined
  write(text: string): unknown
}

export function createReporter(options: {
  readonly out: Sink
  readonly isJson: boolean
  /** ISO time; passed in for tests. */
  readonly now?: () => string
}): Reporter {
  const { out, isJson, now = () => new Date().toISOString() } = options
  const isColoured = out.isTTY === true && process.env['NO_COLOR'] === undefined
  const line = (
    level: 'info' | 'warn',
    message: string,
    fields: Readonly<Record<string, unknown>>,
  ) => {
    if (isJson) {
      out.write(
        `${JSON.stringify({ time: now(), level, component: 'launcher', message, ...fields })}\n`,
      )
      return
    }
    // Lines are ours; what stands in them may not be.
    const text = message.split('\n').map(visible).join('\n')
    out.write(`${level === 'warn' && isColoured ? styleText('yellow', text) : text}\n`)
  }
  return {
    isJson,
    say: (message, fields = {}) => line('info', message, fields),
    warn: (message, fields = {}) => line('warn', message, fields),
  }
}
