/**
 * The store in the hub's own process and memory: for tests and hosts without a disk to spare.
 *
 * The same core over DuckDB in memory, so it answers the same; it forgets everything at its end, and a
 * query that needs too much memory is only held by DuckDB's own limit. When DuckDB fails, another one begins
 * with what the logs still have.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { HoneyguideError } from '@honeyguide/model'
import type { Spool } from '../../spool/index.ts'
import { createEventStore } from '../answers.ts'
import type { CoreMethod, CoreMethods, StoreBackend } from '../backend.ts'
import { openCore, type StoreCore } from '../duckdb/core.ts'
import { createStateKeeper } from '../state-keeper.ts'
import type { EventStore } from '../store.ts'

export interface MemoryStoreOptions {
  readonly spool: Spool
  readonly derived: Spool
  /** Bytes. */
  readonly memoryBytes: number
  readonly flushMs?: number
}

const pauseMs = 1000

export async function openMemoryStore(options: MemoryStoreOptions): Promise<EventStore> {
  const logs = { spool: options.spool.reader(), derived: options.derived.reader() }
  const keeper = createStateKeeper()
  const closing = new AbortController()
  const open = (): Promise<StoreCore> =>
    openCore({
      path: ':memory:',
      memoryBytes: options.memoryBytes,
      threads: 2,
      logs,
      ...(options.flushMs === undefined ? {} : { flushMs: options.flushMs }),
      onProgress: keeper.progressed,
    })
  let core: StoreCore | undefined = await open()
  async function keepOpen(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        core ??= await open()
        if (closing.signal.aborted) await core[Symbol.asyncDispose]()
        else await core.ended
        return
      } catch (error) {
        const failed = core
        core = undefined
        keeper.set({
          state: 'starting',
          detail: error instanceof Error ? error.message : String(error),
          restarts: keeper.state.restarts + 1,
        })
        try {
          await failed?.[Symbol.asyncDispose]()
        } catch {
          // Why it goes is said above; that it does not go well adds nothing.
        }
        await sleep(pauseMs, undefined, { signal: closing.signal }).catch(() => undefined)
      }
    }
  }
  const kept = keepOpen()
  const backend: StoreBackend = {
    kind: 'memory',
    get state() {
      return keeper.state
    },
    onState: keeper.onState,
    call<Method extends CoreMethod>(method: Method, ...args: Parameters<CoreMethods[Method]>) {
      if (!core) return Promise.reject(new HoneyguideError('HG_STORE_AWAY'))
      const run = core.methods[method] as (
        ...args: Parameters<CoreMethods[Method]>
      ) => Promise<Awaited<ReturnType<CoreMethods[Method]>>>
      return run(...args)
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      await core?.[Symbol.asyncDispose]()
      await kept
      await logs.spool[Symbol.asyncDispose]()
      await logs.derived[Symbol.asyncDispose]()
    },
  }
  return createEventStore(backend)
}
