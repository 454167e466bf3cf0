/**
 * The graph of processes and sockets of all hosts: what the hub asks for names, and detection for relations.
 *
 * What always holds: a parent is the right one or is missing with the reason, never another; the graph after
 * a set of events is the same however they were cut into batches and however hosts were interleaved; memory
 * is bounded and what leaves early is counted. Time is only that of events.
 */
import type { Batch } from '@honeyguide/model'
import type { Connection, Image, ProcessEnd } from './image.ts'
import type { HeldHost, SavedPart } from './saved-host.ts'

export interface LineageLimits {
  /** Boots kept per sensor, the latest first seen; a host is one boot. */
  readonly boots: number
  /** Processes kept per host, exited ones included. Per host, so that no host's storm costs another its history. */
  readonly processes: number
  /** Images kept per process, 2 at least: the first and the latest. */
  readonly images: number
  /** Sockets kept per host. */
  readonly sockets: number
  /** How long an exited process without living descendants is kept, ms of event time. */
  readonly exitedMs: number
  /** How long a closed socket is kept, ms of event time. */
  readonly closedMs: number
}

export interface LineageCounts {
  readonly processes: number
  readonly images: number
  readonly placeholders: number
  readonly sockets: number
  /** Processes dropped before their time for want of room: shown as `lineage: evicted`. */
  readonly evictedProcesses: number
  /** Images between the first and the latest of a process, dropped for want of room. */
  readonly evictedImages: number
  readonly evictedSockets: number
}

export interface Lineage {
  /** Takes in a batch's fork, exec, exit, process, tcp and user rows. Never throws for their content. */
  apply(batch: Batch): void
  /** The image, undefined when it is not in the graph. `host` is `namePrefix(sensor, boot)`. O(1), no text built. */
  image(host: string, pid: number, startNs: bigint, execNo: number): Image | undefined
  /** The same by `imageUid` or, for the latest image of a process, by `processUid`. */
  imageByUid(uid: string): Image | undefined
  /** The image that `pid` ran at that moment (ns since boot). */
  imageAt(host: string, pid: number, bootNs: bigint): Image | undefined
  /** The image that forked this image's process, as it was when it did; undefined when unknown, evicted or none. */
  parent(image: Image): Image | undefined
  /** The image that called exec to become this one (of the same process), when it was itself born by exec or snapshot. */
  previous(image: Image): Image | undefined
  /** Nearest first: earlier images of the process, then the parent's image and so on to the root. Ends where a parent is missing. */
  ancestry(uid: string): readonly Image[]
  /** Processes forked by the process of this image or process uid, each as its latest image, by start. */
  children(uid: string): readonly Image[]
  /** Every image of a process in order. */
  images(uid: string): readonly Image[]
  /** How the process ended; undefined while it runs or when it is not known. */
  end(uid: string): ProcessEnd | undefined
  /** Since when (ns since boot) the process itself, not its parents, has been accepting connections; undefined when it was not seen to. */
  serverSince(uid: string): bigint | undefined
  connection(uid: string): Connection | undefined
  /** Connections of a process that are still kept, by time. */
  connections(uid: string): readonly Connection[]
  /** Name of a user of a host, its number when it has none. */
  userName(host: string, userId: number): string
  counts(): LineageCounts
  /** Every host with a number that grows with whatever changes it: equal numbers of one graph, equal hosts. */
  revisions(): ReadonlyMap<string, number>
  /**
   * Takes hold of a host as it is, for `packHost`. In steps of about a ms, between which no batch may be applied;
   * afterwards any may. Throws a RangeError for a host that `revisions` does not have.
   */
  hold(host: string): Generator<undefined, HeldHost, undefined>
  /** Replaces everything. Throws a RangeError when the snapshot is of another version. */
  restore(snapshot: LineageSnapshot): void
}

/** All hosts, each as what `packHost` made of it. */
export interface LineageSnapshot {
  /** `lineageVersion` of who made it. */
  readonly version: number
  readonly hosts: readonly (readonly SavedPart[])[]
}

/** Of what `packHost` makes and `restore` takes: 2. The first, objects by process, was never released. */
export const lineageVersion = 2

export const defaultLineageLimits: LineageLimits = {
  boots: 2,
  processes: 65_536,
  images: 64,
  sockets: 32_768,
  exitedMs: 10 * 60_000,
  closedMs: 10 * 60_000,
}
