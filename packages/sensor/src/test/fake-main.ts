/** `main.ts` with the fake kernel: for tests that kill a real process, and for measuring its memory. */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { SensorSettings } from '@honeyguide/model/settings'
import { isWarmingUp, restartWithCompileCache, warmUp } from '../compile-cache.ts'

const kernelModule = new URL('./fake-kernel.ts', import.meta.url)
const { values } = parseArgs({ options: { settings: { type: 'string' } } })
if (values.settings === undefined) {
  process.stderr.write('Usage: main.ts --settings FILE\n')
  process.exit(2)
}
if (isWarmingUp()) {
  await warmUp(
    ['../run-sensor.ts', '../pump/worker.ts', kernelModule].map(
      (path) => new URL(path, import.meta.url),
    ),
  )
} else {
  const settings = JSON.parse(readFileSync(values.settings, 'utf8')) as SensorSettings
  restartWithCompileCache(settings.stateDir)
  const { runSensorProcess } = await import('../run-sensor.ts')
  await runSensorProcess(settings, kernelModule)
}
