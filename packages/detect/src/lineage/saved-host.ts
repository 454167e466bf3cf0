/**
 * The graph of one host as it is saved: first held, at one moment, then packed in parts at leisure.
 *
 * Holding copies references and what may still change, nothing else, so it is quick; what is held does not change
 * any more, so events may go on while it is packed. Each part is plain data that stands for itself, with a
 * dictionary of its own, and is bounded by rows and by text, so that making one takes a few ms.
 */
import { commandLine } from '@honeyguide/model'
import type { ProcessEnd } from './image.ts'
import {
  createDictionary,
  packRows,
  unpackRows,
  type Columns,
  type PackedRows,
} from './packed-rows.ts'
import type {
  ConnectionState,
  ForkFacts,
  ImageFacts,
  ParentKey,
  SeenParent,
} from './stated-facts.ts'

/** All that is known of a host. Lists of the same length have one entry per process, image or connection. */
export interface HeldHost {
  readonly name: string
  /** As `Lineage.revisions` has it. */
  readonly revision: number
  readonly newestNs: bigint
  readonly evictedProcesses: number
  readonly evictedImages: number
  readonly evictedSockets: number
  readonly users: readonly (readonly [number, string])[]
  readonly processes: HeldProcess[]
  readonly forkParents: (ParentKey | null)[]
  readonly seenParents: (SeenParent | null)[]
  readonly ends: (ProcessEnd | null)[]
  readonly servers: (bigint | null)[]
  /** Bits of `processMarks`, and how many images a process has. */
  readonly marks: number[]
  readonly imageCounts: number[]
  /** Those of the first process, then those of the second ... */
  readonly images: HeldImage[]
  readonly facts: (ImageFacts | null)[]
  readonly forks: (ForkFacts | null)[]
  readonly connections: HeldConnection[]
  /** Places in `processes` by time of exit, in `connections` by time of close. */
  readonly exited: number[]
  readonly closed: number[]
  /** Uids of processes dropped for want of room, oldest first. */
  readonly dropped: string[]
}

export interface HeldProcess {
  readonly pid: number
  readonly startNs: bigint
}

export interface HeldImage {
  readonly execNo: number
}

/** `owner` is a place in `processes`, -1 for none that is left. */
export type HeldConnection = ConnectionState & { readonly owner: number }

export const processMarks = { linked: 1, parentEvicted: 2 } as const

/** Opaque to whoever stores it; in order. */
export type SavedPart = HeadPart | ProcessPart | ConnectionPart | OrderPart

/** What is known of a host itself. */
type HostFacts = Pick<
  HeldHost,
  | 'name'
  | 'revision'
  | 'newestNs'
  | 'evictedProcesses'
  | 'evictedImages'
  | 'evictedSockets'
  | 'users'
>

interface HeadPart extends HostFacts {
  readonly kind: 'head'
}

interface ProcessPart {
  readonly kind: 'processes'
  readonly texts: readonly string[]
  readonly processes: PackedRows
  readonly images: PackedRows
  readonly facts: PackedRows
  readonly forks: PackedRows
  readonly forkParents: PackedRows
  readonly seenParents: PackedRows
  readonly ends: PackedRows
  readonly servers: PackedRows
}

interface ConnectionPart {
  readonly kind: 'connections'
  readonly texts: readonly string[]
  readonly connections: PackedRows
}

interface OrderPart {
  readonly kind: 'order'
  readonly exited: Uint32Array
  readonly closed: Uint32Array
  /** Without the host's name. */
  readonly dropped: readonly string[]
}

/** `has`: bits of what of it stands in other tables. */
type ProcessRow = HeldProcess & {
  readonly has: number
  readonly marks: number
  readonly images: number
}
const has = { forkParent: 1, seenParent: 2, end: 4, server: 8, facts: 16, fork: 32 } as const

