/** Numbers of the wire as values of columns. */

/** A number that may pass 2^53: beyond, as text. */
export function longValue(value: bigint | undefined): number | string {
  const known = value ?? 0n
  return known <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(known) : String(known)
}

/** The kernel's dev_t as major:minor. */
export function deviceText(device: number): string {
  return `${device >>> 20}:${device & 0xfffff}`
}

/** Type and permission bits in octal, as chmod and stat write them. */
export function modeText(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}

/** Capabilities as 16 hex digits. */
export function capabilityText(bits: bigint | undefined): string {
  return (bits ?? 0n).toString(16).padStart(16, '0')
}
