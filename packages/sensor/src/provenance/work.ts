/**
 * Work in slices: a generator that yields where it may be left alone for a while, and returns its result.
 *
 * Whoever drives it decides how much runs at once (`cpu-budget.ts`); between two yields lie at most a few
 * milliseconds, whatever the input.
 */
export type Work<Result> = Generator<void, Result, undefined>

/** Does all of it at once. */
export function finish<Result>(work: Work<Result>): Result {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}
