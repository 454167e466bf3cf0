/** A sensor with the fake kernel as a process of its own, in a folder of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SensorSettings } from '@honeyguide/model/settings'
import type { FakeRing } from './fake-kernel.ts'

const mainPath = fileURLToPath(new URL('./fake-main.ts', import.meta.url))

export interface SensorHome extends Disposable {
  readonly settings: SensorSettings
  /** Starts a sensor and resolves when it said that it is ready. */
  start(): Promise<RunningSensor>
}

export interface RunningSensor {
  readonly process: ChildProcess
  /** What it logged so far. */
  readonly logs: () => string
  /** Resolves with its exit code, or the signal's name. */
  readonly ended: Promise<number | string>
}

export function createSensorHome(
  ring: Omit<FakeRing, 'beganMs'>,
  change: Partial<SensorSettings> = {},
): SensorHome {
  const dir = mkdtempSync(join(tmpdir(), 'hg-sensor-'))
  const stateDir = join(dir, 'state')
  mkdirSync(stateDir, { mode: 0o700 })
  const settings: SensorSettings = {
    stateDir,
    uplinkSocket: join(dir, 'uplink.sock'),
    observeSocket: join(dir, 'observe', 'observe.sock'),
    objectDir: dir,
    pinDir: dir,
    hostname: 'test-host',
    labels: { env: 'test' },
    spoolBytes: 64 * 1024 * 1024,
    rings: { lifecycleBytes: 2 << 20, dataBytes: 8 << 20 },
    batch: { events: 512, delayMs: 100, quietMs: 10, bytes: 1 << 20 },
    cache: { processes: 1000, exitedMs: 60_000 },
    redaction: { enabled: true, patterns: [] },
    // The fake kernel's files are none.
    provenance: { enabled: false, maxFileBytes: 1 << 20, cpuPercent: 1 },
    dns: { ports: [53, 5353] },
    probes: [],
    hooks: 'auto',
    file: { watch: [], ignore: [], sensitive: [], watchWorkloads: [], ignoreWorkloads: [] },
    logLevel: 'info',
    ...change,
  }
  writeFileSync(
    join(stateDir, 'fake-ring.json'),
    JSON.stringify({ ...ring, beganMs: Date.now() } satisfies FakeRing),
  )
  const settingsPath = join(dir, 'settings.json')
  writeFileSync(settingsPath, JSON.stringify(settings))

  const children = new Set<ChildProcess>()

  return {
    settings,
    async start() {
      const cache = join(stateDir, 'compile-cache')
      const isWarm = readdirSync(stateDir).includes('compile-cache')
      const child = spawn(
        process.execPath,
        [
          '--max-semi-space-size=2',
          '--max-old-space-size=64',
          mainPath,
          '--settings',
          settingsPath,
        ],
        {
          stdio: ['ignore', 'pipe', 'pipe'],
          // After the first start it need not become itself again: half the time of a start.
          env: isWarm ? { ...process.env, NODE_COMPILE_CACHE: cache } : process.env,
        },
      )
      children.add(child)
      let logs = ''
      child.stderr.on('data', (chunk: Buffer) => (logs += chunk.toString()))
      const ended = new Promise<number | string>((resolve) => {
        child.on('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'))
      })
      await new Promise<void>((resolve, reject) => {
        child.stdout.once('data', () => resolve())
        void ended.then((how) => reject(new Error(`The sensor ended with ${how}: ${logs}`)))
      })
      return { process: child, logs: () => logs, ended }
    },
    [Symbol.dispose]() {
      // One that a failed test left would keep its pipes, and with them the test run, open for ever.
      for (const child of children) if (child.exitCode === null) child.kill('SIGKILL')
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** Resolves when it is true; rejects after `ms`. */
export async function until(isTrue: () => boolean, ms = 10_000, what = 'it'): Promise<void> {
  const end = Date.now() + ms
  while (!isTrue()) {
    if (Date.now() > end) throw new Error(`${what} did not happen within ${ms} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
