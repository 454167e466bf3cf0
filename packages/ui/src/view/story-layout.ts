/**
 * Places the causal graph: columns are steps, lanes are hosts, edges are orthogonal and never cross a node.
 *
 * No physics, no randomness: the same incident and width give the same picture. Order of work: choose nodes,
 * fold siblings, columns, lanes, sub-rows, edges with tracks of their own. All sizes are px.
 */
import type { Incident, IncidentEdge, IncidentNode } from '@honeyguide/model/incident'

export interface StoryOptions {
  /** Width of the pane. */
  readonly width: number
  /** Most nodes drawn; the rest is counted. */
  readonly most: number
  /** Most columns before neighbours merge. */
  readonly mostColumns?: number
  /** Where nodes were drawn before: they stay in their column and row, new ones take free cells. */
  readonly keep?: StoryPlaces
  /** Draws the program that a shell started in the place of a shell that did nothing else. */
  readonly throughShells?: boolean
}

/** Places that outlive a picture: an incident that grows must not move what a person is reading. */
export interface StoryPlaces {
  /** Steps of each column, left to right. */
  readonly groups: readonly (readonly number[])[]
  /** Per node id. */
  readonly cells: ReadonlyMap<string, { readonly group: number; readonly row: number }>
}

export interface StoryColumn {
  readonly index: number
  readonly x: number
  readonly width: number
  /** Numbers of the steps in it: one, or several after merging. */
  readonly steps: readonly number[]
}

export interface StoryLane {
  /** Hosts that share it. */
  readonly hosts: readonly string[]
  readonly label: string
  readonly y: number
  readonly height: number
}

export interface StoryBox {
  readonly node: IncidentNode
  /** Ids that this box stands for, the node's own first. */
  readonly ids: readonly string[]
  readonly count: number
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly column: number
  readonly lane: number
  readonly row: number
}

export interface StoryEdge {
  readonly from: string
  readonly to: string
  readonly kind: IncidentEdge['kind']
  /** SVG path. */
  readonly path: string
  /** Corners, for tests and labels. */
  readonly points: readonly (readonly [number, number])[]
  readonly label: string
  /** Where the label lies; undefined when no segment is long enough: it appears on focus. */
  readonly labelAt:
    | { readonly x: number; readonly y: number; readonly anchor: 'start' | 'middle' | 'end' }
    | undefined
  readonly count: number
}

export interface StoryPicture {
  readonly width: number
  readonly height: number
  readonly columns: readonly StoryColumn[]
  readonly lanes: readonly StoryLane[]
  readonly boxes: readonly StoryBox[]
  readonly edges: readonly StoryEdge[]
  /** Nodes that the picture stands for, folded ones included, of `nodeTotal`. */
  readonly shown: number
  /** To be given as `keep` for the next picture of this incident. */
  readonly places: StoryPlaces
}

const headHeight = 54
const rowHeight = 64
const boxHeight = 34
const lanePad = 14
const narrowest = 96
const widest = 176
const radius = 6
const pitch = 4

/** Neighbours over edges in both directions, in order of time. */
function neighbours(edges: readonly IncidentEdge[]): ReadonlyMap<string, readonly string[]> {
  const out = new Map<string, string[]>()
  const add = (a: string, b: string) => {
    const list = out.get(a)
    if (list) list.push(b)
    else out.set(a, [b])
  }
  for (const edge of edges) {
    add(edge.from, edge.to)
    add(edge.to, edge.from)
  }
  return out
}

