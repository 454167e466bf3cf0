/** The pump's thread: owns the kernel side and the spool, and answers the main thread. */
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import type { LogFields, LogLevel } from '@honeyguide/model/log'
import { createRedactor } from '@honeyguide/policy/redaction'
import { createHostUsers } from '../host-users/host-users.ts'
import { createProvenance, openProvenanceThread } from '../provenance/provenance.ts'
import { Spool } from '../spool/spool.ts'
import type { Progress, PumpKernelModule } from './kernel-port.ts'
import type { FromPump, PumpStart, ToPump } from './messages.ts'
import { createPump } from './pump.ts'

const port = parentPort
if (!port) throw new Error('This module runs as a worker of main.ts.')
const { settings, identity, kernelModule, window } = workerData as PumpStart

/** When memory that is not used any more is given back: after the start, and then now and again. */
const releaseFirstMs = 2000
const releaseEveryMs = 60_000

function send(message: FromPump, transfer: ArrayBuffer[] = []): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's port has no origin
  port?.postMessage(message, transfer)
}

function log(level: LogLevel, message: string, fields: LogFields = {}): void {
  const plain: Record<string, string | number> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (value instanceof Error) {
      const { code } = value as { code?: unknown }
      if (typeof code === 'string') plain['code'] = code
      plain[name] = value.message
    } else if (typeof value === 'number') plain[name] = value
    else plain[name] = String(value)
  }
  send({ kind: 'log', level, message, fields: plain })
}

function fail(error: unknown): void {
  const { code, message } = error as { code?: unknown; message?: unknown }
  send({
    kind: 'failed',
    code: typeof code === 'string' ? code : 'HG_INTERNAL',
    message: typeof message === 'string' ? message : String(error),
  })
}

async function run(): Promise<void> {
  const module = (await import(kernelModule)) as PumpKernelModule
  // Opening the spool cuts a torn tail, which must not be the batch that another sensor is writing.
  using _lock = module.lockState(settings.stateDir)
  await using spool = new Spool({
    dir: join(settings.stateDir, 'spool'),
    sensor: identity.sensor,
    boot: identity.boot,
    run: identity.run,
    limitBytes: settings.spoolBytes,
    window,
    onSyncError: (error) =>
      log('warn', 'The spool could not be synced or trimmed.', { error: error as Error }),
  })
  const { newest } = spool
  // Positions and counters of another boot mean nothing in this one.
  const isSameBoot = newest !== undefined && Buffer.compare(newest.boot, identity.boot) === 0
  const progress: Progress | null = isSameBoot ? newest.progress : null
  const redactor = settings.redaction.enabled
    ? await createRedactor({ patterns: settings.redaction.patterns })
    : undefined
  const opened = module.openPumpKernel(settings, {
    progress: progress ?? undefined,
    redact: (argv, from, to) => redactor?.redact(argv, from, to),
  })
  using kernel = opened.kernel
  for (const { name, reason, costs } of opened.shortfalls)
    log('warn', 'The sensor runs without something that it could have.', {
      feature: name,
      reason,
      costs,
    })
  const stop = new AbortController()
  const provenance = settings.provenance.enabled
    ? createProvenance({
        open: openProvenanceThread(settings.provenance),
        onFindings: () => pump.sayFindings(),
        log,
      })
    : undefined
  const pump = createPump({
    kernel,
    spool,
    clock: opened.clock,
    identity,
    progress,
    batch: settings.batch,
    users: createHostUsers(),
    ...(provenance ? { provenance } : {}),
    onBatch({ sequence, wallOffsetNs, batch }, rows) {
      if (isObserved) send({ kind: 'batch', sequence, wallOffsetNs, batch, rows }, [batch.buffer])
      else {
        // Freed now: tens of megabytes would wait for a collection otherwise.
        batch.buffer.transfer(0)
        send({ kind: 'batch', sequence, wallOffsetNs, batch: undefined, rows })
      }
    },
    onError: (message, fields) => log('error', message, fields),
  })
  let isObserved = false
  /** Whether batches with statements (processes, features) fell off while nobody took them. */
  let fullBefore = spool.counts.full

  function answer(message: ToPump): void {
    switch (message.kind) {
      case 'stop':
        stop.abort()
        return
      case 'observed':
        isObserved = message.observed
        return
      case 'tick':
        pump.tick()
        return
      case 'connected':
        provenance?.forget()
        if (spool.counts.full > fullBefore) pump.restate()
        fullBefore = spool.counts.full
        return
      case 'read': {
        const items = spool.read(message.after, message.items, message.bytes)
        send(
          { kind: 'read', id: message.id, items },
          items.map((item) => item.batch.buffer),
        )
        return
      }
      case 'ack':
        for (const ack of message.acks) {
          try {
            spool.ack(ack)
          } catch (error) {
            log('warn', 'An acknowledgement could not be kept; batches may be sent again.', {
              error: error as Error,
            })
          }
        }
        send({ kind: 'acked', id: message.id, pending: spool.pending() })
        return
      case 'snapshot': {
        const batches = pump.snapshot()
        send(
          { kind: 'snapshot', id: message.id, batches },
          batches.map((batch) => batch.buffer),
        )
      }
    }
  }
  port?.on('message', (message: ToPump) => {
    try {
      answer(message)
    } catch (error) {
      fail(error)
    }
  })
  send({ kind: 'ready', layout: opened.layout })
  // Some 30 MB of Node.js that only the start has used.
  setTimeout(() => opened.release(), releaseFirstMs).unref()
  setInterval(() => opened.release(), releaseEveryMs).unref()
  await pump.run(stop.signal)
  await spool.sync()
  if (redactor) log('info', 'Secrets were replaced in argument lists.', { count: redactor.count })
}

try {
  await run()
  send({ kind: 'stopped' })
} catch (error) {
  fail(error)
}
port.close()
