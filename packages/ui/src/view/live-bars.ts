/**
 * The bars of Live's histogram: what the hub counted before the stream began, then what the stream brought.
 *
 * A bar is never narrower than the hub's own bucket: finer bars would invent where in it events lay.
 */
import type { Timeline } from '@honeyguide/model/api'
import type { Span } from '../state/time-range.ts'
import type { LiveSecond } from './live-window.ts'

export interface HistogramBar {
  /** Counts from the bottom up; null where nobody reported. */
  readonly process: number | null
  readonly network: number | null
  /** Matched, not sent to the page, so of unknown kind. */
  readonly other: number | null
}

/** How many bars there are when seconds are known. */
export const barCount = 120

export function histogramBars(
  span: Span,
  seconds: readonly LiveSecond[],
  /** Seconds before this come from `timeline`. */
  liveFromMs: number,
  timeline: Timeline | undefined,
): readonly HistogramBar[] {
  const length = Math.max(1, span.toMs - span.fromMs)
  const count = Math.max(
    1,
    Math.min(barCount, Math.floor(length / Math.max(1000, timeline?.bucketMs ?? 0))),
  )
  const step = length / count
  const bars = Array.from(
    { length: count },
    (): { -readonly [Name in keyof HistogramBar]: HistogramBar[Name] } => ({
      process: null,
      network: null,
      other: null,
    }),
  )
  const barAt = (ms: number) => bars[Math.floor((ms - span.fromMs) / step)]
  if (timeline) {
    const from = Date.parse(timeline.from)
    timeline.process.forEach((value, at) => {
      const middleMs = from + (at + 0.5) * timeline.bucketMs
      const bar = middleMs < liveFromMs ? barAt(middleMs) : undefined
      if (!bar) return
      const network = timeline.network[at] ?? null
      if (value !== null) bar.process = (bar.process ?? 0) + value
      if (network !== null) bar.network = (bar.network ?? 0) + network
    })
  }
  for (const second of seconds) {
    const bar = second.at < liveFromMs ? undefined : barAt(second.at + 500)
    if (!bar) continue
    bar.process = (bar.process ?? 0) + second.process
    bar.network = (bar.network ?? 0) + second.network
    bar.other = (bar.other ?? 0) + second.notDrawn
  }
  return bars
}
