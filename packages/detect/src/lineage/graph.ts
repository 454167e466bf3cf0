/**
 * The lineage graph behind `Lineage`.
 *
 * Every fact is keyed by identities that never repeat and merged by rules that do not depend on order: a fork
 * tells the parent and beats what an exec says (which is init once the parent is gone), an exec describes an
 * image and beats a snapshot, which beats the copy made by a fork. So events may come late or twice. Only
 * forgetting depends on time, and that is the newest event time of the same host.
 */
import {
  argvLine,
  eventUid,
  formatAddress,
  imageFlags,
  imageUid,
  namePrefix,
  processUid,
  splitArgv,
  tcpOperations,
  type Batch,
  type TableReader,
} from '@honeyguide/model'
import { flatText } from './flat-text.ts'
import { isLoopback } from './loopback.ts'
import type { Connection, Image, ProcessEnd } from './image.ts'
import {
  defaultLineageLimits,
  lineageVersion,
  type Lineage,
  type LineageCounts,
  type LineageLimits,
} from './lineage.ts'
import { orderedTables, rowOrder } from './row-order.ts'
import { emptyHost, processMarks, unpackHost, type HeldHost } from './saved-host.ts'
import type {
  ConnectionState,
  ForkFacts,
  ImageFacts,
  ParentKey,
  SeenParent,
} from './stated-facts.ts'
import { createTimeQueue, type TimeQueue } from './time-queue.ts'

const unsetId = 4294967295
/** What holds for a fork's copy of a program too; the other bits speak of one exec or one look. */
const inheritedFlags =
  imageFlags.argvTruncated |
  imageFlags.argvUnreadable |
  imageFlags.memfd |
  imageFlags.deleted |
  imageFlags.script |
  imageFlags.filePartial |
  imageFlags.redacted |
  imageFlags.kernelThread |
  imageFlags.own

interface ImageNode {
  readonly execNo: number
  facts: ImageFacts | null
  fork: ForkFacts | null
  /** Built on demand, dropped when what it is made of changes. */
  record: Image | null
}

interface ProcessNode {
  readonly uid: string
  readonly pid: number
  readonly startNs: bigint
  /** By exec number. */
  readonly images: ImageNode[]
  forkParent: ParentKey | null
  seenParent: SeenParent | null
  parent: ProcessNode | null
  parentEvicted: boolean
  /** Made with the first: most processes have neither children nor connections, and two sets are half of a node. */
  children: Set<ProcessNode> | null
  end: ProcessEnd | null
  serverSince: bigint | null
  /** In the order in which they were told of. */
  connections: Set<ConnectionNode> | null
  /** Its place when its host was held last. */
  place: number
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] }

interface ConnectionNode extends Mutable<ConnectionState> {
  process: ProcessNode | null
}

/** The connections of one address tuple, by who told of them; each list by time of opening. */
interface TupleEnds {
  readonly connect: ConnectionNode[]
  readonly accept: ConnectionNode[]
}

interface HostGraph {
  readonly name: string
  /** Grows with whatever changes this host. */
  revision: number
  readonly byPid: Map<number, ProcessNode[]>
  readonly byUid: Map<string, ProcessNode>
  readonly users: Map<number, string>
  readonly connections: Map<string, ConnectionNode>
  /** Ends of connections by address tuple, to find the other end. */
  readonly tuples: Map<string, TupleEnds>
  /** Exited processes by time of exit, and closed connections by time of close. */
  exited: TimeQueue<ProcessNode>
  closed: TimeQueue<ConnectionNode>
  /** Uids of processes dropped for want of room: children name them as evicted, not as unknown. */
  readonly dropped: Set<string>
  newestNs: bigint
  evictedProcesses: number
  evictedImages: number
  evictedSockets: number
}

/** Names one end of a connection: the same in its open and close events. */
export function connectionUid(host: string, socketId: bigint): string {
  return `${host}-s${socketId.toString(36)}`
}

/** Text after the last slash. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

const dash = 45

/** A number written in base 36, lower case, from `from` to before `to`; NaN when it is none. */
function base36(text: string, from: number, to: number): number {
  let value = from < to ? 0 : NaN
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at)
    const digit = code >= 97 && code <= 122 ? code - 87 : code >= 48 && code <= 57 ? code - 48 : NaN
    value = value * 36 + digit
  }
  return value
}

const exitTime = (node: ProcessNode): bigint => node.end?.bootNs ?? 0n
const closeTime = (node: ConnectionNode): bigint => node.closeNs

function byOpening(a: ConnectionNode, b: ConnectionNode): number {
  return a.openNs < b.openNs ? -1 : a.openNs > b.openNs ? 1 : 0
}

/** Puts a connection where it belongs from the back: what comes is nearly sorted. */
function insertByOpening(nodes: ConnectionNode[], node: ConnectionNode): void {
  let at = nodes.length
  while (at > 0 && (nodes[at - 1]?.openNs ?? 0n) > node.openNs) at--
  if (at === nodes.length) nodes.push(node)
  else nodes.splice(at, 0, node)
}

