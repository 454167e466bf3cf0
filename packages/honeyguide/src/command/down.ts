/** `honeyguide down`: ends what runs here and removes what it left; `--purge` removes data and users too. */
import { setTimeout as sleep } from 'node:timers/promises'
import { HoneyguideError } from '@honeyguide/model/errors'
import type { Command } from 'commander'
import { endOrphans, purge, removeTraces } from '../launcher/clean.ts'
import { isLocked } from '../launcher/lock.ts'
import { isAlive, readRunRecord } from '../launcher/run-record.ts'
import { createReporter } from '../terminal/reporter.ts'
import { createContext, withShared, type SharedOptions } from './context.ts'

/** A launcher ends its daemons within 5 s. */
const patienceMs = 6000

export function addDown(program: Command): void {
  withShared(program.command('down'))
    .summary('end what runs here and leave nothing')
    .description(
      'Ends launcher, sensor and hub, and removes pins, cgroup and sockets. The data stays, unless --purge.',
    )
    .option('--purge', 'remove the data and the users that were made here, too')
    .action(async (options: SharedOptions & { readonly purge?: boolean }) => {
      const { instance } = createContext(options)
      const reporter = createReporter({ out: process.stdout, isJson: options.json ?? false })
      if (!instance.isPrivileged && instance.runDir.startsWith('/run/honeyguide/'))
        throw new HoneyguideError('HG_NEEDS_ROOT', 'What runs here was started by root.')
      const record = readRunRecord(instance.recordFile)
      const wasRunning = isLocked(instance.lockFile)
      if (wasRunning && record && isAlive(record.launcher)) {
        process.kill(record.launcher.pid, 'SIGTERM')
        const began = performance.now()
        while (isAlive(record.launcher) && performance.now() - began < patienceMs) await sleep(50)
        if (isAlive(record.launcher)) {
          reporter.warn(
            `The launcher (pid ${record.launcher.pid}) did not end in ${patienceMs / 1000} s and is killed.`,
          )
          process.kill(record.launcher.pid, 'SIGKILL')
          await sleep(100)
        }
      }
      const orphans = await endOrphans(instance)
      const left = removeTraces(instance)
      const removed = options.purge === true ? purge(instance) : []
      const words = wasRunning || orphans.length > 0 ? 'Ended.' : 'Nothing ran here.'
      reporter.say(removed.length > 0 ? `${words} Removed ${removed.join(', ')}.` : words, {
        wasRunning,
        ended: orphans,
        removed,
      })
      if (left.length > 0) throw new HoneyguideError('HG_LEFT_BEHIND', left.join(', '))
    })
}
