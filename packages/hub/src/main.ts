/**
 * The hub's process: `main.ts --settings FILE`. Prints one ready line, logs JSON lines on stderr, ends on
 * SIGTERM or SIGINT within two seconds.
 *
 * Exit codes: 0 ended as asked, 1 a fault, 2 wrong settings or arguments, 3 the state folder is in use.
 */
import { readFileSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { HubSettings } from '@honeyguide/model/settings'

let settings: HubSettings | undefined
try {
  const { values } = parseArgs({ options: { settings: { type: 'string' } }, strict: true })
  if (values.settings === undefined) throw new Error('usage: main.ts --settings FILE')
  settings = JSON.parse(readFileSync(values.settings, 'utf8')) as HubSettings
} catch (error) {
  const line = {
    time: new Date().toISOString(),
    level: 'error',
    component: 'hub',
    message: 'The settings could not be read.',
    code: 'HG_CONFIG_INVALID',
    error: (error as Error).message,
  }
  process.stderr.write(`${JSON.stringify(line)}\n`)
  process.exitCode = 2
}
if (settings) {
  // Before anything else is loaded: a second start neither strips types nor compiles.
  enableCompileCache(join(settings.stateDir, 'compile-cache'))
  const { runHubProcess } = await import('./run-hub.ts')
  await runHubProcess(settings)
}
