/** A text area with colours under it and completion beside the caret. Errors stand under the line, line:column. */
import { useId, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import type { SchemaAnswer } from '@honeyguide/model/api'
import type { Failure } from '../state/api-client.ts'
import { completeSql, placeIndex, sqlTokens } from '../view/sql-text.ts'
import { shown, start } from '../view/shorten.ts'

const classOf = {
  keyword: 'k-kw',
  function: 'k-fn',
  string: 'k-str',
  number: 'k-num',
  comment: 'k-com',
  view: 'k-key',
  plain: '',
} as const

const empty = { views: [], functions: [] } as const

export function SqlEditor({
  value,
  onChange,
  onRun,
  schema,
  failure,
}: {
  value: string
  onChange: (value: string) => void
  onRun: () => void
  schema: SchemaAnswer | undefined
  failure: Failure | undefined
}) {
  const area = useRef<HTMLTextAreaElement>(null)
  const pad = useRef<HTMLDivElement>(null)
  const marker = useRef<HTMLSpanElement>(null)
  const [caret, setCaret] = useState(0)
  const [open, setOpen] = useState(false)
  const [at, setAt] = useState(0)
  const [place, setPlace] = useState({ left: 0, top: 0 })
  const id = useId()
  const views = useMemo(() => new Set((schema?.views ?? []).map((view) => view.name)), [schema])
  const tokens = useMemo(() => sqlTokens(value, views), [value, views])
  const completion = useMemo(
    () => (open ? completeSql(value, caret, schema ?? empty) : { from: caret, words: [] }),
    [open, value, caret, schema],
  )
  const chosen = completion.words[Math.min(at, completion.words.length - 1)]
  const wrong =
    failure?.line === undefined ? undefined : placeIndex(value, failure.line, failure.column ?? 1)
  const wrongEnd =
    wrong === undefined
      ? undefined
      : wrong + Math.max(1, /^\S*/.exec(value.slice(wrong))?.[0].length ?? 1)

  useLayoutEffect(() => {
    if (!open || !marker.current || !pad.current) return
    const box = marker.current.getBoundingClientRect()
    const outer = pad.current.getBoundingClientRect()
    setPlace({
      left: Math.min(box.left - outer.left, Math.max(0, outer.width - 300)),
      top: box.top - outer.top + 22,
    })
  }, [open, caret, value])

  const take = (word: string) => {
    const next = value.slice(0, completion.from) + word + value.slice(caret)
    const to = completion.from + word.length
    onChange(next)
    setOpen(false)
    requestAnimationFrame(() => {
      area.current?.focus()
      area.current?.setSelectionRange(to, to)
      setCaret(to)
    })
  }
  const keys = (event: KeyboardEvent) => {
    event.stopPropagation()
    if ((event.metaKey || event.ctrlKey) && event.key === 'Enter') {
      event.preventDefault()
      setOpen(false)
      onRun()
      return
    }
    if (open && completion.words.length > 0) {
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        event.preventDefault()
        const by = event.key === 'ArrowDown' ? 1 : -1
        setAt((before) => (before + by + completion.words.length) % completion.words.length)
        return
      }
      if ((event.key === 'Tab' || event.key === 'Enter') && chosen && !event.shiftKey) {
        event.preventDefault()
        take(chosen.word)
        return
      }
    }
    if (event.key === 'Escape') {
      if (open && completion.words.length > 0) setOpen(false)
      else area.current?.blur()
    }
    if (event.ctrlKey && event.key === ' ') {
      event.preventDefault()
      setOpen(true)
    }
  }
  const lineCount = value.split('\n').length
  let position = 0
  return (
    <>
      <div className="code">
        <div className="lns" aria-hidden="true">
          {lineNumbers(pad.current, value, lineCount)}
        </div>
        <div className="pad" ref={pad}>
          <pre aria-hidden="true">
            {tokens.map((token, index) => {
              const begin = position
              position += token.text.length
              const name = classOf[token.kind]
              const bad =
                wrong !== undefined &&
                wrongEnd !== undefined &&
                begin < wrongEnd &&
                position > wrong
              const pieces =
                caret > begin && caret <= position && open
                  ? [token.text.slice(0, caret - begin), token.text.slice(caret - begin)]
                  : [token.text]
              return (
                <span key={`${index}`} className={`${name} ${bad ? 'sq' : ''}`}>
                  {pieces[0]}
                  {pieces.length > 1 ? <span ref={marker} /> : null}
                  {pieces[1]}
                </span>
              )
            })}
            {'\n'}
          </pre>
          <textarea
            ref={area}
            aria-label="Query, SQL"
            role="combobox"
            aria-expanded={open && completion.words.length > 0}
            aria-controls={`${id}-list`}
            aria-autocomplete="list"
            aria-activedescendant={
              open && chosen ? `${id}-${completion.words.indexOf(chosen)}` : undefined
            }
            aria-invalid={failure !== undefined}
            aria-describedby={`${id}-diag`}
            data-filter
            spellCheck={false}
            autoComplete="off"
            autoCapitalize="off"
            value={value}
            onChange={(event) => {
              onChange(event.target.value)
              setCaret(event.target.selectionStart)
              setAt(0)
              setOpen(true)
            }}
            onSelect={(event) => {
              const to = event.currentTarget.selectionStart
              if (to !== caret) {
                setCaret(to)
                setOpen(false)
              }
            }}
            onKeyDown={keys}
            onBlur={() => setOpen(false)}
          />
          {open && completion.words.length > 0 ? (
            <div
              className="pop ac"
              role="listbox"
              id={`${id}-list`}
              aria-label="Completion"
              style={place}
            >
              {completion.words.map((word, index) => (
                <div
                  key={`${word.kind}${word.word}`}
                  id={`${id}-${index}`}
                  role="option"
                  aria-selected={word === chosen}
                  className="opt"
                  onPointerDown={(event) => {
                    event.preventDefault()
                    take(word.word)
                  }}
                >
                  <span className="mono trunc">{word.word}</span>
                  <span className="end trunc">{start(word.detail, 28)}</span>
                </div>
              ))}
            </div>
          ) : null}
        </div>
      </div>
      <div id={`${id}-diag`}>
        {failure === undefined ? null : (
          <p className="diag small" role="alert">
            <b className="mono">
              {failure.line === undefined ? '' : `${failure.line}:${failure.column ?? 1} `}
            </b>
            <b>{shown(failure.message, 600)}</b>{' '}
            <span className="t2">{shown(failure.fix, 400)}</span>{' '}
            <span className="t3 mono">
              {failure.code}
              {failure.id === '' ? '' : ` · ${shown(failure.id, 60)}`}
            </span>
          </p>
        )}
      </div>
    </>
  )
}

/** Numbers with room for wrapped lines: as many characters as fit are known only from the drawn width. */
function lineNumbers(pad: HTMLElement | null, value: string, lineCount: number): string {
  const perLine = pad === null ? Infinity : Math.max(10, Math.floor((pad.clientWidth - 16) / 7.2))
  const lines = value.split('\n')
  let out = ''
  for (let no = 1; no <= Math.max(lineCount, 6); no++) {
    out += no <= Math.max(lineCount, 6) ? `${no}\n` : '\n'
    const more = Math.ceil(Math.max(1, lines[no - 1]?.length ?? 0) / perLine) - 1
    out += '\n'.repeat(Math.max(0, more))
  }
  return out
}
