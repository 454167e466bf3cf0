/** One incident: who did what to what, how, why we say so, how complete that is. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { IncidentAnswer, IncidentChange } from '@honeyguide/model/api'
import {
  leftOutWords,
  type Incident,
  type IncidentReason,
  type IncidentStatus,
} from '@honeyguide/model/incident'
import { failureOf, post } from '../state/api-client.ts'
import { useConnection } from '../state/connection.ts'
import { changeQuery, go, useAddress } from '../state/navigation.ts'
import { addressOf } from '../state/route.ts'
import { useAnswer } from '../state/use-answer.ts'
import { evidenceCompleteness } from '../view/completeness.ts'
import { counted, grouped, shareWords } from '../view/number-words.ts'
import { toggled } from '../view/table-view.ts'
import { stepsOfNode } from '../view/story-layout.ts'
import { plainSentence } from '../view/sentence.ts'
import { shown } from '../view/shorten.ts'
import { clock, clockMinute, clockMs, day, lengthWords, offsetWords } from '../view/time-words.ts'
import {
  CompletenessBadge,
  SeverityBadge,
  StatusDot,
  statusOrder,
  statusWord,
  tacticOrder,
} from '../parts/badges.tsx'
import { copyText, saveFile } from '../parts/copy.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { EventList } from '../parts/event-list.tsx'
import { GapShort } from '../parts/gaps.tsx'
import { Icon } from '../parts/icon.tsx'
import { useKeys } from '../parts/keys.ts'
import { Popover } from '../parts/popover.tsx'
import { NodeActs, Sentence } from '../parts/sentence.tsx'
import { useHub } from '../parts/hub.tsx'
import { Shell, useScreenTime, type ScreenTime } from '../parts/shell.tsx'
import { FailureNote, Skeleton } from '../parts/states.tsx'
import { StoryTable } from '../parts/story-table.tsx'
import { forgetPlaces, mostNodes, Story } from '../parts/story.tsx'
import { StoryTimeline, timelineSpan } from '../parts/story-timeline.tsx'
import { say } from '../parts/toasts.tsx'

/** Replay lasts about this long at 1×, however long the incident was. */
const replayMs = 20_000

function useReplay(incident: Incident, stepNow: number) {
  const { fromMs, toMs } = timelineSpan(incident)
  const stepTime = incident.steps.find((step) => step.no === stepNow)?.time
  const restMs = stepTime === undefined ? toMs : Date.parse(stepTime)
  const [playing, setPlaying] = useState(false)
  const [speed, setSpeed] = useState<1 | 10>(1)
  const [atMs, setAtMs] = useState(restMs)
  useEffect(() => {
    if (!playing) setAtMs(restMs)
  }, [restMs, playing])
  useEffect(() => {
    if (!playing) return
    let last = performance.now()
    let frame = 0
    const turn = (now: number) => {
      const passed = now - last
      // Ten pictures a second are enough for a playhead and leave the page free.
      if (passed >= 100) {
        last = now
        setAtMs((before) => {
          const next = before + (passed * speed * (toMs - fromMs)) / replayMs
          if (next >= toMs) {
            setPlaying(false)
            return toMs
          }
          return next
        })
      }
      frame = requestAnimationFrame(turn)
    }
    frame = requestAnimationFrame(turn)
    return () => cancelAnimationFrame(frame)
  }, [playing, speed, fromMs, toMs])
  const toggle = () => {
    if (!playing && atMs >= toMs - 1) setAtMs(fromMs)
    else if (!playing && atMs === restMs) setAtMs(fromMs)
    setPlaying(!playing)
  }
  const seek = (ms: number) => {
    setPlaying(false)
    setAtMs(ms)
  }
  return { playing, speed, setSpeed, atMs, toggle, seek, setPlaying }
}

