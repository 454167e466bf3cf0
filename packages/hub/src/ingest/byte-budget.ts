/**
 * How many bytes may be between reading from sensors and the disk: above it, nobody reads on.
 *
 * One item that is larger than the whole budget is let through alone, so that nothing can be stuck.
 */
export interface ByteBudget {
  /** Bytes taken and not given back. */
  readonly used: number
  /** Resolves when there is room, in the order of asking. Rejects when `signal` aborts. */
  take(bytes: number, signal: AbortSignal): Promise<void>
  give(bytes: number): void
}

interface Waiter {
  readonly bytes: number
  readonly resume: () => void
}

export function createByteBudget(limitBytes: number): ByteBudget {
  let used = 0
  const waiting: Waiter[] = []

  function admit(): void {
    for (;;) {
      const next = waiting[0]
      if (!next || (used > 0 && used + next.bytes > limitBytes)) return
      waiting.shift()
      used += next.bytes
      next.resume()
    }
  }

  return {
    get used() {
      return used
    },
    take(bytes, signal) {
      if (waiting.length === 0 && (used === 0 || used + bytes <= limitBytes)) {
        used += bytes
        return Promise.resolve()
      }
      return new Promise<void>((resolve, reject) => {
        const abort = (): void => {
          const at = waiting.indexOf(waiter)
          if (at >= 0) waiting.splice(at, 1)
          reject(signal.reason as Error)
          admit()
        }
        const waiter: Waiter = {
          bytes,
          resume() {
            signal.removeEventListener('abort', abort)
            resolve()
          },
        }
        if (signal.aborted) {
          reject(signal.reason as Error)
          return
        }
        signal.addEventListener('abort', abort, { once: true })
        waiting.push(waiter)
      })
    },
    give(bytes) {
      used -= bytes
      admit()
    },
  }
}
