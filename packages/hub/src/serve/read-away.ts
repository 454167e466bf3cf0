/**
 * Reads what is left of a request that is refused, so that its answer arrives.
 *
 * Whoever still sends when a server closes sees a broken connection instead of the answer; and one that is kept
 * open is closed half a second later under the next request (`@hono/node-server` 2.1).
 */
import type { IncomingMessage } from 'node:http'

const mostBytes = 8 * 1024 * 1024
const withinMs = 2000

/** Resolves at the end of the body, after 8 MiB of it, or after two seconds. */
export function readAway(incoming: IncomingMessage): Promise<void> {
  if (incoming.readableEnded || incoming.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    let bytes = 0
    const timer = setTimeout(done, withinMs)
    function take(chunk: Buffer): void {
      bytes += chunk.length
      if (bytes > mostBytes) done()
    }
    function done(): void {
      clearTimeout(timer)
      incoming.off('data', take).off('end', done).off('close', done).off('error', done)
      resolve()
    }
    incoming.on('data', take).on('end', done).on('close', done).on('error', done)
  })
}
