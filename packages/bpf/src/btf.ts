/**
 * Reads BTF, the type information inside an eBPF object file.
 *
 * Made for our own objects (about 25 KB). The kernel's own BTF (126,000 types, tens of MB that do
 * not come back) is left to libbpf. Format: Documentation/bpf/btf.rst of the kernel.
 * Any input gives types or a `BpfError`; sizes and cycles are checked.
 */
import { BpfError } from './error.ts'

/** A member of a struct or union. */
export interface BtfMember {
  /** Empty for an anonymous struct or union. */
  readonly name: string
  readonly typeId: number
  readonly bitOffset: number
  /** 0 when it is no bit-field. */
  readonly bitWidth: number
}

/** One type. `name` is empty where C gives none. */
export type BtfType =
  | { readonly kind: 'void' }
  | {
      readonly kind: 'int'
      readonly name: string
      readonly sizeBytes: number
      readonly isSigned: boolean
      readonly isChar: boolean
      readonly isBool: boolean
      readonly bits: number
    }
  | { readonly kind: 'float'; readonly name: string; readonly sizeBytes: number }
  | { readonly kind: 'pointer'; readonly typeId: number }
  | {
      readonly kind: 'array'
      readonly typeId: number
      readonly indexTypeId: number
      readonly length: number
    }
  | {
      readonly kind: 'struct' | 'union'
      readonly name: string
      readonly sizeBytes: number
      readonly members: readonly BtfMember[]
    }
  | {
      readonly kind: 'enum'
      readonly name: string
      readonly sizeBytes: number
      readonly isSigned: boolean
      readonly values: readonly { readonly name: string; readonly value: bigint }[]
    }
  | { readonly kind: 'forward'; readonly name: string }
  | {
      readonly kind: 'typedef' | 'volatile' | 'const' | 'restrict' | 'typeTag'
      readonly name: string
      readonly typeId: number
    }
  | { readonly kind: 'function'; readonly name: string; readonly typeId: number }
  | {
      readonly kind: 'prototype'
      readonly typeId: number
      readonly parameters: readonly { readonly name: string; readonly typeId: number }[]
    }
  | {
      readonly kind: 'variable'
      readonly name: string
      readonly typeId: number
      readonly linkage: number
    }
  | {
      readonly kind: 'section'
      readonly name: string
      readonly sizeBytes: number
      readonly variables: readonly {
        readonly typeId: number
        readonly offset: number
        readonly sizeBytes: number
      }[]
    }
  | {
      readonly kind: 'declTag'
      readonly name: string
      readonly typeId: number
      /** Member or parameter that is tagged; -1 for the type itself. */
      readonly component: number
    }

/** A struct or union. */
export type BtfComposite = Extract<BtfType, { kind: 'struct' | 'union' }>

/** All types of an object; a type's id is its index, 0 being void. */
export interface Btf {
  readonly types: readonly BtfType[]
}

function invalid(message: string): BpfError {
  return new BpfError('BPF_BTF_INVALID', `bad BTF: ${message}`)
}

const headerLength = 24
// The kernel's own limit on type ids (BTF_MAX_TYPE).
const mostTypes = 0x0f_ffff
const longestName = 512
const utf8 = new TextDecoder()