/** Nodes with a reason, the cheapest causal paths between them, then by weight. */
function choose(incident: Incident, most: number): ReadonlySet<string> {
  const order = [...incident.nodes].sort(
    (a, b) => b.weight - a.weight || a.step - b.step || (a.id < b.id ? -1 : 1),
  )
  const chosen = new Set<string>()
  const reasons = order
    .filter((node) => node.reasonNo !== null)
    .sort((a, b) => (a.reasonNo ?? 0) - (b.reasonNo ?? 0))
  const near = neighbours(incident.edges)
  const byId = new Map(incident.nodes.map((node) => [node.id, node]))
  const reach = (goal: string): readonly string[] => {
    if (chosen.size === 0) return [goal]
    const before = new Map<string, string | null>([[goal, null]])
    const queue = [goal]
    for (let at = 0; at < queue.length; at++) {
      const here = queue[at] ?? ''
      if (chosen.has(here)) {
        const path: string[] = []
        for (let step: string | null = here; step !== null; step = before.get(step) ?? null)
          path.push(step)
        return path
      }
      for (const next of near.get(here) ?? [])
        if (!before.has(next) && byId.has(next)) {
          before.set(next, here)
          queue.push(next)
        }
    }
    return [goal]
  }
  for (const node of reasons) {
    if (chosen.size >= most) break
    if (chosen.has(node.id)) continue
    for (const id of reach(node.id)) if (chosen.size < most) chosen.add(id)
  }
  // What hangs on the picture comes before what would float beside it.
  for (const attached of [true, false])
    for (const node of order) {
      if (chosen.size >= most) return chosen
      if (chosen.has(node.id)) continue
      if (attached && chosen.size > 0 && !(near.get(node.id) ?? []).some((id) => chosen.has(id)))
        continue
      chosen.add(node.id)
    }
  return chosen
}

/** Two edges between the same two nodes as one: verbs in order of time, each once. */
function joined(a: IncidentEdge, b: IncidentEdge): IncidentEdge {
  const [first, then] = a.time <= b.time ? [a, b] : [b, a]
  const verbs = [...new Set([...first.verb.split(', '), ...then.verb.split(', ')])].filter(Boolean)
  return {
    ...a,
    verb: verbs.join(', '),
    detail: first.detail || then.detail,
    time: first.time,
    // The same verb again happened so often more; another verb is the same happening.
    count: a.verb === b.verb ? a.count + b.count : Math.max(a.count, b.count),
  }
}

interface Folded {
  readonly nodes: readonly IncidentNode[]
  readonly ids: ReadonlyMap<string, readonly string[]>
  readonly edges: readonly IncidentEdge[]
}

/** Siblings with one template (same parent, verb, kind, host, step and label) become one node. */
function fold(incident: Incident): Folded {
  const parents = new Map<string, IncidentEdge[]>()
  const children = new Set<string>()
  for (const edge of incident.edges) {
    const list = parents.get(edge.to)
    if (list) list.push(edge)
    else parents.set(edge.to, [edge])
    children.add(edge.from)
  }
  const templates = new Map<string, IncidentNode[]>()
  for (const node of incident.nodes) {
    const incoming = parents.get(node.id) ?? []
    const [only] = incoming
    const foldable =
      incoming.length === 1 &&
      only !== undefined &&
      !children.has(node.id) &&
      node.reasonNo === null
    const key = foldable
      ? [only.from, only.verb, node.kind, node.host, node.step, node.label].join('\0')
      : `\0${node.id}`
    const list = templates.get(key)
    if (list) list.push(node)
    else templates.set(key, [node])
  }
  const into = new Map<string, string>()
  const ids = new Map<string, readonly string[]>()
  const nodes: IncidentNode[] = []
  for (const alike of templates.values()) {
    const [first] = alike
    if (!first) continue
    const count = alike.reduce((sum, node) => sum + node.count, 0)
    nodes.push({ ...first, count, weight: alike.reduce((sum, node) => sum + node.weight, 0) })
    ids.set(
      first.id,
      alike.map((node) => node.id),
    )
    for (const node of alike) into.set(node.id, first.id)
  }
  const merged = new Map<string, IncidentEdge>()
  for (const edge of incident.edges) {
    const from = into.get(edge.from)
    const to = into.get(edge.to)
    if (from === undefined || to === undefined || from === to) continue
    // One line from one to the other, whatever it did there: fork and exec are two verbs of one arrow.
    const key = [from, to, edge.kind].join('\0')
    const there = merged.get(key)
    merged.set(key, there ? joined(there, edge) : { ...edge, from, to })
  }
  return { nodes, ids, edges: [...merged.values()] }
}

/** A shell by the name of its file or the first word that it ran under. */
const shell = /^-?(ba|da|a|z|k|c|tc|fi)?sh( |$)/

/**
 * Without the shells that only stand between two processes: `sh -c whoami` is one act of who ran it, not two.
 * A shell with a reason, with several children, or that touched anything else stays.
 */
