/**
 * Derives the incident that people see from what a story has gathered.
 *
 * A pure function of the story's sets: the same evidence gives the same incident, in whatever order and
 * batches it came.
 */
import type {
  Incident,
  IncidentEdge,
  IncidentNode,
  IncidentReason,
  IncidentStep,
  IncidentTick,
  SentencePart,
  Severity,
} from '@honeyguide/model'
import { tacticName, tacticOrder, techniqueName } from '../attack/attack.ts'
import { sentenceText } from '../findings/finding.ts'
import { isLoopback } from '../lineage/loopback.ts'
import { downloadsOf } from '../streaming/download.ts'
import { activitiesOf, startUs, temporaryFile, type Activity } from './activity.ts'
import { stepsOf } from './steps.ts'
import { flowLastUs, type Story, type StoryFinding, type StoryImage } from './story.ts'
import {
  bytesText,
  countText,
  endpointText,
  figure,
  fileNodeId,
  joined,
  processPart,
  receivedBytes,
  rhythmParts,
  socketNodeId,
  stepSentence,
  text,
  titleOf,
} from './wording.ts'

const mostNodes = 200
const mostTicks = 2000
const mostReasons = 5
/** Children of a parent that must have been seen before "1 of N" means something. */
const leastHistory = 20

const iso = (us: number) => new Date(Math.floor(us / 1000)).toISOString()

function severityOf(findings: readonly StoryFinding[], tactics: readonly string[]): Severity {
  const weights = new Map<string, number>()
  for (const { finding } of findings)
    weights.set(finding.ruleUid, Math.max(weights.get(finding.ruleUid) ?? 0, finding.weight))
  const score = [...weights.values()].reduce((sum, one) => sum + one, 0)
  if (findings.some(({ finding }) => finding.severity === 'critical')) return 'critical'
  return score >= 14 && tactics.length >= 4 ? 'critical' : 'high'
}

const sinceText = (us: number) => {
  const [day = '', clock = ''] = iso(us).split('T')
  return ` since ${day} ${clock.slice(0, 5)} UTC`
}

/**
 * The nearest change that would make a start ordinary, to be read after the words "Ordinary if": another parent,
 * which was seen to start that program often. Null when too little was seen to say, or it is not about the start.
 */
function ordinaryIf({ usual }: StoryFinding, hostname: string): SentencePart[] | null {
  if (!usual || usual.count < leastHistory) return null
  return [
    text('the parent were '),
    { kind: 'entity', text: usual.file.slice(usual.file.lastIndexOf('/') + 1) },
    text(', which did so '),
    figure(countText(usual.count)),
    text(` times on ${hostname}${sinceText(usual.sinceUs)}`),
  ]
}

/** How often its parent did the same, once enough of that parent was seen. */
function countParts(
  { history }: StoryFinding,
  hostname: string,
  parent: StoryImage | undefined,
): SentencePart[] {
  if (!history || !parent || history.total < leastHistory) return []
  return [
    text(': '),
    figure(`${countText(history.count)} of ${countText(history.total)}`),
    text(' children of '),
    processPart(parent),
    text(` on ${hostname}${sinceText(history.sinceUs)}`),
  ]
}

