/** IPv4 and IPv6 addresses and prefixes, as `--from-ip` takes them. Pure. */
import { HoneyguideError } from '@honeyguide/model/errors'

/** 16 bytes; IPv4 as ::ffff:a.b.c.d, so that both kinds compare. Undefined when it is no address. */
export function parseAddress(text: string): Uint8Array | undefined {
  const four = (part: string): number[] | undefined => {
    const numbers = part.split('.')
    if (numbers.length !== 4 || !numbers.every((one) => /^\d{1,3}$/.test(one) && Number(one) < 256))
      return undefined
    return numbers.map(Number)
  }
  const plain = four(text)
  if (plain) return Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...plain])
  if (!/^[0-9a-fA-F:.]{2,45}$/.test(text)) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const bytesOf = (half: string): number[] | undefined => {
    if (half === '') return []
    const out: number[] = []
    for (const [index, group] of half.split(':').entries()) {
      if (group.includes('.')) {
        const tail = four(group)
        if (!tail || index !== half.split(':').length - 1) return undefined
        out.push(...tail)
      } else {
        if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined
        const value = parseInt(group, 16)
        out.push(value >> 8, value & 255)
      }
    }
    return out
  }
  const left = bytesOf(halves[0] ?? '')
  const right = halves.length === 2 ? bytesOf(halves[1] ?? '') : []
  if (!left || !right) return undefined
  const missing = 16 - left.length - right.length
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined
  return Uint8Array.from([...left, ...Array<number>(missing).fill(0), ...right])
}

/** A test for addresses in `prefix` (`10.0.0.0/8`, `::1`, `192.0.2.7`). Throws HG_USAGE. */
export function ipPrefix(prefix: string): (address: string) => boolean {
  const [text = '', length] = prefix.split('/')
  const base = parseAddress(text)
  const isFour = !text.includes(':')
  const bits = length === undefined ? 128 : Number(length) + (isFour ? 96 : 0)
  if (!base || (length !== undefined && !/^\d{1,3}$/.test(length)) || bits > 128)
    throw new HoneyguideError(
      'HG_USAGE',
      `${prefix} is no address and no prefix; for example 10.0.0.0/8 or ::1.`,
    )
  return (address) => {
    const bytes = parseAddress(address)
    if (!bytes) return false
    for (let bit = 0; bit < bits; bit += 8) {
      const mask = bits - bit >= 8 ? 0xff : (0xff << (8 - (bits - bit))) & 0xff
      if (((bytes[bit / 8] ?? 0) & mask) !== ((base[bit / 8] ?? 0) & mask)) return false
    }
    return true
  }
}
