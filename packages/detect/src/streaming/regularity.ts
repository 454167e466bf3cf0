/** Whether times are regular, tolerant of jitter: by the median of the gaps and the median deviation from it. */

export interface Regularity {
  /** Median gap in µs. */
  readonly medianUs: number
  /** Median absolute deviation of the gaps, as a share of their median. */
  readonly spread: number
}

function median(sorted: Float64Array): number {
  const middle = sorted.length >> 1
  const high = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? 0) + high) / 2
}

/** Of at least two times, ascending. */
export function regularityOf(timesUs: readonly number[]): Regularity {
  // Typed arrays are sorted by number without asking a function of ours for each pair.
  const gaps = new Float64Array(Math.max(0, timesUs.length - 1))
  for (let at = 0; at < gaps.length; at++) gaps[at] = (timesUs[at + 1] ?? 0) - (timesUs[at] ?? 0)
  gaps.sort()
  const medianUs = median(gaps)
  for (let at = 0; at < gaps.length; at++) gaps[at] = Math.abs((gaps[at] ?? 0) - medianUs)
  gaps.sort()
  return { medianUs, spread: medianUs > 0 ? median(gaps) / medianUs : Infinity }
}

/** "every 2.0 s", "every 250 ms", "every 5 min": what a gap is called. */
export function gapText(us: number): string {
  if (us < 1_000_000) return `${Math.round(us / 1000)} ms`
  if (us < 120_000_000) return `${(us / 1_000_000).toFixed(1)} s`
  return `${Math.round(us / 60_000_000)} min`
}
