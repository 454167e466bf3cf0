/** Whether the hub is reached: since when not, and when the next try is. One store for the whole page. */
import { useSyncExternalStore } from 'react'

export interface Connection {
  /** ms since 1970 of the first failure in a row; null while the hub answers. */
  readonly lostSince: number | null
  /** Grows with each recovery, so that what waits asks again. */
  readonly round: number
}

let state: Connection = { lostSince: null, round: 0 }
const listeners = new Set<() => void>()

function set(next: Connection): void {
  state = next
  for (const listener of listeners) listener()
}

let timer: ReturnType<typeof setTimeout> | undefined
let delayMs = 1000
let tryAt = 0

async function probe(): Promise<void> {
  timer = undefined
  try {
    // Any answer, a refusal too, means that the hub is there.
    await fetch('/api/v1/me', { credentials: 'same-origin' })
    connectionWorked()
  } catch {
    delayMs = Math.min(delayMs * 2, 30_000)
    schedule()
  }
}

function schedule(): void {
  if (timer !== undefined) return
  tryAt = Date.now() + delayMs
  timer = setTimeout(() => void probe(), delayMs)
}

export function connectionFailed(): void {
  if (state.lostSince === null) {
    delayMs = 1000
    set({ lostSince: Date.now(), round: state.round })
  }
  schedule()
}

export function connectionWorked(): void {
  if (state.lostSince === null) return
  clearTimeout(timer)
  timer = undefined
  set({ lostSince: null, round: state.round + 1 })
}

/** ms until the next try. */
export function nextTryIn(nowMs: number): number {
  return Math.max(0, tryAt - nowMs)
}

export function useConnection(): Connection {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => state,
  )
}
