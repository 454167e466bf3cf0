/** Times as people write them after `--since`: `30s`, `5m`, `2h`, `1d`, or an ISO 8601 time. Pure. */
import { HoneyguideError } from '@honeyguide/model/errors'

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** ISO time that `text` means at `nowMs`. Throws HG_USAGE. */
export function sinceTime(text: string, nowMs: number): string {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text)
  const at = match ? nowMs - Number(match[1]) * (unitMs[match[2] ?? ''] ?? 0) : Date.parse(text)
  // 999999999 days ago is before all times that JavaScript has.
  if (Number.isNaN(new Date(at).getTime()))
    throw new HoneyguideError(
      'HG_USAGE',
      `${text} is no time; write 30s, 5m, 2h, 1d or 2026-01-31T12:00:00Z.`,
    )
  return new Date(at).toISOString()
}
