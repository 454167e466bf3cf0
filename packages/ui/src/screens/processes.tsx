/** The process tree of one host: who started what, when, touching what; lifetime bars on one scale. */
import { useVirtualizer } from '@tanstack/react-virtual'
import {
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
} from 'react'
import type { ProcessesAnswer, ProcessNode } from '@honeyguide/model/api'
import { changeQuery, go, useAddress, useQueryValue } from '../state/navigation.ts'
import { addressOf } from '../state/route.ts'
import { writeRange, type Span } from '../state/time-range.ts'
import { useAnswer } from '../state/use-answer.ts'
import { counted, grouped } from '../view/number-words.ts'
import {
  endWords,
  lifetimeBar,
  matchesWords,
  processByUid,
  processName,
  treeRows,
  whyNotNarrowed,
  type TreeRow,
} from '../view/process-tree.ts'
import { toggled } from '../view/table-view.ts'
import { byteLength, middle, shown, start } from '../view/shorten.ts'
import { axisTicks, clock, clockMs, dayClock, lengthWords } from '../view/time-words.ts'
import { Crosshair, pointing } from '../parts/crosshair.tsx'
import { copyText, saveFile } from '../parts/copy.tsx'
import { reasonWords } from '../parts/gaps.tsx'
import { Drawer, DrawerClose } from '../parts/drawer.tsx'
import { Icon } from '../parts/icon.tsx'
import { useKeys } from '../parts/keys.ts'
import { Link } from '../parts/link.tsx'
import { useNarrow } from '../parts/media.ts'
import { evidenceSentence, useHub } from '../parts/hub.tsx'
import { Shell, useScreenTime } from '../parts/shell.tsx'
import { Empty, FailureNote, Skeleton } from '../parts/states.tsx'
import { Value } from '../parts/value.tsx'

const rowHeight = 26
const narrowHeight = 66
/** Width of the names at the left of the lifetimes, px, as `.prow` has it; 12 are free at the right. */
const treeWidth = 360
const none: readonly ProcessNode[] = []

/** What the package database says of an executable. */
const integrityWords: Readonly<Record<string, string>> = {
  'as packaged': 'as packaged',
  differs: 'differs from the package',
  'not compared': 'not compared',
  unknown: 'not known',
}

function percentIn(span: Span, ms: number): number {
  return Math.min(100, Math.max(0, ((ms - span.fromMs) / (span.toMs - span.fromMs)) * 100))
}

/** What stands beside a bar: its arguments, else its first mark. */
function barWords(node: ProcessNode): string {
  const cut = node.cmdLine.indexOf(' ')
  const rest = cut > 0 ? node.cmdLine.slice(cut + 1) : ''
  if (rest !== '') return rest
  const [mark] = node.marks
  return mark?.label ?? ''
}

function Lifetime({
  row,
  span,
  without,
}: {
  row: TreeRow
  span: Span
  /** Kinds of marks that are not drawn. */
  without: ReadonlySet<string>
}) {
  const { node } = row
  const bar = lifetimeBar(node, span.fromMs, span.toMs)
  const words = start(shown(barWords(node), 160), 90)
  const width = bar ? bar.to - bar.from : 0
  const inside = width > 0.25
  return (
    <>
      {bar ? (
        <i
          className={`br ${bar.openLeft ? 'ol' : ''} ${bar.openRight ? 'or' : ''}`}
          style={{ left: `${bar.from * 100}%`, width: `${width * 100}%` }}
        />
      ) : null}
      {node.marks.slice(0, 60).map((mark, at) => {
        const ms = Date.parse(mark.time)
        return ms < span.fromMs || ms > span.toMs || without.has(mark.kind) ? null : (
          <i
            key={`${mark.eventUid}${at}`}
            className={`mkx ${mark.kind}`}
            style={{ left: `${percentIn(span, ms)}%` }}
            title={shown(mark.label, 80)}
          />
        )
      })}
      {bar && words !== '' && (inside ? true : bar.to < 0.8) ? (
        <em
          className={inside ? 'in' : ''}
          style={
            inside
              ? { left: `${bar.from * 100}%`, maxWidth: `${width * 100}%` }
              : { left: `${bar.to * 100}%`, right: 0 }
          }
        >
          {words}
        </em>
      ) : null}
    </>
  )
}

