/**
 * Wakes a consumer when rings have records: sleeps on the kernel's notification while they are
 * empty, and looks on a timer while they are busy (as network drivers do, hence "NAPI").
 *
 * Measured on two cores: notification alone costs 55 % of a core under load and doubles the traced
 * call's price; this costs 16 % at 1.6 million events/s and nothing when idle.
 */
import { watchFd, type FdWatch } from './ffi.ts'
import type { Ring } from './ring.ts'

/** How rings are watched. */
export interface RingWatchOptions {
  /** Ends the watch. */
  readonly signal: AbortSignal
  /** Pause between two looks while records keep coming, ms. Default 5. */
  readonly intervalMs?: number
}

/**
 * Calls `onWake` when any of `rings` may have records, at most once per `intervalMs`, until `signal`
 * aborts; waits for the promise it returns. `onWake` drains, and commits when it likes: a ring with
 * drained but uncommitted records cannot notify, so the timer goes on until all is committed.
 *
 * Resolves after the abort, with nothing running any more. Rejects when `onWake` throws.
 */
export async function watchRings(
  rings: readonly Ring[],
  onWake: () => void | Promise<void>,
  options: RingWatchOptions,
): Promise<void> {
  const { signal, intervalMs = 5 } = options
  if (signal.aborted) return
  let wake: (() => void) | undefined
  let timer: NodeJS.Timeout | undefined
  const onReadable = (): void => wake?.()
  const watches: FdWatch[] = []

  function stopWatches(): void {
    for (const watch of watches) watch.stop()
  }

  function notified(): Promise<void> {
    return new Promise((resolve) => {
      wake = resolve
      for (const watch of watches) watch.start()
    })
  }

  function pause(): Promise<void> {
    return new Promise((resolve) => {
      wake = resolve
      timer = setTimeout(resolve, intervalMs)
    })
  }

  const onAbort = (): void => {
    clearTimeout(timer)
    wake?.()
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    for (const ring of rings) watches.push(watchFd(ring.map.fd, onReadable))
    while (!signal.aborted) {
      const before = rings.map((ring) => ring.position)
      await onWake()
      if (signal.aborted) return
      const isQuiet = rings.every(
        (ring, i) => ring.position === before[i] && ring.isCommitted && ring.backlogBytes === 0,
      )
      if (isQuiet) {
        await notified()
        stopWatches()
      } else {
        await pause()
      }
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    clearTimeout(timer)
    for (const watch of watches) watch[Symbol.dispose]()
  }
}