function withoutPassingShells(folded: Folded): Folded {
  const into = new Map<string, IncidentEdge[]>()
  const outOf = new Map<string, IncidentEdge[]>()
  for (const edge of folded.edges) {
    into.set(edge.to, [...(into.get(edge.to) ?? []), edge])
    outOf.set(edge.from, [...(outOf.get(edge.from) ?? []), edge])
  }
  const byId = new Map(folded.nodes.map((node) => [node.id, node]))
  const ids = new Map(folded.ids)
  const gone = new Set<string>()
  const edges = new Map(folded.edges.map((edge) => [edge, edge] as const))
  for (const node of folded.nodes) {
    const [enter, ...moreIn] = into.get(node.id) ?? []
    const [leave, ...moreOut] = outOf.get(node.id) ?? []
    if (!enter || !leave || moreIn.length > 0 || moreOut.length > 0) continue
    if (node.kind !== 'process' || node.reasonNo !== null || !shell.test(node.label)) continue
    const child = byId.get(leave.to)
    const parent = byId.get(enter.from)
    if (enter.kind !== 'process' || leave.kind !== 'process') continue
    if (child?.kind !== 'process' || child.host !== node.host) continue
    // Of a chain of shells the ones between stay: a path that is cut twice would name only one of them.
    if (!parent || gone.has(parent.id) || gone.has(child.id) || child.id === parent.id) continue
    gone.add(node.id)
    ids.set(child.id, [...(ids.get(child.id) ?? [child.id]), ...(ids.get(node.id) ?? [node.id])])
    edges.delete(enter)
    edges.set(leave, { ...leave, from: parent.id, verb: 'exec', detail: `through ${node.label}` })
  }
  return {
    nodes: folded.nodes.filter((node) => !gone.has(node.id)),
    ids,
    edges: [...edges.values()],
  }
}

/** Which steps share a column: one each up to ten, then neighbours of one tactic, then the middle. */
function groupSteps(
  incident: Incident,
  used: ReadonlySet<number>,
  most: number,
): readonly (readonly number[])[] {
  const tactic = new Map(incident.steps.map((step) => [step.no, step.tacticUid]))
  let groups: number[][] = [...used].sort((a, b) => a - b).map((no) => [no])
  while (groups.length > most) {
    const at = groups.findIndex((group, index) => {
      const next = groups[index + 1]
      return next !== undefined && tactic.get(group[0] ?? 0) === tactic.get(next[0] ?? 0)
    })
    if (at < 0) break
    groups[at] = [...(groups[at] ?? []), ...(groups[at + 1] ?? [])]
    groups = groups.filter((_, index) => index !== at + 1)
  }
  if (groups.length > most) {
    const head = Math.ceil((most - 1) / 2)
    const tail = most - 1 - head
    const middleGroups = groups.slice(head, groups.length - tail).flat()
    groups = [...groups.slice(0, head), middleGroups, ...(tail > 0 ? groups.slice(-tail) : [])]
  }
  return groups
}

/** Whether two pictures of one incident put every node at the same step and in the same row. */
export function samePlaces(a: StoryPlaces, b: StoryPlaces): boolean {
  const steps = (places: StoryPlaces, group: number) => (places.groups[group] ?? []).join(' ')
  return (
    a.cells.size === b.cells.size &&
    [...a.cells].every(([id, cell]) => {
      const other = b.cells.get(id)
      return (
        other !== undefined &&
        other.row === cell.row &&
        steps(a, cell.group) === steps(b, other.group)
      )
    })
  )
}

/** The columns that were drawn, and one at the right for each step that came since. */
function grownGroups(keep: StoryPlaces, used: ReadonlySet<number>): readonly (readonly number[])[] {
  const known = new Set(keep.groups.flat())
  return [
    ...keep.groups,
    ...[...used]
      .filter((no) => !known.has(no))
      .sort((a, b) => a - b)
      .map((no) => [no]),
  ]
}

/** Column of each node: its step's, moved right until no edge points left. */
function columnsOf(
  nodes: readonly IncidentNode[],
  edges: readonly IncidentEdge[],
  groups: readonly (readonly number[])[],
  keep: StoryPlaces | undefined,
): Map<string, number> {
  const ofStep = new Map(groups.flatMap((group, index) => group.map((no) => [no, index] as const)))
  const column = new Map(
    nodes.map((node) => [node.id, keep?.cells.get(node.id)?.group ?? ofStep.get(node.step) ?? 0]),
  )
  // Bounded: a cycle (A writes to B, B starts A) would otherwise push for ever.
  for (let round = 0; round < nodes.length; round++) {
    let moved = false
    for (const edge of edges) {
      const from = column.get(edge.from)
      const to = column.get(edge.to)
      if (from === undefined || to === undefined || to >= from) continue
      if (keep?.cells.has(edge.to) === true) continue
      const back = edges.some((other) => other.from === edge.to && other.to === edge.from)
      if (back) continue
      column.set(edge.to, from)
      moved = true
    }
    if (!moved) break
  }
  return column
}

