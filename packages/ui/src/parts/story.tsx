/** Draws the causal graph that `view/story-layout` placed. Each node is one stop for arrows along edges. */
import { useEffect, useMemo, useRef, useState } from 'react'
import type { Incident } from '@honeyguide/model/incident'
import {
  isPlainStart,
  layoutStory,
  nextBox,
  samePlaces,
  type StoryBox,
  type StoryPicture,
  type StoryPlaces,
} from '../view/story-layout.ts'
import { grouped } from '../view/number-words.ts'
import { middle, shown, start } from '../view/shorten.ts'
import { clock, offsetWords } from '../view/time-words.ts'

function useWidth(): readonly [React.RefObject<HTMLDivElement | null>, number] {
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const element = box.current
    if (!element) return
    const watch = new ResizeObserver((entries) => {
      const now = entries[0]?.contentRect.width
      if (now !== undefined) setWidth(Math.floor(now))
    })
    watch.observe(element)
    setWidth(Math.floor(element.getBoundingClientRect().width))
    return () => watch.disconnect()
  }, [])
  return [box, width]
}

const charWidth = 6.65
/** Most nodes that are drawn; an incident with more is read as a table. */
export const mostNodes = 200

/** Where the nodes of the last incidents were drawn, by incident and mode: until Tidy they stay there. */
const places = new Map<string, StoryPlaces>()

function keepPlaces(key: string, now: StoryPlaces): void {
  places.delete(key)
  places.set(key, now)
  const [oldest] = places.keys()
  if (places.size > 20 && oldest !== undefined) places.delete(oldest)
}

/** Lets the next picture of an incident be laid out anew. */
export function forgetPlaces(uid: string): void {
  for (const key of places.keys()) if (key.startsWith(`${uid} `)) places.delete(key)
}

function boxPath(box: StoryBox): string {
  const { x, y, width: w, height: h } = box
  const fold = 9
  return `M${x} ${y}H${x + w - fold}L${x + w} ${y + fold}V${y + h}H${x}Z`
}

function boxName(box: StoryBox, index: number, total: number, picture: StoryPicture): string {
  const by = picture.edges.find((edge) => edge.to === box.node.id)
  const from = by && picture.boxes.find((one) => one.node.id === by.from)
  const reason = box.node.reasonNo === null ? '' : `, reason ${box.node.reasonNo}`
  const source =
    by && from ? `, ${by.label === '' ? 'from' : by.label} ${shown(from.node.label, 40)}` : ''
  const many = box.count > 1 ? `, ${box.count} alike` : ''
  return `${index + 1} of ${total}, ${shown(box.node.label, 60)}, ${box.node.kind}${source}${many}${reason}`
}

