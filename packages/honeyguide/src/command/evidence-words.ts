/** How complete an answer is, in one sentence. Pure. */
import type { Evidence } from '@honeyguide/model'

export function evidenceWords(evidence: Pick<Evidence, 'complete' | 'lost' | 'offered'>): string {
  if (evidence.complete)
    return `Complete: nothing of ${evidence.offered} events was lost in this interval.`
  return `Incomplete: ${evidence.lost} of ${evidence.offered} events were lost in this interval.`
}
