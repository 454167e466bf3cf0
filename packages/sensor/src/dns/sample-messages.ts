/** DNS messages as resolvers and servers write them, for tests and fuzzing. */

type Part = number | string | Uint8Array

/** Bytes of numbers (one byte each), text (latin1) and bytes. */
export function bytesOf(...parts: readonly Part[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === 'number'
        ? [part]
        : typeof part === 'string'
          ? [...Buffer.from(part, 'latin1')]
          : [...part],
    ),
  )
}

export const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff)
export const u32 = (value: number): Uint8Array => bytesOf(u16(value >>> 16), u16(value & 0xffff))

/** Labels with their lengths, without compression; a dot between labels. */
export function wireName(name: string): Uint8Array {
  const labels = name === '.' ? [] : name.split('.')
  return bytesOf(...labels.flatMap((label) => [label.length, label]), 0)
}

export interface SampleRecord {
  /** Wire form; a pointer to the question's name (`0xc00c`) unless given. */
  readonly owner?: Uint8Array
  readonly type: number
  readonly ttl: number
  readonly data: Uint8Array
}

const pointer = u16(0xc00c)

export function wireRecord({ owner = pointer, type, ttl, data }: SampleRecord): Uint8Array {
  return bytesOf(owner, u16(type), u16(1), u32(ttl), u16(data.length), data)
}

/** A message with one question. */
export function wireMessage(options: {
  readonly id?: number
  readonly bits?: number
  readonly name: string
  readonly type: number
  readonly answers?: readonly SampleRecord[]
  readonly authority?: readonly SampleRecord[]
  readonly additional?: readonly SampleRecord[]
}): Uint8Array {
  const { id = 0x1234, bits = 0x8180, answers = [], authority = [], additional = [] } = options
  return bytesOf(
    u16(id),
    u16(bits),
    ...[1, answers.length, authority.length, additional.length].map(u16),
    wireName(options.name),
    u16(options.type),
    u16(1),
    ...[...answers, ...authority, ...additional].map(wireRecord),
  )
}

/** By what is in them. */
export function sampleMessages(): Record<string, Uint8Array> {
  const edns: SampleRecord = { owner: Uint8Array.of(0), type: 41, ttl: 0x8000, data: bytesOf() }
  const name = 'www.example.com'
  const parent = u16(0xc010)
  return {
    query: wireMessage({ bits: 0x0100, name, type: 1, additional: [edns] }),
    addresses: wireMessage({
      name,
      type: 255,
      answers: [
        { type: 5, ttl: 300, data: bytesOf(3, 'cdn', parent) },
        { owner: bytesOf(3, 'cdn', parent), type: 1, ttl: 60, data: bytesOf(192, 0, 2, 7) },
        { type: 28, ttl: 61, data: bytesOf(0x20, 1, 0xd, 0xb8, new Uint8Array(11), 5) },
        { type: 28, ttl: 62, data: bytesOf(new Uint8Array(10), 0xff, 0xff, 192, 0, 2, 9) },
      ],
      additional: [edns],
    }),
    mail: wireMessage({
      name,
      type: 255,
      answers: [
        { type: 15, ttl: 5, data: bytesOf(u16(10), 4, 'mail', parent) },
        { type: 33, ttl: 6, data: bytesOf(u16(1), u16(2), u16(443), wireName('srv.example')) },
        { type: 16, ttl: 7, data: bytesOf(4, 'a"\\b', 0, 3, 'x', 0, 0xff) },
        { type: 2, ttl: 8, data: bytesOf(2, 'ns', parent) },
        { type: 12, ttl: 9, data: pointer },
      ],
    }),
    service: wireMessage({
      name,
      type: 65,
      answers: [
        {
          type: 65,
          ttl: 3600,
          data: bytesOf(
            ...[u16(1), 0, u16(1), u16(6), 2, 'h2', 2, 'h3', u16(3), u16(2), u16(8443)],
            ...[u16(4), u16(4), 192, 0, 2, 1, u16(6), u16(16), 0x20, 1, new Uint8Array(14)],
            ...[u16(2), u16(0), u16(999), u16(2), 0xab, 0xcd],
          ),
        },
      ],
    }),
    unknown: wireMessage({
      name,
      type: 4711,
      answers: [
        { type: 4711, ttl: 0x8000_0001, data: bytesOf(1, 2, 3) },
        { type: 1, ttl: 5, data: bytesOf(1, 2, 3) },
        { type: 99, ttl: 4, data: new Uint8Array(100).fill(0xee) },
      ],
    }),
    refusal: wireMessage({
      bits: 0x8183,
      name,
      type: 1,
      authority: [
        {
          owner: parent,
          type: 6,
          ttl: 900,
          data: bytesOf(2, 'ns', parent, 4, 'root', parent, ...[1, 2, 3, 4, 5].map(u32)),
        },
      ],
      additional: [{ ...edns, ttl: 0x0100_0000 }],
    }),
  }
}
