/** `main.ts` with the fake kernel: for tests that kill a real process. */
import { readFileSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { SensorSettings } from '@honeyguide/model/settings'

const { values } = parseArgs({ options: { settings: { type: 'string' } } })
const settings = JSON.parse(readFileSync(values.settings ?? '', 'utf8')) as SensorSettings
enableCompileCache(join(settings.stateDir, 'compile-cache'))
const { runSensorProcess } = await import('../run-sensor.ts')
await runSensorProcess(settings, new URL('./fake-kernel.ts', import.meta.url))