const processColumns: Columns<ProcessRow> = {
  pid: 'number',
  startNs: 'ns',
  has: 'number',
  marks: 'number',
  images: 'number',
}
const imageColumns: Columns<HeldImage & { readonly has: number }> = {
  execNo: 'number',
  has: 'number',
}
const parentColumns: Columns<ParentKey> = { pid: 'number', startNs: 'ns', execNo: 'number' }
const seenColumns: Columns<SeenParent> = { ...parentColumns, ofExecNo: 'number' }
const endColumns: Columns<ProcessEnd> = { bootNs: 'ns', exitCode: 'number', signal: 'number' }
const serverColumns: Columns<{ readonly sinceNs: bigint }> = { sinceNs: 'ns' }
const forkColumns: Columns<ForkFacts> = {
  bornNs: 'ns',
  eventUid: 'uid',
  userId: 'number',
  cgroup: 'text',
  namespacePid: 'number',
  flags: 'number',
}
/** The command line is made of the arguments again. */
const factColumns: Columns<Omit<ImageFacts, 'cmdLine'>> = {
  born: 'text',
  bornNs: 'ns',
  seenNs: 'ns',
  eventUid: 'uid',
  file: 'text',
  fileTyped: 'text',
  interpreter: 'text',
  argv: 'argv',
  cwd: 'text',
  userId: 'number',
  effectiveUserId: 'number',
  groupId: 'number',
  effectiveGroupId: 'number',
  loginUserId: 'number',
  sessionId: 'number',
  capEffective: 'text',
  capPermitted: 'text',
  mountNs: 'number',
  pidNs: 'number',
  netNs: 'number',
  userNs: 'number',
  namespacePid: 'number',
  cgroup: 'text',
  unit: 'text',
  container: 'text',
  tty: 'text',
  inode: 'ns',
  flags: 'number',
}
const connectionColumns: Columns<HeldConnection> = {
  uid: 'uid',
  owner: 'number',
  direction: 'text',
  imageUid: 'uid',
  eventUid: 'uid',
  openNs: 'ns',
  closeNs: 'ns',
  sourceIp: 'text',
  sourcePort: 'number',
  destinationIp: 'text',
  destinationPort: 'number',
  bytesSent: 'number',
  bytesReceived: 'number',
  tuple: 'text',
}

/** Most of one part: a few ms of work, whatever command lines are like. */
const mostProcesses = 1024
const mostConnections = 2048
const mostDropped = 16_384
const mostText = 256 << 10

function present<Value>(values: readonly (Value | null)[]): Value[] {
  return values.filter((value) => value !== null)
}

/** One part after the other; between two of them anything may happen. */
export function* packHost(held: HeldHost): Generator<SavedPart, undefined, undefined> {
  const { name } = held
  yield {
    kind: 'head',
    name,
    revision: held.revision,
    newestNs: held.newestNs,
    evictedProcesses: held.evictedProcesses,
    evictedImages: held.evictedImages,
    evictedSockets: held.evictedSockets,
    users: held.users,
  }
  for (let from = 0, image = 0; from < held.processes.length;) {
    let to = from
    let imagesTo = image
    let text = 0
    while (to < held.processes.length && to - from < mostProcesses && text < mostText) {
      for (let left = held.imageCounts[to] ?? 0; left > 0; left--)
        text += held.facts[imagesTo++]?.cmdLine.length ?? 0
      to += 1
    }
    yield packProcesses(held, [from, to], [image, imagesTo])
    from = to
    image = imagesTo
  }
  for (let from = 0; from < held.connections.length; from += mostConnections) {
    const dictionary = createDictionary()
    const rows = held.connections.slice(from, from + mostConnections)
    const connections = packRows(connectionColumns, rows, dictionary, name)
    yield { kind: 'connections', texts: dictionary.texts, connections }
  }
  for (let from = 0; from === 0 || from < held.dropped.length; from += mostDropped)
    yield {
      kind: 'order',
      exited: Uint32Array.from(from === 0 ? held.exited : []),
      closed: Uint32Array.from(from === 0 ? held.closed : []),
      dropped: held.dropped.slice(from, from + mostDropped).map((uid) => uid.slice(name.length)),
    }
}

type Range = readonly [from: number, to: number]

