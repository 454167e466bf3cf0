/** What an adapter has to bring: the core's questions, asked in the same process or in the store's own. */
import type { AskAnswer } from './duckdb/ask.ts'
import type { Questions } from './duckdb/questions.ts'
import type { StoreState } from './store.ts'

/** Every method of the core by name, with its JSON arguments. */
export interface CoreMethods extends Questions {
  ask(sql: string, limit?: number, timeoutMs?: number): Promise<AskAnswer>
}
export type CoreMethod = keyof CoreMethods

export interface StoreBackend extends AsyncDisposable {
  readonly kind: 'duckdb' | 'memory'
  readonly state: StoreState
  onState(listener: (state: StoreState) => void): () => void
  call<Method extends CoreMethod>(
    method: Method,
    ...args: Parameters<CoreMethods[Method]>
  ): Promise<Awaited<ReturnType<CoreMethods[Method]>>>
}
