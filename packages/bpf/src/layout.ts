/**
 * The layout of C structs as data, its canonical text, and the hash that travels with an object.
 *
 * Two builds have the same hash exactly when every field of the chosen structs has the same name,
 * place, type, and enum constants: decoders generated for one then read the other.
 */
import { createHash } from 'node:crypto'
import { findComposite, resolveType, sizeOfType, type Btf, type BtfComposite } from './btf.ts'
import { BpfError } from './error.ts'

/** What a field is, as far as reading it goes. */
export type FieldShape =
  | {
      readonly kind: 'int'
      readonly sizeBytes: 1 | 2 | 4 | 8
      readonly isSigned: boolean
      readonly isBool: boolean
      /** C name of the enum that it holds. */
      readonly enumName?: string
    }
  | { readonly kind: 'float'; readonly sizeBytes: 4 | 8 }
  | {
      readonly kind: 'bits'
      /** Bytes of the storage unit at the field's offset. */
      readonly sizeBytes: 1 | 2 | 4
      /** First bit inside it, from the least significant. */
      readonly shift: number
      readonly width: number
      readonly isSigned: boolean
    }
  /** `char[]` and `unsigned char[]`. */
  | { readonly kind: 'bytes'; readonly length: number }
  | {
      readonly kind: 'array'
      readonly length: number
      readonly strideBytes: number
      readonly element: FieldShape
    }
  /** Elements of an array of structs: only their places are given. */
  | { readonly kind: 'composite'; readonly name: string; readonly sizeBytes: number }

/** A field, with nested structs and unions flattened into the path of its name. */
export interface LayoutField {
  /** C names from the outermost member in; anonymous members leave no trace. */
  readonly path: readonly string[]
  readonly offset: number
  readonly shape: FieldShape
  /** Tagged `btf_decl_tag("safe_number")`: its values stay below 2^53. */
  readonly isSafeNumber: boolean
}

/** A struct or union, flattened. */
export interface StructLayout {
  /** C name. */
  readonly name: string
  readonly sizeBytes: number
  readonly fields: readonly LayoutField[]
}

/** Constants of a C enum. */
export interface EnumLayout {
  readonly name: string
  readonly values: readonly { readonly name: string; readonly value: bigint }[]
}

/** What generated decoders say about the object that they belong to. */
export interface LayoutClaim {
  /** First 16 hex digits of the SHA-256 of the canonical layout. */
  readonly hash: string
  /** C names of the structs that the hash covers, in its order. */
  readonly structs: readonly string[]
  /** C names of the enums that it covers beside those that fields use. */
  readonly enums?: readonly string[]
}

/** The tag that marks 64-bit fields whose values a JavaScript number holds exactly. */
const safeNumberTag = 'safe_number'

const deepest = 16

function unsupported(message: string): BpfError {
  return new BpfError('BPF_LAYOUT_UNSUPPORTED', message)
}

/** Flattens a struct of the object. Throws `BPF_NOT_FOUND` and `BPF_LAYOUT_UNSUPPORTED`. */
function readStructLayout(btf: Btf, name: string): StructLayout {
  const found = findComposite(btf, name)
  if (!found) {
    throw new BpfError(
      'BPF_NOT_FOUND',
      `no struct ${name} in the object's BTF; a struct used through local pointers only is left ` +
        `out by clang: anchor it with \`const struct ${name} *unused_${name} __attribute__((unused));\``,
    )
  }
  const fields: LayoutField[] = []
  flatten(btf, found.id, found.type, [], 0, fields, 0)
  return { name, sizeBytes: found.type.sizeBytes, fields }
}

// A struct that unions itself through arrays can ask for endless fields: far above any record.
const mostFields = 4096

