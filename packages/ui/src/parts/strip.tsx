/**
 * The strip: time with its rate, gaps, incidents and the window. A control: drag the handles or use arrows
 * (Shift: ten times as far).
 */
import {
  memo,
  useRef,
  useState,
  type KeyboardEvent,
  type PointerEvent as ReactPointerEvent,
} from 'react'
import type { Timeline } from '@honeyguide/model/api'
import { go } from '../state/navigation.ts'
import { addressOf } from '../state/route.ts'
import type { Span } from '../state/time-range.ts'
import { axisTicks, dayClock } from '../view/time-words.ts'
import { grouped } from '../view/number-words.ts'
import { Crosshair, pointing } from './crosshair.tsx'
import { severityClass, severityWord } from './badges.tsx'
import { Mark } from './icon.tsx'
import { useNarrow } from './media.ts'

/** One path for all bars: zero based, absent where no host reported. */
export function barsPath(values: readonly (number | null)[], height = 100): string {
  const most = Math.max(1, ...values.map((value) => value ?? 0))
  let out = ''
  values.forEach((value, at) => {
    if (value === null) return
    const top = height - (value / most) * height * 0.94 - (value > 0 ? 2 : 0)
    out += `M${at + 0.12} ${height}V${top.toFixed(1)}H${at + 0.88}V${height}Z`
  })
  return out
}

/** Sum per bucket; null where no group has a value. */
function sumOf(groups: readonly (readonly (number | null)[])[]): (number | null)[] {
  const count = Math.max(0, ...groups.map((values) => values.length))
  return Array.from({ length: count }, (_, at) =>
    groups.reduce<number | null>((sum, values) => {
      const value = values[at] ?? null
      return value === null ? sum : (sum ?? 0) + value
    }, null),
  )
}

