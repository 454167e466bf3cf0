/**
 * Turns counters that only grow into loss rows with tight intervals. Pure.
 *
 * The kernel counts each event once, as submitted, deduplicated or lost, so between two readings
 * offered = submitted + deduplicated + lost holds exactly, whatever is in flight. What a reading finds lost happened
 * since the reading before it, less the time that a program may run between stamp and count.
 */
import type { BatchBuilder } from '@honeyguide/model/batch'

/** Counters of one hook at one moment. */
export interface HookCounts {
  readonly submitted: bigint
  /** Told in the count of a row of another one. */
  readonly deduplicated: bigint
  /** By loss reason name. */
  readonly lost: ReadonlyMap<string, bigint>
}

/** A program may be stopped between the stamp and the counter (a virtual CPU that is taken away). */
const stampSlackNs = 20_000_000n

export interface LossLedger {
  /** When counters were last taken in, ns since boot. */
  readonly readNs: bigint
  /**
   * Takes in a reading made between `fromNs` and `toNs` and writes a row for each hook and reason
   * that lost something since the one before. Returns the number of rows. `earlierNs` says for reasons whose counters
   * are read less often since when what they find may be, ns since boot.
   */
  take(
    reading: ReadonlyMap<string, HookCounts>,
    fromNs: bigint,
    toNs: bigint,
    builder: BatchBuilder,
    earlierNs?: Readonly<Record<string, bigint>>,
  ): number
  /** Counters as reported so far. */
  reported(): ReadonlyMap<string, HookCounts>
}

const noCounts: HookCounts = { submitted: 0n, deduplicated: 0n, lost: new Map() }

/** `start` holds what was reported before (empty: nothing), as read at `readNs`. */
export function createLossLedger(
  start: ReadonlyMap<string, HookCounts>,
  readNs: bigint,
): LossLedger {
  let reported = new Map(start)
  let lastNs = readNs
  return {
    get readNs() {
      return lastNs
    },
    take(reading, fromNs, toNs, builder, earlierNs = {}) {
      const begin = (reason: string): bigint => {
        const earlier = earlierNs[reason] ?? lastNs
        const sinceNs = earlier < lastNs ? earlier : lastNs
        return sinceNs > stampSlackNs ? sinceNs - stampSlackNs : 0n
      }
      let rows = 0
      for (const [hook, counts] of reading) {
        const before = reported.get(hook) ?? noCounts
        let lostBySensor = 0n
        const grown: [string, bigint][] = []
        for (const [reason, count] of counts.lost) {
          const delta = count - (before.lost.get(reason) ?? 0n)
          if (delta <= 0n) continue
          grown.push([reason, delta])
          // Counted as submitted by the kernel, and lost only here.
          if (reason === 'decode') lostBySensor += delta
        }
        if (grown.length === 0) continue
        const told =
          counts.submitted -
          before.submitted +
          counts.deduplicated -
          before.deduplicated -
          lostBySensor
        let seen = told > 0n ? told : 0n
        for (const [reason, lost] of grown) {
          const table = builder.table('loss')
          const row = table.add()
          const { columns } = table
          columns.fromNs[row] = begin(reason)
          columns.toNs[row] = toNs
          columns.hook[row] = builder.string(hook)
          columns.reason[row] = builder.string(reason)
          columns.offered[row] = seen + lost
          columns.seen[row] = seen
          columns.lost[row] = lost
          // What was seen stands in the first row only, so that sums over rows hold as well.
          seen = 0n
          rows += 1
        }
      }
      reported = new Map(reading)
      lastNs = fromNs
      return rows
    },
    reported: () => reported,
  }
}
