/** One consumer per set of rings: a lock that ends with its owner, however it ends. */
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { lockFd } from '@honeyguide/bpf'
import { HoneyguideError } from '@honeyguide/model/errors'

/** Takes the lock of `stateDir`. Throws HG_STATE_LOCKED when another process has it. */
export function lockConsumer(stateDir: string): Disposable {
  const path = join(stateDir, 'kernel.lock')
  const fd = openSync(path, 'a', 0o600)
  if (!lockFd(fd)) {
    closeSync(fd)
    throw new HoneyguideError('HG_STATE_LOCKED', `${path} is held by another sensor.`)
  }
  let isOpen = true
  return {
    [Symbol.dispose](): void {
      if (isOpen) closeSync(fd)
      isOpen = false
    },
  }
}