function flatten(
  btf: Btf,
  id: number,
  composite: BtfComposite,
  path: readonly string[],
  base: number,
  fields: LayoutField[],
  depth: number,
): void {
  if (depth > deepest) throw unsupported(`${path.join('.')} is nested too deeply`)
  const safe = new Set(
    btf.types.flatMap((type) =>
      type.kind === 'declTag' && type.typeId === id && type.name === safeNumberTag
        ? [type.component]
        : [],
    ),
  )
  for (const [index, member] of composite.members.entries()) {
    const here = member.name === '' ? path : [...path, member.name]
    const label = `${composite.name || 'anonymous'}.${here.join('.')}`
    if (fields.length > mostFields) throw unsupported(`${label}: more than ${mostFields} fields`)
    if (member.bitWidth > 0) {
      const shape = bitField(btf, member.typeId, member.bitOffset, member.bitWidth, label)
      fields.push({
        path: here,
        offset: base + shape.at,
        shape: shape.shape,
        isSafeNumber: false,
      })
      continue
    }
    if (member.bitOffset % 8 !== 0) throw unsupported(`${label} is no whole byte`)
    const offset = base + member.bitOffset / 8
    const resolved = resolveType(btf, member.typeId)
    if (resolved.type.kind === 'struct' || resolved.type.kind === 'union') {
      flatten(btf, resolved.id, resolved.type, here, offset, fields, depth + 1)
      continue
    }
    fields.push({
      path: here,
      offset,
      shape: shapeOf(btf, member.typeId, label, depth),
      isSafeNumber: safe.has(index),
    })
  }
}

function bitField(
  btf: Btf,
  typeId: number,
  bitOffset: number,
  width: number,
  label: string,
): { at: number; shape: FieldShape } {
  const { type } = resolveType(btf, typeId)
  if (type.kind !== 'int' && type.kind !== 'enum') throw unsupported(`${label}: odd bit-field`)
  // The smallest aligned unit that holds all its bits, so that one read is enough.
  for (const sizeBytes of [1, 2, 4] as const) {
    const unit = sizeBytes * 8
    const start = Math.floor(bitOffset / unit) * unit
    if (bitOffset + width <= start + unit) {
      return {
        at: start / 8,
        shape: {
          kind: 'bits',
          sizeBytes,
          shift: bitOffset - start,
          width,
          isSigned: type.isSigned,
        },
      }
    }
  }
  throw unsupported(`${label}: a bit-field of ${width} bits that no 32-bit word holds`)
}

function shapeOf(btf: Btf, typeId: number, label: string, depth: number): FieldShape {
  if (depth > deepest) throw unsupported(`${label} is nested too deeply`)
  const { type } = resolveType(btf, typeId)
  switch (type.kind) {
    case 'int':
    case 'enum': {
      const { sizeBytes } = type
      if (sizeBytes !== 1 && sizeBytes !== 2 && sizeBytes !== 4 && sizeBytes !== 8) {
        throw unsupported(`${label}: an integer of ${sizeBytes} bytes`)
      }
      return {
        kind: 'int',
        sizeBytes,
        isSigned: type.isSigned,
        isBool: type.kind === 'int' && type.isBool,
        ...(type.kind === 'enum' && type.name !== '' ? { enumName: type.name } : {}),
      }
    }
    case 'float':
      if (type.sizeBytes !== 4 && type.sizeBytes !== 8) {
        throw unsupported(`${label}: a float of ${type.sizeBytes} bytes`)
      }
      return { kind: 'float', sizeBytes: type.sizeBytes }
    case 'array': {
      const element = resolveType(btf, type.typeId).type
      if (element.kind === 'int' && element.sizeBytes === 1 && !element.isBool) {
        return { kind: 'bytes', length: type.length }
      }
      return {
        kind: 'array',
        length: type.length,
        strideBytes: sizeOfType(btf, type.typeId),
        element: shapeOf(btf, type.typeId, label, depth + 1),
      }
    }
    case 'struct':
    case 'union':
      return { kind: 'composite', name: type.name, sizeBytes: type.sizeBytes }
    case 'pointer':
      throw unsupported(`${label} is a pointer: it means nothing outside the kernel`)
    default:
      throw unsupported(`${label} is a ${type.kind}`)
  }
}

