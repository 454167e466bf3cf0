/**
 * Watches the sequence numbers of one ring. Two CPUs may take numbers in one order and slots in the
 * other, so a missing number is only a reason to read the counters, never a loss by itself. Pure.
 */

export interface SequenceGaps {
  /** Takes in the number of a record that was read. */
  see(seq: bigint): void
  /** Numbers between the first and the highest seen that have not come. */
  readonly missing: bigint
}

export function createSequenceGaps(): SequenceGaps {
  let first: bigint | undefined
  let highest = 0n
  let count = 0n
  return {
    see(seq) {
      if (first === undefined || seq < first) first = seq
      if (seq > highest) highest = seq
      count += 1n
    },
    get missing() {
      return first === undefined ? 0n : highest - first + 1n - count
    },
  }
}
