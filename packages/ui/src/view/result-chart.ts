/**
 * What a hunt's result looks like as one chart, and what can honestly be charted at all.
 *
 * Numbers are never added up across rows: a sum of ports, of averages or of durations of nothing would look like a
 * fact. A bar is either a count of rows, or the very number of the only row with that time or that value.
 */
import type { ResultColumn, ResultValue } from './result-table.ts'

export interface TimeChart {
  readonly kind: 'time'
  /** Name of the column of times. */
  readonly by: string
  /** What the height is: `rows`, or the name of a column of numbers. */
  readonly measure: string
  readonly fromMs: number
  readonly toMs: number
  readonly stepMs: number
  /** One a step, from `fromMs`; 0 where no row lies. */
  readonly bars: readonly number[]
}

export interface ValueChart {
  readonly kind: 'values'
  readonly by: string
  readonly measure: string
  /** Largest first, at most `mostValues`. */
  readonly bars: readonly { readonly value: string; readonly count: number }[]
  /** Values that are not drawn. */
  readonly more: number
}

export type ResultChart = TimeChart | ValueChart

type Row = readonly ResultValue[]

/** Most bars over time, and most values. */
const mostBars = 60
const mostValues = 10

const steps = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000,
  300_000, 600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 21_600_000, 43_200_000,
  86_400_000, 172_800_000, 604_800_000, 2_592_000_000,
]

/** Length of a bar so that there are at most `mostBars`, ms: a round length of time. */
function stepFor(lengthMs: number): number {
  const longest = steps[steps.length - 1] ?? 1
  return (
    steps.find((step) => lengthMs / step <= mostBars - 1) ??
    Math.ceil(lengthMs / mostBars / longest) * longest
  )
}

function textOf(value: ResultValue): string {
  return value === null ? 'null' : String(value)
}

/** The only column of numbers; undefined when there are none or several, as no one could say which is meant. */
function onlyNumber(columns: readonly ResultColumn[]): ResultColumn | undefined {
  const numbers = columns.filter((column) => column.kind === 'number')
  return numbers.length === 1 ? numbers[0] : undefined
}

function timeChart(
  column: ResultColumn,
  columns: readonly ResultColumn[],
  rows: readonly Row[],
): TimeChart | undefined {
  const times = rows.map((row) => Date.parse(textOf(row[column.index] ?? null)))
  const known = times.filter((ms) => !Number.isNaN(ms))
  if (known.length === 0) return undefined
  let first = Infinity
  let last = -Infinity
  for (const ms of known) {
    first = Math.min(first, ms)
    last = Math.max(last, ms)
  }
  // A result that the query itself has put in steps of time: a time and a number in each row, nothing else.
  const sorted = [...new Set(known)].sort((a, b) => a - b)
  const number = onlyNumber(columns)
  const made = sorted.reduce(
    (least, ms, at) => Math.min(least, ms - (sorted[at - 1] ?? -Infinity)),
    Infinity,
  )
  if (
    number !== undefined &&
    columns.length === 2 &&
    sorted.length === rows.length &&
    sorted.length > 1 &&
    // Rounded times, as date_trunc and time_bucket give them: two odd moments are no step.
    sorted.every((ms) => ms % made === 0) &&
    (last - first) / made < 4 * mostBars
  ) {
    const bars = Array.from({ length: Math.round((last - first) / made) + 1 }, () => 0)
    rows.forEach((row, at) => {
      bars[Math.round(((times[at] ?? first) - first) / made)] = Number(row[number.index] ?? 0)
    })
    if (bars.every((value) => value >= 0))
      return {
        kind: 'time',
        by: column.name,
        measure: number.name,
        fromMs: first,
        toMs: last + made,
        stepMs: made,
        bars,
      }
  }
  const stepMs = stepFor(Math.max(1, last - first))
  const fromMs = Math.floor(first / stepMs) * stepMs
  const bars = Array.from({ length: Math.floor((last - fromMs) / stepMs) + 1 }, () => 0)
  for (const ms of known) {
    const at = Math.floor((ms - fromMs) / stepMs)
    bars[at] = (bars[at] ?? 0) + 1
  }
  return {
    kind: 'time',
    by: column.name,
    measure: 'rows',
    fromMs,
    toMs: fromMs + bars.length * stepMs,
    stepMs,
    bars,
  }
}

function valueChart(
  column: ResultColumn,
  columns: readonly ResultColumn[],
  rows: readonly Row[],
): ValueChart | undefined {
  const counts = new Map<string, number>()
  for (const row of rows) {
    const value = textOf(row[column.index] ?? null)
    counts.set(value, (counts.get(value) ?? 0) + 1)
  }
  const number = onlyNumber(columns)
  const own = counts.size === rows.length
  // Each value in one row and no number beside it, or one value in all rows: nothing to compare.
  if (counts.size < 2 || (own && number === undefined)) return undefined
  if (own && number !== undefined)
    for (const row of rows) {
      const value = Number(row[number.index] ?? 0)
      if (!(value >= 0)) return undefined
      counts.set(textOf(row[column.index] ?? null), value)
    }
  const all = [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
  // A bar a row says no more than the table does.
  if (all.length > rows.length / 2 && !own) return undefined
  return {
    kind: 'values',
    by: column.name,
    measure: own && number !== undefined ? number.name : 'rows',
    bars: all.slice(0, mostValues),
    more: Math.max(0, all.length - mostValues),
  }
}

/** Every chart of the result, the most telling first: time, then values; at most four. */
export function resultCharts(
  columns: readonly ResultColumn[],
  rows: readonly Row[],
): readonly ResultChart[] {
  if (rows.length < 2) return []
  const times = columns.filter((column) => column.kind === 'time').slice(0, 1)
  const texts = columns.filter((column) => column.kind === 'text')
  return [
    ...times.flatMap((column) => timeChart(column, columns, rows) ?? []),
    ...texts.flatMap((column) => valueChart(column, columns, rows) ?? []).slice(0, 3),
  ]
}

/** Which bar of a chart over time a row lies in; -1 for none. */
export function barOfTime(chart: TimeChart, value: ResultValue): number {
  const ms = Date.parse(textOf(value))
  return Number.isNaN(ms) || ms < chart.fromMs || ms >= chart.toMs
    ? -1
    : Math.floor((ms - chart.fromMs) / chart.stepMs)
}

/** A round number at or above `value` for the top of a scale, and its grid lines: at most three. */
export function scaleOf(value: number): {
  readonly top: number
  readonly lines: readonly number[]
} {
  const most = Math.max(1, value)
  const size = 10 ** Math.floor(Math.log10(most / 3))
  const unit = Math.max(
    1,
    [1, 2, 3, 5, 10].map((one) => one * size).find((one) => one * 3 >= most) ?? most,
  )
  const count = Math.ceil(most / unit)
  return { top: unit * count, lines: Array.from({ length: count }, (_, at) => unit * (at + 1)) }
}
