/**
 * Names that one file has because folders at the top are links: `/bin/true` and `/usr/bin/true`, as packages may
 * say either (usrmerge; and `/usr/sbin`, which some distributions made a link to `bin`).
 */
import { fstatSync } from 'node:fs'
import { walkInRoot, type Root } from './walk-in-root.ts'

/** Folders that are links on some system, as packages spell them. */
const folders = [
  ...['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/libo32'],
  ...['/usr/sbin', '/usr/lib64'],
] as const

export interface Alias {
  readonly name: string
  /** Where it leads, without links. */
  readonly target: string
}

/** Aliases of a root, found by looking. */
export function aliasesOf(root: Root): Alias[] {
  return folders.flatMap((name) => {
    using found = walkInRoot(root, name)
    return found && found.path !== name && fstatSync(found.fd).isDirectory()
      ? [{ name, target: found.path }]
      : []
  })
}

/** The path, which has no links in it, and what else it may be called. Pure. */
export function spellings(path: string, aliases: readonly Alias[]): string[] {
  const names = [path]
  for (const { name, target } of aliases)
    if (path.startsWith(`${target}/`)) names.push(name + path.slice(target.length))
  return names
}
