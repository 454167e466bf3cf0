/** Paths as the kernel's programs write them: the last name first (`bpf/read/path.h`). */
import type { BatchBuilder } from '@honeyguide/model/batch'

const slash = 47

/** Room for the path that is turned; grows to that of the longest. */
let turned = new Uint8Array(4096)

/**
 * Turns a path of bytes `from` to `to` that ends with a slash into `out`, from its root on, and returns its length:
 * `/usr/bin/true` of `true/bin/usr/`. The length is the same.
 */
function turn(written: Uint8Array, from: number, to: number, out: Uint8Array): number {
  let at = 0
  let end = to - 1
  // By hand: names are a few bytes, a call for each costs more than they do.
  while (end >= from) {
    let begin = end
    while (begin > from && written[begin - 1] !== slash) begin--
    out[at++] = slash
    for (let i = begin; i < end; i++) out[at++] = written[i] as number
    end = begin - 1
  }
  return at
}

/** Where the last whole name ends. */
function endOfWhole(written: Uint8Array, from: number, to: number): number {
  let end = to
  while (end > from && written[end - 1] !== slash) end--
  return end
}

/**
 * Dictionary id of a path from its root on, of one with its last name first and a slash behind each name, in bytes
 * `from` to `to`. What does not end with a slash is no path and stays as it is. Of one that `isCut`, so that its
 * first names are missing, the part that has whole names.
 */
export function pathText(
  builder: BatchBuilder,
  written: Uint8Array,
  from: number,
  to: number,
  isCut = false,
): number {
  const end = isCut ? endOfWhole(written, from, to) : to
  if (end <= from || written[end - 1] !== slash) return builder.text(written, from, end)
  if (turned.length < end - from) turned = new Uint8Array(end - from)
  return builder.text(turned, 0, turn(written, from, end, turned))
}