/** Path with the most evidence along process edges: it stays on the first row of its lanes. */
function spineOf(
  nodes: readonly IncidentNode[],
  edges: readonly IncidentEdge[],
): readonly string[] {
  const processes = nodes.filter((node) => node.kind === 'process')
  const ids = new Set(processes.map((node) => node.id))
  const weight = new Map(processes.map((node) => [node.id, node.weight + 0.001]))
  const next = new Map<string, string[]>()
  for (const edge of edges)
    if (ids.has(edge.from) && ids.has(edge.to)) {
      const list = next.get(edge.from)
      if (list) list.push(edge.to)
      else next.set(edge.from, [edge.to])
    }
  const best = new Map<string, { readonly sum: number; readonly path: readonly string[] }>()
  const visit = (
    id: string,
    above: ReadonlySet<string>,
  ): { sum: number; path: readonly string[] } => {
    const known = best.get(id)
    if (known) return known
    let tail: { sum: number; path: readonly string[] } = { sum: 0, path: [] }
    for (const child of next.get(id) ?? []) {
      if (above.has(child)) continue
      const below = visit(child, new Set([...above, id]))
      if (below.sum > tail.sum) tail = below
    }
    const found = { sum: (weight.get(id) ?? 0) + tail.sum, path: [id, ...tail.path] }
    best.set(id, found)
    return found
  }
  let spine: { sum: number; path: readonly string[] } = { sum: -1, path: [] }
  for (const node of processes) {
    const found = visit(node.id, new Set())
    if (found.sum > spine.sum) spine = found
  }
  return spine.path
}

interface Cell {
  readonly lane: number
  readonly row: number
}

function lanesOf(
  nodes: readonly IncidentNode[],
): { readonly hosts: string[]; readonly label: string }[] {
  const hosts: string[] = []
  for (const node of [...nodes].sort(
    (a, b) => a.step - b.step || (a.firstTime < b.firstTime ? -1 : 1),
  ))
    if (node.host !== 'outside' && !hosts.includes(node.host)) hosts.push(node.host)
  const outside = nodes.some((node) => node.host === 'outside')
    ? [{ hosts: ['outside'], label: 'Outside, no sensor' }]
    : []
  if (hosts.length <= 4)
    return [...outside, ...hosts.map((host) => ({ hosts: [host], label: host }))]
  const signature = (host: string) =>
    nodes
      .filter((node) => node.host === host)
      .map((node) => `${node.step}/${node.kind}/${node.label}`)
      .sort()
      .join('\0')
  const shared = new Map<string, string[]>()
  for (const host of hosts) {
    const key = signature(host)
    const list = shared.get(key)
    if (list) list.push(host)
    else shared.set(key, [host])
  }
  return [
    ...outside,
    ...[...shared.values()].map((alike) => ({
      hosts: alike,
      label: alike.length === 1 ? (alike[0] ?? '') : `${alike[0] ?? ''} × ${alike.length}`,
    })),
  ]
}

type Point = readonly [number, number]

/** SVG path through orthogonal points with rounded corners. */
export function roundedPath(points: readonly Point[]): string {
  const [first] = points
  if (!first) return ''
  let out = `M${first[0]} ${first[1]}`
  for (let at = 1; at < points.length; at++) {
    const here = points[at]
    const before = points[at - 1]
    const after = points[at + 1]
    if (!here || !before) continue
    if (!after) {
      out += `L${here[0]} ${here[1]}`
      continue
    }
    const inX = Math.sign(here[0] - before[0])
    const inY = Math.sign(here[1] - before[1])
    const outX = Math.sign(after[0] - here[0])
    const outY = Math.sign(after[1] - here[1])
    const room = Math.min(
      radius,
      Math.hypot(here[0] - before[0], here[1] - before[1]) / 2,
      Math.hypot(after[0] - here[0], after[1] - here[1]) / 2,
    )
    out += `L${here[0] - inX * room} ${here[1] - inY * room}`
    out += `Q${here[0]} ${here[1]} ${here[0] + outX * room} ${here[1] + outY * room}`
  }
  return out
}

