/**
 * What the file probe's programs go by, as bytes of their maps: folders, names and inodes.
 *
 * Paths are compared from their last name on, as the programs write them (`../path-text.ts`). The names are the
 * bits, hashes and lengths of file.bpf.c. All but the last function are pure.
 */
import { readdirSync, statSync, type BigIntStats } from 'node:fs'
import { join } from 'node:path'
import type { FileSettings } from '@honeyguide/model/settings'
import {
  fileIdOffsets,
  fileIdSizeBytes,
  fileNameOffsets,
  fileNameSizeBytes,
  fileSettingsOffsets,
  fileSettingsSizeBytes,
} from '../../../gen/records.ts'

/** What a listed folder or cgroup means (`HG_FILE_PREFIX_`). */
export const listed = { ignore: 1, watch: 2, sensitive: 4 } as const

const prefixBytes = 64
const mostPrefixes = 32
const nameBytes = 64
const nameBits = 4096
const inodeBits = 65_536
/** Most inodes that are looked for; the map holds twice as many. */
const mostInodes = 4096
const mask64 = (1n << 64n) - 1n
const multiplier = 0x9e3779b97f4a7c15n
const encoder = new TextEncoder()

/** A path or the end of one from its last name on, a slash behind each: `id_rsa/.ssh/`. */
export function lastNameFirst(path: string): Uint8Array<ArrayBuffer> {
  const names = path.split('/').filter((name) => name !== '')
  return encoder.encode(
    names
      .toReversed()
      .map((name) => `${name}/`)
      .join(''),
  )
}

/** `hg_file_name_hash`: of a name of at most 31 bytes. */
export function nameHash(name: Uint8Array): bigint {
  const words = new DataView(new ArrayBuffer(32))
  for (const [at, byte] of name.entries()) words.setUint8(at, byte)
  let hash = BigInt(name.length)
  for (let at = 0; at < 32; at += 8) {
    hash = ((hash ^ words.getBigUint64(at, true)) * multiplier) & mask64
    hash ^= hash >> 32n
  }
  return hash
}

/** `hg_file_inode_bit`. */
export function inodeBit(inode: bigint): number {
  return Number(((inode * multiplier) & mask64) >> 48n)
}

/** `hg_file_end_bit`: of the last four bytes of a path. */
function endBit(last: number): number {
  return Math.imul(last, 0x9e3779b1) >>> 26
}

/** When files were first watched, by the value that is there; undefined when they are not yet. */
export function startOf(control: Uint8Array<ArrayBuffer>): bigint | undefined {
  const view = new DataView(control.buffer)
  return view.getUint32(fileSettingsOffsets.isReady, true) === 0
    ? undefined
    : view.getBigUint64(fileSettingsOffsets.startedS, true)
}

/** A file that is sensitive by its name. */
export interface SensitiveName {
  /** Key of the trie: bits of the prefix, and its text. */
  readonly key: Uint8Array<ArrayBuffer>
  readonly value: Uint8Array<ArrayBuffer>
}

const isFolder = (path: string): boolean => path.endsWith('/')

/** Sensitive files that are no folders, as entries of the trie of names. */
export function sensitiveNames(settings: FileSettings): SensitiveName[] {
  const ends = settings.sensitive
    .filter((path) => !isFolder(path))
    .map((path) => ({ text: lastNameFirst(path), isWhole: path.startsWith('/') }))
  // The trie gives the longest entry that fits: one that is there as a part of another needs no entry of its own.
  const isCovered = (text: Uint8Array): boolean =>
    ends.some(
      (other) =>
        !other.isWhole &&
        other.text.length < text.length &&
        other.text.every((byte, at) => byte === text[at]),
    )
  return ends
    .filter(({ text }) => text.length > 0 && text.length <= nameBytes && !isCovered(text))
    .map(({ text, isWhole }) => {
      const key = new Uint8Array(new ArrayBuffer(4 + nameBytes))
      new DataView(key.buffer).setUint32(0, 8 * text.length, true)
      key.set(text, 4)
      const value = new Uint8Array(new ArrayBuffer(fileNameSizeBytes))
      const view = new DataView(value.buffer)
      view.setUint32(fileNameOffsets.length, text.length, true)
      view.setUint32(fileNameOffsets.isWhole, isWhole ? 1 : 0, true)
      return { key, value }
    })
}

