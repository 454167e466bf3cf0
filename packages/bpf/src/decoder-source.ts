/**
 * Writes TypeScript that reads C structs in place, from the BTF of a compiled object: the C struct
 * is the only schema.
 *
 * Pure: layouts in, source text out; the same layouts give the same bytes, so that a check can
 * generate again and compare.
 */
import { parseBtf, type Btf } from './btf.ts'
import { parseElf, requireSection } from './elf.ts'
import { BpfError } from './error.ts'
import {
  readObjectLayout,
  type EnumLayout,
  type FieldShape,
  type LayoutField,
  type StructLayout,
} from './layout.ts'

/** A struct to write a decoder for. */
export interface DecoderStruct {
  /** C name, without `struct`. */
  readonly name: string
  /** Name in TypeScript, camelCase; default from the C name without `stripPrefix`. */
  readonly as?: string
  /** 64-bit fields (dotted C path) that never reach 2^53, besides those tagged so in C. */
  readonly safeNumbers?: readonly string[]
}

/** What to generate. */
export interface DecoderOptions {
  readonly structs: readonly DecoderStruct[]
  /** Enums to write although no field has their type. */
  readonly enums?: readonly string[]
  /** Prefix of C names that TypeScript names go without, `hg_`. */
  readonly stripPrefix?: string
  /** Module that exports this package. Default `@honeyguide/bpf`. */
  readonly importFrom?: string
  /** Line in the head that says how to generate the file again. */
  readonly regenerate?: string
}

/** Generates decoders from an object file's bytes. Throws `BPF_LAYOUT_UNSUPPORTED` and others. */
export function generateDecoders(objectFile: Uint8Array, options: DecoderOptions): string {
  return writeDecoders(parseBtf(requireSection(parseElf(objectFile), '.BTF').bytes), options)
}

/** Generates decoders from parsed BTF. */
export function writeDecoders(btf: Btf, options: DecoderOptions): string {
  const { stripPrefix = '', importFrom = '@honeyguide/bpf' } = options
  const layout = readObjectLayout(
    btf,
    options.structs.map((struct) => struct.name),
    options.enums,
  )
  const head = [
    '/**',
    ' * Generated from BTF; do not edit.',
    ...(options.regenerate === undefined ? [] : [` * Again: ${comment(options.regenerate)}`]),
    ' */',
    `import type { LayoutClaim, RecordMemory } from ${quote(importFrom)}`,
    '',
    '/** The layout that these decoders are for; pass it to `openObject`. */',
    'export const layout = {',
    `  hash: ${quote(layout.hash)},`,
    `  structs: [${layout.structs.map((struct) => quote(struct.name)).join(', ')}],`,
    `  enums: [${layout.enums.map((one) => quote(one.name)).join(', ')}],`,
    '} as const satisfies LayoutClaim',
  ]
  const parts = [head.join('\n')]
  for (const one of layout.enums) parts.push(enumSource(one, stripPrefix))
  for (const [i, struct] of layout.structs.entries()) {
    const wanted = options.structs[i]
    parts.push(
      structSource(
        struct,
        wanted?.as ?? camelCase(withoutPrefix(struct.name, stripPrefix)),
        new Set(wanted?.safeNumbers ?? []),
      ),
    )
  }
  return `${parts.join('\n\n')}\n`
}