/** Parses the bytes of a `.BTF` section. Throws `BPF_BTF_INVALID`. */
export function parseBtf(bytes: Uint8Array): Btf {
  if (bytes.length < headerLength) throw invalid('too short for a header')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint16(0, true) !== 0xeb9f) throw invalid('no magic')
  if (view.getUint8(2) !== 1) throw invalid(`version ${view.getUint8(2)}`)
  const base = view.getUint32(4, true)
  const typesAt = base + view.getUint32(8, true)
  const typesEnd = typesAt + view.getUint32(12, true)
  const stringsAt = base + view.getUint32(16, true)
  const stringsEnd = stringsAt + view.getUint32(20, true)
  if (base < headerLength || typesEnd > bytes.length || stringsEnd > bytes.length) {
    throw invalid('sections past the end')
  }

  function nameAt(offset: number): string {
    const start = stringsAt + offset
    if (start >= stringsEnd) throw invalid(`name at ${offset} past the strings`)
    const limit = Math.min(stringsEnd, start + longestName)
    let end = start
    while (end < limit && bytes[end] !== 0) end += 1
    return utf8.decode(bytes.subarray(start, end))
  }

  const types: BtfType[] = [{ kind: 'void' }]
  let at = typesAt
  function need(length: number): void {
    if (at + length > typesEnd) throw invalid(`type ${types.length} runs past the types`)
  }
  function next(): number {
    const value = view.getUint32(at, true)
    at += 4
    return value
  }

  while (at < typesEnd) {
    if (types.length > mostTypes) throw invalid('too many types')
    need(12)
    const name = nameAt(next())
    const info = next()
    const sizeOrType = next()
    const count = info & 0xffff
    const kind = (info >>> 24) & 0x1f
    const flag = info >>> 31 === 1
    switch (kind) {
      case 1: {
        need(4)
        const encoding = next()
        const bits = encoding & 0xff
        const flags = (encoding >>> 24) & 0xf
        if (sizeOrType === 0 || sizeOrType > 16 || bits > sizeOrType * 8) {
          throw invalid(`integer ${name} of ${sizeOrType} bytes`)
        }
        types.push({
          kind: 'int',
          name,
          sizeBytes: sizeOrType,
          isSigned: (flags & 1) !== 0,
          isChar: (flags & 2) !== 0 || name === 'char',
          isBool: (flags & 4) !== 0,
          bits,
        })
        break
      }
      case 2:
        types.push({ kind: 'pointer', typeId: sizeOrType })
        break
      case 3: {
        need(12)
        const typeId = next()
        const indexTypeId = next()
        types.push({ kind: 'array', typeId, indexTypeId, length: next() })
        break
      }
      case 4:
      case 5: {
        need(count * 12)
        const members: BtfMember[] = []
        for (let i = 0; i < count; i++) {
          const memberName = nameAt(next())
          const typeId = next()
          const offset = next()
          members.push({
            name: memberName,
            typeId,
            bitOffset: flag ? offset & 0xff_ffff : offset,
            bitWidth: flag ? offset >>> 24 : 0,
          })
        }
        types.push({ kind: kind === 4 ? 'struct' : 'union', name, sizeBytes: sizeOrType, members })
        break
      }
      case 6: {
        need(count * 8)
        const values = []
        for (let i = 0; i < count; i++) {
          const valueName = nameAt(next())
          const value = next()
          values.push({ name: valueName, value })
        }
        // clang 14 does not set the flag: constants were signed by definition then, so one with
        // the top bit set is a negative one.
        const isSigned = flag || values.some(({ value }) => value > 0x7fff_ffff)
        types.push({
          kind: 'enum',
          name,
          sizeBytes: sizeOrType,
          isSigned,
          values: values.map((one) => ({
            name: one.name,
            value: BigInt(isSigned ? one.value | 0 : one.value),
          })),
        })
        break
      }
      case 7:
        types.push({ kind: 'forward', name })
        break
      case 8:
        types.push({ kind: 'typedef', name, typeId: sizeOrType })
        break
      case 9:
        types.push({ kind: 'volatile', name, typeId: sizeOrType })
        break
      case 10:
        types.push({ kind: 'const', name, typeId: sizeOrType })
        break
      case 11:
        types.push({ kind: 'restrict', name, typeId: sizeOrType })
        break
      case 12:
        types.push({ kind: 'function', name, typeId: sizeOrType })
        break
      case 13: {
        need(count * 8)
        const parameters = []
        for (let i = 0; i < count; i++) {
          const parameterName = nameAt(next())
          parameters.push({ name: parameterName, typeId: next() })
        }
        types.push({ kind: 'prototype', typeId: sizeOrType, parameters })
        break
      }
      case 14:
        need(4)
        types.push({ kind: 'variable', name, typeId: sizeOrType, linkage: next() })
        break
      case 15: {
        need(count * 12)
        const variables = []
        for (let i = 0; i < count; i++) {
          const typeId = next()
          const offset = next()
          variables.push({ typeId, offset, sizeBytes: next() })
        }
        types.push({ kind: 'section', name, sizeBytes: sizeOrType, variables })
        break
      }
      case 16:
        types.push({ kind: 'float', name, sizeBytes: sizeOrType })
        break
      case 17:
        need(4)
        types.push({ kind: 'declTag', name, typeId: sizeOrType, component: next() | 0 })
        break
      case 18:
        types.push({ kind: 'typeTag', name, typeId: sizeOrType })
        break
      case 19: {
        need(count * 12)
        const values = []
        for (let i = 0; i < count; i++) {
          const valueName = nameAt(next())
          const low = next()
          const value = (BigInt(next()) << 32n) | BigInt(low)
          values.push({ name: valueName, value: flag ? BigInt.asIntN(64, value) : value })
        }
        types.push({ kind: 'enum', name, sizeBytes: sizeOrType, isSigned: flag, values })
        break
      }
      default:
        throw invalid(`unknown kind ${kind}`)
    }
  }
  return { types }
}