function Detail({
  node,
  host,
  parent,
  close,
  nowMs,
}: {
  node: ProcessNode
  host: string
  parent: ProcessNode | undefined
  close: () => void
  nowMs: number
}) {
  const cut = node.cmdLine.indexOf(' ')
  const started = Date.parse(node.start)
  const pidFilter = `host = ${JSON.stringify(host)} and pid = ${node.pid}`
  return (
    <Drawer label={`Process ${shown(node.name, 60)}`} list="Processes" close={close}>
      <section>
        <div className="row">
          {node.end === null ? (
            <span className={`tag ${node.incidentUid === null ? 'ok' : 'crit'}`}>alive</span>
          ) : (
            <span className="tag">{endWords(node)}</span>
          )}
          {node.incidentUid === null ? null : (
            <Link
              to={addressOf({ screen: 'incident', uid: node.incidentUid })}
              className="t2 link mono trunc"
            >
              {node.incidentUid}
            </Link>
          )}
          <span className="end row">
            <button
              type="button"
              className="btn ghost sm"
              aria-label="Copy the command line"
              onClick={() => void copyText(node.cmdLine, 'Command line')}
            >
              <Icon name="copy" size={14} />
            </button>
            <DrawerClose close={close} />
          </span>
        </div>
        <p className="dn mono tele">
          {middle(shown(processName(node), 400), 60)} <span className="t3">[{node.pid}]</span>
        </p>
        <p className="t2 small wrapany">
          {parent === undefined
            ? 'parent not in this view'
            : `run by ${start(shown(parent.name, 60), 40)} ${parent.pid}`}
          , started {dayClock(started)},{' '}
          {node.end === null
            ? `${lengthWords(Math.max(0, nowMs - started))} ago`
            : `ran ${lengthWords(Date.parse(node.end) - started)}`}
        </p>
        <div className="row wrap detail-acts">
          <button
            type="button"
            className="btn sm"
            onClick={() =>
              go(
                addressOf(
                  { screen: 'hunt' },
                  {
                    sql: `SELECT time, device_hostname, process_name, process_cmd_line\nFROM process_activity\nWHERE activity_name = 'Launch' AND process_file_path = '${node.filePath.replaceAll("'", "''")}'\nORDER BY time DESC\nLIMIT 200`,
                  },
                ),
              )
            }
          >
            Hunt its file
          </button>
          <Link to={addressOf({ screen: 'live' }, { filter: pidFilter })} className="btn sm">
            Its events
          </Link>
        </div>
      </section>
      <section>
        <h3>Identity</h3>
        <dl className="dl">
          <dt>File</dt>
          <dd>
            <Value icon="file" text={node.filePath} field="path" value={node.filePath} most={38} />
          </dd>
          <dt>Package</dt>
          <dd>
            {node.fileIntegrity === null ? (
              <span className="t3">not known yet</span>
            ) : (
              <>
                {node.filePackage === null || node.filePackage === '' ? (
                  <span className="t2">none</span>
                ) : (
                  <span className="mono tele">{shown(node.filePackage, 120)}</span>
                )}{' '}
                {node.fileIntegrity === 'unpackaged' ? null : (
                  <span className={node.fileIntegrity === 'differs' ? 'tag honey' : 'tag'}>
                    {integrityWords[node.fileIntegrity] ?? shown(node.fileIntegrity, 40)}
                  </span>
                )}
              </>
            )}
          </dd>
          {node.writer === null ? null : (
            <>
              <dt>Written by</dt>
              <dd>
                <span className="mono tele">{shown(node.writer.name, 60)}</span>
                <span className="t3 mono">[{node.writer.pid}]</span>{' '}
                <span className="t2">
                  {lengthWords(Math.max(0, Date.parse(node.start) - Date.parse(node.writer.time)))}{' '}
                  before
                </span>
                {node.writer.remote === null ? null : (
                  <span className="t2">
                    , connected to <span className="mono">{shown(node.writer.remote, 60)}</span>
                  </span>
                )}
              </dd>
            </>
          )}
          <dt>Arguments</dt>
          <dd className="mono tele">
            {cut > 0 ? (
              start(shown(node.cmdLine.slice(cut + 1), 1200), 600)
            ) : (
              <span className="t3">none</span>
            )}
            {node.cmdLine.length > 120 ? (
              <span className="t3"> {counted(byteLength(node.cmdLine), 'byte')}</span>
            ) : null}
          </dd>
          <dt>User</dt>
          <dd>
            <Value icon="user" text={node.user} field="user" value={node.user} most={30} />
          </dd>
          <dt>Unit</dt>
          <dd className="mono tele">
            {node.unit === '' ? <span className="t3">none</span> : shown(node.unit, 200)}
          </dd>
          <dt>Container</dt>
          <dd className="mono tele">
            {node.container === '' ? <span className="t3">none</span> : shown(node.container, 100)}
          </dd>
          <dt>Flags</dt>
          <dd>
            {node.flags === '' ? (
              <span className="t3">none</span>
            ) : (
              node.flags.split(',').map((flag) => (
                <span key={flag} className="tag">
                  {shown(flag.trim(), 40)}
                </span>
              ))
            )}
          </dd>
          <dt>Image</dt>
          <dd className="mono t3">{node.uid}</dd>
        </dl>
      </section>
      <section>
        <h3>Activity</h3>
        {node.marks.length === 0 ? <p className="t2 small">Nothing else in this range.</p> : null}
        <ul className="evl">
          {node.marks.slice(0, 40).map((mark, at) => (
            <li key={`${mark.eventUid}${at}`}>
              <Link
                to={addressOf({ screen: 'live' }, { event: mark.eventUid })}
                className="mono t3"
              >
                {clockMs(mark.time)}
              </Link>
              <span
                className={
                  mark.kind === 'network' ? 'c-net' : mark.kind === 'file' ? 'c-file' : 'c-user'
                }
              >
                <Icon
                  name={mark.kind === 'network' ? 'net' : mark.kind === 'file' ? 'file' : 'key'}
                  size={12}
                />
              </span>
              <span className="mono tele trunc">{shown(mark.label, 100)}</span>
            </li>
          ))}
        </ul>
        {node.marks.length > 40 ? (
          <p className="t3 small">{grouped(node.marks.length - 40)} more.</p>
        ) : null}
      </section>
    </Drawer>
  )
}

