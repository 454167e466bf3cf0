/** The list of incidents: what waits first, then what was closed. */
import { useMemo, useState, type ReactNode } from 'react'
import type { IncidentsAnswer, IncidentSummary } from '@honeyguide/model/api'
import type { Severity } from '@honeyguide/model/incident'
import { go, useQueryValue } from '../state/navigation.ts'
import { addressOf } from '../state/route.ts'
import { useAnswer } from '../state/use-answer.ts'
import { completenessOf } from '../view/completeness.ts'
import { csvOf } from '../view/export-rows.ts'
import { counted } from '../view/number-words.ts'
import { plainSentence } from '../view/sentence.ts'
import { clockMinute, day, lengthWords } from '../view/time-words.ts'
import {
  CompletenessBadge,
  SeverityBadge,
  severityWord,
  StatusDot,
  statusOrder,
  statusWord,
  TacticChain,
} from '../parts/badges.tsx'
import { saveFile } from '../parts/copy.tsx'
import { Grid, type GridColumn } from '../parts/grid.tsx'
import { Icon } from '../parts/icon.tsx'
import { Link } from '../parts/link.tsx'
import { Popover } from '../parts/popover.tsx'
import { evidenceSentence, isOpen, useHub } from '../parts/hub.tsx'
import { Shell, useScreenTime } from '../parts/shell.tsx'
import { Empty, FailureNote, Skeleton } from '../parts/states.tsx'
import { FilterActs, Value } from '../parts/value.tsx'

const tabs = [
  { id: 'open', name: 'Open' },
  { id: 'true_positive', name: 'True positive' },
  { id: 'false_positive', name: 'False positive' },
  { id: 'suppressed', name: 'Suppressed' },
] as const
type TabId = (typeof tabs)[number]['id']

const rank: Readonly<Record<Severity, number>> = { critical: 3, high: 2, medium: 1, low: 0 }
const sorts = ['severity', 'newest', 'reach'] as const
type Sort = (typeof sorts)[number]
const sortNames: Readonly<Record<Sort, string>> = {
  severity: 'Severity',
  newest: 'Newest',
  reach: 'Reach',
}

function inTab(tab: TabId, incident: IncidentSummary): boolean {
  return tab === 'open' ? isOpen(incident) : incident.status === tab
}

function ordered(incidents: readonly IncidentSummary[], sort: Sort): readonly IncidentSummary[] {
  const newest = (a: IncidentSummary, b: IncidentSummary) => (a.firstTime < b.firstTime ? 1 : -1)
  return [...incidents].sort((a, b) =>
    sort === 'severity'
      ? rank[b.severity] - rank[a.severity] || newest(a, b)
      : sort === 'reach'
        ? b.hosts.length - a.hosts.length || b.steps - a.steps || newest(a, b)
        : newest(a, b),
  )
}

type Row =
  | { readonly kind: 'incident'; readonly incident: IncidentSummary }
  | { readonly kind: 'closed'; readonly shown: number; readonly all: number }

const closedDays = 3
/** Worst first, as a list of groups has them. */
const severityWords = (['critical', 'high', 'medium', 'low'] as const).map(
  (one) => severityWord[one],
)
const none: readonly IncidentSummary[] = []

