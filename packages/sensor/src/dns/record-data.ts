/** Data of a resource record as text, in the form of zone files (RFC 1035, 5.1; RFC 9460, 2.1). Pure. */
import { formatAddress } from '@honeyguide/model/address'
import { readName } from './name.ts'

/** Types that are told by name, by number (IANA DNS parameters). */
const typeNames: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
  35: 'NAPTR',
  39: 'DNAME',
  43: 'DS',
  46: 'RRSIG',
  47: 'NSEC',
  48: 'DNSKEY',
  50: 'NSEC3',
  52: 'TLSA',
  64: 'SVCB',
  65: 'HTTPS',
  257: 'CAA',
}

/** Keys of SVCB and HTTPS records (RFC 9460, 14.3.2). */
const serviceKeys: Readonly<Record<number, string>> = {
  0: 'mandatory',
  1: 'alpn',
  2: 'no-default-alpn',
  3: 'port',
  4: 'ipv4hint',
  5: 'ech',
  6: 'ipv6hint',
  7: 'dohpath',
}

/** Most bytes of data that are told in hexadecimal. */
const mostHexBytes = 64
const mostParameters = 16

/** `A`, or `TYPE1234` (RFC 3597) of one that has no name here. */
export function typeName(type: number): string {
  return typeNames[type] ?? `TYPE${type}`
}

const word = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)

/** One of IPv6 that holds one of IPv4 stays one of IPv6: the record says which it is. */
function addressText(bytes: Uint8Array): string {
  const text = formatAddress(bytes)
  return bytes.length === 16 && !text.includes(':') ? `::ffff:${text}` : text
}

function hex(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.subarray(0, mostHexBytes)).toString('hex')
  return bytes.length > mostHexBytes ? `${shown}...` : shown
}

/** A character string in quotes: what is no printable ASCII, quotes and backslashes escaped. */
function quoted(bytes: Uint8Array): string {
  let text = '"'
  for (const byte of bytes) {
    if (byte === 0x22 || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`
    else if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte)
    else text += `\\${String(byte).padStart(3, '0')}`
  }
  return `${text}"`
}

/** Character strings one after another; undefined when the last one does not fit. */
function strings(data: Uint8Array): string | undefined {
  const parts: string[] = []
  for (let at = 0; at < data.length;) {
    const end = at + 1 + (data[at] ?? 0)
    if (end > data.length) return undefined
    parts.push(quoted(data.subarray(at + 1, end)))
    at = end
  }
  return parts.join(' ')
}

function serviceValue(key: number, value: Uint8Array): string | undefined {
  switch (key) {
    case 1: {
      const names: string[] = []
      for (let at = 0; at < value.length;) {
        const end = at + 1 + (value[at] ?? 0)
        if (end > value.length) return undefined
        names.push(quoted(value.subarray(at + 1, end)).slice(1, -1))
        at = end
      }
      return names.join(',')
    }
    case 3:
      return value.length === 2 ? String(word(value, 0)) : undefined
    case 4:
    case 6: {
      const width = key === 4 ? 4 : 16
      if (value.length === 0 || value.length % width !== 0) return undefined
      return Array.from({ length: value.length / width }, (_, i) =>
        addressText(value.subarray(i * width, (i + 1) * width)),
      ).join(',')
    }
    default:
      return hex(value)
  }
}

function service(message: Uint8Array, at: number, end: number): string | undefined {
  const target = readName(message, at + 2)
  if (end < at + 3 || target === undefined || target.next > end) return undefined
  const parts = [String(word(message, at)), target.text]
  let here = target.next
  for (let i = 0; here < end && i < mostParameters; i++) {
    if (here + 4 > end) return undefined
    const key = word(message, here)
    const next = here + 4 + word(message, here + 2)
    if (next > end) return undefined
    const value = serviceValue(key, message.subarray(here + 4, next))
    if (value === undefined) return undefined
    const name = serviceKeys[key] ?? `key${key}`
    parts.push(value === '' ? name : `${name}=${value}`)
    here = next
  }
  return parts.join(' ')
}

/** Numbers of two bytes and then a name, as many as `numbers` says. */
function numbersAndName(
  message: Uint8Array,
  at: number,
  end: number,
  numbers: number,
): string | undefined {
  const name = readName(message, at + 2 * numbers)
  if (name === undefined || name.next !== end) return undefined
  const words = Array.from({ length: numbers }, (_, i) => word(message, at + 2 * i))
  return [...words, name.text].join(' ')
}

/**
 * Text of the data between `at` and `end` of a message; of a type that has no form here, or data that do not fit
 * theirs, as RFC 3597 says: `\# length hex`, cut after 64 bytes.
 */
export function recordData(message: Uint8Array, type: number, at: number, end: number): string {
  const data = message.subarray(at, end)
  return known(message, type, at, end) ?? `\\# ${data.length} ${hex(data)}`.trimEnd()
}

function known(message: Uint8Array, type: number, at: number, end: number): string | undefined {
  const data = message.subarray(at, end)
  switch (type) {
    case 1:
      return data.length === 4 ? addressText(data) : undefined
    case 28:
      return data.length === 16 ? addressText(data) : undefined
    case 2:
    case 5:
    case 12:
    case 39:
      return numbersAndName(message, at, end, 0)
    case 15:
      return numbersAndName(message, at, end, 1)
    case 33:
      return numbersAndName(message, at, end, 3)
    case 16:
      return strings(data)
    case 6: {
      const primary = readName(message, at)
      const mailbox = primary && readName(message, primary.next)
      // Five numbers of four bytes: serial, refresh, retry, expire, minimum.
      if (!mailbox || mailbox.next + 20 !== end) return undefined
      const view = new DataView(message.buffer, message.byteOffset + mailbox.next, 20)
      const numbers = [0, 4, 8, 12, 16].map((offset) => view.getUint32(offset))
      return [primary.text, mailbox.text, ...numbers].join(' ')
    }
    case 64:
    case 65:
      return service(message, at, end)
    default:
      return undefined
  }
}