/** The type with that id, or `BPF_BTF_INVALID`. */
function btfType(btf: Btf, id: number): BtfType {
  const type = btf.types[id]
  if (!type) throw invalid(`no type ${id}`)
  return type
}

// Longer chains are cycles: C cannot write one this long by accident.
const longestChain = 64

/** Follows typedef, const, volatile, restrict and tags to the type behind them. */
export function resolveType(btf: Btf, id: number): { readonly id: number; readonly type: BtfType } {
  let current = id
  for (let step = 0; step < longestChain; step++) {
    const type = btfType(btf, current)
    switch (type.kind) {
      case 'typedef':
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'typeTag':
        current = type.typeId
        break
      default:
        return { id: current, type }
    }
  }
  throw invalid(`type ${id} never ends`)
}

/** Size in bytes. Throws `BPF_BTF_INVALID` for types that have none and for cycles. */
export function sizeOfType(btf: Btf, id: number): number {
  let elements = 1
  let current = id
  for (let step = 0; step < longestChain; step++) {
    const { type } = resolveType(btf, current)
    if (type.kind === 'array') {
      elements *= type.length
      current = type.typeId
      continue
    }
    const size = sizeOfPlain(type)
    const total = size * elements
    if (!Number.isSafeInteger(total) || total > 0x7fff_ffff) throw invalid(`type ${id} is too big`)
    return total
  }
  throw invalid(`type ${id} never ends`)
}

function sizeOfPlain(type: BtfType): number {
  switch (type.kind) {
    case 'int':
    case 'float':
    case 'struct':
    case 'union':
    case 'enum':
    case 'section':
      return type.sizeBytes
    case 'pointer':
      return 8
    default:
      throw invalid(`a ${type.kind} has no size`)
  }
}

/** The struct or union of that C name, or undefined. */
export function findComposite(
  btf: Btf,
  name: string,
): { readonly id: number; readonly type: BtfComposite } | undefined {
  for (const [id, type] of btf.types.entries()) {
    if ((type.kind === 'struct' || type.kind === 'union') && type.name === name) return { id, type }
  }
  // `typedef struct { ... } name` has its name on the typedef only.
  for (const [id, type] of btf.types.entries()) {
    if (type.kind !== 'typedef' || type.name !== name) continue
    const resolved = resolveType(btf, id)
    if (resolved.type.kind === 'struct' || resolved.type.kind === 'union') {
      return { id: resolved.id, type: resolved.type }
    }
  }
  return undefined
}
