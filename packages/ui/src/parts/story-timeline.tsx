/** The incident over time: lanes process, file, network; step numbers above; playhead; gaps as hatched columns. */
import type { Gap } from '@honeyguide/model/api'
import type { Incident } from '@honeyguide/model/incident'
import { axisTicks, clock } from '../view/time-words.ts'
import { grouped } from '../view/number-words.ts'
import { Crosshair, pointing } from './crosshair.tsx'
import { useNarrow } from './media.ts'

/** Width of the lanes' names, px, as `.ln` has it. */
const laneHead = 72

const lanes = [
  { lane: 'process', name: 'Process', mark: '' },
  { lane: 'file', name: 'File', mark: 'f' },
  { lane: 'network', name: 'Network', mark: 'n' },
] as const

export function timelineSpan(incident: Incident): {
  readonly fromMs: number
  readonly toMs: number
} {
  const from = Date.parse(incident.firstTime)
  const to = Math.max(from + 1000, Date.parse(incident.lastTime))
  const pad = (to - from) * 0.03
  return { fromMs: from - pad, toMs: to + pad }
}

export function StoryTimeline({
  incident,
  gaps,
  atMs,
  stepNow,
  only,
  lanesOff,
  onLane,
  onStep,
  onSeek,
}: {
  incident: Incident
  gaps: readonly Gap[]
  atMs: number
  stepNow: number
  /** Steps whose events stay bright; null when all do. */
  only: ReadonlySet<number> | null
  /** Lanes whose events are not drawn. */
  lanesOff: ReadonlySet<string>
  onLane: (lane: string) => void
  onStep: (no: number) => void
  onSeek: (ms: number) => void
}) {
  const narrow = useNarrow()
  const { fromMs, toMs } = timelineSpan(incident)
  const percent = (ms: number) =>
    `${Math.min(100, Math.max(0, ((ms - fromMs) / (toMs - fromMs)) * 100)).toFixed(3)}%`
  // Numbers that would lie on each other: the later gives way, it is still in the list of steps.
  let lastLeft = -Infinity
  const room = narrow ? 6.5 : 2.4
  const heads = incident.steps.map((step) => {
    const left = ((Date.parse(step.time) - fromMs) / (toMs - fromMs)) * 100
    const at = Math.max(left, lastLeft + room)
    lastLeft = at
    return { step, left: at }
  })
  const fits = heads.every((head) => head.left <= 101)
  const within = gaps.filter((gap) => Date.parse(gap.to) >= fromMs && Date.parse(gap.from) <= toMs)
  return (
    <div className="sc">
      <div className="ln">
        <span />
        <div className="stepsrow">
          {heads.map(({ step, left }) =>
            !fits && left > 101 ? null : (
              <button
                key={step.no}
                type="button"
                className={step.no === stepNow ? 'on' : ''}
                style={{ left: `${Math.min(left, 100)}%` }}
                aria-label={`Step ${step.no}, ${step.name}`}
                aria-pressed={step.no === stepNow}
                tabIndex={-1}
                onClick={() => onStep(step.no)}
              >
                {step.no}
              </button>
            ),
          )}
        </div>
      </div>
      <div className="lanes" {...pointing({ fromMs, toMs }, { left: laneHead })}>
        {lanes.map(({ lane, name, mark }) => (
          <div key={lane} className="ln">
            <button
              type="button"
              className="nm2"
              aria-pressed={!lanesOff.has(lane)}
              title={lanesOff.has(lane) ? 'Show its events' : 'Hide its events'}
              onClick={() => onLane(lane)}
            >
              {name}
            </button>
            <div
              className="tr"
              onClick={(event) => {
                const rect = event.currentTarget.getBoundingClientRect()
                onSeek(fromMs + ((event.clientX - rect.left) / rect.width) * (toMs - fromMs))
              }}
            >
              {incident.ticks
                .filter((tick) => tick.lane === lane && !lanesOff.has(lane))
                .slice(0, 400)
                .map((tick, at) => (
                  <i
                    key={`${tick.eventUid}${at}`}
                    className={`mk ${mark} ${only === null || only.has(tick.step) ? '' : 'out'}`}
                    style={{ left: percent(Date.parse(tick.time)) }}
                  />
                ))}
            </div>
          </div>
        ))}
        <div className="over">
          {within.map((gap, at) => (
            <span
              key={`${gap.from}${gap.hook}${at}`}
              className="gapcol"
              style={{
                left: percent(Date.parse(gap.from)),
                width: `calc(${percent(Date.parse(gap.to))} - ${percent(Date.parse(gap.from))})`,
              }}
            >
              {at < 3 ? (
                <em>{gap.lost === 0 ? 'not counted' : `${grouped(gap.lost)} lost`}</em>
              ) : null}
            </span>
          ))}
          <Crosshair span={{ fromMs, toMs }} />
          <span className="head" style={{ left: percent(atMs) }} />
        </div>
      </div>
      <div className="ln">
        <span />
        <div className="axisr" aria-hidden="true">
          {axisTicks(fromMs, toMs, narrow ? 3 : 8).map((tick) => (
            <span key={tick.at} style={{ left: percent(tick.at) }}>
              {tick.label}
            </span>
          ))}
        </div>
      </div>
      <p className="vh">
        From {clock(fromMs)} to {clock(toMs)}; {incident.ticks.length} events, {within.length} gaps.
      </p>
    </div>
  )
}
