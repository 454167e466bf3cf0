/** What happens now: filter, rate, histogram with a brush, values, rows; loss is a row where it happened. */
import { Fragment, memo, useCallback, useEffect, useMemo, useState } from 'react'
import type { EventsAnswer, Timeline } from '@honeyguide/model/api'
import {
  activityViews,
  eventClassOf,
  eventGroups,
  eventKindInfo,
  eventKinds,
  type ActivityRow,
  type EventGroup,
} from '@honeyguide/model/ocsf'
import { filterToSql, parseFilter } from '@honeyguide/model/filter'
import { changeQuery, go, useAddress, useQueryValue } from '../state/navigation.ts'
import { addressOf } from '../state/route.ts'
import type { Span } from '../state/time-range.ts'
import { failureOf, get, type Failure } from '../state/api-client.ts'
import { useLiveFeed } from '../state/live-feed.ts'
import { useAnswer } from '../state/use-answer.ts'
import { csvOf } from '../view/export-rows.ts'
import { eventWords, kindLabel, type EventWords } from '../view/event-words.ts'
import { groupIcons } from '../view/group-icon.ts'
import { bothFilters, hostsFilter, withCondition } from '../view/filter-draft.ts'
import { barCount, histogramBars } from '../view/live-bars.ts'
import type { LiveEntry } from '../view/live-window.ts'
import { counted, grouped, short, tiny } from '../view/number-words.ts'
import { shown } from '../view/shorten.ts'
import { clockMs, lengthWords, sharedPrefix } from '../view/time-words.ts'
import { SeverityHex } from '../parts/badges.tsx'
import { saveFile } from '../parts/copy.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { EventList, EventParts } from '../parts/event-list.tsx'
import { facetValues, FilterField } from '../parts/filter-field.tsx'
import { reasonWords } from '../parts/gaps.tsx'
import { Grid, type GridColumn } from '../parts/grid.tsx'
import { Histogram } from '../parts/histogram.tsx'
import { Icon } from '../parts/icon.tsx'
import { useKeys } from '../parts/keys.ts'
import { Link } from '../parts/link.tsx'
import { Popover } from '../parts/popover.tsx'
import { evidenceSentence, useHub } from '../parts/hub.tsx'
import { Shell, useScreenTime } from '../parts/shell.tsx'
import { Empty, FailureNote, Skeleton } from '../parts/states.tsx'
import { say } from '../parts/toasts.tsx'
import { FilterActs, Value } from '../parts/value.tsx'

type Row = LiveEntry
type EventRow = Extract<LiveEntry, { kind: 'event' }>

const said = new WeakMap<EventRow, EventWords>()

/** The words of an event, made when its row is first drawn and kept with it: most rows never are. */
function wordsOf(row: EventRow): EventWords {
  const known = said.get(row)
  if (known) return known
  const words = eventWords(row.row)
  said.set(row, words)
  return words
}

function timeOf(row: Row): number {
  return Date.parse(row.kind === 'event' ? (row.row.time ?? '') : row.gap.to)
}

const noRows: readonly ActivityRow[] = []

const facetSections = [
  { key: 'type', name: 'Type', field: 'kind' },
  { key: 'host', name: 'Host', field: 'host' },
  { key: 'user', name: 'User', field: 'user' },
  { key: 'process', name: 'Process', field: 'name' },
] as const

const groupOfType = new Map<string, EventGroup>(
  eventKinds.map((kind) => [kind, eventKindInfo(kind).group]),
)

