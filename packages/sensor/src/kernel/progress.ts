/**
 * How far the kernel side has been told: stored with every spooled batch, and given back at start, so
 * that a sensor that was killed neither repeats a record nor reports a loss twice or never.
 *
 * Plain JSON; 64-bit numbers are decimal strings.
 */

/** Counters of one hook as they were last reported. */
export interface ReportedCounts {
  readonly submitted: string
  /** 0 when absent. */
  readonly deduplicated?: string
  /** By loss reason name, only those above 0. */
  readonly lost: Readonly<Record<string, string>>
}

/** How far the maps of repeats have been told (`repeats.ts`). */
export interface RepeatsProgress {
  /** The turn whose map is being told: all of those before are. Decimal. */
  readonly turn: string
  /** Rows of it that are told. */
  readonly rows: number
}

export interface KernelProgress {
  /** Names the set of rings that positions and counters belong to: boot time in ns when it was made. */
  readonly madeNs: string
  /** Positions behind the last record that is in a batch. */
  readonly lifecycle: string
  readonly data: string
  /** When counters were last read, ns since boot: losses before it are reported. */
  readonly readNs: string
  /** By hook. */
  readonly counts: Readonly<Record<string, ReportedCounts>>
  /** When recursion misses were last read, ns since boot; absent: at `readNs`. */
  readonly missesNs?: string
  /** Recursion misses by program, and the object that the programs are from. */
  readonly misses: Readonly<Record<string, string>>
  readonly objectHash: string
  /** Repeats told so far; absent: none. */
  readonly repeats?: RepeatsProgress
  /** Sets of another layout (`LeftBehind.id`) whose losses are told, by this batch at the latest, and that may be there still. */
  readonly told?: readonly string[]
}
