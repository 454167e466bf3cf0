/**
 * The pump's end of provenance: shows the thread that looks at files what each batch names, and writes what it
 * finds out into later batches.
 *
 * What always holds: of the looks that were wanted each becomes a row, or nothing new, or is told as lost
 * (`provenance_busy`). A thread that hangs or dies costs provenance and nothing else.
 */
import { Worker } from 'node:worker_threads'
import type { BatchBuilder } from '@honeyguide/model/batch'
import type { LogFields, LogLevel } from '@honeyguide/model/log'
import type { SensorSettings } from '@honeyguide/model/settings'
import { writeFact, type Fact } from './fact.ts'
import type { Remembered } from './inspector.ts'
import type { FromProvenance, ProvenanceStart, ToProvenance } from './messages.ts'
import { seenFiles } from './seen-file.ts'
import { createWriters } from './writers.ts'

export interface Provenance {
  /** Takes note of the files that the rows of this batch name. */
  see(builder: BatchBuilder, nowNs: bigint): void
  /** Whether `write` has something to say. */
  readonly hasFindings: boolean
  /** Writes what was found out, and what was lost; yields when the builder should leave. */
  write(builder: BatchBuilder, nowNs: bigint): Generator<void, void, undefined>
  /** A hub has connected: what is seen again is told again. */
  forget(): void
  /** Ends the thread, after what it can do in a moment. What was wanted and not done is told as lost by a last `write`. */
  stop(): Promise<void>
}

/** Where files are looked at. Adapters: a thread, and in tests the same code without one. */
export interface ProvenancePort {
  send(message: ToProvenance): void
  stop(): Promise<void>
}

export type OpenProvenancePort = (
  before: Remembered | undefined,
  onAnswer: (answer: FromProvenance) => void,
  onEnd: (error: Error) => void,
) => ProvenancePort

export interface ProvenanceOptions {
  readonly open: OpenProvenancePort
  /** Called when `write` has something to say. */
  readonly onFindings: () => void
  readonly log: (level: LogLevel, message: string, fields?: LogFields) => void
}

const hook = 'provenance'
/** Files on their way to a thread that does not answer; beyond them it is not asked. */
const mostUnanswered = 8192
/** Facts that wait for a batch; the disk may be full for hours. */
const mostFacts = 4096
/** Files of which the last writer is remembered. */
const mostWriters = 8192
/** Facts without a writer that are told again when one shows up: its row comes by another ring, a little later. */
const mostUnwritten = 256
const unwrittenNs = 10_000_000_000n
/** A thread that ended is begun again after this, ns. */
const againNs = 60_000_000_000n
/** For looks that are under way when the sensor stops, and for the end of the thread, ms. */
const settleMs = 250
const stopMs = 300
const hooksEveryNs = 10_000_000_000n

