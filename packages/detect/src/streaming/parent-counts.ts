/**
 * How often each program started each other on a host: what makes "1 of 214 children" sayable.
 *
 * Bounded: the parents seen first stay, further ones and further children are only counted in sums.
 */

export interface ParentHistory {
  /** This child under this parent, the one asked about included. */
  readonly count: number
  /** All children of this parent. */
  readonly total: number
  /** µs since 1970 of the first child counted. */
  readonly sinceUs: number
}

/** The other parent that started a program most often. */
export interface UsualParent {
  readonly file: string
  readonly count: number
  /** µs since 1970 of its first child counted. */
  readonly sinceUs: number
}

export interface ParentEntry {
  total: number
  readonly sinceUs: number
  readonly children: Map<string, number>
}

export type ParentCounts = Map<string, ParentEntry>

const mostParents = 2048
const mostChildren = 256

/** Who but `parentFile` starts `childFile` most often; null when nobody else was seen to. Looks at every parent. */
export function usualParentOf(
  counts: ParentCounts,
  parentFile: string,
  childFile: string,
): UsualParent | null {
  let most: UsualParent | null = null
  for (const [file, { children, sinceUs }] of counts) {
    const count = file === parentFile ? 0 : (children.get(childFile) ?? 0)
    if (count > 0 && (!most || count > most.count || (count === most.count && file < most.file)))
      most = { file, count, sinceUs }
  }
  return most
}

/** Counts one exec. Files are paths; undefined when the table is full. */
export function countChild(
  counts: ParentCounts,
  parentFile: string,
  childFile: string,
  timeUs: number,
): ParentHistory | undefined {
  let parent = counts.get(parentFile)
  if (!parent) {
    if (counts.size >= mostParents) return undefined
    parent = { total: 0, sinceUs: timeUs, children: new Map() }
    counts.set(parentFile, parent)
  }
  parent.total += 1
  const before = parent.children.get(childFile)
  if (before === undefined && parent.children.size >= mostChildren) return undefined
  parent.children.set(childFile, (before ?? 0) + 1)
  return { count: (before ?? 0) + 1, total: parent.total, sinceUs: parent.sinceUs }
}
