/**
 * Messages in protobuf's wire format, without a schema: fields go, come twice, change number, type, value or place;
 * lengths stay right around what was changed inside, or become wrong on purpose.
 */
import { changeBytes, joinBytes } from './mutate-bytes.ts'
import { changes, hostileNumbers, mostLength, type Mutator } from './mutator.ts'
import type { Random } from './random.ts'

/** A field: of wire type 2 with `fields` when its bytes read as a message. */
interface Field {
  readonly number: number
  readonly wire: number
  /** Wire type 0. */
  readonly value: bigint
  /** Wire types 1, 2 and 5. */
  readonly bytes: Uint8Array
  readonly fields: readonly Field[] | undefined
  /** As it was written; empty for one that was made. */
  readonly raw: Uint8Array
}

interface Message {
  readonly fields: readonly Field[]
  /** Every field, those inside of others too. */
  readonly all: readonly Field[]
}

const empty = new Uint8Array(0)
const mostDepth = 4

/** The fields; undefined when the bytes are not exactly some fields of low numbers. */
function fieldsOf(bytes: Uint8Array, depth: number): Field[] | undefined {
  const fields: Field[] = []
  let at = 0
  const varint = (): bigint | undefined => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) return undefined
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    return undefined
  }
  while (at < bytes.length) {
    const from = at
    const tag = varint()
    if (tag === undefined || tag > 0xffffn || tag < 8n) return undefined
    const number = Number(tag >> 3n)
    const wire = Number(tag & 7n)
    if (wire === 0) {
      const value = varint()
      if (value === undefined) return undefined
      fields.push({
        number,
        wire,
        value,
        bytes: empty,
        fields: undefined,
        raw: bytes.subarray(from, at),
      })
      continue
    }
    const length = wire === 2 ? varint() : wire === 1 ? 8n : wire === 5 ? 4n : undefined
    if (length === undefined || length > BigInt(bytes.length - at)) return undefined
    const body = bytes.subarray(at, at + Number(length))
    at += Number(length)
    const inner =
      wire === 2 && depth < mostDepth && body.length > 1 ? fieldsOf(body, depth + 1) : undefined
    fields.push({
      number,
      wire,
      value: 0n,
      bytes: body,
      fields: inner,
      raw: bytes.subarray(from, at),
    })
  }
  return fields
}

function flat(fields: readonly Field[]): Field[] {
  return fields.flatMap((field) => [field, ...flat(field.fields ?? [])])
}

function varintBytes(value: bigint): Uint8Array {
  const out: number[] = []
  let rest = BigInt.asUintN(64, value)
  do {
    out.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0))
    rest >>= 7n
  } while (rest > 0n)
  return Uint8Array.from(out)
}

type Edit = (field: Field, written: Uint8Array) => readonly Uint8Array[]

function isTouched(field: Field, edits: ReadonlyMap<Field, Edit>): boolean {
  return edits.has(field) || (field.fields?.some((inner) => isTouched(inner, edits)) ?? false)
}

/** What is not touched is copied as it was: most of an input is. */
function write(fields: readonly Field[], edits: ReadonlyMap<Field, Edit>): Uint8Array {
  const parts: Uint8Array[] = []
  for (const field of fields) {
    if (field.raw.length > 0 && !isTouched(field, edits)) {
      parts.push(field.raw)
      continue
    }
    const tag = varintBytes((BigInt(field.number) << 3n) | BigInt(field.wire))
    let written: Uint8Array
    if (field.wire === 0) written = joinBytes([tag, varintBytes(field.value)])
    else {
      const body = field.fields ? write(field.fields, edits) : field.bytes
      written =
        field.wire === 2
          ? joinBytes([tag, varintBytes(BigInt(body.length)), body])
          : joinBytes([tag, body])
    }
    parts.push(...(edits.get(field)?.(field, written) ?? [written]))
  }
  return joinBytes(parts)
}

function edit(random: Random, others: Message): Edit {
  const one = (
    field: Partial<Field> & { readonly number: number; readonly wire: number },
  ): Uint8Array =>
    write([{ value: 0n, bytes: empty, fields: undefined, ...field, raw: empty }], new Map())
  switch (random.below(10)) {
    case 0:
      return () => []
    case 1:
      return (_, written) => Array<Uint8Array>(random.once(12) ? 70 : 2).fill(written)
    case 2:
      return (field) => [one({ ...field, number: 1 + random.below(16) })]
    case 3:
      return (field) => [
        one({ ...field, wire: random.pick([0, 1, 2, 5]), bytes: field.bytes.subarray(0, 8) }),
      ]
    case 4:
    case 5:
      return (field) =>
        field.wire === 0
          ? [
              one({
                ...field,
                value: random.once(3)
                  ? BigInt(random.word()) << BigInt(random.below(33))
                  : BigInt(random.pick(hostileNumbers)),
              }),
            ]
          : [
              one({
                ...field,
                fields: undefined,
                bytes: changeBytes(random, field.bytes.slice(), field.bytes),
              }),
            ]
    case 6:
      // A length that is not that of what follows.
      return (field, written) =>
        field.wire === 2
          ? [
              varintBytes((BigInt(field.number) << 3n) | 2n),
              varintBytes(BigInt(random.pick(hostileNumbers))),
              field.bytes,
            ]
          : [written.subarray(0, random.below(written.length + 1))]
    case 7:
      return (field) => [
        one({
          ...field,
          fields: undefined,
          bytes: field.bytes.subarray(0, random.below(field.bytes.length + 1)),
        }),
      ]
    case 8: {
      const other = others.all.length > 0 ? random.pick(others.all) : undefined
      return (_, written) => (other ? [written, one(other)] : [])
    }
    default: {
      const other = others.all.length > 0 ? random.pick(others.all) : undefined
      return (field, written) => [other ? one({ ...other, number: field.number }) : written]
    }
  }
}

export function mutateProtobuf(): Mutator<Uint8Array> {
  return {
    knows: 'fields of messages, nested, with lengths that fit',
    take(input): Message {
      const fields = fieldsOf(input, 0) ?? [
        { number: 1, wire: 2, value: 0n, bytes: input, fields: undefined, raw: empty },
      ]
      return { fields, all: flat(fields) }
    },
    make(random, parts, others) {
      const { fields, all } = parts as Message
      const edits = new Map<Field, Edit>()
      if (all.length > 0)
        for (let i = changes(random); i > 0; i--)
          edits.set(random.pick(all), edit(random, others as Message))
      let bytes = write(fields, edits)
      if (random.once(10)) bytes = changeBytes(random, bytes, bytes)
      return bytes.length > mostLength ? bytes.subarray(0, mostLength) : bytes
    },
  }
}
