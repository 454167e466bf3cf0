/** The frame of every screen: rail, top bar with scope, time and completeness, strip, banners, dialogs. */
import { memo, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import type { Evidence, Timeline } from '@honeyguide/model/api'
import { changeQuery, go, useAddress } from '../state/navigation.ts'
import { switchTheme, usePreference, writePreference } from '../state/preferences.ts'
import { addressOf } from '../state/route.ts'
import {
  rangeNames,
  rangeEnds,
  rangeWords,
  readRange,
  readTime,
  spanOf,
  stripSpan,
  timeForField,
  writeRange,
  type RangeName,
  type Span,
  type TimeRange,
} from '../state/time-range.ts'
import { useAnswer, useNow } from '../state/use-answer.ts'
import { counted, grouped } from '../view/number-words.ts'
import { screens } from '../view/screens.ts'
import { shown } from '../view/shorten.ts'
import { Banners } from './banners.tsx'
import { EvidenceControl } from './gaps.tsx'
import { useHub } from './hub.tsx'
import { Icon, Mark } from './icon.tsx'
import { KeyHelp } from './key-help.tsx'
import { useKeys } from './keys.ts'
import { Link } from './link.tsx'
import { MainScroll, useNarrow } from './media.ts'
import { Palette } from './palette.tsx'
import { Popover } from './popover.tsx'
import { Strip } from './strip.tsx'
import { Toasts } from './toasts.tsx'
import { ValueCard } from './value.tsx'
import { Dialog } from './dialog.tsx'

export interface ScreenTime {
  readonly range: TimeRange
  readonly span: Span
  readonly nowMs: number
  readonly hosts: readonly string[]
}

/** Time range and scope of the screen, from the URL. `nowMs` moves every `everyMs` for ranges that end now. */
export function useScreenTime(otherwise: RangeName, everyMs = 5000): ScreenTime {
  const { params } = useAddress()
  const tick = useNow(everyMs)
  return useMemo(() => {
    const range = readRange(params, otherwise)
    const nowMs = Math.floor(tick / 1000) * 1000
    const hosts = (params.get('hosts') ?? '').split(',').filter(Boolean)
    return { range, span: spanOf(range, nowMs), nowMs, hosts }
  }, [params, otherwise, tick])
}

function NavItem({
  name,
  icon,
  to,
  current,
  count,
  critical,
  tab,
}: {
  name: string
  icon: string
  to: string
  current: boolean
  count?: number
  critical?: boolean
  tab: boolean
}) {
  return (
    <Link to={to} className={`nav ${tab ? '' : 'deep'}`} current={current} title={name}>
      <Icon name={icon} />
      <span className="lbl">{name}</span>
      {count === undefined ? null : (
        <span className={`count ${critical === true ? 'crit' : ''}`}>{grouped(count)}</span>
      )}
      {critical === true ? <i className="pip" /> : null}
    </Link>
  )
}

const Rail = memo(function Rail({ current }: { current: string }) {
  const { me, hosts, openIncidents } = useHub()
  const critical =
    openIncidents?.some((one) => one.severity === 'critical' || one.severity === 'high') === true
  const item = (entry: (typeof screens)[number]) => {
    const count =
      entry.screen === 'incidents'
        ? openIncidents?.length
        : entry.screen === 'fleet'
          ? hosts?.length
          : undefined
    return (
      <NavItem
        key={entry.screen}
        name={entry.name}
        icon={entry.icon}
        to={addressOf({ screen: entry.screen })}
        current={
          current === entry.screen || (current === 'incident' && entry.screen === 'incidents')
        }
        tab={entry.tab}
        {...(count === undefined || (count === 0 && entry.screen === 'incidents') ? {} : { count })}
        critical={entry.screen === 'incidents' && critical}
      />
    )
  }
  return (
    <nav className="rail" aria-label="Screens">
      <Link to="/" className="brand" label="Honeyguide, start">
        <Mark name="logo" />
        <span className="lbl">Honeyguide</span>
      </Link>
      <h2>Investigate</h2>
      {screens.filter((one) => one.group === 'Investigate').map(item)}
      <h2>Operate</h2>
      {screens.filter((one) => one.group === 'Operate').map(item)}
      <div className="foot">
        <span className="nav deep" title={`Signed in as ${me.user}`}>
          <Icon name="user" />
          <span className="lbl trunc">{shown(me.user, 40)}</span>
        </span>
      </div>
    </nav>
  )
})

function ScopeControl({ hosts: chosen }: { hosts: readonly string[] }) {
  const { hosts } = useHub()
  const [typed, setTyped] = useState('')
  const all = hosts ?? []
  const wanted = all.filter((host) => host.hostname.toLowerCase().includes(typed.toLowerCase()))
  const set = (next: readonly string[]) => changeQuery({ hosts: next.join(',') })
  const [first] = chosen
  return (
    <Popover
      label="Scope"
      spoken="Scope:"
      side="to-left"
      button={
        <>
          <Icon name="fleet" size={14} />
          <b className="tele">
            {chosen.length === 0
              ? all.length === 1
                ? 'This host'
                : 'All hosts'
              : chosen.length === 1
                ? shown(first ?? '', 24)
                : counted(chosen.length, 'host')}
          </b>{' '}
          <span className="t3">
            {chosen.length === 0
              ? all.length > 1
                ? grouped(all.length)
                : ''
              : `of ${grouped(all.length)}`}
          </span>
          <Icon name="down" size={12} />
        </>
      }
    >
      {(close) => (
        <>
          <div className="field">
            <Icon name="search" size={14} />
            <input
              data-autofocus
              placeholder="Find a host"
              aria-label="Find a host"
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          </div>
          <button
            type="button"
            className={`opt ${chosen.length === 0 ? 'on' : ''}`}
            aria-pressed={chosen.length === 0}
            onClick={() => {
              set([])
              close()
            }}
          >
            All hosts <span className="end">{grouped(all.length)}</span>
          </button>
          <div className="scopes">
            {wanted.slice(0, 100).map((host) => (
              <button
                key={host.uid}
                type="button"
                className={`opt ${chosen.includes(host.hostname) ? 'on' : ''}`}
                aria-pressed={chosen.includes(host.hostname)}
                onClick={() =>
                  set(
                    chosen.includes(host.hostname)
                      ? chosen.filter((one) => one !== host.hostname)
                      : [...chosen, host.hostname],
                  )
                }
              >
                <span className="mono tele trunc">{shown(host.hostname, 60)}</span>
                <span className="end">{host.health}</span>
              </button>
            ))}
          </div>
          {wanted.length > 100 ? (
            <p className="t3 small">{grouped(wanted.length - 100)} more; type to find one.</p>
          ) : null}
        </>
      )}
    </Popover>
  )
}

function RangeControl({ time, live }: { time: ScreenTime; live: boolean }) {
  const { range, nowMs, span } = time
  const [from, setFrom] = useState<string | null>(null)
  const [to, setTo] = useState<string | null>(null)
  const fromMs = readTime(from ?? timeForField(span.fromMs), nowMs)
  const toMs = readTime(to ?? (range.kind === 'last' ? 'now' : timeForField(span.toMs)), nowMs)
  const good = fromMs !== undefined && toMs !== undefined && fromMs < toMs
  return (
    <Popover
      label="Time range"
      spoken="Time range:"
      shortcut="honeyguide:time"
      side="to-left"
      panelClass="tp"
      button={
        <>
          <Icon name="clock" size={14} />
          <b>
            {rangeWords(range)}
            {live && range.kind === 'last' ? ', live' : ''}
          </b>{' '}
          <span className="t3 wide">{rangeEnds(range, nowMs)}</span>
          <Icon name="down" size={12} />
        </>
      }
    >
      {(close) => (
        <>
          <div className="tl">
            {rangeNames.map((name) => (
              <button
                key={name}
                type="button"
                className={`opt ${range.kind === 'last' && range.name === name ? 'on' : ''}`}
                aria-pressed={range.kind === 'last' && range.name === name}
                onClick={() => {
                  changeQuery(writeRange({ kind: 'last', name }), 'push')
                  close()
                }}
              >
                {rangeWords({ kind: 'last', name })}
              </button>
            ))}
          </div>
          <form
            className="tr2"
            onSubmit={(event) => {
              event.preventDefault()
              if (!good || fromMs === undefined || toMs === undefined) return
              changeQuery(writeRange({ kind: 'between', fromMs, toMs }), 'push')
              close()
            }}
          >
            <label className="small t2">
              From, UTC
              <span className="field mono">
                <input
                  value={from ?? timeForField(span.fromMs)}
                  onChange={(event) => setFrom(event.target.value)}
                />
              </span>
            </label>
            <label className="small t2">
              To
              <span className="field mono">
                <input
                  value={to ?? (range.kind === 'last' ? 'now' : timeForField(span.toMs))}
                  onChange={(event) => setTo(event.target.value)}
                />
              </span>
            </label>
            <p className="small t3" role="status">
              {good
                ? 'As 2026-11-24 13:42:00, 13:42 for today, or now.'
                : 'From must be a time before To.'}
            </p>
            <button type="submit" className="btn sm" disabled={!good}>
              Set range
            </button>
          </form>
        </>
      )}
    </Popover>
  )
}

function setWindow(span: Span): void {
  changeQuery(writeRange({ kind: 'between', ...span }))
}

export function Shell({
  screen,
  title,
  crumb,
  time,
  evidence,
  live = false,
  open = false,
  children,
}: {
  screen: string
  title: string
  crumb?: { readonly name: string; readonly to: string }
  time: ScreenTime
  /** Of what the screen shows; the strip's own when absent. */
  evidence?: Evidence | undefined
  live?: boolean
  /** A list screen: the rail is open by default. */
  open?: boolean
  children: ReactNode
}) {
  const { hosts } = useHub()
  const narrow = useNarrow()
  const kind = open ? 'list' : 'work'
  const railPreference = usePreference(`rail.${kind}`)
  const rail = railPreference ?? (open ? 'open' : 'slim')
  const main = useRef<HTMLElement>(null)
  const [dialog, setDialog] = useState<'keys' | 'palette' | 'screens' | null>(null)
  const oldest =
    hosts === undefined || hosts.length === 0
      ? undefined
      : Math.min(...hosts.map((host) => Date.parse(host.firstSeen)))
  // In steps, however often a screen's own time moves: each step is a question to the hub.
  const stripNow = Math.floor(time.nowMs / 5000) * 5000
  const strip = useMemo(
    () => stripSpan(time.range, stripNow, oldest),
    [time.range, stripNow, oldest],
  )
  const scope = time.hosts.map((host) => `&host=${encodeURIComponent(host)}`).join('')
  const timeline = useAnswer<Timeline>(
    `/timeline?from=${new Date(strip.fromMs).toISOString()}&to=${new Date(strip.toMs).toISOString()}&buckets=${narrow ? 90 : 180}${scope}`,
  )
  useEffect(() => {
    document.title = `${title} · Honeyguide`
  }, [title])
  const open_ = (name: string) => window.dispatchEvent(new Event(name))
  useKeys({
    ...Object.fromEntries(
      screens.map((entry) => [`g ${entry.key}`, () => go(addressOf({ screen: entry.screen }))]),
    ),
    'mod+k': () => setDialog('palette'),
    '?': () => setDialog('keys'),
    t: () => open_('honeyguide:time'),
    e: () => open_('honeyguide:evidence'),
    '[': () => writePreference(`rail.${kind}`, rail === 'open' ? 'slim' : 'open'),
    '/': () => document.querySelector<HTMLElement>('[data-filter]')?.focus(),
  })
  const screenName = (
    <>
      {crumb === undefined ? null : (
        <span className="crumb">
          <Link to={crumb.to}>{crumb.name}</Link> /{' '}
        </span>
      )}
      {title}
    </>
  )
  return (
    <MainScroll.Provider value={main}>
      <a
        className="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault()
          main.current?.focus()
        }}
      >
        Skip to content
      </a>
      <div className="app" data-rail={rail}>
        <Rail current={screen} />
        <header className="top">
          <h1>
            {screenName}
            {narrow ? (
              <button type="button" aria-label="All screens" onClick={() => setDialog('screens')} />
            ) : null}
          </h1>
          <span className="grow" />
          <ScopeControl hosts={time.hosts} />
          <RangeControl time={time} live={live} />
          <EvidenceControl evidence={evidence ?? timeline.data?.evidence} />
          <button type="button" className="ctl search nomob" onClick={() => setDialog('palette')}>
            <Icon name="search" size={14} />
            <span>Search or run</span>
            <kbd>⌘K</kbd>
          </button>
          <button
            type="button"
            className="ctl bare icon nomob"
            aria-label="Switch theme"
            onClick={switchTheme}
          >
            <Icon name="theme" />
          </button>
        </header>
        <Strip timeline={timeline.data} span={strip} window={time.span} onWindow={setWindow} />
        <Banners />
        <main className="main" id="main" ref={main} tabIndex={-1}>
          {children}
        </main>
      </div>
      <Toasts />
      <ValueCard />
      {dialog === 'keys' ? <KeyHelp close={() => setDialog(null)} /> : null}
      {dialog === 'palette' ? <Palette close={() => setDialog(null)} /> : null}
      {dialog === 'screens' ? (
        <Dialog label="All screens" close={() => setDialog(null)}>
          <h2>Screens</h2>
          {screens.map((entry) => (
            <button
              key={entry.screen}
              type="button"
              className={`opt ${entry.screen === screen ? 'on' : ''}`}
              onClick={() => {
                setDialog(null)
                go(addressOf({ screen: entry.screen }))
              }}
            >
              <Icon name={entry.icon} />
              {entry.name}
            </button>
          ))}
          <button type="button" className="opt" onClick={() => setDialog('palette')}>
            <Icon name="search" />
            Search or run
          </button>
          <button type="button" className="opt" onClick={switchTheme}>
            <Icon name="theme" />
            Switch theme
          </button>
          <button type="button" className="opt" onClick={() => setDialog('keys')}>
            <Icon name="help" />
            Keys
          </button>
        </Dialog>
      ) : null}
    </MainScroll.Provider>
  )
}
