/**
 * Times as the page writes them: UTC, `13:42:07.391`; dates in words; never relative where evidence is named.
 */

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** `13:42:07.391` of an ISO time; the text itself when it is not a time. */
export function clockMs(iso: string): string {
  const at = new Date(iso)
  return Number.isNaN(at.getTime()) ? iso : at.toISOString().slice(11, 23)
}

/** `13:42:07`. */
export function clock(ms: number): string {
  return Number.isNaN(ms) ? '—' : new Date(ms).toISOString().slice(11, 19)
}

/** `13:42`. */
export function clockMinute(ms: number): string {
  return Number.isNaN(ms) ? '—' : new Date(ms).toISOString().slice(11, 16)
}

/** `24 Nov`. */
export function day(ms: number): string {
  const at = new Date(ms)
  return `${at.getUTCDate()} ${months[at.getUTCMonth()] ?? ''}`
}

/** `24 Nov 14:05:11`. */
export function dayClock(ms: number): string {
  return `${day(ms)} ${clock(ms)}`
}

/** `24 Nov 13:42:00 → 14:05:11 UTC`; the second day only when it differs. */
export function spanWords(fromMs: number, toMs: number): string {
  const sameDay = day(fromMs) === day(toMs)
  const minuteOnly = toMs - fromMs >= 12 * 3600_000
  const words = (ms: number) => (minuteOnly ? clockMinute(ms) : clock(ms))
  return sameDay
    ? `${day(fromMs)} ${words(fromMs)} → ${words(toMs)} UTC`
    : `${day(fromMs)} ${words(fromMs)} → ${day(toMs)} ${words(toMs)} UTC`
}

/** A length of time: "0.31 s", "8.0 s", "2:03", "23 min", "2 h 45 min", "12 d". */
export function lengthWords(ms: number): string {
  if (!Number.isFinite(ms)) return '—'
  if (ms < 1) return '0 ms'
  if (ms < 100) return `${Math.round(ms)} ms`
  if (ms < 1000) return `${(ms / 1000).toFixed(2)} s`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 600_000) return `${Math.floor(ms / 60_000)}:${two(Math.floor(ms / 1000) % 60)} min`
  if (ms < 3600_000) return `${Math.round(ms / 60_000)} min`
  const hours = Math.floor(ms / 3600_000)
  if (hours < 48) {
    const minutes = Math.floor(ms / 60_000) % 60
    return minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`
  }
  return `${Math.floor(hours / 24)} d`
}

/** Offset of a step: "+0.3 s", "+2:03". */
export function offsetWords(ms: number): string {
  if (ms < 60_000) return `+${(ms / 1000).toFixed(1)} s`
  if (ms < 3600_000) return `+${Math.floor(ms / 60_000)}:${two(Math.floor(ms / 1000) % 60)}`
  return `+${lengthWords(ms)}`
}

export interface AxisTick {
  readonly at: number
  readonly label: string
}

const steps = [
  10,
  20,
  50,
  100,
  200,
  500,
  1000,
  2000,
  5000,
  10_000,
  15_000,
  30_000,
  60_000,
  120_000,
  300_000,
  600_000,
  900_000,
  1800_000,
  3600_000,
  7200_000,
  4 * 3600_000,
  6 * 3600_000,
  12 * 3600_000,
  86_400_000,
  2 * 86_400_000,
  7 * 86_400_000,
  30 * 86_400_000,
]

/** Round times between two ends, at most `most`; a change of day is said in words ("Tue 24"). */
export function axisTicks(fromMs: number, toMs: number, most: number): readonly AxisTick[] {
  if (!(toMs > fromMs) || most < 1) return []
  const step = steps.find((one) => (toMs - fromMs) / one <= most) ?? 90 * 86_400_000
  const ticks: AxisTick[] = []
  for (let at = Math.ceil(fromMs / step) * step; at <= toMs; at += step) {
    const date = new Date(at)
    const midnight = at % 86_400_000 === 0
    const label =
      step >= 86_400_000
        ? day(at)
        : midnight
          ? `${days[date.getUTCDay()] ?? ''} ${date.getUTCDate()}`
          : step < 1000
            ? date.toISOString().slice(11, 23)
            : step < 60_000
              ? clock(at)
              : clockMinute(at)
    ticks.push({ at, label })
  }
  return ticks
}

/** The part of `now` that `before` has too, so that the shared prefix of consecutive rows can be dimmed. */
export function sharedPrefix(now: string, before: string | undefined): number {
  if (before === undefined) return 0
  let at = 0
  while (at < now.length && now[at] === before[at]) at += 1
  // Only whole groups: hours, minutes, seconds.
  return at >= 9 ? 9 : at >= 6 ? 6 : at >= 3 ? 3 : 0
}
