/**
 * Keys of longest-prefix-match maps (LPM tries) as people write networks: `10.0.0.0/8`, `2001:db8::/32`.
 *
 * In C the key is `struct { __u32 prefix_length; __u8 address[4 or 16]; }`, address in network byte order. A look-up
 * gives the value of the longest prefix that the address lies in.
 */
import { isIPv4, isIPv6 } from 'node:net'
import { BpfError } from './error.ts'
import type { ValueCodec } from './value-codec.ts'

/** The bytes of an address: 4 or 16. Throws `BPF_ARGUMENT`. */
export function parseAddress(text: string): Uint8Array {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number)
  if (!isIPv6(text) || text.includes('%')) {
    throw new BpfError('BPF_ARGUMENT', `${text} is no IP address`)
  }
  // An embedded IPv4 address (`::ffff:10.0.0.1`) is two groups.
  const plain = text.replace(/[\d.]+$/, (last) =>
    isIPv4(last)
      ? (last.split('.').map(Number) as [number, number, number, number])
          .reduce<string[]>((groups, byte, i) => {
            if (i % 2 === 0) groups.push(byte.toString(16))
            else groups.push((groups.pop() ?? '') + byte.toString(16).padStart(2, '0'))
            return groups
          }, [])
          .join(':')
      : last,
  )
  const [head = '', tail] = plain.split('::')
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const first = groups(head)
  const last = groups(tail ?? '')
  const all = [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last]
  return Uint8Array.from(all.flatMap((group) => [group >>> 8, group & 0xff]))
}

/** The address as text; IPv6 in full groups without leading zeroes, the longest run of zeroes left out. */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
  )
  const runs = [...groups.join(':').matchAll(/(?:^|(?<=:))0(?::0)+(?=:|$)/g)]
  const longest = runs.toSorted((a, b) => b[0].length - a[0].length)[0]
  const text = groups.join(':')
  if (!longest) return text
  const before = text.slice(0, longest.index).replace(/:$/, '')
  const behind = text.slice(longest.index + longest[0].length).replace(/^:/, '')
  return `${before}::${behind}`
}

/**
 * Keys of an LPM trie as text. An address without a length is one of all bits, which is how an address is looked up.
 * Bits behind the prefix are dropped: the kernel would keep them and show them.
 */
export function ipPrefixCodec(version: 4 | 6): ValueCodec {
  const addressBytes = version === 4 ? 4 : 16
  return {
    sizeBytes: 4 + addressBytes,
    read(view, at) {
      const bytes = new Uint8Array(view.buffer, view.byteOffset + at + 4, addressBytes)
      return `${formatAddress(bytes)}/${view.getUint32(at, true)}`
    },
    write(view, at, value) {
      if (typeof value !== 'string') {
        throw new BpfError('BPF_ARGUMENT', 'expected a network, `10.0.0.0/8`')
      }
      const [address = '', lengthText] = value.split('/')
      const bytes = parseAddress(address)
      const length = lengthText === undefined ? 8 * addressBytes : Number(lengthText)
      if (
        bytes.length !== addressBytes ||
        !(/^\d+$/.test(lengthText ?? '0') && length <= 8 * addressBytes)
      ) {
        throw new BpfError('BPF_ARGUMENT', `${value} is no network of IP version ${version}`)
      }
      view.setUint32(at, length, true)
      for (let i = 0; i < addressBytes; i++) {
        const bits = Math.min(8, Math.max(0, length - 8 * i))
        view.setUint8(at + 4 + i, (bytes[i] ?? 0) & ((0xff << (8 - bits)) & 0xff))
      }
    },
  }
}
