/** The life of the hub's process: opens the hub, says that it is ready, waits for its end, closes it in time. */
import { readFile } from 'node:fs/promises'
import { HoneyguideError, type HubSettings, type ReadyLine } from '@honeyguide/model'
import { createLogger } from '@honeyguide/model/log'
import { openHub, type Hub } from './hub.ts'

const endWithinMs = 1800

/** Resolves never: the process exits. See `main.ts` for the exit codes. */
export async function runHubProcess(settings: HubSettings): Promise<void> {
  const log = createLogger({
    component: 'hub',
    level: settings.logLevel,
    sink: (line) => process.stderr.write(`${line}\n`),
    now: Date.now,
  })
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error: unknown) => {
      // The launcher starts it again; what was acknowledged is in the log.
      log.error('Something failed that nobody expected.', {
        error: error instanceof Error ? error : new Error(String(error)),
      })
      process.exit(1)
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
  let hub: Hub
  try {
    hub = await openHub({ settings, version, log })
  } catch (error) {
    log.error('The hub could not start.', { error: error as Error })
    process.exit(error instanceof HoneyguideError && error.code === 'HG_STATE_LOCKED' ? 3 : 1)
  }
  const ready: ReadyLine = {
    ready: true,
    component: 'hub',
    address: hub.address,
    pid: process.pid,
  }
  process.stdout.write(`${JSON.stringify(ready)}\n`)
  if (settings.listen.port !== 0 && !hub.address.endsWith(`:${settings.listen.port}`))
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
