/** The state that an adapter of the store is in, as it is now and for whoever wants to hear of a change. */
import type { StoreState } from './store.ts'

export interface StateKeeper {
  readonly state: StoreState
  set(change: Partial<StoreState>): void
  /** Calls with every change; the answer ends that. */
  onState(listener: (state: StoreState) => void): () => void
  /** A commit, or the error because of which there was none. */
  progressed(taken: StoreState['taken'], error: string | undefined): void
}

/** Begins as starting, with nothing taken in. */
export function createStateKeeper(): StateKeeper {
  const listeners = new Set<(state: StoreState) => void>()
  let state: StoreState = {
    state: 'starting',
    detail: '',
    taken: { spool: 0, derived: 0 },
    restarts: 0,
    pid: undefined,
  }
  function set(change: Partial<StoreState>): void {
    state = { ...state, ...change }
    for (const listener of listeners) listener(state)
  }
  return {
    get state() {
      return state
    },
    set,
    onState(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    progressed: (taken, error) =>
      set({
        state: error === undefined ? 'up' : 'down',
        detail: error ?? '',
        taken: { ...taken },
      }),
  }
}
