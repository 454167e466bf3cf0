/** Where a download tool puts what it fetches, read from its arguments; nothing is guessed when they do not say. */

export interface Download {
  /** As typed; empty when not told. */
  readonly url: string
  /** Absolute path, without `.` and `..`. */
  readonly path: string
}

/** Joins with the working directory and removes `.` and `..`. */
export function absolutePath(cwd: string, path: string): string {
  const parts: string[] = []
  for (const part of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

function lastPart(url: string): string {
  const path = url.replace(/^[a-z+]+:\/\//i, '').replace(/[?#].*$/, '')
  const cut = path.lastIndexOf('/')
  return cut < 0 ? '' : path.slice(cut + 1)
}

const looksLikeUrl = (word: string) =>
  /^[a-z+]+:\/\//i.test(word) || /^[\w.-]+(:\d+)?\/\S*$/.test(word)

/** Flags of curl and wget that take no value, so that an option may follow them in one word. */
const plainFlags = /^-[#0-9afgGiIjJkLlMnNpqRsSvZcd]*$/

/** `short` and `long` options with a value: `-o x`, `-ox`, `-sSo x`, `--output x`, `--output=x`. */
function optionValue(argv: readonly string[], short: string, long: string): string | undefined {
  for (let at = 1; at < argv.length; at++) {
    const word = argv[at] ?? ''
    if (word === long) return argv[at + 1]
    if (word.startsWith(`${long}=`)) return word.slice(long.length + 1)
    if (word.startsWith('-') && !word.startsWith('--')) {
      const place = word.indexOf(short, 1)
      if (place > 0 && plainFlags.test(word.slice(0, place))) {
        const rest = word.slice(place + 1)
        return rest === '' ? argv[at + 1] : rest
      }
    }
  }
  return undefined
}

/** The address that a download tool is given; empty when there is none. */
export function urlOf(argv: readonly string[]): string {
  const urls = argv.slice(1).filter((word) => !word.startsWith('-') && looksLikeUrl(word))
  return urls.find((word) => word.includes('://')) ?? urls[0] ?? ''
}

const downloaders = new Set(['curl', 'wget', 'wget2', 'aria2c', 'scp'])

const interpreters = /^(python|perl|ruby|php)[\d.]*$/
/** Functions that take an address and then a file: HTTP::Tiny, LWP::Simple, urllib.request. */
const fetches =
  /\b(?:mirror|getstore|urlretrieve)\s*\(\s*(["'])([a-z+]+:\/\/[^"']+)\1\s*,\s*(["'])([^"']+)\3/i

/** What a one-liner of an interpreter fetches: where its code has both as plain texts. */
function fetchedBy(argv: readonly string[], cwd: string): Download[] {
  const at = argv.findIndex((word, index) => index > 0 && /^-\w*[cer]$/.test(word))
  const found = at < 0 ? null : fetches.exec(argv[at + 1] ?? '')
  const [, , url, , path] = found ?? []
  return url === undefined || path === undefined ? [] : [{ url, path: absolutePath(cwd, path) }]
}

/**
 * What `curl`, `wget`, `aria2c`, `scp` or `ftp`-like tools and one-liners of interpreters write, by name and
 * arguments; empty when it is not told.
 */
export function downloadsOf(name: string, argv: readonly string[], cwd: string): Download[] {
  if (interpreters.test(name)) return fetchedBy(argv, cwd)
  if (!downloaders.has(name)) return []
  const url = urlOf(argv)
  const to = (path: string): Download => ({ url, path: absolutePath(cwd, path) })
  if (name === 'curl') {
    const output = optionValue(argv, 'o', '--output')
    if (output !== undefined && output !== '-' && output !== '') return [to(output)]
    const keepsName = argv.some(
      (word) =>
        word === '--remote-name' ||
        (/^-[^-]*O/.test(word) && plainFlags.test(word.slice(0, word.indexOf('O')))),
    )
    return keepsName && lastPart(url) !== '' ? [to(lastPart(url))] : []
  }
  if (name === 'wget' || name === 'wget2') {
    const output = optionValue(argv, 'O', '--output-document')
    if (output !== undefined) return output === '-' || output === '' ? [] : [to(output)]
    const folder = optionValue(argv, 'P', '--directory-prefix')
    const file = lastPart(url)
    return file === '' ? [] : [to(folder === undefined ? file : `${folder}/${file}`)]
  }
  if (name === 'aria2c') {
    const output = optionValue(argv, 'o', '--out') ?? lastPart(url)
    return output === '' ? [] : [to(output)]
  }
  if (name === 'scp') {
    const words = argv.slice(1).filter((word) => !word.startsWith('-'))
    const source = words.at(-2) ?? ''
    const target = words.at(-1) ?? ''
    if (!source.includes(':') || target.includes(':')) return []
    return [{ url: source, path: absolutePath(cwd, target) }]
  }
  return []
}

/** Files that an exec runs: itself, and the script that an interpreter is given. */
export function ranFiles(
  name: string,
  file: string,
  argv: readonly string[],
  cwd: string,
): string[] {
  const out = [file]
  if (/^(ba|da|a|z|k)?sh$|^(python|perl|ruby|php|node|lua)[\d.]*$|^busybox$/.test(name)) {
    const script = argv
      .slice(1)
      .find((word, at) => !word.startsWith('-') && !(name === 'busybox' && at === 0))
    // After -c or -e comes code, not a file.
    if (
      script !== undefined &&
      !argv.slice(1, 1 + argv.indexOf(script)).some((word) => /^-\w*[ce]$/.test(word))
    )
      out.push(absolutePath(cwd, script))
  }
  return out
}