/** Drops points that lie on a straight line between their neighbours, and repeats. */
function straighten(points: readonly Point[]): readonly Point[] {
  const out: Point[] = []
  for (const point of points) {
    const last = out[out.length - 1]
    if (last && last[0] === point[0] && last[1] === point[1]) continue
    const before = out[out.length - 2]
    if (
      before &&
      last &&
      ((before[0] === last[0] && last[0] === point[0]) ||
        (before[1] === last[1] && last[1] === point[1]))
    )
      out.pop()
    out.push(point)
  }
  return out
}

export function layoutStory(incident: Incident, options: StoryOptions): StoryPicture {
  const mostColumns = options.mostColumns ?? 10
  const folded = options.throughShells ? withoutPassingShells(fold(incident)) : fold(incident)
  const { keep } = options
  const chosen = choose({ ...incident, nodes: folded.nodes, edges: folded.edges }, options.most)
  const nodes = folded.nodes
    .filter((node) => chosen.has(node.id))
    .sort(
      (a, b) =>
        a.step - b.step ||
        (a.firstTime < b.firstTime ? -1 : a.firstTime > b.firstTime ? 1 : 0) ||
        (a.id < b.id ? -1 : 1),
    )
  const edges = folded.edges
    .filter((edge) => chosen.has(edge.from) && chosen.has(edge.to))
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.from < b.from ? -1 : 1))
  const steps = new Set(nodes.map((node) => node.step))
  const groups =
    keep === undefined ? groupSteps(incident, steps, mostColumns) : grownGroups(keep, steps)
  const column = columnsOf(nodes, edges, groups, keep)
  const used = [...new Set(column.values())].sort((a, b) => a - b)
  const compact = new Map(used.map((index, at) => [index, at]))
  const columnCount = Math.max(1, used.length)
  const columnWidth = Math.max(narrowest, Math.min(widest, Math.floor(options.width / columnCount)))
  const width = Math.max(options.width, columnWidth * columnCount)
  const columns: StoryColumn[] = used.map((index, at) => ({
    index: at,
    x: at * columnWidth,
    width: columnWidth,
    steps: groups[index] ?? [],
  }))
  // An address of four numbers (12 characters) must fit; what is left beside the boxes is the gutter.
  const boxWidth = Math.max(columnWidth - 28, Math.min(columnWidth - 10, 88))

  const laneHosts = lanesOf(nodes)
  const laneOf = (host: string) =>
    Math.max(
      0,
      laneHosts.findIndex((lane) => lane.hosts.includes(host)),
    )
  const spinePath = spineOf(nodes, edges)
  const taken = new Set<string>()
  const cells = new Map<string, Cell>()
  const place = (node: IncidentNode, wanted: number) => {
    const lane = laneOf(node.host)
    const col = compact.get(column.get(node.id) ?? 0) ?? 0
    let row = wanted
    while (taken.has(`${lane}/${col}/${row}`)) row += 1
    taken.add(`${lane}/${col}/${row}`)
    cells.set(node.id, { lane, row })
  }
  for (const node of keep === undefined ? [] : nodes) {
    const cell = keep?.cells.get(node.id)
    if (cell !== undefined) place(node, cell.row)
  }
  // The spine first, so that it is straight; then other processes, sockets and files in order of time.
  // Of several in one column that one goes on the straight row from which the path goes on; in the last column
  // the one that it comes in by.
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const lastColumn = column.get(spinePath[spinePath.length - 1] ?? '')
  const ends = spinePath.filter((id) => column.get(id) === lastColumn)
  for (const id of [...spinePath.slice(0, spinePath.length - ends.length).toReversed(), ...ends]) {
    const node = byId.get(id)
    if (node && !cells.has(id)) place(node, 0)
  }
  spinePath.forEach((id, at) => {
    const here = byId.get(id)
    const next = byId.get(spinePath[at + 1] ?? '')
    if (
      !here ||
      !next ||
      here.host !== next.host ||
      cells.get(id)?.row !== 0 ||
      cells.get(next.id)?.row !== 0
    )
      return
    const from = compact.get(column.get(id) ?? 0) ?? 0
    const to = compact.get(column.get(next.id) ?? 0) ?? 0
    for (let col = from + 1; col < to; col++) taken.add(`${laneOf(here.host)}/${col}/0`)
  })
  for (const node of nodes)
    if (!cells.has(node.id) && (node.kind === 'process' || node.host === 'outside')) place(node, 0)
  for (const node of nodes) if (!cells.has(node.id)) place(node, 1)

  const laneRows = laneHosts.map((_, lane) =>
    Math.max(
      1,
      ...[...cells.values()].filter((cell) => cell.lane === lane).map((cell) => cell.row + 1),
    ),
  )
  const lanes: StoryLane[] = []
  let y = headHeight
  laneHosts.forEach((lane, index) => {
    const height = (laneRows[index] ?? 1) * rowHeight + lanePad
    lanes.push({ hosts: lane.hosts, label: lane.label, y, height })
    y += height
  })
  const height = y

  const boxes: StoryBox[] = nodes.map((node) => {
    const cell = cells.get(node.id) ?? { lane: 0, row: 0 }
    const col = compact.get(column.get(node.id) ?? 0) ?? 0
    const lane = lanes[cell.lane]
    return {
      node,
      ids: folded.ids.get(node.id) ?? [node.id],
      count: node.count,
      x: col * columnWidth + (columnWidth - boxWidth) / 2,
      y: (lane?.y ?? headHeight) + lanePad + cell.row * rowHeight + (rowHeight - boxHeight) / 2 - 6,
      width: boxWidth,
      height: boxHeight,
      column: col,
      lane: cell.lane,
      row: cell.row,
    }
  })
  const drawn = routeEdges(boxes, edges, columnWidth, width)
  const shown = boxes.reduce((sum, box) => sum + Math.max(box.ids.length, 1), 0)
  const places: StoryPlaces = {
    groups,
    cells: new Map(
      boxes.map((box) => [box.node.id, { group: column.get(box.node.id) ?? 0, row: box.row }]),
    ),
  }
  return { width, height, columns, lanes, boxes, edges: drawn, shown, places }
}

