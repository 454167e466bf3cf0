/**
 * Appends to the spool, and waits out a full disk: the same records go again, in the same order.
 *
 * While the disk is full nothing is acknowledged and `isFull` holds readers back; sensors keep their
 * events. A try each second finds out when there is room again. Order: all that failed together waits
 * on one promise and tries again in the order in which it failed, before anything that came later.
 */
import { HoneyguideError } from '@honeyguide/model'
import type { Logger } from '@honeyguide/model/log'
import type { Appended, NewRecord, Spool } from '../spool/index.ts'

export interface DurableAppend {
  /** Resolves once it would survive a crash. Rejects when `signal` aborts, or for what is not a full disk. */
  append(record: NewRecord, signal: AbortSignal): Promise<Appended>
  /** The disk was full at the last try. */
  readonly isFull: boolean
}

const retryMs = 1000

export function createDurableAppend(
  spool: Pick<Spool, 'append'>,
  log: Logger,
  retryAfterMs = retryMs,
): DurableAppend {
  let full: Promise<void> | undefined

  function waitForRoom(): Promise<void> {
    full ??= new Promise<void>((resolve) => {
      setTimeout(() => {
        full = undefined
        resolve()
      }, retryAfterMs)
    })
    return full
  }

  return {
    get isFull() {
      return full !== undefined
    },
    async append(record, signal) {
      let wasFull = false
      for (;;) {
        // Whoever comes while the disk is full queues behind those who wait already.
        if (full) await full
        signal.throwIfAborted()
        try {
          const appended = await spool.append(record)
          if (wasFull) log.info('The disk has room again; sensors are heard.')
          return appended
        } catch (error) {
          if (!(error instanceof HoneyguideError) || error.code !== 'HG_DISK_FULL') throw error
          wasFull = true
          log.error('The disk is full: nothing is acknowledged until there is room.', { error })
          await waitForRoom()
        }
      }
    },
  }
}