function Why({
  incident,
  onEvents,
  onReason,
}: {
  incident: Incident
  onEvents: (which: string) => void
  onReason: (reason: IncidentReason) => void
}) {
  const reasons = [...incident.reasons].sort((a, b) => a.no - b.no).slice(0, 5)
  let before = 0
  return (
    <section className="pane" aria-labelledby="why-head">
      <header>
        <h2 id="why-head" tabIndex={-1}>
          Why
        </h2>
        <span className="t3">{counted(reasons.length, 'reason')}, shares of the evidence</span>
      </header>
      <ol className="why">
        {reasons.map((reason) => {
          const left = before
          before += reason.share
          return (
            <li key={reason.no} id={`reason-${reason.no}`} tabIndex={-1}>
              <div className="wh">
                <button
                  type="button"
                  className="wn"
                  aria-label={`Reason ${reason.no}: show it on the graph`}
                  onClick={() => onReason(reason)}
                >
                  {reason.no}
                </button>
                <p className="wrapany">
                  <Sentence parts={reason.statement} mono />
                </p>
              </div>
              <div className="wb">
                <span className="wbar">
                  <i style={{ left: `${left * 100}%`, width: `${reason.share * 100}%` }} />
                </span>
                <span className="pc">{Math.round(reason.share * 100)} %</span>
                <button
                  type="button"
                  className="link"
                  onClick={() => onEvents(`reason-${reason.no}`)}
                >
                  {counted(reason.eventUids.length, 'event')}
                </button>
              </div>
              <p className="cf wrapany">
                {reason.ordinaryIf === null ? (
                  <span>Not enough history to say when it would be ordinary.</span>
                ) : (
                  <>
                    Ordinary if <Sentence parts={reason.ordinaryIf} mono />
                  </>
                )}{' '}
                <span>·</span>{' '}
                <span className="mono rulename">{shown(reason.techniqueUid, 20)}</span>{' '}
                <span>rule “{shown(reason.ruleTitle, 120)}”</span>
              </p>
            </li>
          )
        })}
      </ol>
    </section>
  )
}

function EvidencePane({ answer }: { answer: IncidentAnswer }) {
  const { evidence, evidenceByKind, incident } = answer
  const leftOut = leftOutWords(incident)
  return (
    <section className="pane evd">
      <header>
        <h2>Evidence</h2>
        <span className="t3">
          {clockMinute(Date.parse(incident.firstTime))} →{' '}
          {clockMinute(Date.parse(incident.lastTime))}, {counted(incident.hosts.length, 'host')}
        </span>
      </header>
      <div className="evt">
        {evidenceByKind.map((kind) => (
          <div key={kind.kind} className="evrow">
            <span>
              {kind.kind.charAt(0).toUpperCase() + kind.kind.slice(1).replaceAll('_', ' ')}
            </span>
            <span className="r">
              <i style={{ width: kind.offered === 0 ? '0%' : '100%' }} />
              {kind.lost > 0 ? (
                <u
                  style={{
                    right: 0,
                    width: `max(6px, ${(kind.lost / Math.max(1, kind.offered)) * 100}%)`,
                  }}
                />
              ) : null}
            </span>
            <span className="num">{shareWords(kind.offered - kind.lost, kind.offered)}</span>
            <span className={`num ${kind.lost > 0 ? '' : 't3'}`}>
              {grouped(kind.lost)} of {grouped(kind.offered)}
            </span>
          </div>
        ))}
      </div>
      {leftOut === '' ? null : <p className="gapn">{leftOut}</p>}
      {evidence.gapCount === 0 ? (
        <p className="gapn">
          {evidence.offered === 0
            ? 'Nothing was counted on its hosts in this interval.'
            : 'Nothing was lost on its hosts between its first and its last step.'}
        </p>
      ) : (
        <ul className="gapn gaplist">
          {evidence.gaps.slice(0, 3).map((gap, at) => (
            <li key={`${gap.from}${gap.hook}${at}`}>
              <GapShort gap={gap} />
            </li>
          ))}
          {evidence.gapCount > 3 ? (
            <li className="t3">{grouped(evidence.gapCount - 3)} more: press e.</li>
          ) : null}
        </ul>
      )}
    </section>
  )
}

