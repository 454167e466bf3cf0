/** Empty, loading, failed: each says what was looked at and what can be done. */
import type { ReactNode } from 'react'
import type { Failure } from '../state/api-client.ts'
import { useAfter } from '../state/use-answer.ts'
import { shown } from '../view/shorten.ts'
import { Icon } from './icon.tsx'

export function Empty({
  title,
  children,
  acts,
}: {
  title: string
  children?: ReactNode
  acts?: ReactNode
}) {
  return (
    <div className="emp">
      <svg className="ehex" viewBox="0 0 60 34" aria-hidden="true">
        {[
          [12, 4],
          [30, 4],
          [48, 4],
          [21, 17],
          [39, 17],
        ].map(([x = 0, y = 0]) => (
          <polygon
            key={`${x}`}
            points={`${x},${y} ${x + 6.9},${y + 4} ${x + 6.9},${y + 12} ${x},${y + 16} ${x - 6.9},${y + 12} ${x - 6.9},${y + 4}`}
          />
        ))}
      </svg>
      <p className="strong">{title}</p>
      {children === undefined ? null : <div className="t2 small">{children}</div>}
      {acts === undefined ? null : <div className="row">{acts}</div>}
    </div>
  )
}

const widths = ['88%', '64%', '76%', '58%', '82%', '70%', '61%', '79%']

/** The shape of what comes, after 150 ms; nothing before. */
export function Skeleton({ label, rows = 8 }: { label: string; rows?: number }) {
  const visible = useAfter(true, 150)
  return (
    <div className="lod" aria-busy="true" role="status">
      <span className="vh">{label}</span>
      {visible
        ? Array.from({ length: rows }, (_, at) => (
            <div key={at}>
              <i className="sk" />
              <i className="sk" style={{ width: widths[at % widths.length] }} />
            </div>
          ))
        : null}
    </div>
  )
}

export function FailureNote({
  failure,
  what,
  again,
  children,
}: {
  failure: Failure
  /** What was wanted: "The incidents". */
  what: string
  again?: () => void
  children?: ReactNode
}) {
  return (
    <div className="er" role="alert">
      <Icon name="warn" />
      <div>
        <p>
          <b>{shown(failure.message, 1000)}</b>
        </p>
        <p className="t2 small">
          {what}{' '}
          {failure.line === undefined
            ? ''
            : `(line ${failure.line}${failure.column === undefined ? '' : `, column ${failure.column}`}) `}
          could not be shown. {shown(failure.fix, 1000)}
        </p>
        <div className="row wrap">
          {again === undefined ? null : (
            <button type="button" className="btn sm" onClick={again}>
              Try again
            </button>
          )}
          {children}
          <span className="t3 small mono">
            {failure.code}
            {failure.id === '' ? '' : ` · ${shown(failure.id, 80)}`}
          </span>
        </div>
      </div>
    </div>
  )
}
