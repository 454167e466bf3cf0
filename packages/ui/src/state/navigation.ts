/** The address bar as a React store: reading it, changing it, links that do not load the page anew. */
import { useCallback, useMemo, useSyncExternalStore } from 'react'
import { readRoute, type Route } from './route.ts'

const listeners = new Set<() => void>()

function changed(): void {
  for (const listener of listeners) listener()
}

if (typeof window !== 'undefined') window.addEventListener('popstate', changed)

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function address(): string {
  return window.location.pathname + window.location.search
}

/** Goes to an address of this page. `replace` leaves no entry in the history: for states that change often. */
export function go(to: string, how: 'push' | 'replace' = 'push'): void {
  if (to === address()) return
  if (how === 'push') window.history.pushState(null, '', to)
  else window.history.replaceState(null, '', to)
  changed()
}

export function useAddress(): { readonly route: Route; readonly params: URLSearchParams } {
  const now = useSyncExternalStore(subscribe, address)
  return useMemo(() => {
    const [path = '/', query = ''] = now.split('?')
    return { route: readRoute(path), params: new URLSearchParams(query) }
  }, [now])
}

export type QueryChange = Readonly<Record<string, string | null>>

/** Changes query values of the address as it is now: null or '' removes. */
export function changeQuery(change: QueryChange, how: 'push' | 'replace' = 'replace'): void {
  const params = new URLSearchParams(window.location.search)
  for (const [name, value] of Object.entries(change))
    if (value === null || value === '') params.delete(name)
    else params.set(name, value)
  const text = params.toString()
  go(text === '' ? window.location.pathname : `${window.location.pathname}?${text}`, how)
}

/** One query value and how to change it. */
export function useQueryValue(
  name: string,
): readonly [string, (value: string | null, how?: 'push' | 'replace') => void] {
  const { params } = useAddress()
  const set = useCallback(
    (value: string | null, how: 'push' | 'replace' = 'replace') =>
      changeQuery({ [name]: value }, how),
    [name],
  )
  return [params.get(name) ?? '', set]
}
