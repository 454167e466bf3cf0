/**
 * The store in the hub's own process and memory: for tests and hosts without a disk to spare.
 *
 * The same core over DuckDB in memory, so it answers the same; it forgets everything at its end, and a
 * query that needs too much memory is only held by DuckDB's own limit.
 */
import type { Spool } from '../../spool/index.ts'
import { createEventStore } from '../answers.ts'
import type { CoreMethod, CoreMethods, StoreBackend } from '../backend.ts'
import { openCore } from '../duckdb/core.ts'
import type { EventStore, StoreState } from '../store.ts'

export interface MemoryStoreOptions {
  readonly spool: Spool
  readonly derived: Spool
  /** Bytes. */
  readonly memoryBytes: number
  readonly flushMs?: number
}

export async function openMemoryStore(options: MemoryStoreOptions): Promise<EventStore> {
  const logs = { spool: options.spool.reader(), derived: options.derived.reader() }
  const listeners = new Set<(state: StoreState) => void>()
  let state: StoreState = {
    state: 'starting',
    detail: '',
    taken: { spool: 0, derived: 0 },
    restarts: 0,
    pid: undefined,
  }
  const core = await openCore({
    path: ':memory:',
    memoryBytes: options.memoryBytes,
    threads: 2,
    logs,
    ...(options.flushMs === undefined ? {} : { flushMs: options.flushMs }),
    onProgress(taken, error) {
      state = {
        ...state,
        state: error === undefined ? 'up' : 'down',
        detail: error ?? '',
        taken: { ...taken },
      }
      for (const listener of listeners) listener(state)
    },
  })
  const backend: StoreBackend = {
    kind: 'memory',
    get state() {
      return state
    },
    onState(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    call<Method extends CoreMethod>(method: Method, ...args: Parameters<CoreMethods[Method]>) {
      const methods: CoreMethods = {
        ...core.questions,
        ask: (sql, limit, timeoutMs) => core.ask(sql, limit, timeoutMs),
      }
      const run = methods[method] as (
        ...args: Parameters<CoreMethods[Method]>
      ) => Promise<Awaited<ReturnType<CoreMethods[Method]>>>
      return run(...args)
    },
    async [Symbol.asyncDispose]() {
      await core[Symbol.asyncDispose]()
      await logs.spool[Symbol.asyncDispose]()
      await logs.derived[Symbol.asyncDispose]()
    },
  }
  return createEventStore(backend)
}
