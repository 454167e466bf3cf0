/**
 * The one connection that changes the events file: transactions of which it is known how they ended.
 *
 * DuckDB's answer to a statement takes memory, too, a few KiB under the limit that people's hunts may have used
 * up. So BEGIN, COMMIT and ROLLBACK may each fail before they did anything, or behind it (DuckDB 1.5.6: a COMMIT
 * said "Out of Memory Error" and was in the file; a ROLLBACK said so, and no BEGIN was possible any more). After
 * any failure the connection is closed, which undoes what it had begun and answers nothing, and another one
 * takes its place. Whether a COMMIT happened the file says.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { DuckDBConnection } from '@duckdb/node-api'
import { firstLine, isFatal, isForWantOfMemory } from './duckdb-error.ts'

export interface Writer extends Disposable {
  /** For statements that are a transaction each. Another one after a failed `transact`, and closed while there is none. */
  readonly connection: DuckDBConnection
  /**
   * Runs `work` on the connection as one transaction. Throws what BEGIN, `work` or COMMIT threw, and nothing is in
   * the file then. An error of COMMIT is none when `isStored`, asked of the file, says that it happened; without
   * `isStored` it may have happened. Throws StoreBroken when DuckDB answers nothing any more or what it
   * answers is no longer to be trusted.
   */
  transact(
    work: (connection: DuckDBConnection) => Promise<void>,
    isStored?: (connection: DuckDBConnection) => Promise<boolean>,
  ): Promise<void>
  /** Reads, again and again while others hold all of the memory. Throws StoreBroken when they do so for too long. */
  read<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T>
}

/** This instance of DuckDB is of no more use: the file has to be opened again. */
export class StoreBroken extends Error {
  override readonly name = 'StoreBroken'
  constructor(cause: unknown) {
    super(`The events file has to be opened again: ${firstLine(cause)}`, { cause })
  }
}

/** Longer than the longest hunt lasts until it is ended with its process: what hunts hold is free again by then. */
export const mostPatienceMs = 30_000

/** `connect` gives another connection to the file at each call. */
export async function openWriter(
  connect: () => Promise<DuckDBConnection>,
  { patienceMs = mostPatienceMs }: { readonly patienceMs?: number } = {},
): Promise<Writer> {
  let connection = await connect()
  let isClosed = false
  let broken: StoreBroken | undefined

  function brokenBy(cause: unknown): StoreBroken {
    broken ??= new StoreBroken(cause)
    return broken
  }

  /** Closes first: what was not handed on yet by an appender of the old one must not get into the file later. */
  async function renew(): Promise<void> {
    if (!isClosed) {
      await connection.run('ROLLBACK').catch(() => undefined)
      connection.closeSync()
      isClosed = true
    }
    connection = await connect()
    isClosed = false
  }

  /** Tries until it succeeds, fails for a reason that will not pass, or has failed for too long. */
  async function persist<T>(
    attempt: () => Promise<T>,
    passes: (error: unknown) => boolean,
  ): Promise<T> {
    const begun = performance.now()
    for (let waitMs = 50; ; waitMs = Math.min(waitMs * 2, 1000)) {
      try {
        return await attempt()
      } catch (cause) {
        if (!isFatal(cause) && !passes(cause)) throw cause
        if (isFatal(cause) || performance.now() - begun > patienceMs) throw brokenBy(cause)
      }
      await sleep(waitMs)
    }
  }

  return {
    get connection() {
      return connection
    },
    async transact(work, isStored) {
      if (broken) throw broken
      let isCommitting = false
      try {
        if (isClosed) await renew()
        await connection.run('BEGIN TRANSACTION')
        await work(connection)
        isCommitting = true
        await connection.run('COMMIT')
      } catch (cause) {
        if (isFatal(cause)) throw brokenBy(cause)
        if (!isCommitting) {
          await renew().catch(() => undefined)
          throw cause
        }
        const happened = await persist(
          async () => {
            await renew()
            return isStored ? await isStored(connection) : false
          },
          () => true,
        )
        if (happened) return
        // DuckDB 1.5.6 does not take all of a COMMIT back that memory was wanting for: later on rows of it are there
        // in place of others. The file and its log are as they should be.
        if (isForWantOfMemory(cause)) throw brokenBy(cause)
        throw cause
      }
    },
    read: (work) =>
      persist(async () => {
        if (isClosed) await renew()
        return work(connection)
      }, isForWantOfMemory),
    [Symbol.dispose]() {
      if (!isClosed) connection.closeSync()
    },
  }
}
