/** First run: does it work, what does this kernel allow, at what cost, and an attack to see explained. */
import { useEffect, useState } from 'react'
import type { EventsAnswer, FeatureState, Host, HookState, Status } from '@honeyguide/model/api'
import { addressOf } from '../state/route.ts'
import { useAnswer } from '../state/use-answer.ts'
import { evidenceCompleteness, completenessOf } from '../view/completeness.ts'
import { eventWords, kindLabel } from '../view/event-words.ts'
import { hexCells } from '../view/hex-cells.ts'
import { bytesWords, counted, grouped } from '../view/number-words.ts'
import { plainSentence } from '../view/sentence.ts'
import { asSentence, shown, start } from '../view/shorten.ts'
import { clock, clockMs, lengthWords } from '../view/time-words.ts'
import { CompletenessBadge, SeverityBadge } from '../parts/badges.tsx'
import { Command } from '../parts/copy.tsx'
import { EventParts } from '../parts/event-list.tsx'
import { Icon } from '../parts/icon.tsx'
import { Link } from '../parts/link.tsx'
import { useHub } from '../parts/hub.tsx'
import { Shell, useScreenTime } from '../parts/shell.tsx'
import { FailureNote, Skeleton } from '../parts/states.tsx'

function CombOfSights({ host }: { host: Host }) {
  const [picked, setPicked] = useState<string | null>(null)
  const cells = hexCells(host.features.length, 4)
  const feature =
    host.features.find((one) => one.name === picked) ?? host.features.find((one) => !one.works)
  const works = host.features.filter((one) => one.works).length
  const stateOf = (one: FeatureState) => (one.works ? 'on' : 'no')
  return (
    <>
      {host.features.length === 0 ? (
        <p className="t2 small">The sensor has not told yet what this kernel allows.</p>
      ) : (
        <svg
          className="kc"
          width={cells.width}
          height={cells.height}
          viewBox={`0 0 ${cells.width} ${cells.height}`}
          role="group"
          aria-label={`What this kernel allows: ${works} of ${host.features.length}`}
        >
          {host.features.map((one, at) => {
            const cell = cells.cells[at]
            if (!cell) return null
            const words = start(shown(one.name, 40), 11)
            return (
              <g
                key={one.name}
                role="button"
                tabIndex={0}
                className={`${stateOf(one)} ${feature?.name === one.name ? 'picked' : ''}`}
                aria-label={`${shown(one.name, 60)}: ${one.works ? 'works' : 'kernel lacks it'}`}
                aria-pressed={feature?.name === one.name}
                onClick={() => setPicked(one.name)}
                onKeyDown={(event) => {
                  if (event.key !== 'Enter' && event.key !== ' ') return
                  event.preventDefault()
                  setPicked(one.name)
                }}
              >
                <polygon points={cell.points} />
                <text x={cell.x} y={cell.y + 4}>
                  {words}
                </text>
              </g>
            )
          })}
        </svg>
      )}
      <div className="klg" aria-hidden="true">
        <span>
          <i className="on" />
          works
        </span>
        <span>
          <i className="no" />
          kernel lacks it
        </span>
        <span>
          <i className="un" />
          not known yet
        </span>
      </div>
      {feature === undefined ? null : (
        <section className="about">
          <h3>{shown(feature.name, 80)}</h3>
          <p className="t2 small wrapany">
            {feature.works
              ? `Works on this kernel; needs ${shown(feature.minimumKernel, 40)}.`
              : `Does not work here: ${asSentence(shown(feature.reason, 300))} Needs kernel ${shown(feature.minimumKernel, 40)}. ${asSentence(shown(feature.costs, 200))}`}
          </p>
        </section>
      )}
    </>
  )
}

function hookLine(hook: HookState) {
  return (
    <li key={hook.hook} className={hook.state === 'attached' ? '' : 'no'}>
      <Icon name={hook.state === 'attached' ? 'check' : 'minus'} size={14} />
      <span>
        <span className="mono">{shown(hook.hook, 80)}</span> {hook.state}
      </span>
    </li>
  )
}

/** What a new user can do next; each is on another screen and changes nothing. */
const next = [
  {
    screen: 'live',
    icon: 'live',
    name: 'Watch what happens now',
    what: 'Every process and connection of the hosts as it happens; a click on a value filters.',
    act: 'Open Live',
  },
  {
    screen: 'processes',
    icon: 'processes',
    name: 'See who started what',
    what: 'The process tree of a host with the life and the connections of each process.',
    act: 'Open Processes',
  },
  {
    screen: 'hunt',
    icon: 'hunt',
    name: 'Ask for anything in SQL',
    what: 'Over all that is stored; each answer says what it could not see.',
    act: 'Open Hunt',
  },
] as const

