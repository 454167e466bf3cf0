/**
 * A server-sent event stream over the raw response, so that what waits in it can be seen.
 *
 * Ends when the watcher leaves, when `signal` aborts, and at the end of the session that opened it.
 */
import type { ServerResponse } from 'node:http'
import type { LiveSink } from '../live/live.ts'

export interface EventStreamOptions {
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  /** ms since 1970; null for none. */
  readonly endsMs: number | null
  /** Begins to write; returns how to stop. */
  readonly start: (sink: LiveSink) => () => void
}

/** A setTimeout may not be longer. */
const longestTimerMs = 2 ** 31 - 1

export function sendEventStream(response: ServerResponse, options: EventStreamOptions): void {
  response.writeHead(200, {
    ...options.headers,
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    // Told how long to wait before it connects again after a restart of the hub.
  })
  response.flushHeaders()
  response.socket?.setNoDelay(true)
  response.write('retry: 1000\n\n')
  const stop = options.start({
    write(bytes) {
      if (!response.writableEnded && !response.destroyed) response.write(bytes)
    },
    get bufferedBytes() {
      return response.writableLength + (response.socket?.writableLength ?? 0)
    },
  })
  const timer =
    options.endsMs === null
      ? undefined
      : setTimeout(end, Math.min(longestTimerMs, Math.max(0, options.endsMs - Date.now())))
  function end(): void {
    stop()
    clearTimeout(timer)
    options.signal.removeEventListener('abort', end)
    if (!response.writableEnded) response.end()
  }
  options.signal.addEventListener('abort', end, { once: true })
  response.on('close', end)
  response.on('error', end)
}
