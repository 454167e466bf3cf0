/**
 * The reducer: takes a batch of events, keeps evidence per lineage, says what findings and incidents changed.
 *
 * All it keeps is in `DetectorState`, plain data. Evidence is kept in sets keyed by what it is about, and an
 * incident is derived from its set, so that batch boundaries and repeats change nothing. Hosts do not touch
 * each other. Time is that of events.
 */
import {
  eventKindInfo,
  imageFlags,
  type ActivityBatch,
  type ActivityColumn,
  type EventKind,
  type SentencePart,
} from '@honeyguide/model'
import type { DetectorLimits, DetectorResult, IncidentUpsert } from '../detector.ts'
import * as builtIn from '../findings/built-in-rules.ts'
import type { FindingRule } from '../findings/built-in-rules.ts'
import type { Finding } from '../findings/finding.ts'
import { hashName } from '../hash-name.ts'
import type { Image } from '../lineage/image.ts'
import type { Lineage } from '../lineage/lineage.ts'
import { ruleCategories } from '../rules/categories.ts'
import type { RowFacts } from '../rules/fields.ts'
import { levelSeverity, levelWeight, type Rule, type SentenceSlot } from '../rules/rule.ts'
import type { RuleSet } from '../rules/rule-set.ts'
import { downloadsOf, ranFiles } from '../streaming/download.ts'
import {
  countChild,
  usualParentOf,
  type ParentCounts,
  type ParentHistory,
  type UsualParent,
} from '../streaming/parent-counts.ts'
import {
  countApart,
  countFinding,
  createRepeatTrack,
  type RepeatTrack,
} from '../streaming/repeats.ts'
import { gapText, regularityOf } from '../streaming/regularity.ts'
import { describeIncident } from './describe.ts'
import { discoveryOf, isGate, isShell, isTemporaryPath } from './program-kind.ts'
import { scopeOf, servesSince } from './scope.ts'
import {
  addBytes,
  addToFlow,
  createStory,
  flowKey,
  processOfImage,
  type Story,
  type StoryImage,
} from './story.ts'

interface SurveyTrack {
  /** Newest last, within a minute of each other. */
  seen: {
    readonly timeUs: number
    readonly name: string
    readonly kind: string
    readonly eventUid: string
    readonly imageUid: string
  }[]
  foundUs: number
}

interface BeatTrack {
  timesUs: number[]
  eventUids: string[]
  count: number
  found: boolean
}

interface DownloadTrack {
  readonly imageUid: string
  readonly eventUid: string
  readonly timeUs: number
  readonly url: string
}

interface HostState {
  readonly name: string
  deviceUid: string
  hostname: string
  /** Wall clock less boot clock, µs, as of the last exec. */
  offsetUs: number
  newestUs: number
  readonly parents: ParentCounts
  readonly stories: Set<Story>
  /** By process uid of the root, also of roots of stories that were merged. */
  readonly byRoot: Map<string, Story>
  /** By process uid. Bounded: see `addMember`. */
  readonly members: Map<string, Story>
  /** Members that ended, in the order in which they were told of: these leave first when there is no room. */
  readonly gone: Set<string>
  /** When a process last had a strong finding against itself, µs since 1970, by process uid. */
  readonly suspects: Map<string, number>
  /** When a finding that may repeat was made, by uid. */
  readonly made: Map<string, number>
  /** By rule and program. */
  readonly repeats: Map<string, RepeatTrack>
  /** Processes whose first connection was looked at, µs since 1970. */
  readonly accepted: Map<string, number>
  readonly downloads: Map<string, DownloadTrack>
  readonly surveys: Map<string, SurveyTrack>
  readonly beats: Map<string, BeatTrack>
}

export interface DetectorState {
  readonly hosts: Map<string, HostState>
  evictedCandidates: number
  evictedMembers: number
  droppedEvents: number
  untoldFindings: number
  findings: number
}

export function createDetectorState(): DetectorState {
  return {
    hosts: new Map(),
    evictedCandidates: 0,
    evictedMembers: 0,
    droppedEvents: 0,
    untoldFindings: 0,
    findings: 0,
  }
}

const surveyWindowUs = 60_000_000
const surveyTools = 4
const surveyKinds = 3
const beatTimes = 32
const beatLeast = 4
const beatSpread = 0.35
const beatShortestUs = 100_000
const mostTracks = 4096

/** Adds to a map that forgets its oldest entry beyond `most`. */
function setBounded<Value>(
  map: Map<string, Value>,
  key: string,
  value: Value,
  most = mostTracks,
): void {
  if (!map.has(key) && map.size >= most) {
    const [oldest] = map.keys()
    if (oldest !== undefined) map.delete(oldest)
  }
  map.set(key, value)
}

const text = (value: string): SentencePart => ({ kind: 'text', text: value })
const figure = (value: string): SentencePart => ({ kind: 'figure', text: value })
/** A process in a sentence; its node in the graph has the process uid. */
const process = (image: {
  readonly name: string
  readonly pid: number
  readonly processUid: string
}): SentencePart => ({
  kind: 'entity',
  text: image.name === '' ? `pid ${image.pid}` : image.name,
  nodeId: image.processUid,
})

