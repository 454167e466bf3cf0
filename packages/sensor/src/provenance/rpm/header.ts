/**
 * The header of an installed package as rpm stores it: an index of entries (tag, type, offset, count), big-endian,
 * and the data that they point into. Written down in rpm's manual (format/header.md, format/header_regions.md).
 *
 * Headers may be anybody's: every number is checked before it is used, and nothing is copied that was not asked
 * for. Pure.
 */

export interface RpmPackage {
  readonly name: string
  /** Epoch (when there is one), version and release, as `rpm -q` prints them. */
  readonly version: string
  readonly architecture: string
}

export interface RpmFile {
  /** As the package spells it. */
  readonly path: string
  /** In small hex digits; empty when the package gives none (folders, links, ghosts). */
  readonly digest: string
  /** Number of the digest algorithm, RFC 4880 9.4: 1 MD5, 2 SHA-1, 8 SHA-256 ... */
  readonly algorithm: number
  readonly isConfiguration: boolean
  /** Not part of the package's payload: made at run time. */
  readonly isGhost: boolean
}

export interface RpmHeader {
  readonly package: RpmPackage
  /** The file with this last name in a folder for which `isFolder` holds; undefined when the package has none. */
  find(name: string, isFolder: (folder: string) => boolean): RpmFile | undefined
}

const tags = {
  name: 1000,
  version: 1001,
  release: 1002,
  epoch: 1003,
  architecture: 1022,
  fileDigests: 1035,
  fileFlags: 1037,
  folderIndexes: 1116,
  baseNames: 1117,
  folderNames: 1118,
  digestAlgorithm: 5011,
} as const
const types = { int32: 4, string: 6, stringArray: 8, i18nString: 9 } as const
const fileFlags = { configuration: 1 << 0, ghost: 1 << 6 } as const
const entryBytes = 16
/** As rpm's own bounds on a header: entries, and bytes of data. */
const mostEntries = 0xffff
export const mostHeaderBytes = 0x0fffffff

interface Entry {
  readonly type: number
  readonly offset: number
  readonly count: number
}

/** Undefined when it is no header, or has not what every package has. */
export function readRpmHeader(blob: Uint8Array): RpmHeader | undefined {
  if (blob.length < 8 || blob.length > mostHeaderBytes) return undefined
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength)
  const entryCount = view.getUint32(0)
  const dataBytes = view.getUint32(4)
  const dataAt = 8 + entryCount * entryBytes
  if (entryCount > mostEntries || dataAt + dataBytes > blob.length) return undefined
  const dataEnd = dataAt + dataBytes
  const wanted = new Set<number>(Object.values(tags))
  const entries = new Map<number, Entry>()
  for (let i = 0; i < entryCount; i++) {
    const at = 8 + i * entryBytes
    const tag = view.getUint32(at)
    // Of two with one tag the first counts, as in rpm.
    if (!wanted.has(tag) || entries.has(tag)) continue
    const offset = view.getUint32(at + 8)
    if (offset >= dataBytes) return undefined
    entries.set(tag, { type: view.getUint32(at + 4), offset, count: view.getUint32(at + 12) })
  }

  /** End of the text that begins at `at`: its NUL; -1 when there is none in the data. */
  function textEnd(at: number): number {
    const end = blob.indexOf(0, at)
    return end < 0 || end >= dataEnd ? -1 : end
  }

  function textAt(from: number, end: number): string {
    return Buffer.from(blob.buffer, blob.byteOffset + from, end - from).toString('latin1')
  }

  function text(tag: number): string | undefined {
    const entry = entries.get(tag)
    if (!entry || (entry.type !== types.string && entry.type !== types.i18nString)) return undefined
    const from = dataAt + entry.offset
    const end = textEnd(from)
    return end < 0 || end - from > 256 ? undefined : textAt(from, end)
  }

  /** Element `index` of an array of numbers of 32 bits. */
  function number(tag: number, index: number): number | undefined {
    const entry = entries.get(tag)
    if (!entry || entry.type !== types.int32 || index >= entry.count) return undefined
    const at = dataAt + entry.offset + 4 * index
    return at + 4 > dataEnd ? undefined : view.getUint32(at)
  }

  /** Calls `take` with each text of an array and its place until it returns false. */
  function eachText(
    tag: number,
    take: (index: number, from: number, end: number) => boolean,
  ): void {
    const entry = entries.get(tag)
    if (!entry || entry.type !== types.stringArray) return
    let from = dataAt + entry.offset
    for (let index = 0; index < entry.count; index++) {
      const end = textEnd(from)
      if (end < 0 || !take(index, from, end)) return
      from = end + 1
    }
  }

  function textOfArray(tag: number, wantedIndex: number): string | undefined {
    let found: string | undefined
    eachText(tag, (index, from, end) => {
      if (index < wantedIndex) return true
      found = textAt(from, end)
      return false
    })
    return found
  }

  const name = text(tags.name)
  const version = text(tags.version)
  const release = text(tags.release)
  if (name === undefined || name === '' || version === undefined || release === undefined)
    return undefined
  const epoch = number(tags.epoch, 0)

  return {
    package: {
      name,
      version: `${epoch === undefined ? '' : `${epoch}:`}${version}-${release}`,
      architecture: text(tags.architecture) ?? '',
    },
    find(wantedName, isFolder) {
      const bytes = Buffer.from(wantedName, 'latin1')
      let at = -1
      let folder = ''
      eachText(tags.baseNames, (index, from, end) => {
        if (end - from !== bytes.length || bytes.compare(blob, from, end) !== 0) return true
        const folderIndex = number(tags.folderIndexes, index)
        const found =
          folderIndex === undefined ? undefined : textOfArray(tags.folderNames, folderIndex)
        if (found === undefined || !isFolder(found)) return true
        at = index
        folder = found
        return false
      })
      if (at < 0) return undefined
      const flags = number(tags.fileFlags, at) ?? 0
      return {
        path: folder + wantedName,
        digest: (textOfArray(tags.fileDigests, at) ?? '').toLowerCase(),
        algorithm: number(tags.digestAlgorithm, 0) ?? 1,
        isConfiguration: (flags & fileFlags.configuration) !== 0,
        isGhost: (flags & fileFlags.ghost) !== 0,
      }
    },
  }
}
