/**
 * A kernel side without a kernel: a ring of numbered events that lives in a file, so that it survives the
 * sensor as a pinned ring does. For tests and for measuring; made the way the real one behaves.
 *
 * `<stateDir>/fake-ring.json` says how many events there are at most and how many a second; event i is an
 * exec with pid i+1, so that what reaches the hub can be counted. The file `fake-consumer` is the consumer
 * position: it only moves by `commit`.
 */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BatchBuilder } from '@honeyguide/model/batch'
import type { SensorSettings } from '@honeyguide/model/settings'
import { deviceNumber } from '../provenance/device-number.ts'
import type { OpenedKernel, Progress, PumpKernel, PumpKernelOptions } from '../pump/kernel-port.ts'

export interface FakeRing {
  /** Events in all. */
  readonly events: number
  /** Events a second since `beganMs` (wall clock). */
  readonly perSecond: number
  readonly beganMs: number
  /** Live processes of the snapshot. */
  readonly processes: number
  /** A real file that every event executes; names of none without. */
  readonly file?: string
}

const clock = {
  bootNs: () => process.hrtime.bigint(),
  wallNs: () => BigInt(Date.now()) * 1_000_000n,
}

const encoder = new TextEncoder()

class FakeKernel implements PumpKernel {
  readonly #ring: FakeRing
  readonly #consumerPath: string
  readonly #redact: PumpKernelOptions['redact']
  #position: number

  constructor(settings: SensorSettings, options: PumpKernelOptions) {
    this.#ring = JSON.parse(
      readFileSync(join(settings.stateDir, 'fake-ring.json'), 'utf8'),
    ) as FakeRing
    this.#consumerPath = join(settings.stateDir, 'fake-consumer')
    this.#redact = options.redact
    let consumer = 0
    try {
      consumer = Number(readFileSync(this.#consumerPath, 'utf8'))
    } catch {
      // The first start.
    }
    const known = Number(options.progress?.lifecycle ?? 0)
    // What was spooled but not committed must not come again.
    this.#position = Math.max(consumer, known)
  }

  get #producer(): number {
    const { events, perSecond, beganMs } = this.#ring
    return Math.min(events, Math.floor(((Date.now() - beganMs) * perSecond) / 1000))
  }

  pump(builder: BatchBuilder, limits: { readonly records: number; readonly bytes: number }) {
    const end = Math.min(this.#producer, this.#position + limits.records)
    const exec = builder.table('exec')
    const rows = end - this.#position
    for (let i = this.#position; i < end; i++) {
      const row = exec.add()
      const { columns } = exec
      columns.bootNs[row] = clock.bootNs()
      columns.seq[row] = BigInt(i + 1)
      columns.pid[row] = i + 1
      const argv = encoder.encode(`/usr/bin/program\0--number\0${i % 97}\0--password=secret\0`)
      columns.argv[row] = builder.text(this.#redact(argv) ?? argv)
      columns.file[row] = builder.string(this.#ring.file ?? `/usr/bin/program-${i % 31}`)
      if (this.#ring.file === undefined) continue
      const { ino, dev } = statSync(this.#ring.file, { bigint: true })
      columns.inode[row] = ino
      columns.device[row] = deviceNumber(dev)
      columns.mountNs[row] = statSync('/proc/self/ns/mnt').ino
    }
    this.#position = end
    return {
      rows,
      progress: { lifecycle: String(end) },
      isMore: limits.records > 0 && this.#producer > end,
    }
  }

  look(): void {}

  commit(progress: Progress): void {
    writeFileSync(this.#consumerPath, progress.lifecycle ?? '0')
  }

  async watch(onWake: () => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await onWake()
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, 5)
        function done(): void {
          clearTimeout(timer)
          signal.removeEventListener('abort', done)
          resolve()
        }
        signal.addEventListener('abort', done)
      })
    }
  }

  *snapshot(builder: BatchBuilder): Generator<void, number, undefined> {
    const table = builder.table('process')
    for (let i = 0; i < this.#ring.processes; i++) {
      const row = table.add()
      table.columns.pid[row] = 100_000 + i
      table.columns.file[row] = builder.string(`/usr/sbin/daemon-${i}`)
      if (builder.full) yield
    }
    return this.#ring.processes
  }

  features(builder: BatchBuilder): number {
    const table = builder.table('feature')
    const row = table.add()
    table.columns.name[row] = builder.string('lsm')
    return 1
  }

  hooks(builder: BatchBuilder): number {
    const table = builder.table('hook')
    const row = table.add()
    table.columns.hook[row] = builder.string('exec')
    table.columns.offered[row] = BigInt(this.#position)
    return 1
  }

  [Symbol.dispose](): void {}
}

/** The tests never start two sensors on one folder. */
export function lockState(): Disposable {
  return { [Symbol.dispose]: () => undefined }
}

export function openPumpKernel(settings: SensorSettings, options: PumpKernelOptions): OpenedKernel {
  return {
    kernel: new FakeKernel(settings, options),
    layout: '00000000000000aa',
    shortfalls: [],
    clock,
    release: () => undefined,
  }
}
