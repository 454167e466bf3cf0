/** Paths as the kernel's programs write them: the last name first (`bpf/read/path.h`). */

const slash = 47

/**
 * A path from its root on, of one with its last name first and a slash behind each name: `/usr/bin/true` of
 * `true/bin/usr/`. What does not end with a slash is no path and stays as it is. Same length, own memory unless
 * it is the same. Of one that `isCut`, so that its first names are missing, the part that has whole names.
 */
export function rootFirst(written: Uint8Array, isCut = false): Uint8Array {
  const path = isCut ? written.subarray(0, written.lastIndexOf(slash) + 1) : written
  const { length } = path
  if (length === 0 || path[length - 1] !== slash) return path
  const out = new Uint8Array(length)
  let to = 0
  let end = length - 1
  // By hand: names are a few bytes, a call for each costs more than they do.
  while (end >= 0) {
    let from = end
    while (from > 0 && path[from - 1] !== slash) from--
    out[to++] = slash
    for (let at = from; at < end; at++) out[to++] = path[at] ?? 0
    end = from - 1
  }
  return out
}
