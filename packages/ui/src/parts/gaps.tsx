/** The list of gaps behind every completeness badge: host, hook, interval, cause, and what it could hide. */
import type { Evidence, Gap } from '@honeyguide/model/api'
import { lossReasons } from '@honeyguide/model/loss-reasons'
import { evidenceCompleteness } from '../view/completeness.ts'
import { counted, grouped } from '../view/number-words.ts'
import { middle, shown } from '../view/shorten.ts'
import { clockMs, day } from '../view/time-words.ts'
import { CompletenessBadge } from './badges.tsx'
import { Popover } from './popover.tsx'

function causeOf(reason: string): { readonly what: string; readonly fix: string } | undefined {
  return Object.hasOwn(lossReasons, reason)
    ? lossReasons[reason as keyof typeof lossReasons]
    : undefined
}

/** "ring full" for `ring_full`. */
export function reasonWords(reason: string): string {
  return shown(reason, 60).replaceAll('_', ' ')
}

/** The short form, for panes: where, when, why, what it could hide. */
export function GapShort({ gap }: { gap: Gap }) {
  return (
    <>
      <span className="tag loss">gap</span>{' '}
      <span className="tele">{middle(shown(gap.host, 200), 32)}</span>, {clockMs(gap.from)} to{' '}
      {clockMs(gap.to)}, {reasonWords(gap.reason)}. {shown(gap.mayHide, 300)}
    </>
  )
}

export function GapLine({ gap }: { gap: Gap }) {
  const cause = causeOf(gap.reason)
  return (
    <>
      <div className="row wrap">
        <span className="tag loss">gap</span>
        <b className="mono tele trunc">{shown(gap.host, 80)}</b>
        <span className="mono t2">{shown(gap.hook, 80)}</span>
      </div>
      <p>
        {day(Date.parse(gap.from))} {clockMs(gap.from)} to {clockMs(gap.to)} ·{' '}
        {reasonWords(gap.reason)} ·{' '}
        {gap.lost === 0 && gap.offered === 0
          ? 'not counted'
          : `${grouped(gap.lost)} of ${counted(gap.offered, 'event')} lost`}
      </p>
      <p>{shown(gap.mayHide, 300)}</p>
      {cause === undefined ? null : (
        <p className="t3">
          {cause.what} {cause.fix}
        </p>
      )}
    </>
  )
}

export function GapList({ evidence }: { evidence: Evidence | undefined }) {
  if (evidence === undefined) return <p className="t2 small">The hub has not answered yet.</p>
  return (
    <>
      <p className="small t2">
        {evidence.gapCount === 0
          ? evidence.offered === 0
            ? 'No event was offered in this range, so there is nothing to be complete.'
            : `All ${counted(evidence.offered, 'event')} that the kernels offered in this range were seen.`
          : `${grouped(evidence.lost)} of ${counted(evidence.offered, 'event')} lost in ${counted(evidence.gapCount, 'gap')}.`}
      </p>
      <ul>
        {evidence.gaps.map((gap, at) => (
          <li key={`${gap.host}${gap.hook}${gap.from}${at}`}>
            <GapLine gap={gap} />
          </li>
        ))}
      </ul>
      {evidence.gapCount > evidence.gaps.length ? (
        <p className="t3 small">
          {grouped(evidence.gapCount - evidence.gaps.length)} older gaps are not listed.
        </p>
      ) : null}
    </>
  )
}

export function EvidenceControl({ evidence }: { evidence: Evidence | undefined }) {
  const words = evidenceCompleteness(evidence)
  return (
    <Popover
      label="Evidence and gaps"
      spoken="Evidence:"
      shortcut="honeyguide:evidence"
      side="to-left"
      panelClass="gaps"
      button={<CompletenessBadge words={words} />}
    >
      {() => <GapList evidence={evidence} />}
    </Popover>
  )
}
