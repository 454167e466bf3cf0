/**
 * One crosshair for all charts of a screen: where the pointer is in time on one of them is marked on each.
 *
 * The moment lives outside React's tree: a moving pointer draws the lines anew and nothing else. It is a help
 * for the eye; what a chart says to a screen reader does not depend on it.
 */
import { useSyncExternalStore, type PointerEvent } from 'react'
import type { Span } from '../state/time-range.ts'
import { clock, clockMs, dayClock } from '../view/time-words.ts'

let moment: number | null = null
const listeners = new Set<() => void>()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function point(ms: number | null): void {
  if (ms === moment) return
  moment = ms
  for (const listener of listeners) listener()
}

/** Handlers for an element whose width is `span`, with px of it at both ends that are none of the scale. */
export function pointing(
  span: Span,
  inset: { readonly left?: number; readonly right?: number } = {},
) {
  const { left = 0, right = 0 } = inset
  return {
    onPointerMove(event: PointerEvent<HTMLElement>) {
      // A finger has no place where it rests.
      if (event.pointerType === 'touch') return
      const rect = event.currentTarget.getBoundingClientRect()
      const share = (event.clientX - rect.left - left) / Math.max(1, rect.width - left - right)
      point(share < 0 || share > 1 ? null : span.fromMs + share * (span.toMs - span.fromMs))
    },
    onPointerLeave() {
      point(null)
    },
  }
}

function momentWords(ms: number, span: Span): string {
  const length = span.toMs - span.fromMs
  if (length > 86_400_000) return dayClock(ms)
  return length < 120_000 ? clockMs(new Date(ms).toISOString()) : clock(ms)
}

/** The line on one chart; nothing while the pointer is on none, or at a time that this one does not show. */
export function Crosshair({ span }: { span: Span }) {
  const at = useSyncExternalStore(subscribe, () => moment)
  if (at === null || at < span.fromMs || at > span.toMs) return null
  const share = (at - span.fromMs) / Math.max(1, span.toMs - span.fromMs)
  return (
    <i className="xh" aria-hidden="true" style={{ left: `${(share * 100).toFixed(3)}%` }}>
      <b className={share > 0.8 ? 'l' : ''}>{momentWords(at, span)}</b>
    </i>
  )
}
