/** A fixed number of places; who finds none waits in order. */

export interface Places {
  /** Resolves with the function that leaves the place. Rejects with the signal's reason when it aborts first. */
  enter(signal?: AbortSignal): Promise<() => void>
}

export function createPlaces(count: number): Places {
  let free = count
  const waiting: (() => void)[] = []
  const leave = () => {
    const next = waiting.shift()
    if (next) next()
    else free += 1
  }
  const once = () => {
    let left = false
    return () => {
      if (left) return
      left = true
      leave()
    }
  }
  return {
    async enter(signal) {
      signal?.throwIfAborted()
      if (free > 0) {
        free -= 1
        return once()
      }
      await new Promise<void>((resolve, reject) => {
        const enter = () => {
          signal?.removeEventListener('abort', abort)
          resolve()
        }
        const abort = () => {
          waiting.splice(waiting.indexOf(enter), 1)
          reject(
            signal?.reason instanceof Error
              ? signal.reason
              : new DOMException('aborted', 'AbortError'),
          )
        }
        waiting.push(enter)
        signal?.addEventListener('abort', abort, { once: true })
      })
      return once()
    },
  }
}
