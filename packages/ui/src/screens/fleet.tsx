/** Who reports, who loses, what each kernel can do. */
import { useMemo, useState } from 'react'
import type { Evidence, Host } from '@honeyguide/model/api'
import { changeQuery, go, useQueryValue } from '../state/navigation.ts'
import { addressOf } from '../state/route.ts'
import { useAnswer } from '../state/use-answer.ts'
import { csvOf } from '../view/export-rows.ts'
import { bytesWords, counted, grouped, short } from '../view/number-words.ts'
import { byHealth, fleetOrder, type FleetSortKey } from '../view/fleet-order.ts'
import { asSentence, middle, shown } from '../view/shorten.ts'
import { clockMs, day, lengthWords } from '../view/time-words.ts'
import { HealthDot, SeverityHex } from '../parts/badges.tsx'
import { Command, saveFile } from '../parts/copy.tsx'
import { reasonWords } from '../parts/gaps.tsx'
import { Drawer, DrawerClose } from '../parts/drawer.tsx'
import { Grid, type GridColumn } from '../parts/grid.tsx'
import { Icon } from '../parts/icon.tsx'
import { useKeys } from '../parts/keys.ts'
import { Link } from '../parts/link.tsx'
import { Shell, useScreenTime } from '../parts/shell.tsx'
import { Empty, FailureNote, Skeleton } from '../parts/states.tsx'
import { barsPath } from '../parts/strip.tsx'
import { FilterActs, Value } from '../parts/value.tsx'

const none: readonly Host[] = []
const healths = ['all', 'losing', 'silent'] as const
type HealthFilter = (typeof healths)[number]

export function FeatureCells({ host }: { host: Host }) {
  const words = host.features.map((one) => `${one.name} ${one.works ? 'on' : 'missing'}`).join(', ')
  return (
    <span
      className="fs"
      role="img"
      aria-label={words === '' ? 'not known yet' : words}
      title={words}
    >
      {host.features.slice(0, 16).map((one) => (
        <i key={one.name} className={host.health === 'silent' ? 'un' : one.works ? 'on' : 'no'} />
      ))}
    </span>
  )
}

function MinuteBars({ host, nowMs }: { host: Host; nowMs: number }) {
  // Before it was first seen a host could not be silent: that is no gap.
  const known = (at: number) =>
    nowMs - (host.minutes.length - 1 - at) * 60_000 >= Date.parse(host.firstSeen)
  const silent = host.minutes.flatMap((value, at) => (value === null && known(at) ? [at] : []))
  const gone = silent.length
  const first = silent[0] ?? -1
  return (
    <svg
      width={100}
      height={20}
      viewBox="0 0 100 20"
      preserveAspectRatio="none"
      role="img"
      aria-label={`Events per minute over the last hour${gone > 0 ? `, ${counted(gone, 'minute')} silent` : ''}`}
    >
      <g transform={`scale(${100 / Math.max(1, host.minutes.length)} 0.2)`} className="spark">
        <path d={barsPath(host.minutes)} />
      </g>
      {gone > 0 && first >= 0 ? (
        <rect
          x={(first / host.minutes.length) * 100}
          y={1}
          width={Math.max(4, (gone / host.minutes.length) * 100)}
          height={19}
          fill="url(#hatch-svg)"
        />
      ) : null}
    </svg>
  )
}