function reasonsOf(
  findings: readonly StoryFinding[],
  hostname: string,
  imageOf: (uid: string) => StoryImage | undefined,
  parentOf: (image: StoryImage) => StoryImage | undefined,
): { readonly reasons: IncidentReason[]; readonly of: readonly StoryFinding[] } {
  const byRule = new Map<string, StoryFinding[]>()
  for (const held of findings) {
    const list = byRule.get(held.finding.ruleUid) ?? []
    list.push(held)
    byRule.set(held.finding.ruleUid, list)
  }
  const groups = [...byRule.values()]
    .sort((a, b) => {
      const [one, two] = [a[0]?.finding, b[0]?.finding]
      return (
        (two?.weight ?? 0) - (one?.weight ?? 0) ||
        (one?.timeUs ?? 0) - (two?.timeUs ?? 0) ||
        ((one?.ruleUid ?? '') < (two?.ruleUid ?? '') ? -1 : 1)
      )
    })
    .slice(0, mostReasons)
  const total = groups.reduce((sum, group) => sum + (group[0]?.finding.weight ?? 0), 0)

  const reasons = groups.map((group, index): IncidentReason => {
    const [held] = group as [StoryFinding, ...StoryFinding[]]
    const { finding } = held
    // Shares in thousandths that sum to exactly one: the first takes what rounding leaves.
    const others = groups
      .slice(1)
      .reduce((sum, other) => sum + Math.floor((1000 * (other[0]?.finding.weight ?? 0)) / total), 0)
    const thousandths = index === 0 ? 1000 - others : Math.floor((1000 * finding.weight) / total)

    const image = imageOf(finding.imageUid)
    return {
      no: index + 1,
      statement: joined([
        ...finding.statement,
        ...(group.length === 1
          ? countParts(held, hostname, image && parentOf(image))
          : [text(', and '), figure(String(group.length - 1)), text(' more like it')]),
      ]),
      share: thousandths / 1000,
      ruleUid: finding.ruleUid,
      ruleTitle: finding.ruleTitle,
      techniqueUid: finding.techniques[0] ?? '',
      eventUids: [...new Set(group.flatMap((one) => one.finding.eventUids))].slice(0, 32),
      ordinaryIf: ordinaryIf(held, hostname),
    }
  })
  return { reasons, of: groups.flatMap((group) => group[0] ?? []) }
}

