/** Texts of an image that need a little work: pure. */

const slash = 47
const empty = new Uint8Array(0)

/**
 * Path of a script as the process saw it: the kernel keeps only what was typed, so it is taken from
 * the working directory and cleaned of `.` and `..` (symbolic links stay as they are).
 */
export function scriptPath(typed: Uint8Array, cwd: Uint8Array): Uint8Array {
  if (typed.length === 0) return empty
  const parts: Uint8Array[] = []
  const take = (path: Uint8Array): void => {
    let from = 0
    while (from <= path.length) {
      const slashAt = path.indexOf(slash, from)
      const end = slashAt < 0 ? path.length : slashAt
      const part = path.subarray(from, end)
      from = end + 1
      if (part.length === 0 || (part.length === 1 && part[0] === 46)) continue
      if (part.length === 2 && part[0] === 46 && part[1] === 46) parts.pop()
      else parts.push(part)
    }
  }
  if (typed[0] !== slash) take(cwd)
  take(typed)
  let length = 0
  for (const part of parts) length += part.length + 1
  const out = new Uint8Array(Math.max(length, 1))
  out[0] = slash
  let at = 0
  for (const part of parts) {
    out[at] = slash
    out.set(part, at + 1)
    at += part.length + 1
  }
  return out
}

/** Name of a terminal as `ps` prints it: the kernel says `pts3` where the device is `pts/3`. */
export function terminalName(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  let name = ''
  for (const byte of end < 0 ? bytes : bytes.subarray(0, end)) name += String.fromCharCode(byte)
  return name.replace(/^pts(?=\d+$)/, 'pts/')
}
