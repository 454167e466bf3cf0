/**
 * The live stream as React state: at most ten pictures a second, bounded memory, whatever comes in.
 *
 * The stream opens again by itself with a growing pause; a stream that the hub closes for good says so.
 */
import { useEffect, useRef, useState } from 'react'
import type { EventsAnswer } from '@honeyguide/model/api'
import { createLiveWindow, type LiveSnapshot } from '../view/live-window.ts'
import { connectionWorked } from './connection.ts'
import { failureOf, get, type Failure } from './api-client.ts'
import { readLiveMessage } from './live-message.ts'

export interface LiveFeed {
  readonly snapshot: LiveSnapshot
  readonly state: 'connecting' | 'open' | 'away'
  /** A refusal, for example of the filter; the stream is not tried again until the filter changes. */
  readonly refused: Failure | undefined
  /** Why rows and values from before the stream are not known; it is asked again. */
  readonly historyFailure: Failure | undefined
  readonly facets: EventsAnswer['facets'] | undefined
  readonly total: number | undefined
  readonly evidence: EventsAnswer['evidence'] | undefined
  /** ms since 1970 when this stream was opened. */
  readonly openedAt: number
}

const pictureMs = 100
const memory = { rows: 3000, seconds: 330 } as const

/** `filter` null opens nothing. `historyMs` is how far back the rows and values before the stream reach. */
export function useLiveFeed(filter: string | null, historyMs: number): LiveFeed {
  const [feed, setFeed] = useState<LiveFeed>(() => ({
    snapshot: createLiveWindow(memory).snapshot(Date.now()),
    state: 'connecting',
    refused: undefined,
    historyFailure: undefined,
    facets: undefined,
    total: undefined,
    evidence: undefined,
    openedAt: Date.now(),
  }))
  const generation = useRef(0)
  useEffect(() => {
    generation.current += 1
    const mine = generation.current
    const abort = new AbortController()
    const window_ = createLiveWindow(memory)
    const openedAt = Date.now()
    let dirty = true
    let state: LiveFeed['state'] = 'connecting'
    let source: EventSource | undefined
    let retry: ReturnType<typeof setTimeout> | undefined
    let pause = 500
    const update = (change: Partial<LiveFeed>) => {
      if (generation.current === mine) setFeed((before) => ({ ...before, ...change }))
    }
    setFeed((before) => ({
      ...before,
      snapshot: window_.snapshot(openedAt),
      state,
      refused: undefined,
      openedAt,
    }))
    if (filter === null) return

    const query = `filter=${encodeURIComponent(filter)}`
    const history = async (first: boolean): Promise<void> => {
      const to = Date.now()
      try {
        const answer = await get<EventsAnswer>(
          `/events?from=${new Date(to - historyMs).toISOString()}&to=${new Date(to).toISOString()}&${query}&limit=${first ? 200 : 1}`,
          abort.signal,
        )
        if (first) {
          window_.seed(answer.rows)
          dirty = true
        }
        update({
          facets: answer.facets,
          total: answer.total,
          evidence: answer.evidence,
          refused: undefined,
          historyFailure: undefined,
        })
      } catch (error) {
        if (abort.signal.aborted) return
        const failure = failureOf(error)
        if (failure.status >= 400 && failure.status < 500) {
          source?.close()
          clearTimeout(retry)
          update({ refused: failure })
          return
        }
        update({ historyFailure: failure })
      }
      if (!abort.signal.aborted) historyTimer = setTimeout(() => void history(false), 10_000)
    }
    let historyTimer: ReturnType<typeof setTimeout> | undefined
    const open = () => {
      source = new EventSource(`/api/v1/live?${query}`)
      source.onopen = () => {
        state = 'open'
        pause = 500
        dirty = true
        connectionWorked()
      }
      source.onmessage = (event: MessageEvent<string>) => {
        const message = readLiveMessage(event.data)
        if (!message) return
        window_.accept(message, Date.now())
        dirty = true
        draw()
      }
      source.onerror = () => {
        source?.close()
        state = 'away'
        dirty = true
        // A stream says no reason when it ends; a question does: no hub, no session, or neither.
        get('/me').catch(() => undefined)
        retry = setTimeout(open, pause)
        pause = Math.min(pause * 2, 10_000)
      }
    }
    let drawnAt = 0
    let pending: ReturnType<typeof setTimeout> | undefined
    const draw = () => {
      if (pending !== undefined) return
      const wait = Math.max(0, drawnAt + pictureMs - performance.now())
      pending = setTimeout(() => {
        pending = undefined
        drawnAt = performance.now()
        if (!dirty) return
        dirty = false
        update({ snapshot: window_.snapshot(Date.now()), state })
      }, wait)
    }
    open()
    void history(true)
    // Rates fall to zero when nothing comes, so somebody must look.
    const calm = setInterval(() => {
      dirty = true
      draw()
    }, 1000)
    return () => {
      abort.abort()
      source?.close()
      clearInterval(calm)
      clearTimeout(pending)
      clearTimeout(retry)
      clearTimeout(historyTimer)
    }
  }, [filter, historyMs])
  return feed
}
