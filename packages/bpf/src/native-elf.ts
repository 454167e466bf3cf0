/**
 * Finds functions in a program or shared library, and where they lie in the file: what a uprobe is told.
 *
 * A uprobe wants the offset in the file, a symbol has an address: the loadable segment that holds the address gives the
 * one from the other, whether the file is position-independent or not. Reads only the parts that it needs (Node's own
 * file has 120 MB). Every offset is checked, so any input gives functions or a `BpfError`.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { BpfError } from './error.ts'

/** Reads `length` bytes at `offset`; fewer at the end of the file. */
export type ReadAt = (offset: number, length: number) => Uint8Array

/** A function of a file. */
export interface NativeFunction {
  readonly name: string
  /** Where its first instruction lies in the file, bytes. */
  readonly fileOffset: number
  /** Bytes; 0 where the file does not say. */
  readonly sizeBytes: number
}

/** The functions of an open file. */
export interface NativeElf {
  /**
   * The function of that name: an exported one before a static one, and of the default version, where a library has
   * several. Undefined when there is none (stripped files have only what they export). Throws `BPF_ARGUMENT` when
   * several static ones have the name.
   */
  findFunction(name: string): NativeFunction | undefined
  /** The function that holds a byte of the file. The first call sorts all symbols. */
  functionAt(fileOffset: number): NativeFunction | undefined
  /** Up to `limit` names that contain `part`, for messages. */
  namesLike(part: string, limit: number): readonly string[]
}

function invalid(message: string): BpfError {
  return new BpfError('BPF_ELF_INVALID', `no program or library: ${message}`)
}

const machines = new Set([62, 183]) // x86-64, AArch64
const loadSegment = 1
const symbolTable = 2
const dynamicSymbols = 11
const versionTable = 0x6fff_ffff
const symbolBytes = 24
/** STT_FUNC and STT_GNU_IFUNC; of the second the resolver is found, not what it resolves to. */
const functionTypes = new Set([2, 10])
/** Bit of a version that is not the default one: `memcpy@GLIBC_2.2.5`. */
const hiddenVersion = 0x8000
const mostSegments = 1024
/** Linkers write two; each is read into memory. */
const mostTables = 8
const longestName = 4096

interface Segment {
  readonly address: number
  readonly fileOffset: number
  readonly fileBytes: number
}

interface Section {
  readonly type: number
  readonly offset: number
  readonly sizeBytes: number
  readonly link: number
}

interface SymbolSource {
  readonly entries: DataView
  readonly strings: Uint8Array
  /** By symbol index; absent in tables without versions. */
  readonly versions: DataView | undefined
}

/** Addresses above 2^53 are the kernel's: as numbers they lie in no segment. */
function wordAt(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Reads the tables of a file through `readAt`. Throws `BPF_ELF_INVALID`. */
export function readNativeElf(readAt: ReadAt, fileBytes: number): NativeElf {
  function read(offset: number, length: number, what: string): Uint8Array {
    if (offset + length > fileBytes) throw invalid(`${what} lies past the end`)
    const bytes = readAt(offset, length)
    if (bytes.length !== length) throw invalid(`${what} is cut off`)
    return bytes
  }

  const header = viewOf(read(0, 64, 'the header'))
  if (header.getUint32(0) !== 0x7f454c46) throw invalid('no ELF magic')
  if (header.getUint8(4) !== 2) throw invalid('not 64-bit')
  if (header.getUint8(5) !== 1) throw invalid('not little-endian')
  const machine = header.getUint16(18, true)
  if (!machines.has(machine)) throw invalid(`machine ${machine} is not one that is known here`)
  const segments = readSegments(header, read)
  const sources = readSymbolSources(header, read)

  function fileOffsetOf(address: number): number | undefined {
    for (const segment of segments) {
      const inside = address - segment.address
      if (inside >= 0 && inside < segment.fileBytes) return segment.fileOffset + inside
    }
    return undefined
  }

  /** Calls back with each function that lies in the file, until it says true. */
  function eachFunction(
    visit: (source: SymbolSource, at: number, fileOffset: number, isHidden: boolean) => boolean,
  ): void {
    for (const source of sources) {
      const { entries, versions } = source
      for (let at = 0, index = 0; at + symbolBytes <= entries.byteLength; at += symbolBytes) {
        const isHidden = versions
          ? index * 2 + 2 <= versions.byteLength &&
            (versions.getUint16(index * 2, true) & hiddenVersion) !== 0
          : false
        index += 1
        if (!functionTypes.has(entries.getUint8(at + 4) & 15)) continue
        if (entries.getUint16(at + 6, true) === 0) continue // of another file
        const fileOffset = fileOffsetOf(wordAt(entries, at + 8))
        if (fileOffset === undefined) continue
        if (visit(source, at, fileOffset, isHidden)) return
      }
    }
  }

  function functionOf(source: SymbolSource, at: number, fileOffset: number): NativeFunction {
    return {
      name: nameOf(source, at),
      fileOffset,
      sizeBytes: wordAt(source.entries, at + 16),
    }
  }

  let sorted: Sorted | undefined
  function sortFunctions(): Sorted {
    const found: [source: SymbolSource, at: number, fileOffset: number][] = []
    eachFunction((source, at, fileOffset) => {
      found.push([source, at, fileOffset])
      return false
    })
    found.sort((a, b) => a[2] - b[2])
    return { found, offsets: Float64Array.from(found, ([, , fileOffset]) => fileOffset) }
  }

  return {
    findFunction(name) {
      const wanted = new TextEncoder().encode(`${name}\0`)
      let best: NativeFunction | undefined
      let bestRank = Number.POSITIVE_INFINITY
      let isAmbiguous = false
      eachFunction((source, at, fileOffset, isHidden) => {
        if (!hasName(source, at, wanted)) return false
        const isLocal = source.entries.getUint8(at + 4) >>> 4 === 0
        const rank = isLocal ? 2 : isHidden ? 1 : 0
        if (rank < bestRank) {
          best = functionOf(source, at, fileOffset)
          bestRank = rank
          isAmbiguous = false
        } else if (rank === bestRank && best?.fileOffset !== fileOffset) {
          isAmbiguous = true
        }
        return rank === 0
      })
      if (isAmbiguous) {
        throw new BpfError('BPF_ARGUMENT', `several functions are called ${name}: give an offset`)
      }
      return best
    },
    functionAt(fileOffset) {
      sorted ??= sortFunctions()
      const index = lastAtOrBelow(sorted.offsets, fileOffset)
      const entry = sorted.found[index]
      if (!entry) return undefined
      const found = functionOf(...entry)
      const isInside = found.sizeBytes === 0 || fileOffset < found.fileOffset + found.sizeBytes
      return isInside ? found : undefined
    },
    namesLike(part, limit) {
      const names = new Set<string>()
      eachFunction((source, at) => {
        const name = nameOf(source, at)
        if (name.includes(part)) names.add(name)
        return names.size >= limit
      })
      return [...names]
    },
  }
}

interface Sorted {
  readonly found: readonly [source: SymbolSource, at: number, fileOffset: number][]
  readonly offsets: Float64Array
}

/** Index of the last element that is not above `value` in ascending `sorted`, or -1. */
export function lastAtOrBelow(
  sorted: { readonly length: number; readonly [index: number]: number | bigint },
  value: number | bigint,
): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number | bigint) <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}

