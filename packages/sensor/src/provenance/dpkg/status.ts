/**
 * dpkg's `status` (deb-control(5)): stanzas of fields, one for each package. Bytes of any kind are taken;
 * what is no stanza of an installed package is skipped. Pure.
 */

export interface DpkgPackage {
  readonly name: string
  readonly version: string
  readonly architecture: string
}

/** Third word of `Status` where files of the package are there: all but `not-installed` and `config-files`. */
const withFiles = new Set([
  ...['installed', 'unpacked', 'half-installed', 'half-configured'],
  ...['triggers-awaited', 'triggers-pending'],
])
/** Longest name, version and architecture, bytes. */
const mostValue = 256

function readStanza(stanza: string): DpkgPackage | undefined {
  const fields = new Map<string, string>()
  for (let at = 0; at < stanza.length;) {
    let end = stanza.indexOf('\n', at)
    if (end < 0) end = stanza.length
    const first = stanza.charCodeAt(at)
    // Continued lines begin with a space or a tab.
    if (first !== 0x20 && first !== 0x09) {
      const colon = stanza.indexOf(':', at)
      if (colon > at && colon < end && colon - at < 32) {
        const name = stanza.slice(at, colon).toLowerCase()
        if (
          name === 'package' ||
          name === 'version' ||
          name === 'architecture' ||
          name === 'status'
        )
          fields.set(name, stanza.slice(colon + 1, end).trim())
      }
    }
    at = end + 1
  }
  const name = fields.get('package') ?? ''
  const version = fields.get('version') ?? ''
  const architecture = fields.get('architecture') ?? ''
  const [, , state = ''] = (fields.get('status') ?? '').split(/\s+/)
  if (name === '' || !withFiles.has(state)) return undefined
  if ([name, version, architecture].some((value) => value.length > mostValue)) return undefined
  return { name, version, architecture }
}

/** Where the stanza that begins at `at` ends: at the empty line behind it, or the end of the text. */
function endOfStanza(text: string, at: number): number {
  const end = text.indexOf('\n\n', at)
  return end < 0 ? text.length : end + 1
}

/** Packages whose files are there, in the order of the text. */
export function* parseStatus(text: string): Generator<DpkgPackage, void, undefined> {
  for (let at = 0; at < text.length;) {
    const end = endOfStanza(text, at)
    const found = readStanza(text.slice(at, end))
    if (found) yield found
    at = end + 1
  }
}

/** What the package came with as its configuration file at `path`: MD5 in hex; undefined when it says nothing. */
export function conffileDigest(
  text: string,
  wanted: DpkgPackage,
  path: string,
): string | undefined {
  for (let at = 0; at < text.length;) {
    const end = endOfStanza(text, at)
    const mark = text.indexOf(`\n ${path} `, at)
    if (mark < 0) return undefined
    if (mark >= end) {
      // Nothing of it in this stanza: on to the one that holds the mark.
      const before = text.lastIndexOf('\n\n', mark)
      at = before < end ? end + 1 : before + 2
      continue
    }
    const stanza = text.slice(at, end)
    const found = readStanza(stanza)
    if (found?.name === wanted.name && found.architecture === wanted.architecture) {
      const list = /^Conffiles:[ \t]*\n((?: .*\n?)*)/im.exec(stanza)?.[1] ?? ''
      for (const line of list.split('\n')) {
        if (!line.startsWith(` ${path} `)) continue
        const rest = /^([0-9a-f]{32})(?: (?:obsolete|remove-on-upgrade))*$/.exec(
          line.slice(path.length + 2),
        )
        if (rest) return rest[1]
      }
      return undefined
    }
    at = end + 1
  }
  return undefined
}
