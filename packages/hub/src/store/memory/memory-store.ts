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
import { createStateKeeper } from '../state-keeper.ts'
import type { EventStore } from '../store.ts'

export interface MemoryStoreOptions {
  readonly spool: Spool
  readonly derived: Spool
  /** Bytes. */
  readonly memoryBytes: number
  readonly flushMs?: number
}

export async function openMemoryStore(options: MemoryStoreOptions): Promise<EventStore> {
  const logs = { spool: options.spool.reader(), derived: options.derived.reader() }
  const keeper = createStateKeeper()
  const core = await openCore({
    path: ':memory:',
    memoryBytes: options.memoryBytes,
    threads: 2,
    logs,
    ...(options.flushMs === undefined ? {} : { flushMs: options.flushMs }),
    onProgress: keeper.progressed,
  })
  const backend: StoreBackend = {
    kind: 'memory',
    get state() {
      return keeper.state
    },
    onState: keeper.onState,
    call<Method extends CoreMethod>(method: Method, ...args: Parameters<CoreMethods[Method]>) {
      const run = core.methods[method] as (
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
