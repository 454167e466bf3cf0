/**
 * Watches the sequence numbers of one ring. Two CPUs may take numbers in one order and slots in the
 * other, so a missing number is only a reason to read the counters, never a loss by itself. Pure.
 *
 * The numbers are doubles: at a million events/s they are exact for 285 years.
 */

export interface SequenceGaps {
  /** Takes in the number of a record that was read. */
  see(seq: number): void
  /** Numbers between the first and the highest seen that have not come. */
  readonly missing: number
}

export function createSequenceGaps(): SequenceGaps {
  let first = Infinity
  let highest = 0
  let count = 0
  return {
    see(seq) {
      if (seq < first) first = seq
      if (seq > highest) highest = seq
      count += 1
    },
    get missing() {
      return first === Infinity ? 0 : highest - first + 1 - count
    },
  }
}
