/**
 * The store itself, wherever it runs: follows the two logs, commits twice a second, answers questions.
 *
 * In the store's own process for the file (`child.ts`), in the hub for the memory adapter.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { LogReader } from '../../spool/index.ts'
import type { CoreMethods } from '../backend.ts'
import { ask } from './ask.ts'
import { openDatabase, openParser, type DatabaseOptions } from './database.ts'
import { firstLine, isForWantOfMemory } from './duckdb-error.ts'
import { openIntake, type LogName } from './intake.ts'
import { createQuestions } from './questions.ts'
import { mostPatienceMs, StoreBroken } from './writer.ts'

export interface CoreOptions extends DatabaseOptions {
  readonly logs: Readonly<Record<LogName, LogReader>>
  /** Called after each commit, and when a commit fails. */
  readonly onProgress?: (
    taken: Readonly<Record<LogName, number>>,
    error: string | undefined,
  ) => void
  /** Longest time that a row waits for its commit, ms. 500 by default. */
  readonly flushMs?: number
  /** Most rows that wait. 20,000 by default. */
  readonly flushRows?: number
}

export interface StoreCore extends AsyncDisposable {
  readonly taken: Readonly<Record<LogName, number>>
  readonly committed: number
  /** Rejects when the logs can no longer be taken in: a fault of ours, and the process should end. */
  readonly ended: Promise<void>
  /** All that can be asked, by name. */
  readonly methods: CoreMethods
}

/**
 * Of the logs as they are on disk: some 12,000 events of a busy host, which are rows within 100 ms; some 1,000
 * findings, which pack fifty times and are rows one by one.
 */
const chunkBytes: Readonly<Record<LogName, number>> = { spool: 128 * 1024, derived: 16 * 1024 }

/**
 * Findings and incidents that wait at most: JSON of a kilobyte each, put in their places by key. Without a bound
 * 20,000 of them were one transaction, which did not fit into DuckDB's 512 MB, and intake stood still.
 */
const flushDerived = 1000

export async function openCore(options: CoreOptions): Promise<StoreCore> {
  const { flushMs = 500, flushRows = 20_000, onProgress } = options
  const database = await openDatabase(options)
  const parser = await openParser()
  const intake = await openIntake(database.writer)
  const stop = new AbortController()
  onProgress?.(intake.taken, undefined)

  // One thing at a time on the writer's connection and buffers.
  let turn: Promise<unknown> = Promise.resolve()
  function exclusive<T>(work: () => Promise<T>): Promise<T> {
    const run = turn.then(work, work)
    turn = run.catch(() => undefined)
    return run
  }

  async function commit(): Promise<void> {
    const begun = performance.now()
    for (let waitMs = 250; ; waitMs = Math.min(waitMs * 2, 10_000)) {
      try {
        await intake.flush()
        onProgress?.(intake.taken, undefined)
        return
      } catch (error) {
        if (error instanceof StoreBroken) throw error
        // No hunt holds memory for so long: what does is freed with this instance.
        if (isForWantOfMemory(error) && performance.now() - begun > mostPatienceMs)
          throw new StoreBroken(error)
        // A full disk, or no memory: nothing was committed. Intake waits; the spool keeps what comes.
        onProgress?.(intake.taken, firstLine(error))
        if (stop.signal.aborted) return
        await sleep(waitMs, undefined, { signal: stop.signal }).catch(() => undefined)
      }
    }
  }

  const broken = Promise.withResolvers<never>()
  let timer: NodeJS.Timeout | undefined
  function commitSoon(): void {
    // Armed by the first row: an idle store has no timer.
    timer ??= setTimeout(() => {
      timer = undefined
      exclusive(commit).catch(broken.reject)
    }, flushMs)
  }

  async function follow(log: LogName): Promise<void> {
    const reader = options.logs[log]
    for await (const chunk of reader.follow(intake.taken[log], stop.signal, chunkBytes[log])) {
      if (stop.signal.aborted) return
      await exclusive(async () => {
        await intake.add(log, chunk.records, chunk.next, chunk.damage)
        if (intake.waiting >= flushRows || intake.waitingDerived >= flushDerived) await commit()
      })
      commitSoon()
    }
  }
  const following = Promise.all([follow('spool'), follow('derived')]).then(() => undefined)
  const ended = Promise.race([following, broken.promise])
  ended.catch(() => undefined)

  const questions = await createQuestions(database.instance, exclusive, database.writer)
  const asking = new Set<Promise<void>>()
  let retaining: Promise<void> | undefined

  return {
    taken: intake.taken,
    get committed() {
      return intake.committed
    },
    ended,
    methods: {
      ...questions,
      async ask(sql, limit, timeoutMs) {
        for (let wait = retaining; wait; wait = retaining) await wait
        const run = ask(database.instance, parser, sql, limit, timeoutMs)
        const settled = run.then(
          () => undefined,
          () => undefined,
        )
        asking.add(settled)
        void settled.then(() => asking.delete(settled))
        return run
      },
      retain(beforeUs) {
        // A checkpoint after a removal moves rows: nobody may be between choosing and reading them.
        const run = Promise.all(asking).then(() => questions.retain(beforeUs))
        run.catch((error: unknown) => {
          if (error instanceof StoreBroken) broken.reject(error)
        })
        retaining = run
          .then(
            () => undefined,
            () => undefined,
          )
          .finally(() => {
            retaining = undefined
          })
        return run
      },
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      clearTimeout(timer)
      await following.catch(() => undefined)
      await exclusive(async () => intake.flush()).catch(() => undefined)
      parser.closeSync()
      database[Symbol.dispose]()
    },
  }
}
