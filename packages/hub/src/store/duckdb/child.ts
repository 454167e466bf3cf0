/**
 * The store's own process: owns the events file, follows the logs, answers over IPC.
 *
 * May be killed at any time: what it had not committed it reads again from the logs. It ends when the
 * hub does (the channel closes), and by itself when it can no longer take in rows.
 */
import { HoneyguideError } from '@honeyguide/model'
import { openLogReader, type LogReader } from '../../spool/index.ts'
import type { CoreMethods } from '../backend.ts'
import { SqlRefused } from '../guard/sql-refused.ts'
import { openCore, type StoreCore } from './core.ts'
import type { LogName } from './intake.ts'
import type { CallError, FromChild, OpenMessage, ToChild } from './messages.ts'

function say(message: FromChild): void {
  process.send?.(message)
}

function callError(error: unknown): CallError {
  if (error instanceof SqlRefused)
    return {
      code: error.code,
      detail: error.detail,
      ...(error.line === undefined || error.column === undefined
        ? {}
        : { line: error.line, column: error.column }),
    }
  if (error instanceof HoneyguideError) return { code: error.code, detail: error.detail }
  return { code: 'HG_INTERNAL', detail: error instanceof Error ? error.message : String(error) }
}

let logs: Record<LogName, LogReader> | undefined
let core: Promise<StoreCore> | undefined
let methods: CoreMethods | undefined

async function open(message: OpenMessage): Promise<StoreCore> {
  logs = {
    spool: openLogReader(message.spoolDir, message.ends.spool),
    derived: openLogReader(message.derivedDir, message.ends.derived),
  }
  const opened = await openCore({
    path: message.path,
    memoryBytes: message.memoryBytes,
    threads: 2,
    flushMs: message.flushMs,
    logs,
    onProgress: (taken, error) =>
      say({ kind: 'progress', taken: { ...taken }, ...(error === undefined ? {} : { error }) }),
  })
  methods = opened.methods
  opened.ended.catch((error: unknown) => {
    process.stderr.write(
      `${JSON.stringify({ level: 'error', component: 'store', message: String(error) })}\n`,
    )
    process.exit(1)
  })
  return opened
}

async function answer(
  id: number,
  method: keyof CoreMethods,
  args: readonly unknown[],
): Promise<void> {
  try {
    await core
    const run = methods?.[method] as ((...args: readonly unknown[]) => Promise<unknown>) | undefined
    if (!run) throw new HoneyguideError('HG_STORE_AWAY')
    say({ kind: 'answer', id, value: await run(...args) })
  } catch (error) {
    say({ kind: 'failed', id, error: callError(error) })
  }
}

async function close(): Promise<never> {
  // The last commit, when there is time for it; the logs have everything anyway.
  await core?.then((opened) => opened[Symbol.asyncDispose]()).catch(() => undefined)
  process.exit(0)
}

process.on('message', (message: ToChild) => {
  switch (message.kind) {
    case 'open':
      core = open(message)
      core.catch((error: unknown) => {
        const told = callError(error)
        if (told.code === 'HG_STATE_FORMAT') {
          say({ kind: 'fatal', error: told })
          return
        }
        process.stderr.write(
          `${JSON.stringify({ level: 'error', component: 'store', message: String(error) })}\n`,
        )
        process.exit(1)
      })
      return
    case 'extend':
      logs?.[message.log].extend(message.end)
      return
    case 'call':
      void answer(message.id, message.method, message.args)
      return
    case 'close':
      void close()
  }
})
process.on('disconnect', () => void close())
// The launcher tells the hub, and the hub tells this process.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => void close())
