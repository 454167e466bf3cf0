/** Looks into the lists that dpkg keeps of a package's files (/var/lib/dpkg/info). Pure; bytes as text. */

/** Whether `path` is a line of a `.list` or `.conffiles`. */
export function listHolds(list: string, path: string): boolean {
  for (let at = list.indexOf(path); at >= 0; at = list.indexOf(path, at + 1)) {
    const end = at + path.length
    if ((at === 0 || list[at - 1] === '\n') && (end === list.length || list[end] === '\n'))
      return true
  }
  return false
}

/** Digest of an absolute path in a `.md5sums` (`<32 hex>  usr/bin/true`); undefined when it has none. */
export function md5Of(sums: string, path: string): string | undefined {
  const wanted = `  ${path.slice(1)}`
  for (let at = sums.indexOf(wanted, 32); at >= 0; at = sums.indexOf(wanted, at + 1)) {
    const end = at + wanted.length
    if (end < sums.length && sums[end] !== '\n') continue
    if (at > 32 && sums[at - 33] !== '\n') continue
    const digest = sums.slice(at - 32, at)
    if (/^[0-9a-f]{32}$/.test(digest)) return digest
  }
  return undefined
}