const Facets = memo(function Facets({
  facets,
  failure,
  onValue,
}: {
  facets: EventsAnswer['facets'] | undefined
  failure: Failure | undefined
  onValue: (field: string, value: string, act: 'only' | 'not') => void
}) {
  return (
    <aside className="facets" aria-label="Frequent values">
      {facets === undefined && failure !== undefined ? (
        <p className="t2 small facetnote">
          Values and older rows are not known. {shown(failure.message, 200)}{' '}
          {shown(failure.fix, 200)}
        </p>
      ) : null}
      {facetSections.map(({ key, name, field }) => {
        const values = facets?.[key] ?? []
        if (values.length === 0) return null
        const most = Math.max(1, ...values.map((one) => one.count))
        return (
          <section key={key}>
            <h3>{name}</h3>
            {values.slice(0, 8).map((one) => (
              <button
                key={one.value}
                type="button"
                className="fa"
                title="Click: only this. Alt or x: not this."
                onClick={(event) => onValue(field, one.value, event.altKey ? 'not' : 'only')}
                onKeyDown={(event) => {
                  if (event.key !== 'x' && event.key !== 'f') return
                  event.preventDefault()
                  event.stopPropagation()
                  onValue(field, one.value, event.key === 'x' ? 'not' : 'only')
                }}
              >
                <i style={{ width: `${(one.count / most) * 100}%` }} />
                {key === 'type' ? (
                  <Icon name={groupIcons[groupOfType.get(one.value) ?? 'process']} size={14} />
                ) : null}
                <span className="trunc tele">
                  {shown(key === 'type' ? kindLabel(one.value as 'event') : one.value, 60)}
                </span>
                <b>{tiny(one.count)}</b>
              </button>
            ))}
          </section>
        )
      })}
    </aside>
  )
})