/** The value of `hg_file_control`; `startedS` is when files were first watched, seconds since 1970. */
export function controlBytes(settings: FileSettings, startedS: bigint): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(fileSettingsSizeBytes))
  const view = new DataView(bytes.buffer)
  const prefixes = [
    ...settings.ignore.map((path) => [path, listed.ignore] as const),
    ...settings.watch.map((path) => [path, listed.watch] as const),
    ...settings.sensitive.filter(isFolder).map((path) => [path, listed.sensitive] as const),
  ].slice(0, mostPrefixes)
  view.setUint32(fileSettingsOffsets.isReady, 1, true)
  view.setUint32(fileSettingsOffsets.prefixes, prefixes.length, true)
  view.setUint32(fileSettingsOffsets.hasWatched, settings.watch.length > 0 ? 1 : 0, true)
  view.setUint32(
    fileSettingsOffsets.workloads,
    settings.watchWorkloads.length > 0 ? 2 : settings.ignoreWorkloads.length > 0 ? 1 : 0,
    true,
  )
  view.setBigUint64(fileSettingsOffsets.startedS, startedS, true)
  let ends = 0n
  for (const [i, [path, kind]] of prefixes.entries()) {
    const text = lastNameFirst(path)
    // With the slash before it, which a folder deeper in another one's name has not.
    const length = text.length + 1
    const at = fileSettingsOffsets.prefix + i * (2 * prefixBytes + 8)
    bytes.set(text, at + prefixBytes - text.length)
    bytes[at + prefixBytes - length] = 47
    // One that is shorter may stand behind anything.
    ends |= length < 4 ? mask64 : 1n << BigInt(endBit(view.getUint32(at + prefixBytes - 4, true)))
    bytes.fill(0xff, at + 2 * prefixBytes - length, at + 2 * prefixBytes)
    view.setUint32(at + 2 * prefixBytes, kind, true)
    view.setUint32(at + 2 * prefixBytes + 4, length, true)
  }
  view.setBigUint64(fileSettingsOffsets.prefixEnds, ends, true)
  for (const { key } of sensitiveNames(settings)) {
    const name = key.subarray(4, key.indexOf(47, 4))
    const bit = Number(nameHash(name) >> 52n) % nameBits
    const at = fileSettingsOffsets.nameBits + (bit >> 6) * 8
    view.setBigUint64(at, view.getBigUint64(at, true) | (1n << BigInt(bit & 63)), true)
  }
  return bytes
}

/** A file by inode and device, as in `hg_file_sensitive`. */
export interface FileId {
  readonly inode: bigint
  /** The kernel's dev_t. */
  readonly device: number
}

export function idBytes({ inode, device }: FileId): Uint8Array<ArrayBuffer> {
  const key = new Uint8Array(new ArrayBuffer(fileIdSizeBytes))
  const view = new DataView(key.buffer)
  view.setBigUint64(fileIdOffsets.inode, inode, true)
  view.setBigUint64(fileIdOffsets.device, BigInt(device), true)
  return key
}

/** The value of `hg_file_sensitive_bits` for these files and those that have bits in `before`. */
export function inodeBitBytes(
  files: readonly FileId[],
  before: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  const bytes = before.slice()
  for (const { inode } of files) {
    const bit = inodeBit(inode) % inodeBits
    const at = bit >> 3
    bytes[at] = (bytes[at] ?? 0) | (1 << (bit & 7))
  }
  return bytes
}

/** st_dev of user space (12 bits of minor split around the major) as the kernel's dev_t: major << 20 | minor. */
export function kernelDevice(device: bigint): number {
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn)
  const minor = (device & 0xffn) | ((device >> 12n) & ~0xffn)
  return Number(((major << 20n) | minor) & 0xffffffffn)
}

/**
 * Sensitive files that are there, in the root of this process: whole paths, what lies in folders, and ends of paths
 * below `homes`. What cannot be looked at is left out: the programs know it by its name all the same.
 */
export function findSensitive(settings: FileSettings, homes: readonly string[]): FileId[] {
  const found = new Map<string, FileId>()
  const take = (path: string): BigIntStats | undefined => {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
    if (stat?.isFile() !== true || found.size >= mostInodes) return stat
    const id = { inode: stat.ino, device: kernelDevice(stat.dev) }
    found.set(`${id.inode} ${id.device}`, id)
    return stat
  }
  const walk = (folder: string, depth: number): void => {
    for (const name of readdirSync(folder)) {
      if (found.size >= mostInodes) return
      const path = join(folder, name)
      if (take(path)?.isDirectory() === true && depth > 0) tryTo(() => walk(path, depth - 1))
    }
  }
  for (const path of settings.sensitive) {
    if (isFolder(path)) tryTo(() => walk(path, 4))
    else if (path.startsWith('/')) tryTo(() => take(path))
    else for (const home of homes) tryTo(() => take(join(home, path)))
  }
  return [...found.values()]
}

/** No right to look, or gone meanwhile. */
function tryTo(look: () => unknown): void {
  try {
    look()
  } catch (cause) {
    if (typeof (cause as NodeJS.ErrnoException).code !== 'string') throw cause
  }
}
