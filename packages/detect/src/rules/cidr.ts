/** Networks and addresses as numbers, to say whether one holds the other. */

/** Bytes of an IPv4 or IPv6 address in text; undefined when it is none. */
export function addressBytes(text: string): Uint8Array | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const bytes = text.split('.').map(Number)
    return bytes.every((byte) => byte < 256) ? Uint8Array.from(bytes) : undefined
  }
  const halves = text.split('::')
  if (halves.length > 2 || !text.includes(':')) return undefined
  const words = (half: string | undefined): number[] =>
    half === undefined || half === ''
      ? []
      : half.split(':').flatMap((word, index, all) => {
          const last = index === all.length - 1 ? addressBytes4(word) : undefined
          if (last) return last
          return /^[0-9a-f]{1,4}$/i.test(word) ? [parseInt(word, 16)] : [NaN]
        })
  const front = words(halves[0])
  const back = words(halves[1])
  const missing = 8 - front.length - back.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined
  const all = [...front, ...Array.from({ length: missing }, () => 0), ...back]
  if (all.some((word) => Number.isNaN(word))) return undefined
  return Uint8Array.from(all.flatMap((word) => [word >> 8, word & 255]))
}

function addressBytes4(word: string): number[] | undefined {
  const bytes = word.includes('.') ? addressBytes(word) : undefined
  if (!bytes) return undefined
  return [((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0), ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0)]
}

/** A function that says whether an address is in the network; undefined when the network cannot be read. */
export function compileNetwork(text: string): ((address: string) => boolean) | undefined {
  const [base = '', length, rest] = text.split('/')
  const network = addressBytes(base)
  if (!network || rest !== undefined) return undefined
  const bits = length === undefined ? network.length * 8 : Number(length)
  if (length === '' || !Number.isInteger(bits) || bits < 0 || bits > network.length * 8)
    return undefined
  const whole = bits >> 3
  const mask = (0xff00 >> (bits & 7)) & 0xff
  return (address) => {
    const bytes = addressBytes(address)
    if (!bytes || bytes.length !== network.length) return false
    for (let at = 0; at < whole; at++) if (bytes[at] !== network[at]) return false
    return mask === 0 || ((bytes[whole] ?? 0) & mask) === ((network[whole] ?? 0) & mask)
  }
}