/** Drawn anew only when what it shows changes: Live renders ten times a second around it. */
export const Strip = memo(function Strip({
  timeline,
  span,
  window: chosen,
  onWindow,
}: {
  timeline: Timeline | undefined
  span: Span
  window: Span
  onWindow: (span: Span) => void
}) {
  const box = useRef<HTMLDivElement>(null)
  const narrow = useNarrow()
  const [drag, setDrag] = useState<Span | null>(null)
  const shown = drag ?? chosen
  const length = Math.max(1, span.toMs - span.fromMs)
  const share = (ms: number) => Math.min(1, Math.max(0, (ms - span.fromMs) / length))
  const percent = (ms: number) => `${(share(ms) * 100).toFixed(3)}%`
  const sums = timeline ? sumOf(Object.values(timeline.groups)) : []
  const tFrom = timeline ? Date.parse(timeline.from) : span.fromMs
  const tTo = timeline ? Date.parse(timeline.to) : span.toMs
  const ticks = axisTicks(span.fromMs, span.toMs, narrow ? 5 : 12)
  const least = length / 500

  const at = (clientX: number) => {
    const rect = box.current?.getBoundingClientRect()
    if (!rect || rect.width === 0) return span.fromMs
    return span.fromMs + ((clientX - rect.left) / rect.width) * length
  }
  const start = (which: 'from' | 'to') => (event: ReactPointerEvent<HTMLButtonElement>) => {
    event.preventDefault()
    const target = event.currentTarget
    target.setPointerCapture(event.pointerId)
    let now: Span = chosen
    const move = (moving: PointerEvent) => {
      const ms = Math.min(span.toMs, Math.max(span.fromMs, at(moving.clientX)))
      now =
        which === 'from'
          ? { fromMs: Math.min(ms, chosen.toMs - least), toMs: chosen.toMs }
          : { fromMs: chosen.fromMs, toMs: Math.max(ms, chosen.fromMs + least) }
      setDrag(now)
    }
    const end = () => {
      target.removeEventListener('pointermove', move)
      target.removeEventListener('pointerup', end)
      target.removeEventListener('pointercancel', end)
      setDrag(null)
      if (now !== chosen) onWindow(now)
    }
    target.addEventListener('pointermove', move)
    target.addEventListener('pointerup', end)
    target.addEventListener('pointercancel', end)
  }
  const keys = (which: 'from' | 'to') => (event: KeyboardEvent) => {
    const sign = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0
    if (sign === 0) return
    event.preventDefault()
    event.stopPropagation()
    const by = sign * (length / 180) * (event.shiftKey ? 10 : 1)
    const limit = (ms: number) => Math.min(span.toMs, Math.max(span.fromMs, ms))
    onWindow(
      which === 'from'
        ? { fromMs: Math.min(limit(chosen.fromMs + by), chosen.toMs - least), toMs: chosen.toMs }
        : { fromMs: chosen.fromMs, toMs: Math.max(limit(chosen.toMs + by), chosen.fromMs + least) },
    )
  }
  const grip = (which: 'from' | 'to') => {
    const ms = which === 'from' ? shown.fromMs : shown.toMs
    return (
      <button
        type="button"
        className={`grip ${which}`}
        role="slider"
        aria-label={which === 'from' ? 'Begin of the time range' : 'End of the time range'}
        aria-valuemin={Math.round(span.fromMs)}
        aria-valuemax={Math.round(span.toMs)}
        aria-valuenow={Math.round(ms)}
        aria-valuetext={`${dayClock(ms)} UTC`}
        style={{ left: percent(ms) }}
        onPointerDown={start(which)}
        onKeyDown={keys(which)}
      />
    )
  }
  const total = sums.reduce<number>((sum, value) => sum + (value ?? 0), 0)
  return (
    <div
      ref={box}
      className="strip"
      {...pointing(span)}
      role="group"
      aria-label={`Events over time, ${dayClock(span.fromMs)} to ${dayClock(span.toMs)} UTC, ${grouped(total)} events`}
    >
      {timeline && sums.length > 0 ? (
        <svg
          className="bars"
          preserveAspectRatio="none"
          viewBox={`0 0 ${sums.length} 100`}
          aria-hidden="true"
          style={{
            left: `${((tFrom - span.fromMs) / length) * 100}%`,
            width: `${((tTo - tFrom) / length) * 100}%`,
          }}
        >
          <path d={barsPath(sums)} />
        </svg>
      ) : null}
      <span className="dim" style={{ left: 0, width: percent(shown.fromMs) }} />
      <span className="dim" style={{ left: percent(shown.toMs), right: 0 }} />
      {(timeline?.evidence.gaps ?? []).map((gap, index) => (
        <span
          key={`${gap.from}${gap.hook}${index}`}
          className="gap"
          title={`Gap on ${gap.host}`}
          style={{
            left: percent(Date.parse(gap.from)),
            width: `${Math.max(0, share(Date.parse(gap.to)) - share(Date.parse(gap.from))) * 100}%`,
          }}
        />
      ))}
      {ticks.map((tick) => {
        const left = share(tick.at)
        // Words at the very ends would be cut.
        return left < 0.03 || left > 0.97 ? null : (
          <span key={tick.at} className="tick" style={{ left: percent(tick.at) }}>
            {tick.label}
          </span>
        )
      })}
      <span
        className="win"
        style={{
          left: percent(shown.fromMs),
          width: `${Math.max(0.2, (share(shown.toMs) - share(shown.fromMs)) * 100)}%`,
        }}
      />
      {(timeline?.incidents ?? []).slice(-60).map((incident) => (
        <a
          key={incident.uid}
          className={`mark c-${severityClass[incident.severity]}`}
          style={{ left: `clamp(7px, ${percent(Date.parse(incident.time))}, calc(100% - 7px))` }}
          href={addressOf({ screen: 'incident', uid: incident.uid })}
          aria-label={`${incident.uid}, ${severityWord[incident.severity].toLowerCase()}`}
          onClick={(event) => {
            event.preventDefault()
            go(addressOf({ screen: 'incident', uid: incident.uid }))
          }}
        >
          <Mark name={`sev-${severityClass[incident.severity]}`} />
        </a>
      ))}
      <Crosshair span={span} />
      {grip('from')}
      {grip('to')}
    </div>
  )
})