/** Whether a label says no more than an arrow between two processes does. */
export function isPlainStart(kind: IncidentEdge['kind'], label: string): boolean {
  return (
    kind === 'process' && /^(fork|exec|fork, exec|exec, fork)(, through .*)?( ×\d+)?$/.test(label)
  )
}

/** Global row of a box: its y is unique per lane and row. */
function routeEdges(
  boxes: readonly StoryBox[],
  edges: readonly IncidentEdge[],
  columnWidth: number,
  width: number,
): readonly StoryEdge[] {
  const slack = Math.max(0, (columnWidth - (boxes[0]?.width ?? columnWidth)) / 2 - 1)
  const byId = new Map(boxes.map((box) => [box.node.id, box]))
  const rows = [...new Set(boxes.map((box) => box.y))].sort((a, b) => a - b)
  const filled = new Set(boxes.map((box) => `${box.column}@${box.y}`))
  const freeRow = (yAt: number, from: number, to: number) => {
    for (let col = Math.min(from, to) + 1; col < Math.max(from, to); col++)
      if (filled.has(`${col}@${yAt}`)) return false
    return true
  }
  const freeColumn = (col: number, fromY: number, toY: number) => {
    const low = Math.min(fromY, toY)
    const high = Math.max(fromY, toY)
    return !rows.some((row) => row > low && row < high && filled.has(`${col}@${row}`))
  }
  // How many lines already use a side of a box, a gutter or a corridor: each gets its own track.
  const tracks = new Map<string, number>()
  const track = (key: string, most = 5) => {
    const at = tracks.get(key) ?? 0
    tracks.set(key, at + 1)
    const place = Math.min(at, most - 1)
    return (place % 2 === 0 ? place / 2 : -(place + 1) / 2) * pitch
  }
  const gutterTrack = (column: number) => Math.max(-slack, Math.min(slack, track(`g${column}`)))
  // Straight lines first: they take the middle of their ends, what arrives from elsewhere goes beside them.
  const isStraight = (edge: IncidentEdge) => byId.get(edge.from)?.y === byId.get(edge.to)?.y
  const sorted = [...edges].sort((a, b) => {
    const ay = byId.get(a.to)?.y ?? 0
    const by = byId.get(b.to)?.y ?? 0
    return Number(isStraight(b)) - Number(isStraight(a)) || ay - by || (a.time < b.time ? -1 : 1)
  })
  const routed = sorted.flatMap((edge) => {
    const from = byId.get(edge.from)
    const to = byId.get(edge.to)
    return from && to ? [{ edge, points: straighten(route(from, to)) }] : []
  })
  const lines = routed.map(({ points }) => segmentAreas(points))
  const placed: Area[] = boxes.map((box) => ({
    x: box.x,
    y: box.y,
    width: box.width,
    height: box.height,
  }))
  return routed.map(({ edge, points }, at) => {
    const label =
      [edge.verb, edge.detail].filter(Boolean).join(', ') +
      (edge.count > 1 ? ` ×${edge.count}` : '')
    // That a process ran another is what an arrow between two processes says anyway.
    const plain = isPlainStart(edge.kind, label)
    const others = lines.flatMap((areas, other) => (other === at ? [] : areas))
    return {
      from: edge.from,
      to: edge.to,
      kind: edge.kind,
      path: roundedPath(points),
      points,
      label,
      labelAt: plain ? undefined : placeLabel(points, label, placed, others, width),
      count: edge.count,
    }
  })

  function route(from: StoryBox, to: StoryBox): readonly Point[] {
    const right = from.x + from.width
    const fromMid = from.y + from.height / 2
    const toMid = to.y + to.height / 2
    const toCentre = to.x + to.width / 2
    const fromCentre = from.x + from.width / 2
    if (from.column === to.column) {
      if (from.y !== to.y && freeColumn(from.column, from.y, to.y)) {
        const x = fromCentre + track(`v${from.column}@${Math.min(from.y, to.y)}`)
        return from.y < to.y
          ? [
              [x, from.y + from.height],
              [x, to.y],
            ]
          : [
              [x, from.y],
              [x, to.y + to.height],
            ]
      }
      const gutter = (from.column + 1) * columnWidth + gutterTrack(from.column)
      return [
        [right, fromMid],
        [gutter, fromMid],
        [gutter, toMid],
        [to.x + to.width, toMid],
      ]
    }
    if (to.column > from.column) {
      if (from.y === to.y && freeRow(from.y, from.column, to.column)) {
        const shift = track(`in${to.node.id}`)
        return [
          [right, fromMid + shift],
          [to.x, fromMid + shift],
        ]
      }
      const leave = from.y < to.y ? 6 : -6
      // Along the source's row, then down or up into the target.
      if (
        from.y !== to.y &&
        !filled.has(`${to.column}@${from.y}`) &&
        freeRow(from.y, from.column, to.column) &&
        freeColumn(to.column, from.y, to.y)
      ) {
        const shift = leave + track(`r${from.node.id}${Math.sign(leave)}`) / 2
        const x = toCentre + track(`t${to.node.id}${Math.sign(leave)}`) * 2
        return [
          [right, fromMid + shift],
          [x, fromMid + shift],
          [x, from.y < to.y ? to.y : to.y + to.height],
        ]
      }
      const gutter = (from.column + 1) * columnWidth + gutterTrack(from.column)
      const arrive = toMid + track(`in${to.node.id}`)
      if (freeRow(to.y, from.column, to.column))
        return [
          [right, fromMid + leave / 2],
          [gutter, fromMid + leave / 2],
          [gutter, arrive],
          [to.x, arrive],
        ]
      // Through the corridor above the target's row: no box ever stands there.
      const corridor = to.y - 12 + track(`c${to.y}`)
      const into = to.column * columnWidth + gutterTrack(to.column - 1)
      return [
        [right, fromMid + leave / 2],
        [gutter, fromMid + leave / 2],
        [gutter, corridor],
        [into, corridor],
        [into, arrive],
        [to.x, arrive],
      ]
    }
    // Only a cycle points left: around, through the corridor.
    const corridor = Math.min(from.y, to.y) - 14 + track(`c${Math.min(from.y, to.y)}`)
    return [
      [fromCentre, from.y],
      [fromCentre, corridor],
      [toCentre, corridor],
      [toCentre, to.y],
    ]
  }
}