/** Index of the first that opened at `openNs` or later. */
function firstFrom(nodes: readonly ConnectionNode[], openNs: bigint): number {
  let low = 0
  let high = nodes.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((nodes[middle]?.openNs ?? 0n) < openNs) low = middle + 1
    else high = middle
  }
  return low
}

/** Of a host's name, the digits that name its sensor: see `namePrefix`. */
const sensorDigits = 12

/** Both ends tell within this time of each other, ns: clocks are read where each end is handled. */
const togetherNs = 1_000_000_000n

function wereOpenTogether(a: ConnectionNode, b: ConnectionNode): boolean {
  return (
    (a.closeNs === 0n || b.openNs <= a.closeNs + togetherNs) &&
    (b.closeNs === 0n || a.openNs <= b.closeNs + togetherNs)
  )
}

/**
 * How many are looked at on each side in time. Connections of one tuple follow each other, so it is the nearest
 * or there is none; a fixed client port makes thousands of them, and each of their events asks.
 */
const nearest = 8

export function createLineage(options: Partial<LineageLimits> = {}): Lineage {
  const limits: LineageLimits = { ...defaultLineageLimits, ...options }
  const exitedNs = BigInt(limits.exitedMs) * 1_000_000n
  const closedNs = BigInt(limits.closedMs) * 1_000_000n
  let hosts = new Map<string, HostGraph>()
  /** Names in `hosts` by sensor, in the order in which they came. */
  let boots = new Map<string, readonly string[]>()
  let interned = new Map<string, string>()
  let revisions = 0

  /** One string object per text, so that millions of records share it and its hash. */
  function intern(text: string): string {
    const known = interned.get(text)
    if (known !== undefined) return known
    if (interned.size >= 65_536) interned = new Map()
    interned.set(flatText(text), text)
    return text
  }

  function hostOf(name: string): HostGraph {
    let host = hosts.get(name)
    if (!host) {
      host = {
        name,
        revision: 0,
        byPid: new Map(),
        byUid: new Map(),
        users: new Map(),
        connections: new Map(),
        tuples: new Map(),
        exited: createTimeQueue(exitTime),
        closed: createTimeQueue(closeTime),
        dropped: new Set(),
        newestNs: 0n,
        evictedProcesses: 0,
        evictedImages: 0,
        evictedSockets: 0,
      }
      hosts.set(name, host)
      forgetBoots(name)
    }
    return host
  }

  /** Processes of an earlier boot have ended, if untold; its events may still come from a spool for a while. */
  function forgetBoots(name: string): void {
    const sensor = name.slice(0, sensorDigits)
    const known = boots.get(sensor) ?? []
    boots.set(sensor, [...known, name].slice(-limits.boots))
    for (const gone of known.slice(0, known.length + 1 - limits.boots)) {
      hosts.delete(gone)
      lastHost = undefined
      lastFound = undefined
    }
  }

  function find(host: HostGraph, pid: number, startNs: bigint): ProcessNode | undefined {
    const same = host.byPid.get(pid)
    if (!same) return undefined
    for (let i = same.length - 1; i >= 0; i--) {
      const node = same[i]
      if (node?.startNs === startNs) return node
    }
    return undefined
  }

  function addProcess(host: HostGraph, pid: number, startNs: bigint): ProcessNode {
    const node: ProcessNode = {
      uid: processUid(host.name, pid, startNs),
      pid,
      startNs,
      images: [],
      forkParent: null,
      seenParent: null,
      parent: null,
      parentEvicted: false,
      children: null,
      end: null,
      serverSince: null,
      connections: null,
      place: -1,
    }
    const same = host.byPid.get(pid)
    if (same) same.push(node)
    else host.byPid.set(pid, [node])
    host.byUid.set(node.uid, node)
    host.dropped.delete(node.uid)
    if (host.byUid.size > limits.processes) makeRoom(host, node)
    return node
  }

  function ensureProcess(host: HostGraph, pid: number, startNs: bigint): ProcessNode {
    return find(host, pid, startNs) ?? addProcess(host, pid, startNs)
  }

  function findImage(node: ProcessNode, execNo: number): ImageNode | undefined {
    for (let i = node.images.length - 1; i >= 0; i--) {
      const image = node.images[i]
      if (image?.execNo === execNo) return image
    }
    return undefined
  }

  /** Not kept when it is older than all but the first of as many as are kept. */
  function ensureImage(host: HostGraph, node: ProcessNode, execNo: number): ImageNode {
    const known = findImage(node, execNo)
    if (known) return known
    const image: ImageNode = { execNo, facts: null, fork: null, record: null }
    let at = node.images.length
    while (at > 0 && (node.images[at - 1]?.execNo ?? 0) > execNo) at--
    node.images.splice(at, 0, image)
    if (node.images.length > limits.images) {
      // How a process began and what it is now matter; a program that runs itself for ever has no end of the rest.
      node.images.splice(1, 1)
      host.evictedImages += 1
    }
    return image
  }

  /** Drops records that may have been made from less than is known now. */
  function changed(node: ProcessNode): void {
    for (const image of node.images) image.record = null
    if (node.children === null) return
    for (const child of node.children) {
      let copies = false
      for (const image of child.images) {
        if (image.facts === null) copies = true
        image.record = null
      }
      if (copies) changed(child)
    }
  }

  function unlink(node: ProcessNode): void {
    node.parent?.children?.delete(node)
    node.parent = null
  }

  /** Sets the parent from the best that is known. */
  function link(host: HostGraph, node: ProcessNode): void {
    const key = node.forkParent ?? node.seenParent
    if (!key || key.pid === 0) {
      unlink(node)
      return
    }
    if (node.parent?.pid === key.pid && node.parent.startNs === key.startNs) return
    unlink(node)
    const known = find(host, key.pid, key.startNs)
    if (!known && host.dropped.has(processUid(host.name, key.pid, key.startNs))) {
      node.parentEvicted = true
      return
    }
    const parent = known ?? addProcess(host, key.pid, key.startNs)
    // A process cannot be its own ancestor: a row that says so is wrong and is not believed.
    for (let above: ProcessNode | null = parent; above; above = above.parent)
      if (above === node) return
    node.parentEvicted = false
    node.parent = parent
    parent.children ??= new Set()
    parent.children.add(node)
  }

  function remove(host: HostGraph, node: ProcessNode): void {
    lastFound = undefined
    unlink(node)
    for (const child of node.children ?? []) {
      child.parent = null
      child.parentEvicted = true
      for (const image of child.images) image.record = null
    }
    node.children = null
    host.byUid.delete(node.uid)
    node.place = -1
    const same = host.byPid.get(node.pid)
    if (same) {
      const rest = same.filter((other) => other !== node)
      if (rest.length === 0) host.byPid.delete(node.pid)
      else host.byPid.set(node.pid, rest)
    }
  }

  function isExpired(host: HostGraph, node: ProcessNode): boolean {
    return node.end !== null && node.end.bootNs + exitedNs < host.newestNs
  }

  /** Forgets what has been over for long enough and has no descendants left. */
  function forget(host: HostGraph): void {
    for (let node = host.exited.first(); node; node = host.exited.first()) {
      if (!isExpired(host, node)) break
      host.exited.take()
      // With descendants left it goes with the last of them, in the loop below.
      for (let at: ProcessNode | null = node; at && (at.children?.size ?? 0) === 0;) {
        const parent: ProcessNode | null = at.parent
        if (!isExpired(host, at) || host.byUid.get(at.uid) !== at) break
        remove(host, at)
        at = parent
      }
    }
    for (let node = host.closed.first(); node; node = host.closed.first()) {
      if (node.closeNs + closedNs >= host.newestNs) break
      host.closed.take()
      removeConnection(host, node)
    }
  }

  /** Over the limit: the process that ended first goes, else the one known for longest; counted. */
  function makeRoom(host: HostGraph, keep: ProcessNode): void {
    let victim: ProcessNode | undefined
    while (!victim) {
      const node = host.exited.take()
      if (!node) break
      if (node !== keep && host.byUid.get(node.uid) === node) victim = node
    }
    if (!victim)
      for (const node of host.byUid.values())
        if (node !== keep) {
          victim = node
          break
        }
    if (!victim) return
    host.evictedProcesses += 1
    remove(host, victim)
    host.dropped.add(victim.uid)
    if (host.dropped.size > limits.processes) {
      const [oldest] = host.dropped
      if (oldest !== undefined) host.dropped.delete(oldest)
    }
  }

  function removeConnection(host: HostGraph, node: ConnectionNode): void {
    if (host.connections.get(node.uid) !== node) return
    host.connections.delete(node.uid)
    const ends = host.tuples.get(node.tuple)
    if (ends && node.direction !== 'unknown') {
      const own = ends[node.direction]
      // Mostly the first: what was closed first leaves first.
      const at = own.indexOf(node)
      if (at >= 0) own.splice(at, 1)
      if (ends.connect.length + ends.accept.length === 0) host.tuples.delete(node.tuple)
    }
    node.process?.connections?.delete(node)
  }

  function imageFacts(
    host: HostGraph,
    batch: Batch,
    table: TableReader<'exec'> | TableReader<'process'>,
    row: number,
  ): ImageFacts {
    const c = table.columns
    const born = table.name === 'exec' ? 'exec' : 'snapshot'
    const text = (column: Uint32Array) => intern(batch.text(column[row] ?? 0))
    const id = (value: number | undefined) => (value === unsetId ? -1 : (value ?? 0))
    const caps = (column: BigUint64Array) =>
      intern((column[row] ?? 0n).toString(16).padStart(16, '0'))
    const packed = batch.text(c.argv[row] ?? 0)
    const argv = splitArgv(packed)
    const bootNs = c.bootNs[row] ?? 0n
    return {
      born,
      bornNs: born === 'exec' ? bootNs : (c.startNs[row] ?? 0n),
      seenNs: bootNs,
      eventUid: born === 'exec' ? eventUid(host.name, 'l', c.seq[row] ?? 0n) : '',
      file: text(c.file),
      fileTyped: text(c.fileTyped),
      interpreter: text(c.interpreter),
      argv,
      cmdLine: argvLine(packed),
      cwd: text(c.cwd),
      userId: c.uid[row] ?? 0,
      effectiveUserId: c.euid[row] ?? 0,
      groupId: c.gid[row] ?? 0,
      effectiveGroupId: c.egid[row] ?? 0,
      loginUserId: id(c.loginUid[row]),
      sessionId: id(c.sessionId[row]),
      capEffective: caps(c.capEffective),
      capPermitted: caps(c.capPermitted),
      mountNs: c.mountNs[row] ?? 0,
      pidNs: c.pidNs[row] ?? 0,
      netNs: c.netNs[row] ?? 0,
      userNs: c.userNs[row] ?? 0,
      namespacePid: c.nsPid[row] ?? 0,
      cgroup: text(c.cgroup),
      unit: text(c.unit),
      container: text(c.container),
      tty: text(c.tty),
      inode: c.inode[row] ?? 0n,
      flags: c.flags[row] ?? 0,
    }
  }

  function takeImage(
    host: HostGraph,
    batch: Batch,
    table: TableReader<'exec'> | TableReader<'process'>,
    row: number,
  ): void {
    const c = table.columns
    const node = ensureProcess(host, c.pid[row] ?? 0, c.startNs[row] ?? 0n)
    const execNo = c.execNo[row] ?? 0
    const image = ensureImage(host, node, execNo)
    const facts = image.facts
    if (facts) {
      // An exec is told once; a snapshot may be taken again and the first look is kept.
      if (facts.born === 'exec') return
      if (table.name === 'process' && facts.seenNs <= (c.bootNs[row] ?? 0n)) return
    }
    image.facts = imageFacts(host, batch, table, row)
    if (!node.seenParent || node.seenParent.ofExecNo > execNo) {
      node.seenParent = {
        pid: c.parentPid[row] ?? 0,
        startNs: c.parentStartNs[row] ?? 0n,
        execNo: c.parentExecNo[row] ?? 0,
        ofExecNo: execNo,
      }
    }
    link(host, node)
    changed(node)
  }

  function takeFork(host: HostGraph, batch: Batch, table: TableReader<'fork'>, row: number): void {
    const c = table.columns
    const node = ensureProcess(host, c.pid[row] ?? 0, c.startNs[row] ?? 0n)
    if (node.forkParent) return
    const execNo = c.execNo[row] ?? 0
    node.forkParent = {
      pid: c.parentPid[row] ?? 0,
      startNs: c.parentStartNs[row] ?? 0n,
      execNo: c.parentExecNo[row] ?? 0,
    }
    ensureImage(host, node, execNo).fork = {
      bornNs: c.bootNs[row] ?? 0n,
      eventUid: eventUid(host.name, 'l', c.seq[row] ?? 0n),
      userId: c.uid[row] ?? 0,
      cgroup: intern(batch.text(c.cgroup[row] ?? 0)),
      namespacePid: c.nsPid[row] ?? 0,
      flags: c.flags[row] ?? 0,
    }
    link(host, node)
    changed(node)
  }

  function takeExit(host: HostGraph, table: TableReader<'exit'>, row: number): void {
    const c = table.columns
    const node = ensureProcess(host, c.pid[row] ?? 0, c.startNs[row] ?? 0n)
    if (node.images.length === 0) ensureImage(host, node, c.execNo[row] ?? 0)
    if (node.end) return
    node.end = {
      bootNs: c.bootNs[row] ?? 0n,
      exitCode: c.exitCode[row] ?? 0,
      signal: c.signal[row] ?? 0,
    }
    host.exited.add(node)
  }

  function takeTcp(host: HostGraph, batch: Batch, table: TableReader<'tcp'>, row: number): void {
    const c = table.columns
    const operation = c.operation[row] ?? 0
    const pid = c.pid[row] ?? 0
    const bootNs = c.bootNs[row] ?? 0n
    const process = pid === 0 ? null : ensureProcess(host, pid, c.startNs[row] ?? 0n)
    if (process) ensureImage(host, process, c.execNo[row] ?? 0)
    // Not a listen: asking for a free port looks the same and serves nobody.
    if (operation === tcpOperations.accept)
      if (process && (process.serverSince === null || bootNs < process.serverSince))
        process.serverSince = bootNs
    const isOpen = operation === tcpOperations.connect || operation === tcpOperations.accept
    if (!isOpen && operation !== tcpOperations.close) return
    const uid = connectionUid(host.name, c.socketId[row] ?? 0n)
    let node = host.connections.get(uid)
    if (!node) {
      node = {
        uid: flatText(uid),
        process: null,
        direction: 'unknown',
        imageUid: '',
        eventUid: '',
        openNs: 0n,
        closeNs: 0n,
        sourceIp: '',
        sourcePort: 0,
        destinationIp: '',
        destinationPort: 0,
        bytesSent: 0,
        bytesReceived: 0,
        tuple: '',
      }
      host.connections.set(uid, node)
      if (host.connections.size > limits.sockets) {
        const victim = host.closed.take() ?? host.connections.values().next().value
        if (victim && victim !== node) {
          removeConnection(host, victim)
          host.evictedSockets += 1
        }
      }
    }
    if (operation === tcpOperations.close) {
      if (node.closeNs !== 0n) return
      node.closeNs = bootNs
      node.bytesSent = Number(c.bytesSent[row] ?? 0n)
      node.bytesReceived = Number(c.bytesReceived[row] ?? 0n)
      host.closed.add(node)
    } else if (node.openNs === 0n) {
      node.openNs = bootNs
      node.direction = operation === tcpOperations.connect ? 'connect' : 'accept'
      node.eventUid = flatText(eventUid(host.name, 'd', c.seq[row] ?? 0n))
      // Most connections of a host are of few processes.
      node.imageUid = process
        ? intern(imageUid(host.name, pid, process.startNs, c.execNo[row] ?? 0))
        : ''
      if (process) {
        node.process = process
        process.connections ??= new Set()
        process.connections.add(node)
      }
      const localIp = intern(formatAddress(batch.bytes(c.localAddress[row] ?? 0)))
      const remoteIp = intern(formatAddress(batch.bytes(c.remoteAddress[row] ?? 0)))
      const opened = node.direction === 'connect'
      node.sourceIp = opened ? localIp : remoteIp
      node.sourcePort = (opened ? c.localPort[row] : c.remotePort[row]) ?? 0
      node.destinationIp = opened ? remoteIp : localIp
      node.destinationPort = (opened ? c.remotePort[row] : c.localPort[row]) ?? 0
      // Every network namespace has a loopback of its own.
      const scope = isLoopback(node.destinationIp) ? String(c.netNs[row] ?? 0) : ''
      node.tuple = flatText(
        `${scope}|${node.sourceIp}:${node.sourcePort}|${node.destinationIp}:${node.destinationPort}`,
      )
      keepTuple(host, node)
    }
  }

  function keepTuple(host: HostGraph, node: ConnectionNode): void {
    if (node.direction === 'unknown') return
    let ends = host.tuples.get(node.tuple)
    if (!ends) host.tuples.set(node.tuple, (ends = { connect: [], accept: [] }))
    insertByOpening(ends[node.direction], node)
  }

  /** The other end: of this tuple, of the other direction, the nearest in time that was open together with it. */
  function peerOf(host: HostGraph, node: ConnectionNode): string {
    const ends = host.tuples.get(node.tuple)
    if (!ends || node.direction === 'unknown') return ''
    const others = node.direction === 'connect' ? ends.accept : ends.connect
    const middle = firstFrom(others, node.openNs)
    let best: ConnectionNode | undefined
    for (let at = middle; at < Math.min(others.length, middle + nearest) && !best; at++) {
      const other = others[at]
      if (other && wereOpenTogether(node, other)) best = other
    }
    for (let at = middle - 1; at >= Math.max(0, middle - nearest); at--) {
      const other = others[at]
      if (!other || !wereOpenTogether(node, other)) continue
      if (!best || node.openNs - other.openNs <= best.openNs - node.openNs) best = other
      break
    }
    return best?.uid ?? ''
  }

  function connectionOf(host: HostGraph, node: ConnectionNode): Connection {
    return {
      uid: node.uid,
      host: host.name,
      direction: node.direction,
      imageUid: node.imageUid,
      eventUid: node.eventUid,
      openNs: node.openNs,
      closeNs: node.closeNs,
      sourceIp: node.sourceIp,
      sourcePort: node.sourcePort,
      destinationIp: node.destinationIp,
      destinationPort: node.destinationPort,
      bytesSent: node.bytesSent,
      bytesReceived: node.bytesReceived,
      peerUid: node.tuple === '' ? '' : peerOf(host, node),
    }
  }

  const isDescribed = (node: ProcessNode) =>
    node.images.some((image) => image.facts !== null || image.fork !== null)

  function recordOf(host: HostGraph, node: ProcessNode, image: ImageNode): Image {
    if (image.record) return image.record
    const key = node.forkParent ?? node.seenParent
    // Names of processes are held; writing a start of 60 bits in base 36 anew costs most of a record.
    const { parent } = node
    const parentUid =
      key && key.pid !== 0
        ? parent && parent.pid === key.pid && parent.startNs === key.startNs
          ? `${parent.uid}-${key.execNo.toString(36)}`
          : imageUid(host.name, key.pid, key.startNs, key.execNo)
        : ''
    const parentState = node.parentEvicted
      ? 'evicted'
      : node.parent
        ? isDescribed(node.parent)
          ? 'known'
          : 'unknown'
        : key?.pid === 0
          ? 'none'
          : 'unknown'
    const { facts, fork } = image
    // The child of a fork runs its parent's image until it calls exec.
    const parentImage = !facts && fork && parent ? findImage(parent, image.execNo) : undefined
    const copied = parentImage && parent ? recordOf(host, parent, parentImage) : null
    const from = facts ?? copied ?? emptyImage
    // Written out: of one shape always, and several times as fast as spreading three objects.
    const record: Image = {
      uid: `${node.uid}-${image.execNo.toString(36)}`,
      processUid: node.uid,
      host: host.name,
      pid: node.pid,
      startNs: node.startNs,
      execNo: image.execNo,
      born: facts ? facts.born : fork ? 'fork' : 'placeholder',
      bornNs: facts ? facts.bornNs : (fork?.bornNs ?? 0n),
      eventUid: facts ? facts.eventUid : (fork?.eventUid ?? ''),
      parentUid: node.parentEvicted ? '' : parentUid,
      parentState,
      name: facts
        ? intern(baseName(facts.file) || baseName(facts.argv[0] ?? ''))
        : (copied?.name ?? ''),
      file: from.file,
      fileTyped: from.fileTyped,
      interpreter: from.interpreter,
      argv: from.argv,
      cmdLine: from.cmdLine,
      cwd: from.cwd,
      userId: facts ? facts.userId : (fork?.userId ?? 0),
      effectiveUserId: from.effectiveUserId,
      groupId: from.groupId,
      effectiveGroupId: from.effectiveGroupId,
      loginUserId: from.loginUserId,
      sessionId: from.sessionId,
      capEffective: from.capEffective,
      capPermitted: from.capPermitted,
      mountNs: from.mountNs,
      pidNs: from.pidNs,
      netNs: from.netNs,
      userNs: from.userNs,
      namespacePid: facts ? facts.namespacePid : (fork?.namespacePid ?? 0),
      cgroup: facts ? facts.cgroup : (fork?.cgroup ?? ''),
      unit: from.unit,
      container: from.container,
      tty: from.tty,
      inode: from.inode,
      flags: facts ? facts.flags : ((copied?.flags ?? 0) & inheritedFlags) | (fork?.flags ?? 0),
    }
    image.record = record
    return record
  }

  interface Found {
    readonly host: HostGraph
    readonly node: ProcessNode
    /** -1 when the uid is that of a process. */
    readonly execNo: number
  }
  /** Who asks of a process mostly asks again of the same one. Emptied when a process leaves. */
  let lastUid = ''
  let lastFound: Found | undefined

  function locate(uid: string): Found | undefined {
    if (uid === lastUid && lastFound) return lastFound
    // <sensor>-<boot>-<pid>-<start>[-<exec>]: the host is the first 21 characters.
    const host = hostAt(uid)
    if (!host) return undefined
    // By pid and comparison: a part cut out as a text of its own would have to be made and hashed for each question.
    const end = uid.indexOf('-', 22)
    const same = end < 0 ? undefined : host.byPid.get(base36(uid, 22, end))
    if (!same) return undefined
    for (let i = same.length - 1; i >= 0; i--) {
      const node = same[i]
      if (!node || !uid.startsWith(node.uid)) continue
      const cut = node.uid.length
      if (uid.length > cut && uid.charCodeAt(cut) !== dash) continue
      lastUid = uid
      lastFound = { host, node, execNo: uid.length > cut ? base36(uid, cut + 1, uid.length) : -1 }
      return lastFound
    }
    return undefined
  }

  let lastHost: HostGraph | undefined
  function hostAt(uid: string): HostGraph | undefined {
    if (lastHost && uid.startsWith(lastHost.name)) return lastHost
    const host = hosts.get(uid.slice(0, 21))
    if (host) lastHost = host
    return host
  }

  function locateImage(image: Image): Found | undefined {
    const host = hosts.get(image.host)
    const node = host && find(host, image.pid, image.startNs)
    return host && node && { host, node, execNo: image.execNo }
  }

  function latest(host: HostGraph, node: ProcessNode): Image | undefined {
    const image = node.images.at(-1)
    return image && recordOf(host, node, image)
  }

  function parentImage(host: HostGraph, node: ProcessNode): Image | undefined {
    if (!node.parent) return undefined
    const key = node.forkParent ?? node.seenParent
    const image = key && findImage(node.parent, key.execNo)
    if (image) return recordOf(host, node.parent, image)
    if (!key) return undefined
    return recordOf(host, node.parent, {
      execNo: key.execNo,
      facts: null,
      fork: null,
      record: null,
    })
  }

  function previousOf(node: ProcessNode, execNo: number): ImageNode | undefined {
    let found: ImageNode | undefined
    for (const image of node.images) {
      if (image.execNo >= execNo) break
      if (image.facts) found = image
    }
    return found
  }

  return {
    apply(batch) {
      const host = hostOf(namePrefix(batch.sensor, batch.boot))
      host.revision = ++revisions
      const user = batch.table('user')
      if (user)
        for (let row = 0; row < user.rows; row++)
          host.users.set(user.columns.uid[row] ?? 0, batch.text(user.columns.name[row] ?? 0))
      const order = rowOrder(batch)
      // The other tables say nothing of who descends from whom, or talks to whom.
      const tables = {
        process: batch.table('process'),
        fork: batch.table('fork'),
        exec: batch.table('exec'),
        tcp: batch.table('tcp'),
        exit: batch.table('exit'),
      }
      for (let at = 0; at < order.length; at++) {
        const name = orderedTables[order.table[at] ?? 0] ?? 'process'
        const table = Object.hasOwn(tables, name) ? tables[name as keyof typeof tables] : undefined
        if (!table) continue
        const row = order.row[at] ?? 0
        const bootNs = table.columns.bootNs[row] ?? 0n
        if (bootNs > host.newestNs) {
          host.newestNs = bootNs
          forget(host)
        }
        if (table.name === 'fork') takeFork(host, batch, table, row)
        else if (table.name === 'exit') takeExit(host, table, row)
        else if (table.name === 'tcp') takeTcp(host, batch, table, row)
        else if (table.name === 'exec' || table.name === 'process')
          takeImage(host, batch, table, row)
      }
    },
    image(hostName, pid, startNs, execNo) {
      const host = hosts.get(hostName)
      const node = host && find(host, pid, startNs)
      if (!host || !node) return undefined
      const image = findImage(node, execNo)
      return image && recordOf(host, node, image)
    },
    imageByUid(uid) {
      const found = locate(uid)
      if (!found) return undefined
      if (found.execNo < 0) return latest(found.host, found.node)
      const image = findImage(found.node, found.execNo)
      return image && recordOf(found.host, found.node, image)
    },
    imageAt(hostName, pid, bootNs) {
      const host = hosts.get(hostName)
      let node: ProcessNode | undefined
      for (const other of host?.byPid.get(pid) ?? [])
        if (
          other.startNs <= bootNs &&
          (!other.end || other.end.bootNs >= bootNs) &&
          (!node || other.startNs > node.startNs)
        )
          node = other
      if (!host || !node) return undefined
      let image = node.images[0]
      for (const other of node.images) {
        const bornNs = other.facts?.bornNs ?? other.fork?.bornNs
        if (bornNs !== undefined && bornNs <= bootNs) image = other
      }
      return image && recordOf(host, node, image)
    },
    parent(image) {
      const found = locateImage(image)
      return found && parentImage(found.host, found.node)
    },
    previous(image) {
      const found = locateImage(image)
      const node = found && previousOf(found.node, image.execNo)
      return found && node && recordOf(found.host, found.node, node)
    },
    ancestry(uid) {
      const found = locate(uid)
      if (!found) return []
      const { host } = found
      const out: Image[] = []
      let node = found.node
      let execNo = found.execNo < 0 ? (node.images.at(-1)?.execNo ?? 0) : found.execNo
      for (;;) {
        for (
          let before = previousOf(node, execNo);
          before;
          before = previousOf(node, before.execNo)
        )
          out.push(recordOf(host, node, before))
        const above = parentImage(host, node)
        if (!above || !node.parent) return out
        out.push(above)
        node = node.parent
        execNo = above.execNo
      }
    },
    children(uid) {
      const found = locate(uid)
      if (!found) return []
      return [...(found.node.children ?? [])]
        .sort((a, b) => (a.startNs < b.startNs ? -1 : a.startNs > b.startNs ? 1 : a.pid - b.pid))
        .flatMap((child) => latest(found.host, child) ?? [])
    },
    images(uid) {
      const found = locate(uid)
      if (!found) return []
      return found.node.images.map((image) => recordOf(found.host, found.node, image))
    },
    end: (uid) => locate(uid)?.node.end ?? undefined,
    serverSince: (uid) => locate(uid)?.node.serverSince ?? undefined,
    connection(uid) {
      const host = hostAt(uid)
      const node = host?.connections.get(uid)
      return host && node && connectionOf(host, node)
    },
    connections(uid) {
      const found = locate(uid)
      if (!found) return []
      return [...(found.node.connections ?? [])]
        .sort(byOpening)
        .map((node) => connectionOf(found.host, node))
    },
    userName: (host, userId) => hosts.get(host)?.users.get(userId) ?? String(userId),
    counts() {
      const counts = {
        processes: 0,
        images: 0,
        placeholders: 0,
        sockets: 0,
        evictedProcesses: 0,
        evictedImages: 0,
        evictedSockets: 0,
      } satisfies { -readonly [Key in keyof LineageCounts]: number }
      for (const host of hosts.values()) {
        counts.processes += host.byUid.size
        counts.sockets += host.connections.size
        counts.evictedProcesses += host.evictedProcesses
        counts.evictedImages += host.evictedImages
        counts.evictedSockets += host.evictedSockets
        for (const node of host.byUid.values()) {
          counts.images += node.images.length
          for (const image of node.images) if (!image.facts && !image.fork) counts.placeholders += 1
        }
      }
      return counts
    },
    revisions: () => new Map([...hosts.values()].map((host) => [host.name, host.revision])),
    *hold(name) {
      const host = hosts.get(name)
      if (host) return yield* holdHost(host)
      throw new RangeError(`no host ${name}`)
    },
    restore(snapshot) {
      if (snapshot.version !== lineageVersion)
        throw new RangeError(
          `lineage snapshot of version ${snapshot.version}, not ${lineageVersion}`,
        )
      hosts = new Map()
      boots = new Map()
      lastHost = undefined
      lastFound = undefined
      for (const parts of snapshot.hosts) restoreHost(unpackHost(parts))
    },
  }

  /** Reads a host's whole graph and changes nothing of it. */
  function* holdHost(host: HostGraph): Generator<undefined, HeldHost, undefined> {
    const held = emptyHost({
      name: host.name,
      revision: host.revision,
      newestNs: host.newestNs,
      evictedProcesses: host.evictedProcesses,
      evictedImages: host.evictedImages,
      evictedSockets: host.evictedSockets,
      users: [...host.users].sort(([a], [b]) => a - b),
    })
    for (const node of host.byUid.values()) {
      node.place = held.processes.length
      held.processes.push(node)
      held.forkParents.push(node.forkParent)
      held.seenParents.push(node.seenParent)
      held.ends.push(node.end)
      held.servers.push(node.serverSince)
      held.marks.push(
        (node.parent ? processMarks.linked : 0) |
          (node.parentEvicted ? processMarks.parentEvicted : 0),
      )
      held.imageCounts.push(node.images.length)
      for (const image of node.images) {
        held.images.push(image)
        held.facts.push(image.facts)
        held.forks.push(image.fork)
      }
      if (held.processes.length % heldAtOnce === 0) yield
    }
    const places = new Map<ConnectionNode, number>()
    for (const node of host.connections.values()) {
      const { process, ...state } = node
      places.set(node, held.connections.length)
      held.connections.push({ ...state, owner: process?.place ?? -1 })
      if (held.connections.length % heldAtOnce === 0) yield
    }
    yield
    for (const node of host.exited.items()) if (node.place >= 0) held.exited.push(node.place)
    for (const node of host.closed.items()) {
      const place = places.get(node)
      if (place !== undefined) held.closed.push(place)
    }
    for (const uid of host.dropped) held.dropped.push(uid)
    return held
  }

  function restoreHost(held: HeldHost): void {
    const host = hostOf(held.name)
    host.revision = held.revision
    revisions = Math.max(revisions, held.revision)
    host.newestNs = held.newestNs
    host.evictedProcesses = held.evictedProcesses
    host.evictedImages = held.evictedImages
    host.evictedSockets = held.evictedSockets
    for (const [id, name] of held.users) host.users.set(id, name)
    let image = 0
    const nodes = held.processes.map(({ pid, startNs }, at) => {
      const node = addProcess(host, pid, startNs)
      for (let left = held.imageCounts[at] ?? 0; left > 0; left--) {
        const one = held.images[image]
        if (!one) throw new RangeError('a process has more images than there are')
        node.images.push({
          execNo: one.execNo,
          facts: sharedFacts(held.facts[image] ?? null),
          fork: held.forks[image] ?? null,
          record: null,
        })
        image += 1
      }
      node.forkParent = held.forkParents[at] ?? null
      node.seenParent = held.seenParents[at] ?? null
      node.parentEvicted = ((held.marks[at] ?? 0) & processMarks.parentEvicted) !== 0
      node.end = held.ends[at] ?? null
      node.serverSince = held.servers[at] ?? null
      return node
    })
    const isKept = (node: ProcessNode) => host.byUid.get(node.uid) === node
    for (const [at, node] of nodes.entries())
      if (((held.marks[at] ?? 0) & processMarks.linked) !== 0 && isKept(node)) link(host, node)
    const connections = held.connections.map(({ owner, ...state }) => {
      const process = nodes[owner]
      const node: ConnectionNode = {
        ...state,
        uid: flatText(state.uid),
        imageUid: intern(state.imageUid),
        eventUid: flatText(state.eventUid),
        process: process && isKept(process) ? process : null,
      }
      host.connections.set(node.uid, node)
      if (node.process) {
        node.process.connections ??= new Set()
        node.process.connections.add(node)
      }
      if (node.tuple !== '') keepTuple(host, node)
      return node
    })
    host.exited = createTimeQueue(
      exitTime,
      held.exited.flatMap((at) => nodes[at] ?? []).filter(isKept),
    )
    host.closed = createTimeQueue(
      closeTime,
      held.closed.flatMap((at) => connections[at] ?? []),
    )
    for (const uid of held.dropped) host.dropped.add(uid)
  }

  /** The texts that most images share as one object each, as they are when an event tells of them. */
  function sharedFacts(facts: ImageFacts | null): ImageFacts | null {
    if (!facts) return null
    return {
      ...facts,
      file: intern(facts.file),
      fileTyped: intern(facts.fileTyped),
      interpreter: intern(facts.interpreter),
      cwd: intern(facts.cwd),
      capEffective: intern(facts.capEffective),
      capPermitted: intern(facts.capPermitted),
      cgroup: intern(facts.cgroup),
      unit: intern(facts.unit),
      container: intern(facts.container),
      tty: intern(facts.tty),
    }
  }
}

/** Processes or connections between two breaths while a host is held: about a ms. */
const heldAtOnce = 4096

const emptyImage = {
  name: '',
  file: '',
  fileTyped: '',
  interpreter: '',
  argv: [],
  cmdLine: '',
  cwd: '',
  userId: 0,
  effectiveUserId: 0,
  groupId: 0,
  effectiveGroupId: 0,
  loginUserId: -1,
  sessionId: -1,
  capEffective: '0000000000000000',
  capPermitted: '0000000000000000',
  mountNs: 0,
  pidNs: 0,
  netNs: 0,
  userNs: 0,
  namespacePid: 0,
  cgroup: '',
  unit: '',
  container: '',
  tty: '',
  inode: 0n,
  flags: 0,
} as const
