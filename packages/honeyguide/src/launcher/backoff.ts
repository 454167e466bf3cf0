/**
 * How long to wait before a daemon that ended is started again: 100 ms, doubled up to 5 s; from the
 * beginning again once it was up for a minute. Not longer, as meanwhile the rings of a busy host fill. Pure.
 */

export const backoffLimits = { firstMs: 100, mostMs: 5000, steadyMs: 60_000 } as const

export interface Backoff {
  /** ms to wait, for a daemon that was up for `upMs`. */
  next(upMs: number): number
}

export function createBackoff(): Backoff {
  let failures = 0
  return {
    next(upMs) {
      if (upMs >= backoffLimits.steadyMs) failures = 0
      const wait = Math.min(
        backoffLimits.firstMs * 2 ** Math.min(failures, 16),
        backoffLimits.mostMs,
      )
      failures += 1
      return wait
    },
  }
}
