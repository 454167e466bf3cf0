/** Texts of /proc, which have no length before they are read. */
import { closeSync, openSync, readSync } from 'node:fs'

/** A byte a character, and about `mostBytes` at most; undefined when it is not there, or its process ended meanwhile. */
export function readProcText(path: string, mostBytes: number): string | undefined {
  let fd
  try {
    fd = openSync(path, 'r')
  } catch {
    return undefined
  }
  try {
    const parts: string[] = []
    const chunk = Buffer.allocUnsafe(65_536)
    for (let length = 0; length < mostBytes;) {
      const count = readSync(fd, chunk, 0, chunk.length, null)
      if (count === 0) break
      length += count
      parts.push(chunk.toString('latin1', 0, count))
    }
    return parts.join('')
  } catch {
    return undefined
  } finally {
    closeSync(fd)
  }
}
