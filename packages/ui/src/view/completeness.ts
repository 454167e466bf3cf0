/** What the completeness badge says of an answer: the ring, the share, the count of gaps. */
import type { Evidence } from '@honeyguide/model/api'
import { counted, shareWords } from './number-words.ts'

export interface Completeness {
  /** full: closed ring; part: opened ring; unknown: dashed ring. */
  readonly ring: 'full' | 'part' | 'unknown'
  /** "99.97 %", "100 %", "not known yet". */
  readonly share: string
  /** "1 gap"; empty when there is none. */
  readonly gaps: string
  /** As a sentence, for screen readers. */
  readonly spoken: string
}

/** `undefined` stands for an answer that has not come. */
export function completenessOf(
  evidence:
    | {
        readonly complete: boolean
        readonly offered: number
        readonly lost: number
        readonly gaps?: number
      }
    | undefined,
  gapCount = evidence?.gaps ?? 0,
): Completeness {
  if (evidence === undefined || (evidence.offered === 0 && evidence.complete && gapCount === 0))
    return {
      ring: 'unknown',
      share: 'not known yet',
      gaps: '',
      spoken: 'Evidence not known yet',
    }
  const share = shareWords(evidence.offered - evidence.lost, evidence.offered)
  const gaps = gapCount > 0 ? counted(gapCount, 'gap') : ''
  // An interval in which nobody counted has a gap without a number: the share alone would lie.
  const ring = evidence.complete && gapCount === 0 ? 'full' : 'part'
  return {
    ring,
    share: evidence.offered === 0 ? 'unknown' : share,
    gaps,
    spoken: `Evidence ${share.replace('%', 'percent')}${gaps === '' ? '' : `, ${gaps}`}`,
  }
}

export function evidenceCompleteness(evidence: Evidence | undefined): Completeness {
  return completenessOf(
    evidence === undefined
      ? undefined
      : { complete: evidence.complete, offered: evidence.offered, lost: evidence.lost },
    evidence?.gapCount ?? 0,
  )
}