export function FirstRun() {
  const time = useScreenTime('15m', 5000)
  const { hosts, hostsEvidence, openIncidents, me } = useHub()
  const status = useAnswer<Status>('/status', 2000)
  const recent = useAnswer<EventsAnswer>(
    `/events?from=${new Date(time.span.fromMs).toISOString()}&to=${new Date(time.span.toMs).toISOString()}&limit=4`,
  )
  const [events, setEvents] = useState<EventsAnswer | undefined>()
  useEffect(() => {
    if (recent.data) setEvents(recent.data)
  }, [recent.data])
  const host = hosts?.[0]
  const attached = host?.hooks.filter((one) => one.state === 'attached').length ?? 0
  const works = host?.features.filter((one) => one.works).length ?? 0
  const since = host ? Date.parse(host.firstSeen) : undefined
  const reports = events !== undefined && events.rows.length > 0
  const [incident] = openIncidents ?? []
  const perEvent = host?.hooks.flatMap((one) => (one.nsPerRun === null ? [] : [one])) ?? []
  return (
    <Shell screen="first-run" title="First run" time={time} evidence={hostsEvidence} live>
      <div className="fr">
        <section>
          <p className="sentence">
            {host === undefined ? (
              <>
                <b>No sensor has reported.</b> <span>The hub runs and waits for one.</span>
              </>
            ) : reports ? (
              <>
                <b>
                  {(hosts?.length ?? 1) === 1
                    ? 'This host reports.'
                    : `${counted(hosts?.length ?? 0, 'host')} report.`}
                </b>{' '}
                <span>
                  {grouped((hosts ?? []).reduce((sum, one) => sum + one.offered24h, 0))} events
                  offered in 24 h,{' '}
                  {grouped((hosts ?? []).reduce((sum, one) => sum + one.lost24h, 0))} lost.{' '}
                  {(hosts?.length ?? 1) === 1 ? 'The kernel' : 'The first kernel'} allows {works} of{' '}
                  {host.features.length} sights.{' '}
                  {openIncidents === undefined || openIncidents.length === 0
                    ? 'No incident.'
                    : `${counted(openIncidents.length, 'incident')} open.`}
                </span>
              </>
            ) : (
              <>
                <b>Waiting for the first event.</b>{' '}
                <span>
                  The sensor has attached {attached} of {host.hooks.length} hooks. Usual: under 10
                  s.
                </span>
              </>
            )}
          </p>
          {status.failure && !status.data ? (
            <FailureNote
              failure={status.failure}
              what="The state of the hub"
              again={status.again}
            />
          ) : null}
          <ol className="steps1">
            <li className={status.data ? 'done' : 'cur'}>
              <i>{status.data ? <Icon name="check" size={14} /> : '1'}</i>
              <div>
                <h2>
                  Hub and sensor started
                  <span>
                    {status.data
                      ? `${clock(Date.parse(status.data.since))}, ${status.data.sensorsUp} of ${counted(status.data.sensors, 'sensor')} up, version ${shown(status.data.version, 40)}`
                      : 'asking'}
                  </span>
                </h2>
                {status.data?.components.some((one) => one.state !== 'up') === true ? (
                  <ul className="hooks">
                    {status.data.components.map((one) => (
                      <li key={one.name} className={one.state === 'up' ? '' : 'no'}>
                        <Icon name={one.state === 'up' ? 'check' : 'minus'} size={14} />
                        <span className="wrapany">
                          {one.name} {one.state}{' '}
                          <span className="t3">{shown(one.detail, 200)}</span>
                        </span>
                      </li>
                    ))}
                  </ul>
                ) : null}
              </div>
            </li>
            <li className={reports ? 'done' : 'cur'}>
              <i>{reports ? <Icon name="check" size={14} /> : '2'}</i>
              <div>
                <h2>
                  {reports ? 'First events' : 'Attaching'}
                  <span>
                    {host === undefined
                      ? 'no sensor yet'
                      : reports
                        ? `${grouped(Math.round(host.eventsPerSecond))} /s`
                        : `${attached} of ${host.hooks.length} hooks`}
                  </span>
                </h2>
                {reports ? (
                  <ul className="firsts">
                    {events.rows.slice(0, 4).map((row) => {
                      const words = eventWords(row)
                      return (
                        <li key={words.uid}>
                          <span className="mono t3">{clockMs(words.time)}</span>
                          <span className="t2">{kindLabel(words.kind)}</span>
                          <span className="ev">
                            <EventParts parts={words.parts} host={words.host} />
                          </span>
                        </li>
                      )
                    })}
                  </ul>
                ) : host === undefined ? (
                  <p className="t3 small todo">
                    Nothing after 10 s? <span className="mono">honeyguide doctor</span> says which
                    step failed and what to do.
                  </p>
                ) : (
                  <>
                    <ul className="hooks">{host.hooks.map(hookLine)}</ul>
                    <p className="t3 small todo">
                      Nothing after 10 s? <span className="mono">honeyguide doctor</span> says which
                      step failed and what to do.
                    </p>
                  </>
                )}
              </div>
            </li>
            <li className={incident ? 'done' : reports ? 'cur' : ''}>
              <i>{incident ? <Icon name="check" size={14} /> : '3'}</i>
              <div className="todo">
                <h2>
                  See an attack explained
                  <span>harmless, cleans up after itself</span>
                </h2>
                {me.recorded === null ? (
                  <Command text="bin/honeyguide demo attack" />
                ) : (
                  <p className="t2 small">
                    This page replays a recording; the attack in it is under Incidents.
                  </p>
                )}
                {incident ? (
                  <div className="row wrap wt">
                    <SeverityBadge severity={incident.severity} />
                    <Link
                      to={addressOf({ screen: 'incident', uid: incident.uid })}
                      className="link wrapany"
                    >
                      {plainSentence(incident.title)}
                    </Link>
                  </div>
                ) : me.recorded === null ? (
                  <p className="wt small t2">
                    <i className="pulse" />
                    Waiting for its first event. The incident opens here within 10 s of the last
                    step.
                  </p>
                ) : null}
              </div>
            </li>
          </ol>
          <section className="then" aria-labelledby="then-head">
            <h2 id="then-head">
              Then <span>in any order</span>
            </h2>
            <ul>
              {next.map((one) => (
                <li key={one.screen}>
                  <Icon name={one.icon} />
                  <div className="grow">
                    <b>{one.name}</b>
                    <p className="t2 small">{one.what}</p>
                  </div>
                  <Link to={addressOf({ screen: one.screen })} className="btn">
                    {one.act}
                  </Link>
                </li>
              ))}
            </ul>
          </section>
        </section>
        <aside className="drawer" aria-label="This host">
          <section>
            <div className="row">
              <h2 className="h2 grow">What this kernel allows</h2>
              <span className="t3 small mono trunc">{host ? shown(host.kernel, 40) : ''}</span>
            </div>
            {hosts === undefined ? (
              <Skeleton label="Asking for hosts" rows={4} />
            ) : host ? (
              <CombOfSights host={host} />
            ) : (
              <p className="t2 small">Known when a sensor reports.</p>
            )}
          </section>
          {host === undefined ? null : (
            <>
              <section>
                <h3>What it costs here, measured</h3>
                <dl className="dl">
                  {status.data ? (
                    <>
                      <dt>Hub memory</dt>
                      <dd>{bytesWords(status.data.memoryBytes)}</dd>
                      <dt>Disk</dt>
                      <dd>
                        {bytesWords(status.data.store.bytes + status.data.spool.bytes)}{' '}
                        <span className="t3">{counted(status.data.store.rows, 'row')} stored</span>
                      </dd>
                    </>
                  ) : null}
                  {perEvent.length === 0 ? (
                    <>
                      <dt>Per event</dt>
                      <dd className="t2">not measured: the kernel keeps no run statistics</dd>
                    </>
                  ) : (
                    perEvent.slice(0, 5).map((one) => (
                      <div key={one.hook} className="contents">
                        <dt className="mono trunc">{shown(one.hook, 30)}</dt>
                        <dd>{grouped(Math.round(one.nsPerRun ?? 0))} ns a run</dd>
                      </div>
                    ))
                  )}
                </dl>
              </section>
              <section>
                <h3>{(hosts?.length ?? 1) === 1 ? 'This host' : 'First of the hosts'}</h3>
                <dl className="dl">
                  <dt>Name</dt>
                  <dd className="mono tele">{shown(host.hostname, 100)}</dd>
                  <dt>System</dt>
                  <dd className="tele">{shown(host.operatingSystem, 100)}</dd>
                  <dt>Machine</dt>
                  <dd>
                    {shown(host.architecture, 20)}, {counted(host.cpus, 'CPU')},{' '}
                    {bytesWords(host.memoryBytes)}
                  </dd>
                  <dt>Sees</dt>
                  <dd>
                    <CompletenessBadge
                      words={
                        hosts?.length === 1
                          ? evidenceCompleteness(hostsEvidence)
                          : completenessOf({
                              complete: host.lost24h === 0,
                              offered: host.offered24h,
                              lost: host.lost24h,
                            })
                      }
                      note={
                        since === undefined
                          ? ''
                          : `for ${lengthWords(Math.max(0, time.nowMs - since))}`
                      }
                    />
                  </dd>
                </dl>
              </section>
            </>
          )}
        </aside>
      </div>
    </Shell>
  )
}
