/**
 * dpkg-divert(1): packages whose file of a name lies elsewhere because another one has its own there. The file
 * `diversions` has three lines for each: the name, where it went, and the package for which (`:` for none). Pure.
 */

export interface Diversion {
  readonly from: string
  readonly to: string
  /** Keeps its own file at `from`; `:` when nobody does. */
  readonly by: string
}

/** Beyond these the rest is not read. */
const mostDiversions = 10_000

export function parseDiversions(text: string): Diversion[] {
  const lines = text.split('\n', mostDiversions * 3)
  const found: Diversion[] = []
  for (let at = 0; at + 2 < lines.length; at += 3) {
    const [from = '', to = '', by = ''] = lines.slice(at, at + 3)
    if (from.startsWith('/') && to.startsWith('/') && by !== '') found.push({ from, to, by })
  }
  return found
}

/** A name in the lists of packages, and whose list it may be in. */
export interface ListedName {
  readonly path: string
  readonly mayOwn: (packageName: string) => boolean
}

const anybody = (): boolean => true

/** Under which names packages may list what lies at one of these paths (`spellings.ts`). */
export function listedNames(
  paths: readonly string[],
  diversions: readonly Diversion[],
): ListedName[] {
  const kept = diversions.find(({ from }) => paths.includes(from))
  // The one that diverted the others has its own file there; another's is where it was sent.
  const names: ListedName[] = paths.map((path) => ({
    path,
    mayOwn: kept ? (name) => name === kept.by : anybody,
  }))
  for (const { from, to, by } of diversions)
    if (paths.includes(to)) names.push({ path: from, mayOwn: (name) => name !== by })
  return names
}
