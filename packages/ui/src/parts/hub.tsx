/** What every screen may want to know of the hub, asked once for all: who, which hosts, which open incidents. */
import {
  createContext,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  type ReactNode,
} from 'react'
import type { Evidence, Host, IncidentsAnswer, IncidentSummary, Me } from '@honeyguide/model/api'
import { writePreference } from '../state/preferences.ts'
import { useAnswer } from '../state/use-answer.ts'
import { evidenceCompleteness } from '../view/completeness.ts'
import { counted } from '../view/number-words.ts'
import { say } from './toasts.tsx'

export interface HubFacts {
  readonly me: Me
  readonly hosts: readonly Host[] | undefined
  readonly hostsEvidence: Evidence | undefined
  readonly openIncidents: readonly IncidentSummary[] | undefined
}

const Facts = createContext<HubFacts | null>(null)

export function useHub(): HubFacts {
  const facts = useContext(Facts)
  if (!facts) throw new Error('useHub outside HubProvider')
  return facts
}

export function isOpen(incident: IncidentSummary): boolean {
  return ['new', 'acknowledged', 'in_progress'].includes(incident.status)
}

export function HubProvider({ me, children }: { me: Me; children: ReactNode }) {
  const hosts = useAnswer<{ hosts: readonly Host[]; evidence: Evidence }>('/hosts', 5000)
  const incidents = useAnswer<IncidentsAnswer>('/incidents', 5000)
  const seen = useRef<Set<string> | null>(null)
  const [spoken, setSpoken] = useState('')
  useEffect(() => {
    const list = incidents.data?.incidents
    if (!list) return
    if (seen.current) {
      const worst = list.find((one) => !seen.current?.has(one.uid))
      if (worst) {
        say(`New incident ${worst.uid}, ${worst.severity}.`, { icon: 'bell' })
        if (worst.severity === 'critical') setSpoken(`New critical incident ${worst.uid}`)
      }
    }
    seen.current = new Set(list.map((one) => one.uid))
    if (list.length > 0) writePreference('incident-seen', 'yes')
  }, [incidents.data])
  const facts = useMemo<HubFacts>(
    () => ({
      me,
      hosts: hosts.data?.hosts,
      hostsEvidence: hosts.data?.evidence,
      openIncidents: incidents.data?.incidents.filter(isOpen),
    }),
    [me, hosts.data, incidents.data],
  )
  return (
    <Facts.Provider value={facts}>
      {children}
      <div className="vh" aria-live="assertive">
        {spoken}
      </div>
    </Facts.Provider>
  )
}

/** Words for screen readers and empty states: "42 hosts, 99.996 % of events seen". */
export function evidenceSentence(
  hosts: readonly Host[] | undefined,
  evidence: Evidence | undefined,
): string {
  const words = evidenceCompleteness(evidence)
  const of = hosts === undefined ? '' : `${counted(hosts.length, 'host')}, `
  return words.ring === 'unknown'
    ? `${of}completeness not known yet`
    : `${of}${words.share} of events seen${words.gaps === '' ? '' : `, ${words.gaps}`}`
}
