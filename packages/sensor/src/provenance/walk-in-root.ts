/**
 * Paths as a process sees them that has another root: names are looked up one by one from that root, and
 * symbolic links and `..` never lead out of it.
 *
 * Opening `/proc/PID/root/path` alone does not do this: an absolute symbolic link in there is followed from
 * the root of whoever opens. Everything here is opened with O_PATH, which runs no code of drivers and does not
 * wait for the other end of a pipe; `reopen` gives a descriptor to read from, of what was looked at.
 */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readSync,
  readlinkSync,
  type BigIntStats,
} from 'node:fs'
import { bytesOf, textOf } from './byte-text.ts'

/** Not among Node's constants; the same number on every architecture that we run on (asm-generic/fcntl.h). */
const O_PATH = 0o10000000
/** As the kernel's own bounds on one path. */
const mostLinks = 40
const mostNames = 512

/** An open descriptor that closes itself. */
export interface Handle extends Disposable {
  readonly fd: number
}

function handle(fd: number): Handle {
  return { fd, [Symbol.dispose]: () => closeSync(fd) }
}

/** Opens a path of this process's own view; undefined when it is not there or not to be had. */
export function openPath(path: string, flags = 0): Handle | undefined {
  try {
    return handle(openSync(bytesOf(path), O_PATH | flags))
  } catch {
    return undefined
  }
}

/** A descriptor to read from, of the file that `at` is; undefined when it is no ordinary file or may not be read. */
export function reopen(at: Handle): Handle | undefined {
  try {
    if (!fstatSync(at.fd).isFile()) return undefined
    return handle(openSync(`/proc/self/fd/${at.fd}`, constants.O_RDONLY | constants.O_NONBLOCK))
  } catch {
    return undefined
  }
}

export interface Found extends Handle {
  /** The path without symbolic links, as processes with this root see it. */
  readonly path: string
  readonly stat: BigIntStats
}

/** A folder that processes see as `/`. */
export interface Root extends Handle {
  /** Whether a path (absolute, without links) may be looked up; all may unless said. */
  readonly mayEnter?: (path: string) => boolean
}

/**
 * The file at `path` below `root`, with every symbolic link followed. Undefined when it is not there; when
 * something on the way may not be entered; and beyond 40 links or 512 names.
 */
export function walkInRoot(root: Root, path: string): Found | undefined {
  /** Open folders from the root down, each with its name. */
  const way: { readonly name: string; readonly at: Handle; readonly stat: BigIntStats }[] = []
  const left = path.split('/').reverse()
  let links = 0
  let names = 0
  const shown = (): string => `/${way.map(({ name }) => name).join('/')}`
  try {
    while (left.length > 0) {
      const name = left.pop() ?? ''
      if (name === '' || name === '.') continue
      if (++names > mostNames || name.includes('\0')) return undefined
      if (name === '..') {
        way.pop()?.at[Symbol.dispose]()
        continue
      }
      const above = way.at(-1)?.at ?? root
      const next = `${way.length === 0 ? '' : shown()}/${name}`
      if (root.mayEnter?.(next) === false) return undefined
      const at = openPath(`/proc/self/fd/${above.fd}/${name}`, constants.O_NOFOLLOW)
      if (!at) return undefined
      const stat = fstatSync(at.fd, { bigint: true })
      if (!stat.isSymbolicLink()) {
        way.push({ name, at, stat })
        continue
      }
      at[Symbol.dispose]()
      if (++links > mostLinks) return undefined
      const target = textOf(
        readlinkSync(bytesOf(`/proc/self/fd/${above.fd}/${name}`), { encoding: 'buffer' }),
      )
      if (target.startsWith('/')) for (const one of way.splice(0)) one.at[Symbol.dispose]()
      left.push(...target.split('/').reverse())
    }
    const path = shown()
    const last = way.pop()
    if (!last) {
      const again = openPath(`/proc/self/fd/${root.fd}/.`)
      if (!again) return undefined
      return { ...again, path: '/', stat: fstatSync(again.fd, { bigint: true }) }
    }
    return { ...last.at, path, stat: last.stat }
  } catch {
    // Changed under our hands.
    return undefined
  } finally {
    for (const { at } of way) at[Symbol.dispose]()
  }
}

/** For files of ordinary length: hundreds are read in a row, and what a buffer each would leave is not given back. */
const scratch = Buffer.allocUnsafeSlow(256 * 1024)

/**
 * Content of a small file below an open folder, until the next call; undefined when it is not there, no ordinary
 * file, or longer.
 */
export function readBelow(folder: Handle, name: string, mostBytes: number): Buffer | undefined {
  using at = openPath(`/proc/self/fd/${folder.fd}/${name}`, constants.O_NOFOLLOW)
  using file = at && reopen(at)
  if (!file) return undefined
  try {
    const { size } = fstatSync(file.fd)
    if (size > mostBytes) return undefined
    const bytes = size <= scratch.length ? scratch : Buffer.allocUnsafeSlow(size)
    let length = 0
    while (length < size) {
      const count = readSync(file.fd, bytes, length, size - length, length)
      if (count === 0) break
      length += count
    }
    return bytes.subarray(0, length)
  } catch {
    return undefined
  }
}
