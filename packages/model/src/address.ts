/** IP addresses of `tcp` rows as text: one form everywhere, so that filters, rules and joins compare equal. */

/** RFC 5952: hex without leading zeros, the longest run of two or more zero groups as `::`. */
function formatV6(bytes: Uint8Array): string {
  const groups: number[] = []
  for (let at = 0; at < 16; at += 2) groups.push(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0))
  let best = { from: -1, length: 1 }
  for (let from = 0; from < 8; from++) {
    let length = 0
    while (from + length < 8 && groups[from + length] === 0) length += 1
    if (length > best.length) best = { from, length }
  }
  const words = (part: readonly number[]): string =>
    part.map((group) => group.toString(16)).join(':')
  if (best.from < 0) return words(groups)
  return `${words(groups.slice(0, best.from))}::${words(groups.slice(best.from + best.length))}`
}

/**
 * Text of an address in network order: 4 bytes dotted, 16 bytes as RFC 5952; an IPv4 address inside IPv6
 * (::ffff:0:0/96, what a dual-stack socket shows) as the IPv4 address that it is. Empty for other lengths.
 */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) return ''
  const mapped =
    bytes[10] === 0xff && bytes[11] === 0xff && bytes.subarray(0, 10).every((byte) => byte === 0)
  return mapped ? bytes.subarray(12).join('.') : formatV6(bytes)
}
