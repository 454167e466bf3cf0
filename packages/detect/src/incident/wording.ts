/** The sentences of an incident: made from names and figures by fixed forms, never by guessing. */
import type { SentencePart } from '@honeyguide/model'
import { downloadsOf, urlOf } from '../streaming/download.ts'
import { gapText, regularityOf } from '../streaming/regularity.ts'
import { temporaryFile, type Activity } from './activity.ts'
import { isShell } from './program-kind.ts'
import type { Step } from './steps.ts'
import type { Story, StoryFlow, StoryImage } from './story.ts'

export const text = (value: string): SentencePart => ({ kind: 'text', text: value })
export const figure = (value: string): SentencePart => ({ kind: 'figure', text: value })

export function processPart(image: StoryImage): SentencePart {
  return {
    kind: 'entity',
    text: image.name === '' ? `pid ${image.pid}` : image.name,
    nodeId: image.processUid,
  }
}
export function filePart(path: string): SentencePart {
  return { kind: 'entity', text: path, nodeId: fileNodeId(path) }
}
export function endpointPart(flow: Pick<StoryFlow, 'ip' | 'port'>): SentencePart {
  return { kind: 'entity', text: endpointText(flow), nodeId: socketNodeId(flow) }
}
export const fileNodeId = (path: string) => `file:${path}`
export const socketNodeId = (flow: Pick<StoryFlow, 'ip' | 'port'>) => `socket:${endpointText(flow)}`
export function endpointText(flow: Pick<StoryFlow, 'ip' | 'port'>): string {
  return flow.ip.includes(':') ? `[${flow.ip}]:${flow.port}` : `${flow.ip}:${flow.port}`
}

/** 48640 as "48,640". */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** 48640 as "48,640 B". */
export function bytesText(bytes: number): string {
  return `${countText(bytes)} B`
}

export function receivedBytes(flow: StoryFlow): number {
  let sum = 0
  for (const bytes of flow.received.values()) sum += bytes
  return sum
}

/** "every 2.0 s" when it is regular, "3 times" when it is not; empty for one. */
export function rhythmParts(flow: StoryFlow): SentencePart[] {
  if (flow.count < 2) return []
  const times = [...flow.times.values()].sort((a, b) => a - b)
  if (times.length >= 3) {
    const { medianUs, spread } = regularityOf(times)
    if (spread <= 0.35 && medianUs >= 100_000) return [text('every '), figure(gapText(medianUs))]
  }
  return [figure(String(flow.count)), text(' times')]
}

/** Parts with commas and a last "and". */
export function listOf(items: readonly (readonly SentencePart[])[]): SentencePart[] {
  return items.flatMap((item, index) => [
    ...(index === 0 ? [] : [text(index === items.length - 1 ? ' and ' : ', ')]),
    ...item,
  ])
}

/** Neighbouring texts as one part. */
export function joined(parts: readonly SentencePart[]): SentencePart[] {
  const out: SentencePart[] = []
  for (const part of parts) {
    const last = out.at(-1)
    if (part.kind === 'text' && last?.kind === 'text')
      out[out.length - 1] = text(last.text + part.text)
    else out.push(part)
  }
  return out
}

function parentOf(story: Story, image: StoryImage): StoryImage | undefined {
  let found: StoryImage | undefined
  for (const images of [story.images, story.shown])
    for (const other of images.values())
      if (
        other.processUid === image.parentProcessUid &&
        other.bornUs <= image.bornUs &&
        (!found || other.execNo >= found.execNo)
      )
        found = other
  return found
}

const unique = (names: readonly string[]) => [...new Set(names)]

function countedNames(activities: readonly Activity[]): SentencePart[] {
  const names = unique(activities.map((one) => one.image.name))
  const shown = names.slice(0, 4).map((name): SentencePart[] => {
    const image = activities.find((one) => one.image.name === name)?.image
    return [image ? processPart(image) : text(name)]
  })
  const more = names.length - shown.length
  return listOf(more > 0 ? [...shown, [figure(String(more)), text(' more')]] : shown)
}

function fetchParts(activities: readonly Activity[]): SentencePart[] {
  const fetcher = activities.find((one) => one.technique === 'T1105')?.image
  const downloads = fetcher ? downloadsOf(fetcher.name, fetcher.argv, fetcher.cwd) : []
  const flow = activities.find((one) => one.flow !== null && one.technique === 'T1105')?.flow
  const bytes = flow ? receivedBytes(flow) : 0
  const what: SentencePart[] = downloads[0]
    ? [filePart(downloads[0].path)]
    : bytes > 0
      ? [figure(bytesText(bytes))]
      : []
  const url = fetcher ? urlOf(fetcher.argv) : ''
  const from: SentencePart[] = flow
    ? [text(' from '), endpointPart(flow)]
    : url === ''
      ? []
      : [text(' from '), { kind: 'entity', text: url }]
  return [text(what.length > 0 ? 'downloaded ' : 'fetched'), ...what, ...from]
}

