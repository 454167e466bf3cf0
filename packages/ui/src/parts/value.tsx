/**
 * A value from telemetry: text node only, escaped; a click filters, `x` excludes, `c` copies, Enter opens.
 *
 * The card appears after 300 ms of hovering or on Space; one card for the whole page.
 */
import {
  createContext,
  useContext,
  useEffect,
  useRef,
  useSyncExternalStore,
  type KeyboardEvent,
} from 'react'
import { findField } from '@honeyguide/model/filter'
import { hasHidden } from '@honeyguide/model/text'
import { addressOf } from '../state/route.ts'
import { go } from '../state/navigation.ts'
import type { ValueKind } from '../view/event-words.ts'
import { withCondition } from '../view/filter-draft.ts'
import { counted } from '../view/number-words.ts'
import { byteLength, middle, shown } from '../view/shorten.ts'
import { copyText } from './copy.tsx'
import { Icon } from './icon.tsx'

export type FilterAct = (field: string, value: string | number, act: 'only' | 'not') => void

/** What clicking a value does on this screen; elsewhere it goes to Live with that filter. */
export const FilterActs = createContext<FilterAct>((field, value, act) => {
  go(addressOf({ screen: 'live' }, { filter: withCondition('', field, value, act) }))
})

export interface ValueProps {
  readonly icon: ValueKind
  readonly text: string
  readonly aside?: string
  readonly full?: string
  readonly field: string
  readonly value: string | number
  readonly hot?: boolean
  readonly flat?: boolean
  /** Where Enter and "open" lead. */
  readonly open?: string
  /** Most characters shown; paths are cut in the middle. */
  readonly most?: number
  /** Values inside a grid row are reached by arrows, not by Tab. */
  readonly inGrid?: boolean
}

interface Card {
  readonly props: ValueProps
  readonly left: number
  readonly top: number
  readonly anchor: HTMLElement
  readonly act: FilterAct
}

let card: Card | null = null
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setTimeout> | undefined

function setCard(next: Card | null): void {
  clearTimeout(timer)
  if (card === next) return
  card = next
  for (const listener of listeners) listener()
}

function cardAt(anchor: HTMLElement, props: ValueProps, act: FilterAct): Card {
  const box = anchor.getBoundingClientRect()
  return {
    props,
    anchor,
    act,
    left: Math.max(12, Math.min(box.left, window.innerWidth - 332)),
    top: box.bottom + 6 > window.innerHeight - 180 ? Math.max(12, box.top - 176) : box.bottom + 6,
  }
}

const iconOf: Readonly<Record<ValueKind, string | undefined>> = {
  proc: 'proc',
  file: 'file',
  net: 'net',
  user: 'user',
  kernel: 'kernel',
  host: 'host',
  text: undefined,
}

export function Value(props: ValueProps) {
  const act = useContext(FilterActs)
  const button = useRef<HTMLButtonElement>(null)
  const most = props.most ?? 60
  const text =
    props.icon === 'file' || props.icon === 'proc'
      ? middle(shown(props.text, 1024), most)
      : middle(shown(props.text, 1024), most)
  const icon = iconOf[props.icon]
  const keys = (event: KeyboardEvent) => {
    if (event.metaKey || event.ctrlKey || event.altKey) return
    const done = () => {
      event.preventDefault()
      event.stopPropagation()
    }
    if (event.key === 'f') {
      done()
      act(props.field, props.value, 'only')
    } else if (event.key === 'x') {
      done()
      act(props.field, props.value, 'not')
    } else if (event.key === 'c') {
      done()
      void copyText(props.full ?? props.text, 'Value')
    } else if (event.key === ' ' && button.current) {
      done()
      setCard(cardAt(button.current, props, act))
    } else if (event.key === 'Enter' && props.open !== undefined) {
      done()
      go(props.open)
    }
  }
  return (
    <button
      ref={button}
      type="button"
      className={`e ${props.icon}${props.hot === true ? ' hot' : ''}${props.flat === true ? ' flat' : ''}`}
      tabIndex={props.inGrid === true ? -1 : 0}
      onClick={(event) => {
        event.stopPropagation()
        setCard(null)
        act(props.field, props.value, event.altKey ? 'not' : 'only')
      }}
      onKeyDown={keys}
      onPointerEnter={(event) => {
        if (event.pointerType !== 'mouse') return
        const anchor = event.currentTarget
        clearTimeout(timer)
        timer = setTimeout(() => setCard(cardAt(anchor, props, act)), 300)
      }}
      onPointerLeave={() => {
        clearTimeout(timer)
        timer = setTimeout(() => setCard(null), 250)
      }}
    >
      {icon === undefined ? null : <Icon name={icon} />}
      <span>
        {text}
        {props.aside === undefined ? null : <i>{shown(props.aside, 60)}</i>}
      </span>
    </button>
  )
}

/** The card of the value under the pointer or the keyboard. Rendered once, by the shell. */
export function ValueCard() {
  const now = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => card,
  )
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!now) return
    const byKey = document.activeElement === now.anchor
    if (byKey) box.current?.querySelector<HTMLElement>('button')?.focus()
    const closing = (event: Event) => {
      if (event.target instanceof Node && box.current?.contains(event.target)) return
      setCard(null)
    }
    const escape = (event: globalThis.KeyboardEvent) => {
      if (event.key !== 'Escape') return
      event.stopPropagation()
      setCard(null)
      now.anchor.focus()
    }
    window.addEventListener('pointerdown', closing)
    window.addEventListener('scroll', closing, true)
    window.addEventListener('keydown', escape, true)
    return () => {
      window.removeEventListener('pointerdown', closing)
      window.removeEventListener('scroll', closing, true)
      window.removeEventListener('keydown', escape, true)
    }
  }, [now])
  if (!now) return null
  const { props } = now
  const full = props.full ?? props.text
  const bytes = byteLength(full)
  const act = (which: 'only' | 'not') => {
    setCard(null)
    now.act(props.field, props.value, which)
  }
  const doc = findField(props.field)?.doc
  return (
    <div
      ref={box}
      className="pop card"
      role="dialog"
      aria-label={`About ${shown(props.text, 80)}`}
      style={{ left: now.left, top: now.top }}
      onPointerEnter={() => clearTimeout(timer)}
      onPointerLeave={() => {
        timer = setTimeout(() => setCard(null), 250)
      }}
    >
      <div className="row wrap">
        <b className="mono full">{shown(full, 4096)}</b>
        {hasHidden(full) ? <span className="tag honey">control or bidi character</span> : null}
        {bytes > 60 ? <span className="t3 small">{counted(bytes, 'byte')}</span> : null}
      </div>
      {doc === undefined ? null : <p className="t2 small">{doc}</p>}
      <div className="row wrap small">
        <button type="button" className="btn sm" onClick={() => act('only')}>
          Only this <kbd>f</kbd>
        </button>
        <button type="button" className="btn sm" onClick={() => act('not')}>
          Not this <kbd>x</kbd>
        </button>
        <button type="button" className="btn sm" onClick={() => void copyText(full, 'Value')}>
          Copy <kbd>c</kbd>
        </button>
        {props.open === undefined ? null : (
          <button
            type="button"
            className="btn sm"
            onClick={() => {
              setCard(null)
              go(props.open ?? '/')
            }}
          >
            Open <kbd>↵</kbd>
          </button>
        )}
      </div>
    </div>
  )
}
