/**
 * A folder for batches that could not be read, to be looked at by a person: bounded, oldest kept.
 *
 * The first ones tell most; a sensor that sends nothing else must not fill the disk. What is not kept
 * is still counted, in the log and as a loss.
 */
import { createHash } from 'node:crypto'
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Quarantine {
  /** Keeps the bytes and returns the file's name; empty when the folder is full or cannot be written. */
  keep(bytes: Uint8Array): Promise<string>
}

export interface QuarantineLimits {
  readonly files: number
  readonly bytes: number
}

export async function openQuarantine(
  dir: string,
  limits: QuarantineLimits = { files: 100, bytes: 64 * 1024 * 1024 },
): Promise<Quarantine> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  let files = 0
  let bytes = 0
  for (const name of await readdir(dir)) {
    files += 1
    bytes += (await stat(join(dir, name))).size
  }
  return {
    async keep(content) {
      if (files >= limits.files || bytes + content.length > limits.bytes) return ''
      // Named by content, so that a batch that comes again and again takes one place.
      const name = `${createHash('sha256').update(content).digest('hex').slice(0, 32)}.batch`
      files += 1
      bytes += content.length
      try {
        await writeFile(join(dir, name), content, { flag: 'wx', mode: 0o600 })
      } catch (error) {
        files -= 1
        bytes -= content.length
        return (error as NodeJS.ErrnoException).code === 'EEXIST' ? name : ''
      }
      return name
    },
  }
}