export function Live() {
  const time = useScreenTime('5m', 1000)
  const { params } = useAddress()
  const { hosts, openIncidents } = useHub()
  const [filter, setFilter] = useQueryValue('filter')
  const [row, setRow] = useQueryValue('row')
  const [paused, setPaused] = useState(false)
  const [scrolled, setScrolled] = useState(false)
  const isLive = time.range.kind === 'last'
  const whole = useMemo(() => bothFilters(filter, hostsFilter(time.hosts)), [filter, time.hosts])
  let readable = true
  try {
    parseFilter(filter)
  } catch {
    readable = false
  }
  const historyMs = time.span.toMs - time.span.fromMs
  const feed = useLiveFeed(isLive && readable ? whole : null, historyMs)
  const span = time.span
  const past = useAnswer<EventsAnswer>(
    isLive || !readable
      ? null
      : `/events?from=${new Date(span.fromMs).toISOString()}&to=${new Date(span.toMs).toISOString()}&filter=${encodeURIComponent(whole)}&limit=1000`,
  )
  const base = useAnswer<Timeline>(
    readable
      ? `/timeline?from=${new Date(Math.floor((isLive ? feed.openedAt : span.toMs) / 1000) * 1000 - historyMs).toISOString()}&to=${new Date(Math.floor((isLive ? feed.openedAt : span.toMs) / 1000) * 1000).toISOString()}&buckets=${barCount}${time.hosts.map((host) => `&host=${encodeURIComponent(host)}`).join('')}${filter === '' ? '' : `&filter=${encodeURIComponent(filter)}`}`
      : null,
  )

  // What is on screen while it is held: paused, or scrolled away from the newest row.
  const held = isLive && (paused || scrolled)
  const [frozen, setFrozen] = useState<{
    rows: readonly Row[]
    received: number
    span: Span
  } | null>(null)
  const liveRows = useMemo(() => {
    const out: Row[] = []
    const { entries } = feed.snapshot
    for (let at = entries.length - 1; at >= 0; at--) {
      const entry = entries[at]
      if (entry) out.push(entry)
    }
    return out
  }, [feed.snapshot])
  const received = feed.snapshot.received
  useEffect(() => {
    if (!held) setFrozen(null)
    else setFrozen((before) => before ?? { rows: liveRows, received, span })
    // Only the moment of holding counts, not what came since.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [held])
  // Older rows are asked for by hand, page after page, and belong to the question that they continue.
  const [older, setOlder] = useState<{ of: EventsAnswer; rows: readonly ActivityRow[] } | null>(
    null,
  )
  const more = older !== null && older.of === past.data ? older.rows : noRows
  const pastRows = useMemo<readonly Row[]>(
    () =>
      [...(past.data?.rows ?? []), ...more].map((one) => ({
        kind: 'event',
        row: one,
        incidentUid: undefined,
      })),
    [past.data, more],
  )
  const askOlder = async (of: EventsAnswer): Promise<void> => {
    const last = pastRows[pastRows.length - 1]
    if (last?.kind !== 'event') return
    try {
      const answer = await get<EventsAnswer>(
        `/events?from=${new Date(span.fromMs).toISOString()}&to=${new Date(span.toMs).toISOString()}&filter=${encodeURIComponent(whole)}&limit=1000&before=${encodeURIComponent(last.row.event_uid ?? '')}`,
      )
      setOlder({ of, rows: [...more, ...answer.rows] })
    } catch (error) {
      say(shown(failureOf(error).message, 200), { icon: 'warn' })
    }
  }
  const fresh = frozen ? received - frozen.received : 0
  const brushText = params.get('brush')
  const brush = useMemo<Span | null>(() => {
    const [from, to] = (brushText ?? '').split('..').map((one) => Date.parse(one))
    return from !== undefined && to !== undefined && from < to ? { fromMs: from, toMs: to } : null
  }, [brushText])
  const setBrush = (next: Span | null) =>
    changeQuery({
      brush: next
        ? `${new Date(next.fromMs).toISOString()}..${new Date(next.toMs).toISOString()}`
        : null,
    })
  const source = isLive ? (frozen?.rows ?? liveRows) : pastRows
  const rows = useMemo(
    () =>
      brush
        ? source.filter((one) => {
            const at = timeOf(one)
            return at >= brush.fromMs && at <= brush.toMs
          })
        : source,
    [source, brush],
  )
  const picture = frozen?.span ?? span
  const bars = histogramBars(
    picture,
    isLive ? feed.snapshot.seconds : [],
    isLive ? Math.ceil(feed.openedAt / 1000) * 1000 : Infinity,
    base.data,
  )
  const facets = isLive ? feed.facets : past.data?.facets
  const evidence = isLive ? feed.evidence : past.data?.evidence
  const gaps = [...(base.data?.evidence.gaps ?? []), ...feed.snapshot.gaps]
  const failure = isLive ? feed.refused : past.failure
  const valuesOf = useMemo(() => facetValues(facets), [facets])
  const act = useCallback(
    (field: string, value: string | number, which: 'only' | 'not') => {
      const next = withCondition(filter, field, value, which)
      if (next === filter && which === 'not')
        say('This value is too long for a filter; copy it instead.', { icon: 'warn' })
      setFilter(next, 'push')
    },
    [filter, setFilter],
  )
  const selected = Math.max(
    0,
    rows.findIndex((one) => one.kind === 'event' && one.row.event_uid === row),
  )
  const severityOf = (uid: string) =>
    openIncidents?.find((one) => one.uid === uid)?.severity ?? 'high'
  const toggle = () => setPaused(!paused)
  const [openEvent, setOpenEvent] = useQueryValue('event')
  useKeys({
    ' ': toggle,
    Escape: () => {
      if (brush) setBrush(null)
      else if (row !== '') setRow(null)
      else if (filter !== '') setFilter(null, 'push')
    },
  })
  const sqlParts = (() => {
    try {
      const parsed = parseFilter(filter)
      // The class that can match; process events where several can.
      const view =
        activityViews.find((one) => filterToSql(parsed, one) !== 'FALSE') ?? 'process_activity'
      return { view, where: filterToSql(parsed, view) }
    } catch {
      return undefined
    }
  })()
  const saveAsHunt = () => {
    if (!sqlParts) return
    const { subject, textColumns } = eventClassOf(sqlParts.view)
    const columns = [
      `${subject}_name`,
      ...(textColumns.length > 0 ? textColumns : [`${subject}_cmd_line`]),
    ]
    const sql = `SELECT time, device_hostname, activity_name, ${columns.join(', ')}\nFROM ${sqlParts.view}\nWHERE ${sqlParts.where}\nORDER BY time DESC\nLIMIT 200`
    go(addressOf({ screen: 'hunt' }, { sql }))
  }
  const exportable = () => rows.flatMap((one) => (one.kind === 'event' ? [one.row] : []))

  const columns: readonly GridColumn<Row>[] = [
    {
      key: 'time',
      text: (one) => (one.kind === 'event' ? (one.row.time ?? '') : undefined),
      head: 'Time, UTC',
      width: '96px',
      cell: (one, index) => {
        if (one.kind === 'gap') return null
        const text = clockMs(one.row.time ?? '')
        const next = rows[index - 1]
        const cut =
          index === 0
            ? 0
            : sharedPrefix(text, next?.kind === 'event' ? clockMs(next.row.time ?? '') : undefined)
        return (
          <span className="ts">
            <i>{text.slice(0, cut)}</i>
            {text.slice(cut)}
          </span>
        )
      },
    },
    {
      key: 'host',
      text: (one) => (one.kind === 'event' ? wordsOf(one).host : one.gap.host),
      groups: true,
      head: 'Host',
      width: '84px',
      cell: (one) =>
        one.kind === 'gap' ? null : (
          <Value
            icon="text"
            flat
            text={wordsOf(one).host}
            field="host"
            value={wordsOf(one).host}
            most={12}
            inGrid
          />
        ),
    },
    {
      key: 'type',
      text: (one) => (one.kind === 'event' ? kindLabel(wordsOf(one).kind) : 'lost'),
      groups: true,
      head: 'Type',
      width: '118px',
      cell: (one) =>
        one.kind === 'gap' ? null : (
          <span className={`kd ${wordsOf(one).group}`}>
            <Icon name={groupIcons[wordsOf(one).group]} size={12} />
            {kindLabel(wordsOf(one).kind)}
          </span>
        ),
    },
    {
      key: 'event',
      head: 'Event',
      width: 'minmax(0, 1fr)',
      cell: (one) =>
        one.kind === 'gap' ? null : (
          <span className="ev">
            <EventParts
              parts={wordsOf(one).parts}
              host={wordsOf(one).host}
              hot={one.incidentUid !== undefined}
              inGrid
            />
          </span>
        ),
    },
    {
      key: 'user',
      text: (one) => (one.kind === 'event' ? wordsOf(one).user : 'lost'),
      groups: true,
      head: 'User',
      width: '84px',
      cell: (one) =>
        one.kind === 'gap' ? null : (
          <Value
            icon="text"
            flat
            text={wordsOf(one).user}
            field="user"
            value={wordsOf(one).user}
            most={12}
            inGrid
          />
        ),
    },
    {
      key: 'incident',
      text: (one) => (one.kind === 'event' ? (one.incidentUid ?? '') : 'lost'),
      groups: true,
      head: '',
      width: '112px',
      cell: (one) =>
        one.kind === 'gap' || one.incidentUid === undefined ? null : (
          <Link
            to={addressOf({ screen: 'incident', uid: one.incidentUid })}
            className="row incl"
            tabIndex={-1}
          >
            <SeverityHex severity={severityOf(one.incidentUid)} />
            <span className="mono trunc">{one.incidentUid.replace('INC-', '')}</span>
          </Link>
        ),
    },
  ]
  const gapText = (one: Row) =>
    one.kind === 'gap'
      ? `${shown(one.gap.host, 60)} · ${one.gap.lost === 0 ? 'an uncounted number of' : grouped(one.gap.lost)} ${shown(one.gap.hook, 40)} events lost between ${clockMs(one.gap.from)} and ${clockMs(one.gap.to)} · ${reasonWords(one.gap.reason)}`
      : undefined

  return (
    <FilterActs.Provider value={act}>
      <Shell screen="live" title="Live" time={time} evidence={evidence} live>
        <div className="lv">
          <FilterField
            text={filter}
            onChange={(next) => setFilter(next, 'push')}
            valuesOf={valuesOf}
            after={
              <>
                {isLive ? (
                  <button type="button" className="btn" aria-pressed={paused} onClick={toggle}>
                    <Icon name={paused ? 'play' : 'pause'} size={14} />
                    {paused ? 'Go on' : 'Pause'} <kbd className="nomob">Space</kbd>
                  </button>
                ) : (
                  <button
                    type="button"
                    className="btn"
                    onClick={() => changeQuery({ from: null, to: null, range: null }, 'push')}
                  >
                    <Icon name="play" size={14} />
                    Go live
                  </button>
                )}
                <button
                  type="button"
                  className="btn ghost nomob"
                  onClick={saveAsHunt}
                  disabled={!sqlParts}
                >
                  <Icon name="star" size={14} />
                  Save as hunt
                </button>
                <Popover
                  label="Export"
                  role="menu"
                  side="to-left"
                  className="btn ghost"
                  button={
                    <>
                      <Icon name="dl" size={14} />
                      <span className="nvh">Export</span>
                    </>
                  }
                >
                  {(close) => (
                    <>
                      <button
                        type="button"
                        role="menuitem"
                        className="opt"
                        onClick={() => {
                          saveFile('events.csv', 'text/csv', csvOf(exportable()))
                          close()
                        }}
                      >
                        CSV, {counted(rows.length, 'row')} on screen
                      </button>
                      <button
                        type="button"
                        role="menuitem"
                        className="opt"
                        onClick={() => {
                          saveFile(
                            'events.json',
                            'application/json',
                            JSON.stringify(exportable(), null, 1),
                          )
                          close()
                        }}
                      >
                        JSON, {counted(rows.length, 'row')} on screen
                      </button>
                    </>
                  )}
                </Popover>
              </>
            }
          />
          <div className="lh">
            <div className="hh">
              <div className="row small t2 wrap hhrow">
                {isLive ? (
                  <>
                    <span className={`livedot ${feed.state === 'open' && !paused ? '' : 'off'}`} />
                    <b className="med">
                      {paused
                        ? 'Paused'
                        : feed.state === 'open'
                          ? 'Live'
                          : feed.state === 'connecting'
                            ? 'Connecting'
                            : 'Hub away'}
                    </b>
                    <span>
                      matches <b className="med">{grouped(feed.snapshot.matchedPerSecond)} /s</b> of{' '}
                      {grouped(feed.snapshot.totalPerSecond)} /s
                    </span>
                    <span className="t3">
                      · page lag{' '}
                      {feed.snapshot.lagMs === null
                        ? '—'
                        : lengthWords(Math.max(0, feed.snapshot.lagMs))}
                    </span>
                    <span className="t3">
                      · not shown to keep up: <b className="med">{short(feed.snapshot.notDrawn)}</b>
                    </span>
                    <span className="t3">
                      · lost on hosts: <b className="med">{short(feed.snapshot.lost)}</b>
                    </span>
                  </>
                ) : (
                  <>
                    <b className="med">Past</b>
                    <span>
                      {past.data ? counted(past.data.total, 'event') : '—'}{' '}
                      {filter === '' ? '' : 'match'}
                    </span>
                  </>
                )}
                <span className="end legend micro" aria-hidden="true">
                  {eventGroups
                    .filter((group) => bars.some((bar) => (bar[group] ?? 0) > 0))
                    .map((group) => (
                      <Fragment key={group}>
                        <i className={`k-${group}`} />
                        {group}
                      </Fragment>
                    ))}
                  <i className="k-other" />
                  not drawn
                  <i className="hatch" />
                  lost
                </span>
              </div>
              <Histogram bars={bars} span={picture} gaps={gaps} brush={brush} onBrush={setBrush} />
            </div>
          </div>
          <div className="lb">
            <Facets
              facets={facets}
              failure={isLive ? feed.historyFailure : undefined}
              onValue={act}
            />
            <div className="rows">
              {fresh > 0 ? (
                <button
                  type="button"
                  className="fresh"
                  onClick={() => {
                    setPaused(false)
                    setScrolled(false)
                    document.querySelector('.ltbl')?.scrollTo({ top: 0 })
                    document.querySelector('.main')?.scrollTo({ top: 0 })
                  }}
                >
                  <Icon name="up" size={12} />
                  {short(fresh)} new
                </button>
              ) : null}
              {failure ? (
                <FailureNote failure={failure} what="The events" again={past.again}>
                  <button
                    type="button"
                    className="btn ghost sm"
                    onClick={() => setFilter(null, 'push')}
                  >
                    Clear the filter
                  </button>
                </FailureNote>
              ) : rows.length === 0 &&
                ((isLive && feed.facets === undefined && readable) || (!isLive && !past.data)) ? (
                <Skeleton label="Loading events" rows={12} />
              ) : rows.length === 0 ? (
                <Empty
                  title={
                    filter === '' && !brush
                      ? 'No event in this range yet'
                      : 'No event matches in this range'
                  }
                  acts={
                    filter === '' && !brush ? undefined : (
                      <button
                        type="button"
                        className="btn sm"
                        onClick={() => changeQuery({ filter: null, brush: null }, 'push')}
                      >
                        Clear the filter
                      </button>
                    )
                  }
                >
                  Looked at {evidenceSentence(hosts, evidence)}.
                </Empty>
              ) : (
                <Grid
                  label="Events, newest first"
                  className="ltbl"
                  rows={rows}
                  columns={columns}
                  rowHeight={24}
                  rowKey={(_, index) => index}
                  rowName={(one) =>
                    one.kind === 'gap'
                      ? (gapText(one) ?? '')
                      : `${kindLabel(wordsOf(one).kind)} on ${shown(wordsOf(one).host, 60)}`
                  }
                  selected={selected}
                  onSelect={(index) => {
                    const one = rows[index]
                    if (one?.kind === 'event') setRow(one.row.event_uid ?? null)
                    if (isLive && !paused && index > 0) setPaused(true)
                  }}
                  onOpen={(one) => {
                    if (one.kind === 'event') setOpenEvent(one.row.event_uid ?? null, 'push')
                  }}
                  rowClass={(one) =>
                    one.kind === 'event' && one.incidentUid !== undefined ? 'hotrow' : ''
                  }
                  whole={(one) =>
                    one.kind === 'gap' ? <span className="gaplbl">{gapText(one)}</span> : undefined
                  }
                  onScrolled={(atTop) => {
                    if (isLive && !paused) setScrolled(!atTop)
                  }}
                  narrow={{
                    height: 74,
                    cell: (one) =>
                      one.kind === 'gap' ? (
                        <span className="gaplbl">{gapText(one)}</span>
                      ) : (
                        <div className="ev-card">
                          <div className="row">
                            <span className="ts mono">{clockMs(wordsOf(one).time)}</span>
                            <span className="t2 mono tele trunc">
                              {shown(wordsOf(one).host, 40)}
                            </span>
                            <span className="t2 small nowrap">{kindLabel(wordsOf(one).kind)}</span>
                            {one.incidentUid === undefined ? null : (
                              <span className="end">
                                <SeverityHex
                                  severity={severityOf(one.incidentUid)}
                                  label={one.incidentUid}
                                />
                              </span>
                            )}
                          </div>
                          <div className="ev">
                            <EventParts
                              parts={wordsOf(one).parts}
                              host={wordsOf(one).host}
                              hot={one.incidentUid !== undefined}
                              inGrid
                            />
                          </div>
                        </div>
                      ),
                  }}
                />
              )}
              <div className="tfoot">
                <span>
                  {grouped(rows.length)} {isLive ? 'kept' : 'shown'} of{' '}
                  {grouped(
                    Math.max(rows.length, isLive ? (feed.total ?? 0) : (past.data?.total ?? 0)),
                  )}{' '}
                  in the window
                </span>
                {!isLive && past.data && pastRows.length < past.data.total ? (
                  <button
                    type="button"
                    className="link"
                    onClick={() => {
                      if (past.data) void askOlder(past.data)
                    }}
                  >
                    Older rows
                  </button>
                ) : null}
                <span className="end nomob">
                  <kbd>↑</kbd> <kbd>↓</kbd> move <kbd>↵</kbd> open <kbd>f</kbd> only this{' '}
                  <kbd>x</kbd> not this <kbd>c</kbd> copy
                </span>
              </div>
            </div>
          </div>
        </div>
      </Shell>
      {openEvent === '' ? null : (
        <Dialog label="Event" headed className="wide-dialog" close={() => setOpenEvent(null)}>
          <EventList uids={[openEvent]} />
        </Dialog>
      )}
    </FilterActs.Provider>
  )
}
