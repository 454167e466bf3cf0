/**
 * What the pipeline has in mind, in files: so that a start replays seconds of the log and not days.
 *
 *   snapshot            magic, checksum, then the content and which pieces belong to it
 *   snapshot-pieces/N   one piece: parts one after the other, each with its length and checksum, compressed
 *
 * A piece is written once, part by part with turns for other work between them, and kept for as long as it has
 * not changed. The snapshot that names it is written beside and renamed after all of its pieces are durable: so
 * a process that is killed at any moment leaves the old one or the new one, whole. One that cannot be read is as
 * good as none, as the log has it all.
 */
import { mkdir, open, readdir, readFile, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { constants, crc32, zstdCompress, zstdDecompressSync } from 'node:zlib'

/** The 1 was one file with everything in it, in versions before the first release. */
const magic = Buffer.from('HGSNAP2\n', 'latin1')
const compress = promisify(zstdCompress)
const fast = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
/** No part that is written comes near: what says so is damaged. */
const mostPartBytes = 256 << 20

/** A part of what is saved that has a name and a life of its own. */
export interface Piece {
  readonly name: string
  /** Another number whenever it has changed. */
  readonly revision: number
  /** Plain data for `v8.serialize`, each a few ms to make; not asked for when this revision is saved already. */
  readonly parts: Iterable<unknown>
}

export interface LoadedSnapshot<Content> {
  readonly content: Content
  /** The parts of each piece. */
  readonly pieces: readonly (readonly unknown[])[]
  /** Tells that pieces of the same name and revision need not be written again: once it was restored. */
  keep(): void
}

export interface SnapshotFile<Content> {
  /** Undefined when there is none; rejects with a RangeError when there is one that cannot be read. */
  readonly load: () => Promise<LoadedSnapshot<Content> | undefined>
  /** Whether this revision of a piece is saved, so that `save` does not ask for its parts. */
  has(name: string, revision: number): boolean
  /**
   * Takes `content` as it is at the call, waits for `pieces` and `before`, then writes. Resolves once it would
   * survive a crash; rejects, with the former one in its place, when one of these does. One at a time.
   */
  save(
    content: Content,
    pieces: Promise<readonly Piece[]>,
    before?: Promise<unknown>,
  ): Promise<void>
}

interface SavedPiece {
  readonly name: string
  readonly revision: number
  /** Name of its file. */
  readonly file: number
  readonly bytes: number
}

/** What stands in `snapshot`. */
export interface Manifest {
  /** As `v8.serialize` gave it, before anything else could change. */
  readonly content: Uint8Array
  readonly pieces: readonly SavedPiece[]
}

const headBytes = magic.length + 4
const partHeadBytes = 8

/** What stands before a body in the file: magic and checksum. */
export function snapshotHead(body: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes)
  magic.copy(head)
  head.writeUInt32LE(crc32(body), magic.length)
  return head
}

/** What stands before a part: its length and checksum. */
export function partHead(body: Uint8Array): Buffer {
  const head = Buffer.alloc(partHeadBytes)
  head.writeUInt32LE(body.length, 0)
  head.writeUInt32LE(crc32(body), 4)
  return head
}

/** Bytes of one part in a piece's file. */
export async function encodePart(part: unknown): Promise<Buffer> {
  const body = await compress(serialize(part), fast)
  return Buffer.concat([partHead(body), body])
}

/** Throws a RangeError for bytes that `save` did not write. */
export function decodeManifest(bytes: Buffer): Manifest {
  const body = bytes.subarray(headBytes)
  if (bytes.length < headBytes || !bytes.subarray(0, magic.length).equals(magic))
    throw new RangeError('it is of another version')
  if (crc32(body) !== bytes.readUInt32LE(magic.length))
    throw new RangeError('its checksum is wrong')
  return readPlain(body) as Manifest
}

