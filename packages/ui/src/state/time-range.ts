/** The time range of a screen, as it stands in the URL: `range=24h`, or `from` and `to`. */
import { lengthWords, spanWords } from '../view/time-words.ts'

export type TimeRange =
  | { readonly kind: 'last'; readonly name: RangeName }
  | { readonly kind: 'between'; readonly fromMs: number; readonly toMs: number }

export const rangeNames = ['5m', '15m', '1h', '24h', '7d', '30d'] as const
export type RangeName = (typeof rangeNames)[number]

const lengths: Record<RangeName, { readonly ms: number; readonly words: string }> = {
  '5m': { ms: 5 * 60_000, words: 'Last 5 min' },
  '15m': { ms: 15 * 60_000, words: 'Last 15 min' },
  '1h': { ms: 3600_000, words: 'Last 1 h' },
  '24h': { ms: 24 * 3600_000, words: 'Last 24 h' },
  '7d': { ms: 7 * 86_400_000, words: 'Last 7 d' },
  '30d': { ms: 30 * 86_400_000, words: 'Last 30 d' },
}

export function readRange(params: URLSearchParams, otherwise: RangeName): TimeRange {
  const from = Date.parse(params.get('from') ?? '')
  const to = Date.parse(params.get('to') ?? '')
  if (!Number.isNaN(from) && !Number.isNaN(to) && to > from)
    return { kind: 'between', fromMs: from, toMs: to }
  const name = rangeNames.find((one) => one === params.get('range'))
  return { kind: 'last', name: name ?? otherwise }
}

/** Query values of a range; null removes. */
export function writeRange(range: TimeRange): Record<'range' | 'from' | 'to', string | null> {
  return range.kind === 'last'
    ? { range: range.name, from: null, to: null }
    : {
        range: null,
        from: new Date(range.fromMs).toISOString(),
        to: new Date(range.toMs).toISOString(),
      }
}

export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

export function spanOf(range: TimeRange, nowMs: number): Span {
  return range.kind === 'between'
    ? { fromMs: range.fromMs, toMs: range.toMs }
    : { fromMs: nowMs - lengths[range.name].ms, toMs: nowMs }
}

/** "Last 24 h", "4:00 min". */
export function rangeWords(range: TimeRange): string {
  return range.kind === 'last' ? lengths[range.name].words : roughly(range.toMs - range.fromMs)
}

/** The length in one unit; the exact ends stand beside it. */
function roughly(ms: number): string {
  return ms < 60_000 || ms >= 3600_000 ? lengthWords(ms) : `${Math.round(ms / 60_000)} min`
}

export function rangeEnds(range: TimeRange, nowMs: number): string {
  const span = spanOf(range, nowMs)
  return spanWords(span.fromMs, span.toMs)
}

/**
 * A time as a person types it: `24 Nov 13:42:00` is not read, but ISO and `2026-11-24 13:42[:07]` are, always
 * UTC; `13:42[:07]` means today; `now` and the empty text mean now. Undefined when it is none of these.
 */
export function readTime(text: string, nowMs: number): number | undefined {
  const typed = text.trim()
  if (typed === '' || typed === 'now') return nowMs
  const clockOnly = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(typed)
  if (clockOnly) {
    const today = new Date(nowMs).toISOString().slice(0, 10)
    const [, hour = '', minute = '', second = '00'] = clockOnly
    const at = Date.parse(`${today}T${hour.padStart(2, '0')}:${minute}:${second}Z`)
    return Number.isNaN(at) ? undefined : at
  }
  const iso = /^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)?Z?$/.exec(typed)
  if (!iso) return undefined
  const plain = typed.replace(' ', 'T').replace(/Z$/, '')
  const at = Date.parse(plain.length === 10 ? `${plain}T00:00:00Z` : `${plain}Z`)
  return Number.isNaN(at) ? undefined : at
}

/** For the fields of the range popover. */
export function timeForField(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}

const stripLengths = [
  900_000,
  3600_000,
  6 * 3600_000,
  24 * 3600_000,
  7 * 86_400_000,
  30 * 86_400_000,
]

/**
 * What the strip shows around a range: a day, less when there is less to show, more when the range is longer.
 * Ends at now when the range does. `oldestMs` is the first event that there is, when known.
 */
export function stripSpan(range: TimeRange, nowMs: number, oldestMs?: number): Span {
  const span = spanOf(range, nowMs)
  const length = span.toMs - span.fromMs
  const known = oldestMs === undefined ? 24 * 3600_000 : Math.min(24 * 3600_000, nowMs - oldestMs)
  const wanted = Math.max(length, known)
  const around = stripLengths.find((one) => one >= wanted * 0.999) ?? length
  if (span.toMs >= nowMs - 1000 || span.fromMs >= nowMs - around)
    return { fromMs: Math.min(span.fromMs, nowMs - around), toMs: Math.max(nowMs, span.toMs) }
  // A range a little longer than the strip that suits it makes the strip longer.
  const spare = Math.max(0, (around - length) / 2)
  return { fromMs: span.fromMs - spare, toMs: span.toMs + spare }
}