export function Processes() {
  const time = useScreenTime('1h', 15_000)
  const { hosts } = useHub()
  const { params } = useAddress()
  const narrow = useNarrow()
  const hostName = params.get('host') ?? time.hosts[0] ?? hosts?.[0]?.hostname ?? null
  const root = params.get('root')
  const [incident, setIncident] = useQueryValue('incident')
  const [pick, setPick] = useQueryValue('pick')
  const [words, setWords] = useQueryValue('filter')
  const marksText = params.get('without') ?? ''
  const without = useMemo(() => new Set(marksText.split(',').filter(Boolean)), [marksText])
  const [cursor, setCursor] = useState(0)
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set())
  const answer = useAnswer<ProcessesAnswer>(
    hostName === null
      ? null
      : `/processes?host=${encodeURIComponent(hostName)}&from=${new Date(time.span.fromMs).toISOString()}&to=${new Date(time.span.toMs).toISOString()}&limit=2000${root === null ? '' : `&root=${encodeURIComponent(root)}`}`,
  )
  const nodes = answer.data?.nodes ?? none
  const incidents = useMemo(
    () => [
      ...new Set(nodes.flatMap((node) => (node.incidentUid === null ? [] : [node.incidentUid]))),
    ],
    [nodes],
  )
  const unnarrowed = answer.data && whyNotNarrowed(incident, answer.data)
  const narrowed = incident !== '' && incidents.includes(incident) ? incident : null
  const rows = useMemo(
    () =>
      treeRows(nodes, {
        closed,
        incidentUid: narrowed,
        ...(words.trim() === '' ? {} : { matches: (node) => matchesWords(node, words.trim()) }),
      }),
    [nodes, closed, narrowed, words],
  )
  const picked = processByUid(nodes, pick)
  const selected = picked
    ? rows.findIndex((row) => row.node.uid === picked.uid)
    : Math.min(cursor, rows.length - 1)
  const span = time.span
  const scroll = useRef<HTMLDivElement>(null)
  const body = useRef<HTMLDivElement>(null)
  const [margin, setMargin] = useState(0)
  // What stands above the rows may change at any render; the guard below ends it when nothing moved.
  // oxlint-disable-next-line react-hooks/exhaustive-deps
  useLayoutEffect(() => {
    const main = document.getElementById('main')
    if (!narrow || !body.current || !main) return
    const next =
      body.current.getBoundingClientRect().top - main.getBoundingClientRect().top + main.scrollTop
    setMargin((before) => (Math.abs(before - next) < 1 ? before : next))
  })
  const height = narrow ? narrowHeight : rowHeight
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => (narrow ? document.getElementById('main') : scroll.current),
    estimateSize: () => height,
    overscan: 8,
    scrollMargin: narrow ? margin : 0,
    useFlushSync: false,
  })
  useEffect(() => virtual.measure(), [height, virtual])
  const id = useId()
  // A picked process is brought into view once, when its row first exists.
  const shownPick = useRef('')
  useEffect(() => {
    if (pick === '' || !picked || selected < 0 || shownPick.current === pick) return
    shownPick.current = pick
    virtual.scrollToIndex(selected, { align: 'auto' })
  }, [pick, picked, selected, virtual])

  const move = (to: number) => {
    if (rows.length === 0) return
    const next = Math.max(0, Math.min(rows.length - 1, to))
    setCursor(next)
    const row = rows[next]
    if (picked && row) setPick(row.node.uid)
    virtual.scrollToIndex(next, { align: 'auto' })
  }
  const toggle = (uid: string, open: boolean) => {
    const next = new Set(closed)
    if (open) next.delete(uid)
    else next.add(uid)
    setClosed(next)
  }
  const choose = (row: TreeRow | undefined) => {
    if (!row) return
    shownPick.current = row.node.uid
    setPick(row.node.uid, 'push')
  }
  const keys = (event: KeyboardEvent) => {
    if (event.metaKey || event.ctrlKey || event.altKey) return
    const row = rows[selected]
    const steps: Record<string, number> = {
      ArrowDown: selected + 1,
      ArrowUp: selected - 1,
      PageDown: selected + 20,
      PageUp: selected - 20,
      Home: 0,
      End: rows.length - 1,
    }
    const step = steps[event.key]
    const done = () => {
      event.preventDefault()
      event.stopPropagation()
    }
    if (step !== undefined) {
      done()
      move(step)
    } else if (event.key === 'ArrowRight' && row) {
      done()
      if (!row.open) toggle(row.node.uid, true)
      else if (row.childCount > 0) move(selected + 1)
    } else if (event.key === 'ArrowLeft' && row) {
      done()
      if (row.open && row.childCount > 0 && rows[selected + 1]?.parentRow === selected)
        toggle(row.node.uid, false)
      else if (row.parentRow >= 0) move(row.parentRow)
    } else if ((event.key === 'Enter' || event.key === 'o' || event.key === ' ') && row) {
      done()
      choose(row)
    } else if (event.key === 'c' && row) {
      done()
      void copyText(row.node.cmdLine, 'Command line')
    } else if (event.key === 'f' && row) {
      done()
      changeQuery({ root: row.node.uid }, 'push')
    } else if (event.key === 'Escape' && pick !== '') {
      done()
      setPick(null)
    }
  }
  useKeys({
    j: () => move(selected + 1),
    k: () => move(selected - 1),
    z: () => {
      const times = (
        narrowed === null ? nodes : nodes.filter((node) => node.incidentUid === narrowed)
      )
        .flatMap((node) => [
          Date.parse(node.start),
          ...node.marks.map((mark) => Date.parse(mark.time)),
        ])
        .filter((ms) => ms > time.nowMs - 30 * 86_400_000)
      if (times.length < 2) return
      const from = Math.min(...times)
      const to = Math.max(...times)
      changeQuery(writeRange({ kind: 'between', fromMs: from - 2000, toMs: to + 2000 }), 'push')
    },
    Escape: () => {
      if (pick !== '') setPick(null)
      else if (words !== '') setWords(null)
      else if (root !== null) changeQuery({ root: null }, 'push')
    },
  })

  const gaps = (answer.data?.evidence.gaps ?? []).filter(
    (gap) => Date.parse(gap.to) >= span.fromMs && Date.parse(gap.from) <= span.toMs,
  )
  const ticks = axisTicks(span.fromMs, span.toMs, narrow ? 4 : 9)
  const marks = { network: 0, file: 0, credential: 0 }
  for (const node of nodes) for (const mark of node.marks) marks[mark.kind] += 1
  const items = virtual.getVirtualItems()
  const playhead = picked ? Date.parse(picked.start) : undefined
  const rootNode = root === null ? undefined : nodes.find((node) => node.uid === root)
  const [firstIncident] = incidents

  return (
    <Shell
      screen="processes"
      title={hostName === null ? 'Processes' : start(shown(hostName, 80), 40)}
      {...(hostName === null
        ? {}
        : { crumb: { name: 'Processes', to: addressOf({ screen: 'processes' }) } })}
      time={{ ...time, hosts: hostName === null ? time.hosts : [hostName] }}
      evidence={answer.data?.evidence}
    >
      <div className={`px md ${picked ? 'has-detail' : ''}`}>
        <div className="pm">
          <div className="fbar">
            <span className="row wrap">
              <label className="row">
                <span className="t3">process tree of</span>
                <select
                  className="ctl mono hostpick"
                  aria-label="Host"
                  value={hostName ?? ''}
                  onChange={(event) =>
                    changeQuery(
                      {
                        host: event.target.value,
                        hosts: null,
                        root: null,
                        pick: null,
                        incident: null,
                      },
                      'push',
                    )
                  }
                >
                  {(hosts ?? []).slice(0, 500).map((host) => (
                    <option key={host.uid} value={host.hostname}>
                      {start(shown(host.hostname, 80), 40)}
                    </option>
                  ))}
                  {hostName !== null &&
                  !(hosts ?? []).slice(0, 500).some((host) => host.hostname === hostName) ? (
                    <option value={hostName}>{start(shown(hostName, 80), 40)}</option>
                  ) : null}
                </select>
              </label>
              {root === null ? null : (
                <span className="f">
                  <span className="k">root</span>
                  <span className="o">=</span>
                  <span className="v">
                    {rootNode
                      ? `${start(shown(rootNode.name, 40), 24)}[${rootNode.pid}]`
                      : 'one process'}
                  </span>
                  <button
                    type="button"
                    aria-label="Show the whole tree"
                    onClick={() => changeQuery({ root: null }, 'push')}
                  >
                    <Icon name="x" size={12} />
                  </button>
                </span>
              )}
            </span>
            <span className="field grow ptf">
              <Icon name="filter" size={14} />
              <input
                data-filter
                aria-label="Filter processes"
                placeholder="Filter: a name, path, user, pid or address"
                value={words}
                onChange={(event) => setWords(event.target.value)}
              />
              {words === '' ? (
                <kbd className="nomob">/</kbd>
              ) : (
                <button type="button" aria-label="Clear the filter" onClick={() => setWords(null)}>
                  <Icon name="x" size={12} />
                </button>
              )}
            </span>
            <span className="end row">
              <span className="seg" role="group" aria-label="Which processes">
                {firstIncident === undefined ? null : (
                  <button
                    type="button"
                    aria-pressed={narrowed !== null}
                    onClick={() => setIncident(narrowed ?? firstIncident)}
                  >
                    {narrowed ?? firstIncident}
                  </button>
                )}
                <button
                  type="button"
                  aria-pressed={narrowed === null}
                  onClick={() => setIncident(null)}
                >
                  All {grouped(answer.data?.total ?? 0)}
                </button>
              </span>
              <button
                type="button"
                className="btn ghost sm nomob"
                disabled={nodes.length === 0}
                onClick={() =>
                  saveFile('processes.json', 'application/json', JSON.stringify(nodes, null, 1))
                }
              >
                <Icon name="dl" size={14} />
                Export
              </button>
            </span>
          </div>
          {unnarrowed === undefined ? null : (
            <div className="bn" role="status">
              <Icon name="filter" />
              <span className="grow">{unnarrowed}</span>
              <button type="button" className="btn ghost sm" onClick={() => setIncident(null)}>
                Show all
              </button>
            </div>
          )}
          <div className="ph">
            <div className="phl">
              <span>Process</span>
              <span className="pid">pid</span>
              <span className="us">user</span>
            </div>
            <div className="pax" aria-hidden="true">
              {ticks.map((tick) =>
                percentIn(span, tick.at) < 3 || percentIn(span, tick.at) > 97 ? null : (
                  <span key={tick.at} style={{ left: `${percentIn(span, tick.at)}%` }}>
                    {tick.label}
                  </span>
                ),
              )}
            </div>
          </div>
          {answer.failure && !answer.data ? (
            <FailureNote failure={answer.failure} what="The processes" again={answer.again} />
          ) : hostName === null || (answer.data && rows.length === 0) ? (
            hosts === undefined ? (
              <Skeleton label="Asking for hosts" />
            ) : (
              <Empty
                title={
                  hostName === null
                    ? 'No host reports yet'
                    : nodes.length > 0
                      ? 'No process matches the filter'
                      : 'No process in this range'
                }
                acts={
                  nodes.length > 0 ? (
                    <button type="button" className="btn sm" onClick={() => setWords(null)}>
                      Clear the filter
                    </button>
                  ) : undefined
                }
              >
                Looked at {evidenceSentence(hosts, answer.data?.evidence)}.
              </Empty>
            )
          ) : !answer.data ? (
            <Skeleton label="Loading processes" rows={14} />
          ) : (
            <div
              ref={scroll}
              className="pbody"
              role="tree"
              aria-label={`Processes of ${shown(hostName ?? '', 60)}`}
              tabIndex={0}
              aria-activedescendant={
                items.some((item) => item.index === selected) ? `${id}-${selected}` : undefined
              }
              onKeyDown={keys}
            >
              <div
                ref={body}
                {...(narrow ? {} : pointing(span, { left: treeWidth, right: 12 }))}
                className={`ptree ${rows.some((row) => row.depth > 5) ? 'deep' : ''}`}
                role="none"
                style={{ height: virtual.getTotalSize() }}
              >
                {narrow ? null : (
                  <div className="pover" aria-hidden="true">
                    <Crosshair span={span} />
                    {ticks.map((tick) => (
                      <i
                        key={tick.at}
                        className="gr"
                        style={{ left: `${percentIn(span, tick.at)}%` }}
                      />
                    ))}
                    {gaps.map((gap, at) => (
                      <i
                        key={`${gap.from}${at}`}
                        className="pgap"
                        style={{
                          left: `${percentIn(span, Date.parse(gap.from))}%`,
                          width: `${percentIn(span, Date.parse(gap.to)) - percentIn(span, Date.parse(gap.from))}%`,
                        }}
                      />
                    ))}
                    {items.map((item) => {
                      const row = rows[item.index]
                      const at = row ? Date.parse(row.node.start) : 0
                      if (!row || row.parentRow < 0 || at < span.fromMs || at > span.toMs)
                        return null
                      const top = row.parentRow * rowHeight + 18
                      return (
                        <i
                          key={row.node.uid}
                          className={`fk ${row.hot ? 'path' : ''}`}
                          style={{
                            left: `${percentIn(span, at)}%`,
                            top,
                            height: item.index * rowHeight + 8 - top,
                          }}
                        />
                      )
                    })}
                    {playhead === undefined ||
                    playhead < span.fromMs ||
                    playhead > span.toMs ? null : (
                      <i className="cur" style={{ left: `${percentIn(span, playhead)}%` }}>
                        <b>{clockMs(new Date(playhead).toISOString())}</b>
                      </i>
                    )}
                  </div>
                )}
                {items.map((item) => {
                  const row = rows[item.index]
                  if (!row) return null
                  const { node } = row
                  const place = {
                    height,
                    transform: `translateY(${item.start - (narrow ? margin : 0)}px)`,
                  }
                  const name = start(shown(processName(node), 120), 60)
                  const spoken = `${endWords(node)}${row.hot ? ', in the incident' : ''}`
                  const common = {
                    id: `${id}-${item.index}`,
                    role: 'treeitem',
                    'aria-level': row.depth + 1,
                    'aria-selected': item.index === selected,
                    ...(row.childCount > 0 ? { 'aria-expanded': row.open } : {}),
                    onClick: () => {
                      setCursor(item.index)
                      choose(row)
                    },
                  } as const
                  if (narrow) {
                    const indent = Math.min(row.depth, 8) * 10
                    return (
                      <div
                        key={node.uid}
                        {...common}
                        className={`pnr ${row.hot ? 'hot' : ''}`}
                        style={place}
                      >
                        <div className="l1" style={{ paddingLeft: indent }}>
                          <Icon name="proc" size={12} />
                          <b className="tele">{name}</b>
                          <span className="t3">{node.pid}</span>
                          <span className="end t3 nowrap">
                            {Date.parse(node.start) < span.fromMs
                              ? 'earlier'
                              : clock(Date.parse(node.start))}
                          </span>
                        </div>
                        <div className="l2 tele" style={{ paddingLeft: indent }}>
                          {shown(node.user, 40)} · {start(shown(barWords(node), 160), 80)}
                        </div>
                        <span className="vh">{spoken}</span>
                        <div className="l3">
                          {(() => {
                            const bar = lifetimeBar(node, span.fromMs, span.toMs)
                            return bar ? (
                              <i
                                className="br"
                                style={{
                                  left: `${bar.from * 100}%`,
                                  width: `${(bar.to - bar.from) * 100}%`,
                                }}
                              />
                            ) : null
                          })()}
                          {node.marks
                            .filter((mark) => !without.has(mark.kind))
                            .slice(0, 20)
                            .map((mark, at) => (
                              <i
                                key={`${mark.eventUid}${at}`}
                                className={`mkx ${mark.kind}`}
                                style={{ left: `${percentIn(span, Date.parse(mark.time))}%` }}
                              />
                            ))}
                        </div>
                      </div>
                    )
                  }
                  return (
                    <div
                      key={node.uid}
                      {...common}
                      className={`prow ${row.hot ? 'hot' : ''} ${row.path ? 'path' : ''}`}
                      style={place}
                    >
                      <div className="pr">
                        <span className="gd" aria-hidden="true">
                          {row.guides.slice(-12).map((guide, at) => (
                            <i key={`${at}`} className={guide} />
                          ))}
                        </span>
                        {row.childCount > 0 ? (
                          <span
                            className="tw"
                            role="presentation"
                            onClick={(event) => {
                              event.stopPropagation()
                              toggle(node.uid, !row.open)
                            }}
                          >
                            <Icon name={row.open ? 'down' : 'right'} size={12} />
                          </span>
                        ) : (
                          <span className="tw" />
                        )}
                        <Icon name="proc" size={14} />
                        <b className="tele">{name}</b>
                        {node.hiddenChildren > 0 ? (
                          <span className="tag">+{grouped(node.hiddenChildren)}</span>
                        ) : null}
                        <span className="pid">{node.pid}</span>
                        <span className="us tele">{shown(node.user, 40)}</span>
                        <span className="vh">{spoken}</span>
                      </div>
                      <div className="pl">
                        <Lifetime row={row} span={span} without={without} />
                      </div>
                    </div>
                  )
                })}
              </div>
            </div>
          )}
          <div className="pf">
            {(['network', 'file', 'credential'] as const).map((kind) =>
              marks[kind] === 0 && kind !== 'network' ? null : (
                <button
                  key={kind}
                  type="button"
                  className="row"
                  aria-pressed={!without.has(kind)}
                  title={without.has(kind) ? 'Show these marks' : 'Hide these marks'}
                  onClick={() => changeQuery({ without: toggled([...without], kind).join(',') })}
                >
                  <i className={`mkx ${kind}`} />
                  {kind} <b>{grouped(marks[kind])}</b>
                </button>
              ),
            )}
            <span className="row">
              <i className="lgb" />
              lifetime
            </span>
            {narrowed === null && firstIncident === undefined ? null : (
              <span className="row">
                <i className="lgb hotb" />
                in {narrowed ?? 'an incident'}
              </span>
            )}
            <span className="row trunc">
              <i className="lgg" />
              {gaps.length === 0
                ? 'nothing lost in this range'
                : `${grouped(gaps.reduce((sum, gap) => sum + gap.lost, 0))} lost in ${counted(gaps.length, 'gap')}: ${[...new Set(gaps.map((gap) => reasonWords(gap.reason)))].join(', ')}`}
            </span>
            <span className="end row nomob">
              <kbd>j</kbd>
              <kbd>k</kbd> move <kbd>f</kbd> as root <kbd>z</kbd> fit
            </span>
          </div>
        </div>
        {picked && hostName !== null ? (
          <Detail
            node={picked}
            host={hostName}
            parent={nodes.find((node) => node.uid === picked.parentUid)}
            close={() => setPick(null)}
            nowMs={time.nowMs}
          />
        ) : null}
      </div>
    </Shell>
  )
}
