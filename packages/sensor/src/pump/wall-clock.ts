/**
 * Wall clock minus boot clock, sampled at most every 10 s and again when the wall clock was set.
 *
 * A sample is the wall clock read between two readings of the boot clock; of three the one with the
 * shortest bracket is taken. A step of the wall clock shows as a difference of more than 1 ms to what the
 * last sample foretells, which is checked with every batch: no timer, nothing while nothing happens.
 */
import type { Clock } from './kernel-port.ts'

const everyNs = 10_000_000_000n
const stepNs = 1_000_000n

export function createWallOffset(clock: Clock): () => bigint {
  let offset = 0n
  let sampledAt: bigint | undefined

  function sample(): void {
    let best: bigint | undefined
    for (let i = 0; i < 3; i++) {
      const before = clock.bootNs()
      const wall = clock.wallNs()
      const after = clock.bootNs()
      const width = after - before
      if (best !== undefined && width >= best) continue
      best = width
      offset = wall - before - width / 2n
      sampledAt = after
    }
  }

  return () => {
    const now = clock.bootNs()
    const drift = clock.wallNs() - now - offset
    if (sampledAt === undefined || now - sampledAt >= everyNs || drift > stepNs || drift < -stepNs)
      sample()
    return offset
  }
}
