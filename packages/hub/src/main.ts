/**
 * The hub's process: `main.ts --settings FILE`. Prints one ready line, logs JSON lines on stderr, ends on
 * SIGTERM or SIGINT within two seconds.
 *
 * Exit codes: 0 ended as asked, 1 a fault, 2 wrong settings or arguments, 3 the state folder is in use.
 */
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { HoneyguideError, type HubSettings, type ReadyLine } from '@honeyguide/model'
import { createLogger } from '@honeyguide/model/log'
import { openHub } from './hub.ts'

const endWithinMs = 1800

async function readSettings(): Promise<HubSettings> {
  const { values } = parseArgs({ options: { settings: { type: 'string' } }, strict: true })
  if (values.settings === undefined)
    throw new HoneyguideError('HG_CONFIG_INVALID', 'Usage: main.ts --settings FILE')
  return JSON.parse(await readFile(values.settings, 'utf8')) as HubSettings
}

async function main(): Promise<void> {
  const startLog = createLogger({
    component: 'hub',
    level: 'info',
    sink: (line) => process.stderr.write(`${line}\n`),
    now: Date.now,
  })
  let settings: HubSettings
  try {
    settings = await readSettings()
  } catch (error) {
    startLog.error('The settings could not be read.', { error: error as Error })
    process.exitCode = 2
    return
  }
  const log = createLogger({
    component: 'hub',
    level: settings.logLevel,
    sink: (line) => process.stderr.write(`${line}\n`),
    now: Date.now,
  })
  // Files and sockets of ours are for nobody else.
  process.umask(0o007)
  const { version } = JSON.parse(
    await readFile(new URL('../package.json', import.meta.url), 'utf8'),
  ) as { version: string }

  const asked = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
  let hub
  try {
    hub = await openHub({ settings, version, log })
  } catch (error) {
    log.error('The hub could not start.', { error: error as Error })
    process.exitCode = error instanceof HoneyguideError && error.code === 'HG_STATE_LOCKED' ? 3 : 1
    return
  }
  const ready: ReadyLine = {
    ready: true,
    component: 'hub',
    address: hub.address,
    pid: process.pid,
  }
  process.stdout.write(`${JSON.stringify(ready)}\n`)
  if (!hub.address.endsWith(`:${settings.listen.port}`) && settings.listen.port !== 0)
    log.warn('The port was taken; the page is served at the next free one.', {
      address: hub.address,
    })
  const failed = await Promise.race([
    asked.then(() => undefined),
    hub.ended.then(
      () => undefined,
      (error: unknown) => error as Error,
    ),
  ])
  // Whatever does not end in time is ended with the process: nothing durable depends on it.
  setTimeout(() => {
    log.warn('Not everything ended in time.')
    process.exit(failed ? 1 : 0)
  }, endWithinMs).unref()
  await hub[Symbol.asyncDispose]()
  process.exit(failed ? 1 : 0)
}

await main()