type Read = (offset: number, length: number, what: string) => Uint8Array

function readSegments(header: DataView, read: Read): readonly Segment[] {
  const entryBytes = header.getUint16(54, true)
  const count = header.getUint16(56, true)
  if (count === 0) throw invalid('nothing of it is loaded')
  if (entryBytes !== 56 || count > mostSegments) throw invalid('odd table of segments')
  const table = viewOf(read(wordAt(header, 32), count * entryBytes, 'the table of segments'))
  const segments: Segment[] = []
  for (let at = 0; at < table.byteLength; at += entryBytes) {
    if (table.getUint32(at, true) !== loadSegment) continue
    segments.push({
      fileOffset: wordAt(table, at + 8),
      address: wordAt(table, at + 16),
      fileBytes: wordAt(table, at + 32),
    })
  }
  return segments
}

function readSymbolSources(header: DataView, read: Read): readonly SymbolSource[] {
  const entryBytes = header.getUint16(58, true)
  const count = header.getUint16(60, true)
  if (count === 0) return []
  if (entryBytes !== 64) throw invalid('odd table of sections')
  const table = viewOf(read(wordAt(header, 40), count * entryBytes, 'the table of sections'))
  const sections = Array.from({ length: count }, (_, index): Section => {
    const at = index * entryBytes
    return {
      type: table.getUint32(at + 4, true),
      offset: wordAt(table, at + 24),
      sizeBytes: wordAt(table, at + 32),
      link: table.getUint32(at + 40, true),
    }
  })
  const versionOf = (index: number): DataView | undefined => {
    const found = sections.find(({ type, link }) => type === versionTable && link === index)
    return found && viewOf(read(found.offset, found.sizeBytes, 'the versions of symbols'))
  }
  const sources: SymbolSource[] = []
  for (const [index, section] of sections.entries()) {
    if (section.type !== symbolTable && section.type !== dynamicSymbols) continue
    const strings = sections[section.link]
    if (!strings) throw invalid('symbols without names')
    if (sources.length === mostTables) throw invalid('too many tables of symbols')
    sources.push({
      entries: viewOf(read(section.offset, section.sizeBytes, 'a table of symbols')),
      strings: read(strings.offset, strings.sizeBytes, 'the names of symbols'),
      versions: section.type === dynamicSymbols ? versionOf(index) : undefined,
    })
  }
  return sources
}

function hasName({ entries, strings }: SymbolSource, at: number, wanted: Uint8Array): boolean {
  const start = entries.getUint32(at, true)
  if (start + wanted.length > strings.length) return false
  for (let i = 0; i < wanted.length; i++) if (strings[start + i] !== wanted[i]) return false
  return true
}

const utf8 = new TextDecoder()

function nameOf({ entries, strings }: SymbolSource, at: number): string {
  const start = entries.getUint32(at, true)
  const limit = Math.min(strings.length, start + longestName)
  let end = start
  while (end < limit && strings[end] !== 0) end += 1
  return utf8.decode(strings.subarray(start, end))
}

/** Reads the tables of a file on disk. Throws `BPF_NOT_FOUND` (no such file) or `BPF_ELF_INVALID`. */
export function openNativeElf(path: string): NativeElf {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (cause) {
    throw new BpfError('BPF_NOT_FOUND', `cannot open ${path}`, { cause })
  }
  try {
    return readNativeElf((offset, length) => {
      const bytes = new Uint8Array(length)
      let done = 0
      while (done < length) {
        const count = readSync(fd, bytes, done, length - done, offset + done)
        if (count === 0) break
        done += count
      }
      return bytes.subarray(0, done)
    }, fstatSync(fd).size)
  } catch (cause) {
    if (cause instanceof BpfError)
      throw new BpfError(cause.code, `${path}: ${cause.message}`, { cause })
    throw new BpfError('BPF_ELF_INVALID', `cannot read ${path}`, { cause })
  } finally {
    closeSync(fd)
  }
}
