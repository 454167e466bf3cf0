/**
 * What the pipeline has in mind, in a file: so that a start replays seconds of the log and not days.
 *
 * Written beside and renamed, with a checksum: after a crash it is the old one or the new one. One that
 * cannot be read is as good as none, as the log has it all.
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { crc32 } from 'node:zlib'

const magic = Buffer.from('HGSNAP1\n', 'latin1')

export interface SnapshotFile<Content> {
  /** Undefined when there is none, or none that can be read. */
  readonly load: () => Promise<Content | undefined>
  /**
   * Takes `content` as it is at the call, waits for `before`, then writes. Resolves once it would survive a
   * crash; rejects, with nothing written, when `before` does.
   */
  save(content: Content, before?: Promise<unknown>): Promise<void>
}

const headBytes = magic.length + 4

/** What stands before a body in the file: magic and checksum. */
export function snapshotHead(body: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes)
  magic.copy(head)
  head.writeUInt32LE(crc32(body), magic.length)
  return head
}

/** The content of a snapshot file; undefined for bytes that `save` did not write. */
export function decodeSnapshot(bytes: Buffer): unknown {
  const body = bytes.subarray(headBytes)
  if (
    bytes.length < headBytes ||
    !bytes.subarray(0, magic.length).equals(magic) ||
    crc32(body) !== bytes.readUInt32LE(magic.length)
  )
    return undefined
  try {
    return deserialize(body)
  } catch {
    return undefined
  }
}

/** `content` is what `v8.serialize` takes; its own fields say which version it is. */
export function snapshotFile<Content>(path: string): SnapshotFile<Content> {
  return {
    async load() {
      let bytes: Buffer
      try {
        bytes = await readFile(path)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
      return decodeSnapshot(bytes) as Content | undefined
    },
    async save(content, before) {
      const body = serialize(content)
      await before
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      const handle = await open(`${path}.new`, 'w', 0o600)
      try {
        await handle.writev([snapshotHead(body), body])
        await handle.datasync()
      } finally {
        await handle.close()
      }
      await rename(`${path}.new`, path)
      const folder = await open(dirname(path), 'r')
      try {
        await folder.sync()
      } finally {
        await folder.close()
      }
    },
  }
}