function Notes({
  answer,
  change,
  offline,
}: {
  answer: IncidentAnswer
  change: (change: IncidentChange, said: string) => Promise<boolean>
  offline: boolean
}) {
  const [typed, setTyped] = useState('')
  return (
    <section className="pane nts">
      <header>
        <h2>Notes</h2>
        <span className="t3">{answer.notes.length}</span>
      </header>
      <ul>
        {answer.notes.map((note) => (
          <li key={`${note.time}${note.user}`} className="wrapany">
            <span className="t3">
              {clockMinute(Date.parse(note.time))} {shown(note.user, 40)}
            </span>{' '}
            {shown(note.text, 2000)}
          </li>
        ))}
      </ul>
      <form
        className="field"
        onSubmit={(event) => {
          event.preventDefault()
          if (typed.trim() === '') return
          void change({ note: typed.trim() }, 'Note added.').then((worked) => {
            if (worked) setTyped('')
          })
        }}
      >
        <input
          aria-label="Add a note"
          placeholder={offline ? 'The hub is not reached' : 'Add a note'}
          disabled={offline}
          value={typed}
          maxLength={2000}
          onChange={(event) => setTyped(event.target.value)}
        />
        <span className="t3 small nowrap">stays with the incident</span>
      </form>
    </section>
  )
}