/** `userName` gives what a user id is called. */
export function describeIncident(
  story: Story,
  hostname: string,
  userName: (userId: number) => string,
): Incident {
  const fromUs = startUs(story)
  const activities = activitiesOf(story)
  const steps = stepsOf(story, activities)
  const findings = [...story.findings.values()].sort(
    (a, b) => a.finding.timeUs - b.finding.timeUs || (a.finding.uid < b.finding.uid ? -1 : 1),
  )
  const images = [...story.images.values(), ...story.shown.values()]
  const imagesOfProcess = Map.groupBy(images, (image) => image.processUid)
  for (const list of imagesOfProcess.values()) list.sort((a, b) => a.execNo - b.execNo)
  const imageOf = (uid: string) => story.images.get(uid) ?? story.shown.get(uid)
  const parentOf = (image: StoryImage) => {
    const own = imagesOfProcess
      .get(image.processUid)
      ?.findLast((one) => one.execNo < image.execNo && !one.isForkCopy)
    return (
      own ??
      imagesOfProcess.get(image.parentProcessUid)?.findLast((one) => one.bornUs <= image.bornUs)
    )
  }
  const { reasons, of: reasonFindings } = reasonsOf(findings, hostname, imageOf, parentOf)

  const totalWeight = findings.reduce((sum, { finding }) => sum + finding.weight, 0) || 1
  const weightOf = new Map<string, number>()
  const reasonAt = new Map<string, number>()
  const nodeOfFinding = ({ finding, flowKey: key }: StoryFinding): string => {
    const flow = story.flows.get(key)
    const image = imageOf(finding.imageUid)
    return flow ? socketNodeId(flow) : (image?.processUid ?? '')
  }
  for (const held of findings) {
    const id = nodeOfFinding(held)
    weightOf.set(id, (weightOf.get(id) ?? 0) + held.finding.weight / totalWeight)
  }
  reasonFindings.forEach((held, index) => {
    const id = nodeOfFinding(held)
    if (!reasonAt.has(id)) reasonAt.set(id, index + 1)
  })

  const stepOf = new Map<Activity, number>()
  steps.forEach((step, index) => {
    for (const activity of step.activities) stepOf.set(activity, index + 1)
  })
  const nodes = new Map<string, IncidentNode>()
  const edges = new Map<string, IncidentEdge>()
  const addNode = (node: IncidentNode) => {
    if (!nodes.has(node.id)) nodes.set(node.id, node)
  }
  const addEdge = (edge: IncidentEdge) => {
    if (edge.from === edge.to || edge.from === '' || edge.to === '') return
    const key = `${edge.from} ${edge.to} ${edge.verb}`
    if (!edges.has(key)) edges.set(key, edge)
  }

  /** What a process is shown as: its image with the most evidence, else its last one. */
  function faceOf(processUid: string): StoryImage | undefined {
    const own = imagesOfProcess.get(processUid)
    let best: StoryImage | undefined
    let most = 0
    for (const { finding, flowKey: key } of findings) {
      const image = key === '' ? imageOf(finding.imageUid) : undefined
      if (image?.processUid === processUid && finding.weight > most) {
        best = image
        most = finding.weight
      }
    }
    return best ?? own?.at(-1)
  }

  function addProcess(processUid: string, step: number, timeUs: number): void {
    const face = faceOf(processUid)
    if (!face || nodes.has(processUid)) return
    addNode({
      id: processUid,
      kind: 'process',
      label: face.name === '' ? `pid ${face.pid}` : face.name,
      detail: `${face.pid} ${userName(face.userId)}`,
      full: face.cmdLine === '' ? face.file : `${face.file} · ${face.cmdLine}`,
      host: hostname,
      step,
      reasonNo: reasonAt.get(processUid) ?? null,
      processUid: face.uid,
      count: 1,
      weight: weightOf.get(processUid) ?? 0,
      firstTime: iso(timeUs),
    })
  }

  /** The nearest ancestor that has a node. */
  function shownAncestor(image: StoryImage): string {
    let uid = image.parentProcessUid
    for (let depth = 0; uid !== '' && depth < 64; depth++) {
      if (nodes.has(uid)) return uid
      uid = imagesOfProcess.get(uid)?.[0]?.parentProcessUid ?? ''
    }
    return ''
  }

  const rootImage =
    faceOf(story.rootProcessUid) ??
    images.reduce<StoryImage | undefined>(
      (first, one) => (!first || one.bornUs < first.bornUs ? one : first),
      undefined,
    )
  const firstUs = activities[0]?.timeUs ?? findings[0]?.finding.timeUs ?? 0
  if (rootImage) addProcess(rootImage.processUid, 1, Math.max(rootImage.bornUs, fromUs))

  const writers = new Map<string, string>()
  for (const activity of activities) {
    const no = stepOf.get(activity) ?? 1
    const { image, flow, timeUs } = activity
    const isNew = !nodes.has(image.processUid)
    addProcess(image.processUid, no, timeUs)
    if (isNew) {
      const from = shownAncestor(image)
      addEdge({
        from,
        to: image.processUid,
        kind: 'process',
        verb: image.isForkCopy ? 'fork' : 'fork, exec',
        detail: '',
        time: iso(timeUs),
        count: 1,
      })
    }
    if (flow) {
      const id = socketNodeId(flow)
      const isOut = flow.direction === 'connect'
      addNode({
        id,
        kind: 'socket',
        label: flow.ip,
        detail: `:${flow.port}${flow.count > 1 ? ` ×${flow.count}` : ''}`,
        full: endpointText(flow),
        host: isOut && !isLoopback(flow.ip) ? 'outside' : hostname,
        step: no,
        reasonNo: reasonAt.get(id) ?? null,
        processUid: null,
        count: 1,
        weight: weightOf.get(id) ?? 0,
        firstTime: iso(timeUs),
      })
      const bytes = receivedBytes(flow)
      addEdge({
        from: isOut ? image.processUid : id,
        to: isOut ? id : image.processUid,
        kind: 'socket',
        verb: isOut ? 'connect' : 'accept',
        detail:
          activity.technique === 'T1105' && bytes > 0
            ? bytesText(bytes)
            : rhythmParts(flow)
                .map((part) => part.text)
                .join(''),
        time: iso(timeUs),
        count: flow.count,
      })
      continue
    }
    const ran = temporaryFile(image)
    if (ran !== '') {
      const id = fileNodeId(ran)
      const writer = writers.get(ran)
      if (writer === undefined)
        addNode({
          id,
          kind: 'file',
          label: ran.slice(ran.lastIndexOf('/') + 1),
          detail: ran.slice(0, ran.lastIndexOf('/')),
          full: ran,
          host: hostname,
          step: no,
          reasonNo: null,
          processUid: null,
          count: 1,
          weight: 0,
          firstTime: iso(timeUs),
        })
      addEdge({
        from: id,
        to: image.processUid,
        kind: 'file',
        verb: 'run',
        detail: '',
        time: iso(timeUs),
        count: 1,
      })
    }
    for (const { path } of downloadsOf(image.name, image.argv, image.cwd)) {
      // Only a file that was run later is surely there: what a tool was told to write may not have come.
      const wasRun = activities.some(
        (other) =>
          other.kind === 'exec' && other.timeUs > timeUs && temporaryFile(other.image) === path,
      )
      if (!wasRun || writers.has(path)) continue
      writers.set(path, image.processUid)
      addNode({
        id: fileNodeId(path),
        kind: 'file',
        label: path.slice(path.lastIndexOf('/') + 1),
        detail: path.slice(0, path.lastIndexOf('/')),
        full: path,
        host: hostname,
        step: no,
        reasonNo: null,
        processUid: null,
        count: 1,
        weight: 0,
        firstTime: iso(timeUs),
      })
      addEdge({
        from: image.processUid,
        to: fileNodeId(path),
        kind: 'file',
        verb: 'write',
        detail: '',
        time: iso(timeUs),
        count: 1,
      })
    }
  }

  const nodeTotal = nodes.size
  const kept = foldNodes(nodes, edges)

  const ticks: IncidentTick[] = []
  const steppedProcess = new Map<string, number>()
  for (const activity of activities) {
    const no = stepOf.get(activity) ?? 1
    if (!steppedProcess.has(activity.image.processUid))
      steppedProcess.set(activity.image.processUid, no)
    if (activity.flow)
      for (const [eventUid, at] of activity.flow.times)
        ticks.push({ time: iso(at), lane: 'network', step: no, eventUid })
    else
      ticks.push({
        time: iso(activity.timeUs),
        lane: 'process',
        step: no,
        eventUid: activity.image.eventUid,
      })
  }
  for (const [eventUid, event] of story.events) {
    if (event.timeUs < fromUs) continue
    const image = imageOf(event.imageUid)
    ticks.push({
      time: iso(event.timeUs),
      lane: event.kind === 'exec_failed' ? 'process' : 'network',
      step: steppedProcess.get(image?.processUid ?? '') ?? 1,
      eventUid,
    })
  }
  ticks.sort((a, b) =>
    a.time < b.time ? -1 : a.time > b.time ? 1 : a.eventUid < b.eventUid ? -1 : 1,
  )

  const members = [...imagesOfProcess].filter(
    ([uid, own]) =>
      !story.ended.has(uid) &&
      own.some((image) => story.images.has(image.uid)) &&
      uid !== (story.shown.size > 0 ? story.rootProcessUid : ''),
  )
  const aliveFace = members
    .map(([uid]) => faceOf(uid))
    .filter((image) => image !== undefined)
    .sort(
      (a, b) =>
        (weightOf.get(b.processUid) ?? 0) - (weightOf.get(a.processUid) ?? 0) ||
        b.bornUs - a.bornUs ||
        (a.uid < b.uid ? -1 : 1),
    )[0]

  let lastUs = firstUs
  for (const activity of activities)
    lastUs = Math.max(lastUs, activity.flow ? flowLastUs(activity.flow) : activity.timeUs)
  for (const { finding } of findings) lastUs = Math.max(lastUs, finding.timeUs)
  const tactics = [
    ...new Set([
      ...findings.flatMap(({ finding }) => finding.tactics.slice(0, 1)),
      ...steps.map((step) => step.tactic),
    ]),
  ]
    .filter((tactic) => tactic !== '')
    .sort((a, b) => tacticOrder(a) - tacticOrder(b))

  return {
    uid: story.uid,
    severity: severityOf(findings, tactics),
    title: titleOf(story, steps, rootImage, hostname),
    rootProcessUid: rootImage?.uid ?? story.rootProcessUid,
    firstTime: iso(firstUs),
    lastTime: iso(lastUs),
    openedTime: iso(story.openedUs),
    hosts: [hostname],
    users: [
      ...new Set(
        images.filter((image) => image.bornUs >= fromUs).map((image) => userName(image.userId)),
      ),
    ].sort(),
    steps: steps.map((step, index): IncidentStep => {
      const at = step.activities[0]?.timeUs ?? firstUs
      const nodeIds = new Set<string>()
      for (const activity of step.activities) {
        nodeIds.add(activity.flow ? socketNodeId(activity.flow) : activity.image.processUid)
      }
      return {
        no: index + 1,
        name: step.name,
        techniqueUid: step.technique,
        techniqueName: step.technique === '' ? '' : techniqueName(step.technique),
        tacticUid: step.tactic,
        tacticName: step.tactic === '' ? '' : tacticName(step.tactic),
        time: iso(at),
        offsetMs: Math.round((at - firstUs) / 1000),
        nodeIds: [...nodeIds]
          .map((id) => kept.alias.get(id) ?? id)
          .filter((id, place, all) => all.indexOf(id) === place),
        sentence: stepSentence(story, step),
        eventUids: step.activities
          .flatMap((one) => (one.flow ? [...one.flow.times.keys()] : [one.image.eventUid]))
          .slice(0, 256),
      }
    }),
    nodes: kept.nodes,
    edges: kept.edges,
    reasons,
    findings: findings.map(({ finding }) => ({
      uid: finding.uid,
      ruleUid: finding.ruleUid,
      ruleTitle: finding.ruleTitle,
      severity: finding.severity,
      time: iso(finding.timeUs),
      host: finding.hostname,
      processUid: finding.imageUid,
      eventUids: finding.eventUids,
      message: sentenceText(finding.statement),
    })),
    ticks: ticks.slice(0, mostTicks),
    tactics,
    nodeTotal,
    leftOut: story.dropped,
    alive: aliveFace ? { name: aliveFace.name, pid: aliveFace.pid, count: members.length } : null,
  }
}