/** The enum of that C name. Throws `BPF_NOT_FOUND`. */
function readEnumLayout(btf: Btf, name: string): EnumLayout {
  for (const type of btf.types) {
    if (type.kind === 'enum' && type.name === name) return { name, values: type.values }
  }
  throw new BpfError('BPF_NOT_FOUND', `no enum ${name} in the object's BTF`)
}

function shapeText(shape: FieldShape): string {
  switch (shape.kind) {
    case 'int': {
      const letter = shape.isBool ? 'b' : shape.isSigned ? 'i' : 'u'
      const of = shape.enumName === undefined ? '' : `:${shape.enumName}`
      return `${letter}${shape.sizeBytes * 8}${of}`
    }
    case 'float':
      return `f${shape.sizeBytes * 8}`
    case 'bits':
      return `${shape.isSigned ? 'i' : 'u'}${shape.sizeBytes * 8}<${shape.shift}+${shape.width}>`
    case 'bytes':
      return `bytes[${shape.length}]`
    case 'array':
      return `${shapeText(shape.element)}[${shape.length}/${shape.strideBytes}]`
    case 'composite':
      return `struct ${shape.name}{${shape.sizeBytes}}`
  }
}

/** Names of the enums that fields of these structs hold, sorted. */
function enumsOf(structs: readonly StructLayout[]): string[] {
  const names = new Set<string>()
  const visit = (shape: FieldShape): void => {
    if (shape.kind === 'int' && shape.enumName !== undefined) names.add(shape.enumName)
    if (shape.kind === 'array') visit(shape.element)
  }
  for (const struct of structs) for (const field of struct.fields) visit(field.shape)
  return [...names].toSorted()
}

/** The text that is hashed: one line per struct, field and enum constant. */
function canonicalLayout(structs: readonly StructLayout[], enums: readonly EnumLayout[]): string {
  const lines: string[] = []
  for (const struct of structs) {
    lines.push(`struct ${struct.name} ${struct.sizeBytes}`)
    for (const field of struct.fields) {
      const safe = field.isSafeNumber ? ' safe' : ''
      lines.push(` ${field.offset} ${shapeText(field.shape)} ${field.path.join('.')}${safe}`)
    }
  }
  for (const one of enums) {
    lines.push(`enum ${one.name}`, ...one.values.map(({ name, value }) => ` ${name}=${value}`))
  }
  return `${lines.join('\n')}\n`
}

/** First 16 hex digits of the SHA-256 of a canonical layout. */
function layoutHash(canonical: string): string {
  return createHash('sha256').update(canonical).digest('hex').slice(0, 16)
}

/** Layouts of structs and enums of an object, with their hash. */
export interface ObjectLayout {
  readonly structs: readonly StructLayout[]
  readonly enums: readonly EnumLayout[]
  readonly hash: string
}

/** Reads and hashes layouts: structs as given, enums those of the fields and those given, sorted. */
export function readObjectLayout(
  btf: Btf,
  structNames: readonly string[],
  enumNames: readonly string[] = [],
): ObjectLayout {
  const structs = structNames.map((name) => readStructLayout(btf, name))
  const names = [...new Set([...enumsOf(structs), ...enumNames])].toSorted()
  const enums = names.map((name) => readEnumLayout(btf, name))
  return { structs, enums, hash: layoutHash(canonicalLayout(structs, enums)) }
}

/** Throws `BPF_LAYOUT_MISMATCH` unless the object has the layout that decoders claim. */
export function checkLayout(btf: Btf, claim: LayoutClaim, objectName: string): void {
  let hash: string
  try {
    hash = readObjectLayout(btf, claim.structs, claim.enums).hash
  } catch (cause) {
    throw new BpfError('BPF_LAYOUT_MISMATCH', `${objectName} lacks structs of its decoders`, {
      cause,
    })
  }
  if (hash === claim.hash) return
  throw new BpfError(
    'BPF_LAYOUT_MISMATCH',
    `${objectName} has layout ${hash}, its decoders were generated for ${claim.hash}`,
  )
}
