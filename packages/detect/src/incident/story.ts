/** What is kept of a story: the evidence of one lineage, all that its processes did, as plain data. */
import type { EventKind } from '@honeyguide/model'
import type { Finding } from '../findings/finding.ts'
import type { ParentHistory, UsualParent } from '../streaming/parent-counts.ts'
import type { Untold } from '../streaming/repeats.ts'

/** A program of a process of the story; as `Image`, with what showing it needs. */
export interface StoryImage {
  readonly uid: string
  readonly processUid: string
  readonly parentProcessUid: string
  readonly pid: number
  readonly execNo: number
  readonly name: string
  readonly file: string
  readonly interpreter: string
  /** At most 4 KiB of it. */
  readonly cmdLine: string
  readonly argv: readonly string[]
  readonly cwd: string
  readonly userId: number
  readonly unit: string
  /** µs since 1970. */
  readonly bornUs: number
  readonly isForkCopy: boolean
  readonly eventUid: string
}

/** Connections of one process to (or from) one endpoint, folded. */
export interface StoryFlow {
  readonly processUid: string
  readonly imageUid: string
  readonly direction: 'connect' | 'accept' | 'failed' | 'listen'
  /** The other end for connect, the own end for listen and accept. */
  readonly ip: string
  readonly port: number
  /** By event uid: µs since 1970. At most 64; further ones only move `lastUs` and `count`. */
  readonly times: Map<string, number>
  count: number
  /** Of the newest one that is not in `times`; 0 when all are. */
  beyondUs: number
  /** Bytes received, by connection, of at most 64 that were closed. */
  readonly received: Map<string, number>
}

export interface StoryFinding {
  readonly finding: Finding
  /** What was known of parent and child when it was made; null where it is not about a start. */
  readonly history: ParentHistory | null
  /** Who else starts that program, as of then; null where the finding is not about who started it. */
  readonly usual: UsualParent | null
  /** Other images that the statement names (a download for what ran it). */
  readonly aboutImages: readonly string[]
  /** Step that the finding makes of its images when it has a name of its own, for example a beacon. */
  readonly flowKey: string
  /** Set until it is told, for one that was not when it was made. */
  readonly untold: Untold | null
}

export interface Story {
  rootProcessUid: string
  /** Empty until the evidence crosses the threshold. */
  uid: string
  openedUs: number
  /** Processes all of whose descendants belong to the story. */
  readonly tops: Set<string>
  readonly findings: Map<string, StoryFinding>
  readonly images: Map<string, StoryImage>
  /** The root when it is a server: shown, but not a member. */
  readonly shown: Map<string, StoryImage>
  /** Processes of `images`, and which of them have ended. */
  readonly processes: Set<string>
  readonly ended: Set<string>
  readonly flows: Map<string, StoryFlow>
  /** Other events, by uid: for ticks. */
  readonly events: Map<
    string,
    { readonly kind: EventKind; readonly timeUs: number; readonly imageUid: string }
  >
  lastUs: number
  lastFindingUs: number
  /** What was not kept for want of room. */
  dropped: number
}

export function createStory(rootProcessUid: string): Story {
  return {
    rootProcessUid,
    uid: '',
    openedUs: 0,
    tops: new Set(),
    findings: new Map(),
    images: new Map(),
    shown: new Map(),
    processes: new Set(),
    ended: new Set(),
    flows: new Map(),
    events: new Map(),
    lastUs: 0,
    lastFindingUs: 0,
    dropped: 0,
  }
}

export function flowKey(processUid: string, direction: string, ip: string, port: number): string {
  return `${processUid}|${direction}|${ip}|${port}`
}

/** A process uid of an image uid: without the exec number. */
export function processOfImage(imageUid: string): string {
  return imageUid.slice(0, imageUid.lastIndexOf('-'))
}

const keptPerFlow = 64

/**
 * Adds one connection to a flow; the same event twice changes nothing, but that a row's own time (`isRow`) is
 * better than one worked out from the lineage.
 */
export function addToFlow(
  story: Story,
  limits: { readonly events: number },
  of: Pick<StoryFlow, 'processUid' | 'imageUid' | 'direction' | 'ip' | 'port'>,
  eventUid: string,
  timeUs: number,
  isRow: boolean,
): StoryFlow | undefined {
  const key = flowKey(of.processUid, of.direction, of.ip, of.port)
  let flow = story.flows.get(key)
  if (!flow) {
    if (story.flows.size >= limits.events) {
      story.dropped += 1
      return undefined
    }
    flow = { ...of, times: new Map(), count: 0, beyondUs: 0, received: new Map() }
    story.flows.set(key, flow)
  }
  if (flow.times.has(eventUid)) {
    if (isRow) flow.times.set(eventUid, timeUs)
    return flow
  }
  if (flow.times.size < keptPerFlow) {
    flow.times.set(eventUid, timeUs)
    flow.count += 1
  } else if (timeUs > flow.beyondUs) {
    // A repeat is told by its time: connections of one flow come one after the other.
    flow.beyondUs = timeUs
    flow.count += 1
  }
  return flow
}

export function addBytes(flow: StoryFlow, connectionUid: string, received: number): void {
  if (flow.received.has(connectionUid) || flow.received.size < keptPerFlow)
    flow.received.set(connectionUid, received)
}

export function flowFirstUs(flow: StoryFlow): number {
  return Math.min(...flow.times.values())
}

export function flowLastUs(flow: StoryFlow): number {
  return Math.max(flow.beyondUs, ...flow.times.values())
}
