/** Names made from what they are about, so that a replay gives the same ones. Not for secrets. */

/** Two 32-bit hashes of the text (FNV-1a and a multiply-xorshift), spread by a final mix. */
function hash(text: string): readonly [number, number] {
  let a = 0x811c9dc5
  let b = 0x9e3779b9
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    a = Math.imul(a ^ code, 0x01000193)
    b = Math.imul(b ^ code, 0x85ebca6b)
    b ^= b >>> 13
  }
  const mix = (value: number) => {
    value = Math.imul(value ^ (value >>> 16), 0x21f0aaad)
    value = Math.imul(value ^ (value >>> 15), 0x735a2d97)
    return (value ^ (value >>> 15)) >>> 0
  }
  return [mix(a), mix(b ^ text.length)]
}

/** `prefix` and `digits` (even, at most 12) base-36 digits of a hash of the parts. */
export function hashName(prefix: string, digits: number, ...parts: readonly string[]): string {
  const half = digits / 2
  const range = 36 ** half
  const out = hash(parts.join('\0')).map((one) => (one % range).toString(36).padStart(half, '0'))
  return prefix + out.join('')
}
