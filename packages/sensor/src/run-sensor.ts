/**
 * The sensor as one process: the pump in a thread of its own, the uplink and the observers in this one.
 * `main.ts` gives it the real kernel side, tests a generator.
 */
import { readFileSync } from 'node:fs'
import { arch, cpus, release, totalmem } from 'node:os'
import { createLogger, type Logger } from '@honeyguide/model/log'
import type { ReadyLine, SensorSettings } from '@honeyguide/model/settings'
import { startPump } from './pump/pump-thread.ts'
import { beginRun, type SensorIdentity } from './pump/sensor-identity.ts'
import { serveObservers, type ObserveServer } from './serve/observe.ts'
import { unixTransport } from './uplink/unix-transport.ts'
import { createUplink, uplinkWindow } from './uplink/uplink.ts'

/** Sent in hello; the version of the product. */
const version = '0.1.0'
/** After this long a stop that hangs is ended. */
const stopMs = 1800

function operatingSystem(): string {
  try {
    const name = /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))
    return name?.[1]?.slice(0, 200) ?? 'Linux'
  } catch {
    return 'Linux'
  }
}

/** A full disk at the start is waited out like one later on. */
async function beginRunWhenPossible(stateDir: string, log: Logger): Promise<SensorIdentity> {
  for (;;) {
    try {
      return beginRun(stateDir)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      log.error('The disk is full; the sensor begins when there is room.', {
        error: error as Error,
      })
    }
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
}

/**
 * Runs until the signal aborts; then flushes and returns. Rejects when the kernel side cannot be attached
 * or the pump fails. `onReady` is called once it is attached.
 */
export async function runSensor(
  settings: SensorSettings,
  kernelModule: URL,
  signal: AbortSignal,
  onReady: (line: ReadyLine) => void,
): Promise<void> {
  const log = createLogger({
    component: 'sensor',
    level: settings.logLevel,
    sink: (line) => void process.stderr.write(`${line}\n`),
    now: Date.now,
    form: process.stderr.isTTY ? 'human' : 'json',
  })
  const identity = await beginRunWhenPossible(settings.stateDir, log)
  let wallOffsetNs = 0n
  const bootNs = (): bigint => BigInt(Date.now()) * 1_000_000n - wallOffsetNs
  const now = () => ({ bootNs: bootNs(), wallOffsetNs })
  let observers: ObserveServer | undefined
  let uplink: ReturnType<typeof createUplink> | undefined

  const pump = startPump(
    { settings, identity, kernelModule: kernelModule.href, window: uplinkWindow.batches },
    log.child('pump'),
    (batch) => {
      wallOffsetNs = batch.wallOffsetNs
      uplink?.wake()
      const { batch: bytes } = batch
      if (bytes) observers?.offer({ ...batch, batch: bytes })
    },
  )
  const { layout } = await pump.ready
  const hello = {
    sensor: identity.sensor,
    boot: identity.boot,
    run: identity.run,
    hostname: settings.hostname,
    version,
    kernelRelease: release(),
    architecture: arch(),
    layout,
    labels: settings.labels,
    operatingSystem: operatingSystem(),
    cpus: cpus().length,
    memoryBytes: BigInt(totalmem()),
  }
  observers = await serveObservers({
    path: settings.observeSocket,
    identity,
    hello,
    log: log.child('observe'),
    snapshot: () => pump.snapshot(),
    onObserved: (observed) => pump.observe(observed),
    bootNs,
  })
  await using _observers = observers
  uplink = createUplink({
    transport: unixTransport(settings.uplinkSocket),
    source: pump,
    hello,
    log: log.child('uplink'),
    random: Math.random,
    now,
    onSilence: () => pump.tick(),
  })
  const stopUplink = new AbortController()
  const sending = uplink.run(stopUplink.signal)
  onReady({ ready: true, component: 'sensor', pid: process.pid })
  log.info('Attached.', { run: identity.run, layout })

  const onAbort = (): void => pump.stop()
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  try {
    await pump.ended
  } finally {
    stopUplink.abort()
    await sending
  }
}

/** Runs the sensor as this process's only work: SIGTERM and SIGINT end it with 0 within 2 s, a failure with 1. */
export async function runSensorProcess(settings: SensorSettings, kernelModule: URL): Promise<void> {
  const stop = new AbortController()
  const onSignal = (): void => {
    stop.abort()
    // What is not in the spool by then is still in the rings, which stay pinned.
    setTimeout(() => process.exit(0), stopMs).unref()
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  // A launcher that is gone must not end the sensor by a closed pipe.
  process.stdout.on('error', () => undefined)
  process.stderr.on('error', () => undefined)
  try {
    await runSensor(settings, kernelModule, stop.signal, (line) => {
      process.stdout.write(`${JSON.stringify(line)}\n`)
    })
    process.exit(0)
  } catch (error) {
    const { code, message, fix } = error as { code?: string; message?: string; fix?: string }
    process.stderr.write(
      `${JSON.stringify({ time: new Date().toISOString(), level: 'error', component: 'sensor', message: 'The sensor could not go on.', code, error: message, fix })}\n`,
    )
    process.exit(1)
  }
}
