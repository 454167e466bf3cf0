/** Small facts: severity, completeness, states, tactics. Never colour alone. */
import type { IncidentStatus, Severity } from '@honeyguide/model/incident'
import type { Host } from '@honeyguide/model/api'
import type { Completeness as CompletenessWords } from '../view/completeness.ts'
import { Mark } from './icon.tsx'

export const severityClass: Readonly<Record<Severity, 'crit' | 'high' | 'med' | 'low'>> = {
  critical: 'crit',
  high: 'high',
  medium: 'med',
  low: 'low',
}
export const severityWord: Readonly<Record<Severity, string>> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
}

export function SeverityBadge({ severity }: { severity: Severity }) {
  const name = severityClass[severity]
  return (
    <span className={`sev ${name}`}>
      <Mark name={`sev-${name}`} />
      {severityWord[severity]}
    </span>
  )
}

/** The hexagon alone: only beside the word or with an accessible name. */
export function SeverityHex({ severity, label }: { severity: Severity; label?: string }) {
  const name = severityClass[severity]
  return (
    <span
      {...(label === undefined ? { 'aria-hidden': true } : { role: 'img', 'aria-label': label })}
    >
      <Mark name={`sev-${name}`} className={`hexs c-${name}`} />
    </span>
  )
}

const ringName = { full: 'comp-full', part: 'comp-part', unknown: 'comp-unk' } as const

export function CompletenessBadge({ words, note }: { words: CompletenessWords; note?: string }) {
  return (
    <span className="comp">
      <Mark name={ringName[words.ring]} />
      <span>
        <b>{words.share}</b>
        {words.gaps === '' ? '' : ` · ${words.gaps}`}
        {note === undefined ? '' : ` ${note}`}
      </span>
    </span>
  )
}

const statusWords: Readonly<
  Record<IncidentStatus, { readonly word: string; readonly mark: string }>
> = {
  new: { word: 'New', mark: 'new' },
  acknowledged: { word: 'Acknowledged', mark: 'ack' },
  in_progress: { word: 'In progress', mark: 'prog' },
  true_positive: { word: 'True positive', mark: 'done' },
  false_positive: { word: 'False positive', mark: 'done' },
  suppressed: { word: 'Suppressed', mark: 'done' },
}
export const statusOrder: readonly IncidentStatus[] = [
  'new',
  'acknowledged',
  'in_progress',
  'true_positive',
  'false_positive',
  'suppressed',
]
export function statusWord(status: IncidentStatus): string {
  return statusWords[status].word
}

export function StatusDot({ status }: { status: IncidentStatus }) {
  const { word, mark } = statusWords[status]
  return <span className={`st ${mark}`}>{word}</span>
}

const healthMark = { healthy: 'ok', losing: 'lossy', silent: 'off' } as const

export function HealthDot({ health, detail }: { health: Host['health']; detail?: string }) {
  return (
    <span className={`st ${healthMark[health]}`}>
      {health}
      {detail === undefined ? '' : ` ${detail}`}
    </span>
  )
}

/** ATT&CK's order of tactics of the enterprise matrix, without the two that leave no trace on a host. */
export const tacticOrder = [
  'TA0001',
  'TA0002',
  'TA0003',
  'TA0004',
  'TA0005',
  'TA0006',
  'TA0007',
  'TA0008',
  'TA0009',
  'TA0011',
  'TA0010',
  'TA0040',
] as const

export function TacticChain({
  tactics,
  severity,
}: {
  tactics: readonly string[]
  severity: Severity
}) {
  const seen = tacticOrder.filter((tactic) => tactics.includes(tactic)).length
  const words = `${seen} of ${tacticOrder.length} tactics`
  return (
    <span
      className={`chain ${severityClass[severity]}`}
      role="img"
      aria-label={words}
      title={words}
    >
      {tacticOrder.map((tactic) => (
        <i key={tactic} className={tactics.includes(tactic) ? 'on' : ''} />
      ))}
    </span>
  )
}
