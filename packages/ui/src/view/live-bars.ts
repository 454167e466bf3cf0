/**
 * The bars of Live's histogram: what the hub counted before the stream began, then what the stream brought.
 *
 * A bar is never narrower than the hub's own bucket: finer bars would invent where in it events lay.
 */
import type { Timeline } from '@honeyguide/model/api'
import { eventGroups, type EventGroup } from '@honeyguide/model/ocsf'
import type { Span } from '../state/time-range.ts'
import type { LiveSecond } from './live-window.ts'

/** What a bar is made of, from the bottom up. `other`: matched, not sent to the page, so of unknown kind. */
export type BarLayer = EventGroup | 'other'
export const barLayers: readonly BarLayer[] = [...eventGroups, 'other']

/** Counts; null where nobody reported. */
export type HistogramBar = Readonly<Record<BarLayer, number | null>>

/** All that a bar counts. */
export function barTotal(bar: HistogramBar): number {
  return barLayers.reduce((sum, layer) => sum + (bar[layer] ?? 0), 0)
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
      file: null,
      network: null,
      identity: null,
      kernel: null,
      other: null,
    }),
  )
  const barAt = (ms: number) => bars[Math.floor((ms - span.fromMs) / step)]
  if (timeline) {
    const from = Date.parse(timeline.from)
    for (const group of eventGroups)
      timeline.groups[group]?.forEach((value, at) => {
        const middleMs = from + (at + 0.5) * timeline.bucketMs
        const bar = middleMs < liveFromMs ? barAt(middleMs) : undefined
        if (bar && value !== null) bar[group] = (bar[group] ?? 0) + value
      })
  }
  for (const second of seconds) {
    const bar = second.at < liveFromMs ? undefined : barAt(second.at + 500)
    if (!bar) continue
    for (const group of eventGroups) bar[group] = (bar[group] ?? 0) + (second.counts[group] ?? 0)
    bar.other = (bar.other ?? 0) + second.notDrawn
  }
  return bars
}