/** `boot_ns` to `bootNs`. */
export function camelCase(name: string): string {
  const plain = name.replace(/^_+/, '')
  return plain.replace(/_+([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

function withoutPrefix(name: string, prefix: string): string {
  return prefix !== '' && name.startsWith(prefix) ? name.slice(prefix.length) : name
}

function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n')}'`
}

function comment(text: string): string {
  return text.replaceAll('*/', '* /')
}

function identifier(name: string, from: string): string {
  if (/^[A-Za-z$_][A-Za-z0-9$_]*$/.test(name)) return name
  throw new BpfError('BPF_LAYOUT_UNSUPPORTED', `${from} gives no TypeScript name (${name})`)
}

function enumSource(one: EnumLayout, stripPrefix: string): string {
  const name = identifier(camelCase(withoutPrefix(one.name, stripPrefix)), one.name)
  const most = BigInt(Number.MAX_SAFE_INTEGER)
  const lines = one.values.map(({ name: constant, value }) => {
    const isSafe = value <= most && value >= -most
    return `  ${identifier(constant, one.name)}: ${value}${isSafe ? '' : 'n'},`
  })
  return [`/** enum ${one.name} */`, `export const ${name} = {`, ...lines, '} as const'].join('\n')
}

interface Accessor {
  readonly name: string
  readonly field: LayoutField
  /** TypeScript type of what is read. */
  readonly type: string
  /** Parameters after memory and position. */
  readonly parameters: string
  readonly body: string
  readonly doc: string
}

/** Padding has a place in the hash and nothing to read. */
function isPadding(field: LayoutField): boolean {
  return /^_*(?:pad|padding|reserved|unused)\d*$/.test(field.path.at(-1) ?? '')
}

function structSource(
  struct: StructLayout,
  alias: string,
  safeNumbers: ReadonlySet<string>,
): string {
  const name = identifier(alias, struct.name)
  const type = capitalised(name)
  const accessors: Accessor[] = []
  const columns: { name: string; type: string; create: string; copy: string }[] = []
  const offsets: string[] = []
  const taken = new Set<string>()
  const unknownSafe = new Set(safeNumbers)

  function claim(wanted: string, field: LayoutField): string {
    if (taken.has(wanted)) {
      throw new BpfError(
        'BPF_LAYOUT_UNSUPPORTED',
        `struct ${struct.name}: two fields are called ${wanted} (${field.path.join('.')})`,
      )
    }
    taken.add(wanted)
    return identifier(wanted, field.path.join('.'))
  }

  for (const field of struct.fields) {
    if (isPadding(field)) continue
    const path = field.path.join('.')
    unknownSafe.delete(path)
    const base = claim(camelCase(field.path.join('_')), field)
    const isSafe = field.isSafeNumber || safeNumbers.has(path)
    offsets.push(`  ${base}: ${field.offset},`)
    const read = readSource(field.shape, field.offset)
    const doc = `${describe(field.shape)} ${path}`
    accessors.push({ name: base, field, doc, ...read })
    const isWide = field.shape.kind === 'int' && field.shape.sizeBytes === 8
    if (isSafe && isWide && field.shape.kind === 'int') {
      accessors.push({
        name: claim(`${base}Number`, field),
        field,
        doc: `${doc}, exact below 2^53`,
        type: 'number',
        parameters: '',
        body: wideNumber(field.offset, field.shape.isSigned),
      })
    }
    columns.push(...columnSource(base, name, field, isSafe && isWide))
  }
  for (const path of unknownSafe) {
    throw new BpfError('BPF_NOT_FOUND', `struct ${struct.name} has no field ${path}`)
  }

  const lines: string[] = [
    `/** Bytes of one struct ${struct.name}. */`,
    `export const ${name}SizeBytes = ${struct.sizeBytes}`,
    '',
    `/** Byte offsets of its fields. */`,
    `export const ${name}Offsets = {`,
    ...offsets,
    '} as const',
    '',
    `/** Reads single fields of the struct ${struct.name} at byte \`at\` of \`m\`. */`,
    `export const ${name} = {`,
  ]
  for (const accessor of accessors) {
    lines.push(
      `  /** ${comment(accessor.doc)} */`,
      `  ${accessor.name}: (m: RecordMemory, at: number${accessor.parameters}): ${accessor.type} =>`,
      `    ${accessor.body},`,
    )
  }
  lines.push('} as const', '')

  lines.push(
    `/** A struct ${struct.name} as an object of its own. */`,
    `export interface ${type} {`,
    ...accessors.map((one) => `  readonly ${one.name}: ${objectType(one)}`),
    '}',
    '',
    `/** Copies the struct at byte \`at\` into an object: convenient, not for hot paths. */`,
    `export function read${type}(m: RecordMemory, at: number): ${type} {`,
    '  return {',
    ...accessors.map((one) => `    ${one.name}: ${objectValue(one, name)},`),
    '  }',
    '}',
    '',
    `/** Columns for many of them; byte arrays lie one after another. */`,
    `export interface ${type}Columns {`,
    ...columns.map((column) => `  readonly ${column.name}: ${column.type}`),
    '}',
    '',
    `/** Makes columns with room for \`capacity\` rows. */`,
    `export function create${type}Columns(capacity: number): ${type}Columns {`,
    '  return {',
    ...columns.map((column) => `    ${column.name}: ${column.create},`),
    '  }',
    '}',
    '',
    `/** Copies the struct at byte \`at\` into row \`row\`. */`,
    `export function copy${type}(`,
    '  m: RecordMemory,',
    '  at: number,',
    `  columns: ${type}Columns,`,
    '  row: number,',
    '): void {',
    ...columns.map((column) => `  ${column.copy}`),
    '}',
  )
  return lines.join('\n')
}

function describe(shape: FieldShape): string {
  switch (shape.kind) {
    case 'int':
      if (shape.enumName !== undefined) return `enum ${shape.enumName}`
      if (shape.isBool) return 'bool'
      return `${shape.isSigned ? 's' : 'u'}${shape.sizeBytes * 8}`
    case 'float':
      return shape.sizeBytes === 4 ? 'float' : 'double'
    case 'bits':
      return `${shape.width} ${shape.width === 1 ? 'bit' : 'bits'}`
    case 'bytes':
      return `${shape.length} bytes`
    case 'array':
      return `${shape.length} of ${describe(shape.element)}`
    case 'composite':
      return `struct ${shape.name}`
  }
}

type Read = Pick<Accessor, 'type' | 'parameters' | 'body'>

function readSource(shape: FieldShape, offset: number): Read {
  switch (shape.kind) {
    case 'bytes':
      return {
        type: 'Uint8Array',
        parameters: '',
        body: `m.u8.subarray(at + ${offset}, at + ${offset + shape.length})`,
      }
    case 'array': {
      const at = `(at + ${offset} + index * ${shape.strideBytes})`
      return { ...elementRead(shape.element, at, offset), parameters: ', index: number' }
    }
    case 'composite':
      return { type: 'number', parameters: '', body: `at + ${offset}` }
    default:
      return {
        ...elementRead(shape, offset === 0 ? 'at' : `(at + ${offset})`, offset),
        parameters: '',
      }
  }
}

function elementRead(shape: FieldShape, at: string, offset: number): Omit<Read, 'parameters'> {
  switch (shape.kind) {
    case 'int': {
      const body = integer(shape.sizeBytes, shape.isSigned, at, offset)
      if (shape.isBool) return { type: 'boolean', body: `${body} !== 0` }
      return { type: shape.sizeBytes === 8 ? 'bigint' : 'number', body }
    }
    case 'float': {
      const bits = shape.sizeBytes * 8
      const body =
        offset % shape.sizeBytes === 0
          ? `m.f${bits}[${at} >>> ${shape.sizeBytes === 4 ? 2 : 3}] as number`
          : `m.view.getFloat${bits}(${at}, true)`
      return { type: 'number', body }
    }
    case 'bits': {
      const word = `(${integer(shape.sizeBytes, false, at, offset)})`
      const up = 32 - shape.shift - shape.width
      const down = 32 - shape.width
      // Shifting left first drops the bits above; the second shift is arithmetic for signed ones.
      const shifted = up === 0 ? word : `(${word} << ${up})`
      return { type: 'number', body: `${shifted} ${shape.isSigned ? '>>' : '>>>'} ${down}` }
    }
    case 'composite':
      return { type: 'number', body: at.startsWith('(') ? at.slice(1, -1) : at }
    default:
      throw new BpfError('BPF_LAYOUT_UNSUPPORTED', `arrays of ${describe(shape)} have no decoder`)
  }
}

// Records start at multiples of 8, so a field is aligned when its offset is.
function integer(sizeBytes: number, isSigned: boolean, at: string, offset: number): string {
  const letter = isSigned ? 'i' : 'u'
  if (sizeBytes === 1) return `m.${letter}8[${at}] as number`
  const bits = sizeBytes * 8
  if (offset % sizeBytes === 0) {
    const shift = Math.log2(sizeBytes)
    return `m.${letter}${bits}[${at} >>> ${shift}] as ${sizeBytes === 8 ? 'bigint' : 'number'}`
  }
  const big = sizeBytes === 8 ? 'Big' : ''
  return `m.view.get${big}${isSigned ? 'Int' : 'Uint'}${bits}(${at}, true)`
}

function wideNumber(offset: number, isSigned: boolean): string {
  const high = isSigned ? 'i32' : 'u32'
  if (offset % 4 === 0) {
    return (
      `(m.u32[(at + ${offset}) >>> 2] as number) + ` +
      `(m.${high}[(at + ${offset + 4}) >>> 2] as number) * 0x1_0000_0000`
    )
  }
  return (
    `m.view.getUint32(at + ${offset}, true) + ` +
    `m.view.get${isSigned ? 'Int' : 'Uint'}32(at + ${offset + 4}, true) * 0x1_0000_0000`
  )
}

function objectType(accessor: Accessor): string {
  const { shape } = accessor.field
  return shape.kind === 'array' ? `readonly ${accessor.type}[]` : accessor.type
}

function objectValue(accessor: Accessor, structName: string): string {
  const { shape } = accessor.field
  const call = `${structName}.${accessor.name}(m, at`
  if (shape.kind === 'bytes') return `${call}).slice()`
  if (shape.kind === 'array') {
    return `Array.from({ length: ${shape.length} }, (_, i) => ${call}, i))`
  }
  return `${call})`
}

function columnSource(
  base: string,
  structName: string,
  field: LayoutField,
  isSafeWide: boolean,
): { name: string; type: string; create: string; copy: string }[] {
  const { shape, offset } = field
  if (shape.kind === 'bytes') {
    return [
      {
        name: base,
        type: 'Uint8Array',
        create: `new Uint8Array(capacity * ${shape.length})`,
        copy:
          `columns.${base}.set(m.u8.subarray(at + ${offset}, at + ${offset + shape.length}), ` +
          `row * ${shape.length})`,
      },
    ]
  }
  if (shape.kind === 'composite') return []
  if (shape.kind === 'array') {
    if (shape.element.kind === 'composite') return []
    const array = arrayFor(shape.element, false)
    return [
      {
        name: base,
        type: array,
        create: `new ${array}(capacity * ${shape.length})`,
        copy:
          `for (let i = 0; i < ${shape.length}; i++) ` +
          `columns.${base}[row * ${shape.length} + i] = ${asNumber(shape.element, `${structName}.${base}(m, at, i)`)}`,
      },
    ]
  }
  const array = arrayFor(shape, isSafeWide)
  const read = `${structName}.${base}${isSafeWide ? 'Number' : ''}(m, at)`
  return [
    {
      name: base,
      type: array,
      create: `new ${array}(capacity)`,
      copy: `columns.${base}[row] = ${asNumber(shape, read)}`,
    },
  ]
}

function asNumber(shape: FieldShape, read: string): string {
  return shape.kind === 'int' && shape.isBool ? `${read} ? 1 : 0` : read
}

function arrayFor(shape: FieldShape, isSafeWide: boolean): string {
  if (isSafeWide) return 'Float64Array'
  switch (shape.kind) {
    case 'float':
      return shape.sizeBytes === 4 ? 'Float32Array' : 'Float64Array'
    case 'bits':
      return shape.isSigned ? 'Int32Array' : 'Uint32Array'
    case 'int': {
      const sign = shape.isSigned ? 'Int' : 'Uint'
      return shape.sizeBytes === 8 ? `Big${sign}64Array` : `${sign}${shape.sizeBytes * 8}Array`
    }
    default:
      throw new BpfError('BPF_LAYOUT_UNSUPPORTED', `${describe(shape)} has no column`)
  }
}