const labelCharWidth = 5.6

interface Area {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

function overlap(a: Area, b: Area): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

/** What the lines of an edge cover, one area a segment. */
function segmentAreas(points: readonly Point[]): readonly Area[] {
  return points.slice(1).map((b, at) => {
    const a = points[at] ?? b
    return {
      x: Math.min(a[0], b[0]) - 1,
      y: Math.min(a[1], b[1]) - 1,
      width: Math.abs(a[0] - b[0]) + 2,
      height: Math.abs(a[1] - b[1]) + 2,
    }
  })
}

/** On the first segment where it fits and hides neither a box nor another label; `taken` grows by it. */
function placeLabel(
  points: readonly Point[],
  label: string,
  taken: Area[],
  lines: readonly Area[],
  room: number,
): StoryEdge['labelAt'] {
  if (label === '') return undefined
  const width = label.length * labelCharWidth
  const fits = (area: Area) => {
    if (area.x < 0 || area.x + area.width > room || taken.some((other) => overlap(area, other)))
      return false
    if (lines.some((line) => overlap(area, line))) return false
    taken.push(area)
    return true
  }
  for (let at = 1; at < points.length; at++) {
    const a = points[at - 1]
    const b = points[at]
    if (!a || !b || a[1] !== b[1] || Math.abs(b[0] - a[0]) < width + 8) continue
    const left = Math.min(a[0], b[0]) + width / 2 + 4
    const right = Math.max(a[0], b[0]) - width / 2 - 4
    // In the middle, else towards the target, else towards the source; above the line, else below.
    for (const x of [(a[0] + b[0]) / 2, right, left])
      for (const y of [a[1] - 4, a[1] + 12])
        if (fits({ x: x - width / 2, y: y - 9, width, height: 11 }))
          return { x, y, anchor: 'middle' }
  }
  for (let at = 1; at < points.length; at++) {
    const a = points[at - 1]
    const b = points[at]
    if (!a || !b || a[0] !== b[0] || Math.abs(b[1] - a[1]) < 20 || width > 110) continue
    const low = Math.min(a[1], b[1])
    const high = Math.max(a[1], b[1])
    const x = a[0] + 5
    for (const y of [(low + high) / 2 + 4, low + 14, high - 8])
      for (const anchor of ['start', 'end'] as const) {
        const at = anchor === 'start' ? x : a[0] - 5
        const left = anchor === 'start' ? at : at - width
        if (fits({ x: left, y: y - 9, width, height: 11 })) return { x: at, y, anchor }
      }
  }
  return undefined
}

/** Numbers of the steps that a node took part in or led to at once; null when `id` is no node of it. */
export function stepsOfNode(incident: Incident, id: string | null): ReadonlySet<number> | null {
  const byId = new Map(incident.nodes.map((node) => [node.id, node]))
  const node = id === null ? undefined : byId.get(id)
  if (!node) return null
  return new Set([
    node.step,
    ...incident.steps.filter((step) => step.nodeIds.includes(node.id)).map((step) => step.no),
    ...incident.edges.flatMap((edge) =>
      edge.from === node.id ? (byId.get(edge.to)?.step ?? []) : [],
    ),
  ])
}

/** The box that an arrow key leads to from `id`: along an edge, else the nearest in that direction. */
export function nextBox(
  picture: StoryPicture,
  id: string,
  key: 'ArrowLeft' | 'ArrowRight' | 'ArrowUp' | 'ArrowDown',
): string | undefined {
  const here = picture.boxes.find((box) => box.node.id === id)
  if (!here) return picture.boxes[0]?.node.id
  const linked = new Set(
    picture.edges.flatMap((edge) =>
      edge.from === id ? [edge.to] : edge.to === id ? [edge.from] : [],
    ),
  )
  const ahead = picture.boxes.filter((box) => {
    if (box.node.id === id) return false
    switch (key) {
      case 'ArrowRight':
        return box.x > here.x
      case 'ArrowLeft':
        return box.x < here.x
      case 'ArrowUp':
        return box.y < here.y && Math.abs(box.x - here.x) < here.width * 1.5
      case 'ArrowDown':
        return box.y > here.y && Math.abs(box.x - here.x) < here.width * 1.5
    }
  })
  const cost = (box: StoryBox) =>
    Math.abs(box.x - here.x) +
    Math.abs(box.y - here.y) * 1.5 -
    (linked.has(box.node.id) ? 10_000 : 0)
  return ahead.sort((a, b) => cost(a) - cost(b))[0]?.node.id
}
