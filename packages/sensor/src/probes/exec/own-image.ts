/** Programs that Honeyguide's own processes run: node, and what it is started through. */
import { basename } from 'node:path'
import { execPath } from 'node:process'

const names = new Set(['setpriv', 'prlimit', 'unshare', 'nsenter', 'mount', basename(execPath)])
const utf8 = new TextDecoder()

/** Whether a resolved path is one of them. */
export function isOwnImage(file: Uint8Array): boolean {
  return names.has(basename(utf8.decode(file)))
}
