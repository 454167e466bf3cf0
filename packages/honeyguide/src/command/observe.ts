/** `honeyguide observe`: the stream of this machine's events, from the sensor's own socket. */
import { readFileSync } from 'node:fs'
import { HoneyguideError } from '@honeyguide/model/errors'
import { visible, type ActivityRow, type EventsAnswer } from '@honeyguide/model'
import type { Command } from 'commander'
import { compactLine, lossLine, type CompactOptions } from '../observe/compact.ts'
import { observeBatches } from '../observe/connection.ts'
import { createEventReader } from '../observe/events.ts'
import { createSelection, type SelectionOptions } from '../observe/selection.ts'
import { createContext, hubOf, withShared, type Context, type SharedOptions } from './context.ts'
import { sinceTime } from './duration.ts'

interface ObserveOptions extends SharedOptions, SelectionOptions {
  readonly output?: string
  readonly follow?: boolean
  readonly last?: string
  readonly since?: string
  readonly until?: string
  readonly max?: string
  readonly timestamps?: boolean
  readonly color?: string
  readonly wait?: boolean
}

const collect = (value: string, before: readonly string[] = []): string[] => [...before, value]

/** Names of this machine's users, read once. */
function localUsers(): (id: number) => string | undefined {
  const names = new Map<number, string>()
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , id] = line.split(':')
    if (name !== undefined && id !== undefined && !names.has(Number(id)))
      names.set(Number(id), name)
  }
  return (id) => names.get(id)
}

/** Writes a block and waits when the reader is slower; one that has gone (`| head`) is not waited for. */
function write(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text, () => resolve())
  })
}

interface Shape {
  readonly event: (row: ActivityRow) => string
  readonly notice: (message: string, fields: Readonly<Record<string, unknown>>) => string
  readonly loss: (loss: Parameters<typeof lossLine>[0]) => string
}

function shapeOf(options: ObserveOptions): Shape {
  const output = options.json === true ? 'json' : (options.output ?? 'compact')
  if (output !== 'json' && output !== 'compact')
    throw new HoneyguideError('HG_USAGE', `there is no output ${output}; choose compact or json.`)
  if (output === 'json')
    return {
      // One object per line; `class_uid` tells what it is, `loss` and `notice` are not events.
      event: (row) => JSON.stringify(row),
      loss: (loss) => JSON.stringify({ loss }),
      notice: (message, fields) => JSON.stringify({ notice: { message, ...fields } }),
    }
  const compact: CompactOptions = {
    isColoured:
      options.color === 'always' ||
      (options.color !== 'never' && process.stdout.isTTY && process.env['NO_COLOR'] === undefined),
    isTimed: options.timestamps === true,
  }
  return {
    event: (row) => compactLine(row, compact),
    loss: (loss) => lossLine(loss, compact),
    notice: (message) => visible(message),
  }
}

/** Events that are stored already, oldest first. */
async function printStored(context: Context, options: ObserveOptions, shape: Shape): Promise<void> {
  const query = new URLSearchParams({ limit: options.last ?? '1000' })
  if (options.since !== undefined) query.set('from', sinceTime(options.since, Date.now()))
  if (options.until !== undefined) query.set('to', sinceTime(options.until, Date.now()))
  if (options.filter !== undefined) query.set('filter', options.filter)
  const answer = await hubOf(context).get<EventsAnswer>(`/api/v1/events?${query}`)
  const selects = createSelection(options, options.json === true)
  const lines = answer.rows.filter(selects).toReversed().map(shape.event)
  if (!answer.evidence.complete)
    lines.push(
      shape.notice(
        `Something was lost in this interval: ${answer.evidence.lost} of ${answer.evidence.offered} events.`,
        { evidence: answer.evidence },
      ),
    )
  await write(lines.map((line) => `${line}\n`).join(''))
}

async function printLive(context: Context, options: ObserveOptions, shape: Shape): Promise<void> {
  const selects = createSelection(options, options.json === true || options.output === 'json')
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort())
  process.stdout.on('error', () => stop.abort())
  let reader: ReturnType<typeof createEventReader> | undefined
  let left = options.max === undefined ? Infinity : Number(options.max)
  if (!(left > 0)) throw new HoneyguideError('HG_USAGE', '--max is a number from 1 on.')
  for await (const seen of observeBatches({
    socketPath: context.instance.observeSocket,
    signal: stop.signal,
    waits: options.wait === true,
  })) {
    if (seen.kind === 'away') process.stderr.write('the sensor is away; waiting for it ...\n')
    // The host by the name that its sensor goes by.
    if (seen.kind === 'hello') reader ??= createEventReader(seen.hello.hostname, localUsers())
    if (seen.kind !== 'batch' || !reader) continue
    const { rows, losses } = reader.read(seen.batch)
    const lines: string[] = losses.map(shape.loss)
    for (let row = 0; row < rows.rows && left > 0; row++) {
      const event = rows.row(row)
      if (!selects(event)) continue
      lines.push(shape.event(event))
      left -= 1
    }
    if (lines.length > 0) await write(`${lines.join('\n')}\n`)
    if (left <= 0) stop.abort()
  }
}

export function addObserve(program: Command): void {
  withShared(program.command('observe'))
    .summary('the stream of events, from the sensor itself')
    .description(
      'Shows what happens on this machine as it happens, from the sensor (works without the hub). Options of one kind are alternatives; different options must all hold. Forks are shown with --json, or when asked for with -e fork.',
    )
    .option('-o, --output <form>', 'compact or json')
    .option(
      '-e, --event-types <types>',
      'kinds of events: exec, exit, fork, connect ... or PROCESS_EXEC, PROCESS_EXIT',
      collect,
    )
    .option('--process <regex>', 'path of the program', collect)
    .option('--parent <regex>', "path of the parent's program", collect)
    .option('--pid <pid>', 'process id', collect)
    .option('--user <name>', 'user name or id', collect)
    .option('--container <id>', 'begin of a container id', collect)
    .option('--unit <name>', 'systemd unit', collect)
    .option('--ip <prefix>', 'address at either end', collect)
    .option('--from-ip <prefix>', 'address that opened the connection', collect)
    .option('--to-ip <prefix>', 'address that was connected to', collect)
    .option('--port <port>', 'port at either end', collect)
    .option('--from-port <port>', 'port that the connection was opened from', collect)
    .option('--to-port <port>', 'port that was connected to', collect)
    .option('--protocol <name>', 'tcp', collect)
    .option(
      '--filter <filter>',
      'filter language of the page, for example: process.name = curl and user != root',
    )
    .option('-f, --follow', 'after --last or --since, go on with what happens')
    .option('--last <number>', 'the last events that are stored (asks the hub)')
    .option('--since <time>', 'stored events from 5m, 2h or a time on (asks the hub)')
    .option('--until <time>', 'stored events up to a time (asks the hub)')
    .option('--max <number>', 'end after this many events')
    .option('--timestamps', 'begin each line with its time')
    .option('--color <when>', 'auto, always or never', 'auto')
    .option('--wait', 'wait for a sensor that is not there yet')
    .action(async (options: ObserveOptions) => {
      const context = createContext(options)
      const shape = shapeOf(options)
      // Wrong options are told before anything is waited for.
      createSelection(options)
      const asksStored =
        options.last !== undefined || options.since !== undefined || options.until !== undefined
      if (asksStored) await printStored(context, options, shape)
      if (!asksStored || options.follow === true) await printLive(context, options, shape)
    })
}
