/**
 * The frames between a sensor and a hub, or a sensor and an observer, as plain values.
 *
 * Order on an uplink: the sensor sends `hello`; the hub answers `welcome` or `refusal`; then the sensor
 * sends `batch` and `heartbeat`, the hub `ack`, `heartbeat` and, before it hangs up, `refusal`. On the
 * observe socket the observer sends `observe`; the sensor answers with `hello` (nothing pending) and then
 * `batch` frames, or with `refusal`.
 * Meaning of each field: `proto/honeyguide/v1/uplink.proto`.
 */

/** One run of a sensor: batches are sequenced within it. */
export interface RunId {
  /** 16 bytes. */
  readonly boot: Uint8Array
  readonly run: number
}

/** Everything of this run up to and including this sequence; 0 for nothing. */
export interface Ack extends RunId {
  readonly sequence: bigint
}

/** Batches of a run that wait in the sensor's spool. */
export interface Pending extends RunId {
  readonly firstSequence: bigint
  readonly lastSequence: bigint
}

export interface Hello extends RunId {
  readonly protocolMajor: number
  readonly protocolMinor: number
  /** 16 bytes. */
  readonly sensor: Uint8Array
  readonly hostname: string
  readonly version: string
  readonly kernelRelease: string
  readonly architecture: string
  readonly layout: string
  readonly labels: Readonly<Record<string, string>>
  readonly pending: readonly Pending[]
  readonly operatingSystem: string
  readonly cpus: number
  readonly memoryBytes: bigint
}

export interface Welcome {
  readonly protocolMajor: number
  readonly protocolMinor: number
  readonly have: readonly Ack[]
}

export interface Refusal {
  /** A key of the error table, or one that this version does not know. */
  readonly code: string
  readonly message: string
}

export interface Heartbeat {
  readonly bootNs: bigint
  readonly wallOffsetNs: bigint
}

export interface Observe {
  readonly protocolMajor: number
  readonly protocolMinor: number
}

export type Frame =
  | { readonly kind: 'hello'; readonly hello: Hello }
  | { readonly kind: 'welcome'; readonly welcome: Welcome }
  /** An encoded batch, not looked into. */
  | { readonly kind: 'batch'; readonly batch: Uint8Array }
  | { readonly kind: 'ack'; readonly ack: Ack }
  | { readonly kind: 'refusal'; readonly refusal: Refusal }
  | { readonly kind: 'heartbeat'; readonly heartbeat: Heartbeat }
  | { readonly kind: 'observe'; readonly observe: Observe }
