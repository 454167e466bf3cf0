/**
 * The built page from its folder: hashed assets for ever, everything else asked for again each time.
 *
 * A path that names no file and has no extension is a view of the page: index.html. Nothing outside the
 * folder is ever read, also not through a link in it.
 */
import { open, realpath } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'

export interface PageFile {
  readonly bytes: Uint8Array
  readonly type: string
  readonly cacheControl: string
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.txt': 'text/plain; charset=utf-8',
}

/** Files of a build are named by their content. */
const hashed = /^\/assets\/.+-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/
const mostBytes = 16 * 1024 * 1024

async function readInside(root: string, path: string): Promise<Uint8Array | undefined> {
  try {
    const real = await realpath(join(root, path))
    if (!real.startsWith(root + sep)) return undefined
    const handle = await open(real, 'r')
    try {
      const { size } = await handle.stat()
      if (size > mostBytes || !(await handle.stat()).isFile()) return undefined
      return await handle.readFile()
    } finally {
      await handle.close()
    }
  } catch {
    return undefined
  }
}

/** Undefined when there is no such file. `path` is that of the URL, still encoded. */
export async function readPageFile(pageDir: string, path: string): Promise<PageFile | undefined> {
  let decoded: string
  try {
    decoded = decodeURIComponent(path)
  } catch {
    return undefined
  }
  // No hidden files, no way up, no NUL, no backslash.
  if (/(^|\/)\.|[\0\\]/.test(decoded)) return undefined
  let root: string
  try {
    root = await realpath(pageDir)
  } catch {
    return undefined
  }
  const extension = extname(decoded)
  const name = extension === '' ? '/index.html' : decoded
  const type = types[extname(name)]
  const bytes = type === undefined ? undefined : await readInside(root, name)
  if (type === undefined || bytes === undefined) return undefined
  return {
    bytes,
    type,
    cacheControl: hashed.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
  }
}