/** The parts of a piece's file. Throws a RangeError for bytes that `save` did not write. */
export function decodePiece(bytes: Buffer): unknown[] {
  const parts: unknown[] = []
  for (let at = 0; at < bytes.length;) {
    if (bytes.length - at < partHeadBytes) throw new RangeError('a part of it is cut off')
    const from = at + partHeadBytes
    const body = bytes.subarray(from, from + bytes.readUInt32LE(at))
    if (body.length !== bytes.readUInt32LE(at) || crc32(body) !== bytes.readUInt32LE(at + 4))
      throw new RangeError('the checksum of a part is wrong')
    let plain: Buffer
    try {
      plain = zstdDecompressSync(body, { maxOutputLength: mostPartBytes })
    } catch (cause) {
      throw new RangeError('a part of it cannot be unpacked', { cause })
    }
    parts.push(readPlain(plain))
    at = from + body.length
  }
  return parts
}

function readPlain(bytes: Uint8Array): unknown {
  try {
    return deserialize(bytes)
  } catch (cause) {
    throw new RangeError('it is no plain data', { cause })
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function writeDurably(
  path: string,
  write: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  const handle = await open(path, 'w', 0o600)
  try {
    await write(handle)
    await handle.datasync()
  } finally {
    await handle.close()
  }
}

/** `content` is what `v8.serialize` takes; its own fields say which version it is. */
export function snapshotFile<Content>(path: string): SnapshotFile<Content> {
  const folder = `${path}-pieces`
  let saved = new Map<string, SavedPiece>()
  /** Greater than that of any file there is: what a snapshot names is never written over. */
  let nextFile: number | undefined

  async function newFile(): Promise<number> {
    nextFile ??= Math.max(0, ...(await readdir(folder)).map((file) => Number(file) || 0)) + 1
    return nextFile++
  }

  async function writePiece({ name, revision, parts }: Piece, file: number): Promise<SavedPiece> {
    let bytes = 0
    await writeDurably(join(folder, String(file)), async (handle) => {
      for (const part of parts) {
        const body = await encodePart(part)
        bytes += body.length
        await handle.writev([body])
      }
    })
    return { name, revision, file, bytes }
  }

  /** What no snapshot names any more, and what a killed process began. */
  async function sweep(): Promise<void> {
    const named = new Set(Array.from(saved.values(), ({ file }) => String(file)))
    for (const file of await readdir(folder))
      if (!named.has(file)) await rm(join(folder, file), { force: true })
  }

  return {
    async load() {
      let bytes: Buffer
      try {
        bytes = await readFile(path)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
      const manifest = decodeManifest(bytes)
      const pieces: (readonly unknown[])[] = []
      for (const { file, bytes: size } of manifest.pieces) {
        const body = await readFile(join(folder, String(file))).catch((cause: unknown) => {
          throw new RangeError('a piece of it is missing', { cause })
        })
        if (body.length !== size) throw new RangeError('a piece of it is cut off')
        pieces.push(decodePiece(body))
      }
      return {
        content: readPlain(manifest.content) as Content,
        pieces,
        keep() {
          saved = new Map(manifest.pieces.map((piece) => [piece.name, piece]))
        },
      }
    },
    has: (name, revision) => saved.get(name)?.revision === revision,
    async save(content, wanted, before) {
      const body = serialize(content)
      // Also when writing fails before it looks at it.
      before?.catch(() => undefined)
      const pieces = await wanted
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const next = new Map<string, SavedPiece>()
      for (const piece of pieces) {
        const known = saved.get(piece.name)
        next.set(
          piece.name,
          known?.revision === piece.revision ? known : await writePiece(piece, await newFile()),
        )
      }
      await syncFolder(folder)
      await before
      const manifest: Manifest = { content: body, pieces: [...next.values()] }
      const bytes = serialize(manifest)
      await writeDurably(`${path}.new`, async (handle) => {
        await handle.writev([snapshotHead(bytes), bytes])
      })
      await rename(`${path}.new`, path)
      await syncFolder(dirname(path))
      saved = next
      await sweep()
    },
  }
}