function Story_({
  answer,
  change,
  time,
}: {
  answer: IncidentAnswer
  change: (change: IncidentChange, said: string) => Promise<boolean>
  time: ScreenTime
}) {
  const { incident } = answer
  const { me, hosts } = useHub()
  const { params } = useAddress()
  const connection = useConnection()
  const offline = connection.lostSince !== null
  const view = params.get('view')
  const mode =
    view === 'table' || (view === 'nodes' && incident.nodes.length > mostNodes)
      ? 'table'
      : view === 'nodes'
        ? 'nodes'
        : 'story'
  const chosen = params.get('node')
  const events = params.get('events')
  const stepNow = Number(params.get('step') ?? incident.steps[0]?.no ?? 1)
  const replay = useReplay(incident, stepNow)
  const [drawn, setDrawn] = useState(0)
  const [untidy, setUntidy] = useState(false)
  const [tidied, setTidied] = useState(0)
  const whyList = useRef<HTMLDivElement>(null)
  const onShown = useCallback((count: number, moved: boolean) => {
    setDrawn(count)
    setUntidy(moved)
  }, [])
  const stepAt = replay.playing
    ? ([...incident.steps].reverse().find((step) => Date.parse(step.time) <= replay.atMs)?.no ??
      stepNow)
    : stepNow
  const setStep = (no: number) => {
    replay.setPlaying(false)
    changeQuery({ step: String(no) })
  }
  const move = (by: number) => {
    const at = incident.steps.findIndex((step) => step.no === stepAt)
    const next = incident.steps[Math.max(0, Math.min(incident.steps.length - 1, at + by))]
    if (next) setStep(next.no)
  }
  const choose = (id: string | null) => changeQuery({ node: id })
  const setStatus = (status: IncidentStatus) => {
    const old = answer.status
    void change({ status }, '').then((worked) => {
      if (worked)
        say(`${incident.uid} is ${statusWord(status).toLowerCase()}.`, {
          undo: () =>
            void change(
              { status: old },
              `${incident.uid} is ${statusWord(old).toLowerCase()} again.`,
            ),
        })
    })
  }
  const assign = () => {
    const old = answer.assignee
    void change({ assignee: old === me.user ? null : me.user }, '').then((worked) => {
      if (worked)
        say(old === me.user ? 'Nobody is assigned.' : `Assigned to ${shown(me.user, 40)}.`, {
          undo: () => void change({ assignee: old }, 'As before.'),
        })
    })
  }
  const focusReason = (no: number) => {
    const item = document.getElementById(`reason-${no}`)
    item?.scrollIntoView({ block: 'nearest' })
    item?.focus()
  }
  useKeys({
    ArrowLeft: () => move(-1),
    ArrowRight: () => move(1),
    ' ': replay.toggle,
    w: () => document.getElementById('why-head')?.focus(),
    ...Object.fromEntries([1, 2, 3, 4, 5].map((no) => [String(no), () => focusReason(no)])),
    a: assign,
    s: () => window.dispatchEvent(new Event('honeyguide:state')),
    Escape: () => {
      if (chosen !== null) choose(null)
      else go(addressOf({ screen: 'incidents' }))
    },
  })
  const completeness = evidenceCompleteness(answer.evidence)
  const seenTactics = tacticOrder.filter((tactic) => incident.tactics.includes(tactic)).length
  const node = incident.nodes.find((one) => one.id === chosen)
  const onlySteps = useMemo(() => stepsOfNode(incident, chosen), [incident, chosen])
  const lanesText = params.get('lanes') ?? ''
  const lanesOff = useMemo(() => new Set(lanesText.split(',').filter(Boolean)), [lanesText])
  const uidsOf = (which: string): readonly string[] => {
    const reason = incident.reasons.find((one) => `reason-${one.no}` === which)
    const step = incident.steps.find((one) => `step-${one.no}` === which)
    return reason?.eventUids ?? step?.eventUids ?? []
  }
  const eventsTitle =
    events === null
      ? ''
      : events.startsWith('reason-')
        ? `Events of reason ${events.slice(7)}`
        : `Events of step ${events.slice(5)}`
  const opened = Date.parse(incident.openedTime) - Date.parse(incident.firstTime)
  return (
    <NodeActs.Provider value={choose}>
      <div className="inc">
        <header className="ih">
          <div className="row wrap">
            <SeverityBadge severity={incident.severity} />
            <button
              type="button"
              className="mono t2"
              title="Copy the id"
              onClick={() => void copyText(incident.uid, 'Id')}
            >
              {incident.uid}
            </button>
            <StatusDot status={answer.status} />
            <span className="t3 nomob">·</span>
            <button
              type="button"
              className="t2 ass"
              disabled={offline}
              onClick={assign}
              title="Assign to me (a)"
            >
              {answer.assignee === null ? 'nobody assigned' : shown(answer.assignee, 40)}
            </button>
            <span className="t3 nomob">·</span>
            <span className="t2">
              opened {clock(Date.parse(incident.openedTime))}
              {opened > 0 ? `, ${lengthWords(opened)} after its first event` : ''}
            </span>
            <span className="t3 nomob">·</span>
            <span className="t2 nomob">
              rules {new Set(incident.findings.map((one) => one.ruleUid)).size}
            </span>
            <span className="end row">
              <button
                type="button"
                className="btn ghost sm"
                onClick={() =>
                  saveFile(
                    `${incident.uid}.json`,
                    'application/json',
                    JSON.stringify(answer, null, 2),
                  )
                }
              >
                <Icon name="dl" size={14} />
                Export
              </button>
              <Popover
                label="Set state"
                role="menu"
                side="to-left"
                className="btn sm"
                shortcut="honeyguide:state"
                button={
                  <>
                    Set state
                    <Icon name="down" size={12} />
                  </>
                }
              >
                {(close) =>
                  statusOrder.map((status) => (
                    <button
                      key={status}
                      type="button"
                      role="menuitemradio"
                      aria-checked={answer.status === status}
                      className="opt"
                      disabled={offline}
                      onClick={() => {
                        setStatus(status)
                        close()
                      }}
                    >
                      <StatusDot status={status} />
                    </button>
                  ))
                }
              </Popover>
            </span>
          </div>
          <h2 className="it wrapany">
            <Sentence parts={incident.title} />
          </h2>
        </header>
        <dl className="facts">
          <div>
            <dt>ATT&amp;CK order</dt>
            <dd>
              <b>
                {seenTactics} of {tacticOrder.length}
              </b>{' '}
              tactics <span className="t3">{counted(incident.steps.length, 'step')}</span>
            </dd>
          </div>
          <div>
            <dt>Took</dt>
            <dd>
              <b>{lengthWords(Date.parse(incident.lastTime) - Date.parse(incident.firstTime))}</b>{' '}
              <span className="t3">first to last step</span>
            </dd>
          </div>
          <div>
            <dt>Reach</dt>
            <dd>
              <b>{incident.hosts.length}</b> {incident.hosts.length === 1 ? 'host' : 'hosts'},{' '}
              <b>{incident.users.length}</b> {incident.users.length === 1 ? 'user' : 'users'}
            </dd>
          </div>
          <div>
            <dt>Evidence</dt>
            <dd>
              <CompletenessBadge words={completeness} />
            </dd>
          </div>
          <div>
            <dt>By chance</dt>
            <dd className="t2">
              not enough history <span className="t3">rules decide alone</span>
            </dd>
          </div>
          <div className="now">
            <dt>Now</dt>
            <dd>
              {incident.alive === null ? (
                <span className="t2">no process of it runs</span>
              ) : (
                <>
                  <span className="live" />
                  <b className="tele">{shown(incident.alive.name, 40)} is alive</b>{' '}
                  <span className="t3">
                    pid {incident.alive.pid}
                    {incident.alive.count > 1 ? ` and ${incident.alive.count - 1} more` : ''}
                  </span>
                </>
              )}
            </dd>
          </div>
        </dl>
        <div className="ig tiles">
          <section className="pane g">
            <header>
              <h2>Story</h2>
              <span className="t3">
                {mode === 'table'
                  ? `${counted(incident.nodes.length, 'node')} in order of time`
                  : `${grouped(drawn)} of ${counted(Math.max(drawn, incident.nodeTotal), 'node')}, causes run left to right`}
              </span>
              <span className="end row gt">
                {mode === 'table' ? null : (
                  <button
                    type="button"
                    className="btn ghost sm"
                    disabled={!untidy}
                    title={
                      untidy
                        ? 'Lay the graph out anew; what came since stands in free cells'
                        : 'Nothing came since the graph was laid out'
                    }
                    onClick={() => {
                      forgetPlaces(incident.uid)
                      setTidied(tidied + 1)
                    }}
                  >
                    Tidy
                  </button>
                )}
                <span className="seg" role="group" aria-label="Nodes">
                  <button
                    type="button"
                    aria-pressed={mode === 'story'}
                    onClick={() => changeQuery({ view: null })}
                  >
                    Story
                  </button>
                  <button
                    type="button"
                    aria-pressed={mode === 'nodes'}
                    disabled={incident.nodes.length > mostNodes}
                    title={
                      incident.nodes.length > mostNodes
                        ? `At most ${mostNodes} nodes are drawn; the table has all`
                        : undefined
                    }
                    onClick={() => changeQuery({ view: 'nodes' })}
                  >
                    All nodes
                  </button>
                  <button
                    type="button"
                    aria-pressed={mode === 'table'}
                    onClick={() => changeQuery({ view: 'table' })}
                  >
                    Table
                  </button>
                </span>
                <span className="lg micro" aria-hidden="true">
                  <i className="p" />
                  process
                  <i className="f" />
                  file
                  <i className="n" />
                  socket
                  <b>1</b>
                  reason
                </span>
              </span>
            </header>
            {mode === 'table' ? (
              <StoryTable
                incident={incident}
                chosen={chosen}
                onChoose={choose}
                why={
                  view === 'nodes'
                    ? `${counted(incident.nodes.length, 'node')} are more than a drawing can show.`
                    : ''
                }
              />
            ) : (
              <Story
                incident={incident}
                mode={mode}
                stepNow={stepAt}
                untilMs={replay.playing ? replay.atMs : null}
                chosen={chosen}
                onChoose={choose}
                onStep={setStep}
                onShown={onShown}
                tidied={tidied}
              />
            )}
            {node === undefined ? null : (
              <div className="nodebar">
                <span className="tag">{node.kind}</span>
                <span className="mono tele grow wrapany">{shown(node.full, 500)}</span>
                <span className="row">
                  <button
                    type="button"
                    className="btn sm"
                    onClick={() => void copyText(node.full, 'Value')}
                  >
                    <Icon name="copy" size={14} />
                    Copy
                  </button>
                  {node.processUid === null ? null : (
                    <button
                      type="button"
                      className="btn sm"
                      onClick={() =>
                        go(
                          addressOf(
                            { screen: 'processes' },
                            {
                              host: node.host,
                              pick: node.processUid,
                              incident: incident.uid,
                              from: new Date(timelineSpan(incident).fromMs).toISOString(),
                              to: new Date(timelineSpan(incident).toMs).toISOString(),
                            },
                          ),
                        )
                      }
                    >
                      <Icon name="processes" size={14} />
                      Processes
                    </button>
                  )}
                  <button
                    type="button"
                    className="btn ghost sm"
                    aria-label="Choose no node"
                    onClick={() => choose(null)}
                  >
                    <Icon name="x" size={14} />
                  </button>
                </span>
              </div>
            )}
          </section>
          <div className="side" ref={whyList}>
            <Why
              incident={incident}
              onEvents={(which) => changeQuery({ events: which })}
              onReason={(reason) => {
                const target = incident.nodes.find((one) => one.reasonNo === reason.no)
                if (target) choose(target.id)
                else say(`Reason ${reason.no} points at no node that is drawn.`, { icon: 'warn' })
              }}
            />
            <EvidencePane answer={answer} />
            <Notes answer={answer} change={change} offline={offline} />
          </div>
          <section className="pane scrub" aria-label="Timeline">
            <header>
              <button type="button" className="btn sm" onClick={replay.toggle}>
                <Icon name={replay.playing ? 'pause' : 'play'} size={14} />
                {replay.playing ? 'Pause' : 'Replay'}
              </button>
              <span className="seg" role="group" aria-label="Speed">
                {([1, 10] as const).map((speed) => (
                  <button
                    key={speed}
                    type="button"
                    aria-pressed={replay.speed === speed}
                    onClick={() => replay.setSpeed(speed)}
                  >
                    {speed}×
                  </button>
                ))}
              </span>
              <span className="mono">{clockMs(new Date(replay.atMs).toISOString())}</span>
              <span className="t3 row">
                step {stepAt} of {incident.steps.length} ·
                <button
                  type="button"
                  className="kbdbtn"
                  aria-label="Previous step"
                  onClick={() => move(-1)}
                >
                  <kbd>←</kbd>
                </button>
                <button
                  type="button"
                  className="kbdbtn"
                  aria-label="Next step"
                  onClick={() => move(1)}
                >
                  <kbd>→</kbd>
                </button>
              </span>
              {node === undefined ? null : (
                <span className="f">
                  <span className="k">steps of</span>
                  <span className="v">{shown(node.label, 40)}</span>
                  <button
                    type="button"
                    aria-label="Show all steps on the timeline"
                    onClick={() => choose(null)}
                  >
                    <Icon name="x" size={12} />
                  </button>
                </span>
              )}
              <span className="end t3">
                {lengthWords(Date.parse(incident.lastTime) - Date.parse(incident.firstTime))} shown
                {time.nowMs - Date.parse(incident.lastTime) < 60_000 ? ' · still going on' : ''}
              </span>
            </header>
            <StoryTimeline
              incident={incident}
              gaps={answer.evidence.gaps}
              atMs={replay.atMs}
              stepNow={stepAt}
              only={onlySteps}
              lanesOff={lanesOff}
              onLane={(lane) => changeQuery({ lanes: toggled([...lanesOff], lane).join(',') })}
              onStep={setStep}
              onSeek={replay.seek}
            />
          </section>
          <section className="pane steps">
            <header>
              <h2>Steps</h2>
              <span className="t3">in order, each with its events</span>
            </header>
            <ol>
              {incident.steps.map((step) => (
                <li key={step.no} className={step.no === stepAt ? 'on' : ''}>
                  <button
                    type="button"
                    className="no"
                    aria-label={`Go to step ${step.no}`}
                    onClick={() => setStep(step.no)}
                  >
                    {step.no}
                  </button>
                  <div className="grow">
                    <p className="row wrap">
                      <b className="strong">{shown(step.name, 80)}</b>
                      <span className="mono t3">{shown(step.techniqueUid, 20)}</span>
                      <span className="t3 small">{shown(step.tacticName, 60)}</span>
                    </p>
                    <p className="t2 wrapany">
                      <Sentence parts={step.sentence} mono />
                    </p>
                  </div>
                  <span className="num">
                    <span className="mono">
                      {step.offsetMs === 0
                        ? clock(Date.parse(step.time))
                        : offsetWords(step.offsetMs)}
                    </span>
                    <button
                      type="button"
                      className="link small"
                      onClick={() => changeQuery({ events: `step-${step.no}` })}
                    >
                      {counted(step.eventUids.length, 'event')}
                    </button>
                  </span>
                </li>
              ))}
            </ol>
          </section>
        </div>
      </div>
      {events === null ? null : (
        <Dialog
          label={eventsTitle}
          headed
          className="wide-dialog"
          close={() => changeQuery({ events: null })}
        >
          <EventList uids={uidsOf(events)} />
        </Dialog>
      )}
      <span className="vh">{hosts === undefined ? '' : plainSentence(incident.title)}</span>
    </NodeActs.Provider>
  )
}

