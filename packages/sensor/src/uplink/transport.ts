/**
 * How the uplink reaches a hub: a stream of bytes both ways. Adapters pass `transport.suite.ts`.
 */
import type { Duplex } from 'node:stream'

export interface Transport {
  /**
   * A connection that is open. Rejects with what went wrong (a `code` like ENOENT or ECONNREFUSED when
   * nobody is there), or with the signal's reason; then nothing stays open.
   */
  connect(signal: AbortSignal): Promise<Duplex>
  /** Where to, for the log. */
  readonly address: string
}
