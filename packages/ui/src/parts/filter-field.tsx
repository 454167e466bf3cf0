/**
 * The filter field: chips and free text, completion as a panel in the flow that never covers a row.
 *
 * `Tab` completes, `Enter` applies, `Backspace` at the beginning takes the last chip back into the text.
 */
import { useId, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { findField } from '@honeyguide/model/filter'
import { completeFilter, readFilter, withoutChip, bothFilters } from '../view/filter-draft.ts'
import { shown } from '../view/shorten.ts'
import { readPreference, writePreference } from '../state/preferences.ts'
import { Icon } from './icon.tsx'

function lately(): readonly string[] {
  try {
    const list: unknown = JSON.parse(readPreference('filters') ?? '[]')
    return Array.isArray(list) ? list.filter((one): one is string => typeof one === 'string') : []
  } catch {
    return []
  }
}

function remember(text: string): void {
  if (text === '') return
  writePreference(
    'filters',
    JSON.stringify([text, ...lately().filter((one) => one !== text)].slice(0, 6)),
  )
}

export type FieldValues = (
  field: string,
) => readonly { readonly value: string; readonly count: number }[]

export function FilterField({
  text,
  onChange,
  valuesOf,
  after,
}: {
  /** Canonical filter text of the URL. */
  text: string
  onChange: (text: string) => void
  valuesOf: FieldValues
  /** Buttons at the right of the field. */
  after?: ReactNode
}) {
  const [draft, setDraft] = useState('')
  const [open, setOpen] = useState(false)
  const [at, setAt] = useState(0)
  const input = useRef<HTMLInputElement>(null)
  const bar = useRef<HTMLDivElement>(null)
  const id = useId()
  const reading = useMemo(() => readFilter(text), [text])
  const draftReading = useMemo(() => readFilter(draft.replace(/^\s*and\s+/i, '')), [draft])
  const options = useMemo(
    () => (open ? completeFilter(draft, valuesOf) : []),
    [open, draft, valuesOf],
  )
  const chosen = options[Math.min(at, Math.max(0, options.length - 1))]
  const field =
    chosen?.kind === 'field'
      ? findField(chosen.label)
      : findField((/([\w.]+)\s*\S*$/.exec(draft) ?? [])[1] ?? '')
  const values = field ? valuesOf(field.name) : []
  const most = Math.max(1, ...values.map((one) => one.count))
  const sum = Math.max(
    1,
    values.reduce((total, one) => total + one.count, 0),
  )

  const take = (next: string) => {
    setDraft(next)
    setAt(0)
    input.current?.focus()
  }
  const apply = () => {
    if (draft.trim() === '') {
      setOpen(false)
      return
    }
    if (draftReading.kind === 'bad') return
    const joined = bothFilters(text, draftReading.text)
    remember(draftReading.text)
    setDraft('')
    setOpen(false)
    onChange(joined)
  }
  const keys = (event: KeyboardEvent<HTMLInputElement>) => {
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp':
        event.preventDefault()
        setOpen(true)
        setAt((before) =>
          Math.max(0, Math.min(options.length - 1, before + (event.key === 'ArrowDown' ? 1 : -1))),
        )
        break
      case 'Tab':
        if (open && chosen && draft !== '' && !event.shiftKey && chosen.draft !== draft) {
          event.preventDefault()
          take(chosen.draft)
        } else setOpen(false)
        break
      case 'Enter':
        event.preventDefault()
        if (open && chosen && at > 0) take(chosen.draft)
        else apply()
        break
      case 'Escape':
        event.stopPropagation()
        if (open) setOpen(false)
        else if (draft !== '') setDraft('')
        else input.current?.blur()
        break
      case 'Backspace':
        if (draft === '' && reading.kind === 'good' && reading.chips.length > 0) {
          event.preventDefault()
          const last = reading.chips[reading.chips.length - 1]
          onChange(withoutChip(text, reading.chips.length - 1))
          setDraft(last?.text ?? '')
        }
        break
    }
  }
  const bad = draft !== '' && draftReading.kind === 'bad' ? draftReading : undefined
  return (
    <div
      ref={bar}
      onBlur={(event) => {
        if (event.relatedTarget instanceof Node && !bar.current?.contains(event.relatedTarget))
          setOpen(false)
      }}
    >
      <div className="fbar q">
        <div className="field grow qf">
          <Icon name="filter" size={14} />
          {reading.kind === 'bad' ? (
            <span className="f not">
              <span className="v">{shown(text, 80)}</span>
              <button
                type="button"
                aria-label="Remove the filter that cannot be read"
                onClick={() => onChange('')}
              >
                <Icon name="x" size={12} />
              </button>
            </span>
          ) : (
            reading.chips.map((chip, index) => (
              <span key={chip.text} className={`f ${chip.not ? 'not' : ''}`}>
                {chip.field === '' ? null : <span className="k">{chip.field}</span>}
                {chip.operator === '' ? null : <span className="o">{chip.operator}</span>}
                {chip.value === '' ? <span /> : <span className="v">{shown(chip.value, 120)}</span>}
                <button
                  type="button"
                  aria-label={`Remove filter ${shown(chip.text, 60)}`}
                  onClick={() => onChange(withoutChip(text, index))}
                >
                  <Icon name="x" size={12} />
                </button>
              </span>
            ))
          )}
          <input
            ref={input}
            data-filter
            role="combobox"
            aria-label="Filter, query language"
            aria-expanded={open && options.length > 0}
            aria-controls={`${id}-list`}
            aria-activedescendant={open && chosen ? `${id}-${options.indexOf(chosen)}` : undefined}
            aria-autocomplete="list"
            aria-invalid={bad !== undefined}
            aria-describedby={`${id}-note`}
            className="mono"
            spellCheck={false}
            autoComplete="off"
            placeholder={
              reading.kind === 'good' && reading.chips.length > 0
                ? 'and …'
                : 'Filter: name = curl, port = 443, or a word'
            }
            value={draft}
            onFocus={() => setOpen(true)}
            onClick={() => setOpen(true)}
            onChange={(event) => {
              setDraft(event.target.value)
              setAt(0)
              setOpen(true)
            }}
            onKeyDown={keys}
          />
          <span className="row t3 small nomob">
            {open && draft !== '' ? (
              <>
                <kbd>Tab</kbd> complete <kbd>↵</kbd> apply
              </>
            ) : (
              <kbd>/</kbd>
            )}
          </span>
        </div>
        {after}
      </div>
      <p
        id={`${id}-note`}
        className={bad || reading.kind === 'bad' ? 'qbad small' : 'vh'}
        role="status"
      >
        {reading.kind === 'bad'
          ? shown(reading.message, 300)
          : bad && !open
            ? shown(bad.message, 300)
            : ''}
      </p>
      {open && (options.length > 0 || bad) ? (
        <div className="qc">
          <div className="ql" role="listbox" id={`${id}-list`} aria-label="Completion">
            {options.slice(0, 8).map((option, index) => (
              <div
                key={option.label}
                id={`${id}-${index}`}
                role="option"
                aria-selected={option === chosen}
                className="opt"
                onPointerDown={(event) => {
                  event.preventDefault()
                  take(option.draft)
                }}
              >
                <span className="mono trunc tele">{shown(option.label, 60)}</span>
                <span className="end">
                  {option.kind === 'field'
                    ? (findField(option.label)?.type ?? '')
                    : option.kind === 'value'
                      ? option.detail
                      : option.detail}
                </span>
              </div>
            ))}
            {options.length === 0 && bad ? (
              <p className="t2 small">{shown(bad.message, 300)}</p>
            ) : null}
          </div>
          <div className="qd">
            {field === undefined ? null : (
              <>
                <h3>{field.name}</h3>
                <p className="t2 small">{field.doc}</p>
                {values.slice(0, 5).map((one) => (
                  <div key={one.value} className="qv">
                    <span className="mono trunc tele">{shown(one.value, 40)}</span>
                    <span className="bar">
                      <i style={{ width: `${(one.count / most) * 100}%` }} />
                    </span>
                    <span className="num t2">
                      {Math.max(0.1, (one.count / sum) * 100).toFixed(1)} %
                    </span>
                  </div>
                ))}
              </>
            )}
          </div>
          <div className="qe">
            <h3>Then</h3>
            <p className="row wrap">
              <kbd>=</kbd>
              <kbd>!=</kbd>
              <kbd>~</kbd>
              <kbd>in</kbd>
              <kbd>exists</kbd>
              <span className="t3 small">
                with <span className="mono">and or not ( )</span>
              </span>
            </p>
            {lately().length === 0 ? null : <h3>Used lately</h3>}
            {lately()
              .slice(0, 4)
              .map((one) => (
                <button
                  key={one}
                  type="button"
                  className="opt"
                  onClick={() => {
                    onChange(bothFilters(text, one))
                    setOpen(false)
                  }}
                >
                  <span className="mono trunc tele">{shown(one, 80)}</span>
                </button>
              ))}
            <p className="t3 small qn">
              <kbd>Esc</kbd> closes this; rows below move, none is covered.
            </p>
          </div>
        </div>
      ) : null}
    </div>
  )
}

/** Frequent values for completion: facets by the short names that the filter uses. */
export function facetValues(
  facets:
    | Readonly<Record<string, readonly { readonly value: string; readonly count: number }[]>>
    | undefined,
): FieldValues {
  const alias: Readonly<Record<string, string>> = {
    device_hostname: 'host',
    process_user_name: 'user',
    process_name: 'process',
    name: 'process',
    kind: 'type',
  }
  return (field) => facets?.[alias[field] ?? field] ?? []
}