/** Leaves of one parent and one name without a reason become one node; over the limit the least telling go. */
function foldNodes(
  nodes: ReadonlyMap<string, IncidentNode>,
  edges: ReadonlyMap<string, IncidentEdge>,
): {
  readonly nodes: IncidentNode[]
  readonly edges: IncidentEdge[]
  readonly alias: ReadonlyMap<string, string>
} {
  const hasChildren = new Set<string>()
  const parent = new Map<string, string>()
  for (const edge of edges.values()) {
    hasChildren.add(edge.from)
    parent.set(edge.to, (parent.get(edge.to) ?? '') + edge.from)
  }
  const alias = new Map<string, string>()
  const out = new Map<string, IncidentNode>()
  const folds = new Map<string, string>()
  for (const node of nodes.values()) {
    const key =
      node.kind === 'process' && node.reasonNo === null && !hasChildren.has(node.id)
        ? `${parent.get(node.id) ?? ''} ${node.label} ${node.step}`
        : ''
    const first = key === '' ? undefined : folds.get(key)
    const into = first === undefined ? undefined : out.get(first)
    if (into) {
      alias.set(node.id, into.id)
      out.set(into.id, { ...into, count: into.count + 1, weight: into.weight + node.weight })
      continue
    }
    if (key !== '') folds.set(key, node.id)
    out.set(node.id, node)
  }
  const chosen = [...out.values()]
  if (chosen.length > mostNodes) {
    const keep = new Set(
      [...chosen]
        .sort((a, b) => b.weight - a.weight || (a.firstTime < b.firstTime ? -1 : 1))
        .slice(0, mostNodes)
        .map((node) => node.id),
    )
    for (const node of chosen) if (!keep.has(node.id)) out.delete(node.id)
  }
  const keptEdges = new Map<string, IncidentEdge>()
  for (const edge of edges.values()) {
    const from = alias.get(edge.from) ?? edge.from
    const to = alias.get(edge.to) ?? edge.to
    if (!out.has(from) || !out.has(to)) continue
    const key = `${from} ${to} ${edge.verb}`
    const same = keptEdges.get(key)
    keptEdges.set(key, same ? { ...same, count: same.count + edge.count } : { ...edge, from, to })
  }
  return { nodes: [...out.values()], edges: [...keptEdges.values()], alias }
}
