/**
 * Who may look: a one-time link, exchanged once for a session.
 *
 * A link lives ten minutes, a session twelve hours. Tries with a wrong token are limited for everybody
 * together (on loopback all callers look alike): ten at once, then one every six seconds.
 */
import { HoneyguideError } from '@honeyguide/model'
import type { SessionStore } from './session-store.ts'
import { makeToken, tokenHash } from './token.ts'

export interface Access {
  /** A new link's token, and when it ends (ms since 1970). */
  makeLink(): { readonly token: string; readonly expiresMs: number }
  /** The session's secret. Throws HG_AUTH_REFUSED, or HG_AUTH_LIMITED after too many wrong ones. */
  exchange(token: string): { readonly session: string; readonly expiresMs: number }
  /** When the session ends; undefined when it is none of ours or has ended. */
  sessionEnd(session: string): number | undefined
  /** Refused tries since the start. */
  readonly refused: number
}

export const linkMs = 10 * 60_000
export const sessionMs = 12 * 3_600_000
const mostTries = 10
const refillMs = 6000
/** Longer than any token of ours: not hashed. */
const longestToken = 128

export function createAccess(store: SessionStore, now: () => number = Date.now): Access {
  let tries = mostTries
  let refilledMs = now()
  let refused = 0

  function refill(): void {
    const passed = Math.floor((now() - refilledMs) / refillMs)
    if (passed <= 0) return
    tries = Math.min(mostTries, tries + passed)
    refilledMs += passed * refillMs
  }

  return {
    makeLink() {
      const token = makeToken('hg1')
      const expiresMs = now() + linkMs
      store.addLink(tokenHash(token), expiresMs)
      return { token, expiresMs }
    },
    exchange(token) {
      refill()
      if (tries <= 0) throw new HoneyguideError('HG_AUTH_LIMITED')
      if (token.length > longestToken || !store.takeLink(tokenHash(token), now())) {
        tries -= 1
        refused += 1
        throw new HoneyguideError('HG_AUTH_REFUSED')
      }
      const session = makeToken('hgs')
      const expiresMs = now() + sessionMs
      store.addSession(tokenHash(session), expiresMs)
      return { session, expiresMs }
    },
    sessionEnd: (session) =>
      session.length > longestToken ? undefined : store.sessionEnd(tokenHash(session), now()),
    get refused() {
      return refused
    },
  }
}