/** Who did what in a step. */
export function stepSentence(story: Story, step: Step): SentencePart[] {
  const telling = step.activities.filter((one) => one.technique !== '')
  const [first] = telling.length > 0 ? telling : step.activities
  if (!first) return []
  const { image } = first
  const parent = parentOf(story, image)
  const who = parent ? processPart(parent) : text('Something')
  switch (step.name) {
    case 'Tool transfer':
      return joined([processPart(image), text(' '), ...fetchParts(telling)])
    case 'Discovery':
      return joined([who, text(' looked around with '), ...countedNames(telling)])
    case 'Call back': {
      const flow = first.flow
      if (!flow) break
      const rhythm = rhythmParts(flow)
      return joined([
        processPart(image),
        text(' connected to '),
        endpointPart(flow),
        ...(rhythm.length > 0 ? [text(' '), ...rhythm] : []),
      ])
    }
    case 'Dropped file run':
    case 'Run from memory':
      return joined([who, text(' ran '), filePart(temporaryFile(image) || image.file)])
    default:
  }
  if (!parent) return joined([processPart(image), text(' was started')])
  if (isShell(image.name) && first.kind === 'exec')
    return joined([who, text(' started the shell '), processPart(image)])
  const command = image.cmdLine.length > 160 ? `${image.cmdLine.slice(0, 159)}…` : image.cmdLine
  return joined([who, text(' ran '), { kind: 'entity', text: command, nodeId: image.processUid }])
}

const tacticPhrases: Readonly<Record<string, string>> = {
  TA0003: 'made itself permanent',
  TA0004: 'raised its privileges',
  TA0006: 'went for credentials',
  TA0008: 'moved to another host',
  TA0009: 'gathered data',
  TA0010: 'sent data out',
  TA0040: 'did damage',
  TA0005: 'hid itself',
}

/** "nginx on web-03 started a shell that downloaded /tmp/.x from 127.0.0.1:8080, ran it and called back every 2.0 s". */
export function titleOf(
  story: Story,
  steps: readonly Step[],
  root: StoryImage | undefined,
  hostname: string,
): SentencePart[] {
  const who: SentencePart[] = root ? [processPart(root)] : [text('A process')]
  const phrases: SentencePart[][] = []
  const said = new Set<string>()
  const say = (what: string, parts: SentencePart[]) => {
    if (said.has(what)) return
    said.add(what)
    phrases.push(parts)
  }
  let startedShell = false
  let fetched = ''
  for (const step of steps) {
    const telling = step.activities.filter((one) => one.technique !== '')
    const [first] = telling
    if (!first) continue
    const { image } = first
    if (step.name === 'Tool transfer') {
      fetched = downloadsOf(image.name, image.argv, image.cwd)[0]?.path ?? ''
      say('fetch', fetchParts(telling))
    } else if (step.name === 'Dropped file run' || step.name === 'Run from memory') {
      const path = temporaryFile(image) || image.file
      const isFetched = said.has('fetch') && fetched === path
      say('run', [
        text('ran '),
        isFetched ? { kind: 'entity', text: 'it', nodeId: fileNodeId(path) } : filePart(path),
      ])
    } else if (step.name === 'Discovery') say('look', [text('looked around')])
    else if (step.name === 'Call back') {
      const flow = telling
        .flatMap((one) => one.flow ?? [])
        .reduce<StoryFlow | undefined>(
          (most, one) => (!most || one.count > most.count ? one : most),
          undefined,
        )
      if (!flow) continue
      const rhythm = rhythmParts(flow)
      say('call', [
        text('called back to '),
        endpointPart(flow),
        ...(rhythm.length > 0 ? [text(' '), ...rhythm] : []),
      ])
    } else if (isShell(image.name) && first.kind === 'exec') {
      if (image.processUid !== root?.processUid) startedShell = true
    } else {
      const phrase = tacticPhrases[step.tactic]
      if (phrase !== undefined) say(step.tactic, [text(phrase)])
    }
  }
  const deeds = listOf(phrases)
  if (startedShell)
    return joined([
      ...who,
      text(' on '),
      { kind: 'entity', text: hostname },
      text(' started a shell'),
      ...(deeds.length > 0 ? [text(' that '), ...deeds] : []),
    ])
  return joined([
    ...who,
    text(' on '),
    { kind: 'entity', text: hostname },
    text(' '),
    ...(deeds.length > 0 ? deeds : [text('did what several rules warn of')]),
  ])
}