export function Story({
  incident,
  mode,
  stepNow,
  untilMs,
  chosen,
  onChoose,
  onStep,
  onShown,
  tidied,
}: {
  incident: Incident
  mode: 'story' | 'nodes'
  stepNow: number
  /** Nodes that begin later are dimmed: the playhead. */
  untilMs: number | null
  chosen: string | null
  onChoose: (id: string | null) => void
  onStep: (no: number) => void
  /** How many nodes are drawn, and whether a new layout would put some of them elsewhere. */
  onShown: (shown: number, untidy: boolean) => void
  /** Counts up when the kept places were dropped. */
  tidied: number
}) {
  const [box, width] = useWidth()
  const key = `${incident.uid} ${mode}`
  const picture = useMemo(() => {
    if (width === 0) return null
    const options =
      mode === 'story'
        ? { width: Math.max(width, 320), most: 16, throughShells: true }
        : { width: Math.max(width, 320), most: mostNodes }
    const fresh = layoutStory(incident, options)
    const keep = places.get(key)
    const now = keep === undefined ? fresh : layoutStory(incident, { ...options, keep })
    return { ...now, untidy: !samePlaces(now.places, fresh.places) }
    // `tidied` counts how often the kept places were dropped: it is no value of its own.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [incident, width, mode, key, tidied])
  useEffect(() => {
    if (!picture) return
    keepPlaces(key, picture.places)
    onShown(picture.shown, picture.untidy)
  }, [picture, key, onShown])
  const [focused, setFocused] = useState<string | null>(null)
  const nodes = useRef(new Map<string, SVGGElement>())
  const steps = new Map(incident.steps.map((step) => [step.no, step]))
  const lit = focused ?? chosen
  return (
    <div className="gwrap" ref={box}>
      {picture === null ? null : (
        <svg
          className="graph"
          width={picture.width}
          height={picture.height}
          viewBox={`0 0 ${picture.width} ${picture.height}`}
          role="group"
          aria-label={`Causal graph, ${picture.columns.length} columns of steps from left to right, ${picture.boxes.length} nodes`}
        >
          <defs>
            {(['process', 'file', 'socket'] as const).map((kind) => (
              <marker
                key={kind}
                id={`ar-${kind}`}
                viewBox="0 0 8 8"
                refX="6.5"
                refY="4"
                markerWidth="9"
                markerHeight="9"
                markerUnits="userSpaceOnUse"
                orient="auto"
              >
                <path d="M1 1l6 3-6 3z" className={`ah ${kind}`} />
              </marker>
            ))}
          </defs>
          {picture.columns.map((column) => {
            const [no = 0] = column.steps
            const step = steps.get(no)
            const several = column.steps.length > 1
            const now = column.steps.includes(stepNow)
            const room = Math.floor((column.width - 26) / 5.2)
            const begun =
              untilMs === null || (step !== undefined && Date.parse(step.time) <= untilMs)
            return (
              <g key={column.index} className={`stp ${begun ? '' : 'later'}`}>
                <rect
                  x={column.x}
                  y={0}
                  width={column.width}
                  height={picture.height}
                  className={`cb ${column.index % 2 === 1 ? 'o' : ''} ${now ? 'now' : ''}`}
                  onClick={() => onStep(no)}
                />
                <circle cx={column.x + 12} cy={13} r={8} />
                <text x={column.x + 12} y={16.8} className="sn">
                  {no}
                </text>
                <text x={column.x + 24} y={17} className="sa">
                  {start(
                    several ? `${column.steps.length} steps` : shown(step?.name ?? '', 60),
                    room,
                  )}
                </text>
                <text x={column.x + 4} y={34} className="sb">
                  {several
                    ? `to ${column.steps[column.steps.length - 1] ?? no}`
                    : shown(step?.techniqueUid ?? '', 14)}
                </text>
                <text x={column.x + column.width - 4} y={46} className="sc">
                  {step === undefined
                    ? ''
                    : no === incident.steps[0]?.no
                      ? clock(Date.parse(step.time))
                      : offsetWords(step.offsetMs)}
                </text>
              </g>
            )
          })}
          {picture.lanes.map((lane) => (
            <g key={lane.label} className="lane">
              <line x1={0} x2={picture.width} y1={lane.y} y2={lane.y} />
              <text x={4} y={lane.y + 13} className="ll">
                {shown(lane.label, 60)}
              </text>
            </g>
          ))}
          {picture.edges.map((edge) => {
            const touched = lit !== null && (edge.from === lit || edge.to === lit)
            const from = picture.boxes.find((one) => one.node.id === edge.from)
            const later =
              untilMs !== null && from !== undefined && Date.parse(from.node.firstTime) > untilMs
            const [middlePoint = [0, 0]] = edge.points.slice(Math.floor(edge.points.length / 2))
            const plain = isPlainStart(edge.kind, edge.label)
            const at =
              edge.labelAt ??
              (touched && !plain
                ? { x: middlePoint[0] + 4, y: middlePoint[1] - 5, anchor: 'start' as const }
                : undefined)
            return (
              <g
                key={`${edge.from}-${edge.to}-${edge.label}`}
                className={`${touched ? 'lit' : ''} ${later ? 'later' : ''}`}
              >
                <path
                  className={`ge ${edge.kind}`}
                  d={edge.path}
                  markerEnd={`url(#ar-${edge.kind})`}
                />
                {at === undefined || edge.label === '' ? null : (
                  <text className="gl" x={at.x} y={at.y} textAnchor={at.anchor}>
                    {shown(edge.label, 60)}
                  </text>
                )}
              </g>
            )
          })}
          {picture.boxes.map((one, index) => {
            const { node } = one
            const id = node.id
            const first = (chosen ?? picture.boxes[0]?.node.id) === id
            const room = Math.min(14, Math.floor((one.width - 6) / charWidth))
            const detailRoom = Math.floor((one.width - 4) / 5.6)
            const countText = one.count > 1 ? ` ×${grouped(one.count)}` : ''
            const later = untilMs !== null && Date.parse(node.firstTime) > untilMs
            return (
              <g
                key={id}
                ref={(element) => {
                  if (element) nodes.current.set(id, element)
                  else nodes.current.delete(id)
                }}
                className={`gn ${node.kind} ${later ? 'later' : ''}`}
                role="button"
                tabIndex={first ? 0 : -1}
                aria-pressed={chosen === id}
                onClick={() => onChoose(chosen === id ? null : id)}
                onFocus={() => setFocused(id)}
                onBlur={() => setFocused(null)}
                onKeyDown={(event) => {
                  if (event.key === 'Enter' || event.key === ' ') {
                    event.preventDefault()
                    event.stopPropagation()
                    onChoose(chosen === id ? null : id)
                  }
                  if (
                    event.key === 'ArrowLeft' ||
                    event.key === 'ArrowRight' ||
                    event.key === 'ArrowUp' ||
                    event.key === 'ArrowDown'
                  ) {
                    event.preventDefault()
                    event.stopPropagation()
                    const next = nextBox(picture, id, event.key)
                    if (next === undefined) return
                    const element = nodes.current.get(next)
                    element?.setAttribute('tabindex', '0')
                    element?.focus()
                  }
                }}
              >
                <title>{`${boxName(one, index, picture.boxes.length, picture)}: ${shown(node.full, 400)}`}</title>
                {chosen === id ? (
                  <rect
                    className="ring"
                    x={one.x - 3}
                    y={one.y - 3}
                    width={one.width + 6}
                    height={one.height + 6}
                    rx={7}
                  />
                ) : null}
                {node.kind === 'file' ? (
                  <>
                    <path className="shape" d={boxPath(one)} />
                    <path
                      className="fold"
                      d={`M${one.x + one.width - 9} ${one.y}V${one.y + 9}H${one.x + one.width}`}
                    />
                  </>
                ) : (
                  <rect
                    className="shape"
                    x={one.x}
                    y={one.y}
                    width={one.width}
                    height={one.height}
                    rx={node.kind === 'socket' ? one.height / 2 : 4}
                  />
                )}
                <text x={one.x + one.width / 2} y={one.y + 14.5} className="nm" aria-hidden="true">
                  {middle(shown(node.label, 200), Math.max(5, room))}
                </text>
                <text x={one.x + one.width / 2} y={one.y + 27} className="ns" aria-hidden="true">
                  {start(shown(node.detail, 100), Math.max(6, detailRoom - countText.length))}
                  {countText}
                </text>
                {node.reasonNo === null ? null : (
                  <g className="wy" aria-hidden="true">
                    <circle cx={one.x + one.width - 2} cy={one.y} r={7.5} />
                    <text x={one.x + one.width - 2} y={one.y + 3.6}>
                      {node.reasonNo}
                    </text>
                  </g>
                )}
              </g>
            )
          })}
        </svg>
      )}
    </div>
  )
}
