/**
 * Wakes a consumer when rings have records: sleeps on the kernel's notification while they are
 * empty, and looks on a timer while they are busy (as network drivers do, hence "NAPI").
 *
 * Measured on two cores: notification alone costs 55 % of a core under load and doubles the traced
 * call's price; this costs 16 % at 1.6 million events/s and nothing when idle.
 *
 * A look costs the same whether it finds one record or a hundred, so when records keep coming the looks become rarer.
 * In between only positions are compared: a ring that fills up is looked at long before it is full.
 */
import { watchFd, type FdWatch } from './ffi.ts'
import type { Ring } from './ring.ts'

/** How rings are watched. */
export interface RingWatchOptions {
  /** Ends the watch. */
  readonly signal: AbortSignal
  /** Pause between two looks after a quiet time, and when a ring fills up quickly, ms. Default 5. */
  readonly intervalMs?: number
  /** The same when records have kept coming for `steadyLooks` looks, ms, at most. Default 20. */
  readonly steadyIntervalMs?: number
}

/** Looks in a row that found something, after which the next ones come less often. */
const steadyLooks = 8
/** Positions are compared after each of these within a longer pause, ms. */
const compareMs = 20
/** Part of a ring that ends a pause when it is full. */
const pauseEndsAt = 1 / 8
/** Part of a ring that a look must not find full, for the next pause to be a long one. */
const steadyPart = 1 / 2

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
  const { signal, intervalMs = 5, steadyIntervalMs = Math.max(intervalMs, 20) } = options
  if (signal.aborted) return
  let wake: (() => void) | undefined
  let timer: NodeJS.Timeout | undefined
  let timerMs = 0
  let leftMs = 0
  /** Asking a signal that is made of others costs more than a look. */
  let isAborted = false
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

  /** Whether no ring is fuller than this part of it. */
  const isBelow = (part: number): boolean =>
    rings.every((ring) => ring.backlogBytes <= ring.sizeBytes * part)

  /** The timer of before does again, where it is as long. */
  function setTimer(): void {
    const ms = Math.min(leftMs, compareMs)
    if (timer !== undefined && timerMs === ms) {
      timer.refresh()
      return
    }
    clearTimeout(timer)
    timerMs = ms
    timer = setTimeout(onTimer, ms)
  }

  function onTimer(): void {
    leftMs -= timerMs
    if (leftMs > 0 && isBelow(pauseEndsAt)) setTimer()
    else wake?.()
  }

  /** Ends after `ms`, or when a ring fills up. */
  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      wake = resolve
      leftMs = ms
      setTimer()
    })
  }

  const onAbort = (): void => {
    isAborted = true
    clearTimeout(timer)
    wake?.()
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    for (const ring of rings) watches.push(watchFd(ring.map.fd, onReadable))
    let busyLooks = 0
    while (!isAborted) {
      const before = rings.map((ring) => ring.position)
      busyLooks = isBelow(steadyPart) ? busyLooks + 1 : 0
      await onWake()
      if (isAborted) return
      const isQuiet = rings.every(
        (ring, i) => ring.position === before[i] && ring.isCommitted && ring.backlogBytes === 0,
      )
      if (isQuiet) {
        busyLooks = 0
        await notified()
        stopWatches()
      } else {
        await pause(busyLooks > steadyLooks ? steadyIntervalMs : intervalMs)
      }
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
    clearTimeout(timer)
    for (const watch of watches) watch[Symbol.dispose]()
  }
}