function HostDetail({
  host,
  evidence,
  close,
  nowMs,
}: {
  host: Host
  evidence: Evidence | undefined
  close: () => void
  nowMs: number
}) {
  const [name = '', ...domain] = shown(host.hostname, 200).split('.')
  const sum = host.hooks.reduce(
    (all, hook) => ({
      offered: all.offered + hook.offered,
      seen: all.seen + hook.seen,
      lost: all.lost + hook.lost,
      deduplicated: all.deduplicated + hook.deduplicated,
      filtered: all.filtered + hook.filtered,
    }),
    { offered: 0, seen: 0, lost: 0, deduplicated: 0, filtered: 0 },
  )
  const gaps = (evidence?.gaps ?? []).filter((gap) => gap.host === host.hostname)
  const refused = host.hooks.filter((hook) => hook.state !== 'attached')
  return (
    <Drawer label={`Host ${middle(shown(host.hostname, 200), 60)}`} list="Fleet" close={close}>
      <section>
        <div className="row">
          <HealthDot health={host.health} />
          <span className="t3 small">
            last event {lengthWords(Math.max(0, nowMs - Date.parse(host.lastSeen)))} ago
          </span>
          <span className="end">
            <DrawerClose close={close} />
          </span>
        </div>
        <p className="dn tele">
          {name}
          <span className="t3">{domain.length > 0 ? `.${domain.join('.')}` : ''}</span>
        </p>
        <p className="t2 small wrapany">
          {shown(host.operatingSystem, 120)} · {shown(host.architecture, 30)} ·{' '}
          {counted(host.cpus, 'CPU')} · {bytesWords(host.memoryBytes)}
        </p>
        <div className="row wrap detail-acts">
          <Link to={addressOf({ screen: 'processes' }, { host: host.hostname })} className="btn sm">
            Processes
          </Link>
          <Link
            to={addressOf(
              { screen: 'live' },
              { filter: `host = ${JSON.stringify(host.hostname)}` },
            )}
            className="btn sm"
          >
            Live
          </Link>
          {host.openIncidents[0] === undefined ? null : (
            <Link
              to={addressOf({ screen: 'incident', uid: host.openIncidents[0] })}
              className="btn sm"
            >
              {counted(host.openIncidents.length, 'incident')}
            </Link>
          )}
        </div>
      </section>
      <section>
        <h3>Loss ledger, since the sensor started</h3>
        <table className="lt">
          <thead>
            <tr>
              <th scope="col">Hook</th>
              <th scope="col">offered</th>
              <th scope="col">seen</th>
              <th scope="col" title="Of those seen, told only as the count of a row">
                repeats
              </th>
              <th scope="col" title="Left out by a filter in the kernel; not offered">
                filtered
              </th>
              <th scope="col">lost</th>
            </tr>
          </thead>
          <tbody>
            {host.hooks.map((hook) => (
              <tr key={hook.hook}>
                <td className="mono">{shown(hook.hook, 40)}</td>
                <td>{short(hook.offered)}</td>
                <td>{short(hook.seen)}</td>
                <td className={hook.deduplicated === 0 ? 't3' : ''}>{short(hook.deduplicated)}</td>
                <td className={hook.filtered === 0 ? 't3' : ''}>{short(hook.filtered)}</td>
                <td
                  className={hook.lost === 0 ? 't3' : ''}
                  title={hook.lostBy
                    .map(({ reason, lost }) => `${reasonWords(reason)} ${grouped(lost)}`)
                    .join(', ')}
                >
                  {grouped(hook.lost)}
                </td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <td>Sum</td>
              <td>{short(sum.offered)}</td>
              <td>{short(sum.seen)}</td>
              <td>{short(sum.deduplicated)}</td>
              <td>{short(sum.filtered)}</td>
              <td>{grouped(sum.lost)}</td>
            </tr>
          </tfoot>
        </table>
        {host.hooks
          .filter((hook) => hook.lostBy.length > 0)
          .map((hook) => (
            <p key={hook.hook} className="t2 small gapline wrapany">
              <span className="mono">{shown(hook.hook, 40)}</span> lost{' '}
              {hook.lostBy
                .map(({ reason, lost }) => `${grouped(lost)}: ${reasonWords(reason)}`)
                .join('; ')}
              .
            </p>
          ))}
        {gaps.slice(0, 3).map((gap, at) => (
          <p key={`${gap.from}${at}`} className="t2 small gapline wrapany">
            <span className="tag loss">gap</span> {day(Date.parse(gap.from))} {clockMs(gap.from)} to{' '}
            {clockMs(gap.to)}, {reasonWords(gap.reason)}. {shown(gap.mayHide, 200)}
          </p>
        ))}
        {gaps.length === 0 ? (
          <p className="t2 small gapline">No gap in the range of the strip.</p>
        ) : null}
      </section>
      <section>
        <h3>What this kernel allows, {shown(host.kernel, 60)}</h3>
        <ul className="ka">
          {host.features.map((one) => (
            <li key={one.name} className={one.works ? '' : 'no'}>
              <Icon name={one.works ? 'check' : 'minus'} size={14} />
              <span>
                <span className={one.works ? '' : 't2'}>{shown(one.name, 60)}</span>{' '}
                <span className="t3">
                  {one.works
                    ? ''
                    : `${asSentence(shown(one.reason, 200))} Needs ${shown(one.minimumKernel, 30)}. ${asSentence(shown(one.costs, 160))}`}
                </span>
              </span>
            </li>
          ))}
          {host.features.length === 0 ? <li className="t2">Not known yet.</li> : null}
          {refused.map((hook) => (
            <li key={hook.hook} className="no">
              <Icon name="minus" size={14} />
              <span>
                <span className="mono">{shown(hook.hook, 60)}</span>{' '}
                <span className="t3">{hook.state}</span>
              </span>
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h3>Sensor {shown(host.version, 40)}</h3>
        <dl className="dl">
          <dt>Rate</dt>
          <dd>{grouped(Math.round(host.eventsPerSecond))} events/s</dd>
          <dt>Per event</dt>
          <dd>
            {host.hooks.every((hook) => hook.nsPerRun === null) ? (
              <span className="t2">not measured, the kernel keeps no run statistics</span>
            ) : (
              host.hooks
                .flatMap((hook) =>
                  hook.nsPerRun === null
                    ? []
                    : [`${shown(hook.hook, 30)} ${grouped(Math.round(hook.nsPerRun))} ns`],
                )
                .slice(0, 3)
                .join(', ')
            )}
          </dd>
          <dt>Misses</dt>
          <dd>
            {counted(
              host.hooks.reduce((all, hook) => all + hook.recursionMisses, 0),
              'recursion miss',
              'recursion misses',
            )}
          </dd>
          <dt>Enrolled</dt>
          <dd>{day(Date.parse(host.firstSeen))}</dd>
          {Object.entries(host.labels)
            .slice(0, 8)
            .map(([key, value]) => (
              <div key={key} className="contents">
                <dt className="trunc">{shown(key, 40)}</dt>
                <dd className="mono tele">{shown(value, 120)}</dd>
              </div>
            ))}
        </dl>
      </section>
    </Drawer>
  )
}

export function Fleet() {
  const time = useScreenTime('24h')
  const answer = useAnswer<{ hosts: readonly Host[]; evidence: Evidence }>('/hosts', 5000)
  const [text, setText] = useQueryValue('q')
  const [healthText, setHealth] = useQueryValue('health')
  const [orderText, setOrder] = useQueryValue('order')
  const [picked, setPicked] = useQueryValue('host')
  const [adding, setAdding] = useState(false)
  const [selected, setSelected] = useState(0)
  const health: HealthFilter = healths.find((one) => one === healthText) ?? 'all'
  const all = answer.data?.hosts ?? none
  const counts = useMemo(() => byHealth(all), [all])
  const [sortKey = 'health', sortDirection] = orderText.split(' ')
  const rows = useMemo(() => {
    const wanted = text.toLowerCase()
    return fleetOrder(
      all.filter(
        (host) =>
          (health === 'all' || host.health === health) &&
          (time.hosts.length === 0 || time.hosts.includes(host.hostname)) &&
          (wanted === '' ||
            `${host.hostname} ${host.operatingSystem} ${host.kernel} ${host.health}`
              .toLowerCase()
              .includes(wanted)),
      ),
      sortKey as FleetSortKey,
      sortDirection === 'desc',
    )
  }, [all, text, health, time.hosts, sortKey, sortDirection])
  const host = all.find((one) => one.uid === picked)
  const at = host
    ? rows.findIndex((one) => one.uid === picked)
    : Math.min(selected, rows.length - 1)
  const lost = all.reduce((sum, one) => sum + one.lost24h, 0)
  const rate = all.reduce((sum, one) => sum + one.eventsPerSecond, 0)
  useKeys({
    Escape: () => {
      if (picked !== '') setPicked(null)
      else if (text !== '') setText(null)
    },
  })
  const columns: readonly GridColumn<Host>[] = [
    {
      key: 'host',
      text: (one) => one.hostname,
      head: 'Host',
      width: 'minmax(130px, 1.2fr)',
      cell: (one) => (
        <span className="row">
          <Value
            icon="host"
            text={one.hostname}
            field="host"
            value={one.hostname}
            most={28}
            inGrid
            open={addressOf({ screen: 'fleet' }, { host: one.uid })}
          />
          {one.worstSeverity === null ? null : (
            <SeverityHex severity={one.worstSeverity} label={`${one.worstSeverity} incident`} />
          )}
        </span>
      ),
    },
    {
      key: 'health',
      text: (one) => one.health,
      groups: true,
      head: 'Health',
      width: '128px',
      cell: (one) => (
        <HealthDot
          health={one.health}
          {...(one.health === 'silent'
            ? { detail: lengthWords(Math.max(0, time.nowMs - Date.parse(one.lastSeen))) }
            : {})}
        />
      ),
    },
    {
      key: 'system',
      text: (one) => one.operatingSystem,
      groups: true,
      head: 'System',
      width: 'minmax(80px, 0.8fr)',
      cell: (one) => <span className="t2 tele">{shown(one.operatingSystem, 120)}</span>,
    },
    {
      key: 'kernel',
      text: (one) => one.kernel,
      groups: true,
      head: 'Kernel',
      width: 'minmax(100px, 1fr)',
      cell: (one) => <span className="mono t2 tele">{shown(one.kernel, 120)}</span>,
    },
    {
      key: 'sensor',
      text: (one) => one.version,
      groups: true,
      head: 'Sensor',
      width: '56px',
      cell: (one) => <span className="mono t2">{shown(one.version, 20)}</span>,
    },
    {
      key: 'features',
      head: 'Features',
      width: '104px',
      title: all[0]?.features.map((one) => one.name).join(', ') ?? '',
      cell: (one) => <FeatureCells host={one} />,
    },
    {
      key: 'rate',
      text: (one) => String(one.eventsPerSecond),
      head: 'Offered/s',
      width: '70px',
      num: true,
      cell: (one) => (one.health === 'silent' ? '—' : grouped(Math.round(one.eventsPerSecond))),
    },
    {
      key: 'minutes',
      head: 'Offered, 1 h',
      width: '104px',
      cell: (one) => <MinuteBars host={one} nowMs={time.nowMs} />,
    },
    {
      key: 'lost',
      text: (one) => String(one.lost24h),
      head: 'Lost, 24 h',
      width: '82px',
      num: true,
      cell: (one) =>
        one.health === 'silent' ? (
          <span className="t2">unknown</span>
        ) : (
          <span className={one.lost24h === 0 ? 't3' : ''}>{grouped(one.lost24h)}</span>
        ),
    },
  ]
  const exported = () =>
    rows.map((one) => ({
      hostname: one.hostname,
      uid: one.uid,
      health: one.health,
      last_seen: one.lastSeen,
      operating_system: one.operatingSystem,
      kernel: one.kernel,
      sensor: one.version,
      events_per_second: one.eventsPerSecond,
      offered_24h: one.offered24h,
      lost_24h: one.lost24h,
      features: one.features
        .filter((feature) => feature.works)
        .map((feature) => feature.name)
        .join(' '),
    }))
  return (
    <FilterActs.Provider
      value={(field, value, which) => {
        if (field !== 'host') return
        if (which === 'only') setText(String(value))
        else go(addressOf({ screen: 'live' }, { filter: `host != ${JSON.stringify(value)}` }))
      }}
    >
      <Shell screen="fleet" title="Fleet" time={time} evidence={answer.data?.evidence}>
        <svg width="0" height="0" className="sprite" aria-hidden="true">
          <defs>
            <pattern
              id="hatch-svg"
              width="4"
              height="4"
              patternUnits="userSpaceOnUse"
              patternTransform="rotate(45)"
            >
              <path d="M0 0V4" className="hatchline" />
            </pattern>
          </defs>
        </svg>
        <div className={`fl md ${host ? 'has-detail' : ''}`}>
          <div className="flm">
            <div>
              <div className="fbar">
                <div className="field grow fleetfilter">
                  <Icon name="filter" size={14} />
                  <input
                    data-filter
                    aria-label="Filter hosts"
                    placeholder="Filter hosts"
                    value={text}
                    onChange={(event) => setText(event.target.value)}
                  />
                  <kbd className="nomob">/</kbd>
                </div>
                <span className="seg" role="group" aria-label="Health">
                  {healths.map((one) => (
                    <button
                      key={one}
                      type="button"
                      aria-pressed={health === one}
                      onClick={() => setHealth(one === 'all' ? null : one)}
                    >
                      {one === 'all' ? 'All' : one === 'losing' ? 'Losing' : 'Silent'}{' '}
                      {grouped(one === 'all' ? all.length : counts[one])}
                    </button>
                  ))}
                </span>
                <span className="end row">
                  <span className="t2 small">
                    <b className="med">{grouped(Math.round(rate))}</b> events/s offered,{' '}
                    <b className="med">{grouped(lost)}</b> lost in 24 h
                  </span>
                  <button
                    type="button"
                    className="btn"
                    disabled={rows.length === 0}
                    onClick={() => saveFile('fleet.csv', 'text/csv', csvOf(exported()))}
                  >
                    <Icon name="dl" size={14} />
                    Export
                  </button>
                  <button
                    type="button"
                    className="btn pri"
                    aria-expanded={adding}
                    onClick={() => setAdding(!adding)}
                  >
                    <Icon name="plus" size={14} />
                    Add host
                  </button>
                </span>
              </div>
            </div>
            {adding ? (
              <section className="add" aria-label="Add a host">
                <div>
                  <h2 className="strong">Add a host</h2>
                  <p className="t2 small">
                    This version watches the machine that it runs on. On another Linux with kernel
                    5.10 or newer and BTF, install and start it there.
                  </p>
                </div>
                <Command text="npm start" />
                <button
                  type="button"
                  className="btn ghost sm"
                  aria-label="Close"
                  onClick={() => setAdding(false)}
                >
                  <Icon name="x" size={14} />
                </button>
              </section>
            ) : (
              <div />
            )}
            {answer.failure && !answer.data ? (
              <FailureNote failure={answer.failure} what="The hosts" again={answer.again} />
            ) : !answer.data ? (
              <Skeleton label="Loading hosts" rows={14} />
            ) : rows.length === 0 ? (
              <Empty
                title={all.length === 0 ? 'No host reports yet' : 'No host matches the filter'}
                acts={
                  all.length === 0 ? (
                    <Link to={addressOf({ screen: 'first-run' })} className="btn sm">
                      First run
                    </Link>
                  ) : (
                    <button
                      type="button"
                      className="btn sm"
                      onClick={() => changeQuery({ q: null, health: null, hosts: null })}
                    >
                      Clear the filter
                    </button>
                  )
                }
              >
                {all.length === 0
                  ? 'The hub runs and waits for a sensor.'
                  : `${counted(all.length, 'host')} report.`}
              </Empty>
            ) : (
              <Grid
                label="Hosts"
                className={answer.failure ? 'stale' : ''}
                rows={rows}
                columns={columns}
                rowHeight={28}
                rowKey={(one) => one.uid}
                rowName={(one) => `${middle(shown(one.hostname, 80), 60)}, ${one.health}`}
                selected={at}
                onSelect={(index) => {
                  setSelected(index)
                  const one = rows[index]
                  if (host && one) setPicked(one.uid)
                }}
                onOpen={(one) => setPicked(one.uid, 'push')}
                sortable={new Set(['host', 'health', 'system', 'kernel', 'sensor', 'rate', 'lost'])}
                sort={{ key: sortKey === '' ? 'health' : sortKey, down: sortDirection === 'desc' }}
                onSort={(key, way) =>
                  setOrder(
                    (way ?? (sortKey === key && sortDirection !== 'desc' ? 'down' : 'up')) ===
                      'down'
                      ? `${key} desc`
                      : key,
                  )
                }
                narrow={{
                  height: 66,
                  cell: (one) => (
                    <div className="fcard">
                      <span className="row">
                        <Value
                          icon="host"
                          text={one.hostname}
                          field="host"
                          value={one.hostname}
                          most={24}
                          inGrid
                        />
                        {one.worstSeverity === null ? null : (
                          <SeverityHex
                            severity={one.worstSeverity}
                            label={`${one.worstSeverity} incident`}
                          />
                        )}
                      </span>
                      <HealthDot health={one.health} />
                      <FeatureCells host={one} />
                      <span className="num">
                        <span>
                          <b>
                            {one.health === 'silent'
                              ? '—'
                              : grouped(Math.round(one.eventsPerSecond))}
                          </b>{' '}
                          <span className="t3">/s</span>
                        </span>
                        <span className={one.lost24h === 0 && one.health !== 'silent' ? 't3' : ''}>
                          <b>{one.health === 'silent' ? 'unknown' : short(one.lost24h)}</b>{' '}
                          <span className="t3">lost</span>
                        </span>
                      </span>
                    </div>
                  ),
                }}
              />
            )}
            <div className="pf">
              <span className="row">
                <span className="fs" aria-hidden="true">
                  <i className="on" />
                </span>
                on
              </span>
              <span className="row">
                <span className="fs" aria-hidden="true">
                  <i className="no" />
                </span>
                kernel lacks it
              </span>
              <span className="row">
                <span className="fs" aria-hidden="true">
                  <i className="un" />
                </span>
                unknown
              </span>
              <span className="t3 trunc nomob">
                in order: {all[0]?.features.map((one) => shown(one.name, 20)).join(', ') ?? ''}
              </span>
              <span className="end t3">
                {grouped(rows.length)} of {grouped(all.length)} shown
              </span>
            </div>
          </div>
          {host ? (
            <HostDetail
              host={host}
              evidence={answer.data?.evidence}
              close={() => setPicked(null)}
              nowMs={time.nowMs}
            />
          ) : null}
        </div>
      </Shell>
    </FilterActs.Provider>
  )
}
