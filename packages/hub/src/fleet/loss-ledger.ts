/**
 * What was lost, of all hosts: the intervals behind every "how complete is this".
 *
 * Bounded: beyond its size the two oldest intervals of the same host, hook and reason become one (from the
 * begin of the first to the end of the second, their counts added), so that a sum is never too small.
 */
import type { Gap } from '@honeyguide/model'
import { mayHide } from './may-hide.ts'

export interface LossInterval {
  readonly deviceUid: string
  readonly hook: string
  /** A key of `lossReasons`. */
  readonly reason: string
  /** ms since 1970. */
  readonly fromMs: number
  readonly toMs: number
  readonly offered: number
  readonly lost: number
}

export interface LossLedger {
  /** Rows that lost nothing are left out. */
  add(loss: LossInterval): void
  /** Intervals that touch [from, to], newest first; of these hosts, or of all. */
  between(fromMs: number, toMs: number, hosts?: ReadonlySet<string>): LossInterval[]
  save(): readonly LossInterval[]
}

const mostIntervals = 20_000

export function createLossLedger(saved: readonly LossInterval[] = []): LossLedger {
  let intervals: LossInterval[] = [...saved]

  /** Halves the older half by joining neighbours of the same kind. */
  function compact(): void {
    const keep = Math.floor(mostIntervals / 2)
    const older = intervals.slice(0, -keep)
    const joined = new Map<string, LossInterval[]>()
    for (const loss of older) {
      const key = `${loss.deviceUid}/${loss.hook}/${loss.reason}`
      const list = joined.get(key)
      if (!list) joined.set(key, [loss])
      else list.push(loss)
    }
    const out: LossInterval[] = []
    for (const list of joined.values()) {
      for (let at = 0; at < list.length; at += 2) {
        const a = list[at] as LossInterval
        const b = list[at + 1]
        out.push(
          b
            ? {
                ...a,
                fromMs: Math.min(a.fromMs, b.fromMs),
                toMs: Math.max(a.toMs, b.toMs),
                offered: a.offered + b.offered,
                lost: a.lost + b.lost,
              }
            : a,
        )
      }
    }
    intervals = [...out.sort((a, b) => a.toMs - b.toMs), ...intervals.slice(-keep)]
  }

  return {
    add(loss) {
      if (loss.lost <= 0) return
      intervals.push(loss)
      if (intervals.length > mostIntervals) compact()
    },
    between(fromMs, toMs, hosts) {
      return intervals
        .filter(
          (loss) =>
            loss.toMs >= fromMs && loss.fromMs <= toMs && (!hosts || hosts.has(loss.deviceUid)),
        )
        .sort((a, b) => b.toMs - a.toMs)
    },
    save: () => [...intervals],
  }
}

export function gapOf(loss: LossInterval, hostname: string): Gap {
  return {
    host: hostname,
    hook: loss.hook,
    reason: loss.reason,
    from: new Date(loss.fromMs).toISOString(),
    to: new Date(loss.toMs).toISOString(),
    offered: loss.offered,
    lost: loss.lost,
    mayHide: mayHide(loss.hook),
  }
}