/** What a rule says of a match; the rule of somebody else, who gave it no sentence, is named. */
function sentenceOf(rule: Rule, part: (slot: SentenceSlot) => SentencePart): SentencePart[] {
  if (rule.sentence)
    return rule.sentence.map((word) => ('slot' in word ? part(word.slot) : text(word.text)))
  return [
    ...ruleCategories[rule.category].sentence.map((word) =>
      'slot' in word ? part(word.slot) : text(word.text),
    ),
    text(`, as in the rule “${rule.title}”`),
  ]
}

/** Kinds that the story's flows are made of. */
function isConnection(kind: EventKind): boolean {
  return (
    kind === 'connect' ||
    kind === 'accept' ||
    kind === 'close' ||
    kind === 'connect_failed' ||
    kind === 'listen'
  )
}

/** Rows by time; rows of the same µs stay in the batch's order, which tells births before deeds. */
function orderOf(times: Float64Array): Uint32Array {
  const order = new Uint32Array(times.length)
  let isSorted = true
  for (let row = 0; row < times.length; row++) {
    order[row] = row
    if (row > 0 && (times[row] ?? 0) < (times[row - 1] ?? 0)) isSorted = false
  }
  return isSorted ? order : order.sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b)
}

/** Takes one host's batch into the state and says what changed. */
export function reduce(
  state: DetectorState,
  batch: ActivityBatch,
  lineage: Lineage,
  rules: RuleSet,
  limits: DetectorLimits,
): DetectorResult {
  if (batch.rows === 0) return { findings: [], incidents: [] }
  const changedFindings = new Map<string, Finding>()
  const dirty = new Set<Story>()
  const merged: IncidentUpsert[] = []
  const windowUs = limits.windowMs * 1000
  const quietUs = limits.quietMs * 1000
  let host: HostState | undefined

  function hostOf(uid: string): HostState {
    if (host && uid.startsWith(host.name)) return host
    const name = uid.slice(0, 21)
    host = state.hosts.get(name)
    if (!host) {
      host = {
        name,
        deviceUid: batch.deviceUid,
        hostname: batch.hostname,
        offsetUs: 0,
        newestUs: 0,
        parents: new Map(),
        stories: new Set(),
        byRoot: new Map(),
        members: new Map(),
        gone: new Set(),
        suspects: new Map(),
        made: new Map(),
        repeats: new Map(),
        accepted: new Map(),
        downloads: new Map(),
        surveys: new Map(),
        beats: new Map(),
      }
      state.hosts.set(name, host)
    }
    host.deviceUid = batch.deviceUid
    host.hostname = batch.hostname
    return host
  }

  const textAt = (row: number, column: Parameters<ActivityBatch['value']>[1]): string => {
    const value = batch.value(row, column)
    return typeof value === 'string' ? value : ''
  }
  const numberAt = (row: number, column: Parameters<ActivityBatch['value']>[1]): number => {
    const value = batch.value(row, column)
    return typeof value === 'number' ? value : 0
  }

  const facts: RowFacts = {
    parentIsServer(row) {
      const image = lineage.imageByUid(textAt(row, 'process_uid'))
      const parent = image && lineage.parent(image)
      const since = parent && servesSince(parent, lineage)
      return image !== undefined && since !== undefined && since <= image.bornNs
    },
    ancestorImages: (row) =>
      lineage
        .ancestry(textAt(row, 'process_uid'))
        .flatMap((image) => (image.file === '' ? [] : [image.file])),
  }

  /** ns since boot of a wall time of this host. */
  const bootNs = (of: HostState, timeUs: number) =>
    BigInt(Math.max(0, timeUs - of.offsetUs)) * 1000n

  const isSuspect = (of: HostState, timeUs: number) => (processUid: string) => {
    const at = of.suspects.get(processUid)
    return at !== undefined && timeUs - at <= quietUs
  }

  function storyImage(of: HostState, image: Image): StoryImage {
    return {
      uid: image.uid,
      processUid: image.processUid,
      parentProcessUid: image.parentUid === '' ? '' : processOfImage(image.parentUid),
      pid: image.pid,
      execNo: image.execNo,
      name: image.name,
      file: image.file,
      interpreter: image.interpreter,
      cmdLine: image.cmdLine.slice(0, 4096),
      argv: image.argv.slice(0, 64).map((word) => word.slice(0, 1024)),
      cwd: image.cwd,
      userId: image.userId,
      unit: image.unit,
      bornUs: Math.round(Number(image.bornNs) / 1000) + of.offsetUs,
      isForkCopy: image.born === 'fork',
      eventUid: image.born === 'exec' ? image.eventUid : '',
    }
  }

  function countDropped(story: Story): void {
    story.dropped += 1
    state.droppedEvents += 1
  }

  function keepImage(of: HostState, story: Story, image: Image): void {
    if (story.images.has(image.uid)) return
    if (story.images.size >= limits.processes) {
      countDropped(story)
      return
    }
    story.images.set(image.uid, storyImage(of, image))
    story.processes.add(image.processUid)
    // Told of late, after its process's end.
    if (lineage.end(image.processUid)) story.ended.add(image.processUid)
  }

  /**
   * Makes a process a member. A story may go on for as long as something happens in it, a build or a server for
   * weeks, so there is room for so many only: who ended leaves first, as only what comes late still asks for it.
   */
  function addMember(of: HostState, story: Story, processUid: string): void {
    if (of.members.size >= limits.members && !of.members.has(processUid)) {
      const [oldest] = of.gone.size > 0 ? of.gone : of.members.keys()
      if (oldest !== undefined) {
        const left = of.members.get(oldest)
        removeMember(of, oldest)
        state.evictedMembers += 1
        if (left) left.dropped += 1
      }
    }
    of.members.set(processUid, story)
  }

  function removeMember(of: HostState, processUid: string): void {
    of.members.delete(processUid)
    of.gone.delete(processUid)
  }

  /** Makes a process a member, with what the lineage still knows of its past and of its descendants. */
  function takeIn(of: HostState, story: Story, processUid: string): void {
    const queue = [processUid]
    for (let head = 0; head < queue.length && head < limits.processes * 4; head++) {
      const uid = queue[head] ?? ''
      const before = of.members.get(uid)
      if (before === story && head > 0) continue
      if (before && before !== story) {
        // An open incident keeps what it has; of others, whoever has evidence nearer takes it.
        if (before.uid !== '' || (head > 0 && before.tops.has(uid))) continue
        giveUp(before, uid)
      }
      addMember(of, story, uid)
      for (const image of lineage.images(uid)) keepImage(of, story, image)
      if (lineage.end(uid)) of.gone.add(uid)
      for (const connection of lineage.connections(uid)) {
        if (connection.openNs === 0n || connection.direction === 'unknown') continue
        const isConnect = connection.direction === 'connect'
        const flow = addToFlow(
          story,
          limits,
          {
            processUid: uid,
            imageUid: connection.imageUid,
            direction: isConnect ? 'connect' : 'accept',
            ip: connection.destinationIp,
            port: connection.destinationPort,
          },
          connection.eventUid,
          Math.round(Number(connection.openNs) / 1000) + of.offsetUs,
          false,
        )
        if (flow && connection.closeNs !== 0n)
          addBytes(flow, connection.uid, connection.bytesReceived)
      }
      for (const child of lineage.children(uid)) queue.push(child.processUid)
    }
  }

  /** Puts all of `from` into `into`, which keeps its name. */
  function mergeStories(of: HostState, from: Story, into: Story): void {
    if (from === into) return
    if (from.uid !== '' && into.uid !== '') {
      dirty.delete(from)
      merged.push({ incident: describe(of, from), mergedInto: into.uid })
    }
    const isOpen = into.uid !== ''
    for (const [uid, held] of from.findings) {
      into.findings.set(uid, held)
      if (isOpen) tell(held.finding, into.uid, into)
    }
    for (const uid of from.tops) into.tops.add(uid)
    for (const [uid, image] of from.images)
      if (into.images.size < limits.processes || into.images.has(uid)) {
        into.images.set(uid, image)
        into.processes.add(image.processUid)
        if (from.ended.has(image.processUid)) into.ended.add(image.processUid)
      } else countDropped(into)
    for (const [uid, image] of from.shown) into.shown.set(uid, image)
    for (const [uid, event] of from.events)
      if (into.events.size < limits.events || into.events.has(uid)) into.events.set(uid, event)
      else countDropped(into)
    for (const [key, flow] of from.flows) {
      const own = into.flows.get(key)
      if (!own) into.flows.set(key, flow)
      else for (const [uid, at] of flow.times) addToFlow(into, limits, own, uid, at, false)
    }
    into.lastUs = Math.max(into.lastUs, from.lastUs)
    into.lastFindingUs = Math.max(into.lastFindingUs, from.lastFindingUs)
    into.dropped += from.dropped
    for (const [uid, story] of of.members) if (story === from) of.members.set(uid, into)
    for (const [uid, story] of of.byRoot) if (story === from) of.byRoot.set(uid, into)
    of.stories.delete(from)
    if (isOpen) dirty.add(into)
  }

  const firstFindingUs = (story: Story) =>
    Math.min(...Array.from(story.findings.values(), ({ finding }) => finding.timeUs))

  /** Of two stories found to be one, which name stays: the open one, of two the one with the earlier first step. */
  function surviving(a: Story, b: Story): readonly [stays: Story, goes: Story] {
    if ((a.uid === '') !== (b.uid === '')) return a.uid !== '' ? [a, b] : [b, a]
    const gap = firstFindingUs(a) - firstFindingUs(b)
    if (gap !== 0) return gap < 0 ? [a, b] : [b, a]
    return a.rootProcessUid <= b.rootProcessUid ? [a, b] : [b, a]
  }

  function join(of: HostState, a: Story, b: Story): Story {
    if (a === b) return a
    const [stays, goes] = surviving(a, b)
    mergeStories(of, goes, stays)
    return stays
  }

  function drop(of: HostState, story: Story): void {
    of.stories.delete(story)
    for (const [uid, at] of of.members) if (at === story) removeMember(of, uid)
    for (const [uid, at] of of.byRoot) if (at === story) of.byRoot.delete(uid)
  }

  /** A story whose time is over takes nothing in any more. */
  function isOver(story: Story, timeUs: number): boolean {
    return story.uid === ''
      ? timeUs - story.lastFindingUs > windowUs
      : timeUs - Math.max(story.lastUs, story.lastFindingUs) > quietUs
  }

  function liveStory(of: HostState, story: Story | undefined, timeUs: number): Story | undefined {
    if (!story) return undefined
    if (!isOver(story, timeUs)) return story
    drop(of, story)
    return undefined
  }

  /** Whether an image is of an ancestor of the story's root. */
  function isAbove(image: Image, story: Story): boolean {
    return lineage
      .ancestry(story.rootProcessUid)
      .some((ancestor) => ancestor.processUid === image.processUid)
  }

  /** Removes what a process did from a story, because it belongs to another. */
  function giveUp(story: Story, processUid: string): void {
    for (const [uid, image] of story.images)
      if (image.processUid === processUid) story.images.delete(uid)
    for (const [key, flow] of story.flows)
      if (flow.processUid === processUid) story.flows.delete(key)
    for (const [uid, event] of story.events)
      if (processOfImage(event.imageUid) === processUid) story.events.delete(uid)
    story.processes.delete(processUid)
    story.ended.delete(processUid)
  }

  /** The story of a scope: made or moved up when evidence turns up above it. */
  function storyAt(of: HostState, image: Image, timeUs: number): Story {
    const scope = scopeOf(image, lineage, isSuspect(of, timeUs), bootNs(of, timeUs))
    const rootUid = scope.root.processUid
    let story = liveStory(of, of.byRoot.get(rootUid), timeUs)
    if (!story) {
      story = createStory(rootUid)
      of.stories.add(story)
      of.byRoot.set(rootUid, story)
      if (of.stories.size > limits.candidates) {
        let oldest: Story | undefined
        for (const other of of.stories)
          if (
            other !== story &&
            other.uid === '' &&
            (!oldest || other.lastFindingUs < oldest.lastFindingUs)
          )
            oldest = other
        if (oldest) {
          drop(of, oldest)
          state.evictedCandidates += 1
        }
      }
    }
    if (scope.root.processUid !== scope.top.processUid)
      story.shown.set(scope.root.uid, storyImage(of, scope.root))
    // What an open incident's processes started is part of it, whatever lies between; the processes of a story
    // that is not open are given up to one of their own.
    const before = liveStory(of, of.members.get(image.processUid), timeUs)
    if (before && before !== story && (before.uid !== '' || before.tops.has(image.processUid))) {
      const keepsRoot = before.uid !== '' && !isAbove(scope.root, before)
      const root = keepsRoot ? before.rootProcessUid : rootUid
      story = join(of, before, story)
      story.rootProcessUid = root
    }
    const topUid = scope.top.processUid
    const atTop = liveStory(of, of.members.get(topUid), timeUs)
    if (atTop && atTop !== story && atTop.tops.has(topUid)) {
      const root = atTop.uid !== '' && !isAbove(scope.root, atTop) ? atTop.rootProcessUid : rootUid
      story = join(of, atTop, story)
      story.rootProcessUid = root
    }
    if (!story.tops.has(topUid)) {
      story.tops.add(topUid)
      takeIn(of, story, topUid)
    }
    if (of.members.get(image.processUid) !== story) takeIn(of, story, image.processUid)
    return story
  }

  /** Stories that ended below a process which now has evidence of its own go on above it. */
  function moveUp(of: HostState, processUid: string, timeUs: number): void {
    for (const story of Array.from(of.stories)) {
      if (!of.stories.has(story) || isOver(story, timeUs)) continue
      for (const topUid of Array.from(story.tops)) {
        const [top] = lineage.images(topUid)
        if (!top || topUid === processUid) continue
        if (!lineage.ancestry(top.uid).some((above) => above.processUid === processUid)) continue
        const { root } = scopeOf(top, lineage, isSuspect(of, timeUs), bootNs(of, timeUs))
        if (root.processUid === story.rootProcessUid) continue
        const above = storyAt(of, top, timeUs)
        if (above !== story && of.stories.has(story)) {
          const joinedStory = join(of, above, story)
          joinedStory.rootProcessUid = root.processUid
        }
        break
      }
    }
  }

  function tell(finding: Finding, incidentUid: string, story: Story): void {
    const held = story.findings.get(finding.uid)
    const untold = held?.untold ?? null
    const count = untold ? countApart(untold) : finding.count
    const next =
      finding.incidentUid === incidentUid && !untold ? finding : { ...finding, incidentUid, count }
    if (held && next !== finding)
      story.findings.set(finding.uid, { ...held, finding: next, untold: null })
    changedFindings.set(next.uid, next)
  }

  /** Whether the evidence within one window that ends with this finding is enough. */
  function isEnough(story: Story, last: Finding): boolean {
    if (last.weight >= levelWeight.critical) return true
    const weights = new Map<string, number>()
    const tactics = new Set<string>()
    for (const { finding } of story.findings.values()) {
      const age = last.timeUs - finding.timeUs
      if (age < 0 || age > windowUs) continue
      weights.set(finding.ruleUid, Math.max(weights.get(finding.ruleUid) ?? 0, finding.weight))
      const [tactic] = finding.tactics
      if (tactic !== undefined) tactics.add(tactic)
    }
    let score = 0
    for (const weight of weights.values()) score += weight
    return (
      Math.max(...weights.values()) >= limits.openAnchor &&
      score >= limits.openScore &&
      weights.size >= limits.openRules &&
      (tactics.size >= limits.openTactics || (tactics.size >= 2 && score >= limits.openAlone))
    )
  }

  /** When the evidence was first enough, looking at windows that end at `sinceUs` or later. */
  function crossing(story: Story, sinceUs: number): number | undefined {
    let openedUs: number | undefined
    for (const { finding } of story.findings.values())
      if (
        finding.timeUs >= sinceUs &&
        (openedUs === undefined || finding.timeUs < openedUs) &&
        isEnough(story, finding)
      )
        openedUs = finding.timeUs
    return openedUs
  }

  /** Of a rule and program: what attackers choose (ports, arguments) makes as many findings as they like. */
  function repeatsOf(of: HostState, ruleUid: string, file: string, timeUs: number): RepeatTrack {
    const key = `${ruleUid}|${file}`
    let track = of.repeats.get(key)
    if (!track || timeUs - track.lastUs > quietUs) track = createRepeatTrack(timeUs)
    of.repeats.delete(key)
    setBounded(of.repeats, key, track)
    track.lastUs = Math.max(track.lastUs, timeUs)
    return track
  }

  function addFinding(
    of: HostState,
    rule: FindingRule | Rule,
    image: Image,
    timeUs: number,
    subject: string,
    statement: readonly SentencePart[],
    eventUids: readonly string[],
    more: {
      readonly history?: ParentHistory | undefined
      readonly usual?: UsualParent | null
      readonly aboutImages?: readonly string[]
      readonly flowKey?: string
      /** False when it says nothing of what the process starts. */
      readonly carries?: boolean
    } = {},
  ): void {
    const uid = hashName('FND-', 12, rule.uid, subject)
    const before = of.made.get(uid)
    if (before !== undefined && timeUs - before <= quietUs) return
    setBounded(of.made, uid, timeUs, 16_384)
    const track = repeatsOf(of, rule.uid, image.file, timeUs)
    const count = countFinding(track, limits.repeats)
    if (count === 0) state.untoldFindings += 1
    const finding: Finding = {
      uid,
      ruleUid: rule.uid,
      ruleTitle: rule.title,
      severity: levelSeverity(rule.level),
      weight: levelWeight[rule.level],
      timeUs,
      host: of.name,
      deviceUid: of.deviceUid,
      hostname: of.hostname,
      imageUid: image.uid,
      techniques: rule.techniques,
      tactics: rule.tactics,
      statement,
      eventUids: eventUids.slice(0, 32),
      count: Math.max(1, count),
      process: {
        uid: image.uid,
        pid: image.pid,
        name: image.name,
        cmdLine: image.cmdLine.slice(0, 4096),
        file: image.file,
        userId: image.userId,
        userName: lineage.userName(image.host, image.userId),
      },
      incidentUid: '',
    }
    state.findings += 1
    if (count > 0) changedFindings.set(uid, finding)
    if (finding.weight === 0) return
    const carries = finding.weight >= levelWeight.high && more.carries !== false
    const isNew = carries && !isSuspect(of, timeUs)(image.processUid)
    if (carries) setBounded(of.suspects, image.processUid, timeUs, 16_384)
    const story = storyAt(of, image, timeUs)
    if (story.findings.size < limits.findings)
      story.findings.set(uid, {
        finding,
        history: more.history ?? null,
        usual: more.usual ?? null,
        aboutImages: more.aboutImages ?? [],
        flowKey: more.flowKey ?? '',
        untold: count === 0 ? { track, number: track.count } : null,
      })
    else story.dropped += 1
    story.lastFindingUs = Math.max(story.lastFindingUs, timeUs)
    story.lastUs = Math.max(story.lastUs, timeUs)
    if (isNew) moveUp(of, image.processUid, timeUs)
    consider(of.members.get(image.processUid) ?? story, timeUs)
  }

  /** Opens the incident when the evidence is enough; marks it for telling when it is open. */
  function consider(story: Story, sinceUs: number): void {
    if (story.uid === '') {
      const openedUs = crossing(story, sinceUs)
      if (openedUs === undefined) return
      let first: Finding | undefined
      for (const { finding } of story.findings.values())
        if (
          !first ||
          finding.timeUs < first.timeUs ||
          (finding.timeUs === first.timeUs && finding.uid < first.uid)
        )
          first = finding
      story.uid = hashName('INC-', 10, story.rootProcessUid, first?.eventUids[0] ?? '')
      story.openedUs = openedUs
      for (const { finding } of story.findings.values()) tell(finding, story.uid, story)
    } else {
      for (const { finding } of story.findings.values())
        if (finding.incidentUid !== story.uid) tell(finding, story.uid, story)
    }
    dirty.add(story)
  }

  function describe(of: HostState, story: Story) {
    return describeIncident(story, of.hostname, (userId) => {
      const name = lineage.userName(of.name, userId)
      if (name !== String(userId)) return name
      // No host has told the name yet; this one is the same on all of them.
      return userId === 0 ? 'root' : `uid ${userId}`
    })
  }

  const commandOf = (image: Image): SentencePart => ({
    kind: 'entity',
    text: image.cmdLine.length > 200 ? `${image.cmdLine.slice(0, 199)}…` : image.cmdLine,
    nodeId: image.processUid,
  })

  function takeExec(of: HostState, row: number, timeUs: number, uid: string): void {
    const image = lineage.imageByUid(uid)
    if (!image || image.born === 'placeholder' || (image.flags & imageFlags.own) !== 0) return
    if (image.born === 'exec') of.offsetUs = timeUs - Math.round(Number(image.bornNs) / 1000)
    // Who started it: the image that called exec when the process had one of its own, else who forked it.
    const parent = lineage.previous(image) ?? lineage.parent(image)
    const history =
      parent && parent.file !== '' && image.file !== ''
        ? countChild(of.parents, parent.file, image.file, timeUs)
        : undefined
    const eventUid = batch.eventUid(row)
    follow(of, image, timeUs, 'exec', eventUid)
    rules.match(batch, row, facts, (rule) => {
      // Who started it is what first access is about, and so is who ordinarily does.
      const isAboutParent = rule.tactics[0] === 'TA0001'
      addFinding(
        of,
        rule,
        image,
        timeUs,
        image.uid,
        sentenceOf(rule, (slot) => {
          switch (slot) {
            case 'parent':
              return parent && (parent.name !== '' || parent.pid !== 0)
                ? process(parent)
                : text('A process')
            case 'process':
              return process(image)
            case 'file':
              return { kind: 'entity', text: image.file, nodeId: image.processUid }
            case 'command':
              return commandOf(image)
            case 'endpoint':
            case 'object':
              return text('')
          }
        }),
        [eventUid],
        {
          history,
          usual:
            isAboutParent && parent ? usualParentOf(of.parents, parent.file, image.file) : null,
        },
      )
    })
    takeDownloads(of, image, timeUs, eventUid)
    takeDiscovery(of, image, timeUs, eventUid)
  }

  function takeDownloads(of: HostState, image: Image, timeUs: number, eventUid: string): void {
    for (const file of ranFiles(image.name, image.file, image.argv, image.cwd)) {
      const download = of.downloads.get(file)
      if (!download || timeUs - download.timeUs > windowUs || timeUs < download.timeUs) continue
      const tool = lineage.imageByUid(download.imageUid)
      if (!tool || tool.uid === image.uid) continue
      addFinding(
        of,
        builtIn.ranDownload,
        image,
        timeUs,
        image.uid,
        [
          process(image),
          text(' is '),
          { kind: 'entity', text: file, nodeId: `file:${file}` },
          text(', which '),
          process(tool),
          text(download.url === '' ? ' downloaded ' : ` downloaded from `),
          ...(download.url === ''
            ? []
            : [{ kind: 'entity', text: download.url } as const, text(' ')]),
          figure(gapText(timeUs - download.timeUs)),
          text(' before'),
        ],
        [eventUid, download.eventUid],
        { aboutImages: [tool.uid] },
      )
      // What was written and then run ties its writer to it, even where the lineage between them was not seen.
      const own = of.members.get(image.processUid)
      if (!own) continue
      const writers = storyAt(of, tool, timeUs)
      consider(join(of, writers, of.members.get(image.processUid) ?? own), timeUs)
    }
    for (const { path, url } of downloadsOf(image.name, image.argv, image.cwd))
      setBounded(of.downloads, path, { imageUid: image.uid, eventUid, timeUs, url }, 1024)
  }

  function takeDiscovery(of: HostState, image: Image, timeUs: number, eventUid: string): void {
    const discovery = discoveryOf(image.name, image.argv)
    if (!discovery) return
    const { root } = scopeOf(image, lineage, isSuspect(of, timeUs), bootNs(of, timeUs))
    let track = of.surveys.get(root.processUid)
    if (!track) {
      track = { seen: [], foundUs: 0 }
      setBounded(of.surveys, root.processUid, track)
    }
    track.seen = track.seen
      .filter((one) => Math.abs(timeUs - one.timeUs) <= surveyWindowUs)
      .slice(-63)
    track.seen.push({
      timeUs,
      name: image.name,
      kind: discovery.kind,
      eventUid,
      imageUid: image.uid,
    })
    const names = new Set(track.seen.map((one) => one.name))
    const kinds = new Set(track.seen.map((one) => one.kind))
    if (names.size < surveyTools || kinds.size < surveyKinds) return
    if (track.foundUs !== 0 && timeUs - track.foundUs <= windowUs) return
    track.foundUs = timeUs
    const asker = lineage.parent(image) ?? root
    const [first] = track.seen
    addFinding(
      of,
      builtIn.survey,
      image,
      timeUs,
      `${root.processUid} ${first?.eventUid ?? ''}`,
      [
        process(asker),
        text(' looked around with '),
        { kind: 'entity', text: [...names].join(', ') },
        text(' within '),
        figure(gapText(timeUs - (first?.timeUs ?? timeUs))),
      ],
      track.seen.map((one) => one.eventUid),
      { aboutImages: track.seen.map((one) => one.imageUid) },
    )
  }

  /** Records what a member of a story did; a child of a member becomes one. */
  function follow(
    of: HostState,
    image: Image,
    timeUs: number,
    kind: EventKind,
    eventUid: string,
  ): Story | undefined {
    if (of.members.size === 0) return undefined
    let story = of.members.get(image.processUid)
    if (!story && image.parentUid !== '') story = of.members.get(processOfImage(image.parentUid))
    story = liveStory(of, story, timeUs)
    if (!story) return undefined
    addMember(of, story, image.processUid)
    if (!(story.images.size >= limits.processes && kind === 'exec')) keepImage(of, story, image)
    else countDropped(story)
    story.lastUs = Math.max(story.lastUs, timeUs)
    if (kind === 'exec') {
      const kept = story.images.get(image.uid)
      if (kept && kept.bornUs !== timeUs)
        story.images.set(image.uid, { ...kept, bornUs: timeUs, eventUid })
    } else if (kind !== 'connect' && kind !== 'accept') {
      if (story.events.size < limits.events)
        story.events.set(eventUid, { kind, timeUs, imageUid: image.uid })
      else countDropped(story)
    }
    if (story.uid !== '') dirty.add(story)
    return story
  }

  /** A child of a member becomes one. By names alone: the graph would have to make an image that nobody reads. */
  function followFork(of: HostState, processUid: string, parentUid: string, timeUs: number): void {
    if (of.members.size === 0) return
    let story = of.members.get(processUid)
    if (!story && parentUid !== '') story = of.members.get(processOfImage(parentUid))
    story = liveStory(of, story, timeUs)
    if (story) addMember(of, story, processUid)
  }

  function takeNetwork(
    of: HostState,
    row: number,
    timeUs: number,
    uid: string,
    kind: EventKind,
  ): void {
    const image = lineage.imageByUid(uid)
    if (!image || (image.flags & imageFlags.own) !== 0) return
    const eventUid = batch.eventUid(row)
    const ip = textAt(row, 'dst_endpoint_ip')
    const port = numberAt(row, 'dst_endpoint_port')
    const story = follow(of, image, timeUs, kind, eventUid)
    const isOpen = kind === 'connect' || kind === 'accept'
    if (story && isOpen) {
      addToFlow(
        story,
        limits,
        { processUid: image.processUid, imageUid: image.uid, direction: kind, ip, port },
        eventUid,
        timeUs,
        true,
      )
      meet(of, story, row, timeUs)
    } else if (story && kind === 'close') {
      const outbound = story.flows.get(flowKey(image.processUid, 'connect', ip, port))
      const flow = outbound ?? story.flows.get(flowKey(image.processUid, 'accept', ip, port))
      if (flow)
        addBytes(flow, textAt(row, 'connection_info_uid'), numberAt(row, 'traffic_bytes_in'))
    }
    if (kind === 'close' || kind === 'listen') return
    rules.match(batch, row, facts, (rule) => {
      addFinding(
        of,
        rule,
        image,
        timeUs,
        `${image.processUid} ${kind} ${ip} ${port}`,
        sentenceOf(rule, (slot) =>
          slot === 'endpoint'
            ? { kind: 'entity', text: `${ip}:${port}`, nodeId: `socket:${ip}:${port}` }
            : process(image),
        ),
        [eventUid],
        { flowKey: flowKey(image.processUid, kind, ip, port) },
      )
    })
    if (kind === 'accept') takeKeptShells(of, image, timeUs, eventUid)
    if (kind === 'connect') takeBeat(of, image, timeUs, eventUid, ip, port)
  }

  /** What a process did to a file or asked a resolver: told where a rule matches it. */
  function takeDeed(
    of: HostState,
    row: number,
    timeUs: number,
    uid: string,
    kind: EventKind,
  ): void {
    const image = lineage.imageByUid(uid)
    if (!image || (image.flags & imageFlags.own) !== 0) return
    const object = (eventKindInfo(kind).object ?? [])
      .map((column) => String(batch.value(row, column as ActivityColumn) ?? ''))
      .find((value) => value !== '')
    rules.match(batch, row, facts, (rule) => {
      addFinding(
        of,
        rule,
        image,
        timeUs,
        `${image.processUid} ${kind} ${object ?? ''}`,
        sentenceOf(rule, (slot) =>
          slot === 'object'
            ? { kind: 'entity', text: object ?? 'something unnamed' }
            : process(image),
        ),
        [batch.eventUid(row)],
      )
    })
  }

  /** A server that is being talked to keeps a shell which reads commands from it. */
  function takeKeptShells(of: HostState, server: Image, timeUs: number, eventUid: string): void {
    if (isGate(server.name) || of.accepted.has(server.processUid)) return
    setBounded(of.accepted, server.processUid, timeUs)
    const nowNs = bootNs(of, timeUs)
    // Told of late, after shells which the rule would have named had it known: these are named now.
    const newestNs = timeUs < of.newestUs ? bootNs(of, of.newestUs) : nowNs
    for (const child of lineage.children(server.processUid)) {
      const shell = lineage
        .images(child.processUid)
        .find((one) => one.born === 'exec' && isShell(one.name))
      if (!shell || shell.tty !== '') continue
      const end = lineage.end(shell.processUid)
      const isKept = shell.argv.length === 1 && (!end || end.bootNs >= nowNs)
      const isTold = newestNs > nowNs && shell.bornNs >= nowNs && shell.bornNs <= newestNs
      if (!isKept && !isTold) continue
      addFinding(
        of,
        builtIn.keptShell,
        shell,
        timeUs,
        shell.uid,
        [process(server), text(' takes connections and has the shell '), process(shell)],
        [shell.eventUid, eventUid],
      )
    }
  }

  function takeBeat(
    of: HostState,
    image: Image,
    timeUs: number,
    eventUid: string,
    ip: string,
    port: number,
  ): void {
    // Some call back from one process, some start a new one for each call: by parent and program both are seen.
    const key = `${image.parentUid === '' ? image.processUid : processOfImage(image.parentUid)}|${image.file}|${ip}|${port}`
    let track = of.beats.get(key)
    if (track) of.beats.delete(key)
    track ??= { timesUs: [], eventUids: [], count: 0, found: false }
    setBounded(of.beats, key, track)
    if (track.timesUs.length > 0 && timeUs - (track.timesUs.at(-1) ?? 0) > quietUs) {
      track.timesUs = []
      track.eventUids = []
      track.count = 0
      track.found = false
    }
    let at = track.timesUs.length
    while (at > 0 && (track.timesUs[at - 1] ?? 0) > timeUs) at--
    track.timesUs.splice(at, 0, timeUs)
    track.eventUids.splice(at, 0, eventUid)
    if (track.timesUs.length > beatTimes) {
      track.timesUs.shift()
      track.eventUids.shift()
    }
    track.count += 1
    if (track.found || track.timesUs.length < beatLeast) return
    // The first ones are looked at each, then every eighth: an irregular stream costs little.
    if (track.count > 8 && track.count % 8 !== 0) return
    const { medianUs, spread } = regularityOf(track.timesUs)
    if (medianUs < beatShortestUs || spread > beatSpread) return
    const isDropped = isTemporaryPath(image.file)
    // A loop that runs as fast as it can is regular, too; only of what was dropped is that telling.
    if (!isDropped && (medianUs < 500_000 || track.timesUs.length < 6)) return
    track.found = true
    addFinding(
      of,
      isDropped ? builtIn.droppedBeacon : builtIn.beacon,
      image,
      timeUs,
      key,
      [
        process(image),
        text(' connected to '),
        { kind: 'entity', text: `${ip}:${port}`, nodeId: `socket:${ip}:${port}` },
        // Told when there were enough; it may go on, so this is not how often in all.
        text(' every '),
        figure(gapText(medianUs)),
        text(', as '),
        figure(String(track.timesUs.length)),
        text(' connections show'),
      ],
      track.eventUids,
      { flowKey: flowKey(image.processUid, 'connect', ip, port), carries: false },
    )
  }

  /** Both ends of a connection are processes of stories: the stories are one. */
  function meet(of: HostState, story: Story, row: number, timeUs: number): void {
    const own = lineage.connection(textAt(row, 'connection_info_uid'))
    const peer = own && lineage.connection(own.peerUid)
    if (!peer || peer.imageUid === '') return
    const other = liveStory(of, of.members.get(processOfImage(peer.imageUid)), timeUs)
    if (!other || other === story) return
    consider(join(of, story, other), 0)
  }

  function takeExit(of: HostState, timeUs: number, processUid: string): void {
    const story = liveStory(of, of.members.get(processUid), timeUs)
    if (!story) return
    of.gone.add(processUid)
    if (story.processes.has(processUid)) story.ended.add(processUid)
    if (story.uid !== '') dirty.add(story)
  }

  const times = new Float64Array(batch.rows)
  for (let row = 0; row < times.length; row++) times[row] = batch.timeUs(row)
  const order = orderOf(times)
  for (let at = 0; at < order.length; at++) {
    const row = order[at] ?? 0
    const kind = batch.kind(row)
    const timeUs = times[row] ?? 0
    // A batch is of one sensor and boot: where there is no story, nothing asks who forked, ended or closed.
    if (
      host &&
      host.members.size === 0 &&
      (kind === 'fork' || kind === 'exit' || kind === 'close' || kind === 'exec_failed')
    ) {
      host.newestUs = Math.max(host.newestUs, timeUs)
      continue
    }
    const isProcess =
      kind === 'exec' || kind === 'fork' || kind === 'exit' || kind === 'exec_failed'
    // What only rules look at is left alone where no rule does.
    if (!isProcess && !isConnection(kind) && !rules.asks(kind)) continue
    const uid = textAt(row, isProcess ? 'process_uid' : 'actor_process_uid')
    if (uid === '') continue
    const of = hostOf(uid)
    if (timeUs > of.newestUs) of.newestUs = timeUs
    if (kind === 'exec') takeExec(of, row, timeUs, uid)
    else if (kind === 'exit') {
      if (of.members.size > 0) takeExit(of, timeUs, processOfImage(uid))
    } else if (kind === 'fork') {
      followFork(of, processOfImage(uid), textAt(row, 'process_parent_process_uid'), timeUs)
    } else if (kind === 'exec_failed') {
      if (of.members.size === 0) continue
      const image = lineage.imageByUid(uid)
      if (image) follow(of, image, timeUs, kind, batch.eventUid(row))
    } else if (isConnection(kind)) takeNetwork(of, row, timeUs, uid, kind)
    else takeDeed(of, row, timeUs, uid, kind)
  }

  // Only memory: whatever is over would be left alone by later events anyway.
  for (const one of host ? [host] : []) {
    for (const story of one.stories)
      if (isOver(story, one.newestUs) && !dirty.has(story)) drop(one, story)
    for (const map of [one.made, one.suspects])
      for (const [key, at] of map) {
        if (one.newestUs - at <= quietUs) break
        map.delete(key)
      }
  }
  const incidents = [...merged]
  for (const story of dirty)
    if (story.uid !== '' && host)
      incidents.push({ incident: describe(host, story), mergedInto: null })
  return { findings: [...changedFindings.values()], incidents }
}