function packProcesses(held: HeldHost, processes: Range, images: Range): ProcessPart {
  const dictionary = createDictionary()
  const of = <Row>(columns: Columns<Row>, rows: readonly Row[]) =>
    packRows(columns, rows, dictionary, held.name)
  const [forkParents, seenParents, ends, servers] = [
    held.forkParents.slice(...processes),
    held.seenParents.slice(...processes),
    held.ends.slice(...processes),
    held.servers.slice(...processes),
  ]
  const [facts, forks] = [held.facts.slice(...images), held.forks.slice(...images)]
  return {
    kind: 'processes',
    processes: of(
      processColumns,
      held.processes.slice(...processes).map(({ pid, startNs }, at) => ({
        pid,
        startNs,
        has:
          (forkParents[at] ? has.forkParent : 0) |
          (seenParents[at] ? has.seenParent : 0) |
          (ends[at] ? has.end : 0) |
          (servers[at] === null ? 0 : has.server),
        marks: held.marks[processes[0] + at] ?? 0,
        images: held.imageCounts[processes[0] + at] ?? 0,
      })),
    ),
    images: of(
      imageColumns,
      held.images.slice(...images).map(({ execNo }, at) => ({
        execNo,
        has: (facts[at] ? has.facts : 0) | (forks[at] ? has.fork : 0),
      })),
    ),
    facts: of(factColumns, present(facts)),
    forks: of(forkColumns, present(forks)),
    forkParents: of(parentColumns, present(forkParents)),
    seenParents: of(seenColumns, present(seenParents)),
    ends: of(endColumns, present(ends)),
    servers: of(
      serverColumns,
      present(servers).map((sinceNs) => ({ sinceNs })),
    ),
    texts: dictionary.texts,
  }
}

/** An empty host to hold something of. */
export function emptyHost(of: HostFacts): HeldHost {
  return {
    name: of.name,
    revision: of.revision,
    newestNs: of.newestNs,
    evictedProcesses: of.evictedProcesses,
    evictedImages: of.evictedImages,
    evictedSockets: of.evictedSockets,
    users: of.users,
    processes: [],
    forkParents: [],
    seenParents: [],
    ends: [],
    servers: [],
    marks: [],
    imageCounts: [],
    images: [],
    facts: [],
    forks: [],
    connections: [],
    exited: [],
    closed: [],
    dropped: [],
  }
}

/** What `packHost` was given. Throws a RangeError or a TypeError for parts that it did not make. */
export function unpackHost(parts: readonly SavedPart[]): HeldHost {
  const [head, ...rest] = parts
  if (head?.kind !== 'head') throw new RangeError('the first part is not that of a host')
  const held = emptyHost(head)
  for (const part of rest)
    if (part.kind === 'processes') unpackProcesses(held, part)
    else if (part.kind === 'connections')
      for (const row of unpackRows(connectionColumns, part.connections, part.texts, held.name))
        held.connections.push(row)
    else if (part.kind === 'order') {
      for (const at of part.exited) held.exited.push(at)
      for (const at of part.closed) held.closed.push(at)
      for (const uid of part.dropped) held.dropped.push(held.name + uid)
    }
  return held
}

function unpackProcesses(held: HeldHost, part: ProcessPart): void {
  const of = <Row>(columns: Columns<Row>, packed: PackedRows) =>
    unpackRows(columns, packed, part.texts, held.name)[Symbol.iterator]()
  /** The next row of a table where `bits` say that there is one. */
  const next = <Row>(rows: Iterator<Row>, isThere: number): Row | null => {
    if (isThere === 0) return null
    const { value, done } = rows.next()
    if (done === true) throw new RangeError('a table of a part is too short')
    return value
  }
  const forkParents = of(parentColumns, part.forkParents)
  const seenParents = of(seenColumns, part.seenParents)
  const ends = of(endColumns, part.ends)
  const servers = of(serverColumns, part.servers)
  for (const row of of(processColumns, part.processes)) {
    held.processes.push(row)
    held.forkParents.push(next(forkParents, row.has & has.forkParent))
    held.seenParents.push(next(seenParents, row.has & has.seenParent))
    held.ends.push(next(ends, row.has & has.end))
    held.servers.push(next(servers, row.has & has.server)?.sinceNs ?? null)
    held.marks.push(row.marks)
    held.imageCounts.push(row.images)
  }
  const facts = of(factColumns, part.facts)
  const forks = of(forkColumns, part.forks)
  const lines = new Map<readonly string[], string>()
  for (const row of of(imageColumns, part.images)) {
    const found = next(facts, row.has & has.facts)
    let cmdLine = found ? lines.get(found.argv) : ''
    if (found && cmdLine === undefined) lines.set(found.argv, (cmdLine = commandLine(found.argv)))
    held.images.push(row)
    held.facts.push(found && Object.assign(found, { cmdLine: cmdLine ?? '' }))
    held.forks.push(next(forks, row.has & has.fork))
  }
}
