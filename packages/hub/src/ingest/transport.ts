/**
 * How sensors reach the hub: a port, so that remote sensors over mutual TLS are another adapter and nothing else.
 *
 * An adapter says who is at the other end as far as it can prove it; the protocol above is the same for all.
 */
import type { Duplex } from 'node:stream'

export interface Peer {
  /** For the log: `unix`, or the address of a remote end. Not text of the peer's choosing. */
  readonly name: string
  /** The sensor id that the transport has proved (a certificate), 16 bytes; null when any is believed. */
  readonly sensor: Uint8Array | null
}

export interface Transport extends AsyncDisposable {
  /** For people: where sensors connect. */
  readonly address: string
}

/** Begins to listen; `accept` is called once per connection and owns it. Throws what listening threw. */
export type OpenTransport = (accept: (stream: Duplex, peer: Peer) => void) => Promise<Transport>
