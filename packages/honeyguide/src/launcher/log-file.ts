/** A daemon's log on disk: JSON lines, at most two files of 4 MiB; the older one is replaced. */
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

const mostBytes = 4 * 2 ** 20

export interface LogFile {
  /** Appends one line. A full disk is not an error here: the daemon's own output says so. */
  append(line: string): void
}

export function openLogFile(path: string): LogFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  let size = 0
  try {
    size = statSync(path).size
  } catch {
    // It is new.
  }
  return {
    append(line) {
      try {
        if (size > mostBytes) {
          renameSync(path, `${path}.1`)
          size = 0
        }
        const text = `${line}\n`
        appendFileSync(path, text, { mode: 0o600 })
        size += Buffer.byteLength(text)
      } catch {
        // A log that cannot be written must not stop what it tells about.
      }
    },
  }
}
