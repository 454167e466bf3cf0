/** Histogram with a brush: stacked by kind, gaps hatched over it; drag or arrows select, Esc clears. */
import { useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import type { Gap } from '@honeyguide/model/api'
import type { Span } from '../state/time-range.ts'
import { barLayers, barTotal, type HistogramBar } from '../view/live-bars.ts'
import { axisTicks, clock } from '../view/time-words.ts'
import { grouped } from '../view/number-words.ts'
import { Crosshair, pointing } from './crosshair.tsx'
import { useNarrow } from './media.ts'

export function Histogram({
  bars,
  span,
  gaps,
  brush,
  onBrush,
}: {
  bars: readonly HistogramBar[]
  span: Span
  gaps: readonly Gap[]
  brush: Span | null
  onBrush: (span: Span | null) => void
}) {
  const box = useRef<HTMLDivElement>(null)
  const narrow = useNarrow()
  const [drag, setDrag] = useState<Span | null>(null)
  const length = Math.max(1, span.toMs - span.fromMs)
  const step = length / Math.max(1, bars.length)
  const share = (ms: number) => Math.min(1, Math.max(0, (ms - span.fromMs) / length))
  const percent = (ms: number) => `${(share(ms) * 100).toFixed(3)}%`
  const most = Math.max(1, ...bars.map(barTotal))
  const layers = barLayers.map((layer, index, all) => {
    let path = ''
    bars.forEach((bar, at) => {
      const value = bar[layer] ?? 0
      if (value === 0) return
      const below = all.slice(0, index).reduce((sum, name) => sum + (bar[name] ?? 0), 0)
      const bottom = 60 - (below / most) * 58
      const top = 60 - ((below + value) / most) * 58
      path += `M${at + 0.08} ${bottom.toFixed(2)}V${top.toFixed(2)}H${at + 0.92}V${bottom.toFixed(2)}Z`
    })
    return { layer, path }
  })
  const shown = drag ?? brush
  const msAt = (clientX: number) => {
    const rect = box.current?.getBoundingClientRect()
    if (!rect || rect.width === 0) return span.fromMs
    const raw = span.fromMs + ((clientX - rect.left) / rect.width) * length
    return Math.round((raw - span.fromMs) / step) * step + span.fromMs
  }
  const down = (event: PointerEvent<HTMLDivElement>) => {
    if (event.button !== 0) return
    const target = event.currentTarget
    target.setPointerCapture(event.pointerId)
    const begin = msAt(event.clientX)
    let now: Span | null = null
    const move = (moving: globalThis.PointerEvent) => {
      const end = msAt(moving.clientX)
      now =
        Math.abs(end - begin) < step / 2
          ? null
          : { fromMs: Math.min(begin, end), toMs: Math.max(begin, end) }
      setDrag(now)
    }
    const up = () => {
      target.removeEventListener('pointermove', move)
      target.removeEventListener('pointerup', up)
      target.removeEventListener('pointercancel', up)
      setDrag(null)
      onBrush(now)
    }
    target.addEventListener('pointermove', move)
    target.addEventListener('pointerup', up)
    target.addEventListener('pointercancel', up)
  }
  const keys = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && brush) {
      event.preventDefault()
      event.stopPropagation()
      onBrush(null)
      return
    }
    const sign = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0
    if (sign === 0) return
    event.preventDefault()
    event.stopPropagation()
    const now = brush ?? { fromMs: span.toMs - step * 10, toMs: span.toMs }
    const by = sign * step * (event.shiftKey ? 10 : 1)
    onBrush({
      fromMs: Math.max(span.fromMs, now.fromMs + by),
      toMs: Math.min(span.toMs, now.toMs + by),
    })
  }
  const total = bars.reduce((sum, bar) => sum + barTotal(bar), 0)
  return (
    <>
      <div
        ref={box}
        className="hw"
        role="slider"
        tabIndex={0}
        aria-label="Part of the range"
        aria-valuemin={Math.round(span.fromMs)}
        aria-valuemax={Math.round(span.toMs)}
        aria-valuenow={Math.round(shown?.toMs ?? span.toMs)}
        aria-valuetext={
          shown
            ? `${clock(shown.fromMs)} to ${clock(shown.toMs)} chosen`
            : `all, ${grouped(total)} events from ${clock(span.fromMs)} to ${clock(span.toMs)}`
        }
        onPointerDown={down}
        {...pointing(span)}
        onKeyDown={keys}
      >
        <svg
          className="hist"
          viewBox={`0 0 ${Math.max(1, bars.length)} 60`}
          preserveAspectRatio="none"
          aria-hidden="true"
        >
          {layers.map(({ layer, path }) => (
            <path key={layer} d={path} className={`h-${layer}`} />
          ))}
        </svg>
        {gaps
          .filter((gap) => Date.parse(gap.to) >= span.fromMs && Date.parse(gap.from) <= span.toMs)
          .slice(-60)
          .map((gap, at) => (
            <i
              key={`${gap.from}${gap.hook}${at}`}
              className="gap"
              style={{
                left: percent(Date.parse(gap.from)),
                width: `max(5px, ${(share(Date.parse(gap.to)) - share(Date.parse(gap.from))) * 100}%)`,
              }}
            />
          ))}
        <Crosshair span={span} />
        {shown ? (
          <i
            className="brush"
            style={{
              left: percent(shown.fromMs),
              width: `${(share(shown.toMs) - share(shown.fromMs)) * 100}%`,
            }}
          >
            <em className={share(shown.toMs) > 0.7 ? 'l' : ''}>
              {clock(shown.fromMs)} to {clock(shown.toMs)}
            </em>
          </i>
        ) : null}
      </div>
      <div className="hx" aria-hidden="true">
        {axisTicks(span.fromMs, span.toMs, narrow ? 4 : 7).map((tick) => (
          <span key={tick.at} style={{ left: percent(tick.at) }}>
            {tick.label}
          </span>
        ))}
      </div>
    </>
  )
}
