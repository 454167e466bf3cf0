/** Shortening text for a place that is too small: escaped first, measured then; copying always gives it in full. */
import { visible } from '@honeyguide/model/text'

/** Characters, not UTF-16 halves: a cut never splits a pair. */
function chars(text: string): readonly string[] {
  return [...text]
}

/** `a9f3c1…net`: ellipsis in the middle, for paths and names. */
export function middle(text: string, most: number): string {
  const all = chars(text)
  if (all.length <= most) return text
  const head = Math.ceil((most - 1) / 2)
  const tail = most - 1 - head
  return `${all.slice(0, head).join('')}…${tail > 0 ? all.slice(-tail).join('') : ''}`
}

/** Ellipsis at the end, for command lines; a command keeps its beginning. */
export function start(text: string, most: number): string {
  const all = chars(text)
  return all.length <= most ? text : `${all.slice(0, most - 1).join('')}…`
}

/** Last part of a path; the whole when it is none. */
export function baseName(path: string): string {
  const cut = path.lastIndexOf('/')
  return cut >= 0 && cut < path.length - 1 ? path.slice(cut + 1) : path
}

/** Telemetry for the page: what would act or hide is shown, what is too long is cut at `most` with its length told. */
export function shown(text: string, most = 512): string {
  // Escaping grows text, so cutting raw text first bounds the work for hostile lengths.
  const rough = text.length > most * 2 ? text.slice(0, most * 2) : text
  const seen = visible(rough)
  return text.length > most ? start(seen, most) : seen
}

/** Bytes of the text in UTF-8, for "270 bytes". */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length
}

/** With a full stop at its end, unless it has one. Empty stays empty. */
export function asSentence(text: string): string {
  const trimmed = text.trim()
  return trimmed === '' || /[.!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`
}