export function IncidentScreen({ uid }: { uid: string }) {
  const answer = useAnswer<IncidentAnswer>(`/incidents/${encodeURIComponent(uid)}`, 5000)
  const time = useScreenTime('24h')
  const incident = answer.data?.incident
  // The strip's window is the incident itself unless the URL says another.
  const { params } = useAddress()
  const shownTime = useMemo<ScreenTime>(() => {
    if (!incident || params.has('from') || params.has('range')) return time
    const { fromMs, toMs } = timelineSpan(incident)
    return { ...time, range: { kind: 'between', fromMs, toMs }, span: { fromMs, toMs } }
  }, [incident, params, time])
  const change = async (wanted: IncidentChange, said: string): Promise<boolean> => {
    try {
      await post(`/incidents/${encodeURIComponent(uid)}`, wanted)
    } catch (error) {
      const failure = failureOf(error)
      say(`${shown(failure.message, 160)} ${shown(failure.fix, 160)}`, { icon: 'warn' })
      return false
    }
    answer.again()
    if (said !== '') say(said)
    return true
  }
  return (
    <Shell
      screen="incident"
      title={uid}
      crumb={{ name: 'Incidents', to: addressOf({ screen: 'incidents' }) }}
      time={shownTime}
      evidence={answer.data?.evidence}
    >
      {answer.data ? (
        <>
          {answer.failure === undefined ? null : (
            <p className="t3 small age">
              As of {answer.at === undefined ? 'before' : `${day(answer.at)} ${clock(answer.at)}`};
              the hub did not answer since.
            </p>
          )}
          <Story_ answer={answer.data} change={change} time={time} />
        </>
      ) : answer.failure ? (
        <FailureNote
          failure={answer.failure}
          what={`Incident ${shown(uid, 40)}`}
          again={answer.again}
        />
      ) : (
        <Skeleton label="Loading the incident" rows={12} />
      )}
    </Shell>
  )
}
