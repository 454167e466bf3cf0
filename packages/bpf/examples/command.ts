/**
 * What the examples share: options with their help, and an end by Ctrl-C, SIGTERM or `--seconds` at which everything
 * that was opened is given back.
 */
import { exit } from 'node:process'
import { parseArgs } from 'node:util'

/** An option that takes a value. */
interface Option {
  /** What the value is, `NAME`. */
  readonly value: string
  readonly help: string
  readonly default?: string
  /** May be given several times. */
  readonly multiple?: true
}

/** An option that is given or not. */
interface Switch {
  readonly help: string
}

type Options = Readonly<Record<string, Option | Switch>>

type Value<O> = O extends { readonly value: string }
  ? O extends { readonly multiple: true }
    ? readonly string[]
    : O extends { readonly default: string }
      ? string
      : string | undefined
  : boolean

/** A started example. */
export interface Command<O extends Options> {
  readonly values: { readonly [Name in keyof O]: Value<O[Name]> }
  /** Aborted when it should end. */
  readonly signal: AbortSignal
}

function isOption(option: Option | Switch): option is Option {
  return 'value' in option
}

/** Reads the arguments; prints the help and ends for `--help`, or says what is wrong and ends with 2. */
export function startCommand<const O extends Options>(about: string, options: O): Command<O> {
  const { values } = parsed(about, options)
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())
  const seconds = values['seconds']
  if (typeof seconds === 'string') {
    setTimeout(() => stop.abort(), positive('seconds', seconds) * 1000).unref()
  }
  const all = Object.entries(options).map(([name, option]) => {
    const value = values[name] ?? (isOption(option) ? (option.multiple ? [] : undefined) : false)
    return [name, value] as const
  })
  return {
    values: Object.fromEntries(all) as Command<O>['values'],
    signal: stop.signal,
  }
}

function parsed(about: string, options: Options): { values: Record<string, unknown> } {
  try {
    const read = parseArgs({
      options: {
        help: { type: 'boolean', short: 'h' },
        seconds: { type: 'string' },
        ...Object.fromEntries(
          Object.entries(options).map(([name, option]) => [
            name,
            isOption(option)
              ? {
                  type: 'string' as const,
                  multiple: option.multiple === true,
                  ...(option.default === undefined ? {} : { default: option.default }),
                }
              : { type: 'boolean' as const },
          ]),
        ),
      },
    })
    if (read.values.help !== true) return { values: read.values }
    console.log(helpText(about, options))
    exit(0)
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error))
  }
}

function helpText(about: string, options: Options): string {
  const lines = Object.entries(options).map(([name, option]): [string, string] => [
    isOption(option) ? `--${name} ${option.value}` : `--${name}`,
    option.help +
      (isOption(option) && option.default !== undefined ? ` (${option.default})` : '') +
      (isOption(option) && option.multiple === true ? '; may be repeated' : ''),
  ])
  lines.push(['--seconds N', 'ends by itself after so long; else by Ctrl-C'], ['--help', 'this'])
  const width = Math.max(...lines.map(([left]) => left.length))
  return [about, '', ...lines.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)].join(
    '\n',
  )
}

/** Says what is wrong and ends. */
export function fail(message: string): never {
  console.error(`${message}; --help shows the options`)
  exit(2)
}

/** A number above 0, or the end. */
export function positive(name: string, text: string): number {
  const value = Number(text)
  return Number.isFinite(value) && value > 0
    ? value
    : fail(`--${name} ${text} is no number above 0`)
}

/** A port, or the end. */
export function portNumber(name: string, text: string | undefined): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0 && value < 65_536) return value
  return fail(text === undefined ? `--${name} is needed` : `--${name} ${text} is no port`)
}

/** A value that must be given, or the end. */
export function required(name: string, value: string | undefined): string {
  return value ?? fail(`--${name} is needed`)
}

/** Resolves when the example should end. */
export function untilStopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  // A pending promise alone does not keep Node running.
  const awake = setInterval(() => undefined, 1 << 30)
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      clearInterval(awake)
      resolve()
    })
  })
}

/** Text up to the NUL; names come from others, so control characters are shown, not obeyed. */
export function printable(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  const text = Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString()
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`)
}
