/**
 * How long to wait before the next try: doubles from 100 ms to 5 s, and a random part of the last half is
 * taken off, so that a fleet does not come back in one step.
 */
export interface BackOff {
  /** Milliseconds to wait now. */
  next(): number
  /** It worked: begin again at the shortest. */
  reset(): void
}

/** `random` gives numbers from 0 up to 1. */
export function createBackOff(random: () => number, leastMs = 100, mostMs = 5000): BackOff {
  let wait = leastMs
  return {
    next() {
      const now = wait
      wait = Math.min(mostMs, wait * 2)
      return Math.round(now * (1 - random() / 2))
    },
    reset() {
      wait = leastMs
    },
  }
}