export function createProvenance(options: ProvenanceOptions): Provenance {
  const { onFindings, log } = options
  const writers = createWriters(mostWriters)
  /** In the order in which they were told. */
  const unwritten = new Map<Fact, bigint>()
  let port: ProvenancePort | undefined
  let endedNs: bigint | undefined
  let nowNs = 0n
  let unanswered = 0
  let waiting = 0
  let facts: Fact[] = []
  let offered = 0
  let lost = 0
  /** Ever, for the row of the hook. */
  const sum = { offered: 0n, lost: 0n, toldOffered: -1n }
  let lossFromNs: bigint | undefined
  let hooksAtNs: bigint | undefined
  let evictions = 0
  let remembered: Remembered | undefined
  /** It may not know yet that everything is to be told again. */
  let isForgotten = false
  let isStopped = false
  let onSettled: (() => void) | undefined

  function count(more: number, ofThemLost: number): void {
    offered += more
    lost += ofThemLost
    sum.offered += BigInt(more)
    sum.lost += BigInt(ofThemLost)
  }

  /** Facts whose writer is known by now: of a write before they were told. */
  function tellWriters(at: bigint): void {
    for (const [fact, toldNs] of unwritten) {
      const writer = writers.of(fact.device, fact.inode)
      const isKnown = writer !== undefined && writer.atNs < toldNs
      if (isKnown || at - toldNs > unwrittenNs) unwritten.delete(fact)
      if (isKnown) facts.push(fact)
    }
    if (facts.length > 0) onFindings()
  }

  /** What a thread that is no more had still to do. */
  function giveUp(): void {
    count(unanswered + waiting, unanswered + waiting)
    unanswered = 0
    waiting = 0
  }

  function begin(): ProvenancePort {
    const begun = options.open(
      remembered,
      (answer) => {
        if (answer.kind === 'idle') {
          // Something is on its way to it: it will see that, and offer again.
          if (port !== begun || unanswered > 0) return
          remembered = isForgotten ? { ...answer.remembered, told: [] } : answer.remembered
          port = undefined
          void begun.stop()
          return
        }
        isForgotten = false
        unanswered -= answer.taken
        ;({ waiting } = answer)
        // Looks that wait are counted when they are done or lost.
        count(answer.offered, answer.lost)
        for (const fact of answer.facts) {
          if (facts.length < mostFacts) facts.push(fact)
          else count(0, 1)
        }
        if (answer.evictions > 0) {
          evictions += answer.evictions
          log(
            'info',
            'A package database had to go for another one; it is read again when asked.',
            {
              count: evictions,
            },
          )
        }
        if (unanswered + waiting === 0) onSettled?.()
        if (facts.length > 0 || lost > 0) onFindings()
      },
      (error) => {
        if (port !== begun) return
        port = undefined
        endedNs = nowNs
        giveUp()
        log('error', 'The thread that looks at files has ended; it begins again in a minute.', {
          error,
        })
        onFindings()
      },
    )
    return begun
  }

  return {
    get hasFindings() {
      return facts.length > 0 || lost > 0
    },
    see(builder, at) {
      nowNs = at
      lossFromNs ??= at
      if (writers.note(builder)) tellWriters(at)
      const { files, refused } = seenFiles(builder)
      count(refused, refused)
      if (files.length === 0) return
      if (!port && !isStopped && (endedNs === undefined || at - endedNs >= againNs)) port = begin()
      if (!port || unanswered + files.length > mostUnanswered) {
        count(files.length, files.length)
        return
      }
      unanswered += files.length
      port.send({ kind: 'see', files })
    },
    *write(builder, at) {
      nowNs = at
      const told = facts
      facts = []
      for (const fact of told) {
        const writer = writers.of(fact.device, fact.inode)
        writeFact(builder, fact, writer, at)
        if (!writer) unwritten.set(fact, at)
        for (const oldest of unwritten.keys()) {
          if (unwritten.size <= mostUnwritten) break
          unwritten.delete(oldest)
        }
        if (builder.full) yield
      }
      if (lost > 0) {
        const table = builder.table('loss')
        const row = table.add()
        const { columns } = table
        columns.fromNs[row] = lossFromNs ?? at
        columns.toNs[row] = at
        columns.hook[row] = builder.string(hook)
        columns.reason[row] = builder.string('provenance_busy')
        columns.offered[row] = BigInt(offered)
        columns.seen[row] = BigInt(offered - lost)
        columns.lost[row] = BigInt(lost)
        if (builder.full) yield
      }
      offered = 0
      lost = 0
      lossFromNs = at
      if (sum.offered === sum.toldOffered) return
      if (hooksAtNs !== undefined && at - hooksAtNs < hooksEveryNs && !isStopped) return
      hooksAtNs = at
      sum.toldOffered = sum.offered
      const table = builder.table('hook')
      const row = table.add()
      const { columns } = table
      columns.atNs[row] = at
      columns.hook[row] = builder.string(hook)
      columns.offered[row] = sum.offered
      columns.lost[row] = sum.lost
      columns.state[row] = port ? 1 : 2
      if (builder.full) yield
    },
    forget() {
      if (remembered) remembered = { ...remembered, told: [] }
      isForgotten = port !== undefined
      port?.send({ kind: 'forget' })
    },
    async stop() {
      isStopped = true
      if (port && unanswered + waiting > 0)
        await new Promise<void>((resolve) => {
          onSettled = resolve
          setTimeout(resolve, settleMs)
        })
      const ending = port
      port = undefined
      giveUp()
      await ending?.stop()
    },
  }
}

/** A thread of its own. Its memory is bounded here; databases and buffers lie beside its heap. */
export function openProvenanceThread(
  settings: SensorSettings['provenance'],
  idleMs = 60_000,
): OpenProvenancePort {
  const { maxFileBytes, cpuPercent } = settings
  return (before, onAnswer, onEnd) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: { maxFileBytes, cpuPercent, idleMs, before } satisfies ProvenanceStart,
      // Where the process has no limit of its own, which comes first.
      resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 48 },
    })
    worker.on('message', onAnswer)
    worker.on('error', (error) => onEnd(error as Error))
    worker.on('exit', (code) => onEnd(new Error(`It ended with code ${code}.`)))
    return {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has no origin
      send: (message) => worker.postMessage(message),
      async stop() {
        // A thread that waits for a disk cannot be ended: the process goes on without.
        const late = new Promise((resolve) => setTimeout(resolve, stopMs).unref())
        await Promise.race([worker.terminate(), late])
      },
    }
  }
}
