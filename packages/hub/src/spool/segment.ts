/**
 * The files of a log: segments named by the offset of their first byte, in hex.
 *
 * Offset = base of the segment + place in its file. Bases only grow, and need not follow each other
 * without a hole: after every start the writer leaves a hole behind the last byte, larger than what
 * can have been written without being synced. So no offset that somebody remembers from before a
 * power loss ever names another record.
 */
import { mkdir, open, readdir, rename, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { HoneyguideError } from '@honeyguide/model'

export const segmentHeaderBytes = 32
const magic = Buffer.from('HGLOG\r\n\0', 'latin1')
const version = 1
const namePattern = /^([0-9a-f]{14})\.seg$/

export interface Segment {
  readonly path: string
  /** Offset of the first byte of its file. */
  readonly base: number
  /** Bytes of the file. */
  readonly bytes: number
}

export function segmentPath(dir: string, base: number): string {
  return join(dir, `${base.toString(16).padStart(14, '0')}.seg`)
}

/** The segments of a log by base. An empty list when the folder does not exist. */
export async function listSegments(dir: string): Promise<Segment[]> {
  let names: string[]
  try {
    names = await readdir(dir)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  const segments: Segment[] = []
  for (const name of names) {
    const match = namePattern.exec(name)
    if (!match) continue
    const path = join(dir, name)
    try {
      segments.push({ path, base: parseInt(match[1] ?? '', 16), bytes: (await stat(path)).size })
    } catch (error) {
      // Removed by retention between the two calls.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return segments.sort((a, b) => a.base - b.base)
}

/** Makes a folder's entries survive a crash. */
export async function syncFolder(dir: string): Promise<void> {
  const handle = await open(dir, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A new segment, its header written and synced; the file appears under its name only then. */
export async function createSegment(dir: string, base: number): Promise<FileHandle> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const path = segmentPath(dir, base)
  const header = Buffer.alloc(segmentHeaderBytes)
  magic.copy(header)
  header.writeUInt32LE(version, 8)
  header.writeBigUInt64LE(BigInt(base), 16)
  const handle = await open(`${path}.new`, 'w', 0o600)
  try {
    await handle.write(header, 0, header.length, 0)
    await handle.datasync()
    await rename(`${path}.new`, path)
    await syncFolder(dir)
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** Throws HG_STATE_FORMAT when a newer version wrote it; returns false when it is not a segment. */
export function checkSegmentHeader(header: Buffer, path: string): boolean {
  if (header.length < segmentHeaderBytes || !header.subarray(0, 8).equals(magic)) return false
  if (header.readUInt32LE(8) > version)
    throw new HoneyguideError(
      'HG_STATE_FORMAT',
      `${path} is a log of version ${header.readUInt32LE(8)}`,
    )
  return true
}
