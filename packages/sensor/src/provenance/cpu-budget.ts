/**
 * A share of one core, kept on average: a bucket of CPU time that fills by the share and is emptied by use.
 *
 * The bucket holds what `burstSeconds` bring, so over any time t at most share × (t + burst) is used, and one
 * slice more. Pure: clocks come in as arguments.
 */

export interface CpuBudget {
  /** Takes what was used since the last call off the bucket. Both clocks in ms, ever growing. */
  charge(wallMs: number, usedMs: number): void
  /** How long to rest before the next slice, ms; 0 when it may run now. */
  restMs(wallMs: number): number
  /** What lies in the bucket, ms of CPU; below 0 when it was overdrawn. */
  readonly heldMs: number
}

/** Time that lies in the bucket at least before work goes on after a rest, ms: rests are few and long. */
const leastMs = 5

export function createCpuBudget(options: {
  /** Of one core, 0 to 1. */
  readonly share: number
  /** What the bucket holds, in seconds of the share. */
  readonly burstSeconds: number
  /** What lies in it at first, ms; full unless said. */
  readonly heldMs?: number
}): CpuBudget {
  const { share, burstSeconds } = options
  const mostMs = Math.max(leastMs, burstSeconds * 1000 * share)
  let heldMs = Math.min(mostMs, options.heldMs ?? mostMs)
  let filledAtMs: number | undefined
  let isResting = heldMs <= 0

  function fill(wallMs: number): void {
    if (filledAtMs !== undefined && wallMs > filledAtMs)
      heldMs = Math.min(mostMs, heldMs + (wallMs - filledAtMs) * share)
    filledAtMs = wallMs
  }

  return {
    charge(wallMs, usedMs) {
      fill(wallMs)
      heldMs -= usedMs
      if (heldMs <= 0) isResting = true
    },
    get heldMs() {
      return heldMs
    },
    restMs(wallMs) {
      fill(wallMs)
      if (!isResting) return 0
      if (heldMs >= leastMs) {
        isResting = false
        return 0
      }
      return Math.max(1, Math.ceil((leastMs - heldMs) / share))
    },
  }
}
