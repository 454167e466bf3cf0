/** An answer of the hub as React state: kept while it is asked again, with the failure beside it. */
import { useCallback, useEffect, useRef, useState } from 'react'
import { failureOf, get, type Failure } from './api-client.ts'
import { useConnection } from './connection.ts'

export interface Answer<Data> {
  readonly data: Data | undefined
  readonly failure: Failure | undefined
  /** Being asked now. */
  readonly busy: boolean
  /** When `data` came, ms since 1970. */
  readonly at: number | undefined
  readonly again: () => void
}

/** `path` null asks nothing. `everyMs` asks again after each answer while the page is visible. */
export function useAnswer<Data>(path: string | null, everyMs?: number): Answer<Data> {
  const [state, setState] = useState<Omit<Answer<Data>, 'again'>>({
    data: undefined,
    failure: undefined,
    busy: path !== null,
    at: undefined,
  })
  const [round, setRound] = useState(0)
  const connection = useConnection()
  const asked = useRef<string | null>(null)
  useEffect(() => {
    if (path === null) {
      setState({ data: undefined, failure: undefined, busy: false, at: undefined })
      return
    }
    const abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async (): Promise<void> => {
      try {
        const data = await get<Data>(path, abort.signal)
        if (abort.signal.aborted) return
        setState({ data, failure: undefined, busy: false, at: Date.now() })
      } catch (error) {
        if (abort.signal.aborted) return
        const failure = failureOf(error)
        // Old data stays, greyed by who shows it: it is better than nothing and says its age.
        setState((before) => ({ ...before, failure, busy: false }))
      }
      if (everyMs !== undefined && !abort.signal.aborted)
        timer = setTimeout(function tick() {
          if (document.visibilityState === 'hidden') timer = setTimeout(tick, everyMs)
          else void ask()
        }, everyMs)
    }
    // Another question's answer must not stand under this one's name.
    const samePlace = asked.current?.split('?')[0] === path.split('?')[0]
    asked.current = path
    setState((before) =>
      samePlace
        ? { ...before, busy: true }
        : { data: undefined, failure: undefined, busy: true, at: undefined },
    )
    void ask()
    return () => {
      abort.abort()
      clearTimeout(timer)
    }
  }, [path, everyMs, round, connection.round])
  const again = useCallback(() => setRound((before) => before + 1), [])
  return { ...state, again }
}

/** True after `ms` of `waiting`: what comes sooner needs no skeleton. */
export function useAfter(waiting: boolean, ms: number): boolean {
  const [past, setPast] = useState(false)
  useEffect(() => {
    if (!waiting) {
      setPast(false)
      return
    }
    const timer = setTimeout(() => setPast(true), ms)
    return () => clearTimeout(timer)
  }, [waiting, ms])
  return past
}

/** The time now, renewed every `everyMs`. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}
