/** `honeyguide up`: brings everything up in the foreground, until Ctrl-C. */
import { existsSync } from 'node:fs'
import { styleText } from 'node:util'
import { HoneyguideError } from '@honeyguide/model/errors'
import { visible } from '@honeyguide/model/text'
import type { Command } from 'commander'
import { launch } from '../launcher/launch.ts'
import { createReporter } from '../terminal/reporter.ts'
import { createContext, withShared, type SharedOptions } from './context.ts'

interface UpOptions extends SharedOptions {
  readonly demo?: boolean
  readonly replay?: string
  readonly speed?: string
  readonly live?: string
  readonly host?: string
  readonly port?: string
  readonly sensor?: boolean
}

/** A state folder of its own, so that a recording never mixes with what was really seen. */
const demoSuffix = '-demo'

export function addUp(program: Command): void {
  withShared(program.command('up'))
    .summary('start hub, sensor and page; stay in the foreground')
    .description(
      'Starts hub, sensor and page, supervises them and prints a one-time sign-in. Ctrl-C ends all of it.',
    )
    .option('--demo', 'show a recording of this product at work: needs no root, no eBPF and no apt')
    .option('--replay <file>', 'show a recording of `honeyguide record` instead of this machine')
    .option(
      '--speed <factor>',
      'how fast a recording plays, 0 for as fast as possible (default: 1, with --demo 0)',
    )
    .option(
      '--live <minutes>',
      'how much of its end plays as it happened, at any speed (default: 0, with --demo 15)',
    )
    .option('--host <address>', 'address of the page (hub.listen.host)')
    .option('--port <number>', 'port of the page (hub.listen.port)')
    .option('--no-sensor', 'hub and page only')
    .action(up)
}

/** `honeyguide replay FILE`: `up --replay FILE` under a name that one looks for. */
export function addReplay(program: Command): void {
  withShared(program.command('replay <file>'))
    .summary('show a recording on the page, as fast as possible')
    .option('--speed <factor>', 'how fast it plays, 0 for as fast as possible', '0')
    .option('--live <minutes>', 'how much of its end plays as it happened, at any speed', '0')
    .option('--host <address>', 'address of the page (hub.listen.host)')
    .option('--port <number>', 'port of the page (hub.listen.port)')
    .action((file: string, options: UpOptions) => up({ ...options, replay: file }))
}

function notNegative(flag: string, text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0)
    throw new HoneyguideError('HG_USAGE', `${flag} is a number from 0 on.`)
  return value
}

async function up(options: UpOptions): Promise<void> {
  const flags = [
    ...(options.host === undefined
      ? []
      : [{ name: 'hub.listen.host', value: options.host, flag: '--host' }]),
    ...(options.port === undefined
      ? []
      : [{ name: 'hub.listen.port', value: options.port, flag: '--port' }]),
    ...(options.sensor === false
      ? [{ name: 'sensor.enabled', value: 'false', flag: '--no-sensor' }]
      : []),
  ]
  const isReplay = options.demo === true || options.replay !== undefined
  const first = createContext(options, flags)
  const context =
    isReplay && options.state === undefined
      ? createContext({ ...options, state: `${first.instance.stateDir}${demoSuffix}` }, flags)
      : first
  // The recorded attack is there to be looked at from the first second, and there still is a stream to watch.
  const speed = notNegative('--speed', options.speed ?? (options.demo === true ? '0' : '1'))
  const live = notNegative('--live', options.live ?? (options.demo === true ? '15' : '0'))
  const file = options.replay ?? `${context.layout.root}/${context.layout.demoRecording}`
  if (isReplay && !existsSync(file))
    throw new HoneyguideError('HG_NOT_FOUND', `there is no recording ${file}`)
  const isTerminal = process.stdout.isTTY
  const reporter = createReporter({ out: process.stdout, isJson: options.json ?? !isTerminal })
  const isLogTerminal = process.stderr.isTTY
  const ending = new AbortController()
  const end = (): void => ending.abort()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, end)
  // A reader that went away (`up | head`) must not leave daemons behind.
  process.stdout.on('error', end)
  process.stderr.on('error', end)
  await launch({
    config: context.resolved.config,
    layout: context.layout,
    instance: context.instance,
    reporter,
    replay: isReplay
      ? {
          file,
          speed,
          liveMs: live * 60_000,
          label: options.demo === true ? 'An hour of ordinary work and one attack.' : 'a recording',
        }
      : null,
    signal: ending.signal,
    onLogLine(name, level, message, json) {
      if (!isLogTerminal || reporter.isJson) process.stderr.write(`${json}\n`)
      else if (level === 'warn' || level === 'error')
        process.stderr.write(
          `${styleText(level === 'error' ? 'red' : 'yellow', `${name}: ${visible(message)}`)}\n`,
        )
    },
  })
  // Timers of libraries must not hold a launcher whose work is done.
  process.exit(0)
}
