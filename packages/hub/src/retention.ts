/**
 * Keeps log and store together below the disk cap: what everybody has read goes first, then the oldest hours.
 *
 * Looks when the log has grown and at most once a minute; an idle hub does nothing. What goes from the log
 * before it was read is lost: whoever had not read it (pipeline, store) finds the gap and tells it.
 */
import type { Logger } from '@honeyguide/model/log'
import type { Spool } from './spool/index.ts'
import type { EventStore } from './store/store.ts'

export interface RetentionParts {
  readonly spool: Spool
  readonly derived: Spool
  readonly store: EventStore
  /** Offset of the log that the pipeline does not need any more. */
  readonly pipelinePassed: () => number
  readonly capBytes: number
  readonly log: Logger
  readonly now: () => number
}

export interface Retention extends Disposable {
  /** Looks now. For tests, and when the disk is full. */
  run(): Promise<void>
  /** Events removed from the store since the start. */
  readonly removedEvents: number
}

const minuteMs = 60_000
const hourMs = 3_600_000
/** The log is kept for a day when there is room: a store that was lost is built from it again. */
const keepLogMs = 24 * hourMs

export function createRetention(parts: RetentionParts): Retention {
  const { spool, derived, store, capBytes, log, now } = parts
  let lastMs = now()
  let running: Promise<void> | undefined
  let removedEvents = 0

  async function look(): Promise<void> {
    const taken = store.state.taken
    const trimmed = await spool.trim({
      passed: Math.min(parts.pipelinePassed(), taken.spool),
      capBytes: capBytes / 4,
      keepMs: keepLogMs,
      hardCapBytes: capBytes / 2,
    })
    await derived.trim({ passed: taken.derived, capBytes: capBytes / 16, keepMs: keepLogMs })
    if (trimmed.unread.length > 0) {
      log.error('The log had to be cut before it was read, to keep the disk cap.', {
        bytes: trimmed.bytes,
      })
    }
    for (;;) {
      const sizes = await store.sizes()
      if (spool.bytes + derived.bytes + sizes.bytes <= capBytes || sizes.oldestMs === null) return
      // An hour at a time, and never the last one.
      const before = (Math.floor(sizes.oldestMs / hourMs) + 1) * hourMs
      if (before > now() - hourMs) return
      const removed = await store.retain(before)
      removedEvents += removed
      log.info('The oldest hour of events was removed, to keep the disk cap.', { events: removed })
      if (removed === 0) return
    }
  }

  function run(): Promise<void> {
    running ??= look()
      .catch((error: unknown) => {
        // Away or full: the next minute tries again.
        log.debug('Retention did not finish.', { error: error as Error })
      })
      .finally(() => {
        running = undefined
        lastMs = now()
      })
    return running
  }

  const stop = spool.onAdvance(() => {
    if (now() - lastMs >= minuteMs) void run()
  })
  return {
    run,
    get removedEvents() {
      return removedEvents
    },
    [Symbol.dispose]: stop,
  }
}