export function Incidents() {
  const time = useScreenTime('24h')
  const { hosts, me } = useHub()
  const answer = useAnswer<IncidentsAnswer>('/incidents', 5000)
  const [tabValue, setTab] = useQueryValue('tab')
  const [text, setText] = useQueryValue('q')
  const [sortValue, setSort] = useQueryValue('sort')
  const [hostValue, setHost] = useQueryValue('hosts')
  const [not, setNot] = useQueryValue('nothosts')
  const [selected, setSelected] = useState(0)
  const tab = tabs.find((one) => one.id === tabValue)?.id ?? 'open'
  const sort = sorts.find((one) => one === sortValue) ?? 'severity'
  const all = answer.data?.incidents ?? none
  const scope = useMemo(() => hostValue.split(',').filter(Boolean), [hostValue])
  const excluded = useMemo(() => not.split(',').filter(Boolean), [not])
  const matching = useMemo(() => {
    const wanted = text.toLowerCase()
    return all.filter(
      (one) =>
        (scope.length === 0 || one.hosts.some((host) => scope.includes(host))) &&
        !one.hosts.some((host) => excluded.includes(host)) &&
        (wanted === '' ||
          `${one.uid} ${one.severity} ${one.hosts.join(' ')} ${plainSentence(one.title)}`
            .toLowerCase()
            .includes(wanted)),
    )
  }, [all, text, scope, excluded])
  const chosen = useMemo(
    () =>
      ordered(
        matching.filter((one) => inTab(tab, one)),
        sort,
      ),
    [matching, tab, sort],
  )
  const closed = matching.filter((one) => !isOpen(one))
  const lately = closed.filter(
    (one) => time.nowMs - Date.parse(one.firstTime) < closedDays * 86_400_000,
  )
  const rows: readonly Row[] = [
    ...chosen.map((incident): Row => ({ kind: 'incident', incident })),
    ...(tab === 'open' && chosen.length > 0 && lately.length > 0
      ? [
          { kind: 'closed', shown: lately.length, all: closed.length } as const,
          ...ordered(lately, 'newest').map((incident): Row => ({ kind: 'incident', incident })),
        ]
      : []),
  ]
  const open = (one: Row) => {
    if (one.kind === 'incident') go(addressOf({ screen: 'incident', uid: one.incident.uid }))
  }

  const cells: readonly (Omit<GridColumn<IncidentSummary>, 'cell' | 'text'> & {
    readonly cell: (one: IncidentSummary) => ReactNode
    readonly text?: (one: IncidentSummary) => string
  })[] = [
    {
      key: 'severity',
      text: (one) => severityWord[one.severity],
      groups: true,
      rank: (value) => severityWords.indexOf(value),
      head: 'Severity',
      width: '82px',
      cell: (one) => <SeverityBadge severity={one.severity} />,
    },
    {
      key: 'uid',
      text: (one) => one.uid,
      head: 'Id',
      width: '112px',
      cell: (one) => <span className="mono t3">{one.uid}</span>,
    },
    {
      key: 'title',
      text: (one) => plainSentence(one.title),
      head: 'What happened',
      width: 'minmax(0, 1fr)',
      cell: (one) => (
        <>
          <Link to={addressOf({ screen: 'incident', uid: one.uid })} className="ti" tabIndex={-1}>
            {plainSentence(one.title)}
          </Link>
          <span className="sub">
            <TacticChain tactics={one.tactics} severity={one.severity} />
            <span>{counted(one.findings, 'finding')} of rules</span>
          </span>
        </>
      ),
    },
    {
      key: 'steps',
      head: 'Steps',
      width: '96px',
      cell: (one) => (
        <>
          <span className="strong">{counted(one.steps, 'step')}</span>
          <span className="sub2">
            over {lengthWords(Date.parse(one.lastTime) - Date.parse(one.firstTime))}
          </span>
        </>
      ),
    },
    {
      key: 'hosts',
      text: (one) => one.hosts.join(', '),
      groups: true,
      head: 'Hosts',
      width: '164px',
      cell: (one) => (
        <span className="hostlist">
          {one.hosts.slice(0, 2).map((host) => (
            <Value key={host} icon="host" text={host} field="host" value={host} most={18} inGrid />
          ))}
          {one.hosts.length > 2 ? (
            <span className="t3 small">and {one.hosts.length - 2}</span>
          ) : null}
        </span>
      ),
    },
    {
      key: 'state',
      text: (one) => statusWord(one.status),
      groups: true,
      rank: (value) => statusOrder.findIndex((one) => statusWord(one) === value),
      head: 'State',
      width: '124px',
      cell: (one) => (
        <>
          <StatusDot status={one.status} />
          <span className="sub2 trunc">{one.assignee ?? 'nobody'}</span>
        </>
      ),
    },
    {
      key: 'opened',
      text: (one) => one.firstTime,
      head: 'First step',
      width: '88px',
      num: true,
      cell: (one) => {
        const at = Date.parse(one.firstTime)
        const today = time.nowMs - at < 86_400_000
        return (
          <>
            <span>{today ? clockMinute(at) : `${day(at)} ${clockMinute(at)}`}</span>
            <span className="sub2">{lengthWords(Math.max(0, time.nowMs - at))}</span>
          </>
        )
      },
    },
    {
      key: 'evidence',
      head: 'Evidence',
      width: '96px',
      cell: (one) => {
        const words = completenessOf(one.evidence)
        return <CompletenessBadge words={{ ...words, gaps: '' }} />
      },
    },
  ]

  const columns: readonly GridColumn<Row>[] = cells.map((column) => ({
    ...column,
    cell: (row) => (row.kind === 'incident' ? column.cell(row.incident) : null),
    text: (row) => (row.kind === 'incident' ? column.text?.(row.incident) : undefined),
  }))

  const exported = () =>
    chosen.map((one) => ({
      uid: one.uid,
      severity: one.severity,
      status: one.status,
      assignee: one.assignee,
      title: plainSentence(one.title),
      hosts: one.hosts.join(' '),
      first_time: one.firstTime,
      last_time: one.lastTime,
      steps: one.steps,
      findings: one.findings,
      tactics: one.tactics.join(' '),
      complete: one.evidence.complete,
    }))

  return (
    <FilterActs.Provider
      value={(field, value, act) => {
        if (field !== 'host') return
        if (act === 'only') setHost(String(value))
        else setNot([...excluded, String(value)].join(','))
      }}
    >
      <Shell screen="incidents" title="Incidents" time={time} evidence={answer.data?.evidence} open>
        <div className="list-screen">
          <div className="tabs">
            <div role="tablist" aria-label="State">
              {tabs.map((one) => (
                <button
                  key={one.id}
                  type="button"
                  role="tab"
                  aria-selected={tab === one.id}
                  tabIndex={tab === one.id ? 0 : -1}
                  onClick={() => {
                    setTab(one.id === 'open' ? null : one.id)
                    setSelected(0)
                  }}
                  onKeyDown={(event) => {
                    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
                    if (by === 0) return
                    event.preventDefault()
                    const next = tabs[(tabs.indexOf(one) + by + tabs.length) % tabs.length]
                    if (next) setTab(next.id === 'open' ? null : next.id)
                    const list = event.currentTarget.parentElement
                    requestAnimationFrame(() =>
                      list?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus(),
                    )
                  }}
                >
                  {one.name}{' '}
                  <span className="n">
                    {answer.data ? matching.filter((row) => inTab(one.id, row)).length : ''}
                  </span>
                </button>
              ))}
            </div>
            <span className="end row">
              <Popover
                label="Export"
                role="menu"
                side="to-left"
                className="btn ghost sm"
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
                        saveFile('incidents.csv', 'text/csv', csvOf(exported()))
                        close()
                      }}
                    >
                      CSV, {counted(chosen.length, 'row')}
                    </button>
                    <button
                      type="button"
                      role="menuitem"
                      className="opt"
                      onClick={() => {
                        saveFile(
                          'incidents.json',
                          'application/json',
                          JSON.stringify(exported(), null, 2),
                        )
                        close()
                      }}
                    >
                      JSON, {counted(chosen.length, 'row')}
                    </button>
                  </>
                )}
              </Popover>
            </span>
          </div>
          <div className="fbar">
            <div className="field grow">
              <Icon name="filter" size={14} />
              {scope.map((host) => (
                <span key={host} className="f">
                  <span className="k">host</span>
                  <span className="o">=</span>
                  <span className="v">{host}</span>
                  <button
                    type="button"
                    aria-label={`Remove filter host ${host}`}
                    onClick={() => setHost(scope.filter((one) => one !== host).join(','))}
                  >
                    <Icon name="x" size={12} />
                  </button>
                </span>
              ))}
              {excluded.map((host) => (
                <span key={host} className="f not">
                  <span className="k">host</span>
                  <span className="o">!=</span>
                  <span className="v">{host}</span>
                  <button
                    type="button"
                    aria-label={`Remove filter not host ${host}`}
                    onClick={() => setNot(excluded.filter((one) => one !== host).join(','))}
                  >
                    <Icon name="x" size={12} />
                  </button>
                </span>
              ))}
              <input
                data-filter
                aria-label="Filter incidents"
                placeholder="Filter incidents"
                value={text}
                onChange={(event) => setText(event.target.value)}
              />
              <kbd className="nomob">/</kbd>
            </div>
            <span className="seg" role="group" aria-label="Order">
              {sorts.map((one) => (
                <button
                  key={one}
                  type="button"
                  aria-pressed={sort === one}
                  onClick={() => setSort(one === 'severity' ? null : one)}
                >
                  {sortNames[one]}
                </button>
              ))}
            </span>
          </div>
          {answer.failure && !answer.data ? (
            <FailureNote failure={answer.failure} what="The incidents" again={answer.again} />
          ) : !answer.data ? (
            <Skeleton label="Loading incidents" />
          ) : chosen.length === 0 ? (
            <Empty
              title={
                text !== '' || scope.length + excluded.length > 0
                  ? 'No incident matches the filter'
                  : tab === 'open'
                    ? 'No incident is open'
                    : `No incident is ${tabs.find((one) => one.id === tab)?.name.toLowerCase() ?? ''}`
              }
              acts={
                <>
                  <Link to={addressOf({ screen: 'live' })} className="btn sm">
                    Open Live
                  </Link>
                  {me.recorded === null ? (
                    <Link to={addressOf({ screen: 'first-run' })} className="btn ghost sm">
                      Run a safe attack
                    </Link>
                  ) : null}
                </>
              }
            >
              {evidenceSentence(hosts, answer.data.evidence)}. {counted(all.length, 'incident')} in
              all states.
            </Empty>
          ) : (
            <Grid
              label="Incidents"
              className={`two ${answer.failure ? 'stale' : ''}`}
              rows={rows}
              columns={columns}
              rowHeight={68}
              rowKey={(row) => (row.kind === 'incident' ? row.incident.uid : 'closed')}
              rowName={(row) =>
                row.kind === 'incident'
                  ? `${row.incident.severity}, ${plainSentence(row.incident.title)}`
                  : `Closed in the last ${closedDays} days`
              }
              rowClass={(row) =>
                row.kind === 'closed'
                  ? 'sechrow'
                  : isOpen(row.incident) || tab !== 'open'
                    ? ''
                    : 'dim'
              }
              wholeHeight={56}
              whole={(row) =>
                row.kind === 'closed' ? (
                  <span className="sech">
                    Closed in the last {closedDays} days{' '}
                    <span className="t3">
                      {row.shown} of {row.all}
                    </span>
                  </span>
                ) : undefined
              }
              selected={Math.min(selected, rows.length - 1)}
              onSelect={setSelected}
              onOpen={open}
              narrow={{
                height: 132,
                cell: (row) => {
                  if (row.kind === 'closed') return null
                  const one = row.incident
                  return (
                    <div className="inc-card">
                      <div className="row">
                        <SeverityBadge severity={one.severity} />
                        <span className="mono t3 trunc">{one.uid}</span>
                        <span className="end t2 small nowrap">
                          {clockMinute(Date.parse(one.firstTime))}
                        </span>
                      </div>
                      <Link to={addressOf({ screen: 'incident', uid: one.uid })} className="ti">
                        {plainSentence(one.title)}
                      </Link>
                      <div className="row">
                        <TacticChain tactics={one.tactics} severity={one.severity} />
                        <span className="t3 small nowrap">{counted(one.steps, 'step')}</span>
                        <span className="end">
                          <StatusDot status={one.status} />
                        </span>
                      </div>
                    </div>
                  )
                },
              }}
            />
          )}
        </div>
      </Shell>
    </FilterActs.Provider>
  )
}
