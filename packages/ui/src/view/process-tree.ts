/**
 * The process tree as rows: guides at the left, a lifetime bar at the right.
 *
 * Pure; bounded recursion is none (explicit stack), as a host may send a chain of 10,000 processes.
 */
import type { ProcessNode } from '@honeyguide/model/api'
import { grouped } from './number-words.ts'
import { shown, start } from './shorten.ts'

/** What stands in one guide column of a row: nothing, a passing line, a branch, or the last branch. */
export type Guide = 'none' | 'pass' | 'branch' | 'last'

export interface TreeRow {
  readonly node: ProcessNode
  readonly depth: number
  readonly guides: readonly Guide[]
  readonly childCount: number
  readonly open: boolean
  /** In the incident in view. */
  readonly hot: boolean
  /** Between two that are in it: the path of the incident. */
  readonly path: boolean
  /** Row of the parent, -1 for a root: where the fork line begins. */
  readonly parentRow: number
}

export interface TreeOptions {
  readonly closed: ReadonlySet<string>
  /** Only what belongs to this incident and its ancestors; null for all. */
  readonly incidentUid: string | null
  /** Only what this is true of, with its ancestors; absent for all. */
  readonly matches?: (node: ProcessNode) => boolean
}

/** Whether every word is in the name, file, command line, user, unit or pid of a process, in any case. */
export function matchesWords(node: ProcessNode, words: string): boolean {
  const text =
    `${node.name} ${node.filePath} ${node.cmdLine} ${node.user} ${node.unit} ${node.pid} ${node.marks.map((mark) => mark.label).join(' ')}`.toLowerCase()
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

/**
 * Why the tree is not that of the incident which the address names; undefined when it is, or when none is named.
 * `total` is how many processes there are, of which `nodes` were sent.
 */
export function whyNotNarrowed(
  incident: string,
  { nodes, total }: { readonly nodes: readonly ProcessNode[]; readonly total: number },
): string | undefined {
  if (incident === '' || nodes.some((node) => node.incidentUid === incident)) return undefined
  const name = start(shown(incident, 80), 40)
  return total > nodes.length
    ? `No process of ${name} is among the ${grouped(nodes.length)} of ${grouped(total)} that are drawn; these are all of them. A shorter time or a root narrows it.`
    : `No process of ${name} ran on this host in this time; these are all that did.`
}

/** Rows in order: roots by start, children by start. A node whose parent is not in the answer is a root. */
export function treeRows(nodes: readonly ProcessNode[], options: TreeOptions): readonly TreeRow[] {
  const byUid = new Map(nodes.map((node) => [node.uid, node]))
  const children = new Map<string, ProcessNode[]>()
  const roots: ProcessNode[] = []
  for (const node of nodes) {
    const parent = node.parentUid === null ? undefined : byUid.get(node.parentUid)
    if (!parent || parent === node) {
      roots.push(node)
      continue
    }
    const list = children.get(parent.uid)
    if (list) list.push(node)
    else children.set(parent.uid, [node])
  }
  const byStart = (a: ProcessNode, b: ProcessNode) =>
    a.start < b.start ? -1 : a.start > b.start ? 1 : a.pid - b.pid
  roots.sort(byStart)
  for (const list of children.values()) list.sort(byStart)

  const onPath = new Set<string>()
  for (const node of nodes) {
    if (node.incidentUid === null) continue
    if (options.incidentUid !== null && node.incidentUid !== options.incidentUid) continue
    let at: ProcessNode | undefined = node
    while (at && !onPath.has(at.uid)) {
      onPath.add(at.uid)
      at = at.parentUid === null ? undefined : byUid.get(at.parentUid)
    }
  }
  const matching = new Set<string>()
  if (options.matches !== undefined)
    for (const node of nodes) {
      if (!options.matches(node)) continue
      let at: ProcessNode | undefined = node
      while (at && !matching.has(at.uid)) {
        matching.add(at.uid)
        at = at.parentUid === null ? undefined : byUid.get(at.parentUid)
      }
    }
  const wanted = (node: ProcessNode) =>
    (options.incidentUid === null || onPath.has(node.uid)) &&
    (options.matches === undefined || matching.has(node.uid))

  const rows: TreeRow[] = []
  const seen = new Set<string>()
  interface Frame {
    readonly node: ProcessNode
    /** An ancestor is in the incident. */
    readonly below: boolean
    readonly depth: number
    readonly guides: readonly Guide[]
    readonly parentRow: number
  }
  const stack: Frame[] = roots
    .filter(wanted)
    .reverse()
    .map((node) => ({ node, below: false, depth: 0, guides: [], parentRow: -1 }))
  for (let frame = stack.pop(); frame; frame = stack.pop()) {
    const { node, depth, guides, parentRow } = frame
    // A cycle can only come from bad input; a row is shown once.
    if (seen.has(node.uid)) continue
    seen.add(node.uid)
    const below = (children.get(node.uid) ?? []).filter(wanted)
    const open = !options.closed.has(node.uid)
    const row = rows.length
    const hot = node.incidentUid !== null && onPath.has(node.uid)
    rows.push({
      node,
      depth,
      guides,
      childCount: below.length + node.hiddenChildren,
      open,
      hot,
      path: hot || (frame.below && onPath.has(node.uid)),
      parentRow,
    })
    if (!open) continue
    const passing = guides.map((guide): Guide =>
      guide === 'branch' || guide === 'pass' ? 'pass' : 'none',
    )
    for (let index = below.length - 1; index >= 0; index--) {
      const child = below[index]
      if (child)
        stack.push({
          node: child,
          below: frame.below || hot,
          depth: depth + 1,
          guides: [...passing.slice(-39), index === below.length - 1 ? 'last' : 'branch'],
          parentRow: row,
        })
    }
  }
  return rows
}

export interface Bar {
  /** 0 to 1 of the span. */
  readonly from: number
  readonly to: number
  /** It began before the span. */
  readonly openLeft: boolean
  /** It ends after the span, or runs. */
  readonly openRight: boolean
}

/** Part of the span in which a process lived; undefined when it did not. */
export function lifetimeBar(
  node: { readonly start: string; readonly end: string | null },
  fromMs: number,
  toMs: number,
): Bar | undefined {
  const start = Date.parse(node.start)
  const end = node.end === null ? Infinity : Date.parse(node.end)
  if (!(toMs > fromMs) || Number.isNaN(start) || start > toMs || end < fromMs) return undefined
  const at = (ms: number) => Math.min(1, Math.max(0, (ms - fromMs) / (toMs - fromMs)))
  return { from: at(start), to: at(end), openLeft: start < fromMs, openRight: end > toMs }
}

/** "code 0", "signal 9", "runs". */
export function endWords(node: ProcessNode): string {
  if (node.end === null) return 'runs'
  if (node.exitSignal !== null && node.exitSignal !== 0) return `signal ${node.exitSignal}`
  return node.exitCode === null ? 'ended' : `code ${node.exitCode}`
}

/**
 * The row of an image uid, or of a process uid (without the exec number): then its last image.
 * Undefined when it is not in the answer.
 */
export function processByUid(nodes: readonly ProcessNode[], uid: string): ProcessNode | undefined {
  if (uid === '') return undefined
  return (
    nodes.find((node) => node.uid === uid) ??
    nodes.findLast((node) => node.uid.startsWith(`${uid}-`)) ??
    // The image that a link named may have been replaced by exec since.
    nodes.findLast(
      (node) =>
        node.uid.replace(/-[0-9a-z]+$/, '') === uid.replace(/-[0-9a-z]+$/, '') &&
        uid.split('-').length === 5,
    )
  )
}

/** What a process is called: its name, else the file, else the first word of its command line. Never empty. */
export function processName(node: ProcessNode): string {
  const file = node.filePath.slice(node.filePath.lastIndexOf('/') + 1)
  const [first = ''] = node.cmdLine.split(' ')
  return node.name || file || first || 'unknown'
}
