/** The page: who is signed in, and which screen the address names. */
import { lazy, StrictMode, Suspense, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'
import type { IncidentsAnswer, Me } from '@honeyguide/model/api'
import { failureOf, get, onSignedOut, type Failure } from './state/api-client.ts'
import { go, useAddress } from './state/navigation.ts'
import { readPreference, writePreference } from './state/preferences.ts'
import { addressOf } from './state/route.ts'
import { Skeleton, FailureNote } from './parts/states.tsx'
import { HubProvider } from './parts/hub.tsx'
import { SignIn } from './screens/sign-in.tsx'
import { Incidents } from './screens/incidents.tsx'
import { IncidentScreen } from './screens/incident.tsx'
import { Live } from './screens/live.tsx'
import { FirstRun } from './screens/first-run.tsx'
import { Unknown } from './screens/unknown.tsx'

const Processes = lazy(async () => ({
  default: (await import('./screens/processes.tsx')).Processes,
}))
const Hunt = lazy(async () => ({ default: (await import('./screens/hunt.tsx')).Hunt }))
const Fleet = lazy(async () => ({ default: (await import('./screens/fleet.tsx')).Fleet }))

/** First run until the first incident was seen, then Incidents. */
function Landing() {
  useEffect(() => {
    const abort = new AbortController()
    const seen = readPreference('incident-seen') === 'yes'
    if (seen) go(addressOf({ screen: 'incidents' }), 'replace')
    else
      get<IncidentsAnswer>('/incidents', abort.signal).then(
        (answer) => {
          if (answer.incidents.length > 0) writePreference('incident-seen', 'yes')
          go(
            addressOf({ screen: answer.incidents.length > 0 ? 'incidents' : 'first-run' }),
            'replace',
          )
        },
        () => {
          if (!abort.signal.aborted) go(addressOf({ screen: 'first-run' }), 'replace')
        },
      )
    return () => abort.abort()
  }, [])
  return <Skeleton label="Opening" />
}

function Screen() {
  const { route } = useAddress()
  switch (route.screen) {
    case 'landing':
      return <Landing />
    case 'first-run':
      return <FirstRun />
    case 'incidents':
      return <Incidents />
    case 'incident':
      return <IncidentScreen key={route.uid} uid={route.uid} />
    case 'live':
      return <Live />
    case 'processes':
      return <Processes />
    case 'hunt':
      return <Hunt />
    case 'fleet':
      return <Fleet />
    case 'unknown':
      return <Unknown path={route.path} />
  }
}

type Session =
  | { readonly kind: 'asking' }
  | { readonly kind: 'in'; readonly me: Me }
  | { readonly kind: 'out' }
  | { readonly kind: 'failed'; readonly failure: Failure }

function Page({ token }: { token: string | undefined }) {
  const [session, setSession] = useState<Session>(
    token === undefined ? { kind: 'asking' } : { kind: 'out' },
  )
  const ask = () => {
    get<Me>('/me').then(
      (me) => setSession({ kind: 'in', me }),
      (error: unknown) => {
        const failure = failureOf(error)
        setSession(failure.status === 401 ? { kind: 'out' } : { kind: 'failed', failure })
      },
    )
  }
  useEffect(() => {
    if (token === undefined) ask()
    onSignedOut(() => setSession({ kind: 'out' }))
  }, [token])
  switch (session.kind) {
    case 'asking':
      return (
        <main>
          <h1 className="vh">Honeyguide</h1>
          <Skeleton label="Asking the hub who is signed in" />
        </main>
      )
    case 'out':
      return <SignIn token={token} done={ask} />
    case 'failed':
      return (
        <main>
          <h1 className="vh">Honeyguide</h1>
          <FailureNote failure={session.failure} what="Who is signed in" again={ask} />
        </main>
      )
    case 'in':
      return (
        <HubProvider me={session.me}>
          <Suspense fallback={<Skeleton label="Loading the screen" />}>
            <Screen />
          </Suspense>
        </HubProvider>
      )
  }
}

export function startPage(token: string | undefined): void {
  const root = document.getElementById('root')
  if (!root) throw new Error('index.html has no #root')
  createRoot(root).render(
    <StrictMode>
      <Page token={token} />
    </StrictMode>,
  )
}
