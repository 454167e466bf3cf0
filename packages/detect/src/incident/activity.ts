/**
 * What happened in a story, one after the other, each with the technique that it is part of.
 *
 * The technique comes from a finding about that very program or connection; else from what the program is
 * (a tool to look around, to fetch, a shell); else it is that of who started it.
 */
import { techniqueTactic } from '../attack/attack.ts'
import { downloadsOf, ranFiles } from '../streaming/download.ts'
import { isShell, isTemporaryPath, lookTechnique } from './program-kind.ts'
import { survey } from '../findings/built-in-rules.ts'
import { flowFirstUs, flowKey, type Story, type StoryFlow, type StoryImage } from './story.ts'

export interface Activity {
  readonly kind: 'exec' | 'flow'
  readonly timeUs: number
  readonly image: StoryImage
  readonly flow: StoryFlow | null
  /** Empty when it is only part of what its parent does. */
  readonly technique: string
  readonly tactic: string
}

/** How long before its first finding a story may begin: who came before is told only as far as it led there. */
const leadUs = 120_000_000
const transferUs = 60_000_000

const downloadTools = new Set(['curl', 'wget', 'wget2', 'aria2c', 'scp', 'sftp', 'ftp', 'tftp'])

/** The temporary file that the image runs, itself or by its interpreter; empty when it does not. */
export function temporaryFile(image: StoryImage): string {
  return ranFiles(image.name, image.file, image.argv, image.cwd).find(isTemporaryPath) ?? ''
}

export function startUs(story: Story): number {
  let first = Infinity
  for (const { finding } of story.findings.values()) first = Math.min(first, finding.timeUs)
  return first - leadUs
}

function techniqueOf(story: Story, image: StoryImage): string {
  let best = ''
  let weight = 0
  for (const { finding, flowKey: key } of story.findings.values())
    if (
      finding.imageUid === image.uid &&
      key === '' &&
      finding.ruleUid !== survey.uid &&
      finding.weight > weight &&
      finding.techniques[0] !== undefined
    ) {
      best = finding.techniques[0]
      weight = finding.weight
    }
  if (best !== '') return best
  const look = lookTechnique(image.name, image.argv)
  if (look !== '') return look
  if (downloadTools.has(image.name) || downloadsOf(image.name, image.argv, image.cwd).length > 0)
    return 'T1105'
  if (temporaryFile(image) !== '') return 'T1204.002'
  return isShell(image.name) ? 'T1059.004' : ''
}

const receivedBy = (flow: StoryFlow) =>
  [...flow.received.values()].reduce((sum, one) => sum + one, 0)

/** In order of time; ties in order of names, so that the order is the same in a replay. */
export function activitiesOf(story: Story): readonly Activity[] {
  const fromUs = startUs(story)
  const out: Activity[] = []
  const techniques = new Map<string, string>()
  const runsUs: number[] = []
  const images = [...story.images.values()].filter((image) => image.bornUs >= fromUs)
  for (const image of images) {
    if (image.isForkCopy || image.eventUid === '') continue
    const technique = techniqueOf(story, image)
    techniques.set(image.uid, technique)
    if (temporaryFile(image) !== '') runsUs.push(image.bornUs)
    out.push({
      kind: 'exec',
      timeUs: image.bornUs,
      image,
      flow: null,
      technique,
      tactic: techniqueTactic(technique),
    })
  }
  const byFlow = new Map<string, string>()
  for (const { finding, flowKey: key } of story.findings.values())
    if (key !== '' && finding.techniques[0] !== undefined) byFlow.set(key, finding.techniques[0])
  for (const flow of story.flows.values()) {
    const image = story.images.get(flow.imageUid)
    const timeUs = flowFirstUs(flow)
    if (!image || timeUs < fromUs) continue
    const key = flowKey(flow.processUid, flow.direction, flow.ip, flow.port)
    const isTemporary = temporaryFile(image) !== ''
    // A program that was not dropped itself and received something just before a dropped file ran fetched it.
    const isTransfer =
      !isTemporary &&
      flow.direction === 'connect' &&
      receivedBy(flow) > 0 &&
      runsUs.some((at) => at >= timeUs && at - timeUs <= transferUs)
    const technique =
      byFlow.get(key) ??
      (techniques.get(image.uid) === 'T1105' || isTransfer
        ? 'T1105'
        : isTemporary && flow.direction === 'connect'
          ? 'T1071'
          : '')
    out.push({ kind: 'flow', timeUs, image, flow, technique, tactic: techniqueTactic(technique) })
  }
  const rank = (one: Activity) => `${one.image.uid} ${one.flow?.ip ?? ''} ${one.flow?.port ?? ''}`
  return out.sort(
    (a, b) => a.timeUs - b.timeUs || (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0),
  )
}
