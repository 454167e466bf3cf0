/** What an acceptance script is, and what it says of itself: one for each promise. */

/** CPU time of one piece of work without, with ours, and with auditd, µs; medians of one interleaving. */
export interface CostFigures {
  /** What a piece of work is, in words. */
  readonly work: string
  /** Which probes were attached, in words. */
  readonly probes: string
  readonly noneUs: number
  readonly oursUs: number
  readonly oursRatio: number
  readonly auditdUs: number
  readonly auditdRatio: number
  readonly selfRatio: number
  readonly rounds: number
}

export interface Measured {
  /** What was seen, with units, for a person. */
  readonly measured: string
  /** How many times or things. */
  readonly n: number
  /** Between runs or batches; empty when it does not apply. */
  readonly spread?: string
  /** The same thing against itself in the same run; empty when it does not apply. */
  readonly self?: string
  readonly pass: boolean
  /** Of a script that measures a cost: the figures of docs/benchmarks.md. */
  readonly cost?: CostFigures
  /** The run proves nothing (the machine was too noisy): it is repeated, never passed. */
  readonly isVoid?: boolean
  /** Lines that explain a failure. */
  readonly details?: readonly string[]
}

export interface RunContext {
  /** `small` is for `npm test`: the same script, fewer of everything, no threshold on time. */
  readonly size: 'full' | 'small'
  /** The repository. */
  readonly root: string
  /** A fresh folder, removed afterwards. */
  readonly folder: string
  readonly log: (text: string) => void
  readonly signal: AbortSignal
}

export interface Acceptance {
  /** Kebab-case, the name on the command line. */
  readonly id: string
  /** The promise in one line. */
  readonly promise: string
  readonly target: string
  /** Whether the small form belongs to `npm test`. */
  readonly inTests: boolean
  /** Runs as root only. */
  readonly needsRoot: boolean
  readonly run: (context: RunContext) => Promise<Measured>
}

/** Middle value; NaN of none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** Nearest-rank quantile, `q` from 0 to 1; NaN of none. */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) return Number.NaN
  const sorted = [...values].sort((a, b) => a - b)
  return (
    sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN
  )
}
