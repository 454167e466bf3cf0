/**
 * What `main.ts` and its twin for tests do with a kernel side: read the settings, become a process with
 * its code compiled already, and run. Imports nothing heavy itself, as what the first process has loaded
 * is thrown away.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { SensorSettings } from '@honeyguide/model/settings'
import { isWarmingUp, restartWithCompileCache, warmUp } from './compile-cache.ts'

/**
 * Runs `--settings FILE` (`SensorSettings` as JSON, written by the launcher) with the kernel side that
 * `kernelModule` opens. Ends the process: with 2 when it was not called so, else as `runSensorProcess` does.
 */
export async function runDaemon(kernelModule: URL): Promise<void> {
  const { values } = parseArgs({ options: { settings: { type: 'string' } } })
  if (values.settings === undefined) {
    process.stderr.write('Usage: main.ts --settings FILE\n')
    process.exit(2)
  }
  if (isWarmingUp()) {
    const modules = ['./run-sensor.ts', './pump/worker.ts', './provenance/worker.ts']
    await warmUp([...modules.map((module) => new URL(module, import.meta.url)), kernelModule])
    return
  }
  const settings = JSON.parse(readFileSync(values.settings, 'utf8')) as SensorSettings
  restartWithCompileCache(settings.stateDir)
  const { runSensorProcess } = await import('./run-sensor.ts')
  await runSensorProcess(settings, kernelModule)
}
