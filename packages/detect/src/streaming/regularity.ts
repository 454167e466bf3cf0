/** Whether times are regular, tolerant of jitter: by the median of the gaps and the median deviation from it. */

export interface Regularity {
  /** Median gap in µs. */
  readonly medianUs: number
  /** Median absolute deviation of the gaps, as a share of their median. */
  readonly spread: number
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1
  const high = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? 0) + high) / 2
}

/** Of at least two times, ascending. */
export function regularityOf(timesUs: readonly number[]): Regularity {
  const gaps: number[] = []
  for (let at = 1; at < timesUs.length; at++) gaps.push((timesUs[at] ?? 0) - (timesUs[at - 1] ?? 0))
  gaps.sort((a, b) => a - b)
  const medianUs = median(gaps)
  const deviations = gaps.map((gap) => Math.abs(gap - medianUs)).sort((a, b) => a - b)
  return { medianUs, spread: medianUs > 0 ? median(deviations) / medianUs : Infinity }
}

/** "every 2.0 s", "every 250 ms", "every 5 min": what a gap is called. */
export function gapText(us: number): string {
  if (us < 1_000_000) return `${Math.round(us / 1000)} ms`
  if (us < 120_000_000) return `${(us / 1_000_000).toFixed(1)} s`
  return `${Math.round(us / 60_000_000)} min`
}
