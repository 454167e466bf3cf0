/**
 * Turns map keys, map values and global variables into JavaScript values and back, led by BTF.
 *
 * Convenient rather than fast: made for configuration and counters. Records of a ring are read by
 * generated decoders. How C appears in JavaScript:
 * integers up to 32 bit, enums and floats are numbers; 64 bit are bigints (a safe integer is taken
 * too when writing); `char[]` and `unsigned char[]` are Uint8Array (strings are taken when
 * writing); other arrays are arrays; structs are objects by C member name, with anonymous members
 * flattened; unions are written by the one member that is given, and read as all of them.
 */
import { resolveType, type Btf, type BtfType } from './btf.ts'
import { BpfError } from './error.ts'

/** Reads and writes one C type at a byte offset. */
export interface ValueCodec {
  readonly sizeBytes: number
  read(view: DataView, at: number): unknown
  /** Throws `BPF_ARGUMENT` for a value that does not fit the type. */
  write(view: DataView, at: number, value: unknown): void
}

const text = new TextEncoder()
const deepest = 16

/** The codec of a type. Throws `BPF_LAYOUT_UNSUPPORTED` for what has no JavaScript form. */
export function createValueCodec(btf: Btf, typeId: number, depth: number = 0): ValueCodec {
  if (depth > deepest) {
    throw new BpfError('BPF_LAYOUT_UNSUPPORTED', `type ${typeId} is nested too deeply`)
  }
  const { type } = resolveType(btf, typeId)
  switch (type.kind) {
    case 'int':
      return integerCodec(type.sizeBytes, type.isSigned, type.name)
    case 'enum':
      return integerCodec(type.sizeBytes, type.isSigned, type.name)
    case 'pointer':
      return integerCodec(8, false, 'pointer')
    case 'float':
      return floatCodec(type.sizeBytes)
    case 'array': {
      const element = resolveType(btf, type.typeId).type
      if (element.kind === 'int' && element.sizeBytes === 1) return bytesCodec(type.length)
      return arrayCodec(createValueCodec(btf, type.typeId, depth + 1), type.length)
    }
    case 'struct':
    case 'union':
      return compositeCodec(btf, type, depth)
    default:
      throw new BpfError('BPF_LAYOUT_UNSUPPORTED', `a ${type.kind} has no JavaScript form`)
  }
}

/** Raw bytes of a fixed length, for maps without type information. */
export function bytesCodec(length: number): ValueCodec {
  return {
    sizeBytes: length,
    read: (view, at) => new Uint8Array(view.buffer, view.byteOffset + at, length).slice(),
    write(view, at, value) {
      const bytes = typeof value === 'string' ? text.encode(value) : value
      if (!(bytes instanceof Uint8Array) || bytes.length > length) {
        throw new BpfError('BPF_ARGUMENT', `expected at most ${length} bytes`)
      }
      const target = new Uint8Array(view.buffer, view.byteOffset + at, length)
      target.fill(0)
      target.set(bytes)
    },
  }
}

function integerCodec(sizeBytes: number, isSigned: boolean, name: string): ValueCodec {
  if (sizeBytes !== 1 && sizeBytes !== 2 && sizeBytes !== 4 && sizeBytes !== 8) {
    throw new BpfError('BPF_LAYOUT_UNSUPPORTED', `integers of ${sizeBytes} bytes (${name})`)
  }
  const bits = BigInt(sizeBytes * 8)
  const least = isSigned ? -(1n << (bits - 1n)) : 0n
  const most = isSigned ? (1n << (bits - 1n)) - 1n : (1n << bits) - 1n

  function check(value: unknown): bigint {
    if (typeof value === 'boolean') return value ? 1n : 0n
    const isInteger =
      typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value))
    if (!isInteger) throw new BpfError('BPF_ARGUMENT', `expected an integer for ${name}`)
    const wide = BigInt(value)
    if (wide < least || wide > most) {
      throw new BpfError('BPF_ARGUMENT', `${wide} does not fit ${name} (${sizeBytes} bytes)`)
    }
    return wide
  }

  switch (sizeBytes) {
    case 1:
      return {
        sizeBytes,
        read: (view, at) => (isSigned ? view.getInt8(at) : view.getUint8(at)),
        write: (view, at, value) => view.setUint8(at, Number(check(value))),
      }
    case 2:
      return {
        sizeBytes,
        read: (view, at) => (isSigned ? view.getInt16(at, true) : view.getUint16(at, true)),
        write: (view, at, value) => view.setUint16(at, Number(check(value)), true),
      }
    case 4:
      return {
        sizeBytes,
        read: (view, at) => (isSigned ? view.getInt32(at, true) : view.getUint32(at, true)),
        write: (view, at, value) => view.setUint32(at, Number(check(value)), true),
      }
    case 8:
      return {
        sizeBytes,
        read: (view, at) => (isSigned ? view.getBigInt64(at, true) : view.getBigUint64(at, true)),
        write: (view, at, value) => view.setBigUint64(at, BigInt.asUintN(64, check(value)), true),
      }
  }
}

function floatCodec(sizeBytes: number): ValueCodec {
  if (sizeBytes !== 4 && sizeBytes !== 8) {
    throw new BpfError('BPF_LAYOUT_UNSUPPORTED', `floats of ${sizeBytes} bytes`)
  }
  return {
    sizeBytes,
    read: (view, at) => (sizeBytes === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true)),
    write(view, at, value) {
      if (typeof value !== 'number') throw new BpfError('BPF_ARGUMENT', 'expected a number')
      if (sizeBytes === 4) view.setFloat32(at, value, true)
      else view.setFloat64(at, value, true)
    },
  }
}

function arrayCodec(element: ValueCodec, length: number): ValueCodec {
  return {
    sizeBytes: element.sizeBytes * length,
    read: (view, at) =>
      Array.from({ length }, (_, i) => element.read(view, at + i * element.sizeBytes)),
    write(view, at, value) {
      if (!Array.isArray(value) || value.length !== length) {
        throw new BpfError('BPF_ARGUMENT', `expected an array of ${length}`)
      }
      for (const [i, item] of value.entries()) element.write(view, at + i * element.sizeBytes, item)
    },
  }
}

function compositeCodec(
  btf: Btf,
  type: Extract<BtfType, { kind: 'struct' | 'union' }>,
  depth: number,
): ValueCodec {
  const members = type.members.map((member) => {
    if (member.bitWidth !== 0 || member.bitOffset % 8 !== 0) {
      throw new BpfError('BPF_LAYOUT_UNSUPPORTED', `bit-field ${type.name}.${member.name}`)
    }
    return {
      name: member.name,
      at: member.bitOffset / 8,
      codec: createValueCodec(btf, member.typeId, depth + 1),
    }
  })
  return {
    sizeBytes: type.sizeBytes,
    read(view, at) {
      const value: Record<string, unknown> = {}
      for (const member of members) {
        const read = member.codec.read(view, at + member.at)
        if (member.name === '') Object.assign(value, read)
        else value[member.name] = read
      }
      return value
    },
    write(view, at, value) {
      if (typeof value !== 'object' || value === null) {
        throw new BpfError('BPF_ARGUMENT', `expected an object for struct ${type.name}`)
      }
      for (const member of members) {
        if (member.name === '') {
          member.codec.write(view, at + member.at, value)
          continue
        }
        const given = Reflect.get(value, member.name)
        if (given !== undefined) member.codec.write(view, at + member.at, given)
      }
    },
  }
}
