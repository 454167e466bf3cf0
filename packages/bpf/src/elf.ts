/**
 * Reads the sections and symbols of an eBPF object file.
 *
 * Only what clang writes for `-target bpf` is understood: 64-bit little-endian relocatable ELF.
 * Every offset is checked before it is followed, so any input gives sections or a `BpfError`.
 */
import { BpfError } from './error.ts'

/** A section: its name, index, and bytes (a view of the file, not a copy). */
export interface ElfSection {
  readonly name: string
  readonly index: number
  /** sh_type; 8 (NOBITS) sections have a size but no bytes in the file. */
  readonly type: number
  readonly sizeBytes: number
  readonly bytes: Uint8Array
}

/** A symbol of .symtab. */
export interface ElfSymbol {
  readonly name: string
  /** Index of the section it lies in. */
  readonly section: number
  /** Offset in the section. */
  readonly value: number
  readonly sizeBytes: number
}

/** The parts of an object file that the library needs. */
export interface ElfFile {
  readonly sections: readonly ElfSection[]
  readonly symbols: readonly ElfSymbol[]
  /** e_machine; 247 is BPF. */
  readonly machine: number
}

const utf8 = new TextDecoder()
const noBits = 8
const symbolTable = 2
const bpfMachine = 247

function invalid(message: string): BpfError {
  return new BpfError('BPF_ELF_INVALID', `not an eBPF object: ${message}`)
}

/** Parses an object file. Throws `BPF_ELF_INVALID`. */
export function parseElf(file: Uint8Array): ElfFile {
  if (file.length < 64) throw invalid(`${file.length} bytes are too few`)
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  if (view.getUint32(0) !== 0x7f454c46) throw invalid('no ELF magic')
  if (view.getUint8(4) !== 2) throw invalid('not 64-bit')
  if (view.getUint8(5) !== 1) throw invalid('not little-endian')
  const machine = view.getUint16(18, true)
  if (machine !== bpfMachine) throw invalid(`machine ${machine} is not BPF`)
  const tableAt = offsetAt(view, 40)
  const entrySize = view.getUint16(58, true)
  const count = view.getUint16(60, true)
  const namesIndex = view.getUint16(62, true)
  if (entrySize !== 64) throw invalid(`section headers of ${entrySize} bytes`)
  if (tableAt + count * entrySize > file.length) throw invalid('section table past the end')

  const raw = Array.from({ length: count }, (_, index) => {
    const at = tableAt + index * entrySize
    const type = view.getUint32(at + 4, true)
    const offset = offsetAt(view, at + 24)
    const sizeBytes = offsetAt(view, at + 32)
    if (type !== noBits && offset + sizeBytes > file.length) {
      throw invalid(`section ${index} past the end`)
    }
    const bytes = type === noBits ? new Uint8Array(0) : file.subarray(offset, offset + sizeBytes)
    return {
      index,
      nameAt: view.getUint32(at, true),
      type,
      sizeBytes,
      bytes,
      link: view.getUint32(at + 40, true),
    }
  })
  const names = raw[namesIndex]?.bytes
  if (!names) throw invalid('no section names')
  const sections = raw.map(({ index, nameAt, type, sizeBytes, bytes }) => ({
    name: stringAt(names, nameAt),
    index,
    type,
    sizeBytes,
    bytes,
  }))

  const symbols: ElfSymbol[] = []
  for (const table of raw) {
    if (table.type !== symbolTable) continue
    const strings = raw[table.link]?.bytes
    if (!strings) throw invalid('symbols without names')
    const entries = new DataView(table.bytes.buffer, table.bytes.byteOffset, table.bytes.byteLength)
    for (let at = 0; at + 24 <= table.bytes.length; at += 24) {
      symbols.push({
        name: stringAt(strings, entries.getUint32(at, true)),
        section: entries.getUint16(at + 6, true),
        value: offsetAt(entries, at + 8),
        sizeBytes: offsetAt(entries, at + 16),
      })
    }
  }
  return { sections, symbols, machine }
}

/** The section of that name, or `BPF_ELF_INVALID`. */
export function requireSection(elf: ElfFile, name: string): ElfSection {
  const section = elf.sections.find((candidate) => candidate.name === name)
  if (!section) throw invalid(`no section ${name} (compile with -g)`)
  return section
}

// Offsets beyond 2^53 cannot be in a file that fits memory; as a number they fail the bounds check.
function offsetAt(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32
}

// Names longer than this are not C identifiers or section names of ours: bounded so that a table
// of overlapping names cannot cost quadratic time.
const longestName = 512

function stringAt(strings: Uint8Array, at: number): string {
  if (at >= strings.length) return ''
  const limit = Math.min(strings.length, at + longestName)
  let end = at
  while (end < limit && strings[end] !== 0) end += 1
  return utf8.decode(strings.subarray(at, end))
}
