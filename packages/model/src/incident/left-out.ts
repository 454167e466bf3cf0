/** What an incident had no room for, in words: the same on the page and on a terminal. */
import type { Incident } from './incident.ts'

const number = new Intl.NumberFormat('en')

/** A sentence; empty when it has all. */
export function leftOutWords({ leftOut }: Pick<Incident, 'leftOut'>): string {
  if (leftOut === 0) return ''
  const what = leftOut === 1 ? 'event or process' : 'events and processes'
  return `It has no room for ${number.format(leftOut)} more ${what} of its own; a hunt finds them.`
}
