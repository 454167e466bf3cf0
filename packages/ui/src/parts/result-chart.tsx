/** The result of a hunt as bars over time or by value; gaps are hatched, a value filters the result. */
import type { Gap } from '@honeyguide/model/api'
import { barOfTime, scaleOf, type ResultChart, type TimeChart } from '../view/result-chart.ts'
import type { ResultColumn, ResultValue } from '../view/result-table.ts'
import { counted, grouped, tiny } from '../view/number-words.ts'
import { middle, shown } from '../view/shorten.ts'
import { axisTicks, dayClock, lengthWords } from '../view/time-words.ts'
import { Crosshair, pointing } from './crosshair.tsx'
import { useNarrow } from './media.ts'

const height = 92

function Bars({
  chart,
  gaps,
  now,
}: {
  chart: TimeChart
  gaps: readonly Gap[]
  /** The bar that the selected row lies in; -1 for none. */
  now: number
}) {
  const narrow = useNarrow()
  const { fromMs, toMs, bars } = chart
  const span = { fromMs, toMs }
  const most = bars.reduce((high, value) => Math.max(high, value), 0)
  const { top, lines } = scaleOf(most)
  const percent = (ms: number) =>
    Math.min(100, Math.max(0, ((ms - fromMs) / (toMs - fromMs)) * 100))
  const path = (wanted: (at: number) => boolean) =>
    bars
      .map((value, at) =>
        value === 0 || !wanted(at)
          ? ''
          : // A count of one must be seen beside thousands.
            `M${at + 0.08} ${height}V${(height - Math.max(1.5, (value / top) * height)).toFixed(2)}H${at + 0.92}V${height}Z`,
      )
      .join('')
  const fullest = bars.indexOf(most)
  return (
    <div
      className="rcb"
      role="img"
      aria-label={`${chart.measure} by ${shown(chart.by, 60)}, ${dayClock(fromMs)} to ${dayClock(toMs)} UTC, in steps of ${lengthWords(chart.stepMs)}; most ${grouped(most)} from ${dayClock(fromMs + fullest * chart.stepMs)}`}
    >
      <div className="rcp" {...pointing(span)}>
        {lines.map((line) => (
          <i key={line} className="rcl" style={{ bottom: `${(line / top) * 100}%` }}>
            <b>{tiny(line)}</b>
          </i>
        ))}
        <svg viewBox={`0 0 ${bars.length} ${height}`} preserveAspectRatio="none">
          <path d={path((at) => at !== now)} />
          <path d={path((at) => at === now)} className="now" />
        </svg>
        {gaps
          .filter((gap) => Date.parse(gap.to) >= fromMs && Date.parse(gap.from) <= toMs)
          .slice(-60)
          .map((gap, at) => (
            <i
              key={`${gap.from}${gap.hook}${at}`}
              className="gap"
              style={{
                left: `${percent(Date.parse(gap.from))}%`,
                width: `max(5px, ${percent(Date.parse(gap.to)) - percent(Date.parse(gap.from))}%)`,
              }}
            />
          ))}
        <Crosshair span={span} />
      </div>
      <div className="hx">
        {axisTicks(fromMs, toMs, narrow ? 4 : 8).map((tick) => (
          <span key={tick.at} style={{ left: `${percent(tick.at)}%` }}>
            {tick.label}
          </span>
        ))}
      </div>
    </div>
  )
}

export function ResultChartPane({
  charts,
  chosen,
  onChoose,
  gaps,
  column,
  row,
  onValue,
}: {
  charts: readonly ResultChart[]
  /** Column name of the chart that is shown; `none` for none; else the first. */
  chosen: string
  onChoose: (by: string) => void
  gaps: readonly Gap[]
  /** The column of a name, to find the selected row in the chart. */
  column: (name: string) => ResultColumn | undefined
  row: readonly ResultValue[] | undefined
  onValue: (field: string, value: string, act: 'only' | 'not') => void
}) {
  if (charts.length === 0) return null
  const chart =
    chosen === 'none' ? undefined : (charts.find((one) => one.by === chosen) ?? charts[0])
  const at = chart === undefined ? undefined : column(chart.by)
  const here = at === undefined ? null : (row?.[at.index] ?? null)
  const most = chart?.kind === 'values' ? Math.max(1, chart.bars[0]?.count ?? 1) : 1
  return (
    <section className={`rc ${chart ? '' : 'off'}`} aria-label="Chart of the result">
      <header>
        <h2>
          {chart === undefined
            ? 'Chart'
            : chart.measure === 'rows'
              ? 'Rows'
              : shown(chart.measure, 40)}
        </h2>
        <span className="t3 trunc">
          {chart === undefined
            ? 'not shown'
            : chart.kind === 'time'
              ? `by ${shown(chart.by, 40)}, per ${lengthWords(chart.stepMs)}`
              : `by ${shown(chart.by, 40)}${chart.more > 0 ? `, ${counted(chart.more, 'value')} more` : ''}`}
        </span>
        <span className="end seg" role="group" aria-label="Chart by">
          {charts.map((one) => (
            <button
              key={one.by}
              type="button"
              aria-pressed={one === chart}
              onClick={() => onChoose(one.by)}
            >
              {shown(one.by, 24)}
            </button>
          ))}
          <button type="button" aria-pressed={chart === undefined} onClick={() => onChoose('none')}>
            None
          </button>
        </span>
      </header>
      {chart === undefined ? null : chart.kind === 'time' ? (
        <Bars chart={chart} gaps={gaps} now={barOfTime(chart, here)} />
      ) : (
        <ul className="rcv">
          {chart.bars.map((bar) => (
            <li key={bar.value}>
              <button
                type="button"
                className={String(here ?? 'null') === bar.value ? 'on' : ''}
                title="Click: only this. Alt or x: not this."
                onClick={(event) => onValue(chart.by, bar.value, event.altKey ? 'not' : 'only')}
                onKeyDown={(event) => {
                  if (event.key !== 'x' && event.key !== 'f') return
                  event.preventDefault()
                  event.stopPropagation()
                  onValue(chart.by, bar.value, event.key === 'x' ? 'not' : 'only')
                }}
              >
                <span className="mono tele trunc">
                  {bar.value === '' ? '(empty)' : middle(shown(bar.value, 200), 44)}
                </span>
                <span className="bar">
                  <i style={{ width: `${(bar.count / most) * 100}%` }} />
                </span>
                <span className="num">{grouped(bar.count)}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
