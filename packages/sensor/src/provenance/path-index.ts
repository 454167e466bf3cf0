/**
 * Which packages may own a path, in 8 bytes a file: a sorted array of numbers, each a hash of 32 bits and the
 * number of a package.
 *
 * A hash may lie: whoever asks looks into the package's own list. What is there is always found. Pure.
 */

/** FNV-1a over the bytes of a text. */
export function hashOf(path: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < path.length; i++)
    hash = Math.imul(hash ^ (path.charCodeAt(i) & 255), 0x01000193)
  return hash >>> 0
}

/** Packages are numbered in 16 bits. */
export const mostPackages = 65_536
const slash = 0x2f
const newline = 0x0a

export interface PathIndex {
  /** Numbers of packages whose lists may hold the path; few. */
  packagesOf(path: string): number[]
  readonly entries: number
  /** Bytes that it takes. */
  readonly bytes: number
}

export interface PathIndexBuilder {
  /**
   * Takes in a list of absolute paths, a line each. A folder that is followed by what it holds is left out: only files run.
   * False when there is no room for it.
   */
  add(packageNumber: number, list: Uint8Array): boolean
  finish(): PathIndex
}

export function createPathIndexBuilder(mostEntries: number): PathIndexBuilder {
  let entries = new Float64Array(4096)
  let count = 0

  function put(hash: number, packageNumber: number): boolean {
    if (count >= mostEntries) return false
    if (count === entries.length) {
      const next = new Float64Array(Math.min(mostEntries, entries.length * 2))
      next.set(entries)
      entries = next
    }
    // 48 bits: exact in a double, and sorted by the engine's own code.
    entries[count++] = hash * mostPackages + packageNumber
    return true
  }

  /** Whether the line from `from` to `end` lies in the folder that the line before is. */
  function isBelow(
    list: Uint8Array,
    before: number,
    beforeLength: number,
    from: number,
    end: number,
  ): boolean {
    if (beforeLength === 0 || end - from <= beforeLength || list[from + beforeLength] !== slash)
      return false
    // From its end: paths that follow each other differ there.
    for (let i = beforeLength - 1; i >= 0; i--)
      if (list[before + i] !== list[from + i]) return false
    return true
  }

  return {
    add(packageNumber, list) {
      let before = 0
      let beforeLength = 0
      let beforeHash = 0
      let from = 0
      let hash = 0x811c9dc5
      for (let at = 0; at <= list.length; at++) {
        const byte = at < list.length ? (list[at] ?? 0) : newline
        if (byte !== newline) {
          hash = Math.imul(hash ^ byte, 0x01000193)
          continue
        }
        if (at > from) {
          if (beforeLength > 0 && !isBelow(list, before, beforeLength, from, at))
            if (!put(beforeHash, packageNumber)) return false
          before = from
          beforeLength = at - from
          beforeHash = hash >>> 0
        }
        from = at + 1
        hash = 0x811c9dc5
      }
      return beforeLength === 0 || put(beforeHash, packageNumber)
    },
    finish() {
      const sorted = entries.slice(0, count).sort()
      entries = new Float64Array(0)
      /** Place of the first entry that is not below `value`. */
      function lowerBound(value: number): number {
        let low = 0
        let high = sorted.length
        while (low < high) {
          const middle = (low + high) >>> 1
          if ((sorted[middle] ?? 0) < value) low = middle + 1
          else high = middle
        }
        return low
      }
      return {
        packagesOf(path) {
          const first = hashOf(path) * mostPackages
          const found: number[] = []
          for (let at = lowerBound(first); at < sorted.length; at++) {
            const entry = sorted[at] ?? 0
            if (entry >= first + mostPackages) break
            found.push(entry - first)
          }
          return found
        },
        entries: sorted.length,
        bytes: sorted.byteLength,
      }
    },
  }
}
